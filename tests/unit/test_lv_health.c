/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests which guests may be asked, by times that are given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lv_health.h"

/* Any time but 0, which stands for never. */
#define NOW ((int64_t)1000000)

static struct lv_health
lively(int64_t since_ms)
{
	struct lv_health h = { .condition = LV_DOUBTFUL };

	lv_health_stir(&h, since_ms);
	return h;
}

static void
test_answer_makes_well(void **state)
{
	static const enum lv_condition before[] = {
		LV_WELL, LV_DOUBTFUL, LV_HUNG,
	};

	(void)state;
	assert_int_equal((struct lv_health){ 0 }.condition, LV_WELL);
	for (size_t i = 0; i < 3; i++) {
		struct lv_health h = { .condition = before[i] };

		lv_health_answer(&h, 0);
		assert_int_equal(h.condition, LV_WELL);
	}
}

/* Who was well has its turn before those that were asked in vain already. */
static void
test_doubt(void **state)
{
	struct lv_health h = { .condition = LV_WELL, .asked_ms = NOW };

	(void)state;
	lv_health_doubt(&h);
	assert_int_equal(h.condition, LV_DOUBTFUL);
	assert_true(h.asked_ms == 0);
	/* Doubted again it keeps its place in the queue. */
	h.asked_ms = NOW;
	lv_health_doubt(&h);
	assert_int_equal(h.condition, LV_DOUBTFUL);
	assert_true(h.asked_ms == NOW);
}

static void
test_doubt_leaves_the_hung_alone(void **state)
{
	struct lv_health h = { .asked_ms = NOW };

	(void)state;
	lv_health_hang(&h, 7);
	lv_health_doubt(&h);
	assert_int_equal(h.condition, LV_HUNG);
	assert_int_equal(h.serial, 7);
	assert_true(h.asked_ms == NOW);
}

static void
test_return_by_its_serial_only(void **state)
{
	struct lv_health h = { .condition = LV_DOUBTFUL };

	(void)state;
	lv_health_hang(&h, 7);
	assert_int_equal(h.condition, LV_HUNG);
	lv_health_return(&h, 6, NOW);
	lv_health_return(&h, 8, NOW);
	assert_int_equal(h.condition, LV_HUNG);
	assert_false(lv_health_is_lively(&h, NOW));
	lv_health_return(&h, 7, NOW);
	assert_int_equal(h.condition, LV_DOUBTFUL);
	assert_true(lv_health_is_lively(&h, NOW));
}

/* An errand that hung in somebody says nothing of who has answered since. */
static void
test_return_of_one_that_did_not_hang(void **state)
{
	static const enum lv_condition conditions[] = { LV_WELL, LV_DOUBTFUL };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct lv_health h = { .serial = 7,
			.condition = conditions[i] };

		lv_health_return(&h, 7, NOW);
		assert_int_equal(h.condition, conditions[i]);
		assert_false(lv_health_is_lively(&h, NOW));
	}
}

static void
test_sign_of_life_lasts(void **state)
{
	struct lv_health h = { 0 };

	(void)state;
	/* None ever is none, however young the boot clock is. */
	assert_false(lv_health_is_lively(&h, 0));
	assert_false(lv_health_is_lively(&h, 1));
	h = lively(NOW);
	assert_true(lv_health_is_lively(&h, NOW));
	assert_true(lv_health_is_lively(&h, NOW + LV_HEALTH_LIVELY_MS - 1));
	assert_false(lv_health_is_lively(&h, NOW + LV_HEALTH_LIVELY_MS));
	/* The last one counts. */
	lv_health_stir(&h, NOW + 1);
	assert_true(lv_health_is_lively(&h, NOW + LV_HEALTH_LIVELY_MS));
	assert_int_equal(h.condition, LV_DOUBTFUL);
}

/* Two looks, so far apart, with so much processor time in between. */
static bool
lives_after_looks(int64_t apart_ms, int64_t grown_ns)
{
	struct lv_health h = { 0 };

	lv_health_cpu(&h, 5000, NOW);
	assert_false(lv_health_is_lively(&h, NOW));
	lv_health_cpu(&h, (uint64_t)(5000 + grown_ns), NOW + apart_ms);
	return lv_health_is_lively(&h, NOW + apart_ms);
}

static void
test_processor_time(void **state)
{
	(void)state;
	assert_true(lives_after_looks(1, 1));
	assert_true(lives_after_looks(LV_HEALTH_LOOKS_MS, 1));
	assert_false(lives_after_looks(LV_HEALTH_LOOKS_MS + 1, 1));
	assert_false(lives_after_looks(LV_HEALTH_LOOKS_MS + 1, INT32_MAX));
	assert_false(lives_after_looks(1, 0));
	assert_false(lives_after_looks(1, -1)); /* another run */
}

/* The first look has nothing to compare with, however young the boot clock. */
static void
test_first_look(void **state)
{
	struct lv_health h = { 0 };

	(void)state;
	lv_health_cpu(&h, 5000, LV_HEALTH_LOOKS_MS - 1);
	assert_false(lv_health_is_lively(&h, LV_HEALTH_LOOKS_MS - 1));
}

/* What grew before an old look does not count, but is where counting begins. */
static void
test_processor_time_after_a_pause(void **state)
{
	int64_t late_ms = NOW + 10 * LV_HEALTH_LOOKS_MS;
	struct lv_health h = { 0 };

	(void)state;
	lv_health_cpu(&h, 5000, NOW);
	lv_health_cpu(&h, 9000, late_ms);
	assert_false(lv_health_is_lively(&h, late_ms));
	lv_health_cpu(&h, 9000, late_ms + 1000);
	assert_false(lv_health_is_lively(&h, late_ms + 1000));
	lv_health_cpu(&h, 9001, late_ms + 2000);
	assert_true(lv_health_is_lively(&h, late_ms + 2000));
	assert_true(h.lively_ms == late_ms + 2000);
	/* A look that finds nothing takes no sign of life back. */
	lv_health_cpu(&h, 9001, late_ms + 3000);
	assert_true(h.lively_ms == late_ms + 2000);
}

/* It does not make a guest well, which only an answer does. */
static void
test_processor_time_is_no_answer(void **state)
{
	struct lv_health h = { 0 };

	(void)state;
	lv_health_hang(&h, 7);
	lv_health_cpu(&h, 1, NOW);
	lv_health_cpu(&h, 2, NOW + 1);
	assert_int_equal(h.condition, LV_HUNG);
}

static void
test_may_ask(void **state)
{
	static const size_t limits[] = { 1, 2, 4 };

	(void)state;
	for (size_t l = 0; l < 3; l++) {
		for (size_t n = 0; n <= limits[l] + 1; n++) {
			assert_int_equal(lv_health_may_ask(n, limits[l]),
			    n < limits[l]);
		}
	}
}

/* Row by row as many hang; with signs of life, and without. */
static void
check_probe(size_t limit, const char *lives, const char *quiet)
{
	struct lv_health living = lively(NOW), dead = { 0 };

	for (size_t n = 0; lives[n] != '\0'; n++) {
		assert_int_equal(lv_health_may_probe(&living, NOW, n, limit),
		    lives[n] == 'y');
		assert_int_equal(lv_health_may_probe(&dead, NOW, n, limit),
		    quiet[n] == 'y');
	}
}

/*
 * One that may well hang must leave a call for the others; only where none does
 * so yet, and there is but one, it may take that.
 */
static void
test_may_probe(void **state)
{
	struct lv_health h = lively(NOW);

	(void)state;
	check_probe(1, "ynn", "ynn");
	check_probe(2, "yynn", "ynnn");
	check_probe(4, "yyyynn", "yyynnn");
	/* The sign of life has to be a recent one. */
	assert_true(lv_health_may_probe(&h, NOW + LV_HEALTH_LIVELY_MS - 1, 1,
	    2));
	assert_false(lv_health_may_probe(&h, NOW + LV_HEALTH_LIVELY_MS, 1, 2));
}

/* Living ones first, then whoever has waited longest; never both ways. */
static void
test_order(void **state)
{
	struct lv_health order[4] = {
		lively(NOW - 1), lively(NOW), { .asked_ms = 0 },
		lively(NOW - LV_HEALTH_LIVELY_MS),
	};

	(void)state;
	order[0].asked_ms = NOW - 20;
	order[1].asked_ms = NOW - 10;
	order[3].asked_ms = NOW - 30;
	for (size_t a = 0; a < 4; a++) {
		for (size_t b = 0; b < 4; b++) {
			assert_int_equal(lv_health_is_before(&order[a],
			    &order[b], NOW), a < b);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer_makes_well),
		cmocka_unit_test(test_doubt),
		cmocka_unit_test(test_doubt_leaves_the_hung_alone),
		cmocka_unit_test(test_return_by_its_serial_only),
		cmocka_unit_test(test_return_of_one_that_did_not_hang),
		cmocka_unit_test(test_sign_of_life_lasts),
		cmocka_unit_test(test_processor_time),
		cmocka_unit_test(test_first_look),
		cmocka_unit_test(test_processor_time_after_a_pause),
		cmocka_unit_test(test_processor_time_is_no_answer),
		cmocka_unit_test(test_may_ask),
		cmocka_unit_test(test_may_probe),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
