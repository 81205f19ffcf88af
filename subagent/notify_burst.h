/* SPDX-License-Identifier: BSD-2-Clause */
/* Counts notifications in windows of time, to limit bursts of them. */
#ifndef VMMIBD_NOTIFY_BURST_H
#define VMMIBD_NOTIFY_BURST_H

#include <stdbool.h>
#include <stdint.h>

#include "notify.h"

struct burst {
	struct notify_limits limits;
	bool open;        /* there is a window, */
	int64_t since_ms; /* which began then, in which there were */
	uint32_t singles; /* so many notifications; */
	uint64_t folded;  /* this was above the limit */
};

void burst_init(struct burst *burst, const struct notify_limits *limits);
/* Ends a window that is over; one in which something was folded is logged. */
void burst_look(struct burst *burst, int64_t now_ms);
/* When to call that; INT64_MAX: no need. */
int64_t burst_due(const struct burst *burst);
/* Whether no more is allowed; begins a window. */
bool burst_is_spent(struct burst *burst, int64_t now_ms);

#endif
