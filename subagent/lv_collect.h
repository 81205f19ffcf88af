/* SPDX-License-Identifier: BSD-2-Clause */
/* The collector: one thread per connection that publishes snapshots. */
#ifndef VMMIBD_LV_COLLECT_H
#define VMMIBD_LV_COLLECT_H

#include <stdbool.h>
#include <stdint.h>

struct exchange;
struct lv_collector;
struct told;
struct options;
struct options_connection;

/*
 * A collector that does nothing yet.  It takes its state directory at once, so
 * that this can be done before going to the background.  It takes references to the
 * options, of which the connection is part, and to the exchange.  NULL, with a
 * message logged, when another process holds the directory or memory is out.
 *
 * told: what managers were told before; if NULL it becomes what is kept of that
 * in the directory.  The caller's, and no collector touches it once this has
 * returned.
 */
struct lv_collector *lv_collect_new(const struct options *opts,
    const struct options_connection *where, struct exchange *ex,
    struct told **told);

/*
 * Starts its thread, which connects, reads, and publishes until it is stopped.
 * lv_events_start() comes first.  0, or -1 with a message logged.
 */
int lv_collect_start(struct lv_collector *c);

/*
 * Asks the thread to end; returns at once.  keep: its connection stays open
 * and events are kept, for lv_collect_restart() to go on with them.
 */
void lv_collect_stop(struct lv_collector *c, bool keep);
/* Of one that was joined: whether it has kept a connection. */
bool lv_collect_is_open(const struct lv_collector *c);

/*
 * Waits until a stopped thread, if one was started, has ended: 0.  -1 when it
 * has not by deadline_ms of the boot clock, because a libvirt call hangs.
 */
int lv_collect_join(struct lv_collector *c, int64_t deadline_ms);

/*
 * Has one that was joined go on, in another way: what it knows, what it noted
 * and its directory stay.  0, or -1 with a message logged, and it is as before.
 */
int lv_collect_restart(struct lv_collector *c, const struct options *opts,
    const struct options_connection *where);

/*
 * Leaves a stopped one to itself, for it may hang for ever: it loses its
 * directory, what it publishes is for nobody, and it frees itself if it ends.
 * False: not now, as it is writing to its directory.
 */
bool lv_collect_abandon(struct lv_collector *c);
/* Whether there are such, which use memory that must not be freed. */
bool lv_collect_leaves_threads(void);

/* After lv_collect_join(); its connection is closed. */
void lv_collect_free(struct lv_collector *c);

/* Connects, reads once, publishes, on this thread.  0, or -1 and a message. */
int lv_collect_once(const struct options *opts,
    const struct options_connection *where, struct exchange *ex);

#endif
