/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds elements, attributes and text in a parsed document. */
#include "domxml_node.h"

#include <string.h>

bool
domxml_is(const xmlNode *node, const char *ns, const char *name)
{
	if (node->type != XML_ELEMENT_NODE ||
	    strcmp((const char *)node->name, name) != 0) {
		return false;
	}
	if (ns == NULL) {
		return node->ns == NULL;
	}
	return node->ns != NULL && node->ns->href != NULL &&
	    strcmp((const char *)node->ns->href, ns) == 0;
}

const xmlNode *
domxml_find(const xmlNode *node, const char *ns, const char *name)
{
	while (node != NULL && !domxml_is(node, ns, name)) {
		node = node->next;
	}
	return node;
}

const xmlNode *
domxml_child(const xmlNode *parent, const char *name)
{
	return parent != NULL ? domxml_find(parent->children, NULL, name) : NULL;
}

const xmlNode *
domxml_next(const xmlNode *node, const char *name)
{
	return domxml_find(node->next, NULL, name);
}

size_t
domxml_count(const xmlNode *parent, const char *name, size_t max)
{
	const xmlNode *node = domxml_child(parent, name);
	size_t n = 0;

	for (; node != NULL && n < max; node = domxml_next(node, name)) {
		n++;
	}
	return n;
}

/* The first text in a list of nodes, borrowed; NULL if none or empty. */
static const char *
first_text(const xmlNode *node)
{
	while (node != NULL && node->type != XML_TEXT_NODE) {
		node = node->next;
	}
	if (node == NULL || node->content == NULL || node->content[0] == '\0') {
		return NULL;
	}
	return (const char *)node->content;
}

const char *
domxml_text(const xmlNode *node)
{
	return node != NULL ? first_text(node->children) : NULL;
}

const char *
domxml_attr(const xmlNode *node, const char *name)
{
	const xmlAttr *attr = node != NULL ? node->properties : NULL;

	for (; attr != NULL; attr = attr->next) {
		if (attr->ns == NULL &&
		    strcmp((const char *)attr->name, name) == 0) {
			return first_text(attr->children);
		}
	}
	return NULL;
}

bool
domxml_attr_is(const xmlNode *node, const char *name, const char *value)
{
	const char *text = domxml_attr(node, name);

	return text != NULL && strcmp(text, value) == 0;
}
