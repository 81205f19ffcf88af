/* SPDX-License-Identifier: BSD-2-Clause */
/* The regions that are registered, each a list of tables in OID order. */
#include "mib_tree.h"

static const oid vm_objects[] = { VM_OBJECTS };

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
	MIB_ROOT(vm_objects),
	.tables = vm_tables,
	.n_tables = sizeof(vm_tables) / sizeof(vm_tables[0]),
};
