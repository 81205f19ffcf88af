/* SPDX-License-Identifier: BSD-2-Clause */
/* Which tables and scalars there are. */
#ifndef VMMIBD_MIB_TREE_H
#define VMMIBD_MIB_TREE_H

#include "mib_table.h"

#define VM_MIB 1, 3, 6, 1, 2, 1, 236 /* vmMIB, RFC 7666 */
#define VM_OBJECTS VM_MIB, 1         /* vmObjects */

extern const struct mib_table mib_hypervisor; /* vmHypervisor */
extern const struct mib_table mib_numbers;    /* vmNumber, vmTableLastChange */
extern const struct mib_table mib_vm;
extern const struct mib_table mib_cpu;
extern const struct mib_table mib_affinity;
extern const struct mib_table mib_storage;
extern const struct mib_table mib_network;
extern const struct mib_table mib_switches; /* notification switches */

extern const struct mib_region mib_vm_objects; /* all of VM-MIB's objects */

#endif
