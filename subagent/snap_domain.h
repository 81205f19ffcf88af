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

#include "snap_def.h"

struct snap_uuid {
	uint8_t octets[16];
};

/* Rows.  Each begins with its last sub-index; arrays ascend by it. */

struct snap_vcpu {
	uint32_t index; /* vCPU number + 1 */
	uint64_t time_us;
	const uint8_t *cpumap; /* of the definition; NULL: affinity unknown */
};

struct snap_disk {
	uint32_t index;
	struct snap_disk_def def;
	/* measured */
	uint64_t capacity_bytes;
	uint64_t allocation_bytes;
	uint64_t physical_bytes;
	uint64_t read_ios;
	uint64_t write_ios;
	uint64_t read_octets;
	uint64_t write_octets;
	uint64_t read_time_us;
	uint64_t write_time_us;
	/* cells in RFC 7666's terms, see rfc7666.h */
	int32_t parent;
	int32_t source_type;
	const char *source_text;
	int32_t access;
	int32_t media_type;
	int32_t size_unit;
	int32_t defined_size;
	int32_t allocated_size;
};

struct snap_nic {
	uint32_t index;
	struct snap_nic_def def;
};

/* One virtual machine: everything that its rows in all tables need. */
struct snap_domain {
	atomic_uint refs;
	const struct snap_def *def;
	uint32_t index; /* vmIndex */
	struct snap_uuid uuid;
	const char *name;    /* of the definition, as os_type is */
	const char *os_type;
	int id; /* hypervisor ID, which tells runs apart; -1: inactive */
	bool active;
	int64_t sampled_ms; /* when the measured values were taken */
	int64_t started_ms; /* start of this run; SNAP_NO_TIME: unknown */
	/* measured */
	uint64_t cpu_time_us;
	uint64_t mem_current_kib;
	uint64_t mem_max_kib;
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
void snap_domain_sort(struct snap_domain *dom);
const struct snap_domain *snap_domain_ref(const struct snap_domain *dom);
void snap_domain_unref(const struct snap_domain *dom);

#endif
