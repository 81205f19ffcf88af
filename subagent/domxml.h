/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a domain's definition out of libvirt's domain XML. */
#ifndef VMMIBD_DOMXML_H
#define VMMIBD_DOMXML_H

#include <stddef.h>

struct domxml_rule;
struct snap_def;

/*
 * Bounds on what one document may cost.  A longer document is refused, the
 * disks and NICs beyond the first so many are left out, and a vCPU count above
 * the bound is taken as malformed.  libvirt's own protocol carries no longer
 * string; no hypervisor comes near the other two.
 */
#define DOMXML_BYTES_MAX (4 * 1024 * 1024)
#define DOMXML_DEVICES_MAX 1024 /* disks, and as many NICs */
#define DOMXML_VCPUS_MAX 16384

/* Once, on the main thread before any other: sets up libxml2. */
void domxml_init(void);

/*
 * Parses the XML that virDomainGetXMLDesc() returned (format: libvirt's
 * formatdomain page).  The XML is untrusted: no network, no entities, and a
 * document type declaration, which libvirt never writes, is refused.  Elements
 * that are missing or malformed cost only their own values, of repeated ones
 * the first counts; a document that is not well-formed UTF-8, or whose root is
 * not <domain>, gives NULL and a one-line reason in why.
 *
 * A disk without a target has the identity "disk#N", the Nth of its domain.
 * The maximum memory is <memory>, as in libvirt's own statistics, and not the
 * <maxMemory> up to which memory may be hot-plugged, unless that is all.
 *
 * The rules (domxml_metadata.h), of which there may be none and which are
 * valid, choose items of the metadata.  Any thread.  The caller owns the
 * definition (one reference).
 */
struct snap_def *domxml_parse(const char *xml, size_t len,
    const struct domxml_rule *rules, size_t n_rules, char *why,
    size_t why_size);

#endif
