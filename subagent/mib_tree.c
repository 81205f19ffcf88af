/* SPDX-License-Identifier: BSD-2-Clause */
/* The regions that are registered, each a list of tables in OID order. */
#include "mib_tree.h"

static const oid vm_objects[] = { VM_OBJECTS };

static const oid virt_objects[] = { VIRT_OBJECTS };

static const struct mib_table *const vm_tables[] = {
	&mib_hypervisor, /* 1 */
	&mib_numbers,    /* 2, 3 */
	&mib_vm,         /* 4 */
	&mib_cpu,        /* 5 */
	&mib_affinity,   /* 6 */
	&mib_storage,    /* 7 */
	&mib_network,    /* 8 */
	&mib_switches,   /* 9, 10 */
};

const struct mib_region mib_vm_objects = {
	.name = "VM-MIB",
	.descr = "VM-MIB: virtual machines controlled by a hypervisor "
	    "(RFC 7666)",
	MIB_ROOT(vm_objects),
	.tables = vm_tables,
	.n_tables = sizeof(vm_tables) / sizeof(vm_tables[0]),
};

static const struct mib_table *const virt_tables[] = {
	&mib_libvirt_self,     /* 1: 1 */
	&mib_libvirt_link,     /* 1: 2 to 14 */
	&mib_libvirt_notify,   /* 1: 15 to 20 */
	&mib_libvirt_hung,     /* 1: 21 and 22 */
	&mib_libvirt_host,     /* 2: 1 to 12 */
	&mib_libvirt_load,     /* 2: 13 to 29 */
	&mib_libvirt_domain,   /* 3 */
	&mib_libvirt_memory,   /* 4 */
	&mib_libvirt_vcpu,     /* 5 */
	&mib_libvirt_disk,     /* 6 */
	&mib_libvirt_nic,      /* 7 */
	&mib_libvirt_metadata, /* 8 */
};

const struct mib_region mib_virt_objects = {
	.name = "VM-LIBVIRT-MIB",
	.descr = "VM-LIBVIRT-MIB: what libvirt measures of virtual machines",
	MIB_ROOT(virt_objects),
	.tables = virt_tables,
	.n_tables = sizeof(virt_tables) / sizeof(virt_tables[0]),
};

const struct mib_region *const mib_regions[MIB_N_REGIONS] = {
	&mib_vm_objects,
	&mib_virt_objects,
};
