/* SPDX-License-Identifier: BSD-2-Clause */
/* Which domains a hypervisor has, with their statistics where there are any. */
#include "lv_listing.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "lv_hv.h"
#include "lv_stats.h"
#include "rfc7666.h"

static void
free_domains(virDomainPtr *doms, int n)
{
	for (int i = 0; i < n; i++) {
		virDomainFree(doms[i]);
	}
	free(doms);
}

static int
by_name(const void *left, const void *right)
{
	const struct lv_listed *a = left, *b = right;

	return strcmp(virDomainGetName(a->dom), virDomainGetName(b->dom));
}

/* Domains by name, so that new ones are numbered in an order people expect. */
static bool
sort_listing(struct lv_listing *listing)
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
			listing->items[i].began_ms = listing->began_ms;
			listing->items[i].sampled_ms = listing->sampled_ms;
		} else {
			listing->items[i].dom = listing->doms[i];
		}
	}
	qsort(listing->items, (size_t)listing->n, sizeof(*listing->items),
	    by_name);
	return true;
}

int
lv_listing_read(struct lv_listing *listing, struct lv_conn *lc)
{
	memset(listing, 0, sizeof(*listing));
	if (lv_conn_can(lc, LV_CALL_ALL_STATS)) {
		listing->began_ms = clock_boot_ms();
		listing->n = LV_ASK(lc, virConnectGetAllDomainStats(
		    lc->conn, LV_STATS_PLAIN, &listing->records,
		    LV_STATS_FLAGS));
		listing->sampled_ms = clock_boot_ms();
		if (listing->n < 0) {
			lv_conn_failed(lc, LV_CALL_ALL_STATS);
		}
	}
	/* Not "else": the call may just have turned out to be missing. */
	if (!lv_conn_can(lc, LV_CALL_ALL_STATS)) {
		listing->n = LV_ASK(lc, virConnectListAllDomains(
		    lc->conn, &listing->doms, 0));
	}
	return listing->n >= 0 && sort_listing(listing) ? 0 : -1;
}

void
lv_listing_free(struct lv_listing *listing)
{
	free(listing->items);
	if (listing->records != NULL) {
		virDomainStatsRecordListFree(listing->records);
	}
	if (listing->doms != NULL) {
		free_domains(listing->doms, listing->n);
	}
}

virDomainStatsRecordPtr *
lv_listing_stats(struct lv_conn *lc, virDomainPtr dom)
{
	virDomainPtr doms[] = { dom, NULL };
	virDomainStatsRecordPtr *records = NULL;
	int n;

	if (!lv_conn_can(lc, LV_CALL_ALL_STATS)) {
		return NULL;
	}
	n = LV_ASK(lc, virDomainListGetStats(doms, LV_STATS_PLAIN, &records,
	    LV_STATS_FLAGS));
	if (n == 0) {
		virDomainStatsRecordListFree(records);
	}
	return n > 0 ? records : NULL;
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

	n = LV_TRY(&hv->lc, call,
	    virConnectListAllDomains(hv->lc.conn, &doms, flag));
	if (n < 0) {
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
	d->managed_save = has ? TRI_YES : TRI_NO;
	d->state.managed_save = has;
}

void
lv_listing_flags(struct lv_hv *hv)
{
	list_flagged(hv, LV_CALL_LIST_AUTOSTART,
	    VIR_CONNECT_LIST_DOMAINS_AUTOSTART, set_autostart);
	list_flagged(hv, LV_CALL_LIST_PERSISTENT,
	    VIR_CONNECT_LIST_DOMAINS_PERSISTENT, set_persistent);
	list_flagged(hv, LV_CALL_LIST_MANAGED_SAVE,
	    VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE, set_managed_save);
}
