/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads what OpenStack Nova notes in the metadata of domain XML. */
#include <string.h>

#include "domxml_node.h"
#include "domxml_read.h"

/* A version follows, "1.0" or "1.1": what is read here is in all of them. */
#define NOVA_NS "http://openstack.org/xmlns/libvirt/nova/"

static const char *
namespace_of(const xmlNode *node)
{
	return node->ns != NULL && node->ns->href != NULL ?
	    (const char *)node->ns->href : "";
}

/* The first <instance> of whatever version. */
static const xmlNode *
nova_instance(const xmlNode *metadata)
{
	const xmlNode *node = metadata != NULL ? metadata->children : NULL;

	for (; node != NULL; node = node->next) {
		if (node->type == XML_ELEMENT_NODE &&
		    strncmp(namespace_of(node), NOVA_NS,
		    strlen(NOVA_NS)) == 0 &&
		    domxml_is(node, namespace_of(node), "instance")) {
			return node;
		}
	}
	return NULL;
}

/* A child in the namespace of its parent. */
static const xmlNode *
nova_child(const xmlNode *parent, const char *name)
{
	return parent == NULL ? NULL :
	    domxml_find(parent->children, namespace_of(parent), name);
}

void
domxml_read_nova(struct domxml_reading *reading, const xmlNode *domain)
{
	const xmlNode *instance = nova_instance(domxml_child(domain,
	    "metadata"));
	const xmlNode *owner = nova_child(instance, "owner");
	struct snap_nova *nova = &reading->def->nova;

	nova->name = domxml_keep(reading,
	    domxml_text(nova_child(instance, "name")));
	nova->flavor = domxml_keep(reading,
	    domxml_attr(nova_child(instance, "flavor"), "name"));
	nova->project = domxml_keep(reading,
	    domxml_text(nova_child(owner, "project")));
	nova->user = domxml_keep(reading,
	    domxml_text(nova_child(owner, "user")));
}
