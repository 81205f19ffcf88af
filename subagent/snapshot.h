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
#include "snap_host.h"

/* Everything that is served of one connection. */
struct snapshot {
	atomic_uint refs;
	const struct snap_host *host; /* NULL: never reached */
	struct snap_load load;
	struct snap_sums sums;
	struct snap_collector collector;
	int32_t n_domains; /* vmNumber */
	uint32_t table_last_change; /* centiseconds of vmHvUpTime */
	int64_t stale_at_ms; /* from then on it may only be shown as stale */
	const struct snap_domain **domains; /* ascending by vmIndex */
};

/*
 * A snapshot with room for n_domains records, which the caller fills in;
 * everything else but the host is unknown or 0.
 */
struct snapshot *snapshot_new(const struct snap_host *host, size_t n_domains);
/*
 * What newest says of its collector, with the rows of before: for one whose
 * collector has not reached the hypervisor yet.  NULL: out of memory.
 */
const struct snapshot *snapshot_follow(const struct snapshot *newest,
    const struct snapshot *before);
/* Makes the sums out of the records; all 0 without any. */
void snapshot_sum(struct snapshot *snap);
const struct snapshot *snapshot_ref(const struct snapshot *snap);
void snapshot_unref(const struct snapshot *snap);
/* The first record whose vmIndex is at least index; n_domains if none. */
size_t snapshot_seek(const struct snapshot *snap, uint32_t index);

#endif
