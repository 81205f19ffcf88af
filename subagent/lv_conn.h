/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection to one hypervisor, and what its driver can do. */
#ifndef VMMIBD_LV_CONN_H
#define VMMIBD_LV_CONN_H

#include <libvirt/libvirt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lv_events.h"

/* Calls that a driver may lack: tried once, then remembered for good. */
enum lv_call {
	LV_CALL_ALL_STATS,
	LV_CALL_LIST_AUTOSTART,
	LV_CALL_LIST_PERSISTENT,
	LV_CALL_LIST_MANAGED_SAVE,
	LV_CALL_GET_AUTOSTART,
	LV_CALL_IS_PERSISTENT,
	LV_CALL_MANAGED_SAVE,
	LV_CALL_PIN_INFO,
	LV_CALL_BLOCK_INFO,
	LV_CALL_JOB_STATS,
	LV_CALL_CONTROL_INFO,
	LV_CALL_VCPUS,
	LV_CALL_BLOCK_STATS,
	LV_CALL_INTERFACE_STATS,
	LV_CALL_MEMORY_STATS,
	LV_CALL_CPU_STATS,
	LV_CALL_LEASES,
	LV_CALL_ARP,
	LV_CALL_DISK_ERRORS,
	LV_CALL_BLOCK_JOB,
	LV_CALL_STATS_PERIOD,
	LV_CALL_NODE_CPU,
	LV_CALL_NODE_MEMORY,
	LV_CALL_MAX,
};

struct lv_conn {
	virConnectPtr conn;
	struct lv_subscriptions subs;
	bool subscribed; /* to its events */
	bool local;      /* the hypervisor runs on this machine */
	bool in_process; /* its driver does: there is no transport to break */
	bool resumes_first; /* RESUMED comes before STARTED */
	size_t n_cpus;   /* physical CPUs; 0: unknown */
	bool lacks[LV_CALL_MAX];
	unsigned arp_failures; /* in a row */
	uint64_t calls;  /* made by LV_ASK(), on earlier connections too */
	void (*on_call)(void *arg); /* before each of them; NULL: nothing */
	void *arg;
};

/* A call that asks the hypervisor something, counted. */
#define LV_ASK(lc, call) (lv_conn_count(lc), (call))
void lv_conn_count(struct lv_conn *lc);

struct lv_inbox;

/* Sets up libvirt for this process: no messages of its own. */
void lv_conn_init(void);

/*
 * Opens *uri and keeps the connection alive.  Asks nobody for credentials, but
 * uses libvirt's auth.conf.  NULL: libvirt's default, else the first of the
 * usual system URIs that answers, which is *uri then (a constant).  May block
 * as long as the transport does.  NULL, with a reason that is valid until the
 * next libvirt call on this thread.
 */
virConnectPtr lv_conn_dial(const char **uri, bool read_write,
    const char **why);

/*
 * Takes over a connection: subscribes inbox (may be NULL) to its events, and
 * finds out what it is like.
 */
void lv_conn_adopt(struct lv_conn *lc, virConnectPtr conn,
    struct lv_inbox *inbox);

void lv_conn_close(struct lv_conn *lc); /* none is open: nothing to do */
bool lv_conn_alive(const struct lv_conn *lc);

/*
 * Whether to make a call at all, and what to conclude when it failed: a driver
 * that does not support it is not asked again.
 */
bool lv_conn_can(const struct lv_conn *lc, enum lv_call call);
void lv_conn_failed(struct lv_conn *lc, enum lv_call call);

/*
 * Both around a call that returns an int: its result, or -1 if it failed or
 * was not made.
 */
#define LV_TRY(lc, what, call)                                                \
	(lv_conn_can((lc), (what)) ?                                          \
	    lv_conn_tried((lc), (what), LV_ASK((lc), (call))) : -1)

/* Draws the conclusion from a result; returns it. */
int lv_conn_tried(struct lv_conn *lc, enum lv_call call, int result);

#endif
