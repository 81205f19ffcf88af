/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a domain's definition out of libvirt's domain XML. */
#include "domxml.h"

#include <stdio.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>

#include "domxml_node.h"
#include "domxml_value.h"
#include "snapshot.h"

#define OSINFO_NS "http://libosinfo.org/xmlns/libvirt/domain/1.0"

/* One document being read. */
struct reading {
	struct snap_def *def;
	bool no_memory;
};

/* A copy that lives with the definition; NULL for NULL. */
static const char *
keep(struct reading *reading, const char *text)
{
	const char *copy = snap_def_text(reading->def, text);

	if (text != NULL && copy == NULL) {
		reading->no_memory = true;
	}
	return copy;
}

static void *
keep_array(struct reading *reading, size_t n, size_t size)
{
	void *array = snap_def_alloc(reading->def, n, size);

	if (array == NULL) {
		reading->no_memory = true;
	}
	return array;
}

/* The content of <memory unit='...'> and the like. */
static uint64_t
memory_kib(const xmlNode *node)
{
	return domxml_kib(domxml_text(node), domxml_attr(node, "unit"));
}

static bool
add_pci(struct domxml_line *line, const xmlNode *address)
{
	const char *const parts[4] = {
		domxml_attr(address, "domain"), domxml_attr(address, "bus"),
		domxml_attr(address, "slot"), domxml_attr(address, "function"),
	};

	return domxml_add_pci(line, parts);
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
read_vcpus(struct reading *reading, const xmlNode *domain)
{
	const xmlNode *vcpu = domxml_child(domain, "vcpu");
	struct snap_def *def = reading->def;
	uint64_t max, current;
	uint32_t i;

	if (!domxml_number(domxml_text(vcpu), 10, &max) || max > DOMXML_VCPUS_MAX) {
		return;
	}
	def->vcpu_ids = keep_array(reading, (size_t)max, sizeof(uint32_t));
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

/* Disks: each of these writes what a <source> stands for, or nothing. */

static void
hosts_add(struct domxml_line *url, const xmlNode *host)
{
	const char *separator = "";

	for (; host != NULL; host = domxml_next(host, "host")) {
		if (domxml_attr(host, "name") == NULL) {
			continue;
		}
		domxml_add(url, "%s", separator);
		domxml_add_host(url, domxml_attr(host, "name"),
		    domxml_attr(host, "port"));
		separator = ",";
	}
}

/*
 * protocol://host:port,host:port/name, or protocol+unix:///name?socket=path.
 * The query string of an HTTP source is left out: it may hold a secret.
 */
static void
source_network(struct domxml_line *url, const xmlNode *source)
{
	const xmlNode *host = domxml_child(source, "host");
	const char *protocol = domxml_attr(source, "protocol");
	const char *transport = domxml_attr(host, "transport");
	const char *name = domxml_attr(source, "name");
	const char *socket = domxml_attr(host, "socket");

	if (protocol == NULL) {
		return;
	}
	domxml_add(url, "%s", protocol);
	if (transport != NULL && strcmp(transport, "tcp") != 0) {
		domxml_add(url, "+%s", transport);
	}
	domxml_add(url, "://");
	hosts_add(url, host);
	if (name != NULL) {
		domxml_add(url, name[0] == '/' ? "%s" : "/%s", name);
	}
	if (socket != NULL) {
		domxml_add(url, "%s?socket=%s", name == NULL ? "/" : "", socket);
	}
}

static void
source_volume(struct domxml_line *path, const xmlNode *source)
{
	const char *pool = domxml_attr(source, "pool");
	const char *volume = domxml_attr(source, "volume");

	if (pool != NULL && volume != NULL) {
		domxml_add(path, "%s/%s", pool, volume);
	}
}

static void
source_nvme(struct domxml_line *url, const xmlNode *source)
{
	const char *namespace = domxml_attr(source, "namespace");
	struct domxml_line pci = { 0 };

	if (namespace != NULL && add_pci(&pci, domxml_child(source, "address"))) {
		domxml_add(url, "nvme://%s/%s", pci.text, namespace);
	}
}

static const struct {
	const char *type;
	const char *attr; /* the whole source, or */
	void (*add)(struct domxml_line *line, const xmlNode *source);
} disk_sources[] = {
	{ "file", "file", NULL },
	{ "block", "dev", NULL },
	{ "dir", "dir", NULL },
	{ "vhostuser", "path", NULL },
	{ "vhostvdpa", "dev", NULL },
	{ "network", NULL, source_network },
	{ "volume", NULL, source_volume },
	{ "nvme", NULL, source_nvme },
};

static const char *
disk_source(struct reading *reading, const char *type, const xmlNode *source)
{
	struct domxml_line line = { 0 };
	size_t i;

	for (i = 0; i < sizeof(disk_sources) / sizeof(disk_sources[0]); i++) {
		if (source == NULL || strcmp(disk_sources[i].type, type) != 0) {
			continue;
		}
		if (disk_sources[i].attr != NULL) {
			return keep(reading,
			    domxml_attr(source, disk_sources[i].attr));
		}
		disk_sources[i].add(&line, source);
	}
	return line.len > 0 ? keep(reading, line.text) : NULL;
}

static void
read_disk(struct reading *reading, const xmlNode *node, size_t number,
    struct snap_disk_def *disk)
{
	const xmlNode *source = domxml_child(node, "source");
	const xmlNode *target = domxml_child(node, "target");
	const char *device = domxml_attr(node, "device");
	const char *type = domxml_attr(node, "type");
	const char *name = domxml_attr(target, "dev");
	struct domxml_line nameless = { 0 };

	if (type == NULL) {
		type = "file"; /* libvirt's default, as "disk" below */
	}
	if (name == NULL) {
		domxml_add(&nameless, "disk#%zu", number);
		name = nameless.text;
	}
	disk->target = keep(reading, name);
	disk->device = keep(reading, device != NULL ? device : "disk");
	disk->bus = keep(reading, domxml_attr(target, "bus"));
	disk->type = keep(reading, type);
	disk->format = keep(reading, domxml_attr(domxml_child(node, "driver"),
	    "type"));
	disk->protocol = keep(reading, domxml_attr(source, "protocol"));
	disk->source = disk_source(reading, type, source);
	disk->readonly = domxml_child(node, "readonly") != NULL;
}

/* Network interfaces */

static const char *
nic_source(struct reading *reading, const xmlNode *source)
{
	/* A network comes before the bridge that libvirt found for it. */
	static const char *const attrs[] = {
		"network", "bridge", "dev", "path", "name", "switchid",
	};
	struct domxml_line line = { 0 };
	size_t i;

	for (i = 0; i < sizeof(attrs) / sizeof(attrs[0]); i++) {
		if (domxml_attr(source, attrs[i]) != NULL) {
			return keep(reading, domxml_attr(source, attrs[i]));
		}
	}
	domxml_add_host(&line, domxml_attr(source, "address"),
	    domxml_attr(source, "port"));
	if (line.len == 0) {
		add_pci(&line, domxml_child(source, "address"));
	}
	return line.len > 0 ? keep(reading, line.text) : NULL;
}

static void
read_nic(struct reading *reading, const xmlNode *node, struct snap_nic_def *nic)
{
	const xmlNode *mac = domxml_child(node, "mac");
	const xmlNode *model = domxml_child(node, "model");
	const xmlNode *target = domxml_child(node, "target");

	nic->mac = domxml_mac(domxml_attr(mac, "address"));
	nic->type = keep(reading, domxml_attr(node, "type"));
	nic->model = keep(reading, domxml_attr(model, "type"));
	nic->ifname = keep(reading, domxml_attr(target, "dev"));
	nic->source = nic_source(reading, domxml_child(node, "source"));
}

static void
read_devices(struct reading *reading, const xmlNode *devices)
{
	const xmlNode *disk = domxml_child(devices, "disk");
	const xmlNode *nic = domxml_child(devices, "interface");
	size_t n_disks = domxml_count(devices, "disk", DOMXML_DEVICES_MAX);
	size_t n_nics = domxml_count(devices, "interface", DOMXML_DEVICES_MAX);
	struct snap_def *def = reading->def;

	def->disks = keep_array(reading, n_disks, sizeof(*def->disks));
	def->nics = keep_array(reading, n_nics, sizeof(*def->nics));
	if (def->disks == NULL || def->nics == NULL) {
		return;
	}
	for (; def->n_disks < n_disks; disk = domxml_next(disk, "disk")) {
		read_disk(reading, disk, def->n_disks + 1,
		    &def->disks[def->n_disks]);
		def->n_disks++;
	}
	for (; def->n_nics < n_nics; nic = domxml_next(nic, "interface")) {
		read_nic(reading, nic, &def->nics[def->n_nics++]);
	}
}

static struct snap_def *
read_domain(const xmlNode *domain)
{
	struct reading reading = { .def = snap_def_new() };

	if (reading.def == NULL) {
		return NULL;
	}
	reading.def->name = keep(&reading,
	    domxml_text(domxml_child(domain, "name")));
	reading.def->os_type = keep(&reading, os_type(domain));
	read_vcpus(&reading, domain);
	read_memory(reading.def, domain);
	read_devices(&reading, domxml_child(domain, "devices"));
	if (reading.no_memory) {
		snap_def_unref(reading.def);
		reading.def = NULL;
	}
	return reading.def;
}

/* The document */

void
domxml_init(void)
{
	xmlInitParser();
}

/* At "<!DOCTYPE", before any of its declarations is read. */
static void
refuse_doctype(void *context, const xmlChar *name, const xmlChar *public_id,
    const xmlChar *system_id)
{
	xmlParserCtxt *parser = context;

	(void)name;
	(void)public_id;
	(void)system_id;
	*(bool *)parser->_private = true;
	xmlStopParser(parser);
}

static void
explain(xmlParserCtxt *parser, char *why, size_t why_size)
{
	const xmlError *error = xmlCtxtGetLastError(parser);

	if (error == NULL || error->message == NULL) {
		snprintf(why, why_size, "not well-formed");
	} else {
		snprintf(why, why_size, "line %d: %.*s", error->line,
		    (int)strcspn(error->message, "\n"), error->message);
	}
}

struct snap_def *
domxml_parse(const char *xml, size_t len, char *why, size_t why_size)
{
	const int options = XML_PARSE_NONET | XML_PARSE_NOERROR |
	    XML_PARSE_NOWARNING | XML_PARSE_NOCDATA;
	bool doctype = false;
	struct snap_def *def = NULL;
	xmlParserCtxt *parser = xmlNewParserCtxt();
	xmlDoc *doc = NULL;
	const xmlNode *root;

	if (parser == NULL) {
		snprintf(why, why_size, "out of memory");
		goto out;
	}
	/* libxml2 would take a NUL for the end and ignore what follows. */
	if (len > DOMXML_BYTES_MAX || memchr(xml, '\0', len) != NULL) {
		snprintf(why, why_size, "too long, or has a NUL in it");
		goto out;
	}
	parser->_private = &doctype;
	parser->sax->internalSubset = refuse_doctype;
	/* libvirt's strings are UTF-8 whatever a declaration in them says. */
	doc = xmlCtxtReadMemory(parser, xml, (int)len, NULL, "UTF-8", options);
	root = doc != NULL ? xmlDocGetRootElement(doc) : NULL;
	if (doctype) {
		snprintf(why, why_size, "has a document type declaration");
	} else if (root == NULL) {
		explain(parser, why, why_size);
	} else if (!domxml_is(root, NULL, "domain")) {
		snprintf(why, why_size, "the root element is not <domain>");
	} else if ((def = read_domain(root)) == NULL) {
		snprintf(why, why_size, "out of memory");
	}
out:
	xmlFreeDoc(doc);
	xmlFreeParserCtxt(parser);
	return def;
}
