/* SPDX-License-Identifier: BSD-2-Clause */
/* Rates of counters, from two samples of the same run. */
#include "snap_rate.h"

#include "snap_def.h"

/* An interval is this many times as long as what is uncertain of its ends. */
#define CERTAINTY 4

/*
 * Whether two samples are too close: then the older is waited upon for a later
 * one, unless the new one is so much more certain that it is a better start.
 */
static bool
too_close(const struct snap_rate *rate, int64_t now_ms, int64_t slack_ms,
    int64_t min_ms)
{
	int64_t least_ms = CERTAINTY * (slack_ms > rate->slack_ms ? slack_ms :
	    (int64_t)rate->slack_ms);

	return now_ms - rate->at_ms < (least_ms > min_ms ? least_ms : min_ms);
}

void
snap_rate_next(struct snap_rate *rate, const struct snap_rate *before,
    uint64_t count, int64_t now_ms, int64_t slack_ms, int64_t min_ms)
{
	static const struct snap_rate none;
	bool close;

	*rate = before != NULL ? *before : none;
	if (count == SNAP_NO_U64) {
		return;
	}
	close = rate->at_ms != 0 && count >= rate->count &&
	    too_close(rate, now_ms, slack_ms, min_ms);
	if (close && rate->slack_ms <= CERTAINTY * slack_ms + min_ms) {
		return;
	}
	if (close) {
		/* The value stays, and the next one starts from here. */
	} else if (rate->at_ms == 0 || count < rate->count ||
	    now_ms - rate->at_ms > UINT32_MAX) {
		rate->span_ms = 0;
		rate->delta = 0;
	} else {
		rate->span_ms = (uint32_t)(now_ms - rate->at_ms);
		rate->delta = count - rate->count;
	}
	rate->count = count;
	rate->at_ms = now_ms;
	rate->slack_ms = slack_ms < UINT32_MAX ? (uint32_t)slack_ms :
	    UINT32_MAX;
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
