/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests which calls of errands a pool gives up, and what it keeps of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"
#include "lv_errand.h"
#include "lv_hang.h"
#include "lv_pool_test.h"

/* The questions of the second chunk begin here. */
#define SECOND LV_ERRAND_CHUNK

static void
test_answer(void **state)
{
	struct lv_errand *errand = new_errand(3);
	struct lv_news news;

	(void)state;
	begin(2, "here");
	assert_int_equal(seen.threads, 0);
	assert_true(lv_pool_due(pool) == FOREVER);
	expect_no_news();
	assert_true(lv_pool_send(pool, errand, PATIENCE_MS));
	assert_false(lv_pool_is_ready(pool));
	assert_true(pool->sent_ms == HANG_T0);
	lv_pool_wait(pool, FOREVER);
	news = expect_news(LV_NEWS_ANSWER, 1);
	assert_ptr_equal(news.errand, errand);
	assert_true(errand->questions[2].done);
	assert_true(errand->calls == 2 && pool->calls == 2);
	lv_errand_free(errand);
	expect_no_news();
	assert_true(lv_pool_due(pool) == FOREVER);
	lv_pool_wait(pool, FOREVER); /* for nothing: returns */
	/* The same worker, on the same connection. */
	assert_true(lv_pool_send(pool, new_errand(1), PATIENCE_MS));
	lv_pool_wait(pool, FOREVER);
	expect(LV_NEWS_ANSWER, 2);
	assert_true(pool->calls == 3);
	assert_int_equal(seen.threads, 1);
	assert_int_equal(seen.dials, 1);
	assert_int_equal(seen.wakes, 2);
	end();
}

/* To the millisecond, and no earlier than asked for. */
static void
test_given_up(void **state)
{
	struct lv_news news;

	(void)state;
	begin(2, "here");
	send_hanging(1);
	assert_true(lv_pool_due(pool) == HANG_T0 + PATIENCE_MS);
	hang_set_ms(HANG_T0 + PATIENCE_MS - 1);
	expect_no_news();
	assert_false(lv_pool_is_ready(pool));
	hang_set_ms(HANG_T0 + PATIENCE_MS);
	news = expect_news(LV_NEWS_HUNG, 1);
	assert_non_null(news.errand);
	assert_false(news.errand->questions[0].done);
	assert_true(news.call.since_ms == HANG_T0);
	assert_true(news.call.first == 0 && news.call.n == 1);
	lv_errand_free(news.errand);
	assert_true(pool->timed_out == 1 && pool->n_hung == 1);
	assert_true(lv_pool_is_ready(pool));
	assert_true(lv_pool_due(pool) == FOREVER);
	expect_no_news();
	end();
}

/* The collector waits no longer than it wants to or than the call may take. */
static void
test_wait(void **state)
{
	(void)state;
	begin(2, "here");
	send_hanging(1);
	lv_pool_wait(pool, HANG_T0); /* is over: returns */
	assert_true(hang_waited_ms() == HANG_T0);
	hang_set_ms(HANG_T0 + PATIENCE_MS);
	lv_pool_wait(pool, FOREVER);
	assert_true(hang_waited_ms() == HANG_T0 + PATIENCE_MS);
	end();
}

/* It is a call that hangs, not an errand of many calls. */
static void
test_progress(void **state)
{
	struct lv_errand *errand = new_errand(SECOND + 2);
	struct lv_news news;

	(void)state;
	begin(2, "here");
	errand->questions[0].id = 1;
	errand->questions[SECOND].id = 2;
	assert_true(lv_pool_send(pool, errand, PATIENCE_MS));
	hang_await(1);
	hang_set_ms(HANG_T0 + PATIENCE_MS - 1);
	hang_open(1);
	hang_await(2);
	assert_true(lv_pool_due(pool) == HANG_T0 + 2 * PATIENCE_MS - 1);
	hang_set_ms(HANG_T0 + 2 * PATIENCE_MS - 2);
	expect_no_news();
	hang_set_ms(HANG_T0 + 2 * PATIENCE_MS - 1);
	news = expect_news(LV_NEWS_HUNG, 1);
	assert_true(news.call.since_ms == HANG_T0 + PATIENCE_MS - 1);
	assert_true(news.call.first == SECOND && news.call.n == 2);
	lv_errand_free(news.errand);
	end();
}

/* Of an errand of three chunks one call, in the second, hangs at gate 1. */
static struct lv_news
hang_in_second_chunk(size_t question)
{
	struct lv_errand *errand = new_errand(2 * SECOND + 3);
	struct snap_def *def = snap_def_new();

	assert_non_null(def);
	for (size_t i = 0; i < errand->n; i++) {
		errand->questions[i].want |= LV_WANT_DISKS;
		errand->questions[i].def = snap_def_ref(def);
	}
	snap_def_unref(def);
	errand->questions[question].id = 1;
	assert_true(lv_pool_send(pool, errand, PATIENCE_MS));
	hang_await(1);
	hang_set_ms(HANG_T0 + PATIENCE_MS);
	return expect_news(LV_NEWS_HUNG, 1);
}

/* The answers of the first chunk, and the questions of all. */
static void
check_split(const struct lv_errand *split)
{
	assert_int_equal(split->n, 2 * SECOND + 3);
	assert_true(split->lists[0] != NULL && split->lists[1] == NULL);
	assert_false(split->failed);
	for (size_t i = 0; i < split->n; i++) {
		const struct lv_question *q = &split->questions[i];

		assert_int_equal(q->done, i < SECOND);
		assert_int_equal(q->sizes != NULL, i < SECOND);
		assert_int_equal(q->def != NULL, i < SECOND);
		assert_int_equal(q->uuid.octets[0], (uint8_t)i);
		assert_int_equal(q->want, LV_WANT_VALUES | LV_WANT_DISKS);
	}
}

/* What moved over is not the late errand's any more; the rest came to it. */
static void
check_late(const struct lv_errand *late)
{
	assert_true(late->lists[0] == NULL && late->lists[1] != NULL);
	/* Whoever comes after the call that hung is not asked any more. */
	assert_null(late->lists[2]);
	assert_null(late->questions[2 * SECOND].sizes);
	for (size_t i = 0; i < late->n; i++) {
		assert_int_equal(late->questions[i].def != NULL, i >= SECOND);
	}
}

static void
split_in_second_chunk(size_t question, size_t n)
{
	struct lv_news news;

	begin(2, "here");
	news = hang_in_second_chunk(question);
	assert_true(news.call.first == question && news.call.n == n);
	check_split(news.errand);
	assert_int_equal(news.errand->questions[question].id, 1);
	lv_errand_free(news.errand);
	hang_open(1);
	await_wake();
	news = expect_news(LV_NEWS_LATE, 1);
	check_late(news.errand);
	lv_errand_free(news.errand);
	end();
}

static void
test_split_in_statistics(void **state)
{
	(void)state;
	split_in_second_chunk(SECOND, SECOND);
}

/* The chunk of a domain that hangs is not complete, so it does not count. */
static void
test_split_in_a_domain(void **state)
{
	(void)state;
	split_in_second_chunk(SECOND + 5, 1);
}

/* Whoever hangs takes its place until it is back. */
static void
test_limit(void **state)
{
	enum { LIMIT = 3 };

	(void)state;
	begin(LIMIT, "here");
	for (unsigned i = 1; i <= LIMIT; i++) {
		send_hanging(i);
		give_up(i);
	}
	assert_false(lv_pool_is_ready(pool));
	assert_int_equal(seen.runs, LIMIT);
	assert_int_equal(seen.threads, LIMIT);
	assert_true(pool->timed_out == LIMIT && pool->n_hung == LIMIT);
	expect_no_news();
	hang_open(2);
	await_wake();
	expect(LV_NEWS_LATE, 2);
	expect_no_news();
	/* Their calls count when they are over. */
	assert_true(pool->calls == 2 && pool->n_hung == LIMIT - 1);
	send_hanging(LIMIT + 1);
	give_up(LIMIT + 1);
	assert_false(lv_pool_is_ready(pool));
	assert_int_equal(seen.threads, LIMIT + 1);
	end();
}

/* The worker that comes back ends, the one that has taken over stays. */
static void
test_late(void **state)
{
	(void)state;
	begin(2, "here");
	send_hanging(1);
	give_up(1);
	send_hanging(2);
	hang_open(1);
	await_wake();
	expect(LV_NEWS_LATE, 1);
	expect_no_news();
	hang_open(2);
	lv_pool_wait(pool, FOREVER);
	expect(LV_NEWS_ANSWER, 2);
	assert_true(lv_pool_is_ready(pool) && pool->n_hung == 0);
	assert_int_equal(seen.threads, 2);
	lv_pool_retire(pool);
	assert_true(lv_worker_all_ended(FOREVER)); /* both */
	assert_int_equal(seen.connections, 0);
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_given_up),
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_progress),
		cmocka_unit_test(test_split_in_statistics),
		cmocka_unit_test(test_split_in_a_domain),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
