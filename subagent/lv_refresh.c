/* SPDX-License-Identifier: BSD-2-Clause */
/* Brings what is known of a hypervisor up to date. */
#include "lv_refresh.h"

#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "host_proc.h"
#include "lv_hv.h"
#include "lv_inbox.h"
#include "lv_record.h"
#include "lv_stats.h"
#include "options.h"
#include "rfc7666.h"

/* Definitions read again per refresh, in case a change sent no event. */
#define ROUND_ROBIN_STEP 2

/* Pause before a domain is looked at again; doubles each time. */
#define SETTLE_MS 50
#define SETTLE_TRIES 6

/* From so many domains on, one look at all costs less than one at each. */
#define BATCH_MAX 64

/*
 * NOWAIT: a busy guest gives what can be had without waiting for it.  ENFORCE:
 * a driver with just some of the groups (test has only the state) fails, and
 * is asked by calls for each domain instead.
 */
#define STATS_FLAGS (VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT |               \
	VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS)

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

/* A new hypervisor ID is a new run; its devices may have other names. */
static void
note_run(struct lv_domain *d, const struct lv_hv *hv, virDomainPtr dom,
    struct starts *starts)
{
	unsigned raw = virDomainGetID(dom);
	int id = raw == (unsigned)-1 ? -1 : (int)raw;

	if (id != d->id) {
		d->id = id;
		d->def_dirty = true;
		d->state.job = 0;
		d->started_ms = id >= 0 ?
		    process_start(starts, hv, &d->uuid) : SNAP_NO_TIME;
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
		note_run(d, hv, dom, starts);
	}
	return d;
}

static void
free_domains(virDomainPtr *doms, int n)
{
	for (int i = 0; i < n; i++) {
		virDomainFree(doms[i]);
	}
	free(doms);
}

/* One call tells of all domains which have a certain property. */
static void
list_flagged(struct lv_hv *hv, enum lv_call call, unsigned flag,
    void (*set)(struct lv_domain *d, bool has))
{
	virDomainPtr *doms = NULL;
	struct snap_uuid uuid;
	struct lv_domain *d;
	int n;

	if (!lv_conn_can(&hv->lc, call)) {
		return;
	}
	n = virConnectListAllDomains(hv->lc.conn, &doms, flag);
	if (n < 0) {
		lv_conn_failed(&hv->lc, call);
		return;
	}
	for (size_t i = 0; i < hv->n_domains; i++) {
		set(hv->domains[i], false);
	}
	for (int i = 0; i < n; i++) {
		if (virDomainGetUUID(doms[i], uuid.octets) == 0 &&
		    (d = lv_hv_find(hv, &uuid)) != NULL) {
			set(d, true);
		}
	}
	free_domains(doms, n);
}

static void
set_autostart(struct lv_domain *d, bool has)
{
	d->autostart = has ? TRI_YES : TRI_NO;
}

static void
set_persistent(struct lv_domain *d, bool has)
{
	d->persistent = has ? TRI_YES : TRI_NO;
}

static void
set_managed_save(struct lv_domain *d, bool has)
{
	d->state.managed_save = has;
}

static void
list_flags(struct lv_hv *hv)
{
	list_flagged(hv, LV_CALL_LIST_AUTOSTART,
	    VIR_CONNECT_LIST_DOMAINS_AUTOSTART, set_autostart);
	list_flagged(hv, LV_CALL_LIST_PERSISTENT,
	    VIR_CONNECT_LIST_DOMAINS_PERSISTENT, set_persistent);
	list_flagged(hv, LV_CALL_LIST_MANAGED_SAVE,
	    VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE, set_managed_save);
}

static void
mark_round_robin(struct lv_hv *hv)
{
	for (int i = 0; i < ROUND_ROBIN_STEP && hv->n_domains > 0; i++) {
		hv->round_robin = (hv->round_robin + 1) % hv->n_domains;
		hv->domains[hv->round_robin]->def_dirty = true;
	}
}

/* Definition and job, where there is reason to look. */
static void
read_changes(struct lv_hv *hv, struct lv_domain *d, virDomainPtr dom)
{
	if (d->def_dirty) {
		lv_domain_read_def(d, &hv->lc, dom, hv->ix);
	}
	/* Events tell of jobs, but not of one that was there already. */
	if (d->state.job != 0 || d->record == NULL) {
		lv_domain_read_job(d, &hv->lc, dom);
	}
}

static int64_t
stale_after_ms(const struct lv_hv *hv)
{
	return (int64_t)hv->opts->stale_after_s * 1000;
}

/* A domain as libvirt listed it, with or without statistics. */
struct listed {
	virDomainPtr dom;
	virDomainStatsRecordPtr stats; /* NULL: the driver has none */
};

struct listing {
	int n;
	struct listed *items;
	virDomainStatsRecordPtr *records; /* what owns the items: these */
	virDomainPtr *doms;               /* or these */
};

static int
by_name(const void *left, const void *right)
{
	const struct listed *a = left, *b = right;

	return strcmp(virDomainGetName(a->dom), virDomainGetName(b->dom));
}

/* Domains by name, so that new ones are numbered in an order people expect. */
static bool
sort_listing(struct listing *listing)
{
	listing->items = calloc((size_t)listing->n + 1,
	    sizeof(*listing->items));
	if (listing->items == NULL) {
		return false;
	}
	for (int i = 0; i < listing->n; i++) {
		if (listing->records != NULL) {
			listing->items[i].dom = listing->records[i]->dom;
			listing->items[i].stats = listing->records[i];
		} else {
			listing->items[i].dom = listing->doms[i];
		}
	}
	qsort(listing->items, (size_t)listing->n, sizeof(*listing->items),
	    by_name);
	return true;
}

static bool
list_all(struct lv_hv *hv, struct listing *listing)
{
	memset(listing, 0, sizeof(*listing));
	if (lv_conn_can(&hv->lc, LV_CALL_ALL_STATS)) {
		listing->n = virConnectGetAllDomainStats(hv->lc.conn,
		    LV_STATS_GROUPS, &listing->records, STATS_FLAGS);
		if (listing->n < 0) {
			lv_conn_failed(&hv->lc, LV_CALL_ALL_STATS);
		}
	}
	/* Not "else": the call may just have turned out to be missing. */
	if (!lv_conn_can(&hv->lc, LV_CALL_ALL_STATS)) {
		listing->n = virConnectListAllDomains(hv->lc.conn,
		    &listing->doms, 0);
	}
	return listing->n >= 0 && sort_listing(listing);
}

static void
free_listing(struct listing *listing)
{
	free(listing->items);
	if (listing->records != NULL) {
		virDomainStatsRecordListFree(listing->records);
	}
	if (listing->doms != NULL) {
		free_domains(listing->doms, listing->n);
	}
}

static void
record(struct lv_hv *hv, struct lv_domain *d, const struct listed *item)
{
	if (item->stats != NULL) {
		lv_record_from_stats(d, &hv->lc, item->stats->params,
		    item->stats->nparams, stale_after_ms(hv));
	} else {
		lv_record_from_calls(d, &hv->lc, item->dom,
		    stale_after_ms(hv));
	}
}

/* What an event told that nothing else does. */
static void
apply_notice(struct lv_domain *d, const struct lv_notice *notice)
{
	if (notice->dirty & LV_DIRTY_DEF) {
		d->def_dirty = true;
	}
	if (notice->dirty & LV_DIRTY_STARTED && d->id >= 0 &&
	    d->started_ms == SNAP_NO_TIME) {
		d->started_ms = notice->started_ms;
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
}

/*
 * Two passes over what libvirt listed: first who is there, so that
 * list_flags() finds all entries, then what they are like.
 */
static int
refresh_listed(struct lv_hv *hv, const struct listing *listing,
    const struct lv_batch *batch, struct starts *starts)
{
	struct lv_domain **noted = calloc((size_t)listing->n + 1,
	    sizeof(struct lv_domain *));

	if (noted == NULL) {
		return -1;
	}
	hv->listing++;
	for (int i = 0; i < listing->n; i++) {
		noted[i] = note_domain(hv, listing->items[i].dom, starts);
	}
	lv_hv_remove_unseen(hv);
	list_flags(hv);
	apply_batch(hv, batch);
	mark_round_robin(hv);
	for (int i = 0; i < listing->n; i++) {
		if (noted[i] != NULL) {
			read_changes(hv, noted[i], listing->items[i].dom);
			record(hv, noted[i], &listing->items[i]);
		}
	}
	free(noted);
	return 0;
}

static int
refresh_all(struct lv_hv *hv, const struct lv_batch *batch)
{
	struct starts starts = { NULL, false };
	struct listing listing;
	int rc = -1;

	if (list_all(hv, &listing)) {
		rc = refresh_listed(hv, &listing, batch, &starts);
	}
	free_listing(&listing);
	host_procs_free(starts.procs);
	return rc;
}

int
lv_refresh_all(struct lv_hv *hv)
{
	return refresh_all(hv, NULL);
}

static void
record_one(struct lv_hv *hv, struct lv_domain *d, virDomainPtr dom)
{
	virDomainPtr doms[] = { dom, NULL };
	virDomainStatsRecordPtr *records = NULL;
	struct listed item = { dom, NULL };

	if (!lv_conn_can(&hv->lc, LV_CALL_ALL_STATS)) {
		record(hv, d, &item);
		return;
	}
	/* None, if the domain has gone since it was looked up. */
	if (virDomainListGetStats(doms, LV_STATS_GROUPS, &records,
	    STATS_FLAGS) == 1) {
		item.stats = records[0];
		record(hv, d, &item);
	}
	if (records != NULL) {
		virDomainStatsRecordListFree(records);
	}
}

static void
plan_settling(struct lv_domain *d)
{
	if (d->partial && d->settle_tries < SETTLE_TRIES) {
		d->settle_at_ms = clock_boot_ms() +
		    (SETTLE_MS << d->settle_tries);
		d->settle_tries++;
	} else {
		d->settle_at_ms = 0;
	}
}

static void
refresh_one(struct lv_hv *hv, const struct lv_notice *notice,
    struct starts *starts)
{
	virDomainPtr dom = virDomainLookupByUUID(hv->lc.conn,
	    notice->uuid.octets);
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
		if (d->def_dirty) {
			lv_domain_read_def(d, &hv->lc, dom, hv->ix);
			lv_domain_read_flags(d, &hv->lc, dom);
		}
		lv_domain_read_job(d, &hv->lc, dom);
		record_one(hv, d, dom);
		d->settle_tries = 0;
		plan_settling(d);
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
}

int
lv_refresh_batch(struct lv_hv *hv, const struct lv_batch *batch)
{
	int rc = 0;

	if (batch->overflow) {
		lv_hv_mark_dirty(hv);
	}
	if (!batch->overflow && batch->n <= BATCH_MAX) {
		refresh_each(hv, batch);
	} else if ((rc = refresh_all(hv, batch)) != 0) {
		lv_hv_mark_dirty(hv); /* what the batch said is lost */
	}
	return rc;
}

int64_t
lv_refresh_settle(struct lv_hv *hv, bool *read)
{
	int64_t next_ms = INT64_MAX;

	for (size_t i = 0; i < hv->n_domains; i++) {
		struct lv_domain *d = hv->domains[i];
		virDomainPtr dom;

		if (d->settle_at_ms != 0 &&
		    d->settle_at_ms <= clock_boot_ms()) {
			dom = virDomainLookupByUUID(hv->lc.conn,
			    d->uuid.octets);
			if (dom != NULL) {
				record_one(hv, d, dom);
				virDomainFree(dom);
			}
			plan_settling(d);
			*read = true;
		}
		if (d->settle_at_ms != 0 && d->settle_at_ms < next_ms) {
			next_ms = d->settle_at_ms;
		}
	}
	return next_ms;
}
