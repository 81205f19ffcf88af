/* SPDX-License-Identifier: BSD-2-Clause */
/* Parses what libvirt wrote into a document. */
#include "domxml_document.h"

#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "domxml.h"
#include "domxml_node.h"

/* At "<!DOCTYPE", before any of its declarations is read. */
static void
refuse_doctype(void *context, const xmlChar *name, const xmlChar *public_id,
    const xmlChar *system_id)
{
	xmlParserCtxt *parser = context;

	(void)name;
	(void)public_id;
	(void)system_id;
	*(bool *)parser->_private = true;
	xmlStopParser(parser);
}

static void
explain(xmlParserCtxt *parser, char *why, size_t why_size)
{
	const xmlError *error = xmlCtxtGetLastError(parser);

	if (error == NULL || error->message == NULL) {
		snprintf(why, why_size, "not well-formed");
	} else {
		snprintf(why, why_size, "line %d: %.*s", error->line,
		    (int)strcspn(error->message, "\n"), error->message);
	}
}

xmlDoc *
domxml_read_document(const char *xml, size_t len, const char *root, char *why,
    size_t why_size)
{
	const int options = XML_PARSE_NONET | XML_PARSE_NOERROR |
	    XML_PARSE_NOWARNING | XML_PARSE_NOCDATA;
	bool doctype = false, good = false;
	xmlParserCtxt *parser = xmlNewParserCtxt();
	xmlDoc *doc = NULL;
	const xmlNode *found;

	if (parser == NULL) {
		snprintf(why, why_size, "out of memory");
		goto out;
	}
	/* libxml2 would take a NUL for the end and ignore what follows. */
	if (len > DOMXML_BYTES_MAX || memchr(xml, '\0', len) != NULL) {
		snprintf(why, why_size, "too long, or has a NUL in it");
		goto out;
	}
	parser->_private = &doctype;
	parser->sax->internalSubset = refuse_doctype;
	/* libvirt's strings are UTF-8 whatever a declaration in them says. */
	doc = xmlCtxtReadMemory(parser, xml, (int)len, NULL, "UTF-8", options);
	found = doc != NULL ? xmlDocGetRootElement(doc) : NULL;
	if (doctype) {
		snprintf(why, why_size, "has a document type declaration");
	} else if (found == NULL) {
		explain(parser, why, why_size);
	} else if (!domxml_is(found, NULL, root)) {
		snprintf(why, why_size, "the root element is not <%s>", root);
	} else {
		good = true;
	}
out:
	if (!good) {
		xmlFreeDoc(doc);
		doc = NULL;
	}
	xmlFreeParserCtxt(parser);
	return doc;
}
