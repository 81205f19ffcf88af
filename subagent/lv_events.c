/* SPDX-License-Identifier: BSD-2-Clause */
/* libvirt's event loop and a connection's subscriptions. */
#include "lv_events.h"

#include <errno.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "lv_inbox.h"
#include "thread.h"

#define FAILURE_PAUSE_US 200000 /* rather than to spin */

static pthread_t event_thread;
static atomic_bool event_thread_ends;
static int wake_timer = -1;

static void *
run_events(void *arg)
{
	bool said = false;

	(void)arg;
	while (!atomic_load(&event_thread_ends)) {
		if (virEventRunDefaultImpl() == 0) {
			continue;
		}
		if (!said) {
			log_error("libvirt's event loop failed: %s",
			    virGetLastErrorMessage());
			said = true;
		}
		usleep(FAILURE_PAUSE_US);
	}
	return NULL;
}

static void
on_wake(int timer, void *arg)
{
	(void)arg;
	virEventUpdateTimeout(timer, -1);
}

int
lv_events_start(void)
{
	int error;

	/* Without timer, libvirt could not be woken up to end the loop. */
	if (virEventRegisterDefaultImpl() < 0 ||
	    (wake_timer = virEventAddTimeout(-1, on_wake, NULL, NULL)) < 0) {
		log_error("cannot set up libvirt's event loop: %s",
		    virGetLastErrorMessage());
		return -1;
	}
	error = thread_start(&event_thread, run_events, NULL);
	if (error != 0) {
		log_error("cannot start the event thread: %s",
		    strerror(error));
		return -1;
	}
	return 0;
}

void
lv_events_stop(void)
{
	atomic_store(&event_thread_ends, true);
	virEventUpdateTimeout(wake_timer, 0);
	pthread_join(event_thread, NULL);
}

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

/*
 * One callback for each signature that libvirt has.  Most events say only
 * that something is to be read again, so their details are left alone.
 */

static int
on_lifecycle(virConnectPtr conn, virDomainPtr dom, int event, int detail,
    void *inbox)
{
	unsigned dirty = LV_DIRTY_STATE | LV_DIRTY_DEF;

	(void)conn;
	if (event == VIR_DOMAIN_EVENT_STARTED) {
		dirty |= LV_DIRTY_STARTED;
	}
	if (event == VIR_DOMAIN_EVENT_PMSUSPENDED &&
	    detail == VIR_DOMAIN_EVENT_PMSUSPENDED_DISK) {
		dirty |= LV_DIRTY_TO_DISK;
	}
	if (event == VIR_DOMAIN_EVENT_CRASHED) {
		put_trouble(dom, inbox, SNAP_TROUBLE_PANIC,
		    detail == VIR_DOMAIN_EVENT_CRASHED_PANICKED ?
		    "guest panicked" : "guest crashed");
	}
	put(dom, inbox, dirty);
	return 0;
}

static void
on_io_error(virConnectPtr conn, virDomainPtr dom, const char *source,
    const char *alias, int action, const char *reason, void *inbox)
{
	static const char *const actions[] = {
		[VIR_DOMAIN_EVENT_IO_ERROR_NONE] = "ignored",
		[VIR_DOMAIN_EVENT_IO_ERROR_PAUSE] = "paused",
		[VIR_DOMAIN_EVENT_IO_ERROR_REPORT] = "reported to the guest",
	};
	char detail[256];

	(void)conn;
	snprintf(detail, sizeof(detail), "%s: %s%s%s: %s",
	    alias != NULL && alias[0] != '\0' ? alias : "disk",
	    action >= 0 && (size_t)action < sizeof(actions) /
	    sizeof(actions[0]) ? actions[action] : "unknown action",
	    reason != NULL && reason[0] != '\0' ? ", " : "",
	    reason != NULL ? reason : "", source != NULL ? source : "");
	put_trouble(dom, inbox, SNAP_TROUBLE_IO_ERROR, detail);
}

static void
on_watchdog(virConnectPtr conn, virDomainPtr dom, int action, void *inbox)
{
	static const char *const actions[] = {
		[VIR_DOMAIN_EVENT_WATCHDOG_NONE] = "ignored",
		[VIR_DOMAIN_EVENT_WATCHDOG_PAUSE] = "paused",
		[VIR_DOMAIN_EVENT_WATCHDOG_RESET] = "reset",
		[VIR_DOMAIN_EVENT_WATCHDOG_POWEROFF] = "powered off",
		[VIR_DOMAIN_EVENT_WATCHDOG_SHUTDOWN] = "asked to shut down",
		[VIR_DOMAIN_EVENT_WATCHDOG_DEBUG] = "logged",
		[VIR_DOMAIN_EVENT_WATCHDOG_INJECTNMI] = "NMI injected",
	};

	(void)conn;
	put_trouble(dom, inbox, SNAP_TROUBLE_WATCHDOG, action >= 0 &&
	    (size_t)action < sizeof(actions) / sizeof(actions[0]) ?
	    actions[action] : "unknown action");
}

static void
on_state(virConnectPtr conn, virDomainPtr dom, void *inbox)
{
	(void)conn;
	put(dom, inbox, LV_DIRTY_STATE);
}

static void
on_pm_event(virConnectPtr conn, virDomainPtr dom, int reason, void *inbox)
{
	(void)conn;
	(void)reason;
	put(dom, inbox, LV_DIRTY_STATE);
}

static void
on_balloon(virConnectPtr conn, virDomainPtr dom, unsigned long long actual,
    void *inbox)
{
	(void)conn;
	(void)actual;
	put(dom, inbox, LV_DIRTY_STATE);
}

static void
on_device(virConnectPtr conn, virDomainPtr dom, const char *alias, void *inbox)
{
	(void)conn;
	(void)alias;
	put(dom, inbox, LV_DIRTY_STATE | LV_DIRTY_DEF);
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

static void
on_block_job(virConnectPtr conn, virDomainPtr dom, const char *disk, int type,
    int status, void *inbox)
{
	(void)type;
	(void)status;
	on_device(conn, dom, disk, inbox); /* a pivot changes the source */
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
	on_state(conn, dom, inbox);
}

static void
on_migration_iteration(virConnectPtr conn, virDomainPtr dom, int iteration,
    void *inbox)
{
	on_pm_event(conn, dom, iteration, inbox);
}

static void
on_metadata(virConnectPtr conn, virDomainPtr dom, int type, const char *uri,
    void *inbox)
{
	(void)type;
	on_device(conn, dom, uri, inbox);
}

static void
on_memory_device(virConnectPtr conn, virDomainPtr dom, const char *alias,
    unsigned long long size, void *inbox)
{
	(void)size;
	on_device(conn, dom, alias, inbox);
}

static const struct {
	int event;
	virConnectDomainEventGenericCallback callback;
} wanted[] = {
#define WANT(id, callback) { VIR_DOMAIN_EVENT_ID_##id, \
	VIR_DOMAIN_EVENT_CALLBACK(callback) }
	WANT(LIFECYCLE, on_lifecycle),
	WANT(REBOOT, on_state),
	WANT(WATCHDOG, on_watchdog),
	WANT(IO_ERROR_REASON, on_io_error),
	WANT(BLOCK_JOB, on_block_job),
	WANT(DISK_CHANGE, on_disk),
	WANT(TRAY_CHANGE, on_tray),
	WANT(PMWAKEUP, on_pm_event),
	WANT(PMSUSPEND, on_pm_event),
	WANT(PMSUSPEND_DISK, on_pm_event),
	WANT(BALLOON_CHANGE, on_balloon),
	WANT(DEVICE_REMOVED, on_device),
	WANT(TUNABLE, on_parameters),
	WANT(DEVICE_ADDED, on_device),
	WANT(MIGRATION_ITERATION, on_migration_iteration),
	WANT(JOB_COMPLETED, on_job_completed),
	WANT(METADATA_CHANGE, on_metadata),
#if LIBVIR_VERSION_NUMBER >= 7009000
	WANT(MEMORY_DEVICE_SIZE_CHANGE, on_memory_device),
#endif
};

#define N_WANTED (sizeof(wanted) / sizeof(wanted[0]))
_Static_assert(N_WANTED <= LV_SUBSCRIPTIONS_MAX, "room for all");

static void
on_close(virConnectPtr conn, int reason, void *inbox)
{
	(void)conn;
	(void)reason;
	lv_inbox_close(inbox);
}

void
lv_events_subscribe(virConnectPtr conn, struct lv_inbox *inbox,
    struct lv_subscriptions *subs)
{
	subs->n = 0;
	for (size_t i = 0; i < N_WANTED; i++) {
		int id = virConnectDomainEventRegisterAny(conn, NULL,
		    wanted[i].event, wanted[i].callback, inbox, NULL);

		if (id >= 0) {
			subs->ids[subs->n++] = id;
		}
	}
	/* Drivers inside this process have no connection that could break. */
	(void)virConnectRegisterCloseCallback(conn, on_close, inbox, NULL);
}

void
lv_events_unsubscribe(virConnectPtr conn, struct lv_subscriptions *subs)
{
	(void)virConnectUnregisterCloseCallback(conn, on_close);
	while (subs->n > 0) {
		(void)virConnectDomainEventDeregisterAny(conn,
		    subs->ids[--subs->n]);
	}
}
