/* SPDX-License-Identifier: BSD-2-Clause */
/* Rates of counters, from two samples of the same run. */
#include "snap_rate.h"

#include "snap_def.h"

void
snap_rate_next(struct snap_rate *rate, const struct snap_rate *before,
    uint64_t count, int64_t now_ms, int64_t min_ms)
{
	static const struct snap_rate none;

	*rate = before != NULL ? *before : none;
	if (count == SNAP_NO_U64 || (rate->at_ms != 0 &&
	    now_ms - rate->at_ms < min_ms && count >= rate->count)) {
		return;
	}
	if (rate->at_ms == 0 || count < rate->count ||
	    now_ms - rate->at_ms > UINT32_MAX) {
		rate->span_ms = 0;
		rate->delta = 0;
	} else {
		rate->span_ms = (uint32_t)(now_ms - rate->at_ms);
		rate->delta = count - rate->count;
	}
	rate->count = count;
	rate->at_ms = now_ms;
}

/*
 * Rounded, and no more than a Gauge32 holds.  Floating point, because products
 * of what is measured may exceed 64 bits; its digits are more than enough.
 */
static uint64_t
gauge(long double value)
{
	uint64_t floor = value < UINT32_MAX ? (uint64_t)value : UINT32_MAX;

	return floor + (floor < UINT32_MAX && value - floor >= 0.5L);
}

uint64_t
snap_share(uint64_t part, uint64_t whole, uint32_t times)
{
	return part == SNAP_NO_U64 || whole == SNAP_NO_U64 || whole == 0 ?
	    SNAP_NO_U64 : gauge((long double)part * times / whole);
}

uint64_t
snap_rate_value(const struct snap_rate *rate, uint32_t times, uint64_t by)
{
	/* Per second: the interval is in milliseconds. */
	return rate->span_ms == 0 ? SNAP_NO_U64 :
	    gauge((long double)rate->delta * times * 1000 / rate->span_ms /
		by);
}

uint64_t
snap_rate_ratio(const struct snap_rate *rate, const struct snap_rate *per,
    uint32_t times)
{
	return rate->span_ms == 0 || per->span_ms == 0 || per->delta == 0 ?
	    SNAP_NO_U64 : gauge((long double)rate->delta * times / per->delta);
}
