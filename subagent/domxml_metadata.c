/* SPDX-License-Identifier: BSD-2-Clause */
/* Chooses items of a domain's metadata by rules of the configuration. */
#include "domxml_metadata.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlversion.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include "domxml_node.h"
#include "domxml_read.h"

/* libxml2 2.12 made the error of a handler const. */
#if LIBXML_VERSION >= 21200
#define HANDLER_ERROR const xmlError
#else
#define HANDLER_ERROR xmlError
#endif

static bool refuse(char *why, size_t why_size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool
refuse(char *why, size_t why_size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, why_size, format, args);
	va_end(args);
	return false;
}

/* Without a handler libxml2 writes to standard error. */
static void
keep_quiet(void *arg, HANDLER_ERROR *error)
{
	(void)arg;
	(void)error;
}

/* Binds the namespace of a rule and gives it all its steps. */
static bool
prepare(xmlXPathContext *context, xmlNode *metadata, const char *ns)
{
	context->error = keep_quiet;
	context->node = metadata;
	context->contextSize = 1;
	context->proximityPosition = 1;
#if LIBXML_VERSION >= 20911 /* older ones have the limits on size alone */
	context->opLimit = DOMXML_RULE_STEPS_MAX;
	context->opCount = 0;
#endif
	return xmlXPathRegisterNs(context, (const xmlChar *)"m",
	    (const xmlChar *)ns) == 0;
}

/* Evaluation */

static void
add_node(struct domxml_line *line, xmlNode *node)
{
	xmlChar *text = xmlXPathCastNodeToString(node);

	if (text != NULL && text[0] != '\0') {
		domxml_add(line, "%s%s", line->len > 0 ? ", " : "",
		    (const char *)text);
	}
	xmlFree(text);
}

static void
add_object(struct domxml_line *line, xmlXPathObject *object)
{
	xmlNodeSet *nodes = object->nodesetval;
	xmlChar *text;
	int i;

	if (object->type != XPATH_NODESET) {
		text = xmlXPathCastToString(object);
		domxml_add(line, "%s", text != NULL ? (const char *)text : "");
		xmlFree(text);
		return;
	}
	/* libxml2 has put the nodes in document order. */
	for (i = 0; nodes != NULL && i < nodes->nodeNr &&
	    line->len < sizeof(line->text) - 1; i++) {
		add_node(line, nodes->nodeTab[i]);
	}
}

/* Adds the value to line; false if the rule cannot be evaluated. */
static bool
evaluate(xmlXPathContext *context, const char *xpath, struct domxml_line *line)
{
	xmlXPathCompExpr *compiled = xmlXPathCtxtCompile(context,
	    (const xmlChar *)xpath);
	xmlXPathObject *object = NULL;

	if (compiled != NULL) {
		object = xmlXPathCompiledEval(compiled, context);
	}
	if (object != NULL) {
		add_object(line, object);
	}
	xmlXPathFreeObject(object);
	xmlXPathFreeCompExpr(compiled);
	return object != NULL;
}

static xmlNode *
find_metadata(xmlDoc *doc)
{
	xmlNode *node = xmlFirstElementChild(xmlDocGetRootElement(doc));

	while (node != NULL && !domxml_is(node, NULL, "metadata")) {
		node = xmlNextElementSibling(node);
	}
	return node;
}

static bool
is_short(xmlDoc *doc, xmlNode *metadata)
{
	xmlBuffer *buffer = xmlBufferCreate();
	int len = -1;

	if (buffer != NULL) {
		len = xmlNodeDump(buffer, doc, metadata, 0, 0);
	}
	xmlBufferFree(buffer);
	return len >= 0 && len <= DOMXML_METADATA_BYTES_MAX;
}

static void
read_rules(struct domxml_reading *reading, xmlXPathContext *context,
    const struct domxml_rule *rules, size_t n_rules)
{
	xmlNode *metadata = xmlDocGetRootElement(context->doc);
	struct snap_def *def = reading->def;
	struct snap_metadata *row;
	size_t i;

	def->metadata = domxml_keep_array(reading, n_rules, sizeof(*row));
	for (i = 0; i < n_rules && def->metadata != NULL; i++) {
		struct domxml_line line = { 0 };

		if (!prepare(context, metadata, rules[i].ns)) {
			reading->no_memory = true;
		} else if (evaluate(context, rules[i].xpath, &line) &&
		    line.len > 0) {
			row = &def->metadata[def->n_metadata++];
			row->index = (uint32_t)(i + 1);
			row->name = domxml_keep(reading, rules[i].xpath);
			row->value = domxml_keep_line(reading, &line);
		}
	}
}

void
domxml_read_metadata(struct domxml_reading *reading, xmlDoc *doc,
    const struct domxml_rule *rules, size_t n_rules)
{
	xmlNode *metadata = n_rules > 0 ? find_metadata(doc) : NULL;
	xmlXPathContext *context;
	xmlNode *domain;

	if (metadata == NULL) {
		return;
	}
	/* So that "//" cannot reach the rest, whose size is not bounded. */
	domain = xmlDocSetRootElement(doc, metadata);
	if (is_short(doc, metadata)) {
		context = xmlXPathNewContext(doc);
		if (context != NULL) {
			read_rules(reading, context, rules, n_rules);
		} else {
			reading->no_memory = true;
		}
		xmlXPathFreeContext(context);
	}
	xmlFreeNode(domain); /* not before: it may declare namespaces */
}

/* Validity */

static bool
begins_name(char c)
{
	return isalpha((unsigned char)c) || c == '_' ||
	    (unsigned char)c >= 0x80;
}

static size_t
name_len(const char *text)
{
	size_t len = 0;

	/* "1-count()" has no name that begins with "-". */
	while (begins_name(text[len]) || (len > 0 &&
	    (isdigit((unsigned char)text[len]) || text[len] == '-' ||
	    text[len] == '.'))) {
		len++;
	}
	return len;
}

/* Whether what stands before a parenthesis may do so. */
static bool
may_open(xmlXPathContext *context, const char *name)
{
	static const char *const others[] = {
		"and", "or", "div", "mod",
		"node", "text", "comment", "processing-instruction",
	};
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(name, others[i]) == 0) {
			return true;
		}
	}
	return xmlXPathFunctionLookup(context, (const xmlChar *)name) != NULL;
}

/* A name, len octets of it at text: as a prefix, else as a function. */
static bool
name_known(xmlXPathContext *context, const char *text, size_t len, char *why,
    size_t why_size)
{
	const char *rest = text + len;
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)len, text);
	if (rest[0] == ':' && rest[1] != ':' &&
	    xmlXPathNsLookup(context, (const xmlChar *)name) == NULL) {
		return refuse(why, why_size, "there is no prefix '%s', only "
		    "'m'", name);
	}
	rest += strspn(rest, " \t\r\n");
	if (rest[0] == '(' && !may_open(context, name)) {
		return refuse(why, why_size, "there is no function '%s'",
		    name);
	}
	return true;
}

/*
 * libxml2 looks names up only when it comes to use them, which for a predicate
 * is when there is a node to try it on.  The expression is one that compiles,
 * so that its literals have ends.
 */
static bool
names_known(xmlXPathContext *context, const char *xpath, char *why,
    size_t why_size)
{
	size_t len;

	for (; xpath[0] != '\0'; xpath += len) {
		len = name_len(xpath);
		if (len > 0) {
			if (!name_known(context, xpath, len, why, why_size)) {
				return false;
			}
		} else if (xpath[0] == '"' || xpath[0] == '\'') {
			len = 1 + strcspn(xpath + 1, (char[]){ xpath[0], 0 });
			len += xpath[len] != '\0';
		} else if (xpath[0] == '$') {
			return refuse(why, why_size, "there are no variables");
		} else {
			len = 1;
		}
	}
	return true;
}

/* The rest of the expression from where libxml2 gave it up. */
static bool
refuse_syntax(const xmlXPathContext *context, const char *xpath, char *why,
    size_t why_size)
{
	int at = context->lastError.int1;

	if (at < 0 || (size_t)at >= strlen(xpath)) {
		return refuse(why, why_size, "the XPath ends too early");
	}
	return refuse(why, why_size, "not an XPath 1.0 expression at '%.60s'",
	    xpath + at);
}

static bool
check_rule(xmlXPathContext *context, const char *xpath, char *why,
    size_t why_size)
{
	xmlXPathCompExpr *compiled = xmlXPathCtxtCompile(context,
	    (const xmlChar *)xpath);
	struct domxml_line line = { 0 };

	xmlXPathFreeCompExpr(compiled);
	if (compiled == NULL) {
		return refuse_syntax(context, xpath, why, why_size);
	}
	if (!names_known(context, xpath, why, why_size)) {
		return false;
	}
	return evaluate(context, xpath, &line) || refuse(why, why_size,
	    "a function of the XPath has wrong arguments");
}

bool
domxml_rule_valid(const char *ns, const char *xpath, char *why,
    size_t why_size)
{
	static const char sample[] = "<metadata/>";
	xmlXPathContext *context = NULL;
	xmlDoc *doc;
	bool valid;

	if (ns[0] == '\0') {
		return refuse(why, why_size, "the namespace is empty");
	}
	xmlInitParser();
	doc = xmlReadMemory(sample, sizeof(sample) - 1, NULL, NULL, 0);
	if (doc != NULL) {
		context = xmlXPathNewContext(doc);
	}
	if (context == NULL ||
	    !prepare(context, xmlDocGetRootElement(doc), ns)) {
		valid = refuse(why, why_size, "out of memory");
	} else {
		valid = check_rule(context, xpath, why, why_size);
	}
	xmlXPathFreeContext(context);
	xmlFreeDoc(doc);
	return valid;
}
