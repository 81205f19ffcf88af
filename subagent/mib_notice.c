/* SPDX-License-Identifier: BSD-2-Clause */
/* What a notification carries: both modules' notifications as data. */
#include "mib_notice.h"

#include <string.h>

#include "mib_libvirt_reason.h"
#include "mib_tree.h"
#include "notify.h"

/* How an object's instance is found: the scalar .0, a VM, a VM's disk. */
enum instance { SCALAR, OF_VM, OF_DISK };

/* Everything that a value can come from. */
struct source {
	const struct notify_item *item;
	const struct note *note; /* NULL: a bulk notification */
	const char *connection;
};

/* An object that notifications carry. */
struct object {
	oid ids[MAX_OID_LEN]; /* without the instance */
	size_t len;
	enum instance instance;
	int (*set)(netsnmp_variable_list *vb, const struct source *from);
};

/* --- values: 0, or not when out of memory ---------------------------------- */

static int
set_octets(netsnmp_variable_list *vb, const void *octets, size_t len)
{
	/* No octets are to be asked for as well. */
	return snmp_set_var_typed_value(vb, ASN_OCTET_STR,
	    len > 0 ? octets : "", len);
}

static int
set_text(netsnmp_variable_list *vb, const char *text)
{
	return set_octets(vb, text, text != NULL ? strlen(text) : 0);
}

static int
set_integer(netsnmp_variable_list *vb, long value)
{
	return snmp_set_var_typed_value(vb, ASN_INTEGER, &value,
	    sizeof(value));
}

static int
set_name(netsnmp_variable_list *vb, const struct source *from)
{
	return set_text(vb, from->note->def != NULL ? from->note->def->name :
	    NULL);
}

static int
set_uuid(netsnmp_variable_list *vb, const struct source *from)
{
	return set_octets(vb, from->note->uuid.octets,
	    sizeof(from->note->uuid.octets));
}

static int
set_prior(netsnmp_variable_list *vb, const struct source *from)
{
	return set_integer(vb, from->note->prior);
}

static int
set_persistent(netsnmp_variable_list *vb, const struct source *from)
{
	return set_integer(vb, from->note->persistent);
}

/* Of a VM that is gone already there is no reason any more. */
static int
set_reason(netsnmp_variable_list *vb, const struct source *from)
{
	int32_t reason = mib_libvirt_reason(from->note->virt_state,
	    from->note->virt_reason);

	return set_integer(vb, reason != SNAP_NO_I32 ? reason : 0);
}

static int
set_device(netsnmp_variable_list *vb, const struct source *from)
{
	return set_text(vb, from->note->device);
}

static int
set_detail(netsnmp_variable_list *vb, const struct source *from)
{
	return set_text(vb, from->note->detail);
}

static int
set_action(netsnmp_variable_list *vb, const struct source *from)
{
	return set_integer(vb, from->note->action);
}

static int
set_outcome(netsnmp_variable_list *vb, const struct source *from)
{
	return set_integer(vb, from->note->outcome);
}

static int
set_connection(netsnmp_variable_list *vb, const struct source *from)
{
	return set_text(vb, from->connection);
}

static int
set_vms(netsnmp_variable_list *vb, const struct source *from)
{
	return set_octets(vb, from->item->vms, from->item->vms_len);
}

static size_t virt_oid(enum note_kind kind, oid to[MAX_OID_LEN]);

static int
set_folded(netsnmp_variable_list *vb, const struct source *from)
{
	oid ids[MAX_OID_LEN];
	size_t len = virt_oid(from->item->kind, ids);

	return snmp_set_var_typed_value(vb, ASN_OBJECT_ID, ids,
	    len * sizeof(oid));
}

/* --- objects --------------------------------------------------------------- */

#define OIDS(...) { __VA_ARGS__ }, \
	sizeof((oid[]){ __VA_ARGS__ }) / sizeof(oid)
#define OBJECT(nm, inst, setter, ...)                                         \
	static const struct object nm = { OIDS(__VA_ARGS__), inst, setter }

OBJECT(vmName, OF_VM, set_name, VM_OBJECTS, 4, 1, 2);
OBJECT(vmUUID, OF_VM, set_uuid, VM_OBJECTS, 4, 1, 3);
OBJECT(vmOperState, OF_VM, set_prior, VM_OBJECTS, 4, 1, 6);
OBJECT(vmPersistent, OF_VM, set_persistent, VM_OBJECTS, 4, 1, 8);
OBJECT(vmAffectedVMs, SCALAR, set_vms, VM_OBJECTS, 11);
OBJECT(virtConnState, SCALAR, set_action, VIRT_OBJECTS, 1, 2);
OBJECT(virtConnLastError, SCALAR, set_detail, VIRT_OBJECTS, 1, 4);
OBJECT(virtDomainReason, OF_VM, set_reason, VIRT_OBJECTS, 3, 1, 2);
OBJECT(virtDiskTarget, OF_DISK, set_device, VIRT_OBJECTS, 6, 1, 1);
OBJECT(virtNotifyDetail, SCALAR, set_detail, VIRT_OBJECTS, 9, 1);
OBJECT(virtNotifyIoAction, SCALAR, set_action, VIRT_OBJECTS, 9, 2);
OBJECT(virtNotifyWatchdogAction, SCALAR, set_action, VIRT_OBJECTS, 9, 3);
OBJECT(virtNotifyBlockJob, SCALAR, set_action, VIRT_OBJECTS, 9, 4);
OBJECT(virtNotifyBlockJobStatus, SCALAR, set_outcome, VIRT_OBJECTS, 9, 5);
OBJECT(virtNotifyConnection, SCALAR, set_connection, VIRT_OBJECTS, 9, 6);
OBJECT(virtNotifyFolded, SCALAR, set_folded, VIRT_OBJECTS, 9, 7);

#define OBJECTS_MAX 6

/* --- notifications --------------------------------------------------------- */

#define CHANGE { &vmName, &vmUUID, &vmOperState }
#define VIRT &vmName, &vmUUID, &virtDomainReason
#define LINK { &virtNotifyConnection, &virtConnState, &virtConnLastError }

static const struct object *const single[NOTE_KINDS][OBJECTS_MAX + 1] = {
	[NOTE_RUNNING] = CHANGE,
	[NOTE_SHUTTINGDOWN] = CHANGE,
	[NOTE_SHUTDOWN] = CHANGE,
	[NOTE_PAUSED] = CHANGE,
	[NOTE_SUSPENDING] = CHANGE,
	[NOTE_SUSPENDED] = CHANGE,
	[NOTE_RESUMING] = CHANGE,
	[NOTE_MIGRATING] = CHANGE,
	[NOTE_CRASHED] = CHANGE,
	[NOTE_DELETED] = { &vmName, &vmUUID, &vmOperState, &vmPersistent },
	[NOTE_CREATED] = { VIRT, &vmPersistent },
	[NOTE_PANICKED] = { VIRT, &virtNotifyDetail },
	[NOTE_IO_ERROR] = { VIRT, &virtDiskTarget, &virtNotifyIoAction,
	    &virtNotifyDetail },
	[NOTE_WATCHDOG] = { VIRT, &virtNotifyWatchdogAction },
	[NOTE_BLOCK_JOB_FINISHED] = { VIRT, &virtDiskTarget,
	    &virtNotifyBlockJob, &virtNotifyBlockJobStatus },
	[NOTE_BLOCK_JOB_FAILED] = { VIRT, &virtDiskTarget,
	    &virtNotifyBlockJob },
	[NOTE_REMOVAL_FAILED] = { VIRT, &virtNotifyDetail },
	[NOTE_MEMORY_FAILURE] = { VIRT, &virtNotifyDetail },
	[NOTE_REBOOTED] = { VIRT },
	[NOTE_MIGRATION_FINISHED] = { VIRT, &virtNotifyDetail },
	[NOTE_MIGRATION_FAILED] = { VIRT, &virtNotifyDetail },
	[NOTE_THRESHOLD] = { VIRT, &virtDiskTarget, &virtNotifyDetail },
	[NOTE_CONN_LOST] = LINK,
	[NOTE_CONN_HUNG] = LINK,
	[NOTE_CONN_RESTORED] = LINK,
};

static const struct object *const bulk_state[] = { &vmAffectedVMs, NULL };
static const struct object *const bulk_virt[] = { &virtNotifyFolded,
	&vmAffectedVMs, NULL };

/* The numbers of the bulk forms: RFC 7666's come in the order of the singles. */
#define BULK_OFFSET 10
#define VIRT_BULK 16

static size_t
virt_oid(enum note_kind kind, oid to[MAX_OID_LEN])
{
	static const oid root[] = { VIRT_MIB, 0 };

	memcpy(to, root, sizeof(root));
	to[OID_LENGTH(root)] = (oid)(kind - NOTE_CREATED + 1);
	return OID_LENGTH(root) + 1;
}

static size_t
notification_oid(const struct notify_item *item, oid to[MAX_OID_LEN])
{
	static const oid vm_root[] = { VM_MIB, 0 };
	size_t len;

	if (!note_is_state(item->kind)) {
		len = virt_oid(item->kind, to);
		if (item->note == NULL) {
			to[len - 1] = VIRT_BULK;
		}
		return len;
	}
	memcpy(to, vm_root, sizeof(vm_root));
	to[OID_LENGTH(vm_root)] = (oid)(int)item->kind +
	    (item->note == NULL ? BULK_OFFSET : 0);
	return OID_LENGTH(vm_root) + 1;
}

static const struct object *const *
objects_of(const struct notify_item *item)
{
	return item->note != NULL ? single[item->kind] :
	    note_is_state(item->kind) ? bulk_state : bulk_virt;
}

static int
add_object(netsnmp_variable_list **vars, const struct object *object,
    const struct source *from)
{
	oid name[MAX_OID_LEN];
	size_t len = object->len;
	netsnmp_variable_list *vb;

	memcpy(name, object->ids, len * sizeof(oid));
	name[len++] = object->instance == SCALAR ? 0 : from->note->index;
	if (object->instance == OF_DISK) {
		name[len++] = from->note->disk;
	}
	vb = snmp_varlist_add_variable(vars, name, len, ASN_NULL, NULL, 0);
	return vb != NULL ? object->set(vb, from) : -1;
}

netsnmp_variable_list *
mib_notice_vars(const struct notify_item *item, const char *connection)
{
	static const oid trap_oid[] = { 1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0 };
	const struct source from = { item, item->note, connection };
	const struct object *const *object = objects_of(item);
	netsnmp_variable_list *vars = NULL;
	oid ids[MAX_OID_LEN];
	size_t len = notification_oid(item, ids);
	int failed;

	failed = snmp_varlist_add_variable(&vars, trap_oid,
	    OID_LENGTH(trap_oid), ASN_OBJECT_ID, ids,
	    len * sizeof(oid)) == NULL;
	for (; *object != NULL && !failed; object++) {
		failed = add_object(&vars, *object, &from);
	}
	if (failed) {
		snmp_free_varbind(vars);
		vars = NULL;
	}
	return vars;
}
