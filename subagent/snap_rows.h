/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows of a domain's record: vCPUs, disks, interfaces.  Each begins with
 * its last sub-index; arrays ascend by it.
 *
 * Values that are not known are marked as in snap_def.h.
 */
#ifndef VMMIBD_SNAP_ROWS_H
#define VMMIBD_SNAP_ROWS_H

#include "snap_def.h"
#include "snap_rate.h"

struct snap_vcpu {
	uint32_t index; /* vCPU number + 1 */
	const uint8_t *cpumap; /* of the definition; NULL: affinity unknown */
	/* measured */
	uint64_t time_us;
	uint64_t wait_us;
	uint64_t delay_us;
	int32_t state;  /* virVcpuState, as far as the MIB has it */
	int32_t halted; /* SNAP_TRUE or SNAP_FALSE */
	int32_t host_cpu;
	struct snap_rate time_rate;
};

enum snap_disk_job {
	SNAP_DISK_JOB_NONE = 1,
	SNAP_DISK_JOB_UNKNOWN = 2,
	SNAP_DISK_JOB_PULL = 3, /* from here on virDomainBlockJobType + 2 */
};

struct snap_disk {
	uint32_t index;
	struct snap_disk_def def;
	/* measured */
	uint64_t capacity_bytes;
	uint64_t allocation_bytes;
	uint64_t physical_bytes;
	uint64_t threshold_bytes;
	uint64_t read_ios;
	uint64_t write_ios;
	uint64_t flush_ios;
	uint64_t read_octets;
	uint64_t write_octets;
	uint64_t read_time_us;
	uint64_t write_time_us;
	uint64_t flush_time_us;
	uint64_t errors;
	int32_t error_state; /* virDomainDiskErrorCode + 1 */
	int32_t job;         /* enum snap_disk_job */
	uint64_t job_done;   /* hundredths of a percent */
	struct snap_rate read_ios_rate;
	struct snap_rate write_ios_rate;
	struct snap_rate read_octets_rate;
	struct snap_rate write_octets_rate;
	struct snap_rate read_time_rate;
	struct snap_rate write_time_rate;
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

#define SNAP_ADDRESSES 256 /* octets, a final NUL included */

struct snap_nic {
	uint32_t index;
	struct snap_nic_def def;
	/* measured; as the guest sees it: rx is what it received */
	uint64_t rx_octets;
	uint64_t rx_packets;
	uint64_t rx_errors;
	uint64_t rx_drops;
	uint64_t tx_octets;
	uint64_t tx_packets;
	uint64_t tx_errors;
	uint64_t tx_drops;
	struct snap_rate rx_octets_rate;
	struct snap_rate rx_packets_rate;
	struct snap_rate tx_octets_rate;
	struct snap_rate tx_packets_rate;
	int32_t address_source; /* 1 lease, 2 ARP */
	char addresses[SNAP_ADDRESSES]; /* "10.0.0.2/24 ..."; empty: unknown */
};

#endif
