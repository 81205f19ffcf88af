/* SPDX-License-Identifier: BSD-2-Clause */
/* Asks for what is owed, by errands. */
#include "lv_inquiry.h"

#include <string.h>

#include "clock.h"
#include "lv_answer.h"
#include "lv_errand.h"
#include "lv_hv.h"
#include "lv_inbox.h"
#include "lv_pool.h"
#include "lv_survey.h"
#include "options.h"

/* Between two looks for signs of life, and domains looked at each time. */
#define LOOK_MS 1000
#define LOOKS_MAX 512

/*
 * A guest without signs of life is given up after so long, for one that answers
 * does so at once; should it do so later, it is asked again.  Nor does the
 * collector wait for it.
 */
#define QUIET_MS 1000
#define QUIET_PATIENCE_MS 100

/*
 * At first it waits until all have answered or are given up; and looks so often
 * whether it is to stop.
 */
#define FIRST_PATIENCE_MS INT32_MAX
#define STOP_POLL_MS 100

static bool
is_wanted(const struct lv_domain *d, enum lv_condition condition)
{
	return d->owed != 0 && d->def != NULL &&
	    d->health.condition == condition;
}

/* What the domain owes becomes a question. */
static void
put_question(struct lv_errand *errand, size_t i, struct lv_domain *d)
{
	errand->questions[i] = (struct lv_question){
		.uuid = d->uuid,
		.incarnation = d->incarnation,
		.id = d->id,
		.want = d->owed | LV_WANT_VALUES,
		.def = snap_def_ref(d->def),
		.had_block_job = d->survey != NULL && d->survey->job_under_way,
	};
	d->owed = 0;
}

static bool
send(struct lv_hv *hv, struct lv_errand *errand, int64_t patience_ms,
    int64_t wait_ms)
{
	errand->memory_stats_period_s = hv->opts->memory_stats_period_s;
	memcpy(errand->lacks, hv->lc.lacks, sizeof(errand->lacks));
	if (!lv_pool_send(hv->pool, errand, patience_ms)) {
		lv_answer_owe(hv, errand);
		lv_errand_free(errand);
		return false;
	}
	hv->answer_ms = clock_boot_ms() + wait_ms;
	return true;
}

/* All that are well and owe something, in one errand. */
static bool
ask_well(struct lv_hv *hv)
{
	struct lv_errand *errand;
	size_t n = 0;

	for (size_t i = 0; i < hv->n_domains; i++) {
		n += is_wanted(hv->domains[i], LV_WELL);
	}
	if (n == 0 || (errand = lv_errand_new(n)) == NULL) {
		return false;
	}
	errand->all = n == hv->n_domains && hv->all_served;
	n = 0;
	for (size_t i = 0; i < hv->n_domains; i++) {
		if (is_wanted(hv->domains[i], LV_WELL)) {
			put_question(errand, n++, hv->domains[i]);
		}
	}
	return send(hv, errand, hv->pool->timeout_ms, hv->listing > 1 ?
	    LV_INQUIRY_PATIENCE_MS : FIRST_PATIENCE_MS);
}

/* Whose turn it is of those in doubt; NULL: nobody may be asked. */
static struct lv_domain *
choose_doubtful(const struct lv_hv *hv)
{
	int64_t now_ms = clock_boot_ms();
	struct lv_domain *best = NULL;

	for (size_t i = 0; i < hv->n_domains; i++) {
		struct lv_domain *d = hv->domains[i];

		if (is_wanted(d, LV_DOUBTFUL) && (best == NULL ||
		    lv_health_is_before(&d->health, &best->health, now_ms))) {
			best = d;
		}
	}
	return best != NULL && lv_health_may_probe(&best->health, now_ms,
	    lv_pool_n_hung(hv->pool), hv->pool->limit) ? best : NULL;
}

/* One that may well hang is not waited for but at first. */
static bool
ask_doubtful(struct lv_hv *hv)
{
	struct lv_domain *d = choose_doubtful(hv);
	struct lv_errand *errand = d != NULL ? lv_errand_new(1) : NULL;
	int64_t now_ms = clock_boot_ms();
	int64_t patience_ms = hv->pool->timeout_ms;
	int64_t wait_ms = LV_INQUIRY_PATIENCE_MS;

	if (errand == NULL) {
		return false;
	}
	if (!lv_health_is_lively(&d->health, now_ms)) {
		patience_ms = patience_ms < QUIET_MS ? patience_ms : QUIET_MS;
		wait_ms = hv->listing > 1 ? QUIET_PATIENCE_MS : QUIET_MS;
	}
	d->health.asked_ms = now_ms;
	put_question(errand, 0, d);
	return send(hv, errand, patience_ms, wait_ms);
}

/* The answer of the moment is late, so that something may hang. */
static bool
is_overdue(const struct lv_hv *hv)
{
	return hv->pool->busy && clock_boot_ms() >= hv->answer_ms;
}

/* When to look for signs of life next. */
static int64_t
look_due(const struct lv_hv *hv)
{
	return hv->inquiry_look_ms != INT64_MAX || !hv->pool->busy ?
	    hv->inquiry_look_ms : hv->answer_ms;
}

/*
 * Signs of life of those in doubt, or of all if a call has been hanging for a
 * while; these calls do not enter a guest.
 */
static void
look_for_life(struct lv_hv *hv)
{
	int64_t now_ms = clock_boot_ms();
	bool all = is_overdue(hv);
	size_t looks = 0;

	for (size_t i = 0; i < hv->n_domains && looks < LOOKS_MAX; i++) {
		struct lv_domain *d;
		virDomainInfo info;
		virDomainPtr dom;

		hv->inquiry_turn = (hv->inquiry_turn + 1) % hv->n_domains;
		d = hv->domains[hv->inquiry_turn];
		if (d->id < 0 || d->health.condition == LV_HUNG ||
		    (d->health.condition == LV_WELL && !all)) {
			continue;
		}
		looks++;
		dom = LV_ASK(&hv->lc, virDomainLookupByUUID(hv->lc.conn,
		    d->uuid.octets));
		if (dom == NULL) {
			continue;
		}
		if (LV_ASK(&hv->lc, virDomainGetInfo(dom, &info)) == 0) {
			lv_health_cpu(&d->health, info.cpuTime, now_ms);
		}
		virDomainFree(dom);
	}
	hv->inquiry_look_ms = looks > 0 || hv->pool->busy ?
	    now_ms + LOOK_MS : INT64_MAX;
}

static bool
ask(struct lv_hv *hv)
{
	return lv_pool_is_ready(hv->pool) &&
	    (ask_well(hv) || ask_doubtful(hv));
}

static bool
is_stopped(const struct lv_hv *hv)
{
	return hv->pool->inbox != NULL && lv_inbox_stopped(hv->pool->inbox);
}

static int64_t
next_look(int64_t end_ms)
{
	int64_t next_ms = clock_boot_ms() + STOP_POLL_MS;

	return next_ms < end_ms ? next_ms : end_ms;
}

bool
lv_inquire(struct lv_hv *hv, int64_t until_ms)
{
	bool changed = false, failed = false;

	if (clock_boot_ms() >= look_due(hv)) {
		look_for_life(hv);
	}
	for (;;) {
		struct lv_news news = lv_pool_news(hv->pool);

		if (news.kind != LV_NEWS_NONE) {
			changed |= lv_answer_take(hv, &news, &failed);
		} else if (hv->pool->busy) {
			int64_t end_ms = until_ms < hv->answer_ms ? until_ms :
			    hv->answer_ms;

			if (clock_boot_ms() >= end_ms || is_stopped(hv)) {
				return changed;
			}
			lv_pool_wait(hv->pool, next_look(end_ms));
		} else if (failed || !ask(hv)) {
			return changed;
		}
	}
}

void
lv_inquiry_begin(struct lv_hv *hv)
{
	for (size_t i = 0; i < hv->n_domains; i++) {
		hv->domains[i]->health = (struct lv_health){
		    .condition = LV_WELL };
	}
	hv->inquiry_look_ms = INT64_MAX;
	hv->trouble_ms = 0;
}

int64_t
lv_inquiry_due(const struct lv_hv *hv)
{
	int64_t due_ms = lv_pool_due(hv->pool), look_ms = look_due(hv);

	return look_ms < due_ms ? look_ms : due_ms;
}
