/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests domxml.c on the samples in data/domxml and on generated documents. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "domxml_test.h"
#include "domxml_value.h"
#include "snapshot.h"

static struct snap_def *
parse_file(const char *name, char *why, size_t why_size)
{
	const char *tests = getenv("srcdir");
	char path[4096], xml[65536];
	size_t len;
	FILE *file;

	snprintf(path, sizeof(path), "%s/data/domxml/%s.xml",
	    tests != NULL ? tests : "tests", name);
	file = fopen(path, "r");
	if (file == NULL)
		fail_msg("cannot open %s", path);
	len = fread(xml, 1, sizeof(xml), file);
	assert_true(len < sizeof(xml));
	fclose(file);
	return parse_exactly(xml, len, NULL, 0, why, why_size);
}

static struct snap_def *
parse_good_file(const char *name)
{
	char why[200] = "";
	struct snap_def *def = parse_file(name, why, sizeof(why));

	if (def == NULL)
		fail_msg("%s: %s", name, why);
	assert_int_equal(atomic_load(&def->refs), 1);
	return def;
}

static void
test_full(void **state)
{
	static const uint32_t plugged[] = { 0, 2, 4 };
	struct snap_def *def = parse_good_file("full");

	(void)state;
	expect_text(def->name, "shop R&D");
	expect_text(def->os_type, "http://debian.org/debian/12");
	assert_int_equal(def->vcpus_max, 6);
	assert_int_equal(def->n_vcpus, 3);
	assert_memory_equal(def->vcpu_ids, plugged, sizeof(plugged));
	assert_int_equal(def->mem_max_kib, 8388608);
	assert_int_equal(def->mem_current_kib, 4194304);
	assert_int_equal(def->mem_min_kib, 1048576);
	assert_int_equal(def->n_cpumaps, 0);
	assert_int_equal(def->n_disks, 1);
	expect_text(def->disks[0].target, "vda");
	expect_text(def->disks[0].device, "disk");
	expect_text(def->disks[0].bus, "virtio");
	expect_text(def->disks[0].type, "file");
	expect_text(def->disks[0].format, "qcow2");
	expect_text(def->disks[0].protocol, NULL);
	expect_text(def->disks[0].source, "/srv/images/shop.qcow2");
	assert_false(def->disks[0].readonly);
	assert_int_equal(def->n_nics, 1);
	assert_int_equal(def->nics[0].mac.len, 6);
	assert_memory_equal(def->nics[0].mac.octets,
	    "\x52\x54\0\x5d\xc7\x9e", 6);
	expect_text(def->nics[0].type, "network");
	expect_text(def->nics[0].model, "virtio");
	expect_text(def->nics[0].ifname, "vnet0");
	expect_text(def->nics[0].source, "default");
	assert_int_equal(def->nics[0].if_index, 0);
	assert_int_equal(def->nics[0].parent, 0);
	snap_def_unref(def);
}

static void
test_minimal(void **state)
{
	static const uint32_t plugged[] = { 0, 1 };
	struct snap_def *def = parse_good_file("minimal");

	(void)state;
	expect_text(def->name, "small");
	expect_text(def->os_type, "hvm");
	assert_int_equal(def->vcpus_max, 2);
	assert_int_equal(def->n_vcpus, 2);
	assert_memory_equal(def->vcpu_ids, plugged, sizeof(plugged));
	assert_int_equal(def->mem_max_kib, 2048);
	assert_int_equal(def->mem_current_kib, 2048);
	assert_true(def->mem_min_kib == SNAP_NO_U64);
	assert_int_equal(def->n_disks, 0);
	assert_int_equal(def->n_nics, 0);
	snap_def_unref(def);
}

static const struct {
	const char *target;
	const char *device;
	const char *bus;
	const char *type;
	const char *format;
	const char *protocol;
	const char *source;
	bool readonly;
} disks[] = {
	{ "a", "disk", "virtio", "file", NULL, NULL, "/srv/a.img", false },
	{ "b", "lun", "scsi", "block", "raw", NULL, "/dev/vg0/b", false },
	{ "c", "floppy", "fdc", "dir", "fat", NULL, "/srv/c", true },
	{ "d", "disk", "virtio", "network", "raw", "rbd",
	    "rbd://mon1:6789,[2001:db8::7]:6790,mon3/pool/image", false },
	{ "e", "disk", NULL, "network", NULL, "nbd",
	    "nbd+unix:///export?socket=/run/nbd.sock", false },
	{ "f", "disk", NULL, "network", NULL, "nbd",
	    "nbd://nbd.example.org:10809", false },
	{ "g", "disk", NULL, "network", NULL, "gluster",
	    "gluster+rdma://g1/vol/f.img", false },
	{ "h", "disk", NULL, "network", NULL, "rbd", "rbd:///pool/nohost",
	    false },
	{ "i", "cdrom", "sata", "network", NULL, "https",
	    "https://www.example.org:443/iso/i.iso", true },
	{ "j", "disk", NULL, "volume", NULL, NULL, "default/j.qcow2", false },
	{ "k", "disk", NULL, "nvme", NULL, NULL, "nvme://0000:01:1f.7/1",
	    false },
	{ "l", "disk", "virtio", "vhostuser", NULL, NULL, "/run/vhost.sock",
	    false },
	{ "m", "disk", "virtio", "vhostvdpa", NULL, NULL,
	    "/dev/vhost-vdpa-0", false },
	{ "n", "cdrom", "ide", "file", "raw", NULL, NULL, true },
	{ "o", "cdrom", "ide", "block", NULL, NULL, NULL, true },
	{ "p", "disk", NULL, "file", NULL, NULL, "/srv/default", false },
	{ "q", "disk", NULL, "quantum", NULL, NULL, NULL, false },
	{ "disk#18", "disk", NULL, "file", NULL, NULL, "/srv/nameless", false },
	{ "s", "disk", NULL, "nvme", NULL, NULL, NULL, false },
	{ "t", "disk", NULL, "volume", NULL, NULL, NULL, false },
	{ "u", "disk", NULL, "network", NULL, NULL, NULL, false },
	{ "v", "disk", NULL, "network", NULL, "nbd",
	    "nbd+unix:///?socket=/run/v", false },
};

static void
test_disks(void **state)
{
	struct snap_def *def = parse_good_file("disks");
	size_t i, n = sizeof(disks) / sizeof(disks[0]);

	(void)state;
	assert_int_equal(def->n_disks, n);
	for (i = 0; i < n; i++) {
		expect_text(def->disks[i].target, disks[i].target);
		expect_text(def->disks[i].device, disks[i].device);
		expect_text(def->disks[i].bus, disks[i].bus);
		expect_text(def->disks[i].type, disks[i].type);
		expect_text(def->disks[i].format, disks[i].format);
		expect_text(def->disks[i].protocol, disks[i].protocol);
		expect_text(def->disks[i].source, disks[i].source);
		assert_int_equal(def->disks[i].readonly, disks[i].readonly);
	}
	snap_def_unref(def);
}

#define MAC6(last) { 6, { 0x52, 0x54, 0, 0, 0, last } }

static const struct {
	struct snap_mac mac;
	const char *type;
	const char *model;
	const char *ifname;
	const char *source;
} nics[] = {
	{ MAC6(1), "bridge", "e1000", "vnet1", "br0" },
	{ { 6, { 0x52, 0x54, 0, 10, 11, 12 } }, "network", NULL, NULL, "lan" },
	{ MAC6(3), "direct", NULL, "macvtap0", "eth0" },
	{ MAC6(4), "ethernet", NULL, "tap4", NULL },
	{ { 0, { 0 } }, "user", NULL, NULL, NULL },
	{ MAC6(6), "vhostuser", NULL, NULL, "/run/vhost6.sock" },
	{ MAC6(7), "hostdev", NULL, NULL, "0001:0a:10.3" },
	{ { 8, { 0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77 } }, "mcast", NULL,
	    NULL, "230.0.0.1:5558" },
	{ { 0, { 0 } }, "udp", NULL, NULL, "[2001:db8::1]:11115" },
	{ { 0, { 0 } }, "internal", NULL, NULL, "switch" },
	{ { 0, { 0 } }, "vdpa", NULL, NULL, "/dev/vhost-vdpa-1" },
	{ { 0, { 0 } }, "vds", NULL, NULL, "12345678-1234" },
	{ { 0, { 0 } }, "server", NULL, NULL, ":5000" },
	{ { 0, { 0 } }, "null", NULL, NULL, NULL },
	{ { 0, { 0 } }, NULL, NULL, NULL, NULL },
};

static void
test_nics(void **state)
{
	struct snap_def *def = parse_good_file("nics");
	size_t i, n = sizeof(nics) / sizeof(nics[0]);

	(void)state;
	assert_int_equal(def->n_nics, n);
	for (i = 0; i < n; i++) {
		expect_text(def->nics[i].type, nics[i].type);
		expect_text(def->nics[i].model, nics[i].model);
		expect_text(def->nics[i].ifname, nics[i].ifname);
		expect_text(def->nics[i].source, nics[i].source);
		assert_int_equal(def->nics[i].mac.len, nics[i].mac.len);
		assert_memory_equal(def->nics[i].mac.octets,
		    nics[i].mac.octets, 8);
	}
	snap_def_unref(def);
}

static void
test_malformed(void **state)
{
	struct snap_def *def = parse_good_file("malformed");

	(void)state;
	expect_text(def->name, NULL);
	expect_text(def->os_type, NULL);
	assert_true(def->mem_max_kib == SNAP_NO_U64);
	assert_true(def->mem_current_kib == SNAP_NO_U64);
	assert_true(def->mem_min_kib == SNAP_NO_U64);
	assert_int_equal(def->vcpus_max, 0);
	assert_int_equal(def->n_vcpus, 0);
	assert_int_equal(def->n_disks, 1);
	expect_text(def->disks[0].target, "disk#1");
	expect_text(def->disks[0].device, "disk");
	expect_text(def->disks[0].source, NULL);
	assert_int_equal(def->n_nics, 1);
	snap_def_unref(def);
}

static void
test_duplicates(void **state)
{
	struct snap_def *def = parse_good_file("duplicates");

	(void)state;
	expect_text(def->name, "first");
	expect_text(def->os_type, "linux");
	assert_int_equal(def->mem_max_kib, 1024);
	assert_int_equal(def->vcpus_max, 4);
	assert_int_equal(def->n_vcpus, 4); /* current=8 is impossible */
	assert_int_equal(def->n_disks, 2);
	expect_text(def->disks[0].source, "/first");
	expect_text(def->disks[0].target, "vda");
	expect_text(def->disks[1].target, "vda");
	assert_int_equal(def->n_nics, 2);
	assert_int_equal(def->nics[0].mac.octets[5], 1);
	snap_def_unref(def);
}

static void
test_unusual_but_valid(void **state)
{
	struct snap_def *def = parse_good_file("maxmemory-only");

	(void)state;
	assert_int_equal(def->mem_max_kib, 4 * 1024 * 1024);
	assert_true(def->mem_current_kib == SNAP_NO_U64);
	snap_def_unref(def);

	/* Declares an encoding that it has not. */
	def = parse_good_file("cdata");
	expect_text(def->name, "a<b \xc3\xa9");
	expect_text(def->os_type, "Linux<");
	assert_int_equal(def->mem_max_kib, 4096);
	snap_def_unref(def);
}

static void
test_refused(void **state)
{
	static const struct {
		const char *name;
		const char *why;
	} files[] = {
		{ "billion-laughs", "has a document type declaration" },
		{ "external-entity", "has a document type declaration" },
		{ "external-dtd", "has a document type declaration" },
		{ "doctype-only", "has a document type declaration" },
		{ "attribute-default", "has a document type declaration" },
		{ "undefined-entity", "line 1: " },
		{ "wrong-nesting", "line 3: " },
		{ "truncated", "line 1: " },
		{ "wrong-root", "the root element is not <domain>" },
		{ "foreign-root", "the root element is not <domain>" },
		{ "two-roots", "line 2: " },
		{ "empty", "" },
		{ "not-xml", "line 1: " },
		{ "invalid-utf8", "line 1: " },
		{ "nul", "too long, or has a NUL in it" },
		{ "nul-after", "too long, or has a NUL in it" },
	};
	char why[200];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		why[0] = '\0';
		if (parse_file(files[i].name, why, sizeof(why)) != NULL)
			fail_msg("%s was taken", files[i].name);
		if (strncmp(why, files[i].why, strlen(files[i].why)) != 0)
			fail_msg("%s: %s", files[i].name, why);
		assert_true(strlen(why) > strlen("line 1: "));
		assert_null(strchr(why, '\n'));
	}
	/* The reason is cut to fit, or not wanted. */
	assert_null(parse_file("wrong-root", why, 8));
	assert_string_equal(why, "the roo");
	assert_null(parse_file("wrong-root", NULL, 0));
}

static void
test_memory_units(void **state)
{
	(void)state;
	assert_int_equal(domxml_kib("1", NULL), 1);
	assert_int_equal(domxml_kib("0", NULL), 0);
	assert_int_equal(domxml_kib("1024", "b"), 1);
	assert_int_equal(domxml_kib("1025", "bytes"), 2);
	assert_int_equal(domxml_kib("1", "byte"), 1);
	assert_int_equal(domxml_kib("128", "KB"), 125);
	assert_int_equal(domxml_kib("7", "k"), 7);
	assert_int_equal(domxml_kib("7", "KiB"), 7);
	assert_int_equal(domxml_kib("7", "kib"), 7);
	assert_int_equal(domxml_kib("1", "MB"), 977);
	assert_int_equal(domxml_kib("1", "M"), 1024);
	assert_int_equal(domxml_kib("1", "MiB"), 1024);
	assert_int_equal(domxml_kib("1", "GB"), 976563);
	assert_int_equal(domxml_kib("1", "G"), 1048576);
	assert_int_equal(domxml_kib("1", "GiB"), 1048576);
	assert_int_equal(domxml_kib("1", "TB"), 976562500);
	assert_int_equal(domxml_kib("1", "T"), 1073741824);
	assert_int_equal(domxml_kib("1", "TiB"), 1073741824);
	assert_int_equal(domxml_kib("1", "PiB"), 1099511627776);
	assert_true(domxml_kib("15", "EiB") == (uint64_t)15 << 50);
	assert_true(domxml_kib("16", "EiB") == SNAP_NO_U64);
	assert_true(domxml_kib("18446744073709551615", "b") ==
	    (uint64_t)1 << 54);
	assert_true(domxml_kib("18446744073709551616", "b") == SNAP_NO_U64);
	assert_true(domxml_kib("18014398509481983", NULL) ==
	    18014398509481983);
	assert_true(domxml_kib("18014398509481984", NULL) == SNAP_NO_U64);
	assert_true(domxml_kib("1", "") == SNAP_NO_U64);
	assert_true(domxml_kib("1", "KiBi") == SNAP_NO_U64);
	assert_true(domxml_kib("1", "bi") == SNAP_NO_U64);
	assert_true(domxml_kib("1", "x") == SNAP_NO_U64);
	assert_true(domxml_kib(NULL, NULL) == SNAP_NO_U64);
}

static void
test_numbers(void **state)
{
	static const char *const bad[] = {
		NULL, "", " ", "-1", "+1", "x", "1x", "1 2", "0x10", "1.5",
		"18446744073709551616", "\xd9\xa1",
	};
	uint64_t number = 77;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(domxml_number(bad[i], 10, &number));
	assert_int_equal(number, 77);
	assert_true(domxml_number("\n 42\t", 10, &number));
	assert_int_equal(number, 42);
	assert_true(domxml_number("0x1F", 0, &number));
	assert_int_equal(number, 31);
	assert_true(domxml_number("18446744073709551615", 10, &number));
	assert_true(number == UINT64_MAX);
}

static void
test_mac(void **state)
{
	static const char *const bad[] = {
		NULL, "", "52:54.00", "52 54", "52:54:", ":52", "525:4", "0x1",
		"1:2:3:4:5:6:7:8:9", "-1:2", "52::54", "52:54 ",
	};
	struct snap_mac mac;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(domxml_mac(bad[i]).len, 0);
	mac = domxml_mac("fF-0:A");
	assert_int_equal(mac.len, 3);
	assert_memory_equal(mac.octets, "\xff\0\x0a\0\0\0\0\0", 8);
}

static void
test_pci(void **state)
{
	const char *const good[4] = { NULL, "1", "0x2", "0" };
	const char *const no_slot[4] = { "0", "1", NULL, "0" };
	const char *const bad_domain[4] = { "-1", "1", "2", "0" };
	const char *const huge[4] = { "0", "0x100000000", "2", "0" };
	struct domxml_line line = { 0 };

	(void)state;
	assert_false(domxml_add_pci(&line, no_slot));
	assert_false(domxml_add_pci(&line, bad_domain));
	assert_false(domxml_add_pci(&line, huge));
	assert_string_equal(line.text, "");
	assert_true(domxml_add_pci(&line, good));
	assert_string_equal(line.text, "0000:01:02.0");
}

static void
test_line_is_cut(void **state)
{
	struct domxml_line line = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < 300; i++)
		domxml_add(&line, "%s", "12345");
	assert_int_equal(line.len, sizeof(line.text) - 1);
	assert_int_equal(strlen(line.text), sizeof(line.text) - 1);
}

static void
check_vcpus(const char *xml, uint32_t max, size_t n, uint32_t last)
{
	struct snap_def *def = parse(xml);

	assert_int_equal(def->vcpus_max, max);
	assert_int_equal(def->n_vcpus, n);
	if (n > 0)
		assert_int_equal(def->vcpu_ids[n - 1], last);
	snap_def_unref(def);
}

static void
test_vcpus(void **state)
{
	(void)state;
	check_vcpus("<domain/>", 0, 0, 0);
	check_vcpus("<domain><vcpu/></domain>", 0, 0, 0);
	check_vcpus("<domain><vcpu>0</vcpu></domain>", 0, 0, 0);
	check_vcpus("<domain><vcpu>-2</vcpu></domain>", 0, 0, 0);
	check_vcpus("<domain><vcpu>16384</vcpu></domain>", 16384, 16384, 16383);
	check_vcpus("<domain><vcpu>16385</vcpu></domain>", 0, 0, 0);
	check_vcpus("<domain><vcpu current='2'>4</vcpu></domain>", 4, 2, 1);
	check_vcpus("<domain><vcpu current='4'>4</vcpu></domain>", 4, 4, 3);
	check_vcpus("<domain><vcpu current='0'>4</vcpu></domain>", 4, 4, 3);
	check_vcpus("<domain><vcpu current='x'>4</vcpu></domain>", 4, 4, 3);
	check_vcpus("<domain><vcpu current='1'>4</vcpu><vcpus>"
	    "<vcpu id='3' enabled='yes'/></vcpus></domain>", 4, 1, 3);
	check_vcpus("<domain><vcpu current='1'>4</vcpu><vcpus>"
	    "<vcpu id='4' enabled='yes'/></vcpus></domain>", 4, 1, 0);
	/* The list fills its block, so that a checker sees one beyond it. */
	check_vcpus("<domain><vcpu>16384</vcpu><vcpus>"
	    "<vcpu id='16384' enabled='yes'/></vcpus></domain>",
	    16384, 16384, 16383);
}

static void
repeat(char *text, const char *part, size_t n)
{
	size_t len = strlen(part);

	text += strlen(text);
	for (; n > 0; n--, text += len)
		memcpy(text, part, len + 1);
}

static void
test_long_name(void **state)
{
	char xml[8192] = "<domain><name>x";
	struct snap_def *def;

	(void)state;
	repeat(xml, "\xc3\xa9", 2048);
	repeat(xml, "</name></domain>", 1);
	def = parse(xml);
	assert_int_equal(strlen(def->name), 255);
	snap_def_unref(def);
}

static void
test_long_url(void **state)
{
	char xml[8192] = "<domain><devices><disk type='network'>"
	    "<source protocol='rbd' name='image'>";
	struct snap_def *def;

	(void)state;
	repeat(xml, "<host name='mon' port='6789'/>", 200);
	repeat(xml, "</source></disk></devices></domain>", 1);
	def = parse(xml);
	assert_int_equal(strlen(def->disks[0].source), 255);
	assert_memory_equal(def->disks[0].source, "rbd://mon:6789,mon", 18);
	snap_def_unref(def);
}

static void
test_too_many_devices(void **state)
{
	char *xml = calloc(1, 200000);
	struct snap_def *def;

	(void)state;
	assert_non_null(xml);
	repeat(xml, "<domain><devices>", 1);
	repeat(xml, "<disk><target dev='v'/></disk>", 1500);
	repeat(xml, "<interface type='user'/>", 1500);
	repeat(xml, "</devices></domain>", 1);
	def = parse(xml);
	assert_int_equal(def->n_disks, DOMXML_DEVICES_MAX);
	assert_int_equal(def->n_nics, DOMXML_DEVICES_MAX);
	expect_text(def->disks[DOMXML_DEVICES_MAX - 1].target, "v");
	expect_text(def->nics[DOMXML_DEVICES_MAX - 1].type, "user");
	snap_def_unref(def);
	free(xml);
}

static void
test_deep(void **state)
{
	char *xml = calloc(1, 400000);
	char why[200] = "";

	(void)state;
	assert_non_null(xml);
	repeat(xml, "<domain>", 20000);
	repeat(xml, "</domain>", 20000);
	assert_null(domxml_parse(xml, strlen(xml), NULL, 0, why, sizeof(why)));
	assert_memory_equal(why, "line 1: ", 8);
	free(xml);
}

static void
test_too_long(void **state)
{
	static const char start[] = "<domain><name>x</name></domain>";
	size_t len = DOMXML_BYTES_MAX;
	char *xml = malloc(len + 1);
	char why[200] = "";
	struct snap_def *def;

	(void)state;
	assert_non_null(xml);
	memset(xml, '\n', len + 1);
	memcpy(xml, start, sizeof(start) - 1);
	def = domxml_parse(xml, len, NULL, 0, why, sizeof(why));
	assert_non_null(def);
	snap_def_unref(def);
	assert_null(domxml_parse(xml, len + 1, NULL, 0, why, sizeof(why)));
	assert_string_equal(why, "too long, or has a NUL in it");
	free(xml);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_minimal),
		cmocka_unit_test(test_disks),
		cmocka_unit_test(test_nics),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_unusual_but_valid),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_memory_units),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_mac),
		cmocka_unit_test(test_pci),
		cmocka_unit_test(test_line_is_cut),
		cmocka_unit_test(test_vcpus),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_long_url),
		cmocka_unit_test(test_too_many_devices),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, set_up_domxml, NULL);
}
