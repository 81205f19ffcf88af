/* SPDX-License-Identifier: BSD-2-Clause */
/* Builds a domain's record from what was read and measured. */
#include "lv_record.h"

#include <stdlib.h>

#include "clock.h"
#include "lv_carry.h"
#include "lv_conn.h"
#include "lv_domain.h"
#include "lv_stats.h"
#include "lv_survey_data.h"
#include "options.h"
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

/* Why what was measured, if anything was, is not all that there is. */
static int32_t
stale_reason(const struct lv_domain *d)
{
	return d->health.condition == LV_HUNG ? SNAP_STALE_HUNG :
	    d->health.condition == LV_DOUBTFUL ? SNAP_STALE_DOUBTFUL :
	    d->health.failed ? SNAP_STALE_HYPERVISOR :
	    d->health.busy ? SNAP_STALE_BUSY : SNAP_STALE_NONE;
}

/* What was asked for and is missing, or was not asked for this time. */
static void
carry_over(struct snap_domain *rec, const struct snap_domain *before,
    int64_t now_ms, const struct lv_carry_limits *limits)
{
	bool guest = !(limits->missing & LV_PART_GUEST);
	bool nics = !(limits->missing & LV_PART_NICS);
	int64_t old_ms = now_ms - limits->stale_after_ms;

	rec->whole_ms = guest || before == NULL ? now_ms : before->whole_ms;
	rec->nics_whole_ms = nics || before == NULL ? now_ms :
	    before->nics_whole_ms;
	if (before == NULL) {
		return;
	}
	if (before->whole_ms > old_ms &&
	    lv_carry_values(rec, before, LV_PART_GUEST)) {
		rec->whole_ms = before->whole_ms;
	}
	if (before->nics_whole_ms > old_ms &&
	    lv_carry_values(rec, before, LV_PART_NICS)) {
		rec->nics_whole_ms = before->nics_whole_ms;
	}
}

/* The age of what the guest gave; rates are made of it, or go on. */
static void
date_sample(struct snap_domain *rec, struct lv_domain *d,
    const struct snap_domain *before, int64_t now_ms,
    const struct lv_carry_limits *limits)
{
	bool lost = lv_carry_rates(rec, before, now_ms, limits);

	if (limits->missing & LV_PART_GUEST) {
		/* Before the first there is no age, but a time to wait for it. */
		rec->sampled_ms = before != NULL ? before->sampled_ms :
		    SNAP_NO_TIME;
	} else if (lost) {
		rec->sampled_ms = before->sampled_ms;
	} else {
		/* What took long to come may be as old as the question. */
		rec->sampled_ms = limits->began_ms != 0 ? limits->began_ms :
		    now_ms;
	}
	if (!(limits->missing & LV_PART_GUEST)) {
		d->health.busy = lost;
	}
	if (rec->sampled_ms != SNAP_NO_TIME) {
		rec->stale_at_ms = rec->sampled_ms + limits->stale_after_ms;
	} else {
		rec->stale_at_ms = before != NULL ? before->stale_at_ms :
		    now_ms + limits->stale_after_ms;
	}
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
	} else {
		/* Without cgroups, QEMU's driver gives libvirtd's own time. */
		rec->cpu_time_us = SNAP_NO_U64;
		rec->cpu_user_us = SNAP_NO_U64;
		rec->cpu_system_us = SNAP_NO_U64;
	}
	snap_domain_sort(rec);
	if (d->state.state != VIR_DOMAIN_PMSUSPENDED) {
		d->state.to_disk = false; /* it has woken up */
	}
	same_run = before != NULL && before->id == rec->id &&
	    (d->id >= 0 || limits->missing != 0);
	if (same_run && went_back(rec, before)) {
		same_run = false;
		d->started_ms = SNAP_NO_TIME;
		rec->started_ms = SNAP_NO_TIME;
	}
	date_sample(rec, d, same_run ? before : NULL, now_ms, limits);
	carry_over(rec, same_run ? before : NULL, now_ms, limits);
	rec->stale_reason = stale_reason(d);
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

/* With the vCPUs that the statistics tell of, or else the definition's. */
static struct snap_domain *
new_record(const struct lv_domain *d, const virTypedParameter *params, int n)
{
	uint32_t ids[VCPUS_MAX];
	size_t n_ids = lv_stats_vcpus(params, n, ids, VCPUS_MAX);

	return n_ids > 0 ? snap_domain_new(d->def, ids, n_ids) :
	    snap_domain_new(d->def, d->def->vcpu_ids, d->def->n_vcpus);
}

static const struct snap_disk *
disk_at(const struct snap_domain *rec, uint32_t index)
{
	for (size_t i = 0; i < rec->n_disks; i++) {
		if (rec->disks[i].index == index) {
			return &rec->disks[i];
		}
	}
	return NULL;
}

/*
 * Without the guest's values, which are carried over, but with the vCPUs that
 * it had; and with what it last told that is not carried.
 */
static struct snap_domain *
same_again(const struct lv_domain *d)
{
	const struct snap_domain *before = d->record;
	struct snap_domain *rec;
	uint32_t *ids;

	if (before == NULL || before->id != d->id || before->def != d->def) {
		return new_record(d, NULL, 0);
	}
	ids = calloc(before->n_vcpus + 1, sizeof(*ids));
	if (ids == NULL) {
		return NULL;
	}
	for (size_t i = 0; i < before->n_vcpus; i++) {
		ids[i] = before->vcpus[i].index - 1;
	}
	rec = snap_domain_new(d->def, ids, before->n_vcpus);
	free(ids);
	for (size_t i = 0; rec != NULL && i < rec->n_disks; i++) {
		const struct snap_disk *disk = disk_at(before,
		    d->disk_indices[i]);

		if (disk != NULL) {
			rec->disks[i].threshold_bytes = disk->threshold_bytes;
		}
	}
	return rec;
}

void
lv_record_from_stats(struct lv_domain *d, const struct lv_conn *lc,
    const virTypedParameter *params, int n,
    const struct lv_carry_limits *limits)
{
	struct snap_domain *rec;

	if (d->def == NULL) {
		return;
	}
	if (lv_stats_state(params, n, &d->state.state, &d->state.reason)) {
		d->state_ms = limits->began_ms;
	}
	rec = limits->missing & LV_PART_GUEST ? same_again(d) :
	    new_record(d, params, n);
	if (rec != NULL) {
		lv_stats_fill(rec, params, n);
		if (!(limits->missing & LV_PART_GUEST)) {
			d->partial = d->id >= 0 && is_partial(rec);
		}
		finish(rec, d, lc, limits);
	}
}

void
lv_record_from_measured(struct lv_domain *d, const struct lv_conn *lc,
    struct snap_domain *measured, const struct lv_carry_limits *limits)
{
	finish(measured, d, lc, limits);
}

void
lv_record_restate(struct lv_domain *d)
{
	struct snap_domain *rec;

	if (d->record != NULL && d->record->stale_reason != stale_reason(d) &&
	    (rec = snap_domain_copy(d->record)) != NULL) {
		rec->stale_reason = stale_reason(d);
		snap_domain_unref(d->record);
		d->record = rec;
	}
}

struct lv_carry_limits
lv_record_limits(const struct options *opts)
{
	return (struct lv_carry_limits){
		/* Events bring samples in between, too close to make rates. */
		.rate_min_ms = (int64_t)opts->refresh_interval_s * 500,
		.stale_after_ms = (int64_t)opts->stale_after_s * 1000,
	};
}
