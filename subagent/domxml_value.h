/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads and writes the small notations found in domain XML. */
#ifndef VMMIBD_DOMXML_VALUE_H
#define VMMIBD_DOMXML_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot.h"

/*
 * Text put together from several values.  More than fits is cut off: text of
 * this length fills an SnmpAdminString whatever becomes of it.
 */
struct domxml_line {
	size_t len;
	char text[1024];
};

void domxml_add(struct domxml_line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * A whole number, white space around it allowed, a sign not.  Base 0 takes
 * "0x1f" as well.  False, and *number untouched, if text is none or NULL.
 */
bool domxml_number(const char *text, int base, uint64_t *number);

/*
 * An amount of memory in one of libvirt's units (NULL: KiB), rounded up to KiB
 * as libvirt does; SNAP_NO_U64 if it is none.
 */
uint64_t domxml_kib(const char *text, const char *unit);

/* Up to 8 octets in hexadecimal, ":" or "-" between them; else none. */
struct snap_mac domxml_mac(const char *text);

/* Appends name:port or [IPv6 address]:port, either of which may be NULL. */
void domxml_add_host(struct domxml_line *line, const char *name,
    const char *port);

/*
 * Appends a PCI address, given as in XML by domain (may be NULL), bus, slot
 * and function, as 0000:01:00.0; false if it is none.
 */
bool domxml_add_pci(struct domxml_line *line, const char *const parts[4]);

#endif
