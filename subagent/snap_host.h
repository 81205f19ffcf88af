/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hypervisor's facts, which stay as they are while connected, what its
 * machine is doing, and how the collector gets on with it.
 *
 * Values that are not known are marked as in snap_def.h; strings are NULL.
 * Clock: *_ms are milliseconds of clock_boot_ms().
 */
#ifndef VMMIBD_SNAP_HOST_H
#define VMMIBD_SNAP_HOST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snap_rate.h"

struct snap_oid {
	uint8_t len; /* 0: unknown */
	uint32_t ids[16];
};

/* The machine's processors, as libvirt counts them. */
struct snap_topology {
	uint64_t mhz;
	uint64_t numa_nodes;
	uint64_t sockets; /* per node */
	uint64_t cores;   /* per socket */
	uint64_t threads; /* per core */
	uint64_t cpus;    /* active ones in all */
};

/* Shared by all snapshots of a connection; strings are owned. */
struct snap_host {
	atomic_uint refs;
	const char *software; /* "QEMU" */
	const char *version;  /* "7.2.0" */
	const char *libvirt_version;
	const char *uri;
	const char *name;
	const char *cpu_model;
	struct snap_topology topology;
	uint64_t memory_bytes;
	struct snap_oid object_id;
	int64_t started_ms;
	size_t n_cpus; /* physical CPUs that a vCPU may be pinned to */
	bool local;    /* the hypervisor runs on this very machine */
};

/* What the machine does; processor times in microseconds. */
struct snap_load {
	uint64_t memory_free_bytes;
	uint64_t user_us;
	uint64_t system_us;
	uint64_t idle_us;
	uint64_t iowait_us;
	struct snap_rate busy_rate;  /* user + system */
	struct snap_rate total_rate; /* all four */
};

/* Sums over the domains of a snapshot. */
struct snap_sums {
	uint64_t running; /* or blocked */
	uint64_t paused;
	uint64_t shutting_down;
	uint64_t shut_off;
	uint64_t crashed;
	uint64_t pm_suspended;
	uint64_t other;
	uint64_t vcpus;        /* of active domains */
	uint64_t memory_bytes; /* likewise */
};

enum snap_link_state {
	SNAP_LINK_UP = 1,
	SNAP_LINK_CONNECTING = 2,
	SNAP_LINK_DOWN = 3,
	SNAP_LINK_HUNG = 4,
};

/* How a collector gets on. */
struct snap_collector {
	int32_t link; /* enum snap_link_state, but never hung: see due_ms */
	int64_t link_since_ms;
	int64_t due_ms;    /* the next refresh or attempt; if nothing came long
	                      after it, a call hangs */
	int64_t good_ms;   /* last successful refresh; SNAP_NO_TIME: none */
	char error[256];   /* the last one; empty: none so far */
	uint64_t reconnects;
	uint64_t interval_s;
	uint64_t duration_ms; /* of the last refresh; SNAP_NO_U64: none */
	uint64_t longest_ms;
	uint64_t refreshes;
	uint64_t failures;
	uint64_t calls; /* to libvirt */
	uint64_t calls_timed_out;
	uint64_t calls_hung;       /* now */
	uint64_t calls_hung_limit;
};

/*
 * What the link is like now; a refresh that is overdue means that a call hangs,
 * which the collector itself cannot say.
 */
int32_t snap_link_now(const struct snap_collector *collector, int64_t now_ms);

struct snap_host *snap_host_new(void); /* NULL: out of memory */
/* A copy that the host owns; false: out of memory.  NULL stays NULL. */
bool snap_host_text(const char **field, const char *text);
const struct snap_host *snap_host_ref(const struct snap_host *host);
void snap_host_unref(const struct snap_host *host);

#endif
