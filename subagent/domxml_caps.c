/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads libvirt's capabilities XML. */
#include "domxml_caps.h"

#include <libxml/tree.h>
#include <stdio.h>

#include "domxml_document.h"
#include "domxml_node.h"

bool
domxml_caps_cpu_model(const char *xml, size_t len, char *model, size_t size)
{
	char why[128]; /* told to nobody: a model may be missing */
	xmlDoc *doc = domxml_read_document(xml, len, "capabilities", why,
	    sizeof(why));
	const xmlNode *root = doc != NULL ? xmlDocGetRootElement(doc) : NULL;
	const char *text = domxml_text(domxml_child(domxml_child(
	    domxml_child(root, "host"), "cpu"), "model"));

	if (text != NULL) {
		snprintf(model, size, "%s", text);
	}
	xmlFreeDoc(doc);
	return text != NULL;
}
