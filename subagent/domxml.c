/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a domain's definition out of libvirt's domain XML. */
#include "domxml.h"

#include <stdio.h>

#include <libxml/parser.h>
#include <libxml/tree.h>

#include "domxml_document.h"
#include "domxml_metadata.h"
#include "domxml_node.h"
#include "domxml_read.h"
#include "domxml_value.h"

#define OSINFO_NS "http://libosinfo.org/xmlns/libvirt/domain/1.0"

/* The content of <memory unit='...'> and the like. */
static uint64_t
memory_kib(const xmlNode *node)
{
	return domxml_kib(domxml_text(node), domxml_attr(node, "unit"));
}

/* The domain */

static const char *
os_type(const xmlNode *domain)
{
	const xmlNode *node = domxml_child(domain, "metadata");
	const char *id = NULL;

	if (node != NULL) {
		node = domxml_find(node->children, OSINFO_NS, "libosinfo");
	}
	if (node != NULL) {
		node = domxml_find(node->children, OSINFO_NS, "os");
	}
	if (node != NULL) {
		id = domxml_attr(node, "id");
	}
	if (id == NULL) {
		id = domxml_text(domxml_child(domxml_child(domain, "os"), "type"));
	}
	return id;
}

/*
 * Writes the numbers of the vCPUs that <vcpus> says are plugged in to ids,
 * which is zeroed and has room for max.  Returns how many there are.
 */
static size_t
vcpus_enabled(const xmlNode *vcpus, uint32_t *ids, uint32_t max)
{
	const xmlNode *vcpu = domxml_child(vcpus, "vcpu");
	uint64_t id;
	uint32_t i;
	size_t n = 0;

	for (; vcpu != NULL; vcpu = domxml_next(vcpu, "vcpu")) {
		if (domxml_attr_is(vcpu, "enabled", "yes") &&
		    domxml_number(domxml_attr(vcpu, "id"), 10, &id) && id < max) {
			ids[id] = 1;
		}
	}
	/* In place: the list never overtakes the marks that it is made of. */
	for (i = 0; i < max; i++) {
		if (ids[i] != 0) {
			ids[n++] = i;
		}
	}
	return n;
}

static void
read_vcpus(struct domxml_reading *reading, const xmlNode *domain)
{
	const xmlNode *vcpu = domxml_child(domain, "vcpu");
	struct snap_def *def = reading->def;
	uint64_t max, current;
	uint32_t i;

	if (!domxml_number(domxml_text(vcpu), 10, &max) || max > DOMXML_VCPUS_MAX) {
		return;
	}
	def->vcpu_ids = domxml_keep_array(reading, (size_t)max, sizeof(uint32_t));
	if (def->vcpu_ids == NULL) {
		return;
	}
	def->vcpus_max = (uint32_t)max;
	def->n_vcpus = vcpus_enabled(domxml_child(domain, "vcpus"),
	    def->vcpu_ids, def->vcpus_max);
	if (def->n_vcpus > 0) {
		return;
	}
	if (!domxml_number(domxml_attr(vcpu, "current"), 10, &current) ||
	    current == 0 || current > max) {
		current = max;
	}
	for (i = 0; i < current; i++) {
		def->vcpu_ids[i] = i;
	}
	def->n_vcpus = (size_t)current;
}

static void
read_memory(struct snap_def *def, const xmlNode *domain)
{
	const xmlNode *current = domxml_child(domain, "currentMemory");

	def->mem_max_kib = memory_kib(domxml_child(domain, "memory"));
	def->mem_current_kib = current != NULL ? memory_kib(current) :
	    def->mem_max_kib;
	if (def->mem_max_kib == SNAP_NO_U64) {
		def->mem_max_kib = memory_kib(domxml_child(domain, "maxMemory"));
	}
	def->mem_min_kib = memory_kib(domxml_child(domxml_child(domain, "memtune"),
	    "min_guarantee"));
}

static void
read_devices(struct domxml_reading *reading, const xmlNode *devices)
{
	const xmlNode *disk = domxml_child(devices, "disk");
	const xmlNode *nic = domxml_child(devices, "interface");
	size_t n_disks = domxml_count(devices, "disk", DOMXML_DEVICES_MAX);
	size_t n_nics = domxml_count(devices, "interface", DOMXML_DEVICES_MAX);
	struct snap_def *def = reading->def;

	def->disks = domxml_keep_array(reading, n_disks, sizeof(*def->disks));
	def->nics = domxml_keep_array(reading, n_nics, sizeof(*def->nics));
	if (def->disks == NULL || def->nics == NULL) {
		return;
	}
	for (; def->n_disks < n_disks; disk = domxml_next(disk, "disk")) {
		domxml_read_disk(reading, disk, def->n_disks + 1,
		    &def->disks[def->n_disks]);
		def->n_disks++;
	}
	for (; def->n_nics < n_nics; nic = domxml_next(nic, "interface")) {
		domxml_read_nic(reading, nic, &def->nics[def->n_nics++]);
	}
}

static void
read_texts(struct domxml_reading *reading, const xmlNode *domain)
{
	const xmlNode *os = domxml_child(domain, "os");
	const xmlNode *type = domxml_child(os, "type");
	const char *firmware = domxml_attr(os, "firmware");
	struct snap_def *def = reading->def;

	if (firmware == NULL) {
		firmware = domxml_text(domxml_child(os, "loader"));
	}
	def->name = domxml_keep(reading,
	    domxml_text(domxml_child(domain, "name")));
	def->os_type = domxml_keep(reading, os_type(domain));
	def->title = domxml_keep(reading,
	    domxml_text(domxml_child(domain, "title")));
	def->description = domxml_keep(reading,
	    domxml_text(domxml_child(domain, "description")));
	def->type = domxml_keep(reading, domxml_attr(domain, "type"));
	def->arch = domxml_keep(reading, domxml_attr(type, "arch"));
	def->machine = domxml_keep(reading, domxml_attr(type, "machine"));
	def->firmware = domxml_keep(reading, firmware);
}

/* Seconds; without a period the balloon's driver is not asked. */
static uint64_t
stats_period(const xmlNode *balloon)
{
	const xmlNode *stats = domxml_child(balloon, "stats");

	if (balloon == NULL || domxml_attr_is(balloon, "model", "none")) {
		return SNAP_NO_U64;
	}
	return domxml_attr(stats, "period") == NULL ? 0 :
	    domxml_number_or(domxml_attr(stats, "period"), SNAP_NO_U64);
}

static struct snap_def *
read_domain(xmlDoc *doc, const struct domxml_rule *rules, size_t n_rules)
{
	const xmlNode *domain = xmlDocGetRootElement(doc);
	const xmlNode *devices = domxml_child(domain, "devices");
	struct domxml_reading reading = { .def = snap_def_new() };

	if (reading.def == NULL) {
		return NULL;
	}
	read_texts(&reading, domain);
	read_vcpus(&reading, domain);
	read_memory(reading.def, domain);
	reading.def->mem_stats_period_s =
	    stats_period(domxml_child(devices, "memballoon"));
	read_devices(&reading, devices);
	domxml_read_nova(&reading, domain);
	domxml_read_metadata(&reading, doc, rules, n_rules);
	if (reading.no_memory) {
		snap_def_unref(reading.def);
		reading.def = NULL;
	}
	return reading.def;
}

void
domxml_init(void)
{
	xmlInitParser();
}

struct snap_def *
domxml_parse(const char *xml, size_t len, const struct domxml_rule *rules,
    size_t n_rules, char *why, size_t why_size)
{
	xmlDoc *doc = domxml_read_document(xml, len, "domain", why, why_size);
	struct snap_def *def = NULL;

	if (doc != NULL && (def = read_domain(doc, rules, n_rules)) == NULL) {
		snprintf(why, why_size, "out of memory");
	}
	xmlFreeDoc(doc);
	return def;
}
