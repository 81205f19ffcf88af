/* SPDX-License-Identifier: BSD-2-Clause */
/* virtMemoryTable: the memory balloon of each virtual machine. */
#include "mib_tree.h"

#include <time.h>

/* (available - rest) / available, in hundredths of a percent. */
static uint64_t
used_share(uint64_t available, uint64_t rest)
{
	return rest > available ? SNAP_NO_U64 :
	    snap_share(available - rest, available, 10000);
}

static uint64_t
utilization(const struct mib_row *row, int64_t now_ms)
{
	(void)now_ms;
	return used_share(row->dom->memory.available,
	    row->dom->memory.unused);
}

static uint64_t
utilization_usable(const struct mib_row *row, int64_t now_ms)
{
	(void)now_ms;
	return used_share(row->dom->memory.available,
	    row->dom->memory.usable);
}

/* By the wall clock, as libvirt's time is; 0 while nothing was reported. */
static uint64_t
update_age(const struct mib_row *row, int64_t now_ms)
{
	uint64_t updated_s = row->dom->memory.updated_s;
	uint64_t now_s = (uint64_t)time(NULL);

	(void)now_ms;
	if (updated_s == SNAP_NO_U64 || updated_s == 0) {
		return SNAP_NO_U64;
	}
	return now_s > updated_s ? now_s - updated_s : 0;
}

static const struct mib_column memory_columns[] = {
	COUNTER64(1, virtMemActual, struct snap_domain, memory.actual),
	COUNTER64(2, virtMemMaximum, struct snap_domain, memory.maximum),
	COUNTER64(3, virtMemUnused, struct snap_domain, memory.unused),
	COUNTER64(4, virtMemAvailable, struct snap_domain, memory.available),
	COUNTER64(5, virtMemUsable, struct snap_domain, memory.usable),
	COUNTER64(6, virtMemRss, struct snap_domain, memory.rss),
	COUNTER64(7, virtMemDiskCaches, struct snap_domain,
	    memory.disk_caches),
	COUNTER64(8, virtMemSwapIn, struct snap_domain, memory.swap_in),
	COUNTER64(9, virtMemSwapOut, struct snap_domain, memory.swap_out),
	COUNTER64(10, virtMemMajorFaults, struct snap_domain,
	    memory.major_faults),
	COUNTER64(11, virtMemMinorFaults, struct snap_domain,
	    memory.minor_faults),
	COUNTER64(12, virtMemHugetlbAllocations, struct snap_domain,
	    memory.hugetlb_allocations),
	COUNTER64(13, virtMemHugetlbFailures, struct snap_domain,
	    memory.hugetlb_failures),
	DATE(14, virtMemLastUpdate, struct snap_domain, memory.updated_s),
	MEASURE(15, virtMemUpdateAge, update_age),
	MEASURE(16, virtMemUtilization, utilization),
	MEASURE(17, virtMemUtilizationUsable, utilization_usable),
	DEF_GAUGE32(18, virtMemStatsPeriod, mem_stats_period_s),
};

static const oid memory_root[] = { VIRT_OBJECTS, 4, 1 };

const struct mib_table mib_libvirt_memory = {
	.name = "virtMemoryTable",
	MIB_ROOT(memory_root),
	MIB_COLUMNS(memory_columns),
	.depth = 1,
};
