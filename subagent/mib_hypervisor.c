/* SPDX-License-Identifier: BSD-2-Clause */
/* VM-MIB's scalars. */
#include "mib_tree.h"

static const struct mib_column hypervisor_columns[] = {
	TEXT(1, vmHvSoftware, struct snap_host, software),
	TEXT(2, vmHvVersion, struct snap_host, version),
	OBJECTID(3, vmHvObjectID, struct snap_host, object_id),
	SINCE(4, vmHvUpTime, struct snap_host, started_ms),
};

static const void *
hypervisor_scalars(const struct snapshot *snap)
{
	return snap->host;
}

static const oid hypervisor_root[] = { VM_OBJECTS, 1 };

const struct mib_table mib_hypervisor = {
	.name = "vmHypervisor",
	MIB_ROOT(hypervisor_root),
	MIB_COLUMNS(hypervisor_columns),
	.scalars = hypervisor_scalars,
};

static const struct mib_column number_columns[] = {
	INTEGER(2, vmNumber, struct snapshot, n_domains),
	TICKS(3, vmTableLastChange, struct snapshot, table_last_change),
};

static const void *
number_scalars(const struct snapshot *snap)
{
	return snap;
}

static const oid objects_root[] = { VM_OBJECTS };

const struct mib_table mib_numbers = {
	.name = "vmObjects",
	MIB_ROOT(objects_root),
	MIB_COLUMNS(number_columns),
	.scalars = number_scalars,
};

/* RFC 7666 wants false(2) of an agent that sends none of its notifications. */
struct switches {
	int32_t per_vm;
	int32_t bulk;
};

static const struct switches switches = { .per_vm = 2, .bulk = 2 };

static const struct mib_column switch_columns[] = {
	TRUTH(9, vmPerVMNotificationsEnabled, struct switches, per_vm),
	TRUTH(10, vmBulkNotificationsEnabled, struct switches, bulk),
};

static const void *
switch_scalars(const struct snapshot *snap)
{
	(void)snap;
	return &switches;
}

const struct mib_table mib_switches = {
	.name = "vmObjects",
	MIB_ROOT(objects_root),
	MIB_COLUMNS(switch_columns),
	.scalars = switch_scalars,
};
