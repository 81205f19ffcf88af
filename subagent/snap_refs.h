/* SPDX-License-Identifier: BSD-2-Clause */
/* Reference counts of the model's records; for the files that make those. */
#ifndef VMMIBD_SNAP_REFS_H
#define VMMIBD_SNAP_REFS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Published records are const to all, but their reference counts change and
 * the last holder frees them: the one place where const is cast away.
 */
static inline void *
snap_writable(const void *shared)
{
	return (void *)(uintptr_t)shared;
}

/* A reference is only ever made from another one, so no order is needed. */
static inline void
snap_count_up(const atomic_uint *refs)
{
	atomic_fetch_add_explicit((atomic_uint *)snap_writable(refs), 1,
	    memory_order_relaxed);
}

/*
 * True for the last reference.  Acquire and release: whoever frees the record
 * must come after everybody else's last look at it.
 */
static inline bool
snap_count_down(const atomic_uint *refs)
{
	return atomic_fetch_sub_explicit((atomic_uint *)snap_writable(refs), 1,
	    memory_order_acq_rel) == 1;
}

#endif
