/* SPDX-License-Identifier: BSD-2-Clause */
/* One connection while it is served. */
#include "run_line.h"

#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "clock.h"
#include "exchange.h"
#include "log.h"
#include "lv_collect.h"
#include "mib_serve.h"
#include "notify.h"
#include "options.h"
#include "options_change.h"
#include "told.h"

/* How long a collector may take to stop before it is left to itself, */
#define GIVE_UP_MS 2000
/* how often that is looked at, */
#define LOOK_MS 10
/* and after how long another attempt is made to start anew. */
#define RETRY_MS 5000

struct line {
	char *name;
	/* What the collector is to work by; owned, with where in it. */
	const struct options *opts;
	const struct options_connection *where;
	struct exchange *ex;
	struct lv_collector *collector; /* NULL: it was left to itself */
	struct told *told;
	struct notify *notify;
	struct mib_source *source; /* NULL: not served */
	bool stopping; /* the collector, to end or to begin anew */
	bool removed;
	int64_t give_up_ms;
	int64_t retry_ms;
};

static bool
serve(struct line *line)
{
	line->source = mib_serve_register(line->name, line->ex, line->notify);
	return line->source != NULL;
}

struct line *
line_new(const struct options *opts, const struct options_connection *where)
{
	struct line *line = calloc(1, sizeof(*line));

	if (line == NULL) {
		return NULL;
	}
	line->opts = options_ref(opts);
	line->where = where;
	line->name = strdup(where->name);
	line->ex = exchange_new(agent_wake);
	if (line->name != NULL && line->ex != NULL) {
		line->collector = lv_collect_new(opts, where, line->ex,
		    &line->told);
	}
	if (line->collector != NULL) {
		line->notify = notify_new(&opts->burst, opts->notify_per_vm,
		    opts->notify_bulk, line->told);
	}
	if (line->notify == NULL || !serve(line)) {
		line_free(line);
		return NULL;
	}
	return line;
}

void
line_free(struct line *line)
{
	mib_serve_unregister(line->source);
	lv_collect_free(line->collector);
	exchange_unref(line->ex);
	notify_free(line->notify);
	told_close(line->told);
	options_unref(line->opts);
	free(line->name);
	free(line);
}

const char *
line_name(const struct line *line)
{
	return line->name;
}

bool
line_is_removed(const struct line *line)
{
	return line->removed;
}

int
line_start(struct line *line)
{
	if (lv_collect_start(line->collector) != 0) {
		/* line_look() tries again. */
		line->stopping = true;
		line->retry_ms = clock_boot_ms() + RETRY_MS;
		return -1;
	}
	return 0;
}

/* keep: to go on with the same connection. */
static void
stop(struct line *line, bool keep)
{
	if (line->collector != NULL && !line->stopping) {
		lv_collect_stop(line->collector, keep);
		line->stopping = true;
		line->give_up_ms = clock_boot_ms() + GIVE_UP_MS;
	}
}

bool
line_change(struct line *line, const struct options *opts,
    const struct options_connection *where)
{
	const struct options *before = line->opts;
	bool keep = options_same_link(before, line->where, opts, where);

	if (!line->removed &&
	    options_same_work(before, line->where, opts, where)) {
		return false;
	}
	line->opts = options_ref(opts);
	line->where = where;
	options_unref(before);
	stop(line, keep);
	if (line->removed && serve(line)) {
		line->removed = false;
	}
	return true;
}

void
line_remove(struct line *line)
{
	mib_serve_unregister(line->source);
	line->source = NULL;
	line->removed = true;
	stop(line, false);
}

void
line_notify(struct line *line, const struct options *now,
    const struct options *before)
{
	notify_limit(line->notify, &now->burst);
	if (now->notify_per_vm != before->notify_per_vm ||
	    now->notify_bulk != before->notify_bulk) {
		notify_switch_per_vm(line->notify, now->notify_per_vm);
		notify_switch_bulk(line->notify, now->notify_bulk);
	}
}

/* The collector has ended; false: it has to be looked at again. */
static bool
go_on(struct line *line)
{
	if (lv_collect_restart(line->collector, line->opts, line->where) != 0) {
		line->retry_ms = clock_boot_ms() + RETRY_MS;
		return false;
	}
	line->stopping = false;
	return true;
}

/*
 * In the place of a collector that was left to itself.  What the new one takes
 * for told must be so, or it would be told twice.
 */
static bool
begin_anew(struct line *line)
{
	if (!notify_is_idle(line->notify)) {
		return false;
	}
	line->retry_ms = clock_boot_ms() + RETRY_MS;
	line->collector = lv_collect_new(line->opts, line->where, line->ex,
	    &line->told);
	if (line->collector == NULL) {
		return false;
	}
	line->stopping = lv_collect_start(line->collector) != 0;
	if (!line->stopping) {
		line->retry_ms = 0;
	}
	return !line->stopping;
}

/* Leaves the collector to itself; from now on it publishes for nobody. */
static void
abandon(struct line *line)
{
	struct exchange *ex = exchange_new(agent_wake);

	if (ex == NULL || !lv_collect_abandon(line->collector)) {
		exchange_unref(ex);
		return;
	}
	if (line->source != NULL) {
		mib_serve_switch(line->source, ex);
	}
	exchange_unref(line->ex);
	line->ex = ex;
	line->collector = NULL;
	line->stopping = false;
}

/* Its thread closes what it has kept, which may take a while. */
static bool
is_closed(struct line *line)
{
	if (!lv_collect_is_open(line->collector)) {
		return true;
	}
	lv_collect_stop(line->collector, false);
	line->give_up_ms = clock_boot_ms() + GIVE_UP_MS;
	return lv_collect_start(line->collector) != 0;
}

int64_t
line_look(struct line *line, int64_t now_ms)
{
	bool gone = line->collector == NULL;

	if (!line->stopping && !gone) {
		return INT64_MAX;
	}
	if (now_ms < line->retry_ms && !line->removed) {
		return line->retry_ms;
	}
	if (!gone && lv_collect_join(line->collector, 0) != 0) {
		if (now_ms >= line->give_up_ms) {
			abandon(line);
		}
		return now_ms + LOOK_MS;
	}
	if (line->removed) {
		return gone || is_closed(line) ? -1 : now_ms + LOOK_MS;
	}
	if (gone ? begin_anew(line) : go_on(line)) {
		return INT64_MAX;
	}
	return now_ms + LOOK_MS;
}

void
line_stop(struct line *line)
{
	if (line->collector != NULL) {
		lv_collect_stop(line->collector, false);
	}
}

bool
line_join(struct line *line, int64_t deadline_ms)
{
	return line->collector == NULL ||
	    lv_collect_join(line->collector, deadline_ms) == 0;
}
