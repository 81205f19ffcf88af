/* SPDX-License-Identifier: BSD-2-Clause */
/* What the readers of the parts of a domain's definition share. */
#ifndef VMMIBD_DOMXML_READ_H
#define VMMIBD_DOMXML_READ_H

#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domxml_value.h"
#include "snap_def.h"

struct domxml_rule;

/* One document being read. */
struct domxml_reading {
	struct snap_def *def;
	bool no_memory;
};

/*
 * Copies and zeroed arrays that live with the definition; NULL for no text and
 * for an empty line.  Running out of memory is noted in the reading.
 */
const char *domxml_keep(struct domxml_reading *reading, const char *text);
const char *domxml_keep_line(struct domxml_reading *reading,
    const struct domxml_line *line);
void *domxml_keep_array(struct domxml_reading *reading, size_t n, size_t size);

/* A number out of an element or attribute, none if it is missing or bad. */
uint64_t domxml_number_or(const char *text, uint64_t none);

/* Appends the PCI address of an <address> element; false if it is none. */
bool domxml_add_address(struct domxml_line *line, const xmlNode *address);

/*
 * Each fills in all that the definition says about one thing.  Whatever the
 * document does not tell is set to say so.
 */
void domxml_read_disk(struct domxml_reading *reading, const xmlNode *node,
    size_t number, struct snap_disk_def *disk);
void domxml_read_nic(struct domxml_reading *reading, const xmlNode *node,
    struct snap_nic_def *nic);
void domxml_read_nova(struct domxml_reading *reading, const xmlNode *domain);

/* Cuts the document down to its <metadata>: nothing is read after it. */
void domxml_read_metadata(struct domxml_reading *reading, xmlDoc *doc,
    const struct domxml_rule *rules, size_t n_rules);

#endif
