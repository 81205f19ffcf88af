/* SPDX-License-Identifier: BSD-2-Clause */
/* virtHost: the hypervisor's machine. */
#include "mib_tree.h"

static const struct mib_column host_columns[] = {
	TEXT(1, virtHostUri, struct snap_host, uri),
	TEXT(2, virtHostName, struct snap_host, name),
	TEXT(3, virtHostLibvirtVersion, struct snap_host, libvirt_version),
	TEXT(4, virtHostHypervisorVersion, struct snap_host, version),
	TEXT(5, virtHostCpuModel, struct snap_host, cpu_model),
	GAUGE32(6, virtHostCpuMhz, struct snap_host, topology.mhz),
	GAUGE32(7, virtHostNumaNodes, struct snap_host, topology.numa_nodes),
	GAUGE32(8, virtHostSockets, struct snap_host, topology.sockets),
	GAUGE32(9, virtHostCores, struct snap_host, topology.cores),
	GAUGE32(10, virtHostThreads, struct snap_host, topology.threads),
	GAUGE32(11, virtHostCpus, struct snap_host, topology.cpus),
	COUNTER64(12, virtHostMemoryTotal, struct snap_host, memory_bytes),
};

static const void *
host_scalars(const struct mib_view *view)
{
	return view->snap->host;
}

static const oid host_root[] = { VIRT_OBJECTS, 2 };

const struct mib_table mib_libvirt_host = {
	.name = "virtHost",
	MIB_ROOT(host_root),
	MIB_COLUMNS(host_columns),
	.scalars = host_scalars,
};

/* In hundredths of a percent. */
static uint64_t
cpu_utilization(const struct mib_row *row, int64_t now_ms)
{
	const struct snapshot *snap = row->data;

	(void)now_ms;
	return snap_rate_ratio(&snap->load.busy_rate, &snap->load.total_rate,
	    10000);
}

/* The next two in percent. */
static uint64_t
vcpu_overcommit(const struct mib_row *row, int64_t now_ms)
{
	const struct snapshot *snap = row->data;

	(void)now_ms;
	return snap_share(snap->sums.vcpus, snap->host->topology.cpus, 100);
}

static uint64_t
memory_overcommit(const struct mib_row *row, int64_t now_ms)
{
	const struct snapshot *snap = row->data;

	(void)now_ms;
	return snap_share(snap->sums.memory_bytes, snap->host->memory_bytes,
	    100);
}

static const struct mib_column load_columns[] = {
	COUNTER64(13, virtHostMemoryFree, struct snapshot,
	    load.memory_free_bytes),
	COUNTER64(14, virtHostCpuUser, struct snapshot, load.user_us),
	COUNTER64(15, virtHostCpuSystem, struct snapshot, load.system_us),
	COUNTER64(16, virtHostCpuIdle, struct snapshot, load.idle_us),
	COUNTER64(17, virtHostCpuIowait, struct snapshot, load.iowait_us),
	MEASURE(18, virtHostCpuUtilization, cpu_utilization),
	GAUGE32(19, virtHostDomainsRunning, struct snapshot, sums.running),
	GAUGE32(20, virtHostDomainsPaused, struct snapshot, sums.paused),
	GAUGE32(21, virtHostDomainsShuttingDown, struct snapshot,
	    sums.shutting_down),
	GAUGE32(22, virtHostDomainsShutOff, struct snapshot, sums.shut_off),
	GAUGE32(23, virtHostDomainsCrashed, struct snapshot, sums.crashed),
	GAUGE32(24, virtHostDomainsPmSuspended, struct snapshot,
	    sums.pm_suspended),
	GAUGE32(25, virtHostDomainsOther, struct snapshot, sums.other),
	GAUGE32(26, virtHostVcpusCommitted, struct snapshot, sums.vcpus),
	COUNTER64(27, virtHostMemoryCommitted, struct snapshot,
	    sums.memory_bytes),
	MEASURE(28, virtHostVcpuOvercommit, vcpu_overcommit),
	MEASURE(29, virtHostMemoryOvercommit, memory_overcommit),
};

/* Of a hypervisor that was never reached nothing is known, not even zeros. */
static const void *
load_scalars(const struct mib_view *view)
{
	return view->snap->host != NULL ? view->snap : NULL;
}

const struct mib_table mib_libvirt_load = {
	.name = "virtHost",
	MIB_ROOT(host_root),
	MIB_COLUMNS(load_columns),
	.scalars = load_scalars,
};
