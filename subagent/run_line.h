/* SPDX-License-Identifier: BSD-2-Clause */
/* One connection while it is served: its collector, and the way from it to the managers. */
#ifndef VMMIBD_RUN_LINE_H
#define VMMIBD_RUN_LINE_H

#include <stdbool.h>
#include <stdint.h>

struct line;
struct options;
struct options_connection;

/* All on the main thread, and nothing waits but line_join(). */

/* Serves, but does not collect yet.  NULL, with a message logged. */
struct line *line_new(const struct options *opts,
    const struct options_connection *where);
/* Its collector must have ended. */
void line_free(struct line *line);

const char *line_name(const struct line *line);
/* Whether line_remove() was called. */
bool line_is_removed(const struct line *line);

/* Begins to collect.  0, or -1 with a message logged. */
int line_start(struct line *line);

/*
 * Is to work by these options, if they are others for it; what it serves stays
 * until it knows better.  Whether something changed.
 */
bool line_change(struct line *line, const struct options *opts,
    const struct options_connection *where);
/* Is not to be served any more; line_change() takes that back. */
void line_remove(struct line *line);
/* What notifications are sent from now on. */
void line_notify(struct line *line, const struct options *now,
    const struct options *before);

/*
 * Goes on with what line_change() and line_remove() began.  Returns when to
 * call it again by the boot clock; INT64_MAX: no need; -1: to be freed.
 */
int64_t line_look(struct line *line, int64_t now_ms);

/* Asks its collector to end. */
void line_stop(struct line *line);
/* Waits until it has; false: it has not by deadline_ms of the boot clock. */
bool line_join(struct line *line, int64_t deadline_ms);

#endif
