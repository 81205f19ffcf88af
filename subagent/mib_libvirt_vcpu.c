/* SPDX-License-Identifier: BSD-2-Clause */
/* virtVcpuTable: a row per virtual CPU. */
#include "mib_tree.h"

static const char *const state_labels[] = { "offline", "running", "blocked" };

static const struct mib_column vcpu_columns[] = {
	ENUM(1, virtVcpuState, struct snap_vcpu, state, state_labels),
	COUNTER64(2, virtVcpuWait, struct snap_vcpu, wait_us),
	COUNTER64(3, virtVcpuDelay, struct snap_vcpu, delay_us),
	TRUTH(4, virtVcpuHalted, struct snap_vcpu, halted),
	INTEGER(5, virtVcpuHostCpu, struct snap_vcpu, host_cpu),
	RATE(6, virtVcpuUtilization, struct snap_vcpu, time_rate, 1, 100),
};

static const oid vcpu_root[] = { VIRT_OBJECTS, 5, 1 };

const struct mib_table mib_libvirt_vcpu = {
	.name = "virtVcpuTable",
	MIB_ROOT(vcpu_root),
	MIB_COLUMNS(vcpu_columns),
	.depth = 2,
	MIB_ROWS(vcpus, n_vcpus),
};
