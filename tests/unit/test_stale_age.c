/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests when managers are told that values are old, to the millisecond. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"
#include "lv_hang.h"
#include "lv_inquiry_test.h"
#include "lv_pool.h"
#include "mib_tree.h"
#include "rfc7666.h"

#define STALE_MS 60000
#define STEP_MS 10000

/* Columns and scalars that are looked at. */
enum { SAMPLE_AGE = 28, STALE = 29, STALE_REASON = 34 };
enum { CONN_STATE = 2, CALLS_TIMED_OUT = 13, STALE_DOMAINS = 14 };

static long
get(const struct snapshot *snap, int64_t now_ms, const oid *name, size_t len)
{
	struct mib_view view = { .snap = snap, .now_ms = now_ms };
	struct mib_value value;

	assert_int_equal(mib_get(&mib_virt_objects, &view, name, len, &value),
	    MIB_FOUND);
	return *(const long *)value.data;
}

static long
get_scalar(const struct snapshot *snap, int64_t now_ms, oid number)
{
	const oid name[] = { VIRT_OBJECTS, 1, number, 0 };

	return get(snap, now_ms, name, sizeof(name) / sizeof(name[0]));
}

static long
get_cell(const struct snapshot *snap, int64_t now_ms, oid column,
    uint32_t index)
{
	const oid name[] = { VIRT_OBJECTS, 3, 1, column, index };

	return get(snap, now_ms, name, sizeof(name) / sizeof(name[0]));
}

/* Which guests are said to be stale, as bits. */
static unsigned
stale_guests(struct fixture *f, const struct snapshot *snap, int64_t now_ms)
{
	unsigned stale = 0;
	long n = 0;

	for (unsigned i = 0; i < N_GUESTS; i++) {
		if (get_cell(snap, now_ms, STALE, domain(f, i)->index) ==
		    SNAP_TRUE) {
			stale |= 1u << i;
			n++;
		}
	}
	assert_int_equal(get_scalar(snap, now_ms, STALE_DOMAINS), n);
	return stale;
}

static const struct snapshot *
snapshot_of(struct fixture *f, int64_t stale_at_ms)
{
	const struct snapshot *snap = lv_hv_snapshot(&f->hv, stale_at_ms);

	assert_non_null(snap);
	assert_int_equal(snap->n_domains, N_GUESTS);
	return snap;
}

/* However often the others are refreshed, one that hangs grows old alone. */
static void
test_one_hangs(void **state)
{
	struct fixture *f = *state;
	const struct snapshot *snap;
	uint32_t index = domain(f, 2)->index;
	int64_t ms = HANG_T0;

	guests[2].gate = 1;
	guests[2].occupied_ms = TIMEOUT_MS;
	for (int i = 1; i < STALE_MS / STEP_MS; i++) {
		ms = HANG_T0 + i * STEP_MS;
		refresh_at(f, ms);
		inquire_at(f, ms + TIMEOUT_MS);
	}
	snap = snapshot_of(f, INT64_MAX);
	ms = HANG_T0 + STALE_MS;
	assert_int_equal(stale_guests(f, snap, ms - 1), 0);
	assert_int_equal(stale_guests(f, snap, ms), 1u << 2);
	assert_int_equal(get_cell(snap, ms, SAMPLE_AGE, index), STALE_MS / 1000);
	assert_int_equal(get_cell(snap, ms, STALE_REASON, index),
	    SNAP_STALE_HUNG);
	assert_int_equal(get_scalar(snap, ms, CALLS_TIMED_OUT), 1);
	snapshot_unref(snap);
	/* Neither a refresh nor its event makes it look younger. */
	restart_at(f, 3, ms);
	refresh_at(f, ms + STEP_MS);
	snap = snapshot_of(f, INT64_MAX);
	assert_int_equal(stale_guests(f, snap, ms + STEP_MS), 1u << 2);
	assert_int_equal(get_cell(snap, ms + STEP_MS, SAMPLE_AGE, index),
	    (STALE_MS + STEP_MS) / 1000);
	snapshot_unref(snap);
}

/* Back again it is fresh at once. */
static void
test_return(void **state)
{
	struct fixture *f = *state;
	const struct snapshot *snap;
	int64_t ms = HANG_T0 + STALE_MS + STEP_MS;

	guests[2].gate = 1;
	guests[2].occupied_ms = TIMEOUT_MS;
	refresh_at(f, HANG_T0 + STEP_MS);
	inquire_at(f, HANG_T0 + STEP_MS + TIMEOUT_MS);
	refresh_at(f, ms);
	guests[2].gate = 0;
	let_go(1);
	await_late(f);
	snap = snapshot_of(f, INT64_MAX);
	assert_int_equal(stale_guests(f, snap, ms), 0);
	assert_int_equal(get_cell(snap, ms, SAMPLE_AGE, domain(f, 2)->index),
	    0);
	assert_int_equal(stale_guests(f, snap, ms + STALE_MS - 1), 0);
	assert_int_equal(stale_guests(f, snap, ms + STALE_MS),
	    (1u << N_GUESTS) - 1);
	snapshot_unref(snap);
}

/* A snapshot that is not renewed is stale as a whole, whatever its rows say. */
static void
test_snapshot_is_stale(void **state)
{
	struct fixture *f = *state;
	int64_t ms = HANG_T0 + 3000;
	const struct snapshot *snap = snapshot_of(f, ms);
	const struct snapshot *old = rfc7666_stale(snap);

	assert_non_null(old);
	assert_int_equal(stale_guests(f, snap, ms), 0);
	assert_int_equal(stale_guests(f, old, ms - 1), 0);
	assert_int_equal(stale_guests(f, old, ms), (1u << N_GUESTS) - 1);
	for (unsigned i = 0; i < N_GUESTS; i++) {
		assert_int_equal(get_cell(old, ms, STALE_REASON,
		    domain(f, i)->index), SNAP_STALE_HYPERVISOR);
		assert_int_equal(get_cell(old, ms, SAMPLE_AGE,
		    domain(f, i)->index), 3);
	}
	snapshot_unref(old);
	snapshot_unref(snap);
	/* Rows that were too old already stay so. */
	snap = snapshot_of(f, HANG_T0 + 2 * STALE_MS);
	old = rfc7666_stale(snap);
	assert_int_equal(stale_guests(f, old, HANG_T0 + STALE_MS - 1), 0);
	assert_int_equal(stale_guests(f, old, HANG_T0 + STALE_MS),
	    (1u << N_GUESTS) - 1);
	snapshot_unref(old);
	snapshot_unref(snap);
}

/* A refresh is late by five seconds and as much as the longest took. */
static void
check_link(struct fixture *f, uint64_t longest_ms, int64_t patience_ms)
{
	const struct snapshot *snap;
	int64_t due_ms = HANG_T0 + STEP_MS;

	f->hv.collector.link = SNAP_LINK_UP;
	f->hv.collector.due_ms = due_ms;
	f->hv.collector.longest_ms = longest_ms;
	snap = snapshot_of(f, INT64_MAX);
	assert_int_equal(get_scalar(snap, HANG_T0, CONN_STATE), SNAP_LINK_UP);
	assert_int_equal(get_scalar(snap, due_ms + patience_ms, CONN_STATE),
	    SNAP_LINK_UP);
	assert_int_equal(get_scalar(snap, due_ms + patience_ms + 1,
	    CONN_STATE), SNAP_LINK_HUNG);
	snapshot_unref(snap);
}

static void
test_link(void **state)
{
	check_link(*state, SNAP_NO_U64, 5000);
	check_link(*state, 0, 5000);
	check_link(*state, 1700, 6700);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_one_hangs),
		TEST(test_return),
		TEST(test_snapshot_is_stale),
		TEST(test_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
