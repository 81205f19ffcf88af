/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection to one hypervisor, and what its driver can do. */
#ifndef VMMIBD_LV_CONN_H
#define VMMIBD_LV_CONN_H

#include <libvirt/libvirt.h>
#include <stdbool.h>
#include <stddef.h>

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
	LV_CALL_MAX,
};

struct lv_conn {
	virConnectPtr conn;
	struct lv_subscriptions subs;
	bool local;      /* the hypervisor runs on this machine */
	size_t n_cpus;   /* physical CPUs; 0: unknown */
	bool lacks[LV_CALL_MAX];
};

struct lv_inbox;
struct snap_host;

/* Sets up libvirt for this process: no messages of its own. */
void lv_conn_init(void);

/*
 * Opens uri (NULL: libvirt's default) and subscribes inbox (may be NULL) to
 * its events.  May block as long as the transport does; asks nobody for
 * credentials, but uses libvirt's auth.conf.  0, or -1 with a reason that is
 * valid until the next libvirt call on this thread.
 */
int lv_conn_open(struct lv_conn *lc, const char *uri, bool read_write,
    struct lv_inbox *inbox, const char **why);
void lv_conn_close(struct lv_conn *lc);
bool lv_conn_alive(const struct lv_conn *lc);

/* The hypervisor's facts; connected_ms is when it was first reached. */
const struct snap_host *lv_conn_host(const struct lv_conn *lc,
    int64_t connected_ms);

/*
 * Whether to make a call at all, and what to conclude when it failed: a driver
 * that does not support it is not asked again.
 */
bool lv_conn_can(const struct lv_conn *lc, enum lv_call call);
void lv_conn_failed(struct lv_conn *lc, enum lv_call call);

#endif
