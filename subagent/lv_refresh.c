/* SPDX-License-Identifier: BSD-2-Clause */
/* Brings what is known of a hypervisor up to date. */
#include "lv_refresh.h"

#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "host_proc.h"
#include "lv_carry.h"
#include "lv_errand.h"
#include "lv_host.h"
#include "lv_hv.h"
#include "lv_inbox.h"
#include "lv_inquiry.h"
#include "lv_listing.h"
#include "lv_pool.h"
#include "lv_record.h"
#include "lv_survey.h"
#include "options.h"
#include "rfc7666.h"

/* Definitions read again per refresh, in case a change sent no event. */
#define ROUND_ROBIN_STEP 2

/* Domains surveyed per refresh (lv_survey.h); more in the first one. */
#define SURVEY_STEP 4
#define SURVEY_FIRST 32

/* From so many domains on, one look at all costs less than one at each. */
#define BATCH_MAX 64

/* Looks through the processes at most once per refresh, when first needed. */
struct starts {
	struct host_procs *procs;
	bool looked;
};

static int64_t
process_start(struct starts *starts, const struct lv_hv *hv,
    const struct snap_uuid *uuid)
{
	if (!hv->lc.local) {
		return SNAP_NO_TIME;
	}
	if (!starts->looked) {
		starts->procs = host_procs_scan();
		starts->looked = true;
	}
	return host_procs_started_ms(starts->procs, uuid);
}

/* A new hypervisor ID is a new run. */
static void
note_run(struct lv_domain *d, const struct lv_hv *hv, virDomainPtr dom,
    struct starts *starts)
{
	int id = lv_domain_id(dom);

	if (id != d->id) {
		lv_domain_begin_run(d, id, id >= 0 ?
		    process_start(starts, hv, &d->uuid) : SNAP_NO_TIME);
	}
	d->state.active = id >= 0;
}

/* The domain's entry, marked as seen; NULL when it is not to be served. */
static struct lv_domain *
note_domain(struct lv_hv *hv, virDomainPtr dom, struct starts *starts)
{
	struct snap_uuid uuid;
	struct lv_domain *d;

	if (!options_domain_wanted(hv->opts, virDomainGetName(dom)) ||
	    virDomainGetUUID(dom, uuid.octets) != 0) {
		return NULL;
	}
	d = lv_hv_ensure(hv, &uuid);
	if (d != NULL) {
		d->seen = hv->listing;
		lv_domain_name(d, virDomainGetName(dom));
		note_run(d, hv, dom, starts);
	}
	return d;
}

/* Whose turn it is to be looked at though nothing is known to have changed. */
static void
take_turns(struct lv_hv *hv)
{
	size_t surveys = hv->opts->once ? SIZE_MAX :
	    hv->listing == 1 ? SURVEY_FIRST : SURVEY_STEP;
	struct lv_domain *d;

	for (size_t i = 0; surveys > 0 && i < hv->n_domains; i++) {
		hv->survey_turn = (hv->survey_turn + 1) % hv->n_domains;
		d = hv->domains[hv->survey_turn];
		if (d->id >= 0) {
			d->survey_due = true;
			surveys--;
		}
	}
	for (int i = 0; i < ROUND_ROBIN_STEP && hv->n_domains > 0; i++) {
		hv->round_robin = (hv->round_robin + 1) % hv->n_domains;
		hv->domains[hv->round_robin]->def_dirty = true;
	}
}

/* Definition, job and survey, where there is reason to look. */
static void
read_changes(struct lv_hv *hv, struct lv_domain *d, virDomainPtr dom)
{
	if (d->def_dirty) {
		lv_domain_read_def(d, &hv->lc, dom, hv->ix, hv->opts);
	}
	/* Not all jobs begin with an event, and some were there already. */
	if (lv_domain_has_job(d) || d->record == NULL || d->survey_due) {
		d->owed |= LV_WANT_JOB;
	}
	if (lv_survey_is_due(d)) {
		lv_survey_domain(d, &hv->lc, dom);
	}
}

/*
 * What can be had without waiting for a guest: the state, and where there are
 * statistics (stats is not NULL) those of its interfaces.  The rest is owed.
 */
static void
record_plain(struct lv_hv *hv, struct lv_domain *d, virDomainPtr dom,
    virDomainStatsRecordPtr stats, int64_t began_ms, int64_t sampled_ms)
{
	struct lv_carry_limits limits = lv_record_limits(hv->opts);

	limits.began_ms = began_ms;
	limits.sampled_ms = sampled_ms;
	limits.missing = LV_PART_GUEST | (stats == NULL ? LV_PART_NICS : 0);
	if (stats == NULL && LV_ASK(&hv->lc, virDomainGetState(dom,
	    &d->state.state, &d->state.reason, 0)) == 0) {
		d->state_ms = began_ms;
	}
	lv_record_from_stats(d, &hv->lc, stats != NULL ? stats->params : NULL,
	    stats != NULL ? stats->nparams : 0, &limits);
	d->owed |= LV_WANT_VALUES;
}

/* What an event told that nothing else does. */
static void
apply_notice(struct lv_domain *d, const struct lv_notice *notice)
{
	if (notice->dirty & LV_DIRTY_DEF) {
		d->def_dirty = true;
	}
	if (notice->dirty & LV_DIRTY_STARTED) {
		d->start.at_ms = notice->started_ms;
		d->start.restored = (notice->dirty & LV_DIRTY_RESTORED) != 0;
	}
	if (notice->trouble.kind != 0) {
		d->trouble = notice->trouble;
		d->survey_due |=
		    notice->trouble.kind == SNAP_TROUBLE_IO_ERROR;
	}
	if (notice->dirty & LV_DIRTY_TO_DISK) {
		d->state.to_disk = true;
	} else if (notice->dirty & LV_DIRTY_STARTED) {
		d->state.to_disk = false;
	}
}

/* For a refresh of everything: what a batch of events says besides. */
static void
apply_batch(struct lv_hv *hv, const struct lv_batch *batch)
{
	for (size_t i = 0; batch != NULL && i < batch->n; i++) {
		struct lv_domain *d = lv_hv_find(hv, &batch->notices[i].uuid);

		if (d != NULL) {
			apply_notice(d, &batch->notices[i]);
		}
	}
	for (size_t i = 0; i < hv->n_domains; i++) {
		lv_domain_meet_start(hv->domains[i]);
	}
}

static void
record_one(struct lv_hv *hv, struct lv_domain *d, virDomainPtr dom)
{
	int64_t began_ms = clock_boot_ms();
	virDomainStatsRecordPtr *records = lv_listing_stats(&hv->lc, dom);

	/* Without statistics it may have gone since it was looked up. */
	if (records != NULL || !lv_conn_can(&hv->lc, LV_CALL_ALL_STATS)) {
		record_plain(hv, d, dom, records != NULL ? records[0] : NULL,
		    began_ms, clock_boot_ms());
	}
	if (records != NULL) {
		virDomainStatsRecordListFree(records);
	}
}

static void
refresh_listed_one(struct lv_hv *hv, struct lv_domain *d,
    const struct lv_listed *item)
{
	read_changes(hv, d, item->dom);
	record_plain(hv, d, item->dom, item->stats, item->stats != NULL ?
	    item->began_ms : clock_boot_ms(), item->sampled_ms);
}

/*
 * At first all that there is is to be shown at once; later what does not come
 * in time stays as it was.
 */
static void
inquire(struct lv_hv *hv, int64_t patience_ms)
{
	if (hv->opts->once) {
		patience_ms = INT32_MAX; /* it ends when all that may be is */
	} else if (hv->listing == 1) {
		patience_ms += hv->pool->timeout_ms;
	}
	(void)lv_inquire(hv, clock_boot_ms() + patience_ms);
}

/*
 * Two passes over what libvirt listed: first who is there, so that
 * lv_listing_flags() finds all entries, then what they are like.
 */
static int
refresh_listed(struct lv_hv *hv, const struct lv_listing *listing,
    const struct lv_batch *batch, struct starts *starts)
{
	struct lv_domain **noted = calloc((size_t)listing->n + 1,
	    sizeof(struct lv_domain *));

	if (noted == NULL) {
		return -1;
	}
	hv->listing++;
	hv->all_served = true;
	for (int i = 0; i < listing->n; i++) {
		noted[i] = note_domain(hv, listing->items[i].dom, starts);
		hv->all_served &= noted[i] != NULL;
	}
	lv_hv_remove_unseen(hv);
	lv_listing_flags(hv);
	lv_host_measure(&hv->load, &hv->lc,
	    lv_record_limits(hv->opts).rate_min_ms);
	apply_batch(hv, batch);
	take_turns(hv);
	for (int i = 0; i < listing->n; i++) {
		if (noted[i] != NULL) {
			refresh_listed_one(hv, noted[i], &listing->items[i]);
		}
	}
	free(noted);
	inquire(hv, LV_INQUIRY_PATIENCE_MS);
	return 0;
}

static int
refresh_all(struct lv_hv *hv, const struct lv_batch *batch)
{
	struct starts starts = { NULL, false };
	struct lv_listing listing;
	int rc = -1;

	if (lv_listing_read(&listing, &hv->lc) == 0) {
		rc = refresh_listed(hv, &listing, batch, &starts);
	}
	lv_listing_free(&listing);
	host_procs_free(starts.procs);
	return rc;
}

int
lv_refresh_all(struct lv_hv *hv)
{
	return refresh_all(hv, NULL);
}

static void
refresh_one(struct lv_hv *hv, const struct lv_notice *notice,
    struct starts *starts)
{
	virDomainPtr dom = LV_ASK(&hv->lc,
	    virDomainLookupByUUID(hv->lc.conn, notice->uuid.octets));
	struct lv_domain *d;

	if (dom == NULL) {
		if (virGetLastErrorCode() == VIR_ERR_NO_DOMAIN) {
			lv_hv_remove(hv, &notice->uuid);
		} else if ((d = lv_hv_find(hv, &notice->uuid)) != NULL) {
			d->def_dirty = true; /* for the next refresh */
		}
		return;
	}
	if (!options_domain_wanted(hv->opts, virDomainGetName(dom))) {
		lv_hv_remove(hv, &notice->uuid); /* it may have been renamed */
	}
	d = note_domain(hv, dom, starts);
	if (d != NULL) {
		apply_notice(d, notice);
		lv_domain_meet_start(d);
		if (d->def_dirty) {
			lv_domain_read_def(d, &hv->lc, dom, hv->ix, hv->opts);
			lv_domain_read_flags(d, &hv->lc, dom);
		}
		d->owed |= LV_WANT_JOB;
		if (lv_survey_is_due(d)) {
			lv_survey_domain(d, &hv->lc, dom);
		}
		lv_health_stir(&d->health, clock_boot_ms());
		record_one(hv, d, dom);
		d->settling = true;
		d->settle_tries = 0;
	}
	virDomainFree(dom);
}

static void
refresh_each(struct lv_hv *hv, const struct lv_batch *batch)
{
	struct starts starts = { NULL, false };

	for (size_t i = 0; i < batch->n; i++) {
		refresh_one(hv, &batch->notices[i], &starts);
	}
	host_procs_free(starts.procs);
	inquire(hv, LV_INQUIRY_EVENT_MS);
}

bool
lv_refresh_is_large(const struct lv_batch *batch)
{
	return batch->overflow || batch->n > BATCH_MAX;
}

bool
lv_refresh_put_off(struct lv_hv *hv, const struct lv_batch *batch)
{
	for (size_t i = 0; i < batch->n; i++) {
		if (lv_hv_find(hv, &batch->notices[i].uuid) == NULL) {
			return false;
		}
	}
	for (size_t i = 0; i < batch->n && !batch->overflow; i++) {
		apply_notice(lv_hv_find(hv, &batch->notices[i].uuid),
		    &batch->notices[i]);
	}
	return !batch->overflow;
}

int
lv_refresh_batch(struct lv_hv *hv, const struct lv_batch *batch)
{
	int rc = 0;

	if (batch->overflow) {
		lv_hv_mark_dirty(hv);
	}
	if (!lv_refresh_is_large(batch)) {
		refresh_each(hv, batch);
	} else if ((rc = refresh_all(hv, batch)) != 0) {
		lv_hv_mark_dirty(hv); /* what the batch said is lost */
	}
	return rc;
}

int64_t
lv_refresh_settle(struct lv_hv *hv, bool *read)
{
	int64_t now_ms = clock_boot_ms(), next_ms;

	for (size_t i = 0; i < hv->n_domains; i++) {
		struct lv_domain *d = hv->domains[i];

		if (d->settle_at_ms != 0 && d->settle_at_ms <= now_ms) {
			d->settle_at_ms = 0;
			d->owed |= LV_WANT_VALUES;
		}
	}
	*read = lv_inquire(hv, 0);
	next_ms = lv_inquiry_due(hv);
	for (size_t i = 0; i < hv->n_domains; i++) {
		struct lv_domain *d = hv->domains[i];

		if (d->settle_at_ms != 0 && d->settle_at_ms < next_ms) {
			next_ms = d->settle_at_ms;
		}
	}
	return next_ms;
}
