/* SPDX-License-Identifier: BSD-2-Clause */
/* libvirt's event loop and a connection's subscriptions. */
#ifndef VMMIBD_LV_EVENTS_H
#define VMMIBD_LV_EVENTS_H

#include <libvirt/libvirt.h>
#include <stddef.h>

struct lv_inbox;

#define LV_SUBSCRIPTIONS_MAX 24

struct lv_subscriptions {
	int ids[LV_SUBSCRIPTIONS_MAX];
	size_t n;
};

/*
 * Starts the thread that runs libvirt's default event loop: once per process,
 * before the first connection is opened.  0, or -1 with a message logged.
 */
int lv_events_start(void);
/* Ends that thread; after this no callback runs any more. */
void lv_events_stop(void);
/*
 * Any thread: calls call(arg) on that thread, once no callback runs that began
 * before; at once if it does not run, and never if memory is out.
 */
void lv_events_then(void (*call)(void *arg), void *arg);

/*
 * Subscribes the inbox to all events of conn that matter and that the driver
 * has.  Callbacks run on the event thread and only fill the inbox, which must
 * live until they were unsubscribed, and lv_events_then() after that.
 */
void lv_events_subscribe(virConnectPtr conn, struct lv_inbox *inbox,
    struct lv_subscriptions *subs);
void lv_events_unsubscribe(virConnectPtr conn, struct lv_subscriptions *subs);

#endif
