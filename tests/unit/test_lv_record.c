/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests lv_record.c as far as bulk statistics feed it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "lv_carry.h"
#include "lv_conn.h"
#include "lv_domain.h"
#include "lv_record.h"
#include "rfc7666.h"
#include "typed_params.h"

#define NO SNAP_NO_U64

/* However short the interval, and as long as a test can take. */
static const struct lv_carry_limits limits = {
	.stale_after_ms = 60000,
};
static const struct lv_carry_limits soon_stale = {
	.stale_after_ms = 10,
};

static const struct lv_conn conn = { .n_cpus = 12 };

static void
add_state(struct params *p, int state, int reason)
{
	add_int(p, "state.state", state);
	add_int(p, "state.reason", reason);
}

static void
add_disk(struct params *p, unsigned n, const char *target,
    unsigned long long reads)
{
	char name[VIR_TYPED_PARAM_FIELD_LENGTH];

	snprintf(name, sizeof(name), "block.%u.name", n);
	add_string(p, name, target);
	snprintf(name, sizeof(name), "block.%u.rd.reqs", n);
	add_ullong(p, name, reads);
}

/* A running guest's statistics, its counters at base and a bit. */
static void
add_running(struct params *p, unsigned long long base)
{
	memset(p, 0, sizeof(*p));
	add_state(p, VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_BOOTED);
	add_ullong(p, "cpu.time", (base + 1) * 1000);
	add_ullong(p, "balloon.current", base + 2);
	add_ullong(p, "balloon.maximum", base + 3);
	add_int(p, "vcpu.0.state", 1);
	add_ullong(p, "vcpu.0.time", (base + 4) * 1000);
	add_int(p, "vcpu.3.state", 1);
	add_ullong(p, "vcpu.3.time", (base + 5) * 1000);
	add_disk(p, 0, "vda", base + 6);
	add_disk(p, 1, "vdb", base + 7);
}

/* What is left of them while the guest does not answer. */
static void
add_busy(struct params *p)
{
	memset(p, 0, sizeof(*p));
	add_state(p, VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_BOOTED);
}

static uint32_t *
indices(uint32_t first, uint32_t second)
{
	uint32_t *list = calloc(2, sizeof(*list));

	assert_non_null(list);
	list[0] = first;
	list[1] = second;
	return list;
}

/* vda has the index 9, vdb 4; the NICs 3 and 1; vCPUs 0 and 1 at boot. */
static struct lv_domain *
new_domain(void)
{
	static const struct snap_uuid uuid = { { 1, 2, 3 } };
	struct lv_domain *d = lv_domain_new(&uuid, 17);
	struct snap_def *def = snap_def_new();

	assert_true(d != NULL && def != NULL);
	def->name = snap_def_text(def, "guest");
	def->n_disks = def->n_nics = def->n_vcpus = 2;
	def->disks = snap_def_alloc(def, 2, sizeof(*def->disks));
	def->nics = snap_def_alloc(def, 2, sizeof(*def->nics));
	def->vcpu_ids = snap_def_alloc(def, 2, sizeof(*def->vcpu_ids));
	assert_true(def->disks != NULL && def->nics != NULL &&
	    def->vcpu_ids != NULL);
	def->disks[0].source = snap_def_text(def, "/a");
	def->disks[1].source = snap_def_text(def, "/a");
	def->disks[0].target = snap_def_text(def, "vda");
	def->disks[1].target = snap_def_text(def, "vdb");
	def->nics[0].model = snap_def_text(def, "first");
	def->nics[1].model = snap_def_text(def, "second");
	def->vcpu_ids[1] = 1;
	def->vcpus_max = 8;
	d->def = def;
	d->disk_indices = indices(9, 4);
	d->nic_indices = indices(3, 1);
	d->id = 5;
	d->started_ms = 4711;
	d->autostart = TRI_YES;
	d->persistent = TRI_NO;
	return d;
}

static const struct snap_domain *
record(struct lv_domain *d, const struct params *p)
{
	const struct snap_domain *before = snap_domain_ref(d->record);

	lv_record_from_stats(d, &conn, p->list, p->n, &limits);
	assert_non_null(d->record);
	assert_ptr_not_equal(d->record, before);
	snap_domain_unref(before);
	assert_int_equal(atomic_load(&d->record->refs), 1);
	return d->record;
}

static void
test_rows(void **state)
{
	struct lv_domain *d = new_domain();
	const struct snap_domain *rec;
	struct params p;

	(void)state;
	add_running(&p, 100);
	rec = record(d, &p);
	assert_int_equal(rec->index, 17);
	assert_memory_equal(&rec->uuid, &d->uuid, sizeof(rec->uuid));
	assert_string_equal(rec->def->name, "guest");
	assert_int_equal(rec->active, SNAP_TRUE);
	assert_true(rec->id == 5 && rec->started_ms == 4711);
	assert_int_equal(rec->oper_state, OPER_RUNNING);
	assert_int_equal(rec->admin_state, ADMIN_RUNNING);
	assert_true(rec->autostart == TRI_YES && rec->persistent == TRI_NO);
	assert_true(rec->n_host_cpus == 12);
	assert_true(rec->cpus_current == 2 && rec->cpus_max == 8);
	assert_true(rec->cpu_time_us == 101);
	assert_true(rec->mem_current == 102 && rec->mem_max == 103);
	assert_int_equal(rec->n_vcpus, 2);
	assert_true(rec->vcpus[0].index == 1 && rec->vcpus[0].time_us == 104);
	assert_true(rec->vcpus[1].index == 4 && rec->vcpus[1].time_us == 105);
	/* by index, not in the definition's order */
	assert_int_equal(rec->disks[0].index, 4);
	assert_string_equal(rec->disks[0].def.target, "vdb");
	assert_true(rec->disks[0].read_ios == 107);
	assert_int_equal(rec->disks[1].index, 9);
	assert_true(rec->disks[1].read_ios == 106);
	assert_int_equal(rec->nics[0].index, 1);
	assert_string_equal(rec->nics[0].def.model, "second");
	assert_int_equal(rec->nics[1].index, 3);
	lv_domain_free(d);
}

/* Without vcpu.N.state the rows are the definition's. */
static void
test_inactive(void **state)
{
	struct lv_domain *d = new_domain();
	const struct snap_domain *rec;
	struct params p = { .n = 0 };

	(void)state;
	d->id = -1;
	d->started_ms = SNAP_NO_TIME;
	d->sizes = calloc(2, sizeof(*d->sizes));
	assert_non_null(d->sizes);
	d->sizes[0] = (struct lv_disk_size){ 1024, 2048, 3072 };
	d->sizes[1] = (struct lv_disk_size){ 4096, NO, NO };
	add_state(&p, VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_SHUTDOWN);
	rec = record(d, &p);
	assert_int_equal(rec->active, SNAP_FALSE);
	assert_int_equal(rec->oper_state, OPER_SHUTDOWN);
	assert_int_equal(rec->admin_state, ADMIN_SHUTDOWN);
	assert_int_equal(rec->n_vcpus, 2);
	assert_int_equal(rec->vcpus[1].index, 2);
	assert_true(rec->vcpus[1].time_us == NO && rec->cpu_time_us == NO);
	assert_true(rec->started_ms == SNAP_NO_TIME);
	assert_true(rec->disks[1].capacity_bytes == 1024); /* vda */
	assert_true(rec->disks[1].allocation_bytes == 2048);
	assert_true(rec->disks[1].physical_bytes == 3072);
	assert_true(rec->disks[0].capacity_bytes == 4096); /* vdb */
	assert_true(rec->disks[0].physical_bytes == NO);
	assert_int_equal(rec->disks[0].defined_size, 4);
	lv_domain_free(d);
}

/* Sizes measured now win over those read with the definition. */
static void
test_measured_sizes_win(void **state)
{
	struct lv_domain *d = new_domain();
	struct params p = { .n = 0 };

	(void)state;
	d->sizes = calloc(2, sizeof(*d->sizes));
	assert_non_null(d->sizes);
	d->sizes[0] = (struct lv_disk_size){ 1024, NO, 3072 };
	d->sizes[1] = (struct lv_disk_size){ NO, NO, NO };
	add_disk(&p, 0, "vda", 1);
	add_ullong(&p, "block.0.capacity", 7000);
	record(d, &p);
	assert_true(d->record->disks[1].capacity_bytes == 7000);
	assert_true(d->record->disks[1].physical_bytes == 3072);
	assert_true(d->record->disks[0].capacity_bytes == NO);
	lv_domain_free(d);
}

static void
assert_counters(const struct snap_domain *rec, uint64_t base)
{
	bool known = base != NO;

	assert_true(rec->cpu_time_us == (known ? base + 1 : NO));
	assert_true(rec->memory.actual == (known ? (base + 2) * 1024 : NO));
	assert_true(rec->memory.maximum == (known ? (base + 3) * 1024 : NO));
	assert_true(rec->vcpus[0].time_us == (known ? base + 4 : NO));
	assert_true(rec->disks[0].read_ios == (known ? base + 7 : NO));
	assert_true(rec->disks[1].read_ios == (known ? base + 6 : NO));
}

/* A busy guest keeps its counters, and the time they were measured. */
static void
test_carry_over(void **state)
{
	struct lv_domain *d = new_domain();
	int64_t sampled_ms;
	struct params p;

	(void)state;
	add_running(&p, 100);
	sampled_ms = record(d, &p)->sampled_ms;
	assert_true(sampled_ms <= clock_boot_ms());
	assert_true(sampled_ms > clock_boot_ms() - 20000);
	usleep(20000);
	add_busy(&p);
	assert_counters(record(d, &p), 100);
	assert_true(d->record->sampled_ms == sampled_ms);
	assert_true(d->record->mem_current == 102);
	/* Its rows are those of the definition now: vCPU 0, not vCPU 3. */
	assert_int_equal(d->record->vcpus[1].index, 2);
	assert_true(d->record->vcpus[1].time_us == NO);
	/* And once more, from what was carried over. */
	assert_counters(record(d, &p), 100);
	assert_true(d->record->sampled_ms == sampled_ms);
	add_running(&p, 200);
	assert_counters(record(d, &p), 200);
	assert_true(d->record->sampled_ms >= sampled_ms + 20);
	lv_domain_free(d);
}

/*
 * As QEMU's driver answers with NOWAIT for a guest that hangs: what the host's
 * kernel knows is there, what QEMU would have to tell is not.
 */
static void
test_carry_over_of_a_part(void **state)
{
	struct lv_domain *d = new_domain();
	struct params p;

	(void)state;
	add_running(&p, 100);
	add_ullong(&p, "block.1.capacity", 8192);
	record(d, &p);
	add_busy(&p);
	add_ullong(&p, "cpu.time", 500000);
	add_ullong(&p, "balloon.current", 102);
	add_int(&p, "vcpu.0.state", 1);
	add_ullong(&p, "vcpu.0.time", 600000);
	add(&p, VIR_TYPED_PARAM_UINT, "block.count")->value.ui = 1;
	add_string(&p, "block.0.name", "vda");
	record(d, &p);
	assert_true(d->record->cpu_time_us == 500);
	assert_true(d->record->vcpus[0].time_us == 600);
	assert_true(d->record->disks[0].read_ios == 107);
	assert_true(d->record->disks[0].capacity_bytes == 8192);
	assert_true(d->record->disks[1].read_ios == 106);
	/* Not for ever. */
	usleep(30000);
	lv_record_from_stats(d, &conn, p.list, p.n, &soon_stale);
	assert_true(d->record->cpu_time_us == 500);
	assert_true(d->record->disks[0].read_ios == NO);
	lv_domain_free(d);
}

/* When last nothing had to stand in for a value that was missing. */
static void
test_whole(void **state)
{
	struct lv_domain *d = new_domain();
	int64_t whole_ms;
	struct params p;

	(void)state;
	add_running(&p, 100);
	whole_ms = record(d, &p)->whole_ms;
	assert_true(whole_ms == d->record->sampled_ms);
	usleep(20000);
	assert_true(record(d, &p)->whole_ms >= whole_ms + 20);
	whole_ms = d->record->whole_ms;
	usleep(20000);
	/* a value that makes no rate is missed as well */
	add_running(&p, 200);
	memmove(&p.list[3], &p.list[4], (size_t)(--p.n - 3) * sizeof(p.list[0]));
	assert_true(record(d, &p)->memory.actual == 102 * 1024);
	assert_true(d->record->whole_ms == whole_ms);
	assert_true(d->record->sampled_ms >= whole_ms + 20);
	/* from then on, not from when it was last carried */
	lv_record_from_stats(d, &conn, p.list, p.n, &soon_stale);
	assert_true(d->record->memory.actual == NO);
	assert_true(d->record->whole_ms >= whole_ms + 20);
	lv_domain_free(d);
}

/* When the values are too old is told along with them. */
static void
test_stale_at(void **state)
{
	struct lv_domain *d = new_domain();
	int64_t sampled_ms;
	struct params p;

	(void)state;
	add_running(&p, 100);
	sampled_ms = record(d, &p)->sampled_ms;
	assert_true(d->record->stale_at_ms == sampled_ms + 60000);
	usleep(20000);
	add_busy(&p);
	assert_true(record(d, &p)->stale_at_ms == sampled_ms + 60000);
	lv_domain_free(d);
}

static void
test_no_carry_over(void **state)
{
	struct lv_domain *d = new_domain();
	struct params p;

	(void)state;
	add_running(&p, 100);
	record(d, &p);
	d->id = 6; /* another run */
	add_busy(&p);
	assert_counters(record(d, &p), NO);
	add_running(&p, 100);
	record(d, &p);
	d->id = -1; /* none */
	add_busy(&p);
	assert_counters(record(d, &p), NO);
	add_ullong(&p, "balloon.current", 102);
	assert_true(record(d, &p)->memory.actual == 102 * 1024);
	add_busy(&p);
	assert_counters(record(d, &p), NO);
	d->id = 6;
	add_running(&p, 100);
	record(d, &p);
	usleep(30000);
	add_busy(&p);
	lv_record_from_stats(d, &conn, p.list, p.n, &soon_stale); /* too old */
	assert_counters(d->record, NO);
	lv_domain_free(d);
}

/* The same index, or it is not the same device. */
static void
test_carry_over_by_index(void **state)
{
	struct lv_domain *d = new_domain();
	struct params p;

	(void)state;
	add_running(&p, 100);
	record(d, &p);
	d->disk_indices[0] = 4;
	d->disk_indices[1] = 11;
	add_busy(&p);
	record(d, &p);
	assert_true(d->record->disks[0].index == 4);
	assert_true(d->record->disks[0].read_ios == 107);
	assert_true(d->record->disks[1].index == 11);
	assert_true(d->record->disks[1].read_ios == NO);
	/* A new one before it. */
	d->disk_indices[0] = 4;
	d->disk_indices[1] = 2;
	record(d, &p);
	assert_true(d->record->disks[0].index == 2);
	assert_true(d->record->disks[0].read_ios == NO);
	assert_true(d->record->disks[1].index == 4);
	assert_true(d->record->disks[1].read_ios == 107);
	lv_domain_free(d);
}

static void
test_stale(void **state)
{
	struct lv_domain *d = new_domain();
	struct snap_host *host = snap_host_new();
	struct snapshot *snap = snapshot_new(host, 1);
	const struct snapshot *old;
	const struct snap_domain *stale;
	struct params p;

	(void)state;
	add_running(&p, 100);
	add_state(&p, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER);
	add_ullong(&p, "block.1.capacity", 8192);
	snap->domains[0] = snap_domain_ref(record(d, &p));
	snap->table_last_change = 42;
	old = rfc7666_stale(snap);
	assert_int_equal(old->n_domains, 1);
	assert_int_equal(old->table_last_change, 42);
	assert_true(old->stale_at_ms == INT64_MAX);
	assert_ptr_equal(old->host, host);
	stale = old->domains[0];
	assert_int_equal(stale->oper_state, OPER_UNKNOWN);
	assert_int_equal(stale->admin_state, ADMIN_PAUSED);
	assert_true(stale->started_ms == SNAP_NO_TIME);
	assert_true(stale->cpu_time_us == NO);
	for (size_t i = 0; i < 2; i++) {
		assert_true(stale->vcpus[i].time_us == NO);
		assert_true(stale->disks[i].read_ios == NO);
	}
	/* What no counter is stays: names, sizes, memory. */
	assert_string_equal(stale->def->name, "guest");
	assert_int_equal(stale->mem_current, 102);
	assert_int_equal(stale->disks[0].defined_size, 8);
	/* The original is as it was. */
	assert_counters(snap->domains[0], 100);
	assert_int_equal(snap->domains[0]->oper_state, OPER_PAUSED);
	assert_int_equal(snap->domains[0]->started_ms, 4711);
	snapshot_unref(old);
	snapshot_unref(snap);
	snap_host_unref(host);
	lv_domain_free(d);
}

static void
test_without_definition(void **state)
{
	static const struct snap_uuid uuid = { { 1 } };
	struct lv_domain *d = lv_domain_new(&uuid, 1);
	struct params p;

	(void)state;
	assert_non_null(d);
	add_running(&p, 1);
	lv_record_from_stats(d, &conn, p.list, p.n, &limits);
	assert_null(d->record);
	lv_domain_free(d);
}

/* Statistics that say nothing of the state leave it as it was. */
static void
test_state_is_kept(void **state)
{
	struct lv_domain *d = new_domain();
	struct params p = { .n = 0 };

	(void)state;
	add_state(&p, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_MIGRATION);
	record(d, &p);
	assert_int_equal(d->record->oper_state, OPER_MIGRATING);
	p.n = 0;
	add_ullong(&p, "cpu.time", 1);
	record(d, &p);
	assert_int_equal(d->state.state, VIR_DOMAIN_PAUSED);
	assert_int_equal(d->record->oper_state, OPER_MIGRATING);
	lv_domain_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_inactive),
		cmocka_unit_test(test_measured_sizes_win),
		cmocka_unit_test(test_carry_over),
		cmocka_unit_test(test_carry_over_of_a_part),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_stale_at),
		cmocka_unit_test(test_no_carry_over),
		cmocka_unit_test(test_carry_over_by_index),
		cmocka_unit_test(test_stale),
		cmocka_unit_test(test_without_definition),
		cmocka_unit_test(test_state_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
