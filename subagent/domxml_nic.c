/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a network interface out of domain XML. */
#include "domxml_node.h"
#include "domxml_read.h"

#define VLAN_ID_MAX 4095

static const char *
nic_source(struct domxml_reading *reading, const xmlNode *source)
{
	/* A network comes before the bridge that libvirt found for it. */
	static const char *const attrs[] = {
		"network", "bridge", "dev", "path", "name", "switchid",
	};
	struct domxml_line line = { 0 };
	size_t i;

	for (i = 0; i < sizeof(attrs) / sizeof(attrs[0]); i++) {
		if (domxml_attr(source, attrs[i]) != NULL) {
			return domxml_keep(reading,
			    domxml_attr(source, attrs[i]));
		}
	}
	domxml_add_host(&line, domxml_attr(source, "address"),
	    domxml_attr(source, "port"));
	if (line.len == 0) {
		domxml_add_address(&line, domxml_child(source, "address"));
	}
	return domxml_keep_line(reading, &line);
}

/* The ids of the tags, more than one of them on a trunk. */
static const char *
nic_vlan(struct domxml_reading *reading, const xmlNode *vlan)
{
	const xmlNode *tag = domxml_child(vlan, "tag");
	struct domxml_line line = { 0 };
	uint64_t id;

	for (; tag != NULL; tag = domxml_next(tag, "tag")) {
		if (domxml_number(domxml_attr(tag, "id"), 10, &id) &&
		    id <= VLAN_ID_MAX) {
			domxml_add(&line, "%s%u", line.len > 0 ? "," : "",
			    (unsigned)id);
		}
	}
	return domxml_keep_line(reading, &line);
}

static void
read_bandwidth(struct snap_nic_def *nic, const xmlNode *bandwidth)
{
	const xmlNode *in = domxml_child(bandwidth, "inbound");
	const xmlNode *out = domxml_child(bandwidth, "outbound");

	nic->in_average = domxml_number_or(domxml_attr(in, "average"),
	    SNAP_NO_U64);
	nic->in_peak = domxml_number_or(domxml_attr(in, "peak"), SNAP_NO_U64);
	nic->out_average = domxml_number_or(domxml_attr(out, "average"),
	    SNAP_NO_U64);
	nic->out_peak = domxml_number_or(domxml_attr(out, "peak"),
	    SNAP_NO_U64);
}

void
domxml_read_nic(struct domxml_reading *reading, const xmlNode *node,
    struct snap_nic_def *nic)
{
	const xmlNode *mac = domxml_child(node, "mac");
	const xmlNode *model = domxml_child(node, "model");
	const xmlNode *target = domxml_child(node, "target");
	const xmlNode *source = domxml_child(node, "source");

	nic->mac = domxml_mac(domxml_attr(mac, "address"));
	nic->type = domxml_keep(reading, domxml_attr(node, "type"));
	nic->model = domxml_keep(reading, domxml_attr(model, "type"));
	nic->ifname = domxml_keep(reading, domxml_attr(target, "dev"));
	nic->source = nic_source(reading, source);
	nic->bridge = domxml_keep(reading, domxml_attr(source, "bridge"));
	nic->portgroup = domxml_keep(reading,
	    domxml_attr(source, "portgroup"));
	nic->vlan = nic_vlan(reading, domxml_child(node, "vlan"));
	nic->link_down = domxml_attr_is(domxml_child(node, "link"), "state",
	    "down");
	nic->mtu = domxml_number_or(domxml_attr(domxml_child(node, "mtu"),
	    "size"), SNAP_NO_U64);
	read_bandwidth(nic, domxml_child(node, "bandwidth"));
}
