/* SPDX-License-Identifier: BSD-2-Clause */
/* virtDomainTable: a row per virtual machine, in libvirt's own terms. */
#include "mib_libvirt_reason.h"
#include "mib_tree.h"

static const char *const state_labels[] = {
	"nostate", "running", "blocked", "paused", "shutdown", "shutoff",
	"crashed", "pmsuspended",
};

#define N_STATES ((int32_t)(sizeof(state_labels) / sizeof(state_labels[0])))

static const char *const job_labels[] = {
	NULL, "none", "unknown", "start", "save", "restore", "migrationIn",
	"migrationOut", "snapshot", "snapshotRevert", "dump", "backup",
	"snapshotDelete",
};

static const char *const event_labels[] = {
	NULL, "none", "ioError", "panic", "watchdog",
};

/* A state newer than the MIB is no state that it could name. */
static int32_t
state_of(const struct mib_row *row, int64_t now_ms)
{
	(void)now_ms;
	return row->dom->state == SNAP_NO_I32 || (row->dom->state >= 0 &&
	    row->dom->state < N_STATES) ? row->dom->state : 0;
}

static int32_t
reason_of(const struct mib_row *row, int64_t now_ms)
{
	(void)now_ms;
	return mib_libvirt_reason(row->dom->state, row->dom->reason);
}

static const char *
reason_words(const struct mib_row *row)
{
	return mib_libvirt_reason_words(mib_libvirt_reason(row->dom->state,
	    row->dom->reason));
}

static int32_t
id_of(const struct mib_row *row, int64_t now_ms)
{
	(void)now_ms;
	return row->dom->id >= 0 ? row->dom->id : SNAP_NO_I32;
}

static uint64_t
utilization_of_all(const struct mib_row *row, int64_t now_ms)
{
	uint64_t vcpus = row->dom->vcpus_online;

	(void)now_ms;
	if (vcpus == SNAP_NO_U64 && row->dom->cpus_current > 0) {
		vcpus = (uint64_t)row->dom->cpus_current;
	}
	return vcpus == 0 || vcpus == SNAP_NO_U64 ? SNAP_NO_U64 :
	    snap_rate_value(&row->dom->cpu_rate, 1, vcpus <= UINT64_MAX / 100 ?
		vcpus * 100 : UINT64_MAX);
}

static int32_t
last_event(const struct mib_row *row, int64_t now_ms)
{
	(void)now_ms;
	return row->dom->trouble.kind != 0 ? row->dom->trouble.kind :
	    SNAP_TROUBLE_NONE;
}

static int32_t
is_stale(const struct mib_row *row, int64_t now_ms)
{
	return now_ms >= row->dom->stale_at_ms ? SNAP_TRUE : SNAP_FALSE;
}

static const char *const stale_labels[] = {
	NULL, "none", "hung", "doubtful", "busy", "hypervisor",
};

static const char *const no_labels[] = { NULL };

static const struct mib_column domain_columns[] = {
	COMPUTED(1, virtDomainState, state_of, state_labels),
	COMPUTED(2, virtDomainReason, reason_of, mib_libvirt_reason_labels),
	WORDS(3, virtDomainReasonText, reason_words),
	COMPUTED(4, virtDomainId, id_of, no_labels),
	TRUTH(5, virtDomainActive, struct snap_domain, active),
	DEF_TEXT(6, virtDomainTitle, title),
	DEF_TEXT(7, virtDomainDescription, description),
	DEF_TEXT(8, virtDomainType, type),
	DEF_TEXT(9, virtDomainArch, arch),
	DEF_TEXT(10, virtDomainMachine, machine),
	DEF_TEXT(11, virtDomainFirmware, firmware),
	TRUTH(12, virtDomainManagedSave, struct snap_domain, managed_save),
	COUNTER64(13, virtDomainCpuUser, struct snap_domain, cpu_user_us),
	COUNTER64(14, virtDomainCpuSystem, struct snap_domain, cpu_system_us),
	RATE(15, virtDomainCpuUtilization, struct snap_domain, cpu_rate, 1,
	    100),
	MEASURE(16, virtDomainCpuUtilizationAll, utilization_of_all),
	COUNTER64(17, virtDomainHaltPollSuccess, struct snap_domain,
	    haltpoll_success_us),
	COUNTER64(18, virtDomainHaltPollFail, struct snap_domain,
	    haltpoll_fail_us),
	GAUGE32(19, virtDomainVcpusOnline, struct snap_domain, vcpus_online),
	GAUGE32(20, virtDomainVcpusMaximum, struct snap_domain,
	    vcpus_maximum),
	ENUM(21, virtDomainJob, struct snap_domain, job.operation, job_labels),
	GAUGE32(22, virtDomainJobProgress, struct snap_domain, job.done),
	COUNTER64(23, virtDomainJobRemaining, struct snap_domain,
	    job.remaining_bytes),
	GAUGE32(24, virtDomainJobElapsed, struct snap_domain, job.elapsed_ms),
	COMPUTED(25, virtDomainLastEvent, last_event, event_labels),
	DATE(26, virtDomainLastEventTime, struct snap_domain, trouble.at_s),
	CHARS(27, virtDomainLastEventDetail, struct snap_domain,
	    trouble.detail),
	AGE(28, virtDomainSampleAge, struct snap_domain, sampled_ms),
	COMPUTED(29, virtDomainStale, is_stale, mib_truth_labels),
	DEF_TEXT(30, virtDomainNovaName, nova.name),
	DEF_TEXT(31, virtDomainNovaFlavor, nova.flavor),
	DEF_TEXT(32, virtDomainNovaProject, nova.project),
	DEF_TEXT(33, virtDomainNovaUser, nova.user),
	ENUM(34, virtDomainStaleReason, struct snap_domain, stale_reason,
	    stale_labels),
};

static const oid domain_root[] = { VIRT_OBJECTS, 3, 1 };

const struct mib_table mib_libvirt_domain = {
	.name = "virtDomainTable",
	MIB_ROOT(domain_root),
	MIB_COLUMNS(domain_columns),
	.depth = 1,
};

static const struct mib_column metadata_columns[] = {
	TEXT(2, virtMetadataName, struct snap_metadata, name),
	TEXT(3, virtMetadataValue, struct snap_metadata, value),
};

static const oid metadata_root[] = { VIRT_OBJECTS, 8, 1 };

const struct mib_table mib_libvirt_metadata = {
	.name = "virtMetadataTable",
	MIB_ROOT(metadata_root),
	MIB_COLUMNS(metadata_columns),
	.depth = 2,
	MIB_ROWS(metadata, n_metadata),
};
