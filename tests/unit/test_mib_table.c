/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests mib_table.c against a brute-force oracle over random snapshots. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mib_oracle.h"
#include "mib_tree.h"
#include "notify.h"
#include "snapshot.h"
#include "snapshot_random.h"

#define N_SNAPSHOTS 300
#define SEED 7666
#define SUBID_MAX 4294967295

/* One snapshot as the engine and as the oracle see it, a region of it. */
struct fixture {
	const struct mib_region *region;
	const struct snapshot *snap;
	struct notify_status notify;
	struct mib_view view;
	struct oracle oracle;
	uint64_t seed;
};

static struct {
	uint64_t snapshots, cells, holes, gets, nexts;
} figures;

static void
setup(struct fixture *f, enum oracle_module module, uint64_t seed,
    size_t max_domains)
{
	struct random rnd = { seed };
	int64_t now_ms = random_once_in(&rnd, 4) ?
	    (int64_t)random_below(&rnd, 100000) :
	    (int64_t)(random_u64(&rnd) >> 20);

	f->seed = seed;
	f->region = mib_regions[module];
	f->snap = snapshot_random(&rnd, max_domains, now_ms);
	notify_status_random(&rnd, &f->notify);
	f->view = (struct mib_view){ .snap = f->snap, .notify = &f->notify,
	    .now_ms = now_ms };
	oracle_init(&f->oracle, module, &f->view);
	figures.snapshots++;
	figures.cells += f->oracle.n;
	figures.holes += f->oracle.n_holes;
}

static void
teardown(struct fixture *f)
{
	oracle_free(&f->oracle);
	snapshot_unref(f->snap);
}

static void __attribute__((noreturn))
complain(const struct fixture *f, const char *what, const oid *name, size_t len)
{
	char text[1024];
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < len && used < sizeof(text) - 30; i++) {
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    ".%lu", name[i]);
	}
	fail_msg("%s at '%s', seed %llu", what, text,
	    (unsigned long long)f->seed);
	abort();
}

static bool
same_ids(const struct mib_value *value, const struct oracle_cell *cell)
{
	const oid *ids = value->data;

	if (value->len != cell->n * sizeof(oid)) {
		return false;
	}
	for (size_t i = 0; i < cell->n; i++) {
		if (ids[i] != cell->ids[i]) {
			return false;
		}
	}
	return true;
}

/* In the shape that snmp_set_var_typed_value() wants for the type. */
static bool
same_value(const struct mib_value *value, const struct oracle_cell *cell)
{
	const struct counter64 *wide = value->data;
	const void *octets = cell->octets != NULL ? cell->octets : cell->own;

	if (value->type != cell->type) {
		return false;
	}
	switch (cell->type) {
	case ASN_INTEGER:
		return value->len == sizeof(long) &&
		    *(const long *)value->data == (int32_t)cell->number;
	case ASN_TIMETICKS:
	case ASN_GAUGE:
	case ASN_COUNTER:
		return value->len == sizeof(u_long) &&
		    *(const u_long *)value->data >= cell->number &&
		    *(const u_long *)value->data - cell->number <=
			cell->slack;
	case ASN_COUNTER64:
		return value->len == sizeof(struct counter64) &&
		    wide->high == cell->number >> 32 &&
		    wide->low == (cell->number & 0xffffffff);
	case ASN_OBJECT_ID:
		return same_ids(value, cell);
	}
	return value->len == cell->n && value->data != NULL &&
	    memcmp(value->data, octets, cell->n) == 0;
}

static void
check_get(const struct fixture *f, const oid *name, size_t len)
{
	const struct oracle_cell *cell = oracle_next(&f->oracle, name, len,
	    true);
	struct mib_value value;
	enum mib_result result;

	if (cell != NULL &&
	    oracle_compare(cell->name, cell->len, name, len) != 0) {
		cell = NULL;
	}
	figures.gets++;
	memset(&value, 0xa5, sizeof(value));
	result = mib_get(f->region, &f->view, name, len, &value);
	if (cell == NULL && result != (oracle_is_object(f->oracle.module,
	    name, len) ? MIB_NO_INSTANCE : MIB_NO_OBJECT)) {
		complain(f, "GET of what is not there", name, len);
	}
	if (cell != NULL && result != MIB_FOUND) {
		complain(f, "GET does not find", name, len);
	}
	if (cell != NULL && !same_value(&value, cell)) {
		complain(f, "GET gives a wrong value", name, len);
	}
}

static void
check_next(const struct fixture *f, const oid *name, size_t len,
    bool inclusive)
{
	const struct oracle_cell *cell = oracle_next(&f->oracle, name, len,
	    inclusive);
	oid found[MAX_OID_LEN];
	size_t found_len = 0;
	struct mib_value value;
	enum mib_result result;

	figures.nexts++;
	memset(&value, 0xa5, sizeof(value));
	result = mib_next(f->region, &f->view, name, len, inclusive,
	    found, &found_len, &value);
	if (result != (cell != NULL ? MIB_FOUND : MIB_END)) {
		complain(f, "GETNEXT ends wrongly", name, len);
	}
	if (cell == NULL) {
		return;
	}
	if (oracle_compare(found, found_len, cell->name, cell->len) != 0) {
		complain(f, "GETNEXT goes elsewhere", name, len);
	}
	if (!same_value(&value, cell)) {
		complain(f, "GETNEXT gives a wrong value", name, len);
	}
}

/* An exact copy, so that reading beyond its end shows under ASan. */
static void
check(const struct fixture *f, const oid *name, size_t len)
{
	oid *exact = malloc(len > 0 ? len * sizeof(oid) : 1);

	assert_non_null(exact);
	if (len > 0) {
		memcpy(exact, name, len * sizeof(oid));
	}
	check_get(f, exact, len);
	check_next(f, exact, len, false);
	check_next(f, exact, len, true);
	free(exact);
}

/* The name with one sub-identifier changed, and the same cut off after it. */
static void
check_changed(const struct fixture *f, const struct oracle_cell *cell,
    size_t at, oid number)
{
	oid name[ORACLE_NAME_MAX];

	memcpy(name, cell->name, sizeof(name));
	name[at] = number;
	check(f, name, cell->len);
	check(f, name, at + 1);
}

/* All that can be made of a name, sub-identifiers from first on. */
static void
check_mutations(const struct fixture *f, const struct oracle_cell *cell,
    size_t first)
{
	oid longer[ORACLE_NAME_MAX + 2];

	memset(longer, 0, sizeof(longer));
	memcpy(longer, cell->name, sizeof(cell->name));
	check(f, cell->name, cell->len);
	check(f, longer, cell->len + 1); /* .0 */
	check(f, longer, cell->len + 2);
	longer[cell->len] = 7;
	check(f, longer, cell->len + 1);
	longer[cell->len] = SUBID_MAX;
	check(f, longer, cell->len + 2);
	for (size_t at = first; at < cell->len; at++) {
		oid number = cell->name[at];

		check(f, cell->name, at);
		check_changed(f, cell, at, 0);
		check_changed(f, cell, at, number > 0 ? number - 1 : 0);
		check_changed(f, cell, at,
		    number < SUBID_MAX ? number + 1 : number);
		check_changed(f, cell, at, SUBID_MAX);
	}
}

/* The whole chain: each next one exactly once, in order, to the end. */
static void
check_walk(const struct fixture *f)
{
	oid name[MAX_OID_LEN], found[MAX_OID_LEN];
	size_t len = f->region->root_len, found_len, n = 0;
	struct mib_value value;

	memcpy(name, f->region->root, len * sizeof(oid));
	while (mib_next(f->region, &f->view, name, len, false, found,
	    &found_len, &value) == MIB_FOUND) {
		const struct oracle_cell *cell = &f->oracle.cells[n];

		if (n++ == f->oracle.n ||
		    oracle_compare(found, found_len, cell->name, cell->len) !=
			0 ||
		    !same_value(&value, cell)) {
			complain(f, "walk goes astray", found, found_len);
		}
		memcpy(name, found, found_len * sizeof(oid));
		len = found_len;
		figures.nexts++;
	}
	assert_int_equal(n, f->oracle.n);
}

/* Every cell and hole, most of them mutated in their index only. */
static void
check_cells(enum oracle_module module, uint64_t i)
{
	struct fixture f;

	setup(&f, module, SEED + i, i % 10 == 0 ? 40 : i % 8);
	check_walk(&f);
	for (size_t j = 0; j < f.oracle.n_holes; j++) {
		check(&f, f.oracle.holes[j].name, f.oracle.holes[j].len);
	}
	for (size_t j = 0; j < f.oracle.n; j++) {
		const struct oracle_cell *cell = &f.oracle.cells[j];

		/* In a large one a part of the cells will do. */
		if (f.oracle.n > 1000 && j % 8 != i % 8) {
			check(&f, cell->name, cell->len);
		} else {
			check_mutations(&f, cell,
			    j % 8 == i % 8 ? 0 : cell->len - 3);
		}
	}
	teardown(&f);
}

static void
test_cells(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < N_SNAPSHOTS; i++) {
		check_cells(ORACLE_VM_MIB, i);
		check_cells(ORACLE_VIRT_MIB, i);
	}
	printf("# seeds %d to %d: %llu snapshots, %llu cells, %llu holes, "
	    "%llu GET, %llu GETNEXT\n", SEED, SEED + N_SNAPSHOTS - 1,
	    (unsigned long long)figures.snapshots,
	    (unsigned long long)figures.cells,
	    (unsigned long long)figures.holes,
	    (unsigned long long)figures.gets,
	    (unsigned long long)figures.nexts);
}

/* As a manager sees it: both regions, one after the other, by GETNEXT. */
static void
test_whole_chain(void **state)
{
	struct fixture f[ORACLE_N_MODULES];
	oid name[MAX_OID_LEN] = { 1, 3 }, found[MAX_OID_LEN];
	size_t len = 2, found_len, region = 0, n = 0;
	struct mib_value value;

	(void)state;
	setup(&f[0], ORACLE_VM_MIB, SEED, 20);
	setup(&f[1], ORACLE_VIRT_MIB, SEED, 20);
	while (region < ORACLE_N_MODULES) {
		if (mib_next(f[region].region, &f[region].view, name, len,
		    false, found, &found_len, &value) == MIB_END) {
			assert_int_equal(n, f[region].oracle.n);
			region++;
			n = 0;
			continue;
		}
		assert_true(n < f[region].oracle.n &&
		    same_value(&value, &f[region].oracle.cells[n]));
		assert_true(oracle_compare(name, len, found, found_len) < 0);
		memcpy(name, found, found_len * sizeof(oid));
		len = found_len;
		n++;
	}
	teardown(&f[0]);
	teardown(&f[1]);
}

static void
check_random_names(enum oracle_module module, struct random *rnd, uint64_t i)
{
	struct fixture f;
	oid name[MAX_OID_LEN];
	size_t len, own;

	setup(&f, module, SEED + i, 10);
	for (int j = 0; j < 1500; j++) {
		own = f.region->root_len;
		own = random_once_in(rnd, 3) ? random_below(rnd, own) : own;
		len = own + random_below(rnd, 9);
		memcpy(name, f.region->root, own * sizeof(oid));
		for (size_t k = own; k < len; k++) {
			name[k] = random_once_in(rnd, 20) ? SUBID_MAX :
			    random_below(rnd, k == 12 ? 196640 : 12);
		}
		check(&f, name, len);
	}
	teardown(&f);
}

/* Names with nothing behind them but chance, in the region or near it. */
static void
test_random_names(void **state)
{
	struct random rnd = { SEED };

	(void)state;
	for (uint64_t i = 0; i < 60; i++) {
		check_random_names(ORACLE_VM_MIB, &rnd, i);
		check_random_names(ORACLE_VIRT_MIB, &rnd, i);
	}
}

/* Names before, around and after the region's root, and very long ones. */
static void
check_outside(const struct fixture *f)
{
	const struct mib_table *table = f->oracle.module == ORACLE_VM_MIB ?
	    &mib_vm : &mib_libvirt_domain;
	oid longest[MAX_OID_LEN];

	for (size_t at = 0; at < f->region->root_len; at++) {
		memcpy(longest, f->region->root,
		    f->region->root_len * sizeof(oid));
		longest[at]--;
		check(f, longest, f->region->root_len);
		longest[at] += 2;
		check(f, longest, f->region->root_len);
		check(f, longest, at + 1);
	}
	for (size_t i = 0; i < MAX_OID_LEN; i++) {
		longest[i] = SUBID_MAX;
	}
	check(f, longest, MAX_OID_LEN);
	memcpy(longest, table->root, table->root_len * sizeof(oid));
	longest[table->root_len] = 2;
	check(f, longest, MAX_OID_LEN);
	longest[table->root_len + 1] = 1;
	check(f, longest, MAX_OID_LEN);
}

static void
test_outside(void **state)
{
	static const oid near[][9] = {
		{ 0 }, { 1 }, { 2 }, { 1, 3, 6, 1, 2, 1, 235, 9 },
		{ 1, 3, 6, 1, 2, 1, 236, 0 }, { 1, 3, 6, 1, 2, 1, 236, 1 },
		{ 1, 3, 6, 1, 2, 1, 236, 1, 11 },
		{ 1, 3, 6, 1, 2, 1, 236, 1, SUBID_MAX },
		{ 1, 3, 6, 1, 2, 1, 236, 2 }, { 1, 3, 6, 1, 2, 1, 237 },
		{ 1, 3, 6, 1, 4, 1, 8072 }, { SUBID_MAX },
	};
	struct fixture f;

	(void)state;
	for (uint64_t seed = 0; seed < 40; seed++) {
		setup(&f, seed % ORACLE_N_MODULES, seed, 3);
		check(&f, NULL, 0);
		for (size_t i = 0; i < sizeof(near) / sizeof(near[0]); i++) {
			for (size_t len = 1; len <= 9; len++) {
				check(&f, near[i], len);
			}
		}
		check_outside(&f);
		teardown(&f);
	}
}

/* Before the first collection there is no host and no domain. */
static void
check_empty(enum oracle_module module, size_t n)
{
	const struct snapshot *snap = snapshot_new(NULL, 0);
	struct fixture f = { .region = mib_regions[module], .snap = snap,
		.notify = { .per_vm = 1, .bulk = 2 } };

	assert_non_null(snap);
	f.view = (struct mib_view){ .snap = snap, .notify = &f.notify };
	oracle_init(&f.oracle, module, &f.view);
	assert_int_equal(f.oracle.n, n);
	check_walk(&f);
	for (size_t i = 0; i < f.oracle.n; i++) {
		check_mutations(&f, &f.oracle.cells[i], 0);
	}
	for (size_t i = 0; i < f.oracle.n_holes; i++) {
		check_mutations(&f, &f.oracle.holes[i], 0);
	}
	teardown(&f);
}

static void
test_empty(void **state)
{
	(void)state;
	check_empty(ORACLE_VM_MIB, 4);
	/* all of virtAgent but the error, the age and two durations */
	check_empty(ORACLE_VIRT_MIB, 18);
}

static void
check_ticks(int64_t since_ms, int64_t now_ms, uint32_t expected)
{
	struct snap_host *host = snap_host_new();
	const struct snapshot *snap;
	struct mib_view view = { .now_ms = now_ms };
	const oid name[] = { VM_OBJECTS, 1, 4, 0 };
	struct mib_value value;

	assert_non_null(host);
	host->started_ms = since_ms;
	view.snap = snap = snapshot_new(host, 0);
	snap_host_unref(host);
	assert_non_null(snap);
	assert_int_equal(mib_get(&mib_vm_objects, &view, name,
	    sizeof(name) / sizeof(name[0]), &value), MIB_FOUND);
	assert_int_equal(value.type, ASN_TIMETICKS);
	assert_int_equal(*(const u_long *)value.data, expected);
	snapshot_unref(snap);
}

static void
test_ticks(void **state)
{
	(void)state;
	check_ticks(0, 0, 0);
	check_ticks(0, 9, 0);
	check_ticks(0, 10, 1);
	check_ticks(1000, 999, 0);
	check_ticks(1000, 1000000, 99900);
	check_ticks(0, 42949672959, UINT32_MAX);
	check_ticks(0, 42949672960, 0); /* after 497 days */
	check_ticks(0, 42949672970, 1);
	check_ticks(-5000, 5000, 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_whole_chain),
		cmocka_unit_test(test_random_names),
		cmocka_unit_test(test_outside),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_ticks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
