/* SPDX-License-Identifier: BSD-2-Clause */
/* Parses what libvirt wrote into a document. */
#ifndef VMMIBD_DOMXML_DOCUMENT_H
#define VMMIBD_DOMXML_DOCUMENT_H

#include <libxml/tree.h>
#include <stddef.h>

/*
 * A document with that root element, for xmlFreeDoc(); else NULL and a one-line
 * reason in why.  The XML is untrusted: what domxml.h says of it holds for all
 * documents.
 */
xmlDoc *domxml_read_document(const char *xml, size_t len, const char *root,
    char *why, size_t why_size);

#endif
