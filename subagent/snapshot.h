/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model: what one collector saw of one hypervisor at one moment.
 *
 * Ownership and threads: a collector thread builds definitions, domain
 * records and snapshots, and may change them only until they are published.
 * From then on they are const, shared between threads by reference count, and
 * freed by whoever drops the last reference.
 */
#ifndef VMMIBD_SNAPSHOT_H
#define VMMIBD_SNAPSHOT_H

#include "snap_domain.h"

struct snap_oid {
	uint8_t len; /* 0: unknown */
	uint32_t ids[16];
};

struct snap_host {
	atomic_uint refs;
	const char *software; /* "QEMU"; owned */
	const char *version;  /* "7.2.0"; owned */
	struct snap_oid object_id;
	int64_t started_ms;
	size_t n_cpus; /* physical CPUs that a vCPU may be pinned to */
	bool local;    /* the hypervisor runs on this very machine */
};

struct snapshot {
	atomic_uint refs;
	const struct snap_host *host;
	int32_t n_domains; /* vmNumber */
	uint32_t table_last_change; /* centiseconds of vmHvUpTime */
	int64_t stale_at_ms; /* from then on it may only be shown as stale */
	const struct snap_domain **domains; /* ascending by vmIndex */
};

struct snap_host *snap_host_new(const char *software, const char *version);
const struct snap_host *snap_host_ref(const struct snap_host *host);
void snap_host_unref(const struct snap_host *host);

/* A snapshot with room for n_domains records, which the caller fills in. */
struct snapshot *snapshot_new(const struct snap_host *host, size_t n_domains);
const struct snapshot *snapshot_ref(const struct snapshot *snap);
void snapshot_unref(const struct snapshot *snap);
/* The first record whose vmIndex is at least index; n_domains if none. */
size_t snapshot_seek(const struct snapshot *snap, uint32_t index);

#endif
