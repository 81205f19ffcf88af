/* SPDX-License-Identifier: BSD-2-Clause */
/* A glance: the states of all domains by one call, before they are read. */
#include "lv_glance.h"

#include "clock.h"
#include "lv_hv.h"
#include "lv_listing.h"
#include "lv_stats.h"

/* The record with another state, and nothing else of another run. */
static void
restate(struct lv_domain *d, const struct lv_state *state, int id)
{
	struct snap_domain *rec = snap_domain_copy(d->record);

	if (rec == NULL) {
		return;
	}
	if (rec->id != id) {
		snap_domain_forget(rec);
		rec->id = id;
		rec->active = id >= 0 ? SNAP_TRUE : SNAP_FALSE;
	}
	rec->state = state->state;
	rec->reason = state->reason;
	lv_state_map(state, &rec->oper_state, &rec->admin_state);
	snap_domain_unref(d->record);
	d->record = rec;
}

/* That another run began is left to the refresh, which reads all of it. */
static void
glance_at(struct lv_hv *hv, virDomainStatsRecordPtr stats, int64_t began_ms)
{
	int id = lv_domain_id(stats->dom);
	struct lv_domain *d = NULL;
	struct lv_state state;
	struct snap_uuid uuid;

	if (virDomainGetUUID(stats->dom, uuid.octets) == 0) {
		d = lv_hv_find(hv, &uuid);
	}
	if (d == NULL) {
		return;
	}
	d->seen = hv->listing;
	if (d->record == NULL) {
		return;
	}
	state = d->state;
	if (!lv_stats_state(stats->params, stats->nparams, &state.state,
	    &state.reason)) {
		return;
	}
	state.active = id >= 0;
	if (id != d->id) {
		state.job = 0;
		state.restored = false;
	}
	d->state_ms = began_ms;
	restate(d, &state, id);
}

bool
lv_glance(struct lv_hv *hv)
{
	virDomainStatsRecordPtr *records = NULL;
	int64_t began_ms = clock_boot_ms();
	int n = LV_ASK(&hv->lc, virConnectGetAllDomainStats(hv->lc.conn,
	    VIR_DOMAIN_STATS_STATE, &records, 0));

	if (n < 0) {
		return false;
	}
	hv->listing++;
	lv_listing_flags(hv);
	for (int i = 0; i < n; i++) {
		glance_at(hv, records[i], began_ms);
	}
	lv_hv_remove_unseen(hv);
	virDomainStatsRecordListFree(records);
	return true;
}
