/* SPDX-License-Identifier: BSD-2-Clause */
/* The collector: one thread per connection that publishes snapshots. */
#include "lv_collect.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "log.h"
#include "exchange.h"
#include "lv_cycle.h"
#include "lv_events.h"
#include "lv_inbox.h"
#include "lv_pool.h"
#include "lv_watch.h"
#include "options.h"
#include "options_change.h"
#include "thread.h"
#include "told.h"

/* What becomes of a thread that was told to stop. */
enum { UNDECIDED, ENDED, ABANDONED };

static atomic_uint abandoned; /* threads that have not ended yet */

static void
free_inbox(void *inbox)
{
	lv_inbox_free(inbox);
}

/* Events that come at this very moment may still be put there. */
static void
drop_inbox(struct lv_inbox **inbox)
{
	if (*inbox != NULL) {
		lv_events_then(free_inbox, *inbox);
		*inbox = NULL;
	}
}

/* With what its events went to. */
static void
close_connection(struct lv_collector *c)
{
	lv_conn_close(&c->hv.lc);
	c->connected = false;
	drop_inbox(&c->old_inbox);
}

void
lv_collect_free(struct lv_collector *c)
{
	if (c != NULL) {
		const struct options *opts = c->hv.opts;

		close_connection(c);
		lv_hv_free(&c->hv);
		lv_watch_free(c->watch);
		note_list_free(&c->notes);
		drop_inbox(&c->inbox);
		lv_store_close(&c->store);
		exchange_unref(c->ex);
		free(c);
		options_unref(opts);
	}
}

static void
set_place(struct lv_collector *c, const struct options_connection *where)
{
	c->where = where;
	c->hv.shown = where->uri != NULL ? where->uri : "libvirt's default";
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
	set_place(c, where);
	c->ex = exchange_ref(ex);
	c->backoff_ms = LV_CYCLE_BACKOFF_MS;
	c->jitter = (unsigned)clock_boot_ms();
	c->good_ms = clock_boot_ms();
	c->hv.opts = options_ref(opts);
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
	if (*told == NULL) {
		*told = lv_store_told(&c->store);
	}
	c->watch = *told != NULL ? lv_watch_new(*told, opts) : NULL;
	if (c->watch == NULL) {
		log_error("%s: out of memory", where->name);
		lv_collect_free(c);
		return NULL;
	}
	return c;
}

static void *
run(void *arg)
{
	struct lv_collector *c = arg;

	if (!c->connected) {
		close_connection(c);
	}
	lv_cycle_run(c);
	if (!atomic_load(&c->keeps)) {
		close_connection(c);
	}
	if (atomic_exchange(&c->fate, ENDED) == ABANDONED) {
		lv_collect_free(c);
		atomic_fetch_sub(&abandoned, 1);
	}
	return NULL;
}

int
lv_collect_start(struct lv_collector *c)
{
	int error;

	atomic_store(&c->fate, UNDECIDED);
	error = thread_start(&c->thread, run, c);

	if (error != 0) {
		log_error("%s: cannot start a thread: %s", c->where->name,
		    strerror(error));
		return -1;
	}
	c->started = true;
	return 0;
}

void
lv_collect_stop(struct lv_collector *c, bool keep)
{
	atomic_store(&c->keeps, keep);
	lv_inbox_stop(c->inbox);
}

int
lv_collect_join(struct lv_collector *c, int64_t deadline_ms)
{
	/* pthread_timedjoin_np() takes the wall clock. */
	struct timespec until = clock_at(CLOCK_REALTIME, deadline_ms);

	if (c->started && pthread_timedjoin_np(c->thread, NULL, &until) != 0) {
		return -1;
	}
	c->started = false;
	return 0;
}

/*
 * From a connection that was broken off nothing is to come any more, neither
 * events nor what its workers do.
 */
static int
begin_anew(struct lv_collector *c, const struct options *opts,
    const struct options_connection *where)
{
	struct lv_inbox *inbox = lv_inbox_new();
	struct lv_pool *pool = lv_pool_new(opts, where->uri, inbox);

	if (inbox == NULL || pool == NULL) {
		log_error("%s: out of memory", c->where->name);
		lv_inbox_free(inbox);
		lv_pool_free(pool);
		return -1;
	}
	pool->calls = c->hv.pool->calls;
	pool->timed_out = c->hv.pool->timed_out;
	lv_pool_free(c->hv.pool);
	c->hv.pool = pool;
	if (c->hv.lc.conn != NULL && c->old_inbox == NULL) {
		/* Its events go there until the thread has closed it. */
		c->old_inbox = c->inbox;
		c->inbox = NULL;
	}
	drop_inbox(&c->inbox);
	c->inbox = inbox;
	c->connected = false;
	c->announced = false;
	c->trouble[0] = '\0';
	return 0;
}

/* The same connection, by other options. */
static void
go_on(struct lv_collector *c, const struct options *opts,
    const struct options_connection *where)
{
	lv_inbox_resume(c->inbox);
	lv_hv_mark_dirty(&c->hv);
	lv_pool_configure(c->hv.pool, opts);
	if (where->uri != NULL) {
		c->hv.pool->place.uri = where->uri; /* the same, elsewhere */
	}
}

bool
lv_collect_is_open(const struct lv_collector *c)
{
	return c->connected;
}

int
lv_collect_restart(struct lv_collector *c, const struct options *opts,
    const struct options_connection *where)
{
	const struct options *before = c->hv.opts;
	bool keep = c->connected &&
	    options_same_link(before, c->where, opts, where);

	if (keep) {
		go_on(c, opts, where);
	} else if (begin_anew(c, opts, where) != 0) {
		return -1;
	}
	c->hv.opts = options_ref(opts);
	set_place(c, where);
	c->store.directory = opts->state_directory;
	c->store.name = where->name;
	options_unref(before);
	c->hv.collector.interval_s = (uint64_t)opts->refresh_interval_s;
	lv_watch_retain(c->watch, opts);
	c->due_ms = 0;
	c->backoff_ms = LV_CYCLE_BACKOFF_MS;
	return lv_collect_start(c);
}

bool
lv_collect_abandon(struct lv_collector *c)
{
	if (!lv_store_give_up(&c->store)) {
		return false;
	}
	atomic_store(&c->keeps, false);
	log_warn("%s: a libvirt call hangs and is left to itself",
	    c->where->name);
	pthread_detach(c->thread);
	atomic_fetch_add(&abandoned, 1);
	if (atomic_exchange(&c->fate, ABANDONED) == ENDED) {
		lv_collect_free(c);
		atomic_fetch_sub(&abandoned, 1);
	}
	return true;
}

bool
lv_collect_leaves_threads(void)
{
	return atomic_load(&abandoned) > 0;
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
