/* SPDX-License-Identifier: BSD-2-Clause */
/* The collector: one thread per connection that publishes snapshots. */
#include "lv_collect.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "log.h"
#include "lv_cycle.h"
#include "lv_inbox.h"
#include "lv_pool.h"
#include "lv_watch.h"
#include "options.h"
#include "thread.h"
#include "told.h"

void
lv_collect_free(struct lv_collector *c)
{
	if (c != NULL) {
		lv_hv_free(&c->hv);
		lv_watch_free(c->watch);
		note_list_free(&c->notes);
		lv_inbox_free(c->inbox);
		lv_store_close(&c->store);
		free(c);
	}
}

static struct lv_collector *
collector_new(const struct options *opts,
    const struct options_connection *where, struct exchange *ex,
    bool read_only)
{
	struct lv_collector *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		log_error("%s: out of memory", where->name);
		return NULL;
	}
	c->where = where;
	c->ex = ex;
	c->backoff_ms = LV_CYCLE_BACKOFF_MS;
	c->jitter = (unsigned)clock_boot_ms();
	c->good_ms = clock_boot_ms();
	c->hv.opts = opts;
	c->hv.collector = (struct snap_collector){
		.link = SNAP_LINK_CONNECTING,
		.link_since_ms = c->good_ms,
		.good_ms = SNAP_NO_TIME,
		.interval_s = (uint64_t)opts->refresh_interval_s,
		.duration_ms = SNAP_NO_U64,
		.longest_ms = SNAP_NO_U64,
	};
	note_list_init(&c->notes);
	c->inbox = lv_inbox_new();
	c->hv.pool = lv_pool_new(opts, where->uri, c->inbox);
	c->hv.ix = lv_store_open(&c->store, opts->state_directory,
	    where->name, read_only);
	if (c->inbox == NULL || c->hv.pool == NULL || c->hv.ix == NULL) {
		lv_collect_free(c);
		c = NULL;
	}
	return c;
}

struct lv_collector *
lv_collect_new(const struct options *opts,
    const struct options_connection *where, struct exchange *ex,
    struct told **told)
{
	struct lv_collector *c = collector_new(opts, where, ex, false);

	if (c == NULL) {
		return NULL;
	}
	*told = lv_store_told(&c->store);
	c->watch = *told != NULL ? lv_watch_new(*told, opts) : NULL;
	if (c->watch == NULL) {
		log_error("%s: out of memory", where->name);
		lv_collect_free(c);
		return NULL;
	}
	return c;
}

int
lv_collect_start(struct lv_collector *c)
{
	int error = thread_start(&c->thread, lv_cycle_run, c);

	if (error != 0) {
		log_error("%s: cannot start a thread: %s", c->where->name,
		    strerror(error));
		return -1;
	}
	c->started = true;
	return 0;
}

void
lv_collect_stop(struct lv_collector *c)
{
	lv_inbox_stop(c->inbox);
}

int
lv_collect_join(struct lv_collector *c, int64_t deadline_ms)
{
	int64_t left_ms = deadline_ms - clock_boot_ms();
	struct timespec until;

	/* pthread_timedjoin_np() takes the wall clock. */
	clock_gettime(CLOCK_REALTIME, &until);
	if (left_ms > 0) {
		int64_t ns = until.tv_nsec + left_ms % 1000 * 1000000;

		until.tv_sec += left_ms / 1000 + ns / 1000000000;
		until.tv_nsec = ns % 1000000000;
	}
	if (c->started && pthread_timedjoin_np(c->thread, NULL, &until) != 0) {
		return -1;
	}
	c->started = false;
	return 0;
}

int
lv_collect_once(const struct options *opts,
    const struct options_connection *where, struct exchange *ex)
{
	struct lv_collector *c = collector_new(opts, where, ex, true);
	int rc;

	if (c == NULL) {
		return -1;
	}
	rc = lv_cycle_once(c);
	lv_collect_free(c);
	return rc;
}
