/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests lv_stats.c with what libvirt sends and what it should not. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lv_stats.h"
#include "snapshot.h"
#include "snapshot_random.h"

#define NO SNAP_NO_U64
#define MAX_PARAMS 200

struct params {
	virTypedParameter list[MAX_PARAMS];
	int n;
};

/* The next parameter; a name too long is cut, as libvirt's field is. */
static virTypedParameter *
add(struct params *p, int type, const char *name)
{
	virTypedParameter *param = &p->list[p->n++];

	assert_true(p->n <= MAX_PARAMS);
	memset(param, 0, sizeof(*param));
	snprintf(param->field, sizeof(param->field), "%s", name);
	param->type = type;
	return param;
}

static void
add_ullong(struct params *p, const char *name, unsigned long long value)
{
	add(p, VIR_TYPED_PARAM_ULLONG, name)->value.ul = value;
}

static void
add_int(struct params *p, const char *name, int value)
{
	add(p, VIR_TYPED_PARAM_INT, name)->value.i = value;
}

static void
add_string(struct params *p, const char *name, const char *value)
{
	add(p, VIR_TYPED_PARAM_STRING, name)->value.s =
	    (char *)(uintptr_t)value;
}

/* Disks vda, vdb and one without a target; vCPUs 0, 2 and 300. */
static struct snap_domain *
new_domain(void)
{
	static const uint32_t ids[] = { 0, 2, 300 };
	struct snap_def *def = snap_def_new();
	struct snap_domain *dom;

	assert_non_null(def);
	def->n_disks = 3;
	def->disks = snap_def_alloc(def, 3, sizeof(*def->disks));
	assert_non_null(def->disks);
	def->disks[0].target = snap_def_text(def, "vda");
	def->disks[2].target = snap_def_text(def, "vdb");
	dom = snap_domain_new(def, ids, 3);
	snap_def_unref(def);
	assert_non_null(dom);
	return dom;
}

/* Nothing of the domain is known, beside what the caller has reset. */
static void
assert_unknown(const struct snap_domain *dom)
{
	assert_true(dom->cpu_time_us == NO && dom->mem_current_kib == NO &&
	    dom->mem_max_kib == NO);
	for (size_t i = 0; i < dom->n_vcpus; i++) {
		assert_true(dom->vcpus[i].time_us == NO);
	}
	for (size_t i = 0; i < dom->n_disks; i++) {
		const struct snap_disk *disk = &dom->disks[i];

		assert_true(disk->capacity_bytes == NO &&
		    disk->allocation_bytes == NO &&
		    disk->physical_bytes == NO && disk->read_ios == NO &&
		    disk->write_ios == NO && disk->read_octets == NO &&
		    disk->write_octets == NO && disk->read_time_us == NO &&
		    disk->write_time_us == NO);
	}
}

/* As QEMU's driver answers for a running guest. */
static void
test_all_keys(void **state)
{
	struct snap_domain *dom = new_domain();
	struct params p = { .n = 0 };

	(void)state;
	add_int(&p, "state.state", 1);
	add_int(&p, "state.reason", 5);
	add_ullong(&p, "cpu.time", 123456789);
	add_ullong(&p, "cpu.user", 1);
	add_ullong(&p, "balloon.current", 1048576);
	add_ullong(&p, "balloon.maximum", 2097152);
	add_ullong(&p, "balloon.unused", 5);
	add(&p, VIR_TYPED_PARAM_UINT, "vcpu.current")->value.ui = 2;
	add_int(&p, "vcpu.0.state", 1);
	add_ullong(&p, "vcpu.0.time", 1999);
	add_ullong(&p, "vcpu.0.wait", 7);
	add_ullong(&p, "vcpu.300.time", 5000000);
	add(&p, VIR_TYPED_PARAM_UINT, "block.count")->value.ui = 1;
	add_string(&p, "block.0.name", "vdb");
	add_string(&p, "block.0.path", "/x");
	add_ullong(&p, "block.0.rd.reqs", 1);
	add_ullong(&p, "block.0.rd.bytes", 2);
	add_ullong(&p, "block.0.rd.times", 3456);
	add_ullong(&p, "block.0.wr.reqs", 4);
	add_ullong(&p, "block.0.wr.bytes", 5);
	add_ullong(&p, "block.0.wr.times", 6789);
	add_ullong(&p, "block.0.allocation", 7);
	add_ullong(&p, "block.0.capacity", 8);
	add_ullong(&p, "block.0.physical", 9);
	lv_stats_fill(dom, p.list, p.n);
	assert_true(dom->cpu_time_us == 123456);
	assert_true(dom->mem_current_kib == 1048576);
	assert_true(dom->mem_max_kib == 2097152);
	assert_true(dom->vcpus[0].time_us == 1);
	assert_true(dom->vcpus[1].time_us == NO);
	assert_true(dom->vcpus[2].time_us == 5000);
	assert_true(dom->disks[2].read_ios == 1);
	assert_true(dom->disks[2].read_octets == 2);
	assert_true(dom->disks[2].read_time_us == 3);
	assert_true(dom->disks[2].write_ios == 4);
	assert_true(dom->disks[2].write_octets == 5);
	assert_true(dom->disks[2].write_time_us == 6);
	assert_true(dom->disks[2].allocation_bytes == 7);
	assert_true(dom->disks[2].capacity_bytes == 8);
	assert_true(dom->disks[2].physical_bytes == 9);
	assert_true(dom->disks[0].read_ios == NO);
	assert_true(dom->disks[1].read_ios == NO);
	snap_domain_unref(dom);
}

/* By target, not by number; one that is unknown costs only itself. */
static void
test_disks(void **state)
{
	struct snap_domain *dom = new_domain();
	struct params p = { .n = 0 };

	(void)state;
	add_ullong(&p, "block.0.rd.reqs", 99); /* of what? */
	add_string(&p, "block.0.name", "vdb");
	add_ullong(&p, "block.0.rd.reqs", 10);
	add_string(&p, "block.1.name", "sdz");
	add_ullong(&p, "block.1.rd.reqs", 11);
	add_string(&p, "block.7.name", "vda");
	add_ullong(&p, "block.7.rd.reqs", 12);
	add_ullong(&p, "block.0.wr.reqs", 99); /* not in its place */
	add_ullong(&p, "block.70.wr.reqs", 99);
	add_string(&p, "block.2.name", "");
	add_ullong(&p, "block.2.wr.reqs", 99);
	add_string(&p, "block.3.name", "vd");
	add_ullong(&p, "block.3.wr.reqs", 99);
	add_int(&p, "block.4.name", 0);
	add_ullong(&p, "block.4.wr.reqs", 99);
	lv_stats_fill(dom, p.list, p.n);
	assert_true(dom->disks[2].read_ios == 10);
	assert_true(dom->disks[0].read_ios == 12);
	dom->disks[0].read_ios = dom->disks[2].read_ios = NO;
	assert_unknown(dom);
	snap_domain_unref(dom);
}

static uint64_t
fill_one(const char *name, const virTypedParameter *value)
{
	struct snap_domain *dom = new_domain();
	virTypedParameter param = *value;
	uint64_t result;

	snprintf(param.field, sizeof(param.field), "%s", name);
	lv_stats_fill(dom, &param, 1);
	result = strcmp(name, "cpu.time") == 0 ? dom->cpu_time_us :
	    dom->mem_max_kib;
	snap_domain_unref(dom);
	return result;
}

struct typed {
	virTypedParameter value;
	uint64_t plain; /* into a field of the same unit */
	uint64_t micro; /* nanoseconds into microseconds */
};

#define ULLONG(number) { .type = VIR_TYPED_PARAM_ULLONG, .value.ul = (number) }
#define LLONG(number) { .type = VIR_TYPED_PARAM_LLONG, .value.l = (number) }
#define UINT(number) { .type = VIR_TYPED_PARAM_UINT, .value.ui = (number) }
#define INT(number) { .type = VIR_TYPED_PARAM_INT, .value.i = (number) }

static const struct typed typed[] = {
	{ ULLONG(0), 0, 0 },
	{ ULLONG(999), 999, 0 },
	{ ULLONG(1000), 1000, 1 },
	{ ULLONG(UINT32_MAX + 1ull), 4294967296, 4294967 },
	{ ULLONG(UINT64_MAX - 1), UINT64_MAX - 1, UINT64_MAX / 1000 },
	{ ULLONG(UINT64_MAX), NO, NO }, /* -1: libvirt does not know */
	{ LLONG(INT64_MAX), INT64_MAX, INT64_MAX / 1000 },
	{ LLONG(2000), 2000, 2 },
	{ LLONG(-1), NO, NO },
	{ LLONG(INT64_MIN), NO, NO },
	{ UINT(UINT_MAX), UINT_MAX, UINT_MAX / 1000 },
	{ INT(INT_MAX), INT_MAX, INT_MAX / 1000 },
	{ INT(-1), NO, NO },
	{ INT(INT_MIN), NO, NO },
	{ { .type = VIR_TYPED_PARAM_DOUBLE, .value.d = 5 }, NO, NO },
	{ { .type = VIR_TYPED_PARAM_BOOLEAN, .value.b = 1 }, NO, NO },
	{ { .type = 0, .value.ul = 5 }, NO, NO },
	{ { .type = 99, .value.ul = 5 }, NO, NO },
};

static void
test_types_and_limits(void **state)
{
	char text[] = "5";
	const virTypedParameter string = { .type = VIR_TYPED_PARAM_STRING,
	    .value.s = text };

	(void)state;
	for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
		uint64_t plain = fill_one("balloon.maximum", &typed[i].value);
		uint64_t micro = fill_one("cpu.time", &typed[i].value);

		if (plain != typed[i].plain || micro != typed[i].micro) {
			fail_msg("value %zu became %llu and %llu", i,
			    (unsigned long long)plain,
			    (unsigned long long)micro);
		}
	}
	assert_true(fill_one("balloon.maximum", &string) == NO);
	assert_true(fill_one("cpu.time", &string) == NO);
}

static const char *const absurd[] = {
	"", ".", "..", "vcpu", "vcpu.", "vcpu..time", "vcpu.time",
	"vcpu.0", "vcpu.0.", "vcpu.0time", "vcpu.0xtime", "vcpu.0 time",
	"vcpu.0.time.", "vcpu.0.time ",
	"vcpu.0..time", "vcpu.0.timex", "vcpu.0.tim", "vcpu. 0.time",
	"vcpu.+0.time", "vcpu.-0.time", "vcpu.-1.time", "vcpu.0x0.time",
	"vcpu.0.0.time", "VCPU.0.time", "xvcpu.0.time", "vcpu.1.time",
	"vcpu.3.time", "vcpu.299.time", "vcpu.4294967294.time",
	"vcpu.4294967295.time", "vcpu.4294967296.time",
	"vcpu.4294967298.time", "vcpu.18446744073709551615.time",
	"vcpu.18446744073709551616.time", "vcpu.18446744073709551618.time",
	"vcpu.99999999999999999999999999999999999999999999999999999999999.time",
	"block", "block.", "block.x.name", "block..rd.reqs",
	"block.0.rd", "block.0.rd.", "block.0.rd.reqs.", "block.0.reqs",
	"block.00.", "block.0:rd.reqs", "block.4294967296.rd.reqs", "block.1.rd.reqs",
	"block.10.rd.reqs", "block.x.rd.reqs", "rd.reqs", "capacity", "time",
	"cpu.time.", "cpu.tim", ".cpu.time", "cpu.0.time", "balloon.current.",
	"balloon", "state.state", "\xff\xfe", "%s%n",
};

/* A name that is not exactly one that is known touches nothing. */
static void
test_absurd_names(void **state)
{
	struct snap_domain *dom = new_domain();
	char longest[VIR_TYPED_PARAM_FIELD_LENGTH];

	(void)state;
	for (size_t i = 0; i < sizeof(absurd) / sizeof(absurd[0]); i++) {
		struct params p = { .n = 0 };

		add_string(&p, "block.0.name", "vda");
		add_ullong(&p, absurd[i], 77000);
		lv_stats_fill(dom, p.list, p.n);
		assert_unknown(dom);
	}
	memset(longest, '0', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	for (const char *prefix = "vcpu.\0block.\0cpu.time\0"; *prefix != '\0';
	     prefix += strlen(prefix) + 1) {
		struct params p = { .n = 0 };

		memcpy(longest, prefix, strlen(prefix));
		add_ullong(&p, longest, 77000);
		lv_stats_fill(dom, p.list, p.n);
		assert_unknown(dom);
	}
	lv_stats_fill(dom, NULL, 0);
	assert_unknown(dom);
	snap_domain_unref(dom);
}

static void
test_state(void **state)
{
	struct params p = { .n = 0 };
	int value = -7, reason = -7;

	(void)state;
	assert_false(lv_stats_state(p.list, p.n, &value, &reason));
	add_ullong(&p, "state.state", 3);
	add_ullong(&p, "cpu.time", 3);
	assert_false(lv_stats_state(p.list, p.n, &value, &reason));
	assert_int_equal(value, -7);
	add_int(&p, "state.reason", 5);
	add_int(&p, "state.state", 1);
	assert_true(lv_stats_state(p.list, p.n, &value, &reason));
	assert_int_equal(value, 1);
	assert_int_equal(reason, 5);
	/* A state without a reason has none, not the one before. */
	p.n = 0;
	add_int(&p, "state.state", 4);
	assert_true(lv_stats_state(p.list, p.n, &value, &reason));
	assert_int_equal(value, 4);
	assert_int_equal(reason, 0);
}

/* Without a state nothing is said, so what was known stays. */
static void
test_missing_state(void **state)
{
	struct params p = { .n = 0 };
	int value = 3, reason = 5;

	(void)state;
	add_ullong(&p, "cpu.time", 3);
	assert_false(lv_stats_state(p.list, p.n, &value, &reason));
	assert_int_equal(value, 3);
	assert_int_equal(reason, 5);
}

static void
test_vcpus(void **state)
{
	struct params p = { .n = 0 };
	uint32_t ids[4] = { 0 };

	(void)state;
	assert_int_equal(lv_stats_vcpus(p.list, p.n, ids, 4), 0);
	add(&p, VIR_TYPED_PARAM_UINT, "vcpu.current")->value.ui = 3;
	add(&p, VIR_TYPED_PARAM_UINT, "vcpu.maximum")->value.ui = 8;
	add_ullong(&p, "vcpu.5.time", 1);
	add_ullong(&p, "vcpu.4294967296.state", 1);
	add_ullong(&p, "vcpu..state", 1);
	add_ullong(&p, "block.3.state", 1);
	assert_int_equal(lv_stats_vcpus(p.list, p.n, ids, 4), 0);
	add_int(&p, "vcpu.0.state", 1);
	add_ullong(&p, "vcpu.0.time", 1);
	add_int(&p, "vcpu.0.state", 1);
	add_int(&p, "vcpu.6.state", 1);
	add_int(&p, "vcpu.7.state", 0);
	assert_int_equal(lv_stats_vcpus(p.list, p.n, ids, 4), 3);
	assert_true(ids[0] == 0 && ids[1] == 6 && ids[2] == 7);
	assert_int_equal(lv_stats_vcpus(p.list, p.n, ids, 2), 2);
	assert_int_equal(lv_stats_vcpus(p.list, p.n, ids, 0), 0);
	/* Whatever the order they come in, what goes out ascends. */
	add_int(&p, "vcpu.3.state", 1);
	add_int(&p, "vcpu.11.state", 1);
	size_t n = lv_stats_vcpus(p.list, p.n, ids, 4);
	for (size_t i = 1; i < n; i++) {
		assert_true(ids[i - 1] < ids[i]);
	}
}

static void
random_name(struct random *rnd, char *name, size_t size)
{
	static const char *const pieces[] = {
		"vcpu.", "block.", "cpu.", "time", "state", "name", "rd.",
		"reqs", "0", "2", "300", "4294967295", ".", "-1", " ", "vda",
		"balloon.", "current", "99999999999999999999", "\xc3",
	};
	size_t n = 1 + random_below(rnd, 5);

	name[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		const char *piece = pieces[random_below(rnd,
		    sizeof(pieces) / sizeof(pieces[0]))];

		if (strlen(name) + strlen(piece) < size) {
			strcat(name, piece);
		}
	}
}

/* For the sanitizers, and that only times and known fields change. */
static void
test_random_names(void **state)
{
	struct random rnd = { 1 };
	struct snap_domain *dom = new_domain();
	char name[VIR_TYPED_PARAM_FIELD_LENGTH], text[] = "vda";
	uint32_t ids[8];
	int value, reason;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		struct params p = { .n = 0 };

		while (p.n < 20) {
			virTypedParameter *param;

			random_name(&rnd, name, sizeof(name));
			param = add(&p, (int)random_below(&rnd, 9), name);
			param->value.ul = random_u64(&rnd);
			if (param->type == VIR_TYPED_PARAM_STRING) {
				param->value.s = text;
			}
		}
		lv_stats_fill(dom, p.list, p.n);
		(void)lv_stats_state(p.list, p.n, &value, &reason);
		assert_true(lv_stats_vcpus(p.list, p.n, ids, 8) <= 8);
	}
	assert_int_equal(dom->n_vcpus, 3);
	assert_int_equal(dom->n_disks, 3);
	assert_int_equal(dom->vcpus[2].index, 301);
	assert_string_equal(dom->disks[0].def.target, "vda");
	assert_true(dom->disks[1].read_ios == NO);
	snap_domain_unref(dom);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_keys),
		cmocka_unit_test(test_disks),
		cmocka_unit_test(test_types_and_limits),
		cmocka_unit_test(test_absurd_names),
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_missing_state),
		cmocka_unit_test(test_vcpus),
		cmocka_unit_test(test_random_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
