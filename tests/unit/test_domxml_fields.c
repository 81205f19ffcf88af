/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests what domxml.c reads of a domain beyond what RFC 7666 needs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "domxml_test.h"

/* As libvirt describes a domain that runs under QEMU. */
static const char running[] =
    "<domain type='kvm' id='7'>\n"
    "  <name>instance-0000002a</name>\n"
    "  <title>Web shop</title>\n"
    "  <description>Runs the shop.\nAsk the shop team.</description>\n"
    "  <memory unit='KiB'>2097152</memory>\n"
    "  <vcpu placement='static'>2</vcpu>\n"
    "  <os firmware='efi'>\n"
    "    <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>\n"
    "    <loader readonly='yes' secure='no' type='pflash'>"
    "/usr/share/OVMF/OVMF_CODE_4M.fd</loader>\n"
    "    <nvram>/var/lib/libvirt/qemu/nvram/shop_VARS.fd</nvram>\n"
    "  </os>\n"
    "  <devices>\n"
    "    <disk type='file' device='disk'>\n"
    "      <driver name='qemu' type='qcow2' cache='none' io='native'/>\n"
    "      <source file='/srv/shop.snap2' index='1'/>\n"
    "      <backingStore type='file' index='3'>\n"
    "        <format type='qcow2'/>\n"
    "        <source file='/srv/shop.snap1'/>\n"
    "        <backingStore type='file' index='4'>\n"
    "          <format type='raw'/>\n"
    "          <source file='/srv/template.img'/>\n"
    "          <backingStore/>\n"
    "        </backingStore>\n"
    "      </backingStore>\n"
    "      <target dev='vda' bus='virtio'/>\n"
    "      <iotune>\n"
    "        <total_bytes_sec>10000000</total_bytes_sec>\n"
    "        <read_iops_sec>400</read_iops_sec>\n"
    "        <write_iops_sec>100</write_iops_sec>\n"
    "        <write_iops_sec_max>5000</write_iops_sec_max>\n"
    "      </iotune>\n"
    "      <shareable/>\n"
    "      <serial>b36e7ae6-4a2a</serial>\n"
    "    </disk>\n"
    "    <disk type='block' device='disk'>\n"
    "      <driver name='qemu' type='raw'/>\n"
    "      <source dev='/dev/vg/b'/>\n"
    "      <backingStore/>\n"
    "      <target dev='vdb' bus='virtio'/>\n"
    "      <iotune>\n"
    "        <read_bytes_sec>1</read_bytes_sec>\n"
    "        <write_bytes_sec>2</write_bytes_sec>\n"
    "        <total_iops_sec>3</total_iops_sec>\n"
    "      </iotune>\n"
    "    </disk>\n"
    "    <interface type='network'>\n"
    "      <mac address='52:54:00:5d:c7:9e'/>\n"
    "      <source network='lan' portgroup='shop' portid='a8' "
    "bridge='virbr1'/>\n"
    "      <vlan trunk='yes'>\n"
    "        <tag id='42'/>\n"
    "        <tag id='47' nativeMode='untagged'/>\n"
    "      </vlan>\n"
    "      <bandwidth>\n"
    "        <inbound average='1000' peak='5000' floor='200' burst='1024'/>\n"
    "        <outbound average='128' peak='256' burst='256'/>\n"
    "      </bandwidth>\n"
    "      <target dev='vnet3'/>\n"
    "      <model type='virtio'/>\n"
    "      <link state='down'/>\n"
    "      <mtu size='9000'/>\n"
    "    </interface>\n"
    "    <interface type='bridge'>\n"
    "      <source bridge='br0'/>\n"
    "      <vlan><tag id='5'/></vlan>\n"
    "      <bandwidth><inbound average='7'/></bandwidth>\n"
    "      <link state='up'/>\n"
    "    </interface>\n"
    "    <memballoon model='virtio'>\n"
    "      <stats period='10'/>\n"
    "    </memballoon>\n"
    "  </devices>\n"
    "</domain>\n";

static void
test_domain(void **state)
{
	struct snap_def *def = parse(running);

	(void)state;
	expect_text(def->title, "Web shop");
	expect_text(def->description, "Runs the shop. Ask the shop team.");
	expect_text(def->type, "kvm");
	expect_text(def->arch, "x86_64");
	expect_text(def->machine, "pc-q35-7.2");
	expect_text(def->firmware, "efi");
	assert_int_equal(def->mem_stats_period_s, 10);
	assert_int_equal(def->n_metadata, 0);
	assert_null(def->nova.name);
	snap_def_unref(def);
}

static void
test_disks(void **state)
{
	struct snap_def *def = parse(running);
	const struct snap_disk_def *disk = def->disks;

	(void)state;
	assert_int_equal(def->n_disks, 2);
	expect_text(disk->format, "qcow2");
	expect_text(disk->cache, "none");
	expect_text(disk->serial, "b36e7ae6-4a2a");
	assert_true(disk->shareable);
	assert_false(disk->readonly);
	assert_int_equal(disk->backing_depth, 2);
	assert_int_equal(disk->limits.total_octets, 10000000);
	assert_int_equal(disk->limits.read_octets, 0);
	assert_int_equal(disk->limits.write_octets, 0);
	assert_int_equal(disk->limits.total_ios, 0);
	assert_int_equal(disk->limits.read_ios, 400);
	assert_int_equal(disk->limits.write_ios, 100);
	disk++;
	expect_text(disk->cache, NULL);
	expect_text(disk->serial, NULL);
	assert_false(disk->shareable);
	assert_int_equal(disk->backing_depth, 0);
	assert_int_equal(disk->limits.total_octets, 0);
	assert_int_equal(disk->limits.read_octets, 1);
	assert_int_equal(disk->limits.write_octets, 2);
	assert_int_equal(disk->limits.total_ios, 3);
	assert_int_equal(disk->limits.read_ios, 0);
	snap_def_unref(def);
}

static void
test_nics(void **state)
{
	struct snap_def *def = parse(running);
	const struct snap_nic_def *nic = def->nics;

	(void)state;
	assert_int_equal(def->n_nics, 2);
	expect_text(nic->source, "lan");
	expect_text(nic->bridge, "virbr1");
	expect_text(nic->portgroup, "shop");
	expect_text(nic->vlan, "42,47");
	assert_true(nic->link_down);
	assert_int_equal(nic->mtu, 9000);
	assert_int_equal(nic->in_average, 1000);
	assert_int_equal(nic->in_peak, 5000);
	assert_int_equal(nic->out_average, 128);
	assert_int_equal(nic->out_peak, 256);
	nic++;
	expect_text(nic->source, "br0");
	expect_text(nic->bridge, "br0");
	expect_text(nic->portgroup, NULL);
	expect_text(nic->vlan, "5");
	assert_false(nic->link_down);
	assert_true(nic->mtu == SNAP_NO_U64);
	assert_int_equal(nic->in_average, 7);
	assert_true(nic->in_peak == SNAP_NO_U64);
	assert_true(nic->out_average == SNAP_NO_U64);
	assert_true(nic->out_peak == SNAP_NO_U64);
	snap_def_unref(def);
}

/* Nothing is told: arrays are zeroed, and 0 would be a value. */
static void
expect_nothing(const char *xml)
{
	static const struct snap_disk_limits no_limits;
	struct snap_def *def = parse(xml);
	const struct snap_disk_def *disk = def->disks;
	const struct snap_nic_def *nic = def->nics;

	expect_text(def->title, NULL);
	expect_text(def->description, NULL);
	expect_text(def->type, NULL);
	expect_text(def->arch, NULL);
	expect_text(def->machine, NULL);
	expect_text(def->firmware, NULL);
	assert_true(def->mem_stats_period_s == SNAP_NO_U64);
	assert_int_equal(def->n_disks, 1);
	expect_text(disk->cache, NULL);
	expect_text(disk->serial, NULL);
	assert_false(disk->readonly || disk->shareable);
	assert_true(disk->backing_depth == SNAP_NO_U64);
	assert_memory_equal(&disk->limits, &no_limits, sizeof(no_limits));
	assert_int_equal(def->n_nics, 1);
	expect_text(nic->bridge, NULL);
	expect_text(nic->portgroup, NULL);
	expect_text(nic->vlan, NULL);
	assert_false(nic->link_down);
	assert_true(nic->mtu == SNAP_NO_U64);
	assert_true(nic->in_average == SNAP_NO_U64);
	assert_true(nic->in_peak == SNAP_NO_U64);
	assert_true(nic->out_average == SNAP_NO_U64);
	assert_true(nic->out_peak == SNAP_NO_U64);
	snap_def_unref(def);
}

static void
test_nothing_told(void **state)
{
	(void)state;
	expect_nothing("<domain><devices><disk/><interface/></devices>"
	    "</domain>");
	expect_nothing("<domain type=''><title/><description></description>"
	    "<os firmware=''><type arch='' machine=''/><loader/></os><devices>"
	    "<disk><driver cache=''/><serial/><iotune/></disk>"
	    "<interface><source bridge='' portgroup=''/><vlan/><link/><mtu/>"
	    "<bandwidth/></interface><memballoon model='none'/></devices>"
	    "</domain>");
	expect_nothing("<domain><os><loader readonly='yes'/></os><devices>"
	    "<disk><iotune><total_bytes_sec>-1</total_bytes_sec>"
	    "<read_iops_sec>many</read_iops_sec>"
	    "<write_iops_sec>99999999999999999999</write_iops_sec></iotune>"
	    "</disk><interface><vlan><tag/><tag id='x'/><tag id='-1'/>"
	    "<tag id='4096'/></vlan><link state='DOWN'/><mtu size='1.5'/>"
	    "<bandwidth><inbound average='1k' peak='-1'/>"
	    "<outbound average='' peak='0x10'/></bandwidth></interface>"
	    "<memballoon><stats period='often'/></memballoon></devices>"
	    "</domain>");
	/* In somebody else's namespace. */
	expect_nothing("<domain xmlns:x='urn:x' x:type='kvm'><x:title>t"
	    "</x:title><devices><disk><x:shareable/><x:backingStore/></disk>"
	    "<interface><x:mtu size='1'/></interface>"
	    "<x:memballoon/></devices></domain>");
}

static void
test_firmware(void **state)
{
	static const struct {
		const char *os;
		const char *firmware;
	} cases[] = {
		{ "", NULL },
		{ "<os firmware='bios'/>", "bios" },
		{ "<os firmware='efi'><loader secure='yes'/></os>", "efi" },
		{ "<os><loader type='rom'>/usr/lib/xen/boot/hvmloader"
		    "</loader></os>", "/usr/lib/xen/boot/hvmloader" },
		{ "<os><loader type='pflash'>/usr/share/AAVMF/AAVMF_CODE.fd"
		    "</loader></os>", "/usr/share/AAVMF/AAVMF_CODE.fd" },
	};
	char xml[400];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct snap_def *def;

		snprintf(xml, sizeof(xml), "<domain>%s</domain>",
		    cases[i].os);
		def = parse(xml);
		expect_text(def->firmware, cases[i].firmware);
		snap_def_unref(def);
	}
}

static void
test_balloon(void **state)
{
	static const struct {
		const char *balloon;
		uint64_t period;
	} cases[] = {
		{ "", SNAP_NO_U64 },
		{ "<memballoon model='none'><stats period='5'/></memballoon>",
		    SNAP_NO_U64 },
		{ "<memballoon model='virtio'/>", 0 },
		{ "<memballoon/>", 0 },
		{ "<memballoon model='virtio'><stats/></memballoon>", 0 },
		{ "<memballoon model='xen'><stats period='0'/></memballoon>",
		    0 },
		{ "<memballoon><stats period='86400'/></memballoon>", 86400 },
	};
	char xml[400];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct snap_def *def;

		snprintf(xml, sizeof(xml),
		    "<domain><devices>%s</devices></domain>",
		    cases[i].balloon);
		def = parse(xml);
		assert_true(def->mem_stats_period_s == cases[i].period);
		snap_def_unref(def);
	}
}

static void
check_depth(const char *stores, uint64_t depth)
{
	static char xml[20000];
	struct snap_def *def;

	snprintf(xml, sizeof(xml), "<domain><devices><disk>%s</disk></devices>"
	    "</domain>", stores);
	def = parse(xml);
	assert_true(def->disks[0].backing_depth == depth);
	snap_def_unref(def);
}

static void
test_backing_depth(void **state)
{
	char deep[16000] = "";
	size_t i;

	(void)state;
	check_depth("<source file='/a'/>", SNAP_NO_U64);
	check_depth("<backingStore/>", 0);
	check_depth("<backingStore><format type='raw'/></backingStore>", 0);
	check_depth("<backingStore type='file'/>", 1);
	check_depth("<backingStore><source file='/a'/></backingStore>", 1);
	/* The end of a chain may be missing, and what is past it is none. */
	check_depth("<backingStore type='file'><backingStore type='file'>"
	    "<source file='/a'/></backingStore></backingStore>", 2);
	check_depth("<backingStore><backingStore type='file'/>"
	    "</backingStore>", 0);
	/* A mirror has a chain of its own. */
	check_depth("<mirror><backingStore type='file'/></mirror>",
	    SNAP_NO_U64);
	for (i = 0; i < 200; i++) {
		strcat(deep, "<backingStore type='file'>");
	}
	for (i = 0; i < 200; i++) {
		strcat(deep, "</backingStore>");
	}
	check_depth(deep, 200);
}

static void
test_many_tags(void **state)
{
	static char xml[100000] = "<domain><devices><interface><vlan>";
	char *end = xml + strlen(xml);
	struct snap_def *def;
	int i;

	(void)state;
	for (i = 0; i < 4096; i++) {
		end += sprintf(end, "<tag id='%d'/>", i);
	}
	strcpy(end, "</vlan></interface></devices></domain>");
	def = parse(xml);
	assert_int_equal(strlen(def->nics[0].vlan), 255);
	assert_memory_equal(def->nics[0].vlan, "0,1,2,", 6);
	snap_def_unref(def);
}

static void
test_long_texts(void **state)
{
	static char xml[10000];
	char text[1001];
	struct snap_def *def;

	(void)state;
	memset(text, 'x', 1000);
	text[1000] = '\0';
	snprintf(xml, sizeof(xml), "<domain type='%s'><title>%s</title>"
	    "<description>\xc3\xa9\x7f%s</description><devices><disk>"
	    "<serial>%s</serial></disk></devices></domain>", text, text, text,
	    text);
	def = parse(xml);
	assert_int_equal(strlen(def->type), 255);
	assert_int_equal(strlen(def->title), 255);
	assert_int_equal(strlen(def->description), 255);
	assert_memory_equal(def->description, "\xc3\xa9 xx", 5);
	assert_int_equal(strlen(def->disks[0].serial), 255);
	snap_def_unref(def);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_domain),
		cmocka_unit_test(test_disks),
		cmocka_unit_test(test_nics),
		cmocka_unit_test(test_nothing_told),
		cmocka_unit_test(test_firmware),
		cmocka_unit_test(test_balloon),
		cmocka_unit_test(test_backing_depth),
		cmocka_unit_test(test_many_tags),
		cmocka_unit_test(test_long_texts),
	};

	return cmocka_run_group_tests(tests, set_up_domxml, NULL);
}
