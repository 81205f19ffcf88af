/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzzes domxml.c together with the records made from its definitions. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "domxml.h"
#include "domxml_metadata.h"
#include "rfc7666.h"
#include "snapshot.h"
#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct domxml_rule rules[] = {
	{ "urn:a", "m:a" },
	{ "urn:a", "//m:a/@b | m:c//text()" },
	{ "http://openstack.org/xmlns/libvirt/nova/1.1",
	    "concat(m:instance/m:name, ' ', count(//@*))" },
	{ "urn:a", "//*[. = //*]/preceding::node()" },
	{ "urn:a", "//node()[@* = //@*] | //namespace::*" },
	{ "urn:a", "*" },
};

#define N_RULES (sizeof(rules) / sizeof(rules[0]))

static void
require(bool condition)
{
	if (!condition)
		abort();
}

/* Served text must already be fit to be served. */
static void
check_text(const char *text)
{
	char clean[TEXT_ADMIN_MAX + 1];

	if (text == NULL)
		return;
	text_admin(clean, text);
	require(strcmp(text, clean) == 0);
}

static void
check_metadata(const struct snap_def *def)
{
	size_t i;

	require(def->n_metadata <= N_RULES);
	for (i = 0; i < def->n_metadata; i++) {
		const struct snap_metadata *row = &def->metadata[i];

		require(row->index >= 1 && row->index <= N_RULES);
		require(i == 0 || row->index > row[-1].index);
		require(strcmp(row->name, rules[row->index - 1].xpath) == 0);
		require(row->value != NULL && row->value[0] != '\0');
		check_text(row->value);
	}
	check_text(def->nova.name);
	check_text(def->nova.flavor);
	check_text(def->nova.project);
	check_text(def->nova.user);
}

static void
check_def(const struct snap_def *def)
{
	size_t i;

	check_text(def->name);
	check_text(def->os_type);
	check_text(def->title);
	check_text(def->description);
	check_text(def->type);
	check_text(def->arch);
	check_text(def->machine);
	check_text(def->firmware);
	check_metadata(def);
	require(def->vcpus_max <= DOMXML_VCPUS_MAX);
	require(def->n_vcpus <= def->vcpus_max);
	for (i = 0; i < def->n_vcpus; i++) {
		require(def->vcpu_ids[i] < def->vcpus_max);
		require(i == 0 || def->vcpu_ids[i] > def->vcpu_ids[i - 1]);
	}
	require(def->n_disks <= DOMXML_DEVICES_MAX);
	for (i = 0; i < def->n_disks; i++) {
		require(def->disks[i].target != NULL);
		require(def->disks[i].target[0] != '\0');
		require(def->disks[i].type != NULL);
		require(def->disks[i].device != NULL);
		check_text(def->disks[i].target);
		check_text(def->disks[i].source);
		check_text(def->disks[i].format);
		check_text(def->disks[i].protocol);
		check_text(def->disks[i].cache);
		check_text(def->disks[i].serial);
		require(def->disks[i].backing_depth == SNAP_NO_U64 ||
		    def->disks[i].backing_depth < 256);
	}
	require(def->n_nics <= DOMXML_DEVICES_MAX);
	for (i = 0; i < def->n_nics; i++) {
		require(def->nics[i].mac.len <= 8);
		check_text(def->nics[i].source);
		check_text(def->nics[i].ifname);
		check_text(def->nics[i].bridge);
		check_text(def->nics[i].portgroup);
		check_text(def->nics[i].vlan);
	}
}

static void
check_domain(const struct snap_def *def)
{
	struct snap_domain *dom, *copy;
	size_t i;

	dom = snap_domain_new(def, def->vcpu_ids, def->n_vcpus);
	require(dom != NULL);
	for (i = 0; i < dom->n_disks; i++)
		dom->disks[i].index = (uint32_t)(dom->n_disks - i);
	rfc7666_finish(dom);
	snap_domain_sort(dom);
	require(dom->mem_unit >= 1024);
	require(dom->mem_current >= 0 || dom->mem_current == SNAP_NO_I32);
	require(dom->mem_max >= -1 && dom->mem_min >= -1);
	for (i = 0; i < dom->n_disks; i++)
		require(dom->disks[i].index == i + 1);
	copy = snap_domain_copy(dom);
	require(copy != NULL);
	snap_domain_unref(dom);
	snap_domain_unref(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char why[100] = "";
	struct snap_def *def;

	domxml_init();
	def = domxml_parse((const char *)data, size, rules, N_RULES, why,
	    sizeof(why));
	if (def != NULL) {
		check_def(def);
		check_domain(def);
	} else {
		require(why[0] != '\0' && strchr(why, '\n') == NULL);
	}
	snap_def_unref(def);
	return 0;
}
