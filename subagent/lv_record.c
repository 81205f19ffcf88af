/* SPDX-License-Identifier: BSD-2-Clause */
/* Builds a domain's record from what was read and measured. */
#include "lv_record.h"

#include "clock.h"
#include "lv_carry.h"
#include "lv_conn.h"
#include "lv_domain.h"
#include "lv_measure.h"
#include "lv_stats.h"
#include "lv_survey_data.h"
#include "rfc7666.h"

#define VCPUS_MAX 4096 /* QEMU's largest machine is far below */

/* Where a record has no value, the other source's counts. */
static void
fill_in(uint64_t *value, uint64_t other)
{
	if (*value == SNAP_NO_U64) {
		*value = other;
	}
}

static void
set_sizes(struct snap_domain *rec, const struct lv_disk_size *sizes)
{
	for (size_t i = 0; sizes != NULL && i < rec->n_disks; i++) {
		fill_in(&rec->disks[i].capacity_bytes, sizes[i].capacity);
		fill_in(&rec->disks[i].allocation_bytes, sizes[i].allocation);
		fill_in(&rec->disks[i].physical_bytes, sizes[i].physical);
	}
}

/* Everything that is not measured; rows are still in the definition's order. */
static void
identify(struct snap_domain *rec, const struct lv_domain *d,
    const struct lv_conn *lc)
{
	rec->index = d->index;
	rec->uuid = d->uuid;
	rec->id = d->id;
	rec->active = d->id >= 0 ? SNAP_TRUE : SNAP_FALSE;
	rec->managed_save = d->managed_save == TRI_YES ? SNAP_TRUE :
	    d->managed_save == TRI_NO ? SNAP_FALSE : SNAP_NO_I32;
	rec->state = d->state.state;
	rec->reason = d->state.reason;
	rec->job = d->job;
	if (!lv_conn_can(lc, LV_CALL_JOB_STATS)) {
		rec->job.operation = SNAP_NO_I32;
	}
	rec->trouble = d->trouble;
	rec->started_ms = d->started_ms;
	rec->autostart = d->autostart;
	rec->persistent = d->persistent;
	rec->n_host_cpus = lc->n_cpus;
	for (size_t i = 0; i < rec->n_disks; i++) {
		rec->disks[i].index = d->disk_indices[i];
	}
	for (size_t i = 0; i < rec->n_nics; i++) {
		rec->nics[i].index = d->nic_indices[i];
	}
	lv_state_map(&d->state, &rec->oper_state, &rec->admin_state);
}

/*
 * A hypervisor that was rebooted while nobody looked hands out the same IDs
 * again; a run's processor time tells that it is another.
 */
static bool
went_back(const struct snap_domain *rec, const struct snap_domain *before)
{
	return rec->cpu_time_us != SNAP_NO_U64 &&
	    before->cpu_time_us != SNAP_NO_U64 &&
	    rec->cpu_time_us < before->cpu_time_us;
}

static void
finish(struct snap_domain *rec, struct lv_domain *d, const struct lv_conn *lc,
    const struct lv_carry_limits *limits)
{
	const struct snap_domain *before = d->record;
	int64_t now_ms = limits->sampled_ms != 0 ? limits->sampled_ms :
	    clock_boot_ms();
	bool same_run;

	identify(rec, d, lc);
	set_sizes(rec, d->sizes);
	if (d->id >= 0) {
		lv_survey_fill(rec, d->survey);
	}
	if (d->id < 0) {
		/* Without cgroups, QEMU's driver gives libvirtd's own time. */
		rec->cpu_time_us = SNAP_NO_U64;
		rec->cpu_user_us = SNAP_NO_U64;
		rec->cpu_system_us = SNAP_NO_U64;
	}
	snap_domain_sort(rec);
	/* What took long to come may be as old as the question. */
	rec->sampled_ms = limits->began_ms != 0 ? limits->began_ms : now_ms;
	if (d->state.state != VIR_DOMAIN_PMSUSPENDED) {
		d->state.to_disk = false; /* it has woken up */
	}
	same_run = d->id >= 0 && before != NULL && before->id == rec->id;
	if (same_run && went_back(rec, before)) {
		same_run = false;
		d->started_ms = SNAP_NO_TIME;
		rec->started_ms = SNAP_NO_TIME;
	}
	if (lv_carry_rates(rec, same_run ? before : NULL, now_ms, limits)) {
		rec->sampled_ms = before->sampled_ms;
	}
	rec->whole_ms = now_ms;
	if (same_run && now_ms - before->whole_ms < limits->stale_after_ms &&
	    lv_carry_values(rec, before)) {
		rec->whole_ms = before->whole_ms;
	}
	rec->stale_at_ms = rec->sampled_ms + limits->stale_after_ms;
	rfc7666_finish(rec);
	d->record = rec;
	snap_domain_unref(before);
}

/* Statistics of an active domain have counters for every disk with a medium. */
static bool
is_partial(const struct snap_domain *rec)
{
	for (size_t i = 0; i < rec->n_disks; i++) {
		if (rec->disks[i].def.source != NULL &&
		    rec->disks[i].read_ios == SNAP_NO_U64) {
			return true;
		}
	}
	return false;
}

void
lv_record_from_stats(struct lv_domain *d, const struct lv_conn *lc,
    const virTypedParameter *params, int n,
    const struct lv_carry_limits *limits)
{
	uint32_t ids[VCPUS_MAX];
	size_t n_ids = lv_stats_vcpus(params, n, ids, VCPUS_MAX);
	struct snap_domain *rec;

	if (d->def == NULL) {
		return;
	}
	if (lv_stats_state(params, n, &d->state.state, &d->state.reason)) {
		d->state_ms = limits->began_ms;
	}
	rec = n_ids > 0 ? snap_domain_new(d->def, ids, n_ids) :
	    snap_domain_new(d->def, d->def->vcpu_ids, d->def->n_vcpus);
	if (rec != NULL) {
		lv_stats_fill(rec, params, n);
		d->partial = d->id >= 0 && is_partial(rec);
		finish(rec, d, lc, limits);
	}
}

void
lv_record_from_calls(struct lv_domain *d, struct lv_conn *lc, virDomainPtr dom,
    const struct lv_carry_limits *limits)
{
	uint32_t ids[VCPUS_MAX];
	struct snap_domain *rec;
	struct lv_measure m;
	size_t n_ids;

	if (d->def == NULL) {
		return;
	}
	lv_measure_begin(&m, lc, dom, d->id >= 0,
	    d->def->vcpus_max < VCPUS_MAX ? d->def->vcpus_max : VCPUS_MAX);
	n_ids = lv_measure_vcpus(&m, ids, VCPUS_MAX);
	if (LV_ASK(lc, virDomainGetState(dom, &d->state.state,
	    &d->state.reason, 0)) == 0) {
		d->state_ms = limits->began_ms;
	}
	rec = n_ids > 0 ? snap_domain_new(d->def, ids, n_ids) :
	    snap_domain_new(d->def, d->def->vcpu_ids, d->def->n_vcpus);
	if (rec != NULL) {
		lv_measure_fill(rec, &m, lc, dom, d->id >= 0);
		finish(rec, d, lc, limits);
	}
	lv_measure_end(&m);
}
