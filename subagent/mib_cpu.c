/* SPDX-License-Identifier: BSD-2-Clause */
/* vmCpuTable: a row per virtual CPU. */
#include "mib_tree.h"

static const struct mib_column cpu_columns[] = {
	COUNTER64(2, vmCpuCoreTime, struct snap_vcpu, time_us),
};

static const oid cpu_root[] = { VM_OBJECTS, 5, 1 };

const struct mib_table mib_cpu = {
	.name = "vmCpuTable",
	MIB_ROOT(cpu_root),
	MIB_COLUMNS(cpu_columns),
	.depth = 2,
	MIB_ROWS(vcpus, n_vcpus),
};
