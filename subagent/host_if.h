/* SPDX-License-Identifier: BSD-2-Clause */
/* Network interfaces of this machine, by name. */
#ifndef VMMIBD_HOST_IF_H
#define VMMIBD_HOST_IF_H

#include <stdint.h>

/* ifIndex of an interface, which Net-SNMP's ifTable uses too; 0: none. */
int32_t host_if_index(const char *name);

/* ifIndex of the bridge it is a port of, or of its lower device; 0: none. */
int32_t host_if_parent(const char *name);

#endif
