/* SPDX-License-Identifier: BSD-2-Clause */
/* VM-MIB's scalars. */
#include "mib_tree.h"
#include "notify.h"

static const struct mib_column hypervisor_columns[] = {
	TEXT(1, vmHvSoftware, struct snap_host, software),
	TEXT(2, vmHvVersion, struct snap_host, version),
	OBJECTID(3, vmHvObjectID, struct snap_host, object_id),
	SINCE(4, vmHvUpTime, struct snap_host, started_ms),
};

static const void *
hypervisor_scalars(const struct mib_view *view)
{
	return view->snap->host;
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
number_scalars(const struct mib_view *view)
{
	return view->snap;
}

static const oid objects_root[] = { VM_OBJECTS };

const struct mib_table mib_numbers = {
	.name = "vmObjects",
	MIB_ROOT(objects_root),
	MIB_COLUMNS(number_columns),
	.scalars = number_scalars,
};

static const struct mib_column switch_columns[] = {
	TRUTH(9, vmPerVMNotificationsEnabled, struct notify_status,
	    per_vm),
	TRUTH(10, vmBulkNotificationsEnabled, struct notify_status, bulk),
};

static const void *
switch_scalars(const struct mib_view *view)
{
	return view->notify;
}

const struct mib_table mib_switches = {
	.name = "vmObjects",
	MIB_ROOT(objects_root),
	MIB_COLUMNS(switch_columns),
	.scalars = switch_scalars,
};
