/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A domain's record: everything that its rows in all tables need.
 *
 * Strings and arrays reached from a record belong to its definition, which the
 * record keeps alive.  Values that are not known are marked as in snap_def.h.
 * Clock: *_ms are milliseconds of clock_boot_ms().
 */
#ifndef VMMIBD_SNAP_DOMAIN_H
#define VMMIBD_SNAP_DOMAIN_H

#include "snap_memory.h"
#include "snap_rows.h"

struct snap_uuid {
	uint8_t octets[16];
};

/* What somebody's command is doing to the domain. */
struct snap_job {
	int32_t operation; /* 1 none, else virDomainJobOperation + 2 */
	uint64_t done;     /* hundredths of a percent */
	uint64_t remaining_bytes;
	uint64_t elapsed_ms;
};

/* Why measured values are not renewed; virtDomainStaleReason. */
enum snap_stale {
	SNAP_STALE_NONE = 1,
	SNAP_STALE_HUNG = 2,     /* a call of ours hangs in the guest */
	SNAP_STALE_DOUBTFUL = 3, /* it is not asked, as it may hang, too */
	SNAP_STALE_BUSY = 4,     /* with somebody's command */
	SNAP_STALE_HYPERVISOR = 5, /* which does not answer at all */
};

enum snap_trouble_kind {
	SNAP_TROUBLE_NONE = 1,
	SNAP_TROUBLE_IO_ERROR = 2,
	SNAP_TROUBLE_PANIC = 3,
	SNAP_TROUBLE_WATCHDOG = 4,
};

/* The last abnormal event. */
struct snap_trouble {
	int32_t kind; /* enum snap_trouble_kind; 0: as none */
	uint64_t at_s; /* wall clock */
	char detail[112];
};

/* One virtual machine: everything that its rows in all tables need. */
struct snap_domain {
	atomic_uint refs;
	const struct snap_def *def;
	uint32_t index; /* vmIndex */
	struct snap_uuid uuid;
	int id; /* hypervisor ID, which tells runs apart; -1: inactive */
	int32_t active;       /* SNAP_TRUE or SNAP_FALSE, as the next */
	int32_t managed_save;
	int64_t sampled_ms;   /* when the measured values were taken */
	int64_t stale_at_ms;  /* from when on they are too old */
	int64_t whole_ms;     /* when last none had to be carried over, */
	int64_t nics_whole_ms; /* and of its interfaces */
	int32_t stale_reason; /* enum snap_stale */
	int64_t started_ms;   /* start of this run; SNAP_NO_TIME: unknown */
	/* measured */
	int32_t state;        /* virDomainState */
	int32_t reason;
	uint64_t cpu_time_us;
	uint64_t cpu_user_us;
	uint64_t cpu_system_us;
	uint64_t haltpoll_success_us;
	uint64_t haltpoll_fail_us;
	uint64_t vcpus_online;
	uint64_t vcpus_maximum;
	struct snap_rate cpu_rate;
	struct snap_memory memory;
	struct snap_job job;
	struct snap_trouble trouble;
	/* cells in RFC 7666's terms */
	int32_t admin_state;
	int32_t oper_state;
	int32_t autostart;
	int32_t persistent;
	int32_t cpus_current;
	int32_t cpus_min;
	int32_t cpus_max;
	int32_t mem_unit;
	int32_t mem_current;
	int32_t mem_min;
	int32_t mem_max;

	size_t n_host_cpus;
	size_t n_vcpus;
	struct snap_vcpu *vcpus;
	size_t n_disks;
	struct snap_disk *disks;
	size_t n_nics;
	struct snap_nic *nics;
	size_t n_metadata; /* of the definition, as the rows */
	const struct snap_metadata *metadata;
};

/*
 * A record with a row for each of the n_vcpus vCPU numbers and for each disk
 * and NIC of the definition, in the definition's order, all measured values
 * unknown.  Takes a reference to def.  The caller sets the sub-indices of
 * disks and NICs and then calls snap_domain_sort().
 */
struct snap_domain *snap_domain_new(const struct snap_def *def,
    const uint32_t *vcpu_ids, size_t n_vcpus);
/* A copy with the same contents and references, to change before publishing. */
struct snap_domain *snap_domain_copy(const struct snap_domain *dom);
/* Makes all measured values unknown; cells in RFC 7666's terms stay. */
void snap_domain_forget(struct snap_domain *dom);
void snap_domain_sort(struct snap_domain *dom);
const struct snap_domain *snap_domain_ref(const struct snap_domain *dom);
void snap_domain_unref(const struct snap_domain *dom);

#endif
