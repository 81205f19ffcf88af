/* SPDX-License-Identifier: BSD-2-Clause */
/* Measures one domain by calls of its own, where bulk statistics lack. */
#include "lv_measure.h"

#include <stdlib.h>
#include <string.h>

#include "lv_conn.h"
#include "snapshot.h"

/* libvirt says -1 for a counter that it does not have. */
static uint64_t
counter(long long value)
{
	return value < 0 ? SNAP_NO_U64 : (uint64_t)value;
}

/*
 * The plugged-in vCPUs of an active domain.  Their numbers may have gaps, so
 * there must be room for as many as there can ever be: max.
 */
static virVcpuInfo *
read_vcpus(struct lv_conn *lc, virDomainPtr dom, size_t max, int *n)
{
	virVcpuInfo *vcpus;

	if (!lv_conn_can(lc, LV_CALL_VCPUS) || max == 0) {
		return NULL;
	}
	vcpus = calloc(max, sizeof(*vcpus));
	if (vcpus == NULL) {
		return NULL;
	}
	*n = virDomainGetVcpus(dom, vcpus, (int)max, NULL, 0);
	if (*n < 0) {
		lv_conn_failed(lc, LV_CALL_VCPUS);
		free(vcpus);
		return NULL;
	}
	return vcpus;
}

size_t
lv_measure_vcpus(struct lv_conn *lc, virDomainPtr dom, uint32_t *ids,
    size_t max)
{
	virDomainInfo info;
	size_t n_ids = 0;
	int n = 0;
	virVcpuInfo *vcpus = read_vcpus(lc, dom, max, &n);

	for (int i = 0; vcpus != NULL && i < n && n_ids < max; i++) {
		if (n_ids == 0 || vcpus[i].number > ids[n_ids - 1]) {
			ids[n_ids++] = vcpus[i].number;
		}
	}
	free(vcpus);
	/* Where numbers have gaps, the test driver leaves the last ones out. */
	if (virDomainGetInfo(dom, &info) != 0 || n_ids != info.nrVirtCpu) {
		n_ids = 0;
	}
	return n_ids;
}

static void
fill_vcpus(struct snap_domain *rec, struct lv_conn *lc, virDomainPtr dom)
{
	int n = 0;
	virVcpuInfo *vcpus = read_vcpus(lc, dom, rec->def->vcpus_max, &n);

	for (int i = 0; vcpus != NULL && i < n; i++) {
		for (size_t j = 0; j < rec->n_vcpus; j++) {
			if (rec->vcpus[j].index == vcpus[i].number + 1) {
				rec->vcpus[j].time_us =
				    vcpus[i].cpuTime / 1000;
			}
		}
	}
	free(vcpus);
}

static void
fill_disk_counters(struct snap_disk *disk, struct lv_conn *lc,
    virDomainPtr dom)
{
	virDomainBlockStatsStruct stats;

	if (!lv_conn_can(lc, LV_CALL_BLOCK_STATS)) {
		return;
	}
	if (virDomainBlockStats(dom, disk->def.target, &stats,
	    sizeof(stats)) != 0) {
		lv_conn_failed(lc, LV_CALL_BLOCK_STATS);
		return;
	}
	disk->read_ios = counter(stats.rd_req);
	disk->read_octets = counter(stats.rd_bytes);
	disk->write_ios = counter(stats.wr_req);
	disk->write_octets = counter(stats.wr_bytes);
}

static void
fill_disk_sizes(struct snap_disk *disk, struct lv_conn *lc, virDomainPtr dom)
{
	virDomainBlockInfo info;

	if (!lv_conn_can(lc, LV_CALL_BLOCK_INFO)) {
		return;
	}
	if (virDomainGetBlockInfo(dom, disk->def.target, &info, 0) != 0) {
		lv_conn_failed(lc, LV_CALL_BLOCK_INFO);
		return;
	}
	disk->capacity_bytes = info.capacity;
	disk->allocation_bytes = info.allocation;
	disk->physical_bytes = info.physical;
}

void
lv_measure_fill(struct snap_domain *rec, struct lv_conn *lc, virDomainPtr dom,
    bool active)
{
	virDomainInfo info;

	if (virDomainGetInfo(dom, &info) == 0) {
		rec->mem_current_kib = info.memory;
		rec->mem_max_kib = info.maxMem;
		if (active) {
			rec->cpu_time_us = info.cpuTime / 1000;
		}
	}
	if (!active) {
		return;
	}
	fill_vcpus(rec, lc, dom);
	for (size_t i = 0; i < rec->n_disks; i++) {
		struct snap_disk *disk = &rec->disks[i];

		if (disk->def.target != NULL && disk->def.source != NULL) {
			fill_disk_counters(disk, lc, dom);
			fill_disk_sizes(disk, lc, dom);
		}
	}
}
