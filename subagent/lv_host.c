/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads what is known of a hypervisor's machine. */
#include "lv_host.h"

#include <libvirt/libvirt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "domxml_caps.h"
#include "lv_conn.h"
#include "snapshot.h"
#include "text.h"

#define PARAMS_MAX 16 /* libvirt has four of memory and six of CPUs */

/*
 * vmHvObjectID: the enterprise that stands for the software.  QEMU, LXC and
 * the test driver have none of their own; libvirt's is the nearest.
 */
static void
object_id_of(const char *type, struct snap_oid *id)
{
	static const struct {
		const char *type;
		uint32_t enterprise;
	} enterprises[] = {
		{ "ESX", 6876 },   /* VMware */
		{ "VMware", 6876 },
		{ "Hyper-V", 311 }, /* Microsoft */
	};
	const struct snap_oid root = { .len = 7,
	    .ids = { 1, 3, 6, 1, 4, 1, 36957 } }; /* libvirt.org */

	*id = root;
	for (size_t i = 0; i < sizeof(enterprises) / sizeof(enterprises[0]);
	     i++) {
		if (strcasecmp(type, enterprises[i].type) == 0) {
			id->ids[6] = enterprises[i].enterprise;
		}
	}
}

/* As major.minor.release; NULL for 0, "not told". */
static const char *
version_text(char text[32], unsigned long version)
{
	snprintf(text, 32, "%lu.%lu.%lu", version / 1000000,
	    version / 1000 % 1000, version % 1000);
	return version != 0 ? text : NULL;
}

/* What a hypervisor says of itself is not to be trusted either. */
static bool
keep(const char **field, const char *text)
{
	char clean[TEXT_ADMIN_MAX + 1];

	if (text == NULL) {
		return true;
	}
	text_admin(clean, text);
	return snap_host_text(field, clean);
}

/* Takes over a string that libvirt allocated. */
static bool
keep_own(const char **field, char *text)
{
	bool ok = keep(field, text);

	free(text);
	return ok;
}

static bool
read_versions(struct snap_host *host, struct lv_conn *lc)
{
	unsigned long version;
	char text[32];
	bool ok = true;

	if (LV_ASK(lc, virConnectGetVersion(lc->conn, &version)) == 0) {
		ok = keep(&host->version, version_text(text, version));
	}
	if (ok && LV_ASK(lc, virConnectGetLibVersion(lc->conn, &version)) ==
	    0) {
		ok = keep(&host->libvirt_version, version_text(text, version));
	}
	return ok;
}

/* The capabilities know a processor's name, the node's facts its family. */
static bool
read_model(struct snap_host *host, struct lv_conn *lc, const char *family,
    bool with_model)
{
	char *caps = with_model ?
	    LV_ASK(lc, virConnectGetCapabilities(lc->conn)) : NULL;
	char model[TEXT_ADMIN_MAX + 1];
	bool found = caps != NULL &&
	    domxml_caps_cpu_model(caps, strlen(caps), model, sizeof(model));

	free(caps);
	return keep(&host->cpu_model, found ? model : family);
}

static bool
read_machine(struct snap_host *host, struct lv_conn *lc, bool with_model)
{
	virNodeInfo node;
	char family[sizeof(node.model) + 1];

	if (LV_ASK(lc, virNodeGetInfo(lc->conn, &node)) != 0) {
		return read_model(host, lc, NULL, with_model);
	}
	host->topology = (struct snap_topology){
		.mhz = node.mhz != 0 ? node.mhz : SNAP_NO_U64,
		.numa_nodes = node.nodes, .sockets = node.sockets,
		.cores = node.cores, .threads = node.threads,
		.cpus = node.cpus,
	};
	host->memory_bytes = (uint64_t)node.memory * 1024;
	snprintf(family, sizeof(family), "%.*s", (int)sizeof(node.model),
	    node.model);
	return read_model(host, lc, family[0] != '\0' ? family : NULL,
	    with_model);
}

const struct snap_host *
lv_host_read(struct lv_conn *lc, int64_t connected_ms, bool with_model)
{
	const char *type = virConnectGetType(lc->conn);
	struct snap_host *host = snap_host_new();

	if (host == NULL) {
		return NULL;
	}
	if (!keep(&host->software, type) || !read_versions(host, lc) ||
	    !keep_own(&host->uri, LV_ASK(lc, virConnectGetURI(lc->conn))) ||
	    !keep_own(&host->name,
		LV_ASK(lc, virConnectGetHostname(lc->conn))) ||
	    !read_machine(host, lc, with_model)) {
		snap_host_unref(host);
		return NULL;
	}
	if (type != NULL) {
		object_id_of(type, &host->object_id);
	}
	host->local = lc->local;
	host->n_cpus = lc->n_cpus;
	/*
	 * A hypervisor on this machine was re-initialized last when the machine
	 * booted (the boot clock's zero); guests outlive a libvirtd.  Of others
	 * nothing tells, so their time is counted from when they were found.
	 */
	host->started_ms = lc->local ? 0 : connected_ms;
	return host;
}

/* QEMU's driver wants to be asked for exactly as many values as it has. */
static int
read_memory(virNodeMemoryStats stats[PARAMS_MAX], struct lv_conn *lc)
{
	int n = 0;

	if (LV_ASK(lc, virNodeGetMemoryStats(lc->conn,
	    VIR_NODE_MEMORY_STATS_ALL_CELLS, NULL, &n, 0)) != 0 ||
	    n > PARAMS_MAX || LV_ASK(lc, virNodeGetMemoryStats(lc->conn,
	    VIR_NODE_MEMORY_STATS_ALL_CELLS, stats, &n, 0)) != 0) {
		lv_conn_failed(lc, LV_CALL_NODE_MEMORY);
		return 0;
	}
	return n;
}

static void
measure_memory(struct snap_load *load, struct lv_conn *lc)
{
	virNodeMemoryStats stats[PARAMS_MAX];
	unsigned long long bytes;
	int n = lv_conn_can(lc, LV_CALL_NODE_MEMORY) ?
	    read_memory(stats, lc) : 0;

	load->memory_free_bytes = SNAP_NO_U64;
	for (int i = 0; i < n; i++) {
		if (strcmp(stats[i].field, VIR_NODE_MEMORY_STATS_FREE) == 0) {
			load->memory_free_bytes = stats[i].value * 1024;
		}
	}
	if (lv_conn_can(lc, LV_CALL_NODE_MEMORY)) {
		return;
	}
	bytes = LV_ASK(lc, virNodeGetFreeMemory(lc->conn));
	if (bytes != 0) {
		load->memory_free_bytes = bytes;
	}
}

static void
store_times(struct snap_load *load, const virNodeCPUStats *stats, int n)
{
	const struct {
		const char *name;
		uint64_t *us;
	} times[] = {
		{ VIR_NODE_CPU_STATS_USER, &load->user_us },
		{ VIR_NODE_CPU_STATS_KERNEL, &load->system_us },
		{ VIR_NODE_CPU_STATS_IDLE, &load->idle_us },
		{ VIR_NODE_CPU_STATS_IOWAIT, &load->iowait_us },
	};

	for (int i = 0; i < n; i++) {
		for (size_t j = 0; j < 4; j++) {
			if (strcmp(stats[i].field, times[j].name) == 0) {
				*times[j].us = stats[i].value / 1000;
			}
		}
	}
}

static void
measure_cpu(struct snap_load *load, struct lv_conn *lc)
{
	virNodeCPUStats stats[PARAMS_MAX];
	int n = 0;

	load->user_us = SNAP_NO_U64;
	load->system_us = SNAP_NO_U64;
	load->idle_us = SNAP_NO_U64;
	load->iowait_us = SNAP_NO_U64;
	if (!lv_conn_can(lc, LV_CALL_NODE_CPU)) {
		return;
	}
	if (LV_ASK(lc, virNodeGetCPUStats(lc->conn,
	    VIR_NODE_CPU_STATS_ALL_CPUS, NULL, &n, 0)) != 0 ||
	    n > PARAMS_MAX || LV_ASK(lc, virNodeGetCPUStats(lc->conn,
	    VIR_NODE_CPU_STATS_ALL_CPUS, stats, &n, 0)) != 0) {
		lv_conn_failed(lc, LV_CALL_NODE_CPU);
		return;
	}
	store_times(load, stats, n);
}

void
lv_host_measure(struct snap_load *load, struct lv_conn *lc,
    int64_t rate_min_ms)
{
	const struct snap_load before = *load;
	uint64_t busy = SNAP_NO_U64, total = SNAP_NO_U64;
	int64_t now_ms;

	measure_memory(load, lc);
	measure_cpu(load, lc);
	if (load->user_us != SNAP_NO_U64 && load->system_us != SNAP_NO_U64 &&
	    load->idle_us != SNAP_NO_U64) {
		busy = load->user_us + load->system_us;
		total = busy + load->idle_us +
		    (load->iowait_us != SNAP_NO_U64 ? load->iowait_us : 0);
	}
	now_ms = clock_boot_ms();
	snap_rate_next(&load->busy_rate, &before.busy_rate, busy, now_ms, 0,
	    rate_min_ms);
	snap_rate_next(&load->total_rate, &before.total_rate, total, now_ms,
	    0, rate_min_ms);
	if (busy == SNAP_NO_U64) {
		load->busy_rate.span_ms = 0; /* nothing to go on with */
	}
}
