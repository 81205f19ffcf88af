/* SPDX-License-Identifier: BSD-2-Clause */
/* Measures one domain by calls of its own, where bulk statistics lack. */
#include "lv_measure.h"

#include <stdlib.h>

#include "lv_conn.h"
#include "lv_domain.h"
#include "snap_fields.h"
#include "snapshot.h"

#define VCPUS_MAX 4096 /* QEMU's largest machine is far below */

/* libvirt says -1 for a counter that it does not have. */
static uint64_t
counter(long long value)
{
	return value < 0 ? SNAP_NO_U64 : (uint64_t)value;
}

void
lv_measure_read_vcpus(struct lv_measure *m, struct lv_conn *lc,
    virDomainPtr dom, size_t max)
{
	m->vcpus = max > 0 ? calloc(max, sizeof(*m->vcpus)) : NULL;
	if (m->vcpus == NULL) {
		return;
	}
	m->n_vcpus = LV_TRY(lc, LV_CALL_VCPUS, virDomainGetVcpus(dom, m->vcpus,
	    (int)max, NULL, 0));
	if (m->n_vcpus < 0) {
		lv_measure_end(m);
	}
}

static void
begin(struct lv_measure *m, struct lv_conn *lc, virDomainPtr dom,
    bool active, size_t max_vcpus)
{
	*m = (struct lv_measure){ .vcpus = NULL };
	m->has_info = LV_ASK(lc, virDomainGetInfo(dom, &m->info)) == 0;
	if (active) {
		lv_measure_read_vcpus(m, lc, dom, max_vcpus);
	}
}

void
lv_measure_end(struct lv_measure *m)
{
	free(m->vcpus);
	m->vcpus = NULL;
	m->n_vcpus = 0;
}

/* The numbers of the plugged-in vCPUs, ascending; 0: not told. */
static size_t
vcpu_ids(const struct lv_measure *m, uint32_t *ids, size_t max)
{
	size_t n_ids = 0;

	for (int i = 0; i < m->n_vcpus && n_ids < max; i++) {
		if (n_ids == 0 || m->vcpus[i].number > ids[n_ids - 1]) {
			ids[n_ids++] = m->vcpus[i].number;
		}
	}
	/* Where numbers have gaps, the test driver leaves the last ones out. */
	return m->has_info && n_ids == m->info.nrVirtCpu ? n_ids : 0;
}

static void
fill_vcpu(struct snap_vcpu *vcpu, const virVcpuInfo *info)
{
	vcpu->time_us = info->cpuTime / 1000;
	vcpu->state = info->state >= VIR_VCPU_OFFLINE &&
	    info->state <= VIR_VCPU_BLOCKED ? info->state : SNAP_NO_I32;
	vcpu->host_cpu = info->cpu < 0 ? SNAP_NO_I32 : info->cpu;
}

static void
fill_vcpus(struct snap_domain *rec, const struct lv_measure *m)
{
	for (int i = 0; i < m->n_vcpus; i++) {
		for (size_t j = 0; j < rec->n_vcpus; j++) {
			if (rec->vcpus[j].index == m->vcpus[i].number + 1) {
				fill_vcpu(&rec->vcpus[j], &m->vcpus[i]);
			}
		}
	}
}

static struct lv_disk_size
read_size(struct lv_conn *lc, virDomainPtr dom, const char *target)
{
	struct lv_disk_size size = { SNAP_NO_U64, SNAP_NO_U64, SNAP_NO_U64 };
	virDomainBlockInfo info;

	if (LV_TRY(lc, LV_CALL_BLOCK_INFO, virDomainGetBlockInfo(dom, target,
	    &info, 0)) == 0) {
		size = (struct lv_disk_size){ info.capacity, info.allocation,
		    info.physical };
	}
	return size;
}

struct lv_disk_size *
lv_measure_sizes(const struct snap_def *def, struct lv_conn *lc,
    virDomainPtr dom)
{
	struct lv_disk_size *sizes = calloc(def->n_disks + 1, sizeof(*sizes));

	for (size_t i = 0; sizes != NULL && i < def->n_disks; i++) {
		const struct snap_disk_def *disk = &def->disks[i];

		sizes[i] = (struct lv_disk_size){ SNAP_NO_U64, SNAP_NO_U64,
		    SNAP_NO_U64 };
		if (disk->source != NULL && disk->target != NULL) {
			sizes[i] = read_size(lc, dom, disk->target);
		}
	}
	return sizes;
}

static void
fill_disk_counters(struct snap_disk *disk, struct lv_conn *lc,
    virDomainPtr dom)
{
	virDomainBlockStatsStruct stats;

	if (LV_TRY(lc, LV_CALL_BLOCK_STATS, virDomainBlockStats(dom,
	    disk->def.target, &stats, sizeof(stats))) != 0) {
		return;
	}
	disk->read_ios = counter(stats.rd_req);
	disk->read_octets = counter(stats.rd_bytes);
	disk->write_ios = counter(stats.wr_req);
	disk->write_octets = counter(stats.wr_bytes);
	disk->errors = counter(stats.errs);
}

static void
fill_disk_sizes(struct snap_disk *disk, struct lv_conn *lc, virDomainPtr dom)
{
	struct lv_disk_size size = read_size(lc, dom, disk->def.target);

	disk->capacity_bytes = size.capacity;
	disk->allocation_bytes = size.allocation;
	disk->physical_bytes = size.physical;
}

static void
fill_nic(struct snap_nic *nic, struct lv_conn *lc, virDomainPtr dom)
{
	virDomainInterfaceStatsStruct stats;

	if (nic->def.ifname == NULL || LV_TRY(lc, LV_CALL_INTERFACE_STATS,
	    virDomainInterfaceStats(dom, nic->def.ifname, &stats,
		sizeof(stats))) != 0) {
		return;
	}
	nic->rx_octets = counter(stats.rx_bytes);
	nic->rx_packets = counter(stats.rx_packets);
	nic->rx_errors = counter(stats.rx_errs);
	nic->rx_drops = counter(stats.rx_drop);
	nic->tx_octets = counter(stats.tx_bytes);
	nic->tx_packets = counter(stats.tx_packets);
	nic->tx_errors = counter(stats.tx_errs);
	nic->tx_drops = counter(stats.tx_drop);
}

#define MEMORY(field) offsetof(struct snap_memory, field)

/* By tag; a factor of 1024 for those that libvirt counts in KiB. */
static const struct {
	size_t offset;
	uint64_t factor; /* 0: not served */
} memory_fields[VIR_DOMAIN_MEMORY_STAT_NR] = {
	[VIR_DOMAIN_MEMORY_STAT_SWAP_IN] = { MEMORY(swap_in), 1024 },
	[VIR_DOMAIN_MEMORY_STAT_SWAP_OUT] = { MEMORY(swap_out), 1024 },
	[VIR_DOMAIN_MEMORY_STAT_MAJOR_FAULT] = { MEMORY(major_faults), 1 },
	[VIR_DOMAIN_MEMORY_STAT_MINOR_FAULT] = { MEMORY(minor_faults), 1 },
	[VIR_DOMAIN_MEMORY_STAT_UNUSED] = { MEMORY(unused), 1024 },
	[VIR_DOMAIN_MEMORY_STAT_AVAILABLE] = { MEMORY(available), 1024 },
	[VIR_DOMAIN_MEMORY_STAT_ACTUAL_BALLOON] = { MEMORY(actual), 1024 },
	[VIR_DOMAIN_MEMORY_STAT_RSS] = { MEMORY(rss), 1024 },
	[VIR_DOMAIN_MEMORY_STAT_USABLE] = { MEMORY(usable), 1024 },
	[VIR_DOMAIN_MEMORY_STAT_LAST_UPDATE] = { MEMORY(updated_s), 1 },
	[VIR_DOMAIN_MEMORY_STAT_DISK_CACHES] = { MEMORY(disk_caches), 1024 },
	[VIR_DOMAIN_MEMORY_STAT_HUGETLB_PGALLOC] =
	    { MEMORY(hugetlb_allocations), 1 },
	[VIR_DOMAIN_MEMORY_STAT_HUGETLB_PGFAIL] =
	    { MEMORY(hugetlb_failures), 1 },
};

static void
fill_memory(struct snap_memory *memory, struct lv_conn *lc, virDomainPtr dom)
{
	virDomainMemoryStatStruct stats[VIR_DOMAIN_MEMORY_STAT_NR];
	int n = LV_TRY(lc, LV_CALL_MEMORY_STATS, virDomainMemoryStats(dom,
	    stats, VIR_DOMAIN_MEMORY_STAT_NR, 0));

	for (int i = 0; i < n; i++) {
		unsigned tag = (unsigned)stats[i].tag;

		if (tag < VIR_DOMAIN_MEMORY_STAT_NR &&
		    memory_fields[tag].factor != 0 &&
		    stats[i].val <= UINT64_MAX / 1024) {
			*snap_u64(memory, memory_fields[tag].offset) =
			    stats[i].val * memory_fields[tag].factor;
		}
	}
}

/* User and system time, of drivers that tell them apart. */
static void
fill_cpu(struct snap_domain *rec, struct lv_conn *lc, virDomainPtr dom)
{
	virTypedParameter params[8] = { { .type = 0 } };
	unsigned long long ns;
	int n;

	/* -1, 1: the total of all CPUs */
	n = LV_TRY(lc, LV_CALL_CPU_STATS, virDomainGetCPUStats(dom, params, 8,
	    -1, 1, 0));
	if (n < 0) {
		return;
	}
	if (virTypedParamsGetULLong(params, n, VIR_DOMAIN_CPU_STATS_USERTIME,
	    &ns) == 1) {
		rec->cpu_user_us = ns / 1000;
	}
	if (virTypedParamsGetULLong(params, n,
	    VIR_DOMAIN_CPU_STATS_SYSTEMTIME, &ns) == 1) {
		rec->cpu_system_us = ns / 1000;
	}
	virTypedParamsClear(params, n);
}

static void
fill(struct snap_domain *rec, const struct lv_measure *m,
    struct lv_conn *lc, virDomainPtr dom, bool active)
{
	if (m->has_info) {
		rec->memory.actual = (uint64_t)m->info.memory * 1024;
		rec->memory.maximum = (uint64_t)m->info.maxMem * 1024;
		rec->vcpus_online = m->info.nrVirtCpu;
		if (rec->def->vcpus_max > 0) {
			rec->vcpus_maximum = rec->def->vcpus_max;
		}
		if (active) {
			rec->cpu_time_us = m->info.cpuTime / 1000;
		}
	}
	if (!active) {
		return;
	}
	fill_cpu(rec, lc, dom);
	fill_vcpus(rec, m);
	fill_memory(&rec->memory, lc, dom);
	for (size_t i = 0; i < rec->n_disks; i++) {
		struct snap_disk *disk = &rec->disks[i];

		if (disk->def.target != NULL && disk->def.source != NULL) {
			fill_disk_counters(disk, lc, dom);
			fill_disk_sizes(disk, lc, dom);
		}
	}
	for (size_t i = 0; i < rec->n_nics; i++) {
		fill_nic(&rec->nics[i], lc, dom);
	}
}

struct snap_domain *
lv_measure_domain(struct lv_conn *lc, virDomainPtr dom,
    const struct snap_def *def, bool active)
{
	uint32_t ids[VCPUS_MAX];
	struct snap_domain *rec;
	struct lv_measure m;
	size_t n_ids;

	begin(&m, lc, dom, active,
	    def->vcpus_max < VCPUS_MAX ? def->vcpus_max : VCPUS_MAX);
	n_ids = vcpu_ids(&m, ids, VCPUS_MAX);
	rec = n_ids > 0 ? snap_domain_new(def, ids, n_ids) :
	    snap_domain_new(def, def->vcpu_ids, def->n_vcpus);
	if (rec != NULL) {
		fill(rec, &m, lc, dom, active);
	}
	lv_measure_end(&m);
	return rec;
}
