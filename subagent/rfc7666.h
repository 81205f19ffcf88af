/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RFC 7666's view of what libvirt measures: enumerations, units, -1s.
 * Pure functions over the model; no libvirt, no SNMP.
 */
#ifndef VMMIBD_RFC7666_H
#define VMMIBD_RFC7666_H

#include <stdint.h>

struct snap_domain;
struct snapshot;

enum rfc7666_admin_state {
	ADMIN_RUNNING = 1,
	ADMIN_SUSPENDED = 2,
	ADMIN_PAUSED = 3,
	ADMIN_SHUTDOWN = 4,
};

enum rfc7666_oper_state {
	OPER_UNKNOWN = 1,
	OPER_OTHER = 2,
	OPER_PREPARING = 3,
	OPER_RUNNING = 4,
	OPER_SUSPENDING = 5,
	OPER_SUSPENDED = 6,
	OPER_RESUMING = 7,
	OPER_PAUSED = 8,
	OPER_MIGRATING = 9,
	OPER_SHUTTINGDOWN = 10,
	OPER_SHUTDOWN = 11,
	OPER_CRASHED = 12,
};

/* VirtualMachineAutoStart and VirtualMachinePersistent share their values. */
enum rfc7666_tristate {
	TRI_UNKNOWN = 1,
	TRI_YES = 2,
	TRI_NO = 3,
};

enum rfc7666_source_type {
	SOURCE_UNKNOWN = 1,
	SOURCE_OTHER = 2,
	SOURCE_BLOCK = 3,
	SOURCE_RAW = 4,
	SOURCE_SPARSE = 5,
	SOURCE_NETWORK = 6,
};

enum rfc7666_access {
	ACCESS_UNKNOWN = 1,
	ACCESS_READWRITE = 2,
	ACCESS_READONLY = 3,
};

enum rfc7666_media_type { /* IANAStorageMediaType */
	MEDIA_OTHER = 1,
	MEDIA_UNKNOWN = 2,
	MEDIA_HARD_DISK = 3,
	MEDIA_OPTICAL_DISK = 4,
	MEDIA_FLOPPY_DISK = 5,
};

enum rfc7666_affinity {
	AFFINITY_UNKNOWN = 0,
	AFFINITY_ENABLE = 1,
	AFFINITY_DISABLE = 2,
};

/*
 * vmCpuPhysIndex of physical CPU 0: Net-SNMP numbers the processors of its
 * hrDeviceTable from here on.
 */
#define RFC7666_PHYS_INDEX_BASE 196608

/*
 * Fills in the memory, CPU-number and disk cells of a record from its
 * definition and measured values.  States, autostart and persistence are the
 * caller's.
 */
void rfc7666_finish(struct snap_domain *dom);

/*
 * A snapshot of the same rows when nothing is known of them any more: the
 * state is unknown(1), counters and up time are absent; names, sizes and
 * vmAdminState are those last known.  NULL: out of memory.
 */
const struct snapshot *rfc7666_stale(const struct snapshot *snap);

/*
 * The smallest unit, 1024 to some power of at least 1, in which the largest of
 * the n byte counts (unknown ones left out) fits an Integer32.  1024^3 is the
 * largest such unit: counts above 2 EiB are served as the largest Integer32.
 */
int32_t rfc7666_unit(const uint64_t *bytes, int n);

#endif
