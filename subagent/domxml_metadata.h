/* SPDX-License-Identifier: BSD-2-Clause */
/* Chooses items of a domain's metadata by rules of the configuration. */
#ifndef VMMIBD_DOMXML_METADATA_H
#define VMMIBD_DOMXML_METADATA_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Bounds on what metadata that is made to be slow may cost, libxml2's count of
 * steps for one rule and the length of the metadata as XML.  What is beyond
 * them has no value.  Together they bound the text that a rule may have copied:
 * what was made to be slow takes seconds at most.  Nova writes about 2 KiB.
 */
#define DOMXML_RULE_STEPS_MAX 100000
#define DOMXML_METADATA_BYTES_MAX (64 * 1024)

/*
 * The value is what an XPath 1.0 expression gives for the domain's <metadata>
 * element, which is the context node and the root of all that it sees.  "m"
 * is the prefix of names in the namespace.  The texts of several nodes are
 * joined by ", "; nothing, or no text, is no value.
 */
struct domxml_rule {
	const char *ns;
	const char *xpath;
};

/* Whether a rule can be used; if not, why says so in one line.  Any thread. */
bool domxml_rule_valid(const char *ns, const char *xpath, char *why,
    size_t why_size);

#endif
