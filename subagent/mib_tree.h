/* SPDX-License-Identifier: BSD-2-Clause */
/* Which tables and scalars there are. */
#ifndef VMMIBD_MIB_TREE_H
#define VMMIBD_MIB_TREE_H

#include "mib_table.h"

#define VM_MIB 1, 3, 6, 1, 2, 1, 236 /* vmMIB, RFC 7666 */
#define VM_OBJECTS VM_MIB, 1         /* vmObjects */
#define VIRT_MIB VMMIBD_VIRT_OID     /* virtMIB, see configure */
#define VIRT_OBJECTS VIRT_MIB, 1     /* virtObjects */

extern const struct mib_table mib_hypervisor; /* vmHypervisor */
extern const struct mib_table mib_numbers;    /* vmNumber, vmTableLastChange */
extern const struct mib_table mib_vm;
extern const struct mib_table mib_cpu;
extern const struct mib_table mib_affinity;
extern const struct mib_table mib_storage;
extern const struct mib_table mib_network;
extern const struct mib_table mib_switches; /* notification switches */

extern const struct mib_table mib_libvirt_self; /* virtAgent: vmmibd, */
extern const struct mib_table mib_libvirt_link; /* the connection, */
extern const struct mib_table mib_libvirt_notify; /* notifications, */
extern const struct mib_table mib_libvirt_hung; /* and calls that hang */
extern const struct mib_table mib_libvirt_host; /* virtHost: facts, */
extern const struct mib_table mib_libvirt_load; /* measurements, sums */
extern const struct mib_table mib_libvirt_domain;
extern const struct mib_table mib_libvirt_memory;
extern const struct mib_table mib_libvirt_vcpu;
extern const struct mib_table mib_libvirt_disk;
extern const struct mib_table mib_libvirt_nic;
extern const struct mib_table mib_libvirt_metadata;

extern const struct mib_region mib_vm_objects;   /* all of VM-MIB's objects */
extern const struct mib_region mib_virt_objects; /* VM-LIBVIRT-MIB's */

/* Regions in OID order, and in the order in which they are registered. */
extern const struct mib_region *const mib_regions[];
#define MIB_N_REGIONS 2

#endif
