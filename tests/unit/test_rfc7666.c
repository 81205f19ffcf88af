/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests rfc7666.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rfc7666.h"
#include "snapshot.h"

#define NO SNAP_NO_U64
#define KIB ((uint64_t)1024)
#define MIB (KIB * 1024)
#define GIB (MIB * 1024)
#define UNIT_K 1024
#define UNIT_M (1024 * 1024)
#define UNIT_G (1024 * 1024 * 1024)

static int32_t
unit_of(uint64_t bytes)
{
	return rfc7666_unit(&bytes, 1);
}

static void
test_unit(void **state)
{
	const uint64_t three[] = { 5, NO, 3 * 1024 * GIB };

	(void)state;
	assert_int_equal(rfc7666_unit(NULL, 0), UNIT_K);
	assert_int_equal(unit_of(NO), UNIT_K);
	assert_int_equal(unit_of(0), UNIT_K);
	assert_int_equal(unit_of(INT32_MAX * KIB), UNIT_K);
	assert_int_equal(unit_of(INT32_MAX * KIB + 1), UNIT_M);
	assert_int_equal(unit_of(INT32_MAX * MIB), UNIT_M);
	assert_int_equal(unit_of(INT32_MAX * MIB + 1), UNIT_G);
	assert_int_equal(unit_of(UINT64_MAX - 1), UNIT_G);
	assert_int_equal(rfc7666_unit(three, 2), UNIT_K);
	assert_int_equal(rfc7666_unit(three, 3), UNIT_M);
}

/* A domain with one disk, finished by rfc7666_finish(). */
static struct snap_domain *
domain_new(struct snap_def *def, size_t n_vcpus)
{
	static const uint32_t ids[] = { 0, 1, 2, 3 };
	struct snap_domain *dom = snap_domain_new(def, ids, n_vcpus);

	assert_non_null(dom);
	snap_def_unref(def);
	return dom;
}

struct memory {
	uint64_t def_current, def_min, def_max, current, max; /* KiB */
	int32_t unit, expect_current, expect_min, expect_max;
};

static const struct memory memories[] = {
	{ NO, NO, NO, NO, NO, UNIT_K, SNAP_NO_I32, -1, -1 },
	{ 2048, NO, 4096, NO, NO, UNIT_K, 2048, -1, 4096 },
	{ 2048, 512, 4096, 1000, 8192, UNIT_K, 1000, 512, 8192 },
	{ 2048, NO, 4096, 0, 0, UNIT_K, 0, -1, 0 },
	{ NO, NO, 4096, NO, NO, UNIT_K, SNAP_NO_I32, -1, 4096 },
	{ NO, NO, NO, 77, NO, UNIT_K, 77, -1, -1 },
	/* Integer32 in KiB ends just below 2 TiB. */
	{ 1, 0, INT32_MAX, NO, NO, UNIT_K, 1, 0, INT32_MAX },
	{ 1, 0, INT32_MAX + KIB, NO, NO, UNIT_M, 1, 0, 2097152 },
	{ 5 * MIB, 2047, 4 * GIB, NO, NO, UNIT_M, 5120, 1, 4194304 },
	{ 1, 1023, 4 * GIB, NO, NO, UNIT_M, 1, 1, 4194304 },
	{ 2047, NO, 4 * GIB, NO, NO, UNIT_M, 1, -1, 4194304 },
	/* The greatest unit reaches to 2 EiB. */
	{ NO, NO, MIB * INT32_MAX, NO, NO, UNIT_G, SNAP_NO_I32, -1, INT32_MAX },
	{ NO, NO, MIB * INT32_MAX * 8, NO, NO, UNIT_G, SNAP_NO_I32, -1,
	    INT32_MAX },
	/* No byte count. */
	{ UINT64_MAX / 1024 + 1, NO, 8, NO, NO, UNIT_K,
	    SNAP_NO_I32, -1, 8 },
};

static void
test_memory(void **state)
{
	const struct memory *m;
	struct snap_def *def;
	struct snap_domain *dom;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(memories) / sizeof(memories[0]); i++) {
		m = &memories[i];
		def = snap_def_new();
		def->mem_current_kib = m->def_current;
		def->mem_min_kib = m->def_min;
		def->mem_max_kib = m->def_max;
		dom = domain_new(def, 0);
		dom->memory.actual = m->current != NO ? m->current * KIB : NO;
		dom->memory.maximum = m->max != NO ? m->max * KIB : NO;
		rfc7666_finish(dom);
		assert_int_equal(dom->mem_unit, m->unit);
		assert_int_equal(dom->mem_current, m->expect_current);
		assert_int_equal(dom->mem_min, m->expect_min);
		assert_int_equal(dom->mem_max, m->expect_max);
		snap_domain_unref(dom);
	}
}

static void
check_cpus(size_t rows, size_t in_def, uint32_t def_max, int32_t current,
    int32_t max)
{
	struct snap_def *def = snap_def_new();
	struct snap_domain *dom;

	def->n_vcpus = in_def;
	def->vcpus_max = def_max;
	dom = domain_new(def, rows);
	rfc7666_finish(dom);
	assert_int_equal(dom->cpus_current, current);
	assert_int_equal(dom->cpus_min, -1);
	assert_int_equal(dom->cpus_max, max);
	snap_domain_unref(dom);
}

static void
test_cpus(void **state)
{
	(void)state;
	check_cpus(3, 2, 4, 3, 4);
	check_cpus(0, 2, 4, 2, 4);
	check_cpus(0, 0, 0, SNAP_NO_I32, -1);
	check_cpus(1, 0, 0, 1, -1);
	check_cpus(1, 0, 0x80000000u, 1, -1);
}

static void
test_states_are_the_callers(void **state)
{
	struct snap_domain *dom = domain_new(snap_def_new(), 0);

	(void)state;
	dom->admin_state = ADMIN_PAUSED;
	rfc7666_finish(dom);
	assert_int_equal(dom->admin_state, ADMIN_PAUSED);
	assert_int_equal(dom->oper_state, SNAP_NO_I32);
	assert_int_equal(dom->autostart, SNAP_NO_I32);
	assert_int_equal(dom->persistent, SNAP_NO_I32);
	snap_domain_unref(dom);
}

static struct snap_domain *
domain_with_disk(const struct snap_disk_def *disk)
{
	struct snap_def *def = snap_def_new();

	def->disks = snap_def_alloc(def, 1, sizeof(*def->disks));
	assert_non_null(def->disks);
	def->disks[0] = *disk;
	def->n_disks = 1;
	return domain_new(def, 0);
}

struct source {
	const char *type, *format, *protocol, *source;
	int32_t expect_type;
	const char *expect_text;
};

static const struct source sources[] = {
	{ NULL, NULL, NULL, NULL, SOURCE_UNKNOWN, NULL },
	{ NULL, "raw", NULL, "/x", SOURCE_UNKNOWN, NULL },
	{ "file", "raw", NULL, NULL, SOURCE_OTHER, NULL },
	{ "block", NULL, NULL, NULL, SOURCE_OTHER, NULL },
	{ "network", "raw", "http", NULL, SOURCE_OTHER, NULL },
	{ "block", NULL, NULL, "/dev/x", SOURCE_BLOCK, "block" },
	{ "block", "raw", NULL, "/dev/x", SOURCE_BLOCK, "block" },
	{ "block", "qcow2", NULL, "/dev/x", SOURCE_BLOCK, "qcow2" },
	{ "nvme", "raw", NULL, "nvme://x", SOURCE_BLOCK, "nvme" },
	{ "file", NULL, NULL, "/x", SOURCE_RAW, "raw" },
	{ "file", "raw", NULL, "/x", SOURCE_RAW, "raw" },
	{ "file", "qcow2", NULL, "/x", SOURCE_SPARSE, "qcow2" },
	{ "file", "vmdk", NULL, "/x", SOURCE_SPARSE, "vmdk" },
	{ "network", "raw", "rbd", "rbd://x", SOURCE_NETWORK, "rbd" },
	{ "network", "qcow2", NULL, "?", SOURCE_NETWORK, "network" },
	{ "dir", "fat", NULL, "/x", SOURCE_OTHER, "dir" },
	{ "volume", "qcow2", NULL, "a/b", SOURCE_OTHER, "volume" },
	{ "vhostuser", NULL, NULL, "/x", SOURCE_OTHER, "vhostuser" },
	{ "vhostvdpa", NULL, NULL, "/x", SOURCE_OTHER, "vhostvdpa" },
	{ "quantum", NULL, NULL, "/x", SOURCE_OTHER, "quantum" },
};

static void
test_sources(void **state)
{
	struct snap_domain *dom;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		dom = domain_with_disk(&(struct snap_disk_def){
		    .type = sources[i].type, .format = sources[i].format,
		    .protocol = sources[i].protocol,
		    .source = sources[i].source });
		rfc7666_finish(dom);
		assert_int_equal(dom->disks[0].source_type,
		    sources[i].expect_type);
		if (sources[i].expect_text == NULL)
			assert_null(dom->disks[0].source_text);
		else
			assert_string_equal(dom->disks[0].source_text,
			    sources[i].expect_text);
		assert_int_equal(dom->disks[0].parent, 0);
		snap_domain_unref(dom);
	}
}

static void
check_media(const char *device, bool readonly, int32_t media, int32_t access)
{
	struct snap_domain *dom = domain_with_disk(&(struct snap_disk_def){
	    .device = device, .readonly = readonly });

	rfc7666_finish(dom);
	assert_int_equal(dom->disks[0].media_type, media);
	assert_int_equal(dom->disks[0].access, access);
	snap_domain_unref(dom);
}

static void
test_media_and_access(void **state)
{
	(void)state;
	check_media("disk", false, MEDIA_HARD_DISK, ACCESS_READWRITE);
	check_media("lun", true, MEDIA_HARD_DISK, ACCESS_READONLY);
	check_media("cdrom", true, MEDIA_OPTICAL_DISK, ACCESS_READONLY);
	check_media("floppy", false, MEDIA_FLOPPY_DISK, ACCESS_READWRITE);
	check_media("drum", false, MEDIA_OTHER, ACCESS_READWRITE);
	check_media(NULL, false, MEDIA_UNKNOWN, ACCESS_READWRITE);
}

struct size {
	const char *type, *format;
	uint64_t capacity, allocation, physical;
	int32_t unit, defined, allocated;
};

static const struct size sizes[] = {
	{ "file", "qcow2", NO, NO, NO, UNIT_K, -1, -1 },
	{ "file", "qcow2", 1025, 1, 4096, UNIT_K, 2, 4 },
	{ "file", "qcow2", 1024, 1, NO, UNIT_K, 1, 1 },
	{ "file", "qcow2", 0, 0, 0, UNIT_K, 0, 0 },
	{ "file", "qcow2", NO, NO, 5, UNIT_K, -1, 1 },
	/* The file may be greater than what it holds. */
	{ "file", "qcow2", 1, NO, 3 * 1024 * GIB, UNIT_M, 1, 3145728 },
	{ "file", "qcow2", INT32_MAX * KIB, 7, NO, UNIT_K, INT32_MAX, 1 },
	{ "file", "qcow2", INT32_MAX * KIB + 1, 7, NO, UNIT_M, 2097152, 1 },
	{ "file", "raw", 10 * KIB, 3, 4, UNIT_K, 10, 10 },
	{ "file", "raw", NO, 3, 4, UNIT_K, -1, -1 },
	{ "block", "qcow2", 10 * KIB, 3, 99 * 1024 * GIB, UNIT_K, 10, 10 },
	{ "nvme", NULL, 10 * KIB, NO, NO, UNIT_K, 10, 10 },
	{ "network", "raw", 10 * KIB, 3, NO, UNIT_K, 10, 1 },
	{ "network", "raw", UINT64_MAX - 1, NO, NO, UNIT_G, INT32_MAX, -1 },
};

static void
test_sizes(void **state)
{
	struct snap_domain *dom;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		dom = domain_with_disk(&(struct snap_disk_def){
		    .type = sizes[i].type, .format = sizes[i].format,
		    .source = "x" });
		dom->disks[0].capacity_bytes = sizes[i].capacity;
		dom->disks[0].allocation_bytes = sizes[i].allocation;
		dom->disks[0].physical_bytes = sizes[i].physical;
		rfc7666_finish(dom);
		assert_int_equal(dom->disks[0].size_unit, sizes[i].unit);
		assert_int_equal(dom->disks[0].defined_size, sizes[i].defined);
		assert_int_equal(dom->disks[0].allocated_size,
		    sizes[i].allocated);
		snap_domain_unref(dom);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unit),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_states_are_the_callers),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_media_and_access),
		cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
