/* SPDX-License-Identifier: BSD-2-Clause */
/* vmStorageTable: a row per disk, CD-ROM or floppy drive of a VM. */
#include "mib_tree.h"

static const char *const source_labels[] = {
	NULL, "unknown", "other", "block", "raw", "sparse", "network",
};

static const char *const access_labels[] = {
	NULL, "unknown", "readwrite", "readonly",
};

static const char *const media_labels[] = {
	NULL, "other", "unknown", "hardDisk", "opticalDisk", "floppyDisk",
};

static const struct mib_column storage_columns[] = {
	INTEGER(3, vmStorageParent, struct snap_disk, parent),
	ENUM(4, vmStorageSourceType, struct snap_disk, source_type,
	    source_labels),
	TEXT(5, vmStorageSourceTypeString, struct snap_disk, source_text),
	TEXT(6, vmStorageResourceID, struct snap_disk, def.source),
	ENUM(7, vmStorageAccess, struct snap_disk, access, access_labels),
	ENUM(8, vmStorageMediaType, struct snap_disk, media_type,
	    media_labels),
	TEXT(9, vmStorageMediaTypeString, struct snap_disk, def.bus),
	INTEGER(10, vmStorageSizeUnit, struct snap_disk, size_unit),
	INTEGER(11, vmStorageDefinedSize, struct snap_disk, defined_size),
	INTEGER(12, vmStorageAllocatedSize, struct snap_disk, allocated_size),
	COUNTER64(13, vmStorageReadIOs, struct snap_disk, read_ios),
	COUNTER64(14, vmStorageWriteIOs, struct snap_disk, write_ios),
	COUNTER64(15, vmStorageReadOctets, struct snap_disk, read_octets),
	COUNTER64(16, vmStorageWriteOctets, struct snap_disk, write_octets),
	COUNTER64(17, vmStorageReadLatency, struct snap_disk, read_time_us),
	COUNTER64(18, vmStorageWriteLatency, struct snap_disk, write_time_us),
};

static const oid storage_root[] = { VM_OBJECTS, 7, 1 };

const struct mib_table mib_storage = {
	.name = "vmStorageTable",
	MIB_ROOT(storage_root),
	MIB_COLUMNS(storage_columns),
	.depth = 2,
	MIB_ROWS(disks, n_disks),
};
