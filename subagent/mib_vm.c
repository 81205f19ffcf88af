/* SPDX-License-Identifier: BSD-2-Clause */
/* vmTable: a row per virtual machine. */
#include "mib_tree.h"

static const char *const admin_labels[] = {
	NULL, "running", "suspended", "paused", "shutdown",
};

static const char *const oper_labels[] = {
	NULL, "unknown", "other", "preparing", "running", "suspending",
	"suspended", "resuming", "paused", "migrating", "shuttingdown",
	"shutdown", "crashed",
};

static const char *const autostart_labels[] = {
	NULL, "unknown", "enabled", "disabled",
};

static const char *const persistent_labels[] = {
	NULL, "unknown", "persistent", "transient",
};

static const struct mib_column vm_columns[] = {
	DEF_TEXT(2, vmName, name),
	UUID(3, vmUUID, struct snap_domain, uuid),
	DEF_TEXT(4, vmOSType, os_type),
	ENUM(5, vmAdminState, struct snap_domain, admin_state, admin_labels),
	ENUM(6, vmOperState, struct snap_domain, oper_state, oper_labels),
	ENUM(7, vmAutoStart, struct snap_domain, autostart, autostart_labels),
	ENUM(8, vmPersistent, struct snap_domain, persistent,
	    persistent_labels),
	INTEGER(9, vmCurCpuNumber, struct snap_domain, cpus_current),
	INTEGER(10, vmMinCpuNumber, struct snap_domain, cpus_min),
	INTEGER(11, vmMaxCpuNumber, struct snap_domain, cpus_max),
	INTEGER(12, vmMemUnit, struct snap_domain, mem_unit),
	INTEGER(13, vmCurMem, struct snap_domain, mem_current),
	INTEGER(14, vmMinMem, struct snap_domain, mem_min),
	INTEGER(15, vmMaxMem, struct snap_domain, mem_max),
	SINCE(16, vmUpTime, struct snap_domain, started_ms),
	COUNTER64(17, vmCpuTime, struct snap_domain, cpu_time_us),
};

static const oid vm_root[] = { VM_OBJECTS, 4, 1 };

const struct mib_table mib_vm = {
	.name = "vmTable",
	MIB_ROOT(vm_root),
	MIB_COLUMNS(vm_columns),
	.depth = 1,
};
