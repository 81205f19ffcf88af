/* SPDX-License-Identifier: BSD-2-Clause */
/* What is done about each event of libvirt: it is put into an inbox. */
#include "lv_callbacks.h"

#include <stdbool.h>
#include <stdio.h>

#include "lv_events.h"
#include "lv_inbox.h"

static void
put(virDomainPtr dom, void *inbox, unsigned dirty)
{
	struct snap_uuid uuid;

	if (virDomainGetUUID(dom, uuid.octets) == 0) {
		lv_inbox_put(inbox, &uuid, dirty);
	}
}

static void
put_trouble(virDomainPtr dom, void *inbox, enum snap_trouble_kind kind,
    const char *detail)
{
	struct snap_uuid uuid;

	if (virDomainGetUUID(dom, uuid.octets) == 0) {
		lv_inbox_put_trouble(inbox, &uuid, kind, detail);
	}
}

/* Something for managers; device and text may be NULL.  NULL: no memory. */
static struct lv_event *
event_of(virDomainPtr dom, enum note_kind kind, const char *device,
    const char *text)
{
	struct snap_uuid uuid;
	struct lv_event *event = NULL;

	if (virDomainGetUUID(dom, uuid.octets) == 0) {
		event = lv_event_new(&uuid, virDomainGetName(dom), device,
		    text);
	}
	if (event != NULL) {
		event->kind = kind;
	}
	return event;
}

static void
put_event(virDomainPtr dom, void *inbox, enum note_kind kind,
    const char *text)
{
	lv_inbox_put_event(inbox, event_of(dom, kind, NULL, text),
	    LV_DIRTY_STATE);
}

/*
 * A value of libvirt's as the MIB module numbers it: one more, and those that
 * it does not know are the one after the last.
 */
static int
number_of(int value, int last)
{
	return value >= 0 && value <= last ? value + 1 : last + 2;
}

/*
 * One callback for each signature that libvirt has.  Most events say only
 * that something is to be read again, so their details are left alone.
 */

static int
on_lifecycle(virConnectPtr conn, virDomainPtr dom, int type, int detail,
    void *inbox)
{
	unsigned dirty = LV_DIRTY_STATE | LV_DIRTY_DEF;
	struct lv_event *event;

	(void)conn;
	if (type == VIR_DOMAIN_EVENT_STARTED) {
		dirty |= LV_DIRTY_STARTED;
		dirty |= detail == VIR_DOMAIN_EVENT_STARTED_RESTORED ?
		    LV_DIRTY_RESTORED : 0;
	}
	if (type == VIR_DOMAIN_EVENT_PMSUSPENDED &&
	    detail == VIR_DOMAIN_EVENT_PMSUSPENDED_DISK) {
		dirty |= LV_DIRTY_TO_DISK;
	}
	if (type == VIR_DOMAIN_EVENT_CRASHED) {
		bool panic = detail == VIR_DOMAIN_EVENT_CRASHED_PANICKED;

		put_trouble(dom, inbox, SNAP_TROUBLE_PANIC,
		    panic ? "guest panicked" : "guest crashed");
		put_event(dom, inbox, NOTE_PANICKED,
		    panic ? "" : "crash kernel loaded");
	}
	event = event_of(dom, NOTE_KNOWN, NULL, NULL);
	if (event != NULL) {
		event->type = type;
		event->detail = detail;
	}
	lv_inbox_put_event(inbox, event, dirty);
	return 0;
}

static void
on_reboot(virConnectPtr conn, virDomainPtr dom, void *inbox)
{
	(void)conn;
	put_event(dom, inbox, NOTE_REBOOTED, NULL);
}

/* by number_of() */
static const char *const io_actions[] = {
	NULL, "ignored", "paused", "reported to the guest", "unknown action",
};

static void
on_io_error(virConnectPtr conn, virDomainPtr dom, const char *source,
    const char *alias, int action, const char *reason, void *inbox)
{
	int number = number_of(action, VIR_DOMAIN_EVENT_IO_ERROR_REPORT);
	const char *path = source != NULL ? source : "";
	const char *why = reason != NULL ? reason : "";
	struct lv_event *event;
	char text[512];

	(void)conn;
	snprintf(text, sizeof(text), "%s: %s%s%s: %s",
	    alias != NULL && alias[0] != '\0' ? alias : "disk",
	    io_actions[number], why[0] != '\0' ? ", " : "", why, path);
	put_trouble(dom, inbox, SNAP_TROUBLE_IO_ERROR, text);
	snprintf(text, sizeof(text), "%s%s%s", why,
	    why[0] != '\0' && path[0] != '\0' ? ": " : "", path);
	event = event_of(dom, NOTE_IO_ERROR, alias, text);
	if (event != NULL) {
		event->action = number;
	}
	lv_inbox_put_event(inbox, event, LV_DIRTY_STATE);
}

/* by number_of() */
static const char *const watchdog_actions[] = {
	NULL, "ignored", "paused", "reset", "powered off",
	"asked to shut down", "logged", "NMI injected", "unknown action",
};

static void
on_watchdog(virConnectPtr conn, virDomainPtr dom, int action, void *inbox)
{
	int number = number_of(action, VIR_DOMAIN_EVENT_WATCHDOG_INJECTNMI);
	struct lv_event *event = event_of(dom, NOTE_WATCHDOG, NULL, NULL);

	(void)conn;
	put_trouble(dom, inbox, SNAP_TROUBLE_WATCHDOG,
	    watchdog_actions[number]);
	if (event != NULL) {
		event->action = number;
	}
	lv_inbox_put_event(inbox, event, LV_DIRTY_STATE);
}

static void
on_state(virConnectPtr conn, virDomainPtr dom, int reason, void *inbox)
{
	(void)conn;
	(void)reason;
	put(dom, inbox, LV_DIRTY_STATE);
}

static void
on_balloon(virConnectPtr conn, virDomainPtr dom, unsigned long long actual,
    void *inbox)
{
	(void)actual;
	on_state(conn, dom, 0, inbox);
}

static void
on_device(virConnectPtr conn, virDomainPtr dom, const char *alias, void *inbox)
{
	(void)conn;
	(void)alias;
	put(dom, inbox, LV_DIRTY_STATE | LV_DIRTY_DEF);
}

static void
on_removal_failed(virConnectPtr conn, virDomainPtr dom, const char *alias,
    void *inbox)
{
	(void)conn;
	put_event(dom, inbox, NOTE_REMOVAL_FAILED, alias);
}

static void
on_disk(virConnectPtr conn, virDomainPtr dom, const char *old_source,
    const char *new_source, const char *alias, int reason, void *inbox)
{
	(void)old_source;
	(void)new_source;
	(void)reason;
	on_device(conn, dom, alias, inbox);
}

static void
on_tray(virConnectPtr conn, virDomainPtr dom, const char *alias, int reason,
    void *inbox)
{
	(void)reason;
	on_device(conn, dom, alias, inbox);
}

/* The numbers of job and status are those of virtNotifyBlockJob(Status). */
static void
on_block_job(virConnectPtr conn, virDomainPtr dom, const char *target,
    int type, int status, void *inbox)
{
	struct lv_event *event = event_of(dom,
	    status == VIR_DOMAIN_BLOCK_JOB_FAILED ? NOTE_BLOCK_JOB_FAILED :
	    NOTE_BLOCK_JOB_FINISHED, target, NULL);

	(void)conn;
	if (event != NULL) {
		event->action = type > VIR_DOMAIN_BLOCK_JOB_TYPE_UNKNOWN &&
		    type <= VIR_DOMAIN_BLOCK_JOB_TYPE_BACKUP ?
		    type + SNAP_DISK_JOB_UNKNOWN : SNAP_DISK_JOB_UNKNOWN;
		event->outcome = number_of(status,
		    VIR_DOMAIN_BLOCK_JOB_READY);
	}
	/* A pivot changes the source. */
	lv_inbox_put_event(inbox, event, LV_DIRTY_STATE | LV_DIRTY_DEF);
}

static void
on_threshold(virConnectPtr conn, virDomainPtr dom, const char *target,
    const char *path, unsigned long long threshold, unsigned long long excess,
    void *inbox)
{
	char text[512];

	(void)conn;
	snprintf(text, sizeof(text), "%llu bytes passed by %llu%s%s",
	    threshold, excess, path != NULL ? ": " : "",
	    path != NULL ? path : "");
	lv_inbox_put_event(inbox, event_of(dom, NOTE_THRESHOLD, target, text),
	    LV_DIRTY_STATE);
}

static void
on_parameters(virConnectPtr conn, virDomainPtr dom,
    virTypedParameterPtr params, int n_params, void *inbox)
{
	(void)params;
	(void)n_params;
	on_device(conn, dom, NULL, inbox); /* pinning among others */
}

static void
on_job_completed(virConnectPtr conn, virDomainPtr dom,
    virTypedParameterPtr params, int n_params, void *inbox)
{
	(void)params;
	(void)n_params;
	on_state(conn, dom, 0, inbox);
}

static void
on_metadata(virConnectPtr conn, virDomainPtr dom, int type, const char *uri,
    void *inbox)
{
	(void)type;
	on_device(conn, dom, uri, inbox);
}

#if LIBVIR_VERSION_NUMBER >= 6009000
static void
on_memory_failure(virConnectPtr conn, virDomainPtr dom, int recipient,
    int action, unsigned flags, void *inbox)
{
	static const char *const recipients[] = {
		NULL, "hypervisor", "guest", "unknown recipient",
	};
	static const char *const actions[] = {
		NULL, "ignored", "injected into the guest",
		"fatal to the hypervisor", "guest reset", "unknown action",
	};
	char text[128];

	(void)conn;
	snprintf(text, sizeof(text), "%s: %s%s%s",
	    recipients[number_of(recipient,
	    VIR_DOMAIN_EVENT_MEMORY_FAILURE_RECIPIENT_GUEST)],
	    actions[number_of(action,
	    VIR_DOMAIN_EVENT_MEMORY_FAILURE_ACTION_RESET)],
	    flags & VIR_DOMAIN_MEMORY_FAILURE_ACTION_REQUIRED ?
	    ", action required" : "",
	    flags & VIR_DOMAIN_MEMORY_FAILURE_RECURSIVE ? ", recursive" : "");
	put_event(dom, inbox, NOTE_MEMORY_FAILURE, text);
}
#endif

#if LIBVIR_VERSION_NUMBER >= 7009000
static void
on_memory_device(virConnectPtr conn, virDomainPtr dom, const char *alias,
    unsigned long long size, void *inbox)
{
	(void)size;
	on_device(conn, dom, alias, inbox);
}
#endif

const struct lv_callback lv_callbacks[] = {
#define ON(id, callback) { VIR_DOMAIN_EVENT_ID_##id, \
	VIR_DOMAIN_EVENT_CALLBACK(callback) }
	ON(LIFECYCLE, on_lifecycle),
	ON(REBOOT, on_reboot),
	ON(WATCHDOG, on_watchdog),
	ON(IO_ERROR_REASON, on_io_error),
	ON(BLOCK_JOB_2, on_block_job),
	ON(DISK_CHANGE, on_disk),
	ON(TRAY_CHANGE, on_tray),
	ON(PMWAKEUP, on_state),
	ON(PMSUSPEND, on_state),
	ON(PMSUSPEND_DISK, on_state),
	ON(BALLOON_CHANGE, on_balloon),
	ON(DEVICE_REMOVED, on_device),
	ON(DEVICE_REMOVAL_FAILED, on_removal_failed),
	ON(TUNABLE, on_parameters),
	ON(DEVICE_ADDED, on_device),
	ON(MIGRATION_ITERATION, on_state),
	ON(JOB_COMPLETED, on_job_completed),
	ON(METADATA_CHANGE, on_metadata),
	ON(BLOCK_THRESHOLD, on_threshold),
#if LIBVIR_VERSION_NUMBER >= 6009000
	ON(MEMORY_FAILURE, on_memory_failure),
#endif
#if LIBVIR_VERSION_NUMBER >= 7009000
	ON(MEMORY_DEVICE_SIZE_CHANGE, on_memory_device),
#endif
	{ 0, NULL },
};

_Static_assert(sizeof(lv_callbacks) / sizeof(lv_callbacks[0]) <=
    LV_SUBSCRIPTIONS_MAX + 1, "room for all");
