/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A domain's memory.  Values that are not known are marked as in snap_def.h.
 */
#ifndef VMMIBD_SNAP_MEMORY_H
#define VMMIBD_SNAP_MEMORY_H

#include <stdint.h>

/* The memory balloon's statistics; bytes where nothing else is said. */
struct snap_memory {
	uint64_t actual;
	uint64_t maximum;
	uint64_t unused;
	uint64_t available;
	uint64_t usable;
	uint64_t rss;
	uint64_t disk_caches;
	uint64_t swap_in;
	uint64_t swap_out;
	uint64_t major_faults;
	uint64_t minor_faults;
	uint64_t hugetlb_allocations; /* pages */
	uint64_t hugetlb_failures;
	uint64_t updated_s; /* wall clock */
};

#endif
