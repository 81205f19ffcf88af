/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests snapshot.c; leaks and misuse show under valgrind or ASan. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "snapshot.h"

static unsigned
refs(const atomic_uint *count)
{
	return atomic_load(count);
}

/* Two disks, one NIC, affinity of the vCPUs 0 to 2. */
static struct snap_def *
sample_def(void)
{
	struct snap_def *def = snap_def_new();

	assert_non_null(def);
	def->name = snap_def_text(def, "sample");
	def->n_disks = 2;
	def->disks = snap_def_alloc(def, 2, sizeof(*def->disks));
	assert_non_null(def->disks);
	def->disks[0].target = snap_def_text(def, "vda");
	def->disks[1].target = snap_def_text(def, "vdb");
	def->disks[1].readonly = true;
	def->n_nics = 1;
	def->nics = snap_def_alloc(def, 1, sizeof(*def->nics));
	assert_non_null(def->nics);
	def->nics[0].ifname = snap_def_text(def, "vnet0");
	def->nics[0].mac.len = 6;
	def->n_cpumaps = 3;
	def->cpumap_len = 2;
	def->cpumaps = snap_def_alloc(def, 3, 2);
	assert_non_null(def->cpumaps);
	return def;
}

static struct snap_domain *
sample_domain(void)
{
	static const uint32_t ids[] = { 0, 2, 3 };
	struct snap_def *def = sample_def();
	struct snap_domain *dom = snap_domain_new(def, ids, 3);

	assert_non_null(dom);
	snap_def_unref(def);
	return dom;
}

static void
test_clock(void **state)
{
	int64_t first = clock_boot_ms(), second = clock_boot_ms();

	(void)state;
	assert_true(first > 0);
	assert_true(second >= first && second < first + 60000);
}

static void
test_def_is_unknown(void **state)
{
	struct snap_def *def = snap_def_new();

	(void)state;
	assert_non_null(def);
	assert_int_equal(refs(&def->refs), 1);
	assert_true(def->mem_max_kib == SNAP_NO_U64);
	assert_true(def->mem_current_kib == SNAP_NO_U64);
	assert_true(def->mem_min_kib == SNAP_NO_U64);
	assert_null(def->name);
	assert_int_equal(def->vcpus_max, 0);
	assert_null(snap_def_text(def, NULL));
	snap_def_unref(def);
	snap_def_unref(NULL);
}

static void
test_def_refs(void **state)
{
	struct snap_def *def = snap_def_new();

	(void)state;
	assert_ptr_equal(snap_def_ref(def), def);
	assert_int_equal(refs(&def->refs), 2);
	snap_def_unref(def);
	assert_int_equal(refs(&def->refs), 1);
	snap_def_unref(def);
	assert_null(snap_def_ref(NULL));
}

/* Blocks of all sizes are zeroed, aligned and apart from each other. */
static void
test_def_alloc(void **state)
{
	static const size_t sizes[] = { 1, 3, 8, 24, 1000, 1024, 1025, 9000, 0 };
	struct snap_def *def = snap_def_new();
	unsigned char *blocks[90];
	size_t i, j, n;

	(void)state;
	for (i = 0; i < 90; i++) {
		n = sizes[i % 9];
		if (i < 45) /* later on, one block right after the other */
			assert_non_null(snap_def_text(def, "odd"));
		blocks[i] = snap_def_alloc(def, n, 1);
		assert_non_null(blocks[i]);
		assert_int_equal((uintptr_t)blocks[i] % _Alignof(max_align_t),
		    0);
		for (j = 0; j < n; j++)
			assert_int_equal(blocks[i][j], 0);
		memset(blocks[i], (int)i + 1, n);
	}
	for (i = 0; i < 90; i++)
		for (j = 0; j < sizes[i % 9]; j++)
			assert_int_equal(blocks[i][j], i + 1);
	snap_def_unref(def);
}

static void
test_def_alloc_too_much(void **state)
{
	struct snap_def *def = snap_def_new();

	(void)state;
	assert_null(snap_def_alloc(def, SIZE_MAX / 2 + 1, 2));
	assert_null(snap_def_alloc(def, SIZE_MAX, 1));
	assert_null(snap_def_alloc(def, SIZE_MAX / 8, 16));
	assert_non_null(snap_def_alloc(def, 1, 1));
	snap_def_unref(def);
}

static void
test_def_text(void **state)
{
	struct snap_def *def = snap_def_new();
	char mutable[] = "a\nb";
	const char *kept = snap_def_text(def, mutable);

	(void)state;
	mutable[0] = 'X';
	assert_string_equal(kept, "a b");
	assert_string_equal(snap_def_text(def, ""), "");
	snap_def_unref(def);
}

static void
test_same(void **state)
{
	char twice[] = "text";

	(void)state;
	assert_true(snap_same("text", twice));
	assert_true(snap_same(NULL, NULL));
	assert_true(snap_same("", ""));
	assert_false(snap_same("text", "texts"));
	assert_false(snap_same("text", NULL));
	assert_false(snap_same(NULL, ""));
}

static void
test_domain_is_unknown(void **state)
{
	struct snap_domain *dom = sample_domain();

	(void)state;
	assert_int_equal(refs(&dom->refs), 1);
	assert_int_equal(refs(&dom->def->refs), 1);
	assert_true(dom->sampled_ms == SNAP_NO_TIME);
	assert_true(dom->started_ms == SNAP_NO_TIME);
	assert_true(dom->cpu_time_us == SNAP_NO_U64);
	assert_true(dom->memory.actual == SNAP_NO_U64);
	assert_true(dom->memory.maximum == SNAP_NO_U64);
	assert_int_equal(dom->id, -1);
	assert_true(dom->whole_ms == SNAP_NO_TIME);
	assert_true(dom->stale_at_ms == INT64_MAX);
	assert_int_equal(dom->job.operation, SNAP_NO_I32);
	assert_int_equal(dom->trouble.kind, 0);
	assert_int_equal(dom->cpu_rate.span_ms, 0);
	assert_int_equal(dom->admin_state, SNAP_NO_I32);
	assert_int_equal(dom->oper_state, SNAP_NO_I32);
	assert_int_equal(dom->autostart, SNAP_NO_I32);
	assert_int_equal(dom->persistent, SNAP_NO_I32);
	assert_int_equal(dom->cpus_current, SNAP_NO_I32);
	assert_int_equal(dom->cpus_min, SNAP_NO_I32);
	assert_int_equal(dom->cpus_max, SNAP_NO_I32);
	assert_int_equal(dom->mem_unit, SNAP_NO_I32);
	assert_int_equal(dom->mem_current, SNAP_NO_I32);
	assert_int_equal(dom->mem_min, SNAP_NO_I32);
	assert_int_equal(dom->mem_max, SNAP_NO_I32);
	assert_int_equal(dom->index, 0);
	assert_int_equal(dom->n_host_cpus, 0);
	assert_int_equal(dom->active, SNAP_NO_I32);
	snap_domain_unref(dom);
	snap_domain_unref(NULL);
}

static void
test_disk_is_unknown(void **state)
{
	struct snap_domain *dom = sample_domain();
	const struct snap_disk *disk = &dom->disks[1];

	(void)state;
	assert_int_equal(dom->n_disks, 2);
	assert_int_equal(disk->index, 0);
	assert_string_equal(disk->def.target, "vdb");
	assert_true(disk->def.readonly);
	assert_true(disk->capacity_bytes == SNAP_NO_U64);
	assert_true(disk->allocation_bytes == SNAP_NO_U64);
	assert_true(disk->physical_bytes == SNAP_NO_U64);
	assert_true(disk->read_ios == SNAP_NO_U64);
	assert_true(disk->write_ios == SNAP_NO_U64);
	assert_true(disk->read_octets == SNAP_NO_U64);
	assert_true(disk->write_octets == SNAP_NO_U64);
	assert_true(disk->read_time_us == SNAP_NO_U64);
	assert_true(disk->write_time_us == SNAP_NO_U64);
	assert_int_equal(disk->parent, SNAP_NO_I32);
	assert_int_equal(disk->source_type, SNAP_NO_I32);
	assert_null(disk->source_text);
	assert_int_equal(disk->access, SNAP_NO_I32);
	assert_int_equal(disk->media_type, SNAP_NO_I32);
	assert_int_equal(disk->size_unit, SNAP_NO_I32);
	assert_int_equal(disk->defined_size, SNAP_NO_I32);
	assert_int_equal(disk->allocated_size, SNAP_NO_I32);
	snap_domain_unref(dom);
}

static void
test_vcpus_and_nics(void **state)
{
	struct snap_domain *dom = sample_domain();

	(void)state;
	assert_int_equal(dom->n_vcpus, 3);
	assert_int_equal(dom->vcpus[0].index, 1);
	assert_int_equal(dom->vcpus[1].index, 3);
	assert_int_equal(dom->vcpus[2].index, 4);
	assert_true(dom->vcpus[0].time_us == SNAP_NO_U64);
	assert_ptr_equal(dom->vcpus[0].cpumap, dom->def->cpumaps);
	assert_ptr_equal(dom->vcpus[1].cpumap, dom->def->cpumaps + 4);
	assert_null(dom->vcpus[2].cpumap);
	assert_int_equal(dom->n_nics, 1);
	assert_string_equal(dom->nics[0].def.ifname, "vnet0");
	assert_int_equal(dom->nics[0].def.mac.len, 6);
	assert_int_equal(dom->nics[0].index, 0);
	snap_domain_unref(dom);
}

static void
test_domain_without_rows(void **state)
{
	struct snap_def *def = snap_def_new();
	struct snap_domain *dom = snap_domain_new(def, NULL, 0);
	struct snap_domain *copy;

	(void)state;
	assert_non_null(dom);
	assert_int_equal(dom->n_vcpus + dom->n_disks + dom->n_nics, 0);
	snap_domain_sort(dom);
	copy = snap_domain_copy(dom);
	assert_non_null(copy);
	assert_null(snap_domain_new(def, NULL, SIZE_MAX / 2));
	assert_null(snap_domain_new(def, NULL, SIZE_MAX / 8 + 1));
	assert_int_equal(refs(&def->refs), 3);
	snap_domain_unref(dom);
	snap_domain_unref(copy);
	assert_int_equal(refs(&def->refs), 1);
	snap_def_unref(def);
}

static void
test_domain_copy(void **state)
{
	struct snap_domain *dom = sample_domain(), *copy;

	(void)state;
	dom->index = 7;
	dom->uuid.octets[15] = 9;
	dom->disks[1].read_ios = 11;
	dom->nics[0].index = 12;
	snap_domain_ref(dom);
	copy = snap_domain_copy(dom);
	assert_non_null(copy);
	assert_int_equal(refs(&copy->refs), 1);
	assert_int_equal(refs(&dom->refs), 2);
	assert_int_equal(refs(&dom->def->refs), 2);
	assert_ptr_equal(copy->def, dom->def);
	assert_int_equal(copy->index, 7);
	assert_int_equal(copy->uuid.octets[15], 9);

	copy->disks[1].read_ios = 13;
	copy->vcpus[0].time_us = 14;
	copy->nics[0].index = 15;
	assert_int_equal(dom->disks[1].read_ios, 11);
	assert_true(dom->vcpus[0].time_us == SNAP_NO_U64);
	assert_int_equal(dom->nics[0].index, 12);
	snap_domain_unref(dom);
	snap_domain_unref(dom);
	assert_string_equal(copy->disks[1].def.target, "vdb");
	assert_int_equal(refs(&copy->def->refs), 1);
	snap_domain_unref(copy);
}

static void
test_domain_sort(void **state)
{
	static const uint32_t ids[] = { 9, 0, 4 };
	struct snap_def *def = sample_def();
	struct snap_domain *dom = snap_domain_new(def, ids, 3);

	(void)state;
	dom->disks[0].index = 0x80000000u; /* greater, not negative */
	dom->disks[1].index = 2;
	snap_domain_sort(dom);
	assert_string_equal(dom->disks[0].def.target, "vdb");
	assert_string_equal(dom->disks[1].def.target, "vda");
	assert_int_equal(dom->vcpus[0].index, 1);
	assert_int_equal(dom->vcpus[1].index, 5);
	assert_int_equal(dom->vcpus[2].index, 10);
	assert_ptr_equal(dom->vcpus[0].cpumap, def->cpumaps);
	snap_domain_unref(dom);
	snap_def_unref(def);
}

#define POISON 0xa5

/* No word of a row from one field to another is as the test left it. */
#define ASSERT_FORGOTTEN(row, from, to)                                       \
	assert_not_poisoned((const char *)(row) + offsetof(__typeof__(*(row)), \
	    from), (const char *)(row) + offsetof(__typeof__(*(row)), to))

static void
assert_not_poisoned(const char *from, const char *to)
{
	static const unsigned char poison[4] = { POISON, POISON, POISON,
		POISON };

	assert_true(from < to);
	for (; from < to; from += sizeof(poison)) {
		assert_memory_not_equal(from, poison, sizeof(poison));
	}
}

#define POISON_FIELDS(row, from, to)                                          \
	memset((char *)(row) + offsetof(__typeof__(*(row)), from), POISON,    \
	    offsetof(__typeof__(*(row)), to) -                                \
	    offsetof(__typeof__(*(row)), from))

/* Every field between the first measured one and the last, even new ones. */
static void
test_domain_forget(void **state)
{
	struct snap_domain *dom = sample_domain();
	struct snap_vcpu *vcpu = &dom->vcpus[1];
	struct snap_disk *disk = &dom->disks[1];
	struct snap_nic *nic = &dom->nics[0];

	(void)state;
	POISON_FIELDS(dom, id, sampled_ms);
	POISON_FIELDS(dom, started_ms, trouble);
	POISON_FIELDS(vcpu, time_us, time_rate.span_ms);
	POISON_FIELDS(disk, capacity_bytes, parent);
	POISON_FIELDS(nic, rx_octets, addresses[4]);
	dom->trouble.kind = SNAP_TROUBLE_PANIC;
	dom->mem_current = 5;
	dom->sampled_ms = 6;
	disk->access = 3;
	snap_domain_forget(dom);
	ASSERT_FORGOTTEN(dom, id, sampled_ms);
	/* job.operation is followed by padding */
	ASSERT_FORGOTTEN(dom, started_ms, job.operation);
	assert_int_equal(dom->job.operation, SNAP_NO_I32);
	ASSERT_FORGOTTEN(dom, job.done, trouble);
	ASSERT_FORGOTTEN(vcpu, time_us, host_cpu);
	assert_int_equal(vcpu->host_cpu, SNAP_NO_I32);
	ASSERT_FORGOTTEN(vcpu, time_rate, time_rate.span_ms);
	ASSERT_FORGOTTEN(disk, capacity_bytes, parent);
	ASSERT_FORGOTTEN(nic, rx_octets, addresses);
	assert_int_equal(nic->addresses[0], '\0');
	assert_int_equal(dom->trouble.kind, SNAP_TROUBLE_PANIC);
	assert_int_equal(dom->mem_current, 5);
	assert_int_equal(dom->sampled_ms, 6);
	assert_int_equal(disk->access, 3);
	assert_string_equal(disk->def.target, "vdb");
	snap_domain_unref(dom);
}

static void
test_host(void **state)
{
	char software[] = "QEMU";
	struct snap_host *host = snap_host_new();
	struct snap_host *bare = snap_host_new();

	(void)state;
	assert_true(snap_host_text(&host->software, software));
	assert_true(snap_host_text(&host->version, "7.2.0"));
	assert_true(snap_host_text(&host->libvirt_version, "9.0.0"));
	assert_true(snap_host_text(&host->uri, "test:///default"));
	assert_true(snap_host_text(&host->name, "here"));
	assert_true(snap_host_text(&host->cpu_model, "i686"));
	software[0] = 'X';
	assert_string_equal(host->software, "QEMU");
	assert_string_equal(host->version, "7.2.0");
	assert_true(host->started_ms == SNAP_NO_TIME);
	assert_int_equal(host->object_id.len, 0);
	assert_false(host->local);
	assert_true(host->memory_bytes == SNAP_NO_U64);
	assert_true(host->topology.mhz == SNAP_NO_U64);
	assert_true(host->topology.numa_nodes == SNAP_NO_U64);
	assert_true(host->topology.sockets == SNAP_NO_U64);
	assert_true(host->topology.cores == SNAP_NO_U64);
	assert_true(host->topology.threads == SNAP_NO_U64);
	assert_true(host->topology.cpus == SNAP_NO_U64);
	assert_ptr_equal(snap_host_ref(host), host);
	assert_int_equal(refs(&host->refs), 2);
	snap_host_unref(host);
	snap_host_unref(host);
	assert_true(snap_host_text(&bare->uri, NULL));
	assert_null(bare->uri);
	assert_null(bare->software);
	assert_null(bare->version);
	snap_host_unref(bare);
	snap_host_unref(NULL);
}

static struct snapshot *
sample_snapshot(const uint32_t *indices, size_t n)
{
	struct snap_host *host = snap_host_new();
	struct snapshot *snap = snapshot_new(host, n);
	struct snap_domain *dom;
	size_t i;

	assert_non_null(snap);
	snap_host_unref(host);
	for (i = 0; i < n; i++) {
		dom = sample_domain();
		dom->index = indices[i];
		snap->domains[i] = dom;
	}
	return snap;
}

static void
test_snapshot_refs(void **state)
{
	static const uint32_t indices[] = { 1, 2 };
	struct snapshot *snap = sample_snapshot(indices, 2);
	const struct snap_domain *kept = snap_domain_ref(snap->domains[0]);
	const struct snap_host *host = snap_host_ref(snap->host);

	(void)state;
	assert_int_equal(snap->n_domains, 2);
	assert_int_equal(refs(&snap->refs), 1);
	assert_int_equal(refs(&host->refs), 2);
	assert_ptr_equal(snapshot_ref(snap), snap);
	snapshot_unref(snap);
	assert_int_equal(refs(&kept->refs), 2);
	snapshot_unref(snap);
	assert_int_equal(refs(&kept->refs), 1);
	assert_int_equal(refs(&host->refs), 1);
	snap_domain_unref(kept);
	snap_host_unref(host);
	snapshot_unref(NULL);
}

static void
test_snapshot_is_unknown(void **state)
{
	struct snapshot *snap = snapshot_new(NULL, 0);

	(void)state;
	assert_non_null(snap);
	assert_null(snap->host);
	assert_true(snap->stale_at_ms == INT64_MAX);
	assert_true(snap->load.memory_free_bytes == SNAP_NO_U64);
	assert_true(snap->load.user_us == SNAP_NO_U64);
	assert_true(snap->load.system_us == SNAP_NO_U64);
	assert_true(snap->load.idle_us == SNAP_NO_U64);
	assert_true(snap->load.iowait_us == SNAP_NO_U64);
	assert_int_equal(snap->load.busy_rate.span_ms, 0);
	assert_int_equal(snap->collector.link, SNAP_LINK_CONNECTING);
	assert_true(snap->collector.due_ms == INT64_MAX);
	assert_true(snap->collector.good_ms == SNAP_NO_TIME);
	assert_true(snap->collector.duration_ms == SNAP_NO_U64);
	assert_string_equal(snap->collector.error, "");
	snapshot_unref(snap);
}

/* All that the sums are made of. */
static void
set_domain(const struct snapshot *snap, size_t i, int32_t state,
    int32_t active, int32_t cpus, uint64_t bytes)
{
	struct snap_domain *dom = (void *)(uintptr_t)snap->domains[i];

	dom->state = state;
	dom->active = active;
	dom->cpus_current = cpus;
	dom->memory.maximum = bytes;
}

/* States by libvirt's numbers; processors and memory of active domains. */
static void
test_snapshot_sum(void **state)
{
	static const uint32_t indices[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
		12 };
	const uint64_t huge = UINT64_C(1) << 62;
	struct snapshot *snap = sample_snapshot(indices, 12);

	(void)state;
	set_domain(snap, 0, 0, SNAP_TRUE, 1, 10);              /* nostate */
	set_domain(snap, 1, 1, SNAP_TRUE, 2, huge);            /* running */
	set_domain(snap, 2, 2, SNAP_TRUE, 4, 100);             /* blocked */
	set_domain(snap, 3, 3, SNAP_TRUE, SNAP_NO_I32, 1000);  /* paused */
	set_domain(snap, 4, 4, SNAP_TRUE, 16, SNAP_NO_U64);    /* shutdown */
	set_domain(snap, 5, 5, SNAP_FALSE, 32, 100000);        /* shutoff */
	set_domain(snap, 6, 6, SNAP_FALSE, 64, 1000000);       /* crashed */
	set_domain(snap, 7, 7, SNAP_TRUE, 128, 10000000);      /* pmsuspended */
	set_domain(snap, 8, 8, SNAP_FALSE, 1, 1);
	set_domain(snap, 9, -1, SNAP_NO_I32, 1, 1);
	set_domain(snap, 10, SNAP_NO_I32, SNAP_NO_I32, 1, 1);
	set_domain(snap, 11, INT32_MAX, SNAP_FALSE, 1, 1);
	snap->sums.other = 99; /* what was there before does not count */
	snapshot_sum(snap);
	assert_int_equal(snap->sums.running, 2);
	assert_int_equal(snap->sums.paused, 1);
	assert_int_equal(snap->sums.shutting_down, 1);
	assert_int_equal(snap->sums.shut_off, 1);
	assert_int_equal(snap->sums.crashed, 1);
	assert_int_equal(snap->sums.pm_suspended, 1);
	assert_int_equal(snap->sums.other, 5);
	assert_int_equal(snap->sums.vcpus, 1 + 2 + 4 + 16 + 128);
	assert_true(snap->sums.memory_bytes == huge + 10001110);
	snapshot_unref(snap);
}

/* Given up half-way through being filled in. */
static void
test_snapshot_unfinished(void **state)
{
	struct snapshot *snap = snapshot_new(NULL, 3);

	(void)state;
	assert_non_null(snap);
	assert_null(snap->domains[2]);
	snap->domains[1] = sample_domain();
	snapshot_unref(snap);
	assert_null(snapshot_new(NULL, (size_t)INT32_MAX + 1));
}

static void
test_snapshot_seek(void **state)
{
	static const uint32_t indices[] = { 2, 3, 7, 0x7fffffff };
	struct snapshot *snap = sample_snapshot(indices, 4);
	struct snapshot *empty = sample_snapshot(NULL, 0);

	(void)state;
	assert_int_equal(snapshot_seek(snap, 0), 0);
	assert_int_equal(snapshot_seek(snap, 2), 0);
	assert_int_equal(snapshot_seek(snap, 3), 1);
	assert_int_equal(snapshot_seek(snap, 4), 2);
	assert_int_equal(snapshot_seek(snap, 7), 2);
	assert_int_equal(snapshot_seek(snap, 8), 3);
	assert_int_equal(snapshot_seek(snap, 0x7fffffff), 3);
	assert_int_equal(snapshot_seek(snap, 0x80000000u), 4);
	assert_int_equal(snapshot_seek(snap, UINT32_MAX), 4);
	assert_int_equal(snapshot_seek(empty, 1), 0);
	snapshot_unref(snap);
	snapshot_unref(empty);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_def_is_unknown),
		cmocka_unit_test(test_def_refs),
		cmocka_unit_test(test_def_alloc),
		cmocka_unit_test(test_def_alloc_too_much),
		cmocka_unit_test(test_def_text),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_domain_is_unknown),
		cmocka_unit_test(test_disk_is_unknown),
		cmocka_unit_test(test_vcpus_and_nics),
		cmocka_unit_test(test_domain_without_rows),
		cmocka_unit_test(test_domain_copy),
		cmocka_unit_test(test_domain_sort),
		cmocka_unit_test(test_domain_forget),
		cmocka_unit_test(test_host),
		cmocka_unit_test(test_snapshot_refs),
		cmocka_unit_test(test_snapshot_unfinished),
		cmocka_unit_test(test_snapshot_seek),
		cmocka_unit_test(test_snapshot_is_unknown),
		cmocka_unit_test(test_snapshot_sum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
