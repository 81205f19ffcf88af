/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests who is asked, and what becomes of it, when guests hang. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"
#include "lv_errand.h"
#include "lv_hang.h"
#include "lv_inquiry.h"
#include "lv_inquiry_test.h"
#include "lv_pool.h"

#define ASKED (HANG_T0 + 10000)
#define GIVEN_UP (ASKED + TIMEOUT_MS)

static void
check(struct fixture *f, unsigned n, int32_t reason, int64_t sampled_ms)
{
	const struct snap_domain *rec = domain(f, n)->record;

	assert_int_equal(rec->stale_reason, reason);
	assert_true(rec->sampled_ms == sampled_ms);
	assert_true(rec->stale_at_ms ==
	    sampled_ms + f->opts.stale_after_s * 1000);
}

/* Guest 2 hangs at gate 1, and with it the call about all of them. */
static void
hang_all(struct fixture *f)
{
	guests[2].gate = 1;
	refresh_at(f, ASKED);
	for (unsigned n = 1; n < N_GUESTS; n++) {
		check(f, n, SNAP_STALE_NONE, HANG_T0);
	}
	inquire_at(f, GIVEN_UP - 1);
	assert_true(f->hv.pool->timed_out == 0);
}

static void
test_all_answer(void **state)
{
	struct fixture *f = *state;

	refresh_at(f, ASKED);
	for (unsigned n = 1; n < N_GUESTS; n++) {
		check(f, n, SNAP_STALE_NONE, ASKED);
		assert_int_equal(guests[n].asked, 2);
		assert_int_equal(domain(f, n)->owed, 0);
	}
	assert_true(lv_inquiry_due(&f->hv) == FOREVER);
}

/*
 * Nobody can be told to be to blame, so all are asked one by one until the one
 * that hangs is found by a call of its own; then the rest.
 */
static void
test_one_hangs(void **state)
{
	struct fixture *f = *state;
	int64_t found_ms;

	hang_all(f);
	inquire_at(f, GIVEN_UP);
	/* For one that may well hang nobody waits long. */
	assert_true(clock_boot_ms() == GIVEN_UP + 100);
	assert_true(f->hv.pool->timed_out == 1);
	check(f, 1, SNAP_STALE_NONE, GIVEN_UP);
	check(f, 2, SNAP_STALE_DOUBTFUL, HANG_T0);
	check(f, 3, SNAP_STALE_DOUBTFUL, HANG_T0);
	check(f, 4, SNAP_STALE_DOUBTFUL, HANG_T0);
	check(f, OFF, SNAP_STALE_DOUBTFUL, HANG_T0);
	assert_int_equal(guests[2].asked, 3);
	assert_int_equal(guests[3].asked, 2);
	/* It was without signs of life, so that it has but a second. */
	while (f->hv.pool->timed_out == 1) {
		assert_true(clock_boot_ms() < GIVEN_UP + 1000);
		inquire_when_due(f);
	}
	found_ms = clock_boot_ms();
	assert_true(found_ms == GIVEN_UP + 1000);
	inquire_at(f, found_ms);
	/* That one has answered since the trouble began. */
	check(f, 1, SNAP_STALE_NONE, GIVEN_UP);
	check(f, 2, SNAP_STALE_HUNG, HANG_T0);
	check(f, 3, SNAP_STALE_NONE, found_ms);
	check(f, 4, SNAP_STALE_NONE, found_ms);
	check(f, OFF, SNAP_STALE_NONE, found_ms);
	assert_int_equal(f->hv.pool->n_hung, 2);
	assert_int_equal(guests[2].asked, 3);
	/* From then on it is the only one that grows old. */
	refresh_at(f, found_ms + 10000);
	check(f, 1, SNAP_STALE_NONE, found_ms + 10000);
	check(f, 2, SNAP_STALE_HUNG, HANG_T0);
	assert_int_equal(domain(f, 2)->record->state, VIR_DOMAIN_RUNNING);
	assert_int_equal(guests[2].asked, 3);
}

/* A command that has been going on for half the time is to blame. */
static void
blame(struct fixture *f, int occupied_ms, bool hung)
{
	hang_all(f);
	guests[2].occupied_ms = occupied_ms;
	inquire_at(f, GIVEN_UP);
	assert_int_equal(guests[2].asked, hung ? 2 : 3);
	check(f, 1, SNAP_STALE_NONE, GIVEN_UP);
	check(f, 2, hung ? SNAP_STALE_HUNG : SNAP_STALE_DOUBTFUL, HANG_T0);
	check(f, 4, hung ? SNAP_STALE_NONE : SNAP_STALE_DOUBTFUL,
	    hung ? GIVEN_UP : HANG_T0);
	check(f, OFF, hung ? SNAP_STALE_NONE : SNAP_STALE_DOUBTFUL,
	    hung ? GIVEN_UP : HANG_T0);
	assert_int_equal(f->hv.pool->n_hung, 1);
}

static void
test_blamed(void **state)
{
	blame(*state, TIMEOUT_MS / 2, true);
}

static void
test_not_blamed(void **state)
{
	blame(*state, TIMEOUT_MS / 2 - 1, false);
}

/*
 * With the last call but one taken nobody is asked who shows no sign of life;
 * who does so is, and its answer makes it well.
 */
static void
test_limit(void **state)
{
	struct fixture *f = *state;
	int64_t now_ms;

	f->hv.pool->limit = 2;
	hang_all(f);
	inquire_at(f, GIVEN_UP);
	assert_true(lv_inquiry_due(&f->hv) <= GIVEN_UP); /* a look at all */
	for (now_ms = GIVEN_UP; now_ms < GIVEN_UP + 5000; now_ms += 1000) {
		inquire_at(f, now_ms);
	}
	for (unsigned n = 0; n < N_GUESTS; n++) {
		assert_int_equal(guests[n].asked, 2);
	}
	check(f, 3, SNAP_STALE_DOUBTFUL, HANG_T0);
	guests[3].lives = true;
	for (; now_ms < GIVEN_UP + 7000; now_ms += 1000) {
		inquire_at(f, now_ms);
	}
	check(f, 3, SNAP_STALE_NONE, GIVEN_UP + 5000);
	assert_int_equal(guests[3].asked, 3);
	assert_int_equal(guests[1].asked, 2);
	check(f, 1, SNAP_STALE_DOUBTFUL, HANG_T0);
	assert_int_equal(f->hv.pool->n_hung, 1);
}

/* Who lives while a call hangs is known by the time that it is given up. */
static void
test_looks_while_a_call_hangs(void **state)
{
	struct fixture *f = *state;

	f->hv.pool->limit = 2;
	guests[3].lives = true;
	guests[2].gate = 1;
	refresh_at(f, ASKED);
	while (f->hv.pool->timed_out == 0) {
		assert_true(clock_boot_ms() < GIVEN_UP);
		inquire_when_due(f);
	}
	assert_true(clock_boot_ms() == GIVEN_UP);
	check(f, 1, SNAP_STALE_DOUBTFUL, HANG_T0);
	check(f, 3, SNAP_STALE_NONE, GIVEN_UP);
}

/* If a guest is to blame, storage of those that do not run is not doubted. */
static void
test_storage_is_not_doubted(void **state)
{
	struct fixture *f = *state;

	f->hv.pool->limit = 2;
	hang_all(f);
	guests[2].occupied_ms = TIMEOUT_MS;
	inquire_at(f, GIVEN_UP);
	check(f, 1, SNAP_STALE_DOUBTFUL, HANG_T0);
	check(f, OFF, SNAP_STALE_NONE, GIVEN_UP);
}

/* No call is left, not even for those that are well. */
static void
test_limit_of_one(void **state)
{
	struct fixture *f = *state;

	f->hv.pool->limit = 1;
	hang_all(f);
	guests[2].occupied_ms = TIMEOUT_MS;
	for (unsigned n = 0; n < N_GUESTS; n++) {
		guests[n].lives = true;
	}
	for (int64_t ms = GIVEN_UP; ms < GIVEN_UP + 5000; ms += 1000) {
		inquire_at(f, ms);
	}
	refresh_at(f, GIVEN_UP + 10000);
	for (unsigned n = 0; n < N_GUESTS; n++) {
		assert_int_equal(guests[n].asked, 2);
	}
	check(f, 2, SNAP_STALE_HUNG, HANG_T0);
	let_go(1);
	guests[2].gate = 0;
	await_late(f);
	for (unsigned n = 0; n < N_GUESTS; n++) {
		check(f, n, SNAP_STALE_NONE, clock_boot_ms());
	}
}

/* Back again it is asked anew. */
static void
test_return(void **state)
{
	struct fixture *f = *state;

	hang_all(f);
	guests[2].occupied_ms = TIMEOUT_MS;
	inquire_at(f, GIVEN_UP);
	guests[2].gate = 0;
	hang_set_ms(GIVEN_UP + 3000);
	let_go(1);
	await_late(f);
	assert_int_equal(guests[2].asked, 3);
	check(f, 2, SNAP_STALE_NONE, GIVEN_UP + 3000);
	assert_int_equal(domain(f, 2)->owed, 0);
	assert_int_equal(domain(f, 2)->health.condition, LV_WELL);
}

/* The answer that came late is too old to be of use. */
static void
test_late_answer(void **state)
{
	struct fixture *f = *state;

	hang_all(f);
	guests[2].occupied_ms = TIMEOUT_MS;
	inquire_at(f, GIVEN_UP);
	guests[2].gate = 2; /* for the next question */
	let_go(1);
	await_late(f);
	assert_int_equal(guests[2].asked, 3);
	check(f, 2, SNAP_STALE_DOUBTFUL, HANG_T0);
	check(f, 1, SNAP_STALE_NONE, GIVEN_UP);
	/* It is alive, so it has all the time that a call may take. */
	assert_true(lv_inquiry_due(&f->hv) <= clock_boot_ms() + TIMEOUT_MS);
	inquire_at(f, clock_boot_ms() + TIMEOUT_MS - 1001);
	check(f, 2, SNAP_STALE_DOUBTFUL, HANG_T0);
}

/* What an errand that failed should have asked is owed as before. */
static void
test_failure(void **state)
{
	struct fixture *f = *state;
	unsigned owed = LV_WANT_VALUES | LV_WANT_PERIOD;

	domain(f, 3)->owed = owed;
	errands_fail = true;
	inquire_at(f, ASKED);
	assert_int_equal(domain(f, 3)->owed, owed);
	assert_int_equal(guests[3].asked, 2); /* once more, not in a loop */
	assert_true(f->hv.inquiry_failed);
	assert_string_equal(f->hv.collector.error, "no way");
	check(f, 3, SNAP_STALE_HYPERVISOR, HANG_T0);
	assert_int_equal(domain(f, 3)->health.condition, LV_WELL);
	errands_fail = false;
	inquire_at(f, ASKED + 1000);
	assert_int_equal(domain(f, 3)->owed, 0);
	assert_false(f->hv.inquiry_failed);
	check(f, 3, SNAP_STALE_NONE, ASKED + 1000);
}

/* An answer is of the run that was asked. */
static void
test_restarted_meanwhile(void **state)
{
	struct fixture *f = *state;
	struct lv_domain *d = domain(f, 3);
	const struct snap_def *def;
	int id = d->id;

	guests[2].gate = 1;
	refresh_at(f, ASKED);
	def = snap_def_ref(d->def);
	restart_at(f, 3, ASKED + 2000);
	assert_int_not_equal(d->id, id);
	/* Not for the sake of its definition, which may be the same. */
	snap_def_unref(d->def);
	d->def = def;
	guests[2].gate = 0;
	guests[3].gate = 2; /* the new run is not to answer */
	hang_set_ms(ASKED + 4000);
	let_go(1);
	await_next(f);
	assert_true(f->hv.pool->timed_out == 0);
	check(f, 1, SNAP_STALE_NONE, ASKED + 4000);
	check(f, 2, SNAP_STALE_NONE, ASKED + 4000);
	/* It has given nothing yet, so that nothing has an age. */
	assert_true(d->record->sampled_ms == SNAP_NO_TIME);
	assert_true(d->record->cpu_time_us == SNAP_NO_U64);
	assert_true(domain(f, 1)->record->cpu_time_us != SNAP_NO_U64);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_all_answer),
		TEST(test_one_hangs),
		TEST(test_blamed),
		TEST(test_not_blamed),
		TEST(test_limit),
		TEST(test_looks_while_a_call_hangs),
		TEST(test_storage_is_not_doubted),
		TEST(test_limit_of_one),
		TEST(test_return),
		TEST(test_late_answer),
		TEST(test_failure),
		TEST(test_restarted_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
