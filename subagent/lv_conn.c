/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection to one hypervisor, and what its driver can do. */
#include "lv_conn.h"

#include <libvirt/virterror.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

/* Seconds between keepalive messages, and how many may stay unanswered. */
#define KEEPALIVE_INTERVAL_S 5
#define KEEPALIVE_COUNT 3

/* From so many on, and no success, it is not this or that guest's fault. */
#define ARP_FAILURES_MAX 5

static void
swallow_error(void *arg, virErrorPtr error)
{
	(void)arg;
	(void)error; /* whoever made the call reports it if it matters */
}

void
lv_conn_init(void)
{
	virSetErrorFunc(NULL, swallow_error);
}

/* A daemon has nobody to ask; libvirt fills in what auth.conf knows. */
static int
refuse_credentials(virConnectCredentialPtr creds, unsigned n, void *arg)
{
	(void)creds;
	(void)n;
	(void)arg;
	return -1;
}

/* "driver:///path" and "driver+unix:///path" name this very machine. */
static bool
uri_is_local(const char *uri)
{
	const char *authority = uri != NULL ? strstr(uri, "://") : NULL;

	return authority != NULL && authority[3] == '/';
}

static void
read_facts(struct lv_conn *lc)
{
	char *uri = LV_ASK(lc, virConnectGetURI(lc->conn));
	const char *type = LV_ASK(lc, virConnectGetType(lc->conn));
	virNodeInfo node;
	int n_cpus;

	/* The test driver's machine is as made up as its domains. */
	lc->local = uri_is_local(uri) && type != NULL &&
	    strcasecmp(type, "test") != 0;
	lc->resumes_first = type != NULL && strcasecmp(type, "QEMU") == 0;
	free(uri);
	n_cpus = LV_ASK(lc, virNodeGetCPUMap(lc->conn, NULL, NULL, 0));
	if (n_cpus <= 0 &&
	    LV_ASK(lc, virNodeGetInfo(lc->conn, &node)) == 0) {
		n_cpus = (int)VIR_NODEINFO_MAXCPUS(node);
	}
	lc->n_cpus = n_cpus > 0 ? (size_t)n_cpus : 0;
}

static virConnectPtr
dial(const char *uri, bool read_write)
{
	static int credential_types[] = {
		VIR_CRED_USERNAME, VIR_CRED_AUTHNAME, VIR_CRED_LANGUAGE,
		VIR_CRED_CNONCE, VIR_CRED_PASSPHRASE, VIR_CRED_ECHOPROMPT,
		VIR_CRED_NOECHOPROMPT, VIR_CRED_REALM, VIR_CRED_EXTERNAL,
	};
	virConnectAuth auth = {
		.credtype = credential_types,
		.ncredtype = sizeof(credential_types) / sizeof(int),
		.cb = refuse_credentials,
	};
	virConnectPtr conn = virConnectOpenAuth(uri, &auth,
	    read_write ? 0 : VIR_CONNECT_RO);

	if (conn != NULL) {
		/* Drivers in this process need none and say so by an error. */
		(void)virConnectSetKeepAlive(conn, KEEPALIVE_INTERVAL_S,
		    KEEPALIVE_COUNT);
	}
	return conn;
}

virConnectPtr
lv_conn_dial(const char **uri, bool read_write, const char **why)
{
	static const char *const usual[] = { "qemu:///system", "lxc:///system",
		"xen:///system", "vz:///system", "bhyve:///system" };
	virConnectPtr conn = dial(*uri, read_write);
	static _Thread_local char said[256];

	if (conn != NULL) {
		return conn;
	}
	/* What is said is what the first attempt failed for. */
	snprintf(said, sizeof(said), "%s", virGetLastErrorMessage());
	*why = said;
	for (size_t i = 0; *uri == NULL &&
	    i < sizeof(usual) / sizeof(usual[0]); i++) {
		conn = dial(usual[i], read_write);
		if (conn != NULL) {
			*uri = usual[i];
		}
	}
	return conn;
}

void
lv_conn_adopt(struct lv_conn *lc, virConnectPtr conn, struct lv_inbox *inbox)
{
	*lc = (struct lv_conn){ .conn = conn, .calls = lc->calls };
	/* Asked again, for it is only known by failing. */
	lc->in_process = virConnectSetKeepAlive(conn, KEEPALIVE_INTERVAL_S,
	    KEEPALIVE_COUNT) < 0 &&
	    virGetLastErrorCode() == VIR_ERR_NO_SUPPORT;
	if (inbox != NULL) {
		lv_events_subscribe(conn, inbox, &lc->subs);
		lc->subscribed = true;
	}
	read_facts(lc);
}

void
lv_conn_close(struct lv_conn *lc)
{
	if (lc->conn == NULL) {
		return;
	}
	if (lc->subscribed) {
		lv_events_unsubscribe(lc->conn, &lc->subs);
	}
	virConnectClose(lc->conn);
	lc->conn = NULL;
}

bool
lv_conn_alive(const struct lv_conn *lc)
{
	return lc->conn != NULL && virConnectIsAlive(lc->conn) == 1;
}

void
lv_conn_count(struct lv_conn *lc)
{
	lc->calls++;
	if (lc->on_call != NULL) {
		lc->on_call(lc->arg);
	}
}

bool
lv_conn_can(const struct lv_conn *lc, enum lv_call call)
{
	return !lc->lacks[call];
}

void
lv_conn_failed(struct lv_conn *lc, enum lv_call call)
{
	int code = virGetLastErrorCode();

	switch (code) {
	case VIR_ERR_NO_SUPPORT:
	case VIR_ERR_OPERATION_DENIED:
		lc->lacks[call] = true;
		break;
	case VIR_ERR_ARGUMENT_UNSUPPORTED:
		/* a group of statistics, a source of addresses */
		lc->lacks[call] |= call == LV_CALL_ALL_STATS ||
		    call == LV_CALL_LEASES || call == LV_CALL_ARP;
		break;
	case VIR_ERR_INTERNAL_ERROR:
		/* libvirt 9 cannot read the table of Linux 6.18, and logs it */
		lc->lacks[call] |= call == LV_CALL_ARP &&
		    ++lc->arp_failures >= ARP_FAILURES_MAX;
		break;
	}
}

int
lv_conn_tried(struct lv_conn *lc, enum lv_call call, int result)
{
	if (result < 0) {
		lv_conn_failed(lc, call);
	}
	return result;
}
