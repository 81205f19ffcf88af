/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests lv_carry.c: what goes over from one record of a run to the next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lv_carry.h"
#include "snap_fields.h"
#include "snapshot.h"

#define NO SNAP_NO_U64
#define START_MS 1000000
#define STEP_MS 10000

static const struct lv_carry_limits limits = {
	.rate_min_ms = 5000, .stale_after_ms = 60000,
};

/* Rows of a record: sub-indices, ascending, and the disks' media. */
struct rows {
	uint32_t indices[4]; /* 0: no more */
	const char *media[4];
};

/* A record with the same sub-indices for its vCPUs, disks and NICs. */
static struct snap_domain *
new_record(const struct rows *rows)
{
	struct snap_def *def = snap_def_new();
	struct snap_domain *rec;
	uint32_t ids[4];
	size_t n = 0;

	assert_non_null(def);
	for (; n < 4 && rows->indices[n] != 0; n++) {
		ids[n] = rows->indices[n] - 1;
	}
	def->n_disks = def->n_nics = n;
	def->disks = snap_def_alloc(def, n + 1, sizeof(*def->disks));
	def->nics = snap_def_alloc(def, n + 1, sizeof(*def->nics));
	assert_true(def->disks != NULL && def->nics != NULL);
	for (size_t i = 0; i < n; i++) {
		def->disks[i].source = snap_def_text(def, rows->media[i]);
	}
	rec = snap_domain_new(def, ids, n);
	assert_non_null(rec);
	snap_def_unref(def);
	for (size_t i = 0; i < n; i++) {
		rec->disks[i].index = rec->nics[i].index = rows->indices[i];
	}
	return rec;
}

/* Sets all that is measured of a row. */
static void
measure_row(const struct snap_fields *fields, void *row, uint64_t value)
{
	for (size_t i = 0; i < fields->n_u64s; i++) {
		*snap_u64(row, fields->u64s[i]) = value;
	}
	for (size_t i = 0; i < fields->n_i32s; i++) {
		*snap_i32(row, fields->i32s[i]) = (int32_t)value;
	}
}

/* For the record itself and for each of its rows. */
static void
for_each_row(struct snap_domain *rec, void (*what)(
    const struct snap_fields *fields, void *row, uint64_t value),
    uint64_t value)
{
	what(&snap_domain_fields, rec, value);
	for (size_t i = 0; i < rec->n_vcpus; i++) {
		what(&snap_vcpu_fields, &rec->vcpus[i], value);
		what(&snap_disk_fields, &rec->disks[i], value);
		what(&snap_nic_fields, &rec->nics[i], value);
	}
}

static struct snap_domain *
measured(const struct rows *rows, uint64_t value)
{
	struct snap_domain *rec = new_record(rows);

	for_each_row(rec, measure_row, value);
	return rec;
}

/* All rates of a row, in units per second; SNAP_NO_U64: none. */
static void
assert_rates_of(const struct snap_fields *fields, void *row, uint64_t value)
{
	assert_true(fields->n_rates > 0);
	for (size_t i = 0; i < fields->n_rates; i++) {
		assert_true(snap_rate_value(snap_rate_of(row,
		    fields->rates[i].rate), 1, 1) == value);
	}
}

static void
assert_values_of(const struct snap_fields *fields, void *row, uint64_t value)
{
	for (size_t i = 0; i < fields->n_u64s; i++) {
		assert_true(*snap_u64(row, fields->u64s[i]) == value);
	}
	for (size_t i = 0; i < fields->n_i32s; i++) {
		assert_int_equal(*snap_i32(row, fields->i32s[i]),
		    value == NO ? SNAP_NO_I32 : (int32_t)value);
	}
}

/* Both parts; each says of itself alone whether anything was carried. */
static bool
carry(struct snap_domain *rec, const struct snap_domain *before)
{
	bool guest = lv_carry_values(rec, before, LV_PART_GUEST);
	bool nics = lv_carry_values(rec, before, LV_PART_NICS);

	return guest || nics;
}

static const struct rows same = { { 1, 2, 5 }, { "/a", "/b", "/c" } };

static void
test_rates_of_all_rows(void **state)
{
	struct snap_domain *first = measured(&same, 1000);
	struct snap_domain *second = measured(&same, 3000);
	struct snap_domain *third = measured(&same, 3000);

	(void)state;
	assert_false(lv_carry_rates(first, NULL, START_MS, &limits));
	for_each_row(first, assert_rates_of, NO);
	assert_false(lv_carry_rates(second, first, START_MS + STEP_MS,
	    &limits));
	for_each_row(second, assert_rates_of, 200);
	for_each_row(first, assert_rates_of, NO); /* only read */
	assert_false(lv_carry_rates(third, second, START_MS + 2 * STEP_MS,
	    &limits));
	for_each_row(third, assert_rates_of, 0);
	for_each_row(third, assert_values_of, 3000);
	snap_domain_unref(first);
	snap_domain_unref(second);
	snap_domain_unref(third);
}

/* Each rate is that of its own counter. */
static void
test_counters_apart(void **state)
{
	struct snap_domain *first = measured(&same, 0), *second;
	struct snap_disk *disk;
	struct snap_nic *nic;

	(void)state;
	second = measured(&same, 0);
	disk = &second->disks[1];
	nic = &second->nics[1];
	second->cpu_time_us = 10;
	second->vcpus[1].time_us = 20;
	disk->read_ios = 30;
	disk->write_ios = 40;
	disk->read_octets = 50;
	disk->write_octets = 60;
	disk->read_time_us = 70;
	disk->write_time_us = 80;
	nic->rx_octets = 90;
	nic->rx_packets = 100;
	nic->tx_octets = 110;
	nic->tx_packets = 120;
	assert_false(lv_carry_rates(first, NULL, START_MS, &limits));
	assert_false(lv_carry_rates(second, first, START_MS + STEP_MS,
	    &limits));
	assert_int_equal(second->cpu_rate.delta, 10);
	assert_int_equal(second->vcpus[1].time_rate.delta, 20);
	assert_int_equal(disk->read_ios_rate.delta, 30);
	assert_int_equal(disk->write_ios_rate.delta, 40);
	assert_int_equal(disk->read_octets_rate.delta, 50);
	assert_int_equal(disk->write_octets_rate.delta, 60);
	assert_int_equal(disk->read_time_rate.delta, 70);
	assert_int_equal(disk->write_time_rate.delta, 80);
	assert_int_equal(nic->rx_octets_rate.delta, 90);
	assert_int_equal(nic->rx_packets_rate.delta, 100);
	assert_int_equal(nic->tx_octets_rate.delta, 110);
	assert_int_equal(nic->tx_packets_rate.delta, 120);
	assert_int_equal(second->disks[0].read_ios_rate.delta, 0);
	assert_int_equal(second->nics[2].tx_packets_rate.delta, 0);
	snap_domain_unref(first);
	snap_domain_unref(second);
}

/* Of the rows at a position, in all three arrays. */
static void
assert_rates_at(struct snap_domain *rec, size_t i, uint64_t value)
{
	assert_rates_of(&snap_vcpu_fields, &rec->vcpus[i], value);
	assert_rates_of(&snap_disk_fields, &rec->disks[i], value);
	assert_rates_of(&snap_nic_fields, &rec->nics[i], value);
}

static void
assert_values_at(struct snap_domain *rec, size_t i, uint64_t value)
{
	assert_values_of(&snap_vcpu_fields, &rec->vcpus[i], value);
	assert_values_of(&snap_disk_fields, &rec->disks[i], value);
	assert_values_of(&snap_nic_fields, &rec->nics[i], value);
}

/* A row is the same one if its index is, wherever it stands now. */
static void
test_rows_come_and_go(void **state)
{
	static const struct rows then = { { 2, 5, 9 }, { "/a", "/b", "/c" } };
	static const struct rows now = { { 1, 5, 6, 9 },
		{ "/a", "/b", "/c", "/c" } };
	static const struct rows none = { { 0 }, { NULL } };
	struct snap_domain *first = measured(&then, 1000);
	struct snap_domain *second = measured(&now, 2000);
	struct snap_domain *empty = measured(&none, 3000);
	struct snap_domain *again = measured(&now, 4000);

	(void)state;
	assert_false(lv_carry_rates(first, NULL, START_MS, &limits));
	assert_false(lv_carry_rates(second, first, START_MS + STEP_MS,
	    &limits));
	assert_rates_of(&snap_domain_fields, second, 100);
	assert_rates_at(second, 0, NO);
	assert_rates_at(second, 1, 100);
	assert_rates_at(second, 2, NO);
	assert_rates_at(second, 3, 100);
	assert_false(lv_carry_rates(empty, second, START_MS + 2 * STEP_MS,
	    &limits));
	assert_rates_of(&snap_domain_fields, empty, 100);
	/* whoever comes back is new */
	assert_false(lv_carry_rates(again, empty, START_MS + 3 * STEP_MS,
	    &limits));
	assert_rates_of(&snap_domain_fields, again, 100);
	for (size_t i = 0; i < again->n_vcpus; i++) {
		assert_rates_at(again, i, NO);
	}
	snap_domain_unref(first);
	snap_domain_unref(second);
	snap_domain_unref(empty);
	snap_domain_unref(again);
}

/* Another medium has counters and sizes of its own, an empty drive none. */
static void
test_changed_medium(void **state)
{
	static const struct rows then = { { 1, 2, 3, 4 },
		{ "/a", "/b", NULL, NULL } };
	static const struct rows now = { { 1, 2, 3, 4 },
		{ "/x", NULL, "/c", NULL } };
	struct snap_domain *first = measured(&then, 1000);
	struct snap_domain *second = measured(&now, 2000);
	struct snap_domain *unknown = new_record(&now);

	(void)state;
	assert_false(lv_carry_rates(first, NULL, START_MS, &limits));
	assert_false(lv_carry_rates(second, first, START_MS + STEP_MS,
	    &limits));
	(void)lv_carry_rates(unknown, first, START_MS + STEP_MS, &limits);
	assert_true(carry(unknown, first));
	for (size_t i = 0; i < 4; i++) {
		assert_rates_of(&snap_disk_fields, &second->disks[i], NO);
		assert_rates_of(&snap_nic_fields, &second->nics[i], 100);
		assert_values_of(&snap_disk_fields, &unknown->disks[i], NO);
		assert_values_of(&snap_nic_fields, &unknown->nics[i], 1000);
	}
	snap_domain_unref(first);
	snap_domain_unref(second);
	snap_domain_unref(unknown);
}

/* A busy guest: its rates stay for a while, and say that they are old. */
static void
test_missing_counters(void **state)
{
	struct snap_domain *first = measured(&same, 1000);
	struct snap_domain *second = measured(&same, 2000);
	struct snap_domain *lost = new_record(&same);
	struct snap_domain *late = new_record(&same);
	struct snap_domain *after = measured(&same, 8000);
	int64_t known_ms = START_MS + STEP_MS;

	(void)state;
	(void)lv_carry_rates(first, NULL, START_MS, &limits);
	(void)lv_carry_rates(second, first, known_ms, &limits);
	assert_true(lv_carry_rates(lost, second,
	    known_ms + limits.stale_after_ms - 1, &limits));
	for_each_row(lost, assert_rates_of, 100);
	assert_true(lv_carry_rates(late, lost,
	    known_ms + limits.stale_after_ms, &limits));
	for_each_row(late, assert_rates_of, NO);
	/* Then they cover the gap: 6000 in 60 s. */
	assert_false(lv_carry_rates(after, late,
	    known_ms + limits.stale_after_ms, &limits));
	for_each_row(after, assert_rates_of, 100);
	snap_domain_unref(first);
	snap_domain_unref(second);
	snap_domain_unref(lost);
	snap_domain_unref(late);
	snap_domain_unref(after);
}

/* One counter is enough, but not one that this run never had. */
static void
test_which_counters_are_lost(void **state)
{
	struct snap_domain *first = measured(&same, 1000);
	struct snap_domain *second = measured(&same, 2000);
	struct snap_domain *third = measured(&same, 3000);

	(void)state;
	first->nics[2].tx_packets = NO;
	second->nics[2].tx_packets = NO;
	third->nics[2].tx_packets = NO;
	third->disks[1].flush_ios = NO; /* has no rate */
	assert_false(lv_carry_rates(first, NULL, START_MS, &limits));
	assert_false(lv_carry_rates(second, first, START_MS + STEP_MS,
	    &limits));
	assert_false(lv_carry_rates(third, second, START_MS + 2 * STEP_MS,
	    &limits));
	third->vcpus[1].time_us = NO;
	assert_true(lv_carry_rates(third, second, START_MS + 2 * STEP_MS,
	    &limits));
	/* A new run has not had any. */
	assert_false(lv_carry_rates(third, NULL, START_MS + 2 * STEP_MS,
	    &limits));
	assert_rates_of(&snap_domain_fields, third, NO);
	snap_domain_unref(first);
	snap_domain_unref(second);
	snap_domain_unref(third);
}

/* Samples that an event brought leave the rates as they were. */
static void
test_least_interval(void **state)
{
	struct snap_domain *first = measured(&same, 1000);
	struct snap_domain *second = measured(&same, 2000);
	struct snap_domain *soon = measured(&same, 9000);
	struct snap_domain *next = measured(&same, 5000);

	(void)state;
	(void)lv_carry_rates(first, NULL, START_MS, &limits);
	(void)lv_carry_rates(second, first, START_MS + STEP_MS, &limits);
	assert_false(lv_carry_rates(soon, second,
	    START_MS + STEP_MS + limits.rate_min_ms - 1, &limits));
	for_each_row(soon, assert_rates_of, 100);
	assert_false(lv_carry_rates(next, soon, START_MS + 2 * STEP_MS,
	    &limits));
	for_each_row(next, assert_rates_of, 300);
	snap_domain_unref(first);
	snap_domain_unref(second);
	snap_domain_unref(soon);
	snap_domain_unref(next);
}

static void
test_parts(void **state)
{
	struct snap_domain *before = measured(&same, 1000);
	struct snap_domain *rec = new_record(&same);

	(void)state;
	assert_true(lv_carry_values(rec, before, LV_PART_NICS));
	assert_values_of(&snap_nic_fields, &rec->nics[0], 1000);
	assert_values_of(&snap_disk_fields, &rec->disks[0], NO);
	assert_values_of(&snap_domain_fields, rec, NO);
	assert_false(lv_carry_values(rec, before, LV_PART_NICS));
	before->nics[0].rx_errors = 7;
	assert_true(lv_carry_values(rec, before, LV_PART_GUEST));
	for_each_row(rec, assert_values_of, 1000);
	snap_domain_unref(before);
	snap_domain_unref(rec);
}

static void
test_values(void **state)
{
	static const struct rows now = { { 2, 4, 5 }, { "/b", "/c", "/c" } };
	struct snap_domain *before = measured(&same, 1000);
	struct snap_domain *rec = new_record(&now);

	(void)state;
	rec->disks[2].capacity_bytes = 7;
	rec->vcpus[2].halted = 8;
	rec->memory.unused = 0; /* is known */
	assert_true(carry(rec, before));
	assert_values_at(rec, 0, 1000);
	assert_values_at(rec, 1, NO);
	assert_true(rec->disks[2].capacity_bytes == 7);
	assert_true(rec->disks[2].allocation_bytes == 1000);
	assert_int_equal(rec->vcpus[2].halted, 8);
	assert_int_equal(rec->vcpus[2].state, 1000);
	assert_true(rec->memory.unused == 0);
	rec->memory.unused = 1000;
	assert_values_of(&snap_domain_fields, rec, 1000);
	/* and not a second time: now all is known that was */
	assert_false(carry(rec, before));
	for_each_row(rec, assert_rates_of, NO);
	snap_domain_unref(before);
	snap_domain_unref(rec);
}

static void
test_nothing_to_carry(void **state)
{
	struct snap_domain *unknown = new_record(&same);
	struct snap_domain *rec = new_record(&same);
	struct snap_domain *full = measured(&same, 1000);

	(void)state;
	assert_false(carry(rec, unknown));
	for_each_row(rec, assert_values_of, NO);
	assert_false(carry(full, unknown));
	for_each_row(full, assert_values_of, 1000);
	/* a single value is something */
	unknown->nics[1].rx_errors = 0;
	assert_true(carry(rec, unknown));
	assert_true(rec->nics[1].rx_errors == 0);
	snap_domain_unref(unknown);
	snap_domain_unref(rec);
	snap_domain_unref(full);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rates_of_all_rows),
		cmocka_unit_test(test_counters_apart),
		cmocka_unit_test(test_rows_come_and_go),
		cmocka_unit_test(test_changed_medium),
		cmocka_unit_test(test_missing_counters),
		cmocka_unit_test(test_which_counters_are_lost),
		cmocka_unit_test(test_least_interval),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_nothing_to_carry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
