/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds elements, attributes and text in a parsed document. */
#ifndef VMMIBD_DOMXML_NODE_H
#define VMMIBD_DOMXML_NODE_H

#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * NULL stands for a missing node everywhere, so that a path through the tree
 * needs no checks.  All that is returned is borrowed from the document.
 */

/* Whether a node is an element of that name in namespace ns (NULL: in none). */
bool domxml_is(const xmlNode *node, const char *ns, const char *name);

/* The first such element among node and its followers. */
const xmlNode *domxml_find(const xmlNode *node, const char *ns,
    const char *name);

/* The first child element of that name, and the next sibling like it. */
const xmlNode *domxml_child(const xmlNode *parent, const char *name);
const xmlNode *domxml_next(const xmlNode *node, const char *name);

/* How many child elements have that name, counted up to max. */
size_t domxml_count(const xmlNode *parent, const char *name, size_t max);

/* Text of an element or attribute; NULL if missing or empty. */
const char *domxml_text(const xmlNode *node);
const char *domxml_attr(const xmlNode *node, const char *name);
bool domxml_attr_is(const xmlNode *node, const char *name, const char *value);

#endif
