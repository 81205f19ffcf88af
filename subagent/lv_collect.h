/* SPDX-License-Identifier: BSD-2-Clause */
/* The collector: one thread per connection that publishes snapshots. */
#ifndef VMMIBD_LV_COLLECT_H
#define VMMIBD_LV_COLLECT_H

#include <stdint.h>

struct exchange;
struct lv_collector;
struct told;
struct options;
struct options_connection;

/*
 * A collector that does nothing yet.  It takes its state directory at once, so
 * that this can be done before going to the background.  The options, the
 * connection and the exchange must outlive it.  NULL, with a message logged,
 * when another process holds the directory or memory is out.
 *
 * told: what managers were told before, as kept in that directory; the
 * caller's, and no collector touches it once this has returned.
 */
struct lv_collector *lv_collect_new(const struct options *opts,
    const struct options_connection *where, struct exchange *ex,
    struct told **told);

/*
 * Starts its thread, which connects, reads, and publishes until it is stopped.
 * lv_events_start() comes first.  0, or -1 with a message logged.
 */
int lv_collect_start(struct lv_collector *c);

/* Asks the thread to end; returns at once. */
void lv_collect_stop(struct lv_collector *c);

/*
 * Waits until a stopped thread, if one was started, has ended: 0.  -1 when it
 * has not by deadline_ms of the boot clock, because a libvirt call hangs.
 */
int lv_collect_join(struct lv_collector *c, int64_t deadline_ms);

/* After lv_collect_join() and lv_events_stop(), as events use its inbox. */
void lv_collect_free(struct lv_collector *c);

/* Connects, reads once, publishes, on this thread.  0, or -1 and a message. */
int lv_collect_once(const struct options *opts,
    const struct options_connection *where, struct exchange *ex);

#endif
