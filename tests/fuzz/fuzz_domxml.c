/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzzes domxml.c together with the records made from its definitions. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "domxml.h"
#include "rfc7666.h"
#include "snapshot.h"
#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
check_def(const struct snap_def *def)
{
	size_t i;

	check_text(def->name);
	check_text(def->os_type);
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
	}
	require(def->n_nics <= DOMXML_DEVICES_MAX);
	for (i = 0; i < def->n_nics; i++) {
		require(def->nics[i].mac.len <= 8);
		check_text(def->nics[i].source);
		check_text(def->nics[i].ifname);
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
	def = domxml_parse((const char *)data, size, why, sizeof(why));
	if (def != NULL) {
		check_def(def);
		check_domain(def);
	} else {
		require(why[0] != '\0' && strchr(why, '\n') == NULL);
	}
	snap_def_unref(def);
	return 0;
}
