/* SPDX-License-Identifier: BSD-2-Clause */
/* virtDiskTable: a row per disk, CD-ROM or floppy drive of a VM. */
#include "mib_tree.h"

static const char *const error_labels[] = {
	NULL, "none", "unspecified", "noSpace",
};

static const char *const job_labels[] = {
	NULL, "none", "unknown", "pull", "copy", "commit", "activeCommit",
	"backup",
};

/* How full it is for the host, in hundredths of a percent. */
static uint64_t
utilization(const struct mib_row *row, int64_t now_ms)
{
	const struct snap_disk *disk = row->data;

	(void)now_ms;
	return snap_share(disk->allocation_bytes, disk->capacity_bytes, 10000);
}

static uint64_t
read_latency(const struct mib_row *row, int64_t now_ms)
{
	const struct snap_disk *disk = row->data;

	(void)now_ms;
	return snap_rate_ratio(&disk->read_time_rate, &disk->read_ios_rate,
	    1);
}

static uint64_t
write_latency(const struct mib_row *row, int64_t now_ms)
{
	const struct snap_disk *disk = row->data;

	(void)now_ms;
	return snap_rate_ratio(&disk->write_time_rate, &disk->write_ios_rate,
	    1);
}

static const struct mib_column disk_columns[] = {
	TEXT(1, virtDiskTarget, struct snap_disk, def.target),
	TEXT(2, virtDiskBus, struct snap_disk, def.bus),
	TEXT(3, virtDiskDevice, struct snap_disk, def.device),
	TEXT(4, virtDiskFormat, struct snap_disk, def.format),
	TEXT(5, virtDiskCache, struct snap_disk, def.cache),
	TEXT(6, virtDiskSerial, struct snap_disk, def.serial),
	BOOL(7, virtDiskReadOnly, struct snap_disk, def.readonly),
	BOOL(8, virtDiskShareable, struct snap_disk, def.shareable),
	COUNTER64(9, virtDiskCapacity, struct snap_disk, capacity_bytes),
	COUNTER64(10, virtDiskAllocation, struct snap_disk, allocation_bytes),
	COUNTER64(11, virtDiskPhysical, struct snap_disk, physical_bytes),
	MEASURE(12, virtDiskUtilization, utilization),
	COUNTER64(13, virtDiskThreshold, struct snap_disk, threshold_bytes),
	COUNTER64(14, virtDiskFlushIOs, struct snap_disk, flush_ios),
	COUNTER64(15, virtDiskFlushTime, struct snap_disk, flush_time_us),
	COUNTER64(16, virtDiskErrors, struct snap_disk, errors),
	ENUM(17, virtDiskErrorState, struct snap_disk, error_state,
	    error_labels),
	GAUGE32(18, virtDiskBackingDepth, struct snap_disk,
	    def.backing_depth),
	ENUM(19, virtDiskJob, struct snap_disk, job, job_labels),
	GAUGE32(20, virtDiskJobProgress, struct snap_disk, job_done),
	LIMIT(21, virtDiskLimitTotalOctets, struct snap_disk,
	    def.limits.total_octets),
	LIMIT(22, virtDiskLimitReadOctets, struct snap_disk,
	    def.limits.read_octets),
	LIMIT(23, virtDiskLimitWriteOctets, struct snap_disk,
	    def.limits.write_octets),
	LIMIT(24, virtDiskLimitTotalIOs, struct snap_disk,
	    def.limits.total_ios),
	LIMIT(25, virtDiskLimitReadIOs, struct snap_disk, def.limits.read_ios),
	LIMIT(26, virtDiskLimitWriteIOs, struct snap_disk,
	    def.limits.write_ios),
	RATE(27, virtDiskReadIORate, struct snap_disk, read_ios_rate, 1, 1),
	RATE(28, virtDiskWriteIORate, struct snap_disk, write_ios_rate, 1, 1),
	RATE(29, virtDiskReadOctetRate, struct snap_disk, read_octets_rate, 1,
	    1),
	RATE(30, virtDiskWriteOctetRate, struct snap_disk, write_octets_rate,
	    1, 1),
	MEASURE(31, virtDiskReadLatency, read_latency),
	MEASURE(32, virtDiskWriteLatency, write_latency),
};

static const oid disk_root[] = { VIRT_OBJECTS, 6, 1 };

const struct mib_table mib_libvirt_disk = {
	.name = "virtDiskTable",
	MIB_ROOT(disk_root),
	MIB_COLUMNS(disk_columns),
	.depth = 2,
	MIB_ROWS(disks, n_disks),
};
