/* SPDX-License-Identifier: BSD-2-Clause */
/* RFC 7666's view of what libvirt measures. */
#include "rfc7666.h"

#include <string.h>

#include "snapshot.h"

#define NONE (-1) /* RFC 7666: not available, no limit, no boundary */

/*
 * The unit is an Integer32 itself, so 1024^3 is the largest; counts beyond
 * 2 EiB are then served as the greatest Integer32.
 */
#define UNIT_MAX (1024 * 1024 * 1024)

enum round { ROUND_DOWN, ROUND_UP };

static bool
fits(uint64_t bytes, int32_t unit)
{
	return bytes == SNAP_NO_U64 ||
	    bytes <= (uint64_t)INT32_MAX * (uint64_t)unit;
}

int32_t
rfc7666_unit(const uint64_t *bytes, int n)
{
	int32_t unit = 1024;
	int i;

	for (i = 0; i < n; i++) {
		while (unit < UNIT_MAX && !fits(bytes[i], unit)) {
			unit *= 1024;
		}
	}
	return unit;
}

static int32_t
in_unit(uint64_t bytes, int32_t unit, enum round round, int32_t unknown)
{
	uint64_t count;

	if (bytes == SNAP_NO_U64) {
		return unknown;
	}
	count = bytes / (uint64_t)unit;
	/* Rounded down, something must still not look like nothing. */
	if (bytes % (uint64_t)unit != 0 && (round == ROUND_UP || count == 0)) {
		count++;
	}
	return count < INT32_MAX ? (int32_t)count : INT32_MAX;
}

/* The measured size, else the defined one; unknown if too great to be true. */
static uint64_t
size_of(uint64_t measured, uint64_t defined_kib)
{
	if (measured != SNAP_NO_U64) {
		return measured;
	}
	return defined_kib <= UINT64_MAX / 1024 ? defined_kib * 1024 :
	    SNAP_NO_U64;
}

static void
finish_memory(struct snap_domain *dom)
{
	const struct snap_def *def = dom->def;
	uint64_t bytes[3];

	bytes[0] = size_of(dom->memory.actual, def->mem_current_kib);
	bytes[1] = size_of(SNAP_NO_U64, def->mem_min_kib);
	bytes[2] = size_of(dom->memory.maximum, def->mem_max_kib);
	dom->mem_unit = rfc7666_unit(bytes, 3);
	dom->mem_current = in_unit(bytes[0], dom->mem_unit, ROUND_DOWN,
	    SNAP_NO_I32);
	dom->mem_min = in_unit(bytes[1], dom->mem_unit, ROUND_DOWN, NONE);
	dom->mem_max = in_unit(bytes[2], dom->mem_unit, ROUND_DOWN, NONE);
}

static void
finish_cpus(struct snap_domain *dom)
{
	size_t n = dom->n_vcpus > 0 ? dom->n_vcpus : dom->def->n_vcpus;
	uint32_t max = dom->def->vcpus_max;

	dom->cpus_current = n > 0 && n <= INT32_MAX ? (int32_t)n : SNAP_NO_I32;
	dom->cpus_min = NONE; /* libvirt has no such boundary */
	dom->cpus_max = max > 0 && max <= INT32_MAX ? (int32_t)max : NONE;
}

static bool
is_raw(const struct snap_disk_def *def)
{
	return def->format == NULL || snap_same(def->format, "raw");
}

static int32_t
source_type(const struct snap_disk_def *def)
{
	if (def->type == NULL) {
		return SOURCE_UNKNOWN;
	}
	if (def->source == NULL) {
		return SOURCE_OTHER;
	}
	if (snap_same(def->type, "block") || snap_same(def->type, "nvme")) {
		return SOURCE_BLOCK;
	}
	if (snap_same(def->type, "file")) {
		return is_raw(def) ? SOURCE_RAW : SOURCE_SPARSE;
	}
	if (snap_same(def->type, "network")) {
		return SOURCE_NETWORK;
	}
	return SOURCE_OTHER;
}

static const char *
source_text(const struct snap_disk_def *def)
{
	if (def->type == NULL || def->source == NULL) {
		return NULL;
	}
	if (snap_same(def->type, "file")) {
		return def->format != NULL ? def->format : "raw";
	}
	if (snap_same(def->type, "block")) {
		return is_raw(def) ? "block" : def->format;
	}
	if (snap_same(def->type, "network") && def->protocol != NULL) {
		return def->protocol;
	}
	return def->type;
}

static int32_t
media_type(const char *device)
{
	if (device == NULL) {
		return MEDIA_UNKNOWN;
	}
	if (snap_same(device, "disk") || snap_same(device, "lun")) {
		return MEDIA_HARD_DISK;
	}
	if (snap_same(device, "cdrom")) {
		return MEDIA_OPTICAL_DISK;
	}
	if (snap_same(device, "floppy")) {
		return MEDIA_FLOPPY_DISK;
	}
	return MEDIA_OTHER;
}

static uint64_t
allocated_bytes(const struct snap_disk *disk)
{
	/* vmStorageAllocatedSize: "MUST NOT be different" for these two. */
	if (disk->source_type == SOURCE_BLOCK || disk->source_type == SOURCE_RAW) {
		return disk->capacity_bytes;
	}
	if (disk->physical_bytes != SNAP_NO_U64) {
		return disk->physical_bytes;
	}
	return disk->allocation_bytes;
}

static void
finish_disk(struct snap_disk *disk)
{
	uint64_t bytes[2];

	/*
	 * hrStorageIndex is handed out by snmpd while it runs and cannot be
	 * known here, so no disk is anyone's child.
	 */
	disk->parent = 0;
	disk->source_type = source_type(&disk->def);
	disk->source_text = source_text(&disk->def);
	disk->access = disk->def.readonly ? ACCESS_READONLY : ACCESS_READWRITE;
	disk->media_type = media_type(disk->def.device);

	bytes[0] = disk->capacity_bytes;
	bytes[1] = allocated_bytes(disk);
	disk->size_unit = rfc7666_unit(bytes, 2);
	disk->defined_size = in_unit(bytes[0], disk->size_unit, ROUND_UP, NONE);
	disk->allocated_size = in_unit(bytes[1], disk->size_unit, ROUND_UP,
	    NONE);
}

void
rfc7666_finish(struct snap_domain *dom)
{
	size_t i;

	finish_memory(dom);
	finish_cpus(dom);
	for (i = 0; i < dom->n_disks; i++) {
		finish_disk(&dom->disks[i]);
	}
}

/* Staleness */

static const struct snap_domain *
stale_domain(const struct snap_domain *dom, int64_t stale_at_ms)
{
	struct snap_domain *copy = snap_domain_copy(dom);

	if (copy != NULL) {
		if (copy->stale_at_ms > stale_at_ms) {
			copy->stale_at_ms = stale_at_ms;
		}
		snap_domain_forget(copy);
		copy->oper_state = OPER_UNKNOWN;
		copy->stale_reason = SNAP_STALE_HYPERVISOR;
	}
	return copy;
}

const struct snapshot *
rfc7666_stale(const struct snapshot *snap)
{
	struct snapshot *stale = snapshot_new(snap->host,
	    (size_t)snap->n_domains);

	if (stale == NULL) {
		return NULL;
	}
	stale->table_last_change = snap->table_last_change;
	stale->collector = snap->collector;
	for (stale->n_domains = 0; stale->n_domains < snap->n_domains;
	     stale->n_domains++) {
		int32_t i = stale->n_domains;

		stale->domains[i] = stale_domain(snap->domains[i],
		    snap->stale_at_ms);
		if (stale->domains[i] == NULL) {
			snapshot_unref(stale);
			return NULL;
		}
	}
	memset(&stale->sums, 0xff, sizeof(stale->sums)); /* SNAP_NO_U64 */
	return stale;
}
