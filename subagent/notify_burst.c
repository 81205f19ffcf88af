/* SPDX-License-Identifier: BSD-2-Clause */
/* Counts notifications in windows of time. */
#include "notify_burst.h"

#include <inttypes.h>
#include <string.h>

#include "log.h"

void
burst_init(struct burst *burst, const struct notify_limits *limits)
{
	memset(burst, 0, sizeof(*burst));
	burst->limits = *limits;
}

void
burst_look(struct burst *burst, int64_t now_ms)
{
	if (!burst->open ||
	    now_ms - burst->since_ms < burst->limits.burst_ms) {
		return;
	}
	burst->open = false;
	if (burst->folded > 0) {
		log_notice("more than %" PRIu32 " notifications in %g s: "
		           "%" PRIu64 " changes were told in bulk form",
		    burst->limits.burst_max,
		    (double)burst->limits.burst_ms / 1000, burst->folded);
	}
}

int64_t
burst_due(const struct burst *burst)
{
	if (!burst->open || burst->folded == 0) {
		return INT64_MAX;
	}
	return burst->since_ms + burst->limits.burst_ms;
}

bool
burst_is_spent(struct burst *burst, int64_t now_ms)
{
	if (!burst->open) {
		burst->open = true;
		burst->since_ms = now_ms;
		burst->singles = 0;
		burst->folded = 0;
	}
	return burst->singles >= burst->limits.burst_max;
}
