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
#include "snap_fields.h"
#include "snapshot.h"
#include "snapshot_random.h"
#include "typed_params.h"

#define NO SNAP_NO_U64

/*
 * Disks vda, vdb and one without a target; interfaces vnet0, vnet1 and one
 * that has no device; vCPUs 0, 2 and 300.
 */
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
	def->n_nics = 3;
	def->nics = snap_def_alloc(def, 3, sizeof(*def->nics));
	assert_non_null(def->nics);
	def->nics[0].ifname = snap_def_text(def, "vnet0");
	def->nics[2].ifname = snap_def_text(def, "vnet1");
	dom = snap_domain_new(def, ids, 3);
	snap_def_unref(def);
	assert_non_null(dom);
	return dom;
}

/* No measured field of a row has a value. */
static void
assert_row_unknown(const struct snap_fields *fields, void *row)
{
	static const struct snap_rate none;

	for (size_t i = 0; i < fields->n_u64s; i++) {
		assert_true(*snap_u64(row, fields->u64s[i]) == NO);
	}
	for (size_t i = 0; i < fields->n_i32s; i++) {
		assert_true(*snap_i32(row, fields->i32s[i]) == SNAP_NO_I32);
	}
	for (size_t i = 0; i < fields->n_rates; i++) {
		assert_memory_equal(snap_rate_of(row, fields->rates[i].rate),
		    &none, sizeof(none));
	}
}

/* Nothing of the domain is known, beside what the caller has reset. */
static void
assert_unknown(struct snap_domain *dom)
{
	assert_row_unknown(&snap_domain_fields, dom);
	for (size_t i = 0; i < dom->n_vcpus; i++) {
		assert_row_unknown(&snap_vcpu_fields, &dom->vcpus[i]);
	}
	for (size_t i = 0; i < dom->n_disks; i++) {
		assert_row_unknown(&snap_disk_fields, &dom->disks[i]);
	}
	for (size_t i = 0; i < dom->n_nics; i++) {
		assert_row_unknown(&snap_nic_fields, &dom->nics[i]);
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
	assert_true(dom->memory.actual == UINT64_C(1048576) * 1024);
	assert_true(dom->memory.maximum == UINT64_C(2097152) * 1024);
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

#define DOMAIN(field) offsetof(struct snap_domain, field)
#define VCPU(field) offsetof(struct snap_vcpu, field)
#define DISK(field) offsetof(struct snap_disk, field)
#define NIC(field) offsetof(struct snap_nic, field)

/* Every key that is served, as libvirt's manual has it, and its unit there. */
static const struct key {
	const char *name;
	size_t offset; /* in the row that the name is about */
	enum { PLAIN, NANOSECONDS, KIBIBYTES } unit;
} keys[] = {
	{ "cpu.time", DOMAIN(cpu_time_us), NANOSECONDS },
	{ "cpu.user", DOMAIN(cpu_user_us), NANOSECONDS },
	{ "cpu.system", DOMAIN(cpu_system_us), NANOSECONDS },
	{ "cpu.haltpoll.success.time", DOMAIN(haltpoll_success_us),
	    NANOSECONDS },
	{ "cpu.haltpoll.fail.time", DOMAIN(haltpoll_fail_us), NANOSECONDS },
	{ "vcpu.current", DOMAIN(vcpus_online), PLAIN },
	{ "vcpu.maximum", DOMAIN(vcpus_maximum), PLAIN },
	{ "balloon.current", DOMAIN(memory.actual), KIBIBYTES },
	{ "balloon.maximum", DOMAIN(memory.maximum), KIBIBYTES },
	{ "balloon.swap_in", DOMAIN(memory.swap_in), KIBIBYTES },
	{ "balloon.swap_out", DOMAIN(memory.swap_out), KIBIBYTES },
	{ "balloon.major_fault", DOMAIN(memory.major_faults), PLAIN },
	{ "balloon.minor_fault", DOMAIN(memory.minor_faults), PLAIN },
	{ "balloon.unused", DOMAIN(memory.unused), KIBIBYTES },
	{ "balloon.available", DOMAIN(memory.available), KIBIBYTES },
	{ "balloon.usable", DOMAIN(memory.usable), KIBIBYTES },
	{ "balloon.rss", DOMAIN(memory.rss), KIBIBYTES },
	{ "balloon.disk_caches", DOMAIN(memory.disk_caches), KIBIBYTES },
	{ "balloon.hugetlb_pgalloc", DOMAIN(memory.hugetlb_allocations),
	    PLAIN },
	{ "balloon.hugetlb_pgfail", DOMAIN(memory.hugetlb_failures), PLAIN },
	{ "balloon.last-update", DOMAIN(memory.updated_s), PLAIN },
	{ "vcpu.2.time", VCPU(time_us), NANOSECONDS },
	{ "vcpu.2.wait", VCPU(wait_us), NANOSECONDS },
	{ "vcpu.2.delay", VCPU(delay_us), NANOSECONDS },
	{ "block.4.rd.reqs", DISK(read_ios), PLAIN },
	{ "block.4.rd.bytes", DISK(read_octets), PLAIN },
	{ "block.4.rd.times", DISK(read_time_us), NANOSECONDS },
	{ "block.4.wr.reqs", DISK(write_ios), PLAIN },
	{ "block.4.wr.bytes", DISK(write_octets), PLAIN },
	{ "block.4.wr.times", DISK(write_time_us), NANOSECONDS },
	{ "block.4.fl.reqs", DISK(flush_ios), PLAIN },
	{ "block.4.fl.times", DISK(flush_time_us), NANOSECONDS },
	{ "block.4.errors", DISK(errors), PLAIN },
	{ "block.4.allocation", DISK(allocation_bytes), PLAIN },
	{ "block.4.capacity", DISK(capacity_bytes), PLAIN },
	{ "block.4.physical", DISK(physical_bytes), PLAIN },
	{ "block.4.threshold", DISK(threshold_bytes), PLAIN },
	{ "net.4.rx.bytes", NIC(rx_octets), PLAIN },
	{ "net.4.rx.pkts", NIC(rx_packets), PLAIN },
	{ "net.4.rx.errs", NIC(rx_errors), PLAIN },
	{ "net.4.rx.drop", NIC(rx_drops), PLAIN },
	{ "net.4.tx.bytes", NIC(tx_octets), PLAIN },
	{ "net.4.tx.pkts", NIC(tx_packets), PLAIN },
	{ "net.4.tx.errs", NIC(tx_errors), PLAIN },
	{ "net.4.tx.drop", NIC(tx_drops), PLAIN },
};

/* The row that a name of keys[] is about, if vdb and vnet1 are the device. */
static void *
row_of(struct snap_domain *dom, const char *name)
{
	if (strncmp(name, "vcpu.2.", 7) == 0) {
		return &dom->vcpus[1];
	}
	if (strncmp(name, "block.", 6) == 0) {
		return &dom->disks[2];
	}
	return strncmp(name, "net.", 4) == 0 ? (void *)&dom->nics[2] :
	    (void *)dom;
}

/* Each by itself: in its unit, in its field, and in no other. */
static void
test_each_key(void **state)
{
	static const uint64_t expected[] = {
		[PLAIN] = 7654321, [NANOSECONDS] = 7654,
		[KIBIBYTES] = UINT64_C(7838024704),
	};
	struct snap_domain *dom = new_domain();

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct params p = { .n = 0 };
		uint64_t *field = snap_u64(row_of(dom, keys[i].name),
		    keys[i].offset);

		add_string(&p, "block.4.name", "vdb");
		add_string(&p, "net.4.name", "vnet1");
		add_ullong(&p, keys[i].name, 7654321);
		lv_stats_fill(dom, p.list, p.n);
		if (*field != expected[keys[i].unit]) {
			fail_msg("%s became %llu", keys[i].name,
			    (unsigned long long)*field);
		}
		*field = NO;
		assert_unknown(dom);
	}
	/* and every measured 64-bit field has one of them, besides threshold */
	assert_int_equal(sizeof(keys) / sizeof(keys[0]),
	    snap_domain_fields.n_u64s + snap_vcpu_fields.n_u64s +
	    snap_disk_fields.n_u64s + snap_nic_fields.n_u64s + 1);
	snap_domain_unref(dom);
}

/* What vCPUs do, as small numbers and as truth values of SNMP. */
static void
test_vcpu_states(void **state)
{
	struct snap_domain *dom = new_domain();
	struct params p = { .n = 0 };

	(void)state;
	add_int(&p, "vcpu.0.state", 2);
	add_int(&p, "vcpu.2.state", 0);
	add_int(&p, "vcpu.300.state", -1);
	add_bool(&p, "vcpu.0.halted", 1);
	add_bool(&p, "vcpu.2.halted", 0);
	lv_stats_fill(dom, p.list, p.n);
	assert_int_equal(dom->vcpus[0].state, 2);
	assert_int_equal(dom->vcpus[1].state, 0);
	assert_int_equal(dom->vcpus[2].state, SNAP_NO_I32);
	assert_int_equal(dom->vcpus[0].halted, SNAP_TRUE);
	assert_int_equal(dom->vcpus[1].halted, SNAP_FALSE);
	assert_int_equal(dom->vcpus[2].halted, SNAP_NO_I32);
	/* Any byte but 0 is true; what is no state leaves the last one. */
	p.n = 0;
	add_bool(&p, "vcpu.2.halted", -128);
	add_ullong(&p, "vcpu.0.state", UINT64_C(2147483648));
	add_ullong(&p, "vcpu.2.state", UINT64_C(4294967297));
	add_int(&p, "vcpu.300.state", 3); /* newer than the MIB */
	add_string(&p, "vcpu.0.halted", "yes");
	lv_stats_fill(dom, p.list, p.n);
	assert_int_equal(dom->vcpus[1].halted, SNAP_TRUE);
	assert_int_equal(dom->vcpus[0].state, 2);
	assert_int_equal(dom->vcpus[1].state, 0);
	assert_int_equal(dom->vcpus[2].state, SNAP_NO_I32);
	assert_int_equal(dom->vcpus[0].halted, SNAP_TRUE);
	snap_domain_unref(dom);
}

/* By the host's device, not by number; one that is unknown costs itself. */
static void
test_nics(void **state)
{
	struct snap_domain *dom = new_domain();
	struct params p = { .n = 0 };

	(void)state;
	add_ullong(&p, "net.0.rx.bytes", 99); /* of what? */
	add(&p, VIR_TYPED_PARAM_UINT, "net.count")->value.ui = 4;
	add_string(&p, "net.0.name", "vnet1");
	add_ullong(&p, "net.0.rx.bytes", 10);
	add_string(&p, "net.1.name", "vnet2");
	add_ullong(&p, "net.1.rx.bytes", 11);
	add_string(&p, "net.2.name", "vnet0");
	add_ullong(&p, "net.2.tx.drop", 12);
	add_ullong(&p, "net.0.rx.pkts", 99); /* not in its place */
	add_string(&p, "net.3.name", "");
	add_ullong(&p, "net.3.rx.pkts", 99);
	add_string(&p, "net.4.name", "vnet");
	add_ullong(&p, "net.4.rx.pkts", 99);
	add_int(&p, "net.5.name", 0);
	add_ullong(&p, "net.5.rx.pkts", 99);
	lv_stats_fill(dom, p.list, p.n);
	assert_true(dom->nics[2].rx_octets == 10);
	assert_true(dom->nics[0].tx_drops == 12);
	dom->nics[2].rx_octets = dom->nics[0].tx_drops = NO;
	assert_unknown(dom);
	snap_domain_unref(dom);
}

/* Disks and interfaces with the same numbers do not get into each other. */
static void
test_interleaved_devices(void **state)
{
	struct snap_domain *dom = new_domain();
	struct params p = { .n = 0 };

	(void)state;
	add_string(&p, "block.0.name", "vda");
	add_string(&p, "net.0.name", "vnet0");
	add_ullong(&p, "block.0.rd.reqs", 1);
	add_ullong(&p, "net.0.rx.bytes", 2);
	add_ullong(&p, "block.0.rx.bytes", 99);
	add_ullong(&p, "net.0.rd.reqs", 99);
	add_string(&p, "net.1.name", "vda");
	add_ullong(&p, "block.0.wr.reqs", 3);
	add_ullong(&p, "net.1.tx.bytes", 99);
	add_string(&p, "block.1.name", "vnet1");
	add_ullong(&p, "block.1.wr.reqs", 99);
	add_string(&p, "net.1.name", "vnet1");
	add_ullong(&p, "net.1.tx.bytes", 4);
	lv_stats_fill(dom, p.list, p.n);
	assert_true(dom->disks[0].read_ios == 1);
	assert_true(dom->nics[0].rx_octets == 2);
	assert_true(dom->disks[0].write_ios == 3);
	assert_true(dom->nics[2].tx_octets == 4);
	dom->disks[0].read_ios = dom->disks[0].write_ios = NO;
	dom->nics[0].rx_octets = dom->nics[2].tx_octets = NO;
	assert_unknown(dom);
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
	if (strcmp(name, "cpu.time") == 0) {
		result = dom->cpu_time_us;
	} else {
		result = strcmp(name, "balloon.rss") == 0 ? dom->memory.rss :
		    dom->memory.updated_s;
	}
	snap_domain_unref(dom);
	return result;
}

struct typed {
	virTypedParameter value;
	uint64_t plain; /* into a field of the same unit */
	uint64_t micro; /* nanoseconds into microseconds */
	uint64_t bytes; /* of KiB */
};

#define ULLONG(number) { .type = VIR_TYPED_PARAM_ULLONG, .value.ul = (number) }
#define LLONG(number) { .type = VIR_TYPED_PARAM_LLONG, .value.l = (number) }
#define UINT(number) { .type = VIR_TYPED_PARAM_UINT, .value.ui = (number) }
#define INT(number) { .type = VIR_TYPED_PARAM_INT, .value.i = (number) }

static const struct typed typed[] = {
	{ ULLONG(0), 0, 0, 0 },
	{ ULLONG(999), 999, 0, 1022976 },
	{ ULLONG(1000), 1000, 1, 1024000 },
	{ ULLONG(UINT32_MAX + 1ull), 4294967296, 4294967, 4398046511104 },
	{ ULLONG(UINT64_MAX / 1024), UINT64_MAX / 1024,
	    UINT64_MAX / 1024 / 1000, UINT64_MAX - 1023 },
	/* no byte count */
	{ ULLONG(UINT64_MAX / 1024 + 1), UINT64_MAX / 1024 + 1,
	    (UINT64_MAX / 1024 + 1) / 1000, NO },
	{ ULLONG(UINT64_MAX - 1), UINT64_MAX - 1, UINT64_MAX / 1000, NO },
	{ ULLONG(UINT64_MAX), NO, NO, NO }, /* -1: libvirt does not know */
	{ LLONG(INT64_MAX), INT64_MAX, INT64_MAX / 1000, NO },
	{ LLONG(2000), 2000, 2, 2048000 },
	{ LLONG(-1), NO, NO, NO },
	{ LLONG(INT64_MIN), NO, NO, NO },
	{ UINT(UINT_MAX), UINT_MAX, UINT_MAX / 1000, 4398046510080 },
	{ INT(INT_MAX), INT_MAX, INT_MAX / 1000, 2199023254528 },
	{ INT(-1), NO, NO, NO },
	{ INT(INT_MIN), NO, NO, NO },
	{ { .type = VIR_TYPED_PARAM_DOUBLE, .value.d = 5 }, NO, NO, NO },
	{ { .type = VIR_TYPED_PARAM_BOOLEAN, .value.b = 5 }, 1, 0, 1024 },
	{ { .type = 0, .value.ul = 5 }, NO, NO, NO },
	{ { .type = 99, .value.ul = 5 }, NO, NO, NO },
};

static void
test_types_and_limits(void **state)
{
	char text[] = "5";
	const virTypedParameter string = { .type = VIR_TYPED_PARAM_STRING,
	    .value.s = text };

	(void)state;
	for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
		uint64_t plain = fill_one("balloon.last-update",
		    &typed[i].value);
		uint64_t micro = fill_one("cpu.time", &typed[i].value);
		uint64_t bytes = fill_one("balloon.rss", &typed[i].value);

		if (plain != typed[i].plain || micro != typed[i].micro ||
		    bytes != typed[i].bytes) {
			fail_msg("value %zu became %llu, %llu and %llu", i,
			    (unsigned long long)plain,
			    (unsigned long long)micro,
			    (unsigned long long)bytes);
		}
	}
	assert_true(fill_one("balloon.rss", &string) == NO);
	assert_true(fill_one("balloon.last-update", &string) == NO);
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
	"net", "net.", "net.x.name", "net.0", "net.0.rx", "net.0.rx.",
	"net.0.rx.bytes.", "net.0.rx.byte", "net.1.rx.bytes", "net.-0.rx.bytes",
	"net.4294967296.rx.bytes", "net. 0.rx.bytes", "rx.bytes",
	"block.0.rx.bytes", "net.0.rd.reqs", "vcpu.0.rx.bytes", "halted",
	"vcpu.0.halted.", "vcpu.0.haltedx", "balloon.last_update",
	"balloon.swap-in", "cpu.haltpoll", "cpu.haltpoll.success",
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
		add_string(&p, "net.0.name", "vnet0");
		add_ullong(&p, absurd[i], 77000);
		lv_stats_fill(dom, p.list, p.n);
		assert_unknown(dom);
	}
	memset(longest, '0', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	for (const char *prefix = "vcpu.\0block.\0net.\0cpu.time\0"; *prefix != '\0';
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
		"vcpu.", "block.", "net.", "cpu.", "vnet0", "rx.", "bytes",
		"halted", "time", "state", "name", "rd.",
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
	char name[VIR_TYPED_PARAM_FIELD_LENGTH];
	char vda[] = "vda", vnet0[] = "vnet0";
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
				param->value.s = random_once_in(&rnd, 2) ?
				    vda : vnet0;
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
	/* What has no name cannot have been meant. */
	assert_row_unknown(&snap_disk_fields, &dom->disks[1]);
	assert_row_unknown(&snap_nic_fields, &dom->nics[1]);
	snap_domain_unref(dom);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_keys),
		cmocka_unit_test(test_each_key),
		cmocka_unit_test(test_vcpu_states),
		cmocka_unit_test(test_disks),
		cmocka_unit_test(test_nics),
		cmocka_unit_test(test_interleaved_devices),
		cmocka_unit_test(test_types_and_limits),
		cmocka_unit_test(test_absurd_names),
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_missing_state),
		cmocka_unit_test(test_vcpus),
		cmocka_unit_test(test_random_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
