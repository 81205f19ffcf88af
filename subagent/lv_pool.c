/* SPDX-License-Identifier: BSD-2-Clause */
/* The workers of one hypervisor. */
#include "lv_pool.h"

#include <stdlib.h>

#include "clock.h"
#include "lv_errand.h"
#include "lv_health.h"
#include "options.h"

/* Before a further attempt to connect when as many hang as may. */
#define REDIAL_MS 60000LL

void
lv_pool_configure(struct lv_pool *pool, const struct options *opts)
{
	pool->limit = (size_t)opts->max_hung_calls;
	if (pool->limit > LV_POOL_MAX) {
		pool->limit = LV_POOL_MAX;
	}
	pool->timeout_ms = (int64_t)opts->call_timeout_s * 1000;
}

struct lv_pool *
lv_pool_new(const struct options *opts, const char *uri,
    struct lv_inbox *inbox)
{
	struct lv_pool *pool = calloc(1, sizeof(*pool));

	if (pool != NULL) {
		pool->inbox = inbox;
		pool->place = (struct lv_place){ .uri = uri,
		    .read_write = opts->read_write };
		lv_pool_configure(pool, opts);
	}
	return pool;
}

void
lv_pool_free(struct lv_pool *pool)
{
	if (pool == NULL) {
		return;
	}
	if (pool->current != NULL) {
		lv_worker_leave(pool->current);
	}
	for (size_t i = 0; i < pool->n_hung; i++) {
		lv_worker_leave(pool->hung[i].worker);
	}
	free(pool);
}

void
lv_pool_place(struct lv_pool *pool, const char *uri, virConnectPtr shared)
{
	pool->place.uri = uri;
	pool->place.shared = shared;
	/* The one that opened the connection may have been elsewhere. */
	if (pool->current != NULL && !pool->busy) {
		lv_worker_leave(pool->current);
		pool->current = NULL;
	}
}

/* What the current worker does has become of no use, or hangs. */
static void
put_aside(struct lv_pool *pool, bool dial)
{
	lv_worker_give_up(pool->current);
	pool->hung[pool->n_hung].worker = pool->current;
	pool->hung[pool->n_hung].serial = pool->serial;
	pool->hung[pool->n_hung].dial = dial;
	pool->n_hung++;
	if (dial) {
		pool->n_dials++;
		pool->dialed_ms = clock_boot_ms();
	}
	pool->current = NULL;
	pool->busy = false;
}

void
lv_pool_retire(struct lv_pool *pool)
{
	if (pool->busy) {
		put_aside(pool, false);
	} else if (pool->current != NULL) {
		lv_worker_leave(pool->current);
		pool->current = NULL;
	}
}

size_t
lv_pool_n_hung(const struct lv_pool *pool)
{
	return pool->n_hung - pool->n_dials;
}

/* Twice as long for each that hangs beyond the limit. */
static bool
may_dial(const struct lv_pool *pool)
{
	return pool->n_dials < pool->limit || clock_boot_ms() >=
	    pool->dialed_ms + (REDIAL_MS << (pool->n_dials - pool->limit));
}

bool
lv_pool_is_ready(const struct lv_pool *pool)
{
	return !pool->busy &&
	    lv_health_may_ask(lv_pool_n_hung(pool), pool->limit) &&
	    pool->n_hung < LV_POOL_MAX &&
	    (pool->current != NULL || may_dial(pool));
}

bool
lv_pool_send(struct lv_pool *pool, struct lv_errand *errand,
    int64_t patience_ms)
{
	if (pool->current == NULL) {
		pool->current = lv_worker_new(&pool->place, pool->inbox);
	}
	if (pool->current == NULL) {
		return false;
	}
	pool->busy = true;
	pool->patience_ms = patience_ms;
	pool->sent_ms = clock_boot_ms();
	pool->serial++;
	lv_worker_give(pool->current, errand);
	return true;
}

/* One that hung and has come back is of no more use: it ends. */
static bool
look_at_hung(struct lv_pool *pool, struct lv_news *news)
{
	for (size_t i = 0; i < pool->n_hung; i++) {
		struct lv_errand *errand =
		    lv_worker_take(pool->hung[i].worker);

		if (errand == NULL) {
			continue;
		}
		*news = (struct lv_news){ .kind = LV_NEWS_LATE,
		    .errand = errand, .serial = pool->hung[i].serial };
		pool->calls += errand->calls;
		lv_worker_leave(pool->hung[i].worker);
		pool->n_dials -= pool->hung[i].dial;
		pool->hung[i] = pool->hung[--pool->n_hung];
		return true;
	}
	return false;
}

static void
look_at_current(struct lv_pool *pool, struct lv_news *news)
{
	int64_t hung_ms = clock_boot_ms() - pool->patience_ms;
	struct lv_errand *split;

	news->serial = pool->serial;
	if (!lv_worker_under_way(pool->current, hung_ms, &news->call,
	    &split)) {
		news->kind = LV_NEWS_ANSWER;
		news->errand = lv_worker_take(pool->current);
		pool->calls += news->errand->calls;
		pool->busy = false;
	} else if (news->call.since_ms <= hung_ms) {
		news->kind = LV_NEWS_HUNG;
		news->errand = split;
		pool->timed_out++;
		put_aside(pool, news->call.dial);
	}
}

struct lv_news
lv_pool_news(struct lv_pool *pool)
{
	struct lv_news news = { .kind = LV_NEWS_NONE };

	if (!look_at_hung(pool, &news) && pool->busy) {
		look_at_current(pool, &news);
	}
	return news;
}

void
lv_pool_wait(const struct lv_pool *pool, int64_t until_ms)
{
	int64_t due_ms = lv_pool_due(pool);

	if (pool->busy) {
		lv_worker_wait(pool->current, due_ms < until_ms ? due_ms :
		    until_ms);
	}
}

int64_t
lv_pool_due(const struct lv_pool *pool)
{
	struct lv_under_way call;
	struct lv_errand *split;

	if (!pool->busy) {
		return INT64_MAX;
	}
	/* Nothing is that old, so nothing is split off. */
	(void)lv_worker_under_way(pool->current, INT64_MIN, &call, &split);
	return call.since_ms + pool->patience_ms;
}
