/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads libvirt's capabilities XML. */
#include "domxml_caps.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdio.h>

#include "domxml.h"
#include "domxml_node.h"

bool
domxml_caps_cpu_model(const char *xml, size_t len, char *model, size_t size)
{
	const int options = XML_PARSE_NONET | XML_PARSE_NOERROR |
	    XML_PARSE_NOWARNING | XML_PARSE_NOCDATA;
	xmlDoc *doc = len <= DOMXML_BYTES_MAX ?
	    xmlReadMemory(xml, (int)len, NULL, "UTF-8", options) : NULL;
	const xmlNode *root = doc != NULL ? xmlDocGetRootElement(doc) : NULL;
	const char *text = NULL;

	if (root != NULL && domxml_is(root, NULL, "capabilities")) {
		text = domxml_text(domxml_child(domxml_child(
		    domxml_child(root, "host"), "cpu"), "model"));
	}
	if (text != NULL) {
		snprintf(model, size, "%s", text);
	}
	xmlFreeDoc(doc);
	return text != NULL;
}
