/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests snap_rate.c: from samples of a counter to a Gauge32. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "snap_def.h"
#include "snap_rate.h"

#define NO SNAP_NO_U64
#define START_MS 1000000
#define MIN_MS 2500

/* A sample of a counter, and what is known after it: growth per second. */
struct sample {
	uint64_t count;
	int64_t at_ms; /* from START_MS */
	uint64_t expected;
};

/* One that took its time to come. */
struct slow_sample {
	uint64_t count;
	int64_t at_ms;
	int64_t slack_ms;
	uint64_t expected;
};

#define ASSERT_SAMPLES(...)                                                   \
	assert_samples((const struct sample[]){ __VA_ARGS__ },                \
	    sizeof((const struct sample[]){ __VA_ARGS__ }) /                  \
	    sizeof(struct sample))

static void
assert_samples(const struct sample *samples, size_t n)
{
	struct snap_rate before, rate;

	for (size_t i = 0; i < n; i++) {
		uint64_t value;

		memset(&rate, 0xa5, sizeof(rate)); /* is written to only */
		snap_rate_next(&rate, i > 0 ? &before : NULL,
		    samples[i].count, START_MS + samples[i].at_ms, 0,
		    MIN_MS);
		value = snap_rate_value(&rate, 1, 1);
		if (value != samples[i].expected) {
			fail_msg("sample %zu gives %llu", i,
			    (unsigned long long)value);
		}
		before = rate;
	}
}

static void
test_first_sample_has_none(void **state)
{
	struct snap_rate none = { 0 }, rate;

	(void)state;
	ASSERT_SAMPLES({ 500, 0, NO });
	ASSERT_SAMPLES({ NO, 0, NO }, { NO, 5000, NO }, { 500, 10000, NO },
	    { 600, 20000, 10 });
	/* A zeroed one has seen nothing either. */
	snap_rate_next(&rate, &none, 500, START_MS, 0, MIN_MS);
	assert_true(snap_rate_value(&rate, 1, 1) == NO);
	assert_true(snap_rate_value(&none, 1, 1) == NO);
}

static void
assert_slow_samples(const struct slow_sample *samples, size_t n)
{
	struct snap_rate before, rate;

	for (size_t i = 0; i < n; i++) {
		uint64_t value;

		snap_rate_next(&rate, i > 0 ? &before : NULL,
		    samples[i].count, START_MS + samples[i].at_ms,
		    samples[i].slack_ms, MIN_MS);
		value = snap_rate_value(&rate, 1, 1);
		if (value != samples[i].expected) {
			fail_msg("slow sample %zu gives %llu", i,
			    (unsigned long long)value);
		}
		before = rate;
	}
}

/*
 * A call that hung for 12 s: its counters may be as old as that, so that an
 * interval that begins or ends with them might be almost any length.
 */
static void
test_uncertain_samples(void **state)
{
	static const struct slow_sample hung[] = {
		{ 0, 0, 0, NO }, { 10000, 10000, 0, 1000 },
		{ 10100, 22000, 12000, 1000 }, /* passed over */
		{ 22000, 22500, 0, 960 },      /* 12,000 in 12.5 s */
	};
	/* the first of a run is given up for a better one */
	static const struct slow_sample first[] = {
		{ 100, 12000, 12000, NO }, { 12000, 13000, 0, NO },
		{ 22000, 23000, 0, 1000 },
	};
	/* long calls each time make longer intervals, not none */
	static const struct slow_sample always[] = {
		{ 0, 0, 4000, NO }, { 10000, 10000, 4000, NO },
		{ 20000, 20000, 4000, 1000 }, { 30000, 30000, 4000, 1000 },
		{ 50000, 40000, 4000, 1500 },
	};

	(void)state;
	assert_slow_samples(hung, sizeof(hung) / sizeof(hung[0]));
	assert_slow_samples(first, sizeof(first) / sizeof(first[0]));
	assert_slow_samples(always, sizeof(always) / sizeof(always[0]));
}

static void
test_growth(void **state)
{
	(void)state;
	ASSERT_SAMPLES({ 500, 0, NO }, { 1000, 5000, 100 },
	    { 1000, 10000, 0 }, /* known to stand still */
	    { 1040, 20000, 4 });
	/* up to the last count there is */
	ASSERT_SAMPLES({ NO - 101, 0, NO }, { NO - 1, 10000, 10 });
}

/* A counter that begins anew grew by an amount that nobody knows. */
static void
test_backwards(void **state)
{
	(void)state;
	ASSERT_SAMPLES({ 5000, 0, NO }, { 6000, 10000, 100 },
	    { 5999, 20000, NO }, { 6999, 30000, 100 });
	ASSERT_SAMPLES({ 5000, 0, NO }, { 0, 10000, NO }, { 50, 20000, 5 });
	/* however soon that shows */
	ASSERT_SAMPLES({ 5000, 0, NO }, { 6000, 10000, 100 },
	    { 10, 10001, NO }, { 110, 20001, 10 });
}

/* Samples in between neither make a rate nor shorten the interval. */
static void
test_least_interval(void **state)
{
	(void)state;
	ASSERT_SAMPLES({ 0, 0, NO }, { 900, MIN_MS - 1, NO },
	    { 1000, 10000, 100 });
	ASSERT_SAMPLES({ 0, 0, NO }, { 1000, MIN_MS, 400 },
	    { 9000, MIN_MS + 1, 400 }, { 9000, 2 * MIN_MS - 1, 400 },
	    { 1000 + MIN_MS, 2 * MIN_MS, 1000 });
	/* nor does a clock that is put back */
	ASSERT_SAMPLES({ 0, 0, NO }, { 1000, 10000, 100 },
	    { 2000, 5000, 100 }, { 3000, 20000, 200 });
}

/* While it is not known the rate stays, and then covers the gap. */
static void
test_gaps(void **state)
{
	(void)state;
	ASSERT_SAMPLES({ 0, 0, NO }, { 1000, 10000, 100 }, { NO, 20000, 100 },
	    { NO, 30000, 100 }, { 4000, 40000, 100 }, { 4300, 50000, 30 });
	ASSERT_SAMPLES({ 0, 0, NO }, { NO, 10000, NO }, { 400, 40000, 10 });
	/* an interval of 2^32 - 1 ms can be told, not a longer one */
	ASSERT_SAMPLES({ 0, 0, NO }, { 4294967295, 4294967295, 1000 });
	ASSERT_SAMPLES({ 0, 0, NO }, { 4294967296, 4294967296, NO });
	ASSERT_SAMPLES({ 0, 0, NO }, { 900, 4294967296 + 1000, NO },
	    { 1000, 4294967296 + 11000, 10 });
}

static const struct value {
	uint64_t delta;
	uint32_t span_ms, times, by;
	uint64_t expected;
} values[] = {
	{ 5, 0, 1, 1, NO },
	{ 0, 1, 1, 1, 0 },
	{ 5, 1000, 1, 1, 5 },
	{ 5, 1000, 8, 1, 40 },
	{ 500000, 1000, 1, 100, 5000 }, /* half a CPU in microseconds */
	/* to the nearest, halves up */
	{ 1, 2001, 1, 1, 0 },
	{ 1, 2000, 1, 1, 1 },
	{ 1, 1999, 1, 1, 1 },
	{ 3, 2000, 1, 1, 2 },
	{ 3, 2001, 1, 1, 1 },
	{ 149, 1000, 1, 100, 1 },
	{ 150, 1000, 1, 100, 2 },
	{ 1, 3, 3, 1, 1000 },
	/* what a Gauge32 holds and what it does not */
	{ 4294967294, 1000, 1, 1, 4294967294 },
	{ 4294967295, 1000, 1, 1, 4294967295 },
	{ 4294967296, 1000, 1, 1, 4294967295 },
	{ 4294967295, 999, 1, 1, 4294967295 },
	{ 536870911, 1000, 8, 1, 4294967288 },
	{ 536870912, 1000, 8, 1, 4294967295 },
	{ 8589934589, 2000, 1, 1, 4294967295 }, /* .5, rounded up */
	/* products beyond 64 bits */
	{ UINT64_MAX, 1, UINT32_MAX, 1, 4294967295 },
	{ UINT64_MAX, UINT32_MAX, 1, 1, 4294967295 },
	{ UINT64_MAX / 1000000, UINT32_MAX, 1, 1, 4294967 },
	{ UINT64_MAX / 8000000, UINT32_MAX, 8, 1, 4294967 },
	{ UINT64_MAX / 8000 + 1, 1, 8, 1, 4294967295 },
	{ 1, UINT32_MAX, UINT32_MAX, UINT32_MAX, 0 },
	{ UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, 1000 },
	{ UINT64_C(20000000000000000), UINT32_MAX, 1, 100, 46566129 },
};

static void
test_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		const struct value *v = &values[i];
		const struct snap_rate rate = { .count = 7, .at_ms = 8,
			.delta = v->delta, .span_ms = v->span_ms };
		uint64_t value = snap_rate_value(&rate, v->times, v->by);

		if (value != v->expected) {
			fail_msg("value %zu is %llu", i,
			    (unsigned long long)value);
		}
	}
}

static const struct {
	uint64_t delta;
	uint32_t span_ms;
	uint64_t per_delta;
	uint32_t per_span_ms;
	uint64_t expected;
} ratios[] = {
	{ 100, 1000, 10, 1000, 10 },
	{ 100, 1000, 0, 1000, NO }, /* no requests: no time for each */
	{ 0, 1000, 0, 1000, NO },
	{ 0, 1000, 10, 1000, 0 },
	{ 100, 0, 10, 1000, NO },
	{ 100, 1000, 10, 0, NO },
	{ 10, 1000, 4, 1000, 3 },
	{ 9, 1000, 4, 1000, 2 },
	{ 4294967295, 1, 1, 1, 4294967295 },
	{ 4294967296, 1, 1, 1, 4294967295 },
	{ UINT64_MAX, 1, 1, 1, 4294967295 },
	{ UINT64_MAX, 1, UINT64_MAX, 1, 1 },
	{ UINT64_MAX / 2, 1, UINT64_MAX, 1, 0 },
	{ UINT64_MAX / 2 + 1, 1, UINT64_MAX, 1, 1 },
	{ 1, 1, UINT64_MAX, 1, 0 },
};

static void
test_ratios(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ratios) / sizeof(ratios[0]); i++) {
		const struct snap_rate rate = { .delta = ratios[i].delta,
			.span_ms = ratios[i].span_ms };
		const struct snap_rate per = { .delta = ratios[i].per_delta,
			.span_ms = ratios[i].per_span_ms };
		uint64_t value = snap_rate_ratio(&rate, &per, 1);

		if (value != ratios[i].expected) {
			fail_msg("ratio %zu is %llu", i,
			    (unsigned long long)value);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_sample_has_none),
		cmocka_unit_test(test_uncertain_samples),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_backwards),
		cmocka_unit_test(test_least_interval),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_ratios),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
