/* SPDX-License-Identifier: BSD-2-Clause */
/* Rates of counters, from two samples of the same run. */
#ifndef VMMIBD_SNAP_RATE_H
#define VMMIBD_SNAP_RATE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What a counter did over the last interval.  A zeroed one has seen no sample
 * and has no value.  Clock: milliseconds of clock_boot_ms().
 */
struct snap_rate {
	uint64_t count;   /* at the interval's end, */
	int64_t at_ms;    /* which was then; 0: no sample yet */
	uint64_t delta;   /* what it grew by */
	uint32_t span_ms; /* the interval's length; 0: no value */
	uint32_t slack_ms; /* the count may have been taken so much earlier */
};

/*
 * Carries a rate on from the sample before (NULL: this is the first of a run)
 * by a new one, which was taken within the slack_ms before now_ms.
 * SNAP_NO_U64, "not known this time", and a sample too close to the last leave
 * the rate as it was: within min_ms, or too close for when they were taken to
 * be certain enough.  A counter that went backwards begins anew, without a
 * value.
 */
void snap_rate_next(struct snap_rate *rate, const struct snap_rate *before,
    uint64_t count, int64_t now_ms, int64_t slack_ms, int64_t min_ms);

/*
 * Growth per second times times, divided by by, rounded, and at most
 * UINT32_MAX: a Gauge32 must not wrap.  SNAP_NO_U64: no value.
 */
uint64_t snap_rate_value(const struct snap_rate *rate, uint32_t times,
    uint64_t by);

/*
 * What one counter grew by per unit of another over the same interval times
 * times, as above; SNAP_NO_U64 as well when the other did not grow.
 */
uint64_t snap_rate_ratio(const struct snap_rate *rate,
    const struct snap_rate *per, uint32_t times);

/*
 * part / whole * times, rounded, and at most UINT32_MAX; SNAP_NO_U64 when
 * either is unknown or whole is 0.
 */
uint64_t snap_share(uint64_t part, uint64_t whole, uint32_t times);

#endif
