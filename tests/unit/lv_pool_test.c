/* SPDX-License-Identifier: BSD-2-Clause */
/* A pool whose workers make calls of the test's own, without libvirt. */
#include "lv_pool_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "lv_conn.h"
#include "lv_domain.h"
#include "lv_errand.h"
#include "lv_hang.h"
#include "lv_inbox.h"
#include "options.h"
#include "thread.h"

struct world world;
struct seen seen;

virConnectPtr __wrap_lv_conn_dial(const char **uri, bool read_write,
    const char **why);
int __wrap_virConnectClose(virConnectPtr conn);
int __wrap_virConnectRef(virConnectPtr conn);
int __wrap_virConnectIsAlive(virConnectPtr conn);
void __wrap_lv_errand_run(struct lv_errand *errand, struct lv_conn *lc,
    lv_errand_progress *progress, void *arg);
void __real_lv_inbox_wake(struct lv_inbox *woken);
void __wrap_lv_inbox_wake(struct lv_inbox *woken);
int __real_thread_start(pthread_t *thread, void *(*run)(void *arg),
    void *arg);
int __wrap_thread_start(pthread_t *thread, void *(*run)(void *arg),
    void *arg);

virConnectPtr
__wrap_lv_conn_dial(const char **uri, bool read_write, const char **why)
{
	seen.dials++;
	seen.strays += !read_write || (*uri == NULL) != (world.uri == NULL) ||
	    (*uri != NULL && strcmp(*uri, world.uri) != 0);
	hang_at(world.dial_gate);
	if (world.dial_fails) {
		*why = "no way";
		return NULL;
	}
	if (*uri == NULL) {
		*uri = "usual";
	}
	seen.connections++;
	return CONNECTION;
}

int
__wrap_virConnectClose(virConnectPtr conn)
{
	(void)conn;
	seen.connections--;
	return 0;
}

int
__wrap_virConnectRef(virConnectPtr conn)
{
	(void)conn;
	seen.connections++;
	return 0;
}

int
__wrap_virConnectIsAlive(virConnectPtr conn)
{
	(void)conn;
	return !world.broken;
}

void
__wrap_lv_inbox_wake(struct lv_inbox *woken)
{
	seen.wakes++;
	__real_lv_inbox_wake(woken);
}

int
__wrap_thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg)
{
	if (world.threads_fail) {
		return -1;
	}
	seen.threads++;
	return __real_thread_start(thread, run, arg);
}

/* The call about a question hangs where its ID says. */
static bool
call(struct lv_errand *errand, size_t first, size_t n,
    lv_errand_progress *progress, void *arg)
{
	if (!progress(arg, first, n)) {
		return false;
	}
	errand->calls++;
	seen.calls++;
	hang_at((unsigned)errand->questions[first].id);
	return true;
}

/*
 * As the real one goes about it: a chunk's statistics by one call, then a call
 * about each domain of which more is wanted.
 */
static bool
run_chunk(struct lv_errand *errand, size_t first, size_t end,
    lv_errand_progress *progress, void *arg)
{
	if (!call(errand, first, end - first, progress, arg)) {
		return false;
	}
	errand->lists[first / LV_ERRAND_CHUNK] = calloc(1,
	    sizeof(virDomainStatsRecordPtr));
	for (size_t i = first; i < end; i++) {
		struct lv_question *q = &errand->questions[i];

		if ((q->want & LV_WANT_DISKS) &&
		    !call(errand, i, 1, progress, arg)) {
			return false;
		}
		q->sizes = calloc(1, sizeof(*q->sizes));
	}
	for (size_t i = first; i < end; i++) {
		errand->questions[i].done = true;
	}
	return true;
}

void
__wrap_lv_errand_run(struct lv_errand *errand, struct lv_conn *lc,
    lv_errand_progress *progress, void *arg)
{
	seen.runs++;
	seen.strays += lc->conn != CONNECTION;
	for (size_t i = 0; i < errand->n; i += LV_ERRAND_CHUNK) {
		size_t end = i + LV_ERRAND_CHUNK < errand->n ?
		    i + LV_ERRAND_CHUNK : errand->n;

		if (!run_chunk(errand, i, end, progress, arg)) {
			return;
		}
	}
}

struct lv_inbox *inbox;
struct lv_pool *pool;

void
open_pool(int limit)
{
	struct options opts = { .read_write = true, .call_timeout_s = 10,
		.max_hung_calls = limit };

	inbox = lv_inbox_new();
	assert_non_null(inbox);
	pool = lv_pool_new(&opts, world.uri, inbox);
	assert_non_null(pool);
	assert_int_equal(pool->timeout_ms, 10000);
}

void
begin(int limit, const char *uri)
{
	hang_begin();
	memset(&world, 0, sizeof(world));
	memset(&seen, 0, sizeof(seen));
	world.uri = uri;
	open_pool(limit);
}

void
close_pool(void)
{
	lv_pool_free(pool);
	lv_inbox_free(inbox); /* from now on it must not be woken */
	pool = NULL;
	inbox = NULL;
}

void
end(void)
{
	unsigned wakes;

	close_pool();
	wakes = seen.wakes;
	for (unsigned gate = 1; gate < HANG_GATES; gate++) {
		hang_open(gate);
	}
	assert_true(lv_worker_all_ended(FOREVER));
	assert_int_equal(seen.connections, 0);
	assert_int_equal(seen.strays, 0);
	assert_int_equal(seen.wakes, wakes);
}

struct lv_errand *
new_errand(size_t n)
{
	struct lv_errand *errand = lv_errand_new(n);

	assert_non_null(errand);
	for (size_t i = 0; i < n; i++) {
		errand->questions[i].uuid.octets[0] = (uint8_t)i;
		errand->questions[i].want = LV_WANT_VALUES;
	}
	return errand;
}

void
send_hanging(unsigned gate)
{
	struct lv_errand *errand = new_errand(1);

	errand->questions[0].id = (int)gate;
	assert_true(lv_pool_is_ready(pool));
	assert_true(lv_pool_send(pool, errand, PATIENCE_MS));
	hang_await(gate);
}

struct lv_news
expect_news(enum lv_news_kind kind, unsigned serial)
{
	struct lv_news news = lv_pool_news(pool);

	assert_int_equal(news.kind, kind);
	assert_int_equal(news.serial, serial);
	return news;
}

void
expect_no_news(void)
{
	assert_int_equal(lv_pool_news(pool).kind, LV_NEWS_NONE);
}

void
expect(enum lv_news_kind kind, unsigned serial)
{
	lv_errand_free(expect_news(kind, serial).errand);
}

void
await_wake(void)
{
	struct lv_batch batch;

	lv_inbox_wait(inbox, FOREVER, &batch);
	assert_int_equal(batch.n, 0);
}

void
give_up(unsigned serial)
{
	hang_set_ms(clock_boot_ms() + PATIENCE_MS);
	expect(LV_NEWS_HUNG, serial);
}

void
ask(unsigned serial)
{
	assert_true(lv_pool_send(pool, new_errand(1), PATIENCE_MS));
	lv_pool_wait(pool, FOREVER);
	expect(LV_NEWS_ANSWER, serial);
}
