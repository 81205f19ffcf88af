/* SPDX-License-Identifier: BSD-2-Clause */
/* SET of what can be set: the two notification switches. */
#include "mib_set.h"

#include <net-snmp/library/check_varbind.h>

#include "mib_tree.h"
#include "notify.h"

enum which { NEITHER, PER_VM, BULK };

/* vmPerVMNotificationsEnabled.0 and vmBulkNotificationsEnabled.0 */
static enum which
which_switch(const netsnmp_variable_list *vb)
{
	static const oid per_vm[] = { VM_OBJECTS, 9, 0 };
	static const oid bulk[] = { VM_OBJECTS, 10, 0 };

	if (snmp_oid_compare(vb->name, vb->name_length, per_vm,
	    OID_LENGTH(per_vm)) == 0) {
		return PER_VM;
	}
	return snmp_oid_compare(vb->name, vb->name_length, bulk,
	    OID_LENGTH(bulk)) == 0 ? BULK : NEITHER;
}

static void
turn(struct mib_switches *switches, enum which which, bool per_vm, bool bulk)
{
	if (which == PER_VM) {
		notify_switch_per_vm(switches->notify, per_vm);
	} else {
		notify_switch_bulk(switches->notify, bulk);
	}
}

void
mib_set(struct mib_switches *switches, netsnmp_agent_request_info *info,
    netsnmp_request_info *request)
{
	const struct notify_status *status = notify_status(switches->notify);
	enum which which = which_switch(request->requestvb);
	int error = SNMP_ERR_NOERROR;
	bool on;

	switch (info->mode) {
	case MODE_SET_RESERVE1:
		error = which == NEITHER ? SNMP_ERR_NOTWRITABLE :
		    netsnmp_check_vb_truthvalue(request->requestvb);
		break;
	case MODE_SET_RESERVE2:
		switches->undo_per_vm = status->per_vm == SNAP_TRUE;
		switches->undo_bulk = status->bulk == SNAP_TRUE;
		break;
	case MODE_SET_ACTION:
		on = *request->requestvb->val.integer == SNAP_TRUE;
		turn(switches, which, on, on);
		break;
	case MODE_SET_UNDO:
		turn(switches, which, switches->undo_per_vm,
		    switches->undo_bulk);
		break;
	}
	if (error != SNMP_ERR_NOERROR) {
		netsnmp_set_request_error(info, request, error);
	}
}
