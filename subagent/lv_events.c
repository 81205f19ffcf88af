/* SPDX-License-Identifier: BSD-2-Clause */
/* libvirt's event loop and a connection's subscriptions. */
#include "lv_events.h"

#include <errno.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "lv_callbacks.h"
#include "lv_inbox.h"
#include "thread.h"

#define FAILURE_PAUSE_US 200000 /* rather than to spin */

static pthread_t event_thread;
static atomic_bool event_thread_ends;
static atomic_bool event_thread_runs;
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
	atomic_store(&event_thread_runs, true);
	return 0;
}

void
lv_events_stop(void)
{
	atomic_store(&event_thread_ends, true);
	virEventUpdateTimeout(wake_timer, 0);
	pthread_join(event_thread, NULL);
	atomic_store(&event_thread_runs, false);
}

struct later {
	void (*call)(void *arg);
	void *arg;
};

static void
run_later(void *arg)
{
	struct later *later = arg;

	later->call(later->arg);
	free(later);
}

/* What is to be done is done when libvirt lets go of the timer. */
static void
on_later(int timer, void *arg)
{
	(void)arg;
	virEventRemoveTimeout(timer);
}

void
lv_events_then(void (*call)(void *arg), void *arg)
{
	struct later *later;

	if (!atomic_load(&event_thread_runs)) {
		call(arg);
		return;
	}
	/* Without memory it is never done, which is better than too early. */
	later = malloc(sizeof(*later));
	if (later == NULL) {
		return;
	}
	*later = (struct later){ .call = call, .arg = arg };
	if (virEventAddTimeout(0, on_later, later, run_later) < 0) {
		free(later);
	}
}

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
	for (size_t i = 0; i < LV_SUBSCRIPTIONS_MAX &&
	    lv_callbacks[i].callback != NULL; i++) {
		int id = virConnectDomainEventRegisterAny(conn, NULL,
		    lv_callbacks[i].event, lv_callbacks[i].callback, inbox,
		    NULL);

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
