/* SPDX-License-Identifier: BSD-2-Clause */
/* What a record takes over from the one before it in the same run. */
#ifndef VMMIBD_LV_CARRY_H
#define VMMIBD_LV_CARRY_H

#include <stdbool.h>
#include <stdint.h>

struct snap_domain;

/* When a sample was taken, and how long it counts. */
struct lv_carry_limits {
	int64_t began_ms;    /* when it was asked for; 0: with sampled_ms */
	int64_t sampled_ms;  /* when it was there; 0: only just */
	int64_t rate_min_ms; /* shorter intervals make no rate */
	int64_t stale_after_ms;
	unsigned missing;    /* enum lv_part: was not asked for at all; bits */
};

/* What is asked for by calls of its own. */
enum lv_part {
	LV_PART_GUEST = 1, /* of the domain, its vCPUs and disks */
	LV_PART_NICS = 2,  /* of its interfaces */
};

/*
 * Rates of rec's counters since before (NULL: rec is the first of its run).
 * To be called before lv_carry_values(), which would make gaps look like
 * standstill.  True if a counter of the guest's or its disks' that this run has
 * had is missing now: then its measured values are as good as those before.
 */
bool lv_carry_rates(struct snap_domain *rec, const struct snap_domain *before,
    int64_t now_ms, const struct lv_carry_limits *limits);

/*
 * A busy guest leaves out some of its values for a while (QEMU with a command
 * under way: the disks').  What it gave before stands in for them.  True if
 * anything of that part did.
 */
bool lv_carry_values(struct snap_domain *rec,
    const struct snap_domain *before, enum lv_part part);

#endif
