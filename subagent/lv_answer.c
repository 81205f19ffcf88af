/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of errands: records, owed questions, and who is in doubt. */
#include "lv_answer.h"

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
#include "text.h"

/* Pause before a domain is asked again because its answer was partial. */
#define SETTLE_MS 50
#define SETTLE_TRIES 6

/* Clocks and threads are not that exact. */
#define OCCUPIED_SLACK_MS 500

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

	return d != NULL && d->incarnation == q->incarnation &&
	    d->id == q->id ? d : NULL;
}

/* What no answer came to is owed as before. */
void
lv_answer_owe(struct lv_hv *hv, const struct lv_errand *errand)
{
	for (size_t i = 0; i < errand->n; i++) {
		const struct lv_question *q = &errand->questions[i];
		struct lv_domain *d = q->done ? NULL : subject(hv, q);

		if (d != NULL) {
			d->owed |= q->want;
			d->health.failed = errand->failed;
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

/*
 * It is about another run, or another domain that has taken this one's place
 * since, of which an event is still on its way; or about other devices.
 */
static bool
is_outdated(const struct lv_domain *d, const struct lv_question *q)
{
	virDomainPtr dom = q->stats != NULL ? q->stats->dom : NULL;

	return q->def != d->def || (dom != NULL &&
	    (lv_domain_id(dom) != d->id || d->name == NULL ||
		strcmp(virDomainGetName(dom), d->name) != 0));
}

static void
take_values(struct lv_hv *hv, struct lv_domain *d, struct lv_question *q)
{
	struct lv_carry_limits limits = lv_record_limits(hv->opts);

	limits.began_ms = q->began_ms;
	limits.sampled_ms = q->sampled_ms;
	if (q->stats != NULL) {
		limits.missing = LV_PART_NICS;
		lv_record_from_stats(d, &hv->lc, q->stats->params,
		    q->stats->nparams, &limits);
	} else {
		lv_record_from_measured(d, &hv->lc, q->measured, &limits);
		q->measured = NULL;
	}
}

/* False: it is of no use, and owed until it is known what has changed. */
static bool
take_answer(struct lv_hv *hv, struct lv_domain *d, struct lv_question *q)
{
	if (q->stats == NULL && q->measured == NULL) {
		return true; /* it has gone, which the next listing will tell */
	}
	if (is_outdated(d, q)) {
		d->owed |= q->want;
		return false;
	}
	lv_health_answer(&d->health, q->sampled_ms);
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
	return true;
}

/* True if there were any.  Sets *failed if some were of no use. */
static bool
take_answers(struct lv_hv *hv, struct lv_errand *errand, bool *failed)
{
	bool any = false;

	for (size_t i = 0; i < LV_CALL_MAX; i++) {
		hv->lc.lacks[i] |= errand->lacks[i];
	}
	for (size_t i = 0; i < errand->n; i++) {
		struct lv_question *q = &errand->questions[i];
		struct lv_domain *d = q->done ? subject(hv, q) : NULL;

		if (d != NULL) {
			*failed |= !take_answer(hv, d, q);
			any = true;
		}
	}
	return any;
}

/* Unless there is trouble already, it began with this errand. */
static void
begin_trouble(struct lv_hv *hv)
{
	for (size_t i = 0; i < hv->n_domains; i++) {
		if (hv->domains[i]->health.condition != LV_WELL) {
			return;
		}
	}
	hv->trouble_ms = hv->pool->sent_ms;
}

/*
 * What a call that hangs says of all others: whoever it was to ask, too, and
 * whoever has not answered since the first of those that hang was sent.  If a
 * guest is to blame, the storage of VMs that do not run is not.
 */
static void
doubt_others(struct lv_hv *hv, const struct lv_errand *hung, bool guest)
{
	for (size_t i = 0; i < hv->n_domains; i++) {
		struct lv_domain *d = hv->domains[i];

		if ((d->id >= 0 || !guest) &&
		    d->health.answered_ms < hv->trouble_ms) {
			lv_health_doubt(&d->health);
		}
	}
	for (size_t i = 0; i < hung->n; i++) {
		const struct lv_question *q = &hung->questions[i];
		struct lv_domain *d = q->done ? NULL : subject(hv, q);

		if (d != NULL && (d->id >= 0 || !guest)) {
			lv_health_doubt(&d->health);
		}
	}
}

/*
 * Whether a command has occupied the guest for as long as the call lasts, or
 * nearly.  For longer: then it is somebody else's, and the call passed by.
 */
static bool
is_occupied(struct lv_hv *hv, const struct lv_question *q, int64_t call_ms)
{
	virDomainPtr dom = LV_ASK(&hv->lc,
	    virDomainLookupByUUID(hv->lc.conn, q->uuid.octets));
	int64_t since_ms = 0;
	bool occupied;

	if (dom == NULL) {
		return false;
	}
	occupied = lv_job_control(&hv->lc, dom, &since_ms) ==
	    VIR_DOMAIN_CONTROL_OCCUPIED && since_ms >= call_ms / 2 &&
	    since_ms <= call_ms + OCCUPIED_SLACK_MS;
	virDomainFree(dom);
	return occupied;
}

/* Who is to blame, of those whom the call is about.  False: nobody known. */
static bool
blame(struct lv_hv *hv, const struct lv_news *news)
{
	const struct lv_errand *errand = news->errand;
	int64_t call_ms = clock_boot_ms() - news->call.since_ms;
	bool found = false;

	for (size_t i = news->call.first; !found &&
	     i < news->call.first + news->call.n; i++) {
		const struct lv_question *q = &errand->questions[i];
		struct lv_domain *d = subject(hv, q);

		if (d != NULL && (news->call.n == 1 || is_occupied(hv, q,
		    call_ms))) {
			lv_health_hang(&d->health, news->serial);
			log_warn("%s: domain %s: does not answer, going on "
			    "without it", hv->shown, name_of(d));
			found = true;
		}
	}
	return found;
}

/* Once until it works again; values grow older meanwhile. */
static void
say_failure(struct lv_hv *hv, bool failed, const char *why)
{
	if (failed) {
		text_admin(hv->collector.error, why);
		if (!hv->inquiry_failed) {
			log_warn("%s: cannot ask guests: %s", hv->shown, why);
		}
	} else if (hv->inquiry_failed) {
		log_notice("%s: guests can be asked again", hv->shown);
	}
	hv->inquiry_failed = failed;
}

/* A call about nobody hangs in libvirtd itself, or on the way there. */
static void
blame_hypervisor(struct lv_hv *hv, struct lv_errand *hung)
{
	hung->failed = true;
	say_failure(hv, true, "the hypervisor does not answer");
}

static void
give_up(struct lv_hv *hv, const struct lv_news *news, bool *failed)
{
	if (news->errand == NULL) {
		return; /* out of memory; the next refresh asks again */
	}
	(void)take_answers(hv, news->errand, failed);
	if (news->call.n == 0) {
		blame_hypervisor(hv, news->errand);
	}
	lv_answer_owe(hv, news->errand);
	if (news->call.n > 0) {
		begin_trouble(hv);
		doubt_others(hv, news->errand, blame(hv, news));
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
			log_notice("%s: domain %s: answers again", hv->shown,
			    name_of(d));
		}
	}
}

bool
lv_answer_take(struct lv_hv *hv, const struct lv_news *news, bool *failed)
{
	bool changed = true;

	if (news->errand != NULL && news->errand->open) {
		/* A connection that is not needed any more. */
		lv_errand_free(news->errand);
		return false;
	}
	switch (news->kind) {
	case LV_NEWS_ANSWER:
		changed = take_answers(hv, news->errand, failed);
		lv_answer_owe(hv, news->errand);
		*failed |= news->errand->failed;
		say_failure(hv, news->errand->failed, news->errand->why);
		break;
	case LV_NEWS_HUNG:
		give_up(hv, news, failed);
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
