/* SPDX-License-Identifier: BSD-2-Clause */
/* virtAgent: vmmibd itself, and how it gets on with its hypervisor. */
#include "mib_tree.h"

/*
 * A refresh may be late by so much, and take as long as the longest so far,
 * before a call is taken to hang.
 */
#define HUNG_AFTER_MS 5000

struct self {
	const char *version;
};

static const struct self self = { VMMIBD_VERSION };

static const void *
self_scalars(const struct snapshot *snap)
{
	(void)snap;
	return &self;
}

static const struct mib_column self_columns[] = {
	TEXT(1, virtAgentVersion, struct self, version),
};

static const oid agent_root[] = { VIRT_OBJECTS, 1 };

const struct mib_table mib_libvirt_self = {
	.name = "virtAgent",
	MIB_ROOT(agent_root),
	MIB_COLUMNS(self_columns),
	.scalars = self_scalars,
};

static const char *const link_labels[] = {
	NULL, "up", "connecting", "down", "hung",
};

/* Judged here: a collector that hangs in a call cannot say so. */
static int32_t
link_of(const struct mib_row *row, int64_t now_ms)
{
	const struct snap_collector *collector =
	    &((const struct snapshot *)row->data)->collector;
	int64_t patience_ms = HUNG_AFTER_MS;

	if (collector->longest_ms != SNAP_NO_U64) {
		patience_ms += (int64_t)collector->longest_ms;
	}
	return now_ms - patience_ms > collector->due_ms ? SNAP_LINK_HUNG :
	    collector->link;
}

static uint64_t
stale_domains(const struct mib_row *row, int64_t now_ms)
{
	const struct snapshot *snap = row->data;
	uint64_t n = 0;

	for (int32_t i = 0; i < snap->n_domains; i++) {
		n += now_ms >= snap->domains[i]->stale_at_ms;
	}
	return n;
}

static const struct mib_column link_columns[] = {
	COMPUTED(2, virtConnState, link_of, link_labels),
	SINCE(3, virtConnStateTime, struct snapshot, collector.link_since_ms),
	CHARS(4, virtConnLastError, struct snapshot, collector.error),
	COUNTER32(5, virtConnReconnects, struct snapshot,
	    collector.reconnects),
	GAUGE32(6, virtRefreshInterval, struct snapshot, collector.interval_s),
	AGE(7, virtRefreshAge, struct snapshot, collector.good_ms),
	GAUGE32(8, virtRefreshDuration, struct snapshot,
	    collector.duration_ms),
	GAUGE32(9, virtRefreshDurationMax, struct snapshot,
	    collector.longest_ms),
	COUNTER32(10, virtRefreshes, struct snapshot, collector.refreshes),
	COUNTER32(11, virtRefreshFailures, struct snapshot,
	    collector.failures),
	COUNTER32(12, virtCallsMade, struct snapshot, collector.calls),
	COUNTER32(13, virtCallsTimedOut, struct snapshot,
	    collector.calls_timed_out),
	MEASURE(14, virtStaleDomains, stale_domains),
	COUNTER32(15, virtNotificationsSent, struct snapshot,
	    collector.notifications_sent),
	COUNTER32(16, virtNotificationsSuppressed, struct snapshot,
	    collector.notifications_suppressed),
};

static const void *
link_scalars(const struct snapshot *snap)
{
	return snap;
}

const struct mib_table mib_libvirt_link = {
	.name = "virtAgent",
	MIB_ROOT(agent_root),
	MIB_COLUMNS(link_columns),
	.scalars = link_scalars,
};
