/* SPDX-License-Identifier: BSD-2-Clause */
/* Asks for what is owed, by errands, and makes records of the answers. */
#include "lv_inquiry.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "lv_carry.h"
#include "lv_errand.h"
#include "lv_hv.h"
#include "lv_pool.h"
#include "lv_record.h"
#include "lv_survey.h"
#include "options.h"
#include "text.h"

/* Between two looks for signs of life, and domains looked at each time. */
#define LOOK_MS 1000
#define LOOKS_MAX 256

/*
 * A guest without signs of life is given up after so long, for one that answers
 * does so at once; should it do so later, it is asked again.  Nor does the
 * collector wait for it.
 */
#define QUIET_MS 1000
#define QUIET_PATIENCE_MS 100

/* Pause before a domain is asked again because its answer was partial. */
#define SETTLE_MS 50
#define SETTLE_TRIES 6

struct lv_carry_limits
lv_inquiry_limits(const struct lv_hv *hv)
{
	return (struct lv_carry_limits){
		/* Events bring samples in between, too close to make rates. */
		.rate_min_ms = (int64_t)hv->opts->refresh_interval_s * 500,
		.stale_after_ms = (int64_t)hv->opts->stale_after_s * 1000,
	};
}

static const char *
name_of(const struct lv_domain *d)
{
	return d->def != NULL && d->def->name != NULL ? d->def->name : "?";
}

/* The domain that a question was about, in the same run; NULL: none any more. */
static struct lv_domain *
subject(const struct lv_hv *hv, const struct lv_question *q)
{
	struct lv_domain *d = lv_hv_find(hv, &q->uuid);

	return d != NULL && d->id == q->id ? d : NULL;
}

/* What no answer came to is owed as before. */
static void
owe_again(struct lv_hv *hv, const struct lv_errand *errand)
{
	for (size_t i = 0; i < errand->n; i++) {
		const struct lv_question *q = &errand->questions[i];
		struct lv_domain *d = q->done ? NULL : subject(hv, q);

		if (d != NULL) {
			d->owed |= q->want;
		}
	}
}

static void
plan_settling(struct lv_domain *d)
{
	d->settle_at_ms = 0;
	d->settling = d->settling && d->partial &&
	    d->settle_tries < SETTLE_TRIES;
	if (d->settling) {
		d->settle_at_ms = clock_boot_ms() +
		    (SETTLE_MS << d->settle_tries);
		d->settle_tries++;
	}
}

static void
take_values(struct lv_hv *hv, struct lv_domain *d, struct lv_question *q)
{
	struct lv_carry_limits limits = lv_inquiry_limits(hv);

	limits.began_ms = q->began_ms;
	limits.sampled_ms = q->sampled_ms;
	if (q->stats != NULL) {
		limits.missing = LV_PART_NICS;
		lv_record_from_stats(d, &hv->lc, q->stats->params,
		    q->stats->nparams, &limits);
	} else if (q->measured != NULL && q->def == d->def) {
		lv_record_from_measured(d, &hv->lc, q->measured, &limits);
		q->measured = NULL;
	}
}

static void
take_answer(struct lv_hv *hv, struct lv_domain *d, struct lv_question *q)
{
	if (q->stats == NULL && q->measured == NULL) {
		return; /* it has gone, which the next listing will tell */
	}
	lv_health_answer(&d->health);
	if (q->want & LV_WANT_JOB) {
		lv_domain_take_job(d, &q->job);
	}
	if (q->want & LV_WANT_DISKS) {
		lv_survey_take_disks(d, q->def, q->disks, q->busy);
	}
	if (q->sizes != NULL && d->id < 0 && lv_survey_fits(q->def, d->def)) {
		free(d->sizes);
		d->sizes = q->sizes;
		q->sizes = NULL;
	}
	d->def_dirty |= q->period_set; /* no event tells of it */
	take_values(hv, d, q);
	plan_settling(d);
}

/* True if there were any. */
static bool
take_answers(struct lv_hv *hv, struct lv_errand *errand)
{
	bool any = false;

	for (size_t i = 0; i < LV_CALL_MAX; i++) {
		hv->lc.lacks[i] |= errand->lacks[i];
	}
	for (size_t i = 0; i < errand->n; i++) {
		struct lv_question *q = &errand->questions[i];
		struct lv_domain *d = q->done ? subject(hv, q) : NULL;

		if (d != NULL) {
			take_answer(hv, d, q);
			any = true;
		}
	}
	return any;
}

/*
 * What a call that hangs says about all others: the guests that run, and the
 * storage of those that do not if no guest is to blame.
 */
static void
doubt_all(struct lv_hv *hv, const struct lv_errand *but, bool active_only)
{
	for (size_t i = 0; i < hv->n_domains; i++) {
		struct lv_domain *d = hv->domains[i];

		if (d->id >= 0 || !active_only) {
			lv_health_doubt(&d->health);
		}
	}
	for (size_t i = 0; i < but->n; i++) {
		const struct lv_question *q = &but->questions[i];
		struct lv_domain *d = q->done ? subject(hv, q) : NULL;

		if (d != NULL && d->health.condition == LV_DOUBTFUL) {
			lv_health_answer(&d->health);
		}
	}
}

/* Whether a command has occupied the guest since the call began, or nearly. */
static bool
is_occupied(struct lv_hv *hv, const struct lv_question *q)
{
	virDomainPtr dom = LV_ASK(&hv->lc,
	    virDomainLookupByUUID(hv->lc.conn, q->uuid.octets));
	int64_t since_ms = 0;
	bool occupied;

	if (dom == NULL) {
		return false;
	}
	occupied = lv_job_control(&hv->lc, dom, &since_ms) ==
	    VIR_DOMAIN_CONTROL_OCCUPIED &&
	    since_ms >= hv->pool->timeout_ms / 2;
	virDomainFree(dom);
	return occupied;
}

/* Who is to blame, of those whom the call is about.  False: nobody known. */
static bool
blame(struct lv_hv *hv, const struct lv_news *news)
{
	const struct lv_errand *errand = news->errand;
	bool found = false;

	for (size_t i = news->call.first;
	     i < news->call.first + news->call.n; i++) {
		const struct lv_question *q = &errand->questions[i];
		struct lv_domain *d = subject(hv, q);

		if (d != NULL && (news->call.n == 1 || is_occupied(hv, q))) {
			lv_health_hang(&d->health, news->serial);
			log_warn("domain %s: does not answer, going on "
			    "without it", name_of(d));
			found = true;
		}
	}
	return found;
}

static void
give_up(struct lv_hv *hv, const struct lv_news *news)
{
	if (news->errand == NULL) {
		return; /* out of memory; the next refresh asks again */
	}
	take_answers(hv, news->errand);
	owe_again(hv, news->errand);
	/* A call about nobody hangs in libvirtd itself. */
	if (news->call.n > 0) {
		doubt_all(hv, news->errand, blame(hv, news));
	}
	hv->inquiry_look_ms = 0;
}

/* The answer is too old to be of use, but that it came is good news. */
static void
come_back(struct lv_hv *hv, unsigned serial)
{
	int64_t now_ms = clock_boot_ms();

	for (size_t i = 0; i < hv->n_domains; i++) {
		struct lv_domain *d = hv->domains[i];

		if (d->health.condition == LV_HUNG &&
		    d->health.serial == serial) {
			lv_health_return(&d->health, serial, now_ms);
			hv->inquiry_look_ms = 0;
			d->owed |= LV_WANT_VALUES;
			log_notice("domain %s: answers again", name_of(d));
		}
	}
}

/* Once until it works again; values grow older meanwhile. */
static void
say_failure(struct lv_hv *hv, const struct lv_errand *errand)
{
	if (errand->failed) {
		text_admin(hv->collector.error, errand->why);
		if (!hv->inquiry_failed) {
			log_warn("cannot ask guests: %s", errand->why);
		}
	} else if (hv->inquiry_failed) {
		log_notice("guests can be asked again");
	}
	hv->inquiry_failed = errand->failed;
}

/* True if records have changed; sets *failed if asking on is of no use now. */
static bool
take_news(struct lv_hv *hv, const struct lv_news *news, bool *failed)
{
	bool changed = true;

	switch (news->kind) {
	case LV_NEWS_ANSWER:
		changed = take_answers(hv, news->errand);
		owe_again(hv, news->errand);
		*failed |= news->errand->failed;
		say_failure(hv, news->errand);
		break;
	case LV_NEWS_HUNG:
		give_up(hv, news);
		break;
	case LV_NEWS_LATE:
		come_back(hv, news->serial);
		break;
	default:
		return false;
	}
	lv_errand_free(news->errand);
	for (size_t i = 0; i < hv->n_domains; i++) {
		lv_record_restate(hv->domains[i]);
	}
	return changed;
}

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
		.id = d->id,
		.want = d->owed | LV_WANT_VALUES,
		.def = snap_def_ref(d->def),
		.had_block_job = d->survey != NULL && d->survey->job_under_way,
	};
	d->owed = 0;
}

static bool
send(struct lv_hv *hv, struct lv_errand *errand, int64_t patience_ms)
{
	errand->memory_stats_period_s = hv->opts->memory_stats_period_s;
	memcpy(errand->lacks, hv->lc.lacks, sizeof(errand->lacks));
	return lv_pool_send(hv->pool, errand, patience_ms);
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
	errand->all = n == hv->n_domains;
	n = 0;
	for (size_t i = 0; i < hv->n_domains; i++) {
		if (is_wanted(hv->domains[i], LV_WELL)) {
			put_question(errand, n++, hv->domains[i]);
		}
	}
	return send(hv, errand, hv->pool->timeout_ms);
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
	    hv->pool->n_hung, hv->pool->limit) ? best : NULL;
}

/* Makes *until_ms earlier if it may well hang. */
static bool
ask_doubtful(struct lv_hv *hv, int64_t *until_ms)
{
	struct lv_domain *d = choose_doubtful(hv);
	struct lv_errand *errand = d != NULL ? lv_errand_new(1) : NULL;
	int64_t now_ms = clock_boot_ms();
	int64_t patience_ms = hv->pool->timeout_ms;

	if (errand == NULL) {
		return false;
	}
	if (!lv_health_is_lively(&d->health, now_ms)) {
		patience_ms = patience_ms < QUIET_MS ? patience_ms : QUIET_MS;
		*until_ms = *until_ms < now_ms + QUIET_PATIENCE_MS ?
		    *until_ms : now_ms + QUIET_PATIENCE_MS;
	}
	d->health.asked_ms = now_ms;
	put_question(errand, 0, d);
	return send(hv, errand, patience_ms);
}

/* Until when to wait for the answer of the moment. */
static int64_t
answer_ms(const struct lv_hv *hv)
{
	return hv->pool->sent_ms + (hv->listing > 1 ? LV_INQUIRY_PATIENCE_MS :
	    hv->pool->timeout_ms);
}

/* The answer of the moment is late, so that something may hang. */
static bool
is_overdue(const struct lv_hv *hv)
{
	return hv->pool->busy && clock_boot_ms() >= answer_ms(hv);
}

/* When to look for signs of life next. */
static int64_t
look_due(const struct lv_hv *hv)
{
	return hv->inquiry_look_ms != INT64_MAX || !hv->pool->busy ?
	    hv->inquiry_look_ms : answer_ms(hv);
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
	hv->inquiry_look_ms = looks > 0 ? now_ms + LOOK_MS : INT64_MAX;
}

static bool
ask(struct lv_hv *hv, int64_t *until_ms)
{
	return lv_pool_is_ready(hv->pool) &&
	    (ask_well(hv) || ask_doubtful(hv, until_ms));
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
			changed |= take_news(hv, &news, &failed);
		} else if (hv->pool->busy) {
			int64_t end_ms = until_ms < answer_ms(hv) ? until_ms :
			    answer_ms(hv);

			if (clock_boot_ms() >= end_ms) {
				return changed;
			}
			lv_pool_wait(hv->pool, end_ms);
		} else if (failed || !ask(hv, &until_ms)) {
			return changed;
		}
	}
}

void
lv_inquiry_begin(struct lv_hv *hv)
{
	for (size_t i = 0; i < hv->n_domains; i++) {
		hv->domains[i]->health = (struct lv_health){ LV_WELL };
	}
	hv->inquiry_look_ms = INT64_MAX;
}

int64_t
lv_inquiry_due(const struct lv_hv *hv)
{
	int64_t due_ms = lv_pool_due(hv->pool), look_ms = look_due(hv);

	return look_ms < due_ms ? look_ms : due_ms;
}
