/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads libvirt's capabilities XML. */
#ifndef VMMIBD_DOMXML_CAPS_H
#define VMMIBD_DOMXML_CAPS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The host's processor model out of what virConnectGetCapabilities() returned
 * (format: libvirt's formatcaps page), cut to size; false if there is none.
 * The XML is untrusted, as for domxml_parse().  Any thread.
 */
bool domxml_caps_cpu_model(const char *xml, size_t len, char *model,
    size_t size);

#endif
