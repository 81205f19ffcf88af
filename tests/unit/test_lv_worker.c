/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests the life of workers: their connections, and how they end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"
#include "lv_errand.h"
#include "lv_hang.h"
#include "lv_pool_test.h"

/* A lost connection: what is under way is of no use, but keeps its place. */
static void
test_retire_busy(void **state)
{
	(void)state;
	begin(1, "here");
	send_hanging(1);
	lv_pool_retire(pool);
	assert_false(lv_pool_is_ready(pool));
	assert_true(lv_pool_due(pool) == FOREVER);
	assert_true(pool->timed_out == 0 && pool->n_hung == 1);
	expect_no_news();
	hang_open(1);
	await_wake();
	expect(LV_NEWS_LATE, 1);
	assert_true(lv_worker_all_ended(FOREVER));
	assert_true(lv_pool_is_ready(pool));
	end();
}

static void
test_retire_idle(void **state)
{
	(void)state;
	begin(1, "here");
	lv_pool_retire(pool); /* nobody */
	ask(1);
	lv_pool_retire(pool);
	assert_true(lv_worker_all_ended(FOREVER));
	assert_int_equal(seen.connections, 0);
	assert_true(lv_pool_is_ready(pool) && pool->n_hung == 0);
	ask(2);
	assert_int_equal(seen.threads, 2);
	end();
}

/* An idle worker that is elsewhere is replaced, one that is busy goes on. */
static void
test_place(void **state)
{
	(void)state;
	begin(2, "here");
	ask(1);
	world.uri = "there";
	lv_pool_place(pool, "there", NULL);
	assert_true(lv_worker_all_ended(FOREVER));
	send_hanging(1);
	lv_pool_place(pool, "there", CONNECTION);
	hang_open(1);
	lv_pool_wait(pool, FOREVER);
	expect(LV_NEWS_ANSWER, 2);
	assert_int_equal(seen.dials, 2);
	lv_pool_place(pool, "there", CONNECTION);
	ask(3);
	assert_int_equal(seen.dials, 2); /* it shares that one */
	assert_int_equal(seen.threads, 3);
	end();
}

/* The thread frees everything itself, which end() and sanitizers see. */
static void
test_free_while_calls_hang(void **state)
{
	(void)state;
	begin(2, "here");
	send_hanging(1);
	give_up(1);
	send_hanging(2);
	close_pool();
	assert_false(lv_worker_all_ended(clock_boot_ms()));
	assert_int_equal(seen.connections, 2);
	end();
	lv_pool_free(NULL);
}

/* Nobody wants to know any more: no further call is made. */
static void
test_left_between_calls(void **state)
{
	struct lv_errand *errand = new_errand(LV_ERRAND_CHUNK + 1);

	(void)state;
	begin(1, "here");
	errand->questions[0].id = 1;
	assert_true(lv_pool_send(pool, errand, PATIENCE_MS));
	hang_await(1);
	end();
	assert_int_equal(seen.calls, 1);
}

/* Whenever the thread gets to it: no inbox, no errand, nothing left behind. */
static void
test_free_at_once(void **state)
{
	(void)state;
	begin(1, "here");
	for (int i = 0; i < 300; i++) {
		assert_true(lv_pool_send(pool, new_errand(2), PATIENCE_MS));
		if (i % 3 == 0) {
			lv_pool_retire(pool);
		}
		close_pool();
		if (i % 10 == 0) {
			assert_true(lv_worker_all_ended(FOREVER));
			assert_int_equal(seen.connections, 0);
		}
		open_pool(1);
	}
	end();
}

static struct lv_errand *
open_errand(void)
{
	struct lv_errand *errand = lv_errand_new(0);

	assert_non_null(errand);
	errand->open = true;
	return errand;
}

/* The URI that was found to work is told only where none was given. */
static void
open_connection(const char *uri, const char *told)
{
	struct lv_news news;

	begin(1, uri);
	assert_true(lv_pool_send(pool, open_errand(), PATIENCE_MS));
	lv_pool_wait(pool, FOREVER);
	news = expect_news(LV_NEWS_ANSWER, 1);
	assert_false(news.errand->failed);
	assert_ptr_equal(news.errand->conn, CONNECTION);
	assert_int_equal(news.errand->uri != NULL, told != NULL);
	if (told != NULL) {
		assert_string_equal(news.errand->uri, told);
	}
	assert_true(pool->calls == 1 && seen.runs == 0);
	lv_errand_free(news.errand);
	end();
}

static void
test_open(void **state)
{
	(void)state;
	open_connection("here", NULL);
	open_connection(NULL, "usual");
}

static void
test_open_fails(void **state)
{
	struct lv_news news;

	(void)state;
	begin(1, "here");
	world.dial_fails = true;
	assert_true(lv_pool_send(pool, open_errand(), PATIENCE_MS));
	lv_pool_wait(pool, FOREVER);
	news = expect_news(LV_NEWS_ANSWER, 1);
	assert_true(news.errand->failed && news.errand->conn == NULL);
	assert_string_equal(news.errand->why, "no way");
	lv_errand_free(news.errand);
	end();
}

/* A connection that opens late is not lost: whoever takes it has it. */
static void
test_open_late(void **state)
{
	struct lv_news news;

	(void)state;
	begin(2, "here");
	world.dial_gate = 1;
	assert_true(lv_pool_send(pool, open_errand(), PATIENCE_MS));
	hang_await(1);
	hang_set_ms(HANG_T0 + PATIENCE_MS);
	news = expect_news(LV_NEWS_HUNG, 1);
	assert_true(news.call.n == 0 && news.errand->conn == NULL);
	lv_errand_free(news.errand);
	hang_open(1);
	await_wake();
	news = expect_news(LV_NEWS_LATE, 1);
	assert_ptr_equal(news.errand->conn, CONNECTION);
	assert_int_equal(seen.connections, 1);
	lv_errand_free(news.errand);
	end();
}

/* And closed if it opens for nobody. */
static void
test_open_for_nobody(void **state)
{
	(void)state;
	begin(2, "here");
	world.dial_gate = 1;
	assert_true(lv_pool_send(pool, open_errand(), PATIENCE_MS));
	hang_await(1);
	end();
	assert_int_equal(seen.dials, 1);
}

/* Its own connection cannot be had, or has broken since the last errand. */
static void
test_worker_connection(void **state)
{
	struct lv_news news;

	(void)state;
	begin(1, "here");
	world.dial_fails = true;
	assert_true(lv_pool_send(pool, new_errand(1), PATIENCE_MS));
	lv_pool_wait(pool, FOREVER);
	news = expect_news(LV_NEWS_ANSWER, 1);
	assert_true(news.errand->failed && seen.runs == 0);
	assert_string_equal(news.errand->why, "no way");
	lv_errand_free(news.errand);
	world.dial_fails = false;
	ask(2);
	world.broken = true;
	ask(3);
	assert_int_equal(seen.dials, 3);
	assert_int_equal(seen.connections, 1);
	assert_int_equal(seen.threads, 1);
	end();
}

static void
test_no_thread(void **state)
{
	struct lv_errand *errand;

	(void)state;
	begin(1, "here");
	errand = new_errand(1);
	world.threads_fail = true;
	assert_false(lv_pool_send(pool, errand, PATIENCE_MS));
	lv_errand_free(errand);
	assert_true(lv_pool_is_ready(pool));
	expect_no_news();
	assert_true(lv_pool_due(pool) == FOREVER);
	world.threads_fail = false;
	ask(1);
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_retire_busy),
		cmocka_unit_test(test_retire_idle),
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_free_while_calls_hang),
		cmocka_unit_test(test_left_between_calls),
		cmocka_unit_test(test_free_at_once),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_open_fails),
		cmocka_unit_test(test_open_late),
		cmocka_unit_test(test_open_for_nobody),
		cmocka_unit_test(test_worker_connection),
		cmocka_unit_test(test_no_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
