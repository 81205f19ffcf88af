/* SPDX-License-Identifier: BSD-2-Clause */
/* virtAgent: vmmibd itself, and how it gets on with its hypervisor. */
#include "mib_tree.h"
#include "notify.h"

struct self {
	const char *version;
};

static const struct self self = { VMMIBD_VERSION };

static const void *
self_scalars(const struct mib_view *view)
{
	(void)view;
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

static int32_t
link_of(const struct mib_row *row, int64_t now_ms)
{
	const struct snapshot *snap = row->data;

	return snap_link_now(&snap->collector, now_ms);
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
};

static const void *
link_scalars(const struct mib_view *view)
{
	return view->snap;
}

const struct mib_table mib_libvirt_link = {
	.name = "virtAgent",
	MIB_ROOT(agent_root),
	MIB_COLUMNS(link_columns),
	.scalars = link_scalars,
};

static const struct mib_column notify_columns[] = {
	COUNTER32(15, virtNotificationsSent, struct notify_status, sent),
	COUNTER32(16, virtNotificationsSuppressed, struct notify_status,
	    suppressed),
	COUNTER32(17, virtNotificationsBulk, struct notify_status, sent_bulk),
	COUNTER32(18, virtNotificationsFolded, struct notify_status, folded),
	COUNTER32(19, virtNotificationsDropped, struct notify_status,
	    dropped),
	GAUGE32(20, virtNotificationsWaiting, struct notify_status, waiting),
};

static const void *
notify_scalars(const struct mib_view *view)
{
	return view->notify;
}

const struct mib_table mib_libvirt_notify = {
	.name = "virtAgent",
	MIB_ROOT(agent_root),
	MIB_COLUMNS(notify_columns),
	.scalars = notify_scalars,
};

/* Scalars of a later place have a table of their own: columns ascend. */
static const struct mib_column hung_columns[] = {
	GAUGE32(21, virtCallsHung, struct snapshot, collector.calls_hung),
	GAUGE32(22, virtCallsHungLimit, struct snapshot,
	    collector.calls_hung_limit),
};

const struct mib_table mib_libvirt_hung = {
	.name = "virtAgent",
	MIB_ROOT(agent_root),
	MIB_COLUMNS(hung_columns),
	.scalars = link_scalars,
};
