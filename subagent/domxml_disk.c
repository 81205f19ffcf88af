/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a disk out of domain XML. */
#include <string.h>

#include "domxml_node.h"
#include "domxml_read.h"

/* Each of these writes what a <source> stands for, or nothing. */

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

	if (namespace != NULL &&
	    domxml_add_address(&pci, domxml_child(source, "address"))) {
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
disk_source(struct domxml_reading *reading, const char *type,
    const xmlNode *source)
{
	struct domxml_line line = { 0 };
	size_t i;

	for (i = 0; i < sizeof(disk_sources) / sizeof(disk_sources[0]); i++) {
		if (source == NULL || strcmp(disk_sources[i].type, type) != 0) {
			continue;
		}
		if (disk_sources[i].attr != NULL) {
			return domxml_keep(reading,
			    domxml_attr(source, disk_sources[i].attr));
		}
		disk_sources[i].add(&line, source);
	}
	return domxml_keep_line(reading, &line);
}

/*
 * The images below the top one.  A <backingStore> with nothing in it ends the
 * chain; the nesting is bounded by what libxml2 takes for a document.
 */
static uint64_t
backing_depth(const xmlNode *disk)
{
	const xmlNode *store = domxml_child(disk, "backingStore");
	uint64_t depth = 0;

	if (store == NULL) {
		return SNAP_NO_U64;
	}
	while (store != NULL && (domxml_attr(store, "type") != NULL ||
	    domxml_child(store, "source") != NULL)) {
		depth++;
		store = domxml_child(store, "backingStore");
	}
	return depth;
}

static uint64_t
limit(const xmlNode *iotune, const char *name)
{
	return domxml_number_or(domxml_text(domxml_child(iotune, name)), 0);
}

static void
read_limits(struct snap_disk_limits *limits, const xmlNode *iotune)
{
	limits->total_octets = limit(iotune, "total_bytes_sec");
	limits->read_octets = limit(iotune, "read_bytes_sec");
	limits->write_octets = limit(iotune, "write_bytes_sec");
	limits->total_ios = limit(iotune, "total_iops_sec");
	limits->read_ios = limit(iotune, "read_iops_sec");
	limits->write_ios = limit(iotune, "write_iops_sec");
}

void
domxml_read_disk(struct domxml_reading *reading, const xmlNode *node,
    size_t number, struct snap_disk_def *disk)
{
	const xmlNode *driver = domxml_child(node, "driver");
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
	disk->target = domxml_keep(reading, name);
	disk->device = domxml_keep(reading, device != NULL ? device : "disk");
	disk->bus = domxml_keep(reading, domxml_attr(target, "bus"));
	disk->type = domxml_keep(reading, type);
	disk->format = domxml_keep(reading, domxml_attr(driver, "type"));
	disk->protocol = domxml_keep(reading, domxml_attr(source, "protocol"));
	disk->source = disk_source(reading, type, source);
	disk->cache = domxml_keep(reading, domxml_attr(driver, "cache"));
	disk->alias = domxml_keep(reading,
	    domxml_attr(domxml_child(node, "alias"), "name"));
	disk->serial = domxml_keep(reading,
	    domxml_text(domxml_child(node, "serial")));
	disk->readonly = domxml_child(node, "readonly") != NULL;
	disk->shareable = domxml_child(node, "shareable") != NULL;
	disk->backing_depth = backing_depth(node);
	read_limits(&disk->limits, domxml_child(node, "iotune"));
}
