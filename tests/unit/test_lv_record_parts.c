/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests records of which some parts were not asked for, by times given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lv_carry.h"
#include "lv_conn.h"
#include "lv_domain.h"
#include "lv_record.h"
#include "rfc7666.h"
#include "typed_params.h"

#define NO SNAP_NO_U64
#define T0 ((int64_t)1000000)
#define STALE_MS 60000

/* Between two samples here. */
#define STEP_MS 10000

static const struct lv_conn conn = { .n_cpus = 12 };

static uint32_t *
indices(uint32_t first, uint32_t second)
{
	uint32_t *list = calloc(2, sizeof(*list));

	assert_non_null(list);
	list[0] = first;
	list[1] = second;
	return list;
}

static const struct snap_def *
new_def(const char *first_source)
{
	struct snap_def *def = snap_def_new();

	assert_non_null(def);
	def->n_disks = def->n_nics = 2;
	def->n_vcpus = 1;
	def->disks = snap_def_alloc(def, 2, sizeof(*def->disks));
	def->nics = snap_def_alloc(def, 2, sizeof(*def->nics));
	def->vcpu_ids = snap_def_alloc(def, 1, sizeof(*def->vcpu_ids));
	assert_true(def->disks != NULL && def->nics != NULL &&
	    def->vcpu_ids != NULL);
	def->disks[0].source = snap_def_text(def, first_source);
	def->disks[1].source = snap_def_text(def, "/b");
	def->disks[0].target = snap_def_text(def, "vda");
	def->disks[1].target = snap_def_text(def, "vdb");
	def->nics[0].ifname = snap_def_text(def, "vnet0");
	def->nics[1].ifname = snap_def_text(def, "vnet1");
	return def;
}

/* A guest in its run 5, with vda and vnet0 before vdb and vnet1. */
static struct lv_domain *
new_domain(void)
{
	static const struct snap_uuid uuid = { { 1, 2, 3 } };
	struct lv_domain *d = lv_domain_new(&uuid, 17);

	assert_non_null(d);
	d->def = new_def("/a");
	d->disk_indices = indices(1, 2);
	d->nic_indices = indices(1, 2);
	d->id = 5;
	return d;
}

static void
add_state(struct params *p, int state)
{
	add_int(p, "state.state", state);
	add_int(p, "state.reason", 1);
}

static void
add_nics(struct params *p, unsigned long long base)
{
	add_string(p, "net.0.name", "vnet0");
	add_ullong(p, "net.0.rx.bytes", base + 1);
	add_string(p, "net.1.name", "vnet1");
	add_ullong(p, "net.1.rx.bytes", base + 2);
}

static void
add_guest(struct params *p, unsigned long long base)
{
	add_ullong(p, "cpu.time", base * 1000);
	add_ullong(p, "balloon.current", base);
	add_int(p, "vcpu.0.state", 1);
	add_ullong(p, "vcpu.0.time", base * 1000);
	add_string(p, "block.0.name", "vda");
	add_ullong(p, "block.0.rd.reqs", base + 3);
	add_ullong(p, "block.0.threshold", 4096);
	add_string(p, "block.1.name", "vdb");
	add_ullong(p, "block.1.rd.reqs", base + 4);
}

/* What the collector's own connection tells: the state and the interfaces. */
static const struct snap_domain *
plain(struct lv_domain *d, int state, unsigned long long base, int64_t at_ms)
{
	struct lv_carry_limits limits = { .began_ms = at_ms,
		.sampled_ms = at_ms, .stale_after_ms = STALE_MS,
		.missing = LV_PART_GUEST };
	struct params p = { .n = 0 };

	add_state(&p, state);
	add_nics(&p, base);
	lv_record_from_stats(d, &conn, p.list, p.n, &limits);
	assert_non_null(d->record);
	return d->record;
}

/* What an errand's does. */
static const struct snap_domain *
answer(struct lv_domain *d, unsigned long long base, int64_t at_ms)
{
	struct lv_carry_limits limits = { .began_ms = at_ms,
		.sampled_ms = at_ms, .stale_after_ms = STALE_MS,
		.missing = LV_PART_NICS };
	struct params p = { .n = 0 };

	add_guest(&p, base);
	lv_record_from_stats(d, &conn, p.list, p.n, &limits);
	assert_non_null(d->record);
	return d->record;
}

static void
assert_guest(const struct snap_domain *rec, uint64_t base)
{
	bool known = base != NO;

	assert_true(rec->cpu_time_us == base);
	assert_true(rec->memory.actual == (known ? base * 1024 : NO));
	assert_true(rec->vcpus[0].time_us == base);
	assert_string_equal(rec->disks[0].def.target, "vda");
	assert_true(rec->disks[0].read_ios == (known ? base + 3 : NO));
	assert_string_equal(rec->disks[1].def.target, "vdb");
	assert_true(rec->disks[1].read_ios == (known ? base + 4 : NO));
}

static void
assert_nics(const struct snap_domain *rec, uint64_t base)
{
	bool known = base != NO;

	assert_string_equal(rec->nics[0].def.ifname, "vnet0");
	assert_true(rec->nics[0].rx_octets == (known ? base + 1 : NO));
	assert_true(rec->nics[1].rx_octets == (known ? base + 2 : NO));
}

static uint64_t
nic_rate(const struct snap_domain *rec)
{
	return snap_rate_value(&rec->nics[0].rx_octets_rate, 1, 1);
}

static uint64_t
cpu_rate(const struct snap_domain *rec)
{
	return snap_rate_value(&rec->cpu_rate, 1, 1);
}

/* The first record of a run has no guest's part, and no age but its own. */
static void
test_first_is_plain(void **state)
{
	struct lv_domain *d = new_domain();
	const struct snap_domain *rec = plain(d, VIR_DOMAIN_RUNNING, 100, T0);

	(void)state;
	assert_guest(rec, NO);
	assert_nics(rec, 100);
	assert_int_equal(rec->oper_state, OPER_RUNNING);
	assert_true(rec->sampled_ms == SNAP_NO_TIME && rec->whole_ms == T0);
	assert_true(rec->nics_whole_ms == T0);
	assert_true(rec->stale_at_ms == T0 + STALE_MS);
	assert_true(cpu_rate(rec) == NO && nic_rate(rec) == NO);
	lv_domain_free(d);
}

/* Not asked: the guest's values and their age stay, the rest is renewed. */
static void
test_guest_is_kept(void **state)
{
	struct lv_domain *d = new_domain();
	const struct snap_domain *rec;

	(void)state;
	plain(d, VIR_DOMAIN_RUNNING, 100, T0);
	rec = answer(d, 500, T0 + 20);
	assert_guest(rec, 500);
	assert_nics(rec, 100);
	assert_true(rec->sampled_ms == T0 + 20);
	rec = plain(d, VIR_DOMAIN_PAUSED, 200, T0 + STEP_MS);
	assert_guest(rec, 500);
	assert_nics(rec, 200);
	assert_int_equal(rec->oper_state, OPER_PAUSED);
	assert_true(rec->disks[0].threshold_bytes == 4096);
	assert_true(rec->sampled_ms == T0 + 20);
	assert_true(rec->stale_at_ms == T0 + 20 + STALE_MS);
	assert_true(rec->whole_ms == T0 + 20);
	assert_true(rec->nics_whole_ms == T0 + STEP_MS);
	assert_true(nic_rate(rec) == 100 * 1000 / STEP_MS);
	lv_domain_free(d);
}

/* An interface that was asked for and is missing is as old as it is. */
static void
test_tap_is_gone(void **state)
{
	struct lv_carry_limits limits = { .sampled_ms = T0 + STEP_MS,
		.stale_after_ms = STALE_MS, .missing = LV_PART_GUEST };
	struct lv_domain *d = new_domain();
	struct params p = { .n = 0 };

	(void)state;
	plain(d, VIR_DOMAIN_RUNNING, 100, T0);
	lv_record_from_stats(d, &conn, p.list, p.n, &limits);
	assert_nics(d->record, 100);
	assert_true(d->record->nics_whole_ms == T0);
	lv_domain_free(d);
}

/* Nor do interfaces that were not asked for, and their rates, change. */
static void
test_nics_are_kept(void **state)
{
	struct lv_domain *d = new_domain();
	const struct snap_domain *rec;

	(void)state;
	plain(d, VIR_DOMAIN_RUNNING, 100, T0);
	plain(d, VIR_DOMAIN_RUNNING, 200, T0 + STEP_MS);
	for (int i = 1; i <= 3; i++) {
		rec = answer(d, 500, T0 + STEP_MS + i * 1000);
		assert_nics(rec, 200);
		assert_true(nic_rate(rec) == 100 * 1000 / STEP_MS);
		assert_true(rec->nics_whole_ms == T0 + STEP_MS);
	}
	rec = plain(d, VIR_DOMAIN_RUNNING, 400, T0 + 2 * STEP_MS);
	assert_true(nic_rate(rec) == 200 * 1000 / STEP_MS);
	lv_domain_free(d);
}

/* A gap is no standstill: rates of what was not asked for stay as they were. */
static void
test_rates_of_the_guest(void **state)
{
	struct lv_domain *d = new_domain();

	(void)state;
	answer(d, 1000, T0);
	assert_true(cpu_rate(answer(d, 2000, T0 + STEP_MS)) == 100);
	assert_true(cpu_rate(plain(d, VIR_DOMAIN_RUNNING, 1,
	    T0 + 2 * STEP_MS)) == 100);
	/* And the next answer is set against the last one. */
	assert_true(cpu_rate(answer(d, 6000, T0 + 3 * STEP_MS)) == 200);
	lv_domain_free(d);
}

/* The same when sub-indices are in another order than the definition. */
static void
test_order_of_devices(void **state)
{
	struct lv_domain *d = new_domain();
	const struct snap_domain *rec;

	(void)state;
	free(d->disk_indices);
	free(d->nic_indices);
	d->disk_indices = indices(9, 4);
	d->nic_indices = indices(3, 1);
	plain(d, VIR_DOMAIN_RUNNING, 100, T0);
	answer(d, 500, T0 + 20);
	rec = plain(d, VIR_DOMAIN_RUNNING, 200, T0 + STEP_MS);
	assert_int_equal(rec->disks[0].index, 4);
	assert_string_equal(rec->disks[0].def.target, "vdb");
	assert_true(rec->disks[0].read_ios == 504);
	assert_int_equal(rec->disks[1].index, 9);
	assert_true(rec->disks[1].read_ios == 503);
	assert_int_equal(rec->nics[0].index, 1);
	assert_string_equal(rec->nics[0].def.ifname, "vnet1");
	assert_true(rec->nics[0].rx_octets == 202);
	assert_true(rec->nics[1].rx_octets == 201);
	lv_domain_free(d);
}

/* What is carried is carried from when it was there, and not for ever. */
static void
test_carried_until_stale(void **state)
{
	struct lv_domain *d = new_domain();
	const struct snap_domain *rec;

	(void)state;
	plain(d, VIR_DOMAIN_RUNNING, 100, T0 - 1);
	answer(d, 500, T0);
	for (int i = 1; i < STALE_MS / STEP_MS; i++) {
		plain(d, VIR_DOMAIN_RUNNING, 100, T0 + i * STEP_MS);
	}
	rec = plain(d, VIR_DOMAIN_RUNNING, 200, T0 + STALE_MS - 1);
	assert_guest(rec, 500);
	rec = plain(d, VIR_DOMAIN_RUNNING, 300, T0 + STALE_MS);
	assert_guest(rec, NO);
	assert_nics(rec, 300);
	/* Nothing is made younger by that. */
	assert_true(rec->sampled_ms == T0);
	assert_true(rec->stale_at_ms == T0 + STALE_MS);
	lv_domain_free(d);
}

/* Interfaces that are not heard of, as long as the guest answers. */
static void
test_nics_carried_until_stale(void **state)
{
	struct lv_domain *d = new_domain();

	(void)state;
	plain(d, VIR_DOMAIN_RUNNING, 100, T0);
	assert_nics(answer(d, 500, T0 + STALE_MS - 1), 100);
	assert_nics(answer(d, 600, T0 + STALE_MS), NO);
	assert_guest(d->record, 600);
	lv_domain_free(d);
}

static void
redefine(struct lv_domain *d, const char *first_source)
{
	snap_def_unref(d->def);
	d->def = new_def(first_source);
}

/* Rows by a new definition: what they continue keeps its values and age. */
static void
test_new_definition(void **state)
{
	struct lv_domain *d = new_domain();
	const struct snap_domain *rec;

	(void)state;
	plain(d, VIR_DOMAIN_RUNNING, 100, T0);
	answer(d, 500, T0 + 20);
	redefine(d, "/a");
	rec = plain(d, VIR_DOMAIN_RUNNING, 200, T0 + STEP_MS);
	assert_ptr_equal(rec->def, d->def);
	assert_guest(rec, 500);
	assert_nics(rec, 200);
	assert_true(rec->sampled_ms == T0 + 20);
	redefine(d, "/another");
	rec = plain(d, VIR_DOMAIN_RUNNING, 300, T0 + 2 * STEP_MS);
	assert_true(rec->cpu_time_us == 500);
	assert_true(rec->disks[0].read_ios == NO); /* another medium's */
	assert_true(rec->disks[1].read_ios == 504);
	assert_true(rec->sampled_ms == T0 + 20);
	lv_domain_free(d);
}

/* Another run has no values yet, whatever was not asked for. */
static void
test_new_run(void **state)
{
	struct lv_domain *d = new_domain();
	const struct snap_domain *rec;

	(void)state;
	plain(d, VIR_DOMAIN_RUNNING, 100, T0);
	answer(d, 500, T0 + 20);
	d->id = 6;
	rec = plain(d, VIR_DOMAIN_RUNNING, 1, T0 + STEP_MS);
	assert_guest(rec, NO);
	assert_nics(rec, 1);
	assert_true(nic_rate(rec) == NO);
	assert_true(rec->sampled_ms == SNAP_NO_TIME);
	assert_true(rec->stale_at_ms == T0 + STEP_MS + STALE_MS);
	/* Nor does another look give it an age, or more time. */
	rec = plain(d, VIR_DOMAIN_RUNNING, 2, T0 + 2 * STEP_MS);
	assert_true(rec->sampled_ms == SNAP_NO_TIME);
	assert_true(rec->stale_at_ms == T0 + STEP_MS + STALE_MS);
	lv_domain_free(d);
}

/* One that does not run has no processor time, and keeps what else it gave. */
static void
test_inactive(void **state)
{
	struct lv_domain *d = new_domain();
	const struct snap_domain *rec;

	(void)state;
	answer(d, 900, T0 - STEP_MS);
	d->id = -1;
	d->sizes = calloc(2, sizeof(*d->sizes));
	assert_non_null(d->sizes);
	d->sizes[0] = (struct lv_disk_size){ 1024, 2048, 3072 };
	d->sizes[1] = (struct lv_disk_size){ NO, NO, NO };
	rec = plain(d, VIR_DOMAIN_SHUTOFF, 100, T0);
	assert_int_equal(rec->active, SNAP_FALSE);
	assert_int_equal(rec->oper_state, OPER_SHUTDOWN);
	assert_true(rec->memory.actual == NO && rec->cpu_time_us == NO);
	assert_true(rec->disks[0].capacity_bytes == 1024);
	answer(d, 500, T0 + 20);
	rec = plain(d, VIR_DOMAIN_SHUTOFF, 100, T0 + STEP_MS);
	assert_true(rec->memory.actual == 500 * 1024);
	assert_true(rec->cpu_time_us == NO);
	assert_true(rec->disks[0].physical_bytes == 3072);
	assert_true(rec->sampled_ms == T0 + 20);
	lv_domain_free(d);
}

/* What took long to come may be as old as the question. */
static void
test_slow_answer(void **state)
{
	struct lv_carry_limits limits = { .began_ms = T0,
		.sampled_ms = T0 + 3000, .stale_after_ms = STALE_MS };
	struct lv_domain *d = new_domain();
	struct params p = { .n = 0 };

	(void)state;
	add_state(&p, VIR_DOMAIN_RUNNING);
	add_guest(&p, 500);
	lv_record_from_stats(d, &conn, p.list, p.n, &limits);
	assert_true(d->record->sampled_ms == T0);
	assert_true(d->record->stale_at_ms == T0 + STALE_MS);
	assert_true(d->record->whole_ms == T0 + 3000);
	assert_true(d->state_ms == T0);
	lv_domain_free(d);
}

static void
check_reason(struct lv_domain *d, enum lv_condition condition, int32_t reason)
{
	const struct snap_domain *before = snap_domain_ref(d->record);
	int32_t old = before->stale_reason;
	int64_t sampled_ms = before->sampled_ms;

	d->health.condition = condition;
	lv_record_restate(d);
	assert_int_equal(d->record->stale_reason, reason);
	assert_int_equal(d->record == before, reason == old);
	assert_guest(d->record, 500);
	assert_true(d->record->sampled_ms == sampled_ms);
	/* Who has the old one sees no change. */
	assert_int_equal(before->stale_reason, old);
	snap_domain_unref(before);
	assert_int_equal(atomic_load(&d->record->refs), 1);
}

static void
test_restate(void **state)
{
	struct lv_domain *d = new_domain();

	(void)state;
	lv_record_restate(d);
	assert_null(d->record);
	answer(d, 500, T0);
	check_reason(d, LV_WELL, SNAP_STALE_NONE);
	check_reason(d, LV_HUNG, SNAP_STALE_HUNG);
	check_reason(d, LV_HUNG, SNAP_STALE_HUNG);
	check_reason(d, LV_DOUBTFUL, SNAP_STALE_DOUBTFUL);
	d->health.busy = true;
	check_reason(d, LV_HUNG, SNAP_STALE_HUNG);
	check_reason(d, LV_WELL, SNAP_STALE_BUSY);
	d->health.busy = false;
	check_reason(d, LV_WELL, SNAP_STALE_NONE);
	lv_domain_free(d);
}

/* Busy is who leaves out what it gave before; until it gives all again. */
static void
test_busy(void **state)
{
	struct lv_carry_limits limits = { .began_ms = T0 + 1000,
		.sampled_ms = T0 + 1000, .stale_after_ms = STALE_MS,
		.missing = LV_PART_NICS };
	struct lv_domain *d = new_domain();
	struct params p = { .n = 0 };

	(void)state;
	answer(d, 500, T0);
	assert_int_equal(d->record->stale_reason, SNAP_STALE_NONE);
	add_ullong(&p, "cpu.time", 900000);
	lv_record_from_stats(d, &conn, p.list, p.n, &limits);
	assert_int_equal(d->record->stale_reason, SNAP_STALE_BUSY);
	assert_true(d->record->cpu_time_us == 900);
	assert_true(d->record->disks[0].read_ios == 503);
	assert_true(d->record->sampled_ms == T0);
	/* Not having been asked makes nobody less busy. */
	plain(d, VIR_DOMAIN_RUNNING, 100, T0 + 2000);
	assert_int_equal(d->record->stale_reason, SNAP_STALE_BUSY);
	answer(d, 1000, T0 + 3000);
	assert_int_equal(d->record->stale_reason, SNAP_STALE_NONE);
	assert_true(d->record->sampled_ms == T0 + 3000);
	lv_domain_free(d);
}

/* As many as an XML may have, which is more than fit a stack. */
static void
test_many_vcpus(void **state)
{
	enum { MANY = 16000 };
	struct lv_domain *d = new_domain();
	struct snap_def *def = snap_def_new();
	uint32_t *ids;

	(void)state;
	assert_non_null(def);
	ids = snap_def_alloc(def, MANY, sizeof(*ids));
	assert_non_null(ids);
	for (uint32_t i = 0; i < MANY; i++) {
		ids[i] = i;
	}
	def->name = snap_def_text(def, "many");
	def->vcpu_ids = ids;
	def->n_vcpus = MANY;
	def->vcpus_max = MANY;
	snap_def_unref(d->def);
	d->def = def;
	for (int i = 0; i < 3; i++) {
		plain(d, VIR_DOMAIN_RUNNING, 1, T0 + i * STEP_MS);
		assert_true(d->record->n_vcpus == MANY);
		assert_int_equal(d->record->vcpus[MANY - 1].index, MANY);
	}
	lv_domain_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_is_plain),
		cmocka_unit_test(test_guest_is_kept),
		cmocka_unit_test(test_tap_is_gone),
		cmocka_unit_test(test_nics_are_kept),
		cmocka_unit_test(test_rates_of_the_guest),
		cmocka_unit_test(test_many_vcpus),
		cmocka_unit_test(test_order_of_devices),
		cmocka_unit_test(test_carried_until_stale),
		cmocka_unit_test(test_nics_carried_until_stale),
		cmocka_unit_test(test_new_definition),
		cmocka_unit_test(test_new_run),
		cmocka_unit_test(test_inactive),
		cmocka_unit_test(test_slow_answer),
		cmocka_unit_test(test_restate),
		cmocka_unit_test(test_busy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
