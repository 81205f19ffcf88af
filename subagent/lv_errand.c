/* SPDX-License-Identifier: BSD-2-Clause */
/* Asks questions about guests by calls that may hang. */
#include "lv_errand.h"

#include <libvirt/virterror.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "lv_domain.h"
#include "lv_measure.h"
#include "lv_stats.h"
#include "lv_survey.h"

/* Up to so many domains are looked up one by one rather than all listed. */
#define LOOK_UP_MAX 4

/* What one run of an errand needs. */
struct run {
	struct lv_errand *errand;
	struct lv_conn *lc;
	lv_errand_progress *progress;
	void *arg;
	struct lv_question **by_uuid; /* the questions, sorted */
	virDomainPtr *doms;  /* of each question; NULL: it has gone */
	virDomainPtr *owned; /* all that are to be freed */
	size_t n_owned;
};

struct lv_errand *
lv_errand_new(size_t n)
{
	struct lv_errand *errand = calloc(1, sizeof(*errand));

	if (errand != NULL) {
		errand->n = n;
		errand->n_lists = n / LV_ERRAND_CHUNK + 1;
		errand->questions = calloc(n + 1, sizeof(*errand->questions));
		errand->lists = calloc(errand->n_lists,
		    sizeof(virDomainStatsRecordPtr *));
		if (errand->questions == NULL || errand->lists == NULL) {
			lv_errand_free(errand);
			errand = NULL;
		}
	}
	return errand;
}

static void
question_free(struct lv_question *q)
{
	snap_def_unref(q->def);
	snap_domain_unref(q->measured);
	lv_survey_free(q->disks);
	free(q->sizes);
}

void
lv_errand_free(struct lv_errand *errand)
{
	if (errand == NULL) {
		return;
	}
	for (size_t i = 0; errand->questions != NULL && i < errand->n; i++) {
		question_free(&errand->questions[i]);
	}
	for (size_t i = 0; errand->lists != NULL && i < errand->n_lists; i++) {
		virDomainStatsRecordListFree(errand->lists[i]);
	}
	if (errand->conn != NULL) {
		virConnectClose(errand->conn);
	}
	free(errand->lists);
	free(errand->questions);
	free(errand);
}

struct lv_errand *
lv_errand_split(struct lv_errand *errand, size_t first)
{
	/* The call that hangs may use what came with its own part. */
	size_t n_done = first - first % LV_ERRAND_CHUNK;
	struct lv_errand *copy = lv_errand_new(errand->n);

	if (copy == NULL) {
		return NULL;
	}
	for (size_t i = 0; i < errand->n; i++) {
		struct lv_question *q = &errand->questions[i];

		if (i < n_done) {
			copy->questions[i] = *q; /* with all that it owns */
			q->def = NULL;
			q->measured = NULL;
			q->disks = NULL;
			q->sizes = NULL;
		} else {
			copy->questions[i] = (struct lv_question){
				.uuid = q->uuid, .id = q->id, .want = q->want,
				.incarnation = q->incarnation };
		}
	}
	copy->open = errand->open;
	for (size_t i = 0; i < n_done / LV_ERRAND_CHUNK; i++) {
		copy->lists[i] = errand->lists[i];
		errand->lists[i] = NULL;
	}
	return copy;
}

static int
compare_uuids(const struct snap_uuid *a, const struct snap_uuid *b)
{
	return memcmp(a->octets, b->octets, sizeof(a->octets));
}

static int
by_uuid(const void *left, const void *right)
{
	const struct lv_question *const *a = left, *const *b = right;

	return compare_uuids(&(*a)->uuid, &(*b)->uuid);
}

static int
against_uuid(const void *key, const void *element)
{
	const struct lv_question *const *q = element;

	return compare_uuids(key, &(*q)->uuid);
}

/* The question about a domain; NULL: there is none. */
static struct lv_question *
question_of(const struct run *run, virDomainPtr dom)
{
	struct lv_question **found;
	struct snap_uuid uuid;

	if (virDomainGetUUID(dom, uuid.octets) != 0) {
		return NULL;
	}
	found = bsearch(&uuid, run->by_uuid, run->errand->n,
	    sizeof(struct lv_question *), against_uuid);
	return found != NULL ? *found : NULL;
}

static size_t
number_of(const struct run *run, const struct lv_question *q)
{
	return (size_t)(q - run->errand->questions);
}

/* What libvirt has just said is the reason. */
static void
fail(struct run *run)
{
	run->errand->failed = true;
	snprintf(run->errand->why, sizeof(run->errand->why), "%s",
	    virGetLastErrorMessage());
}

static bool
begin_call(const struct run *run, size_t first, size_t n)
{
	return run->progress(run->arg, first, n);
}

static bool
look_up(struct run *run)
{
	struct lv_errand *errand = run->errand;

	run->owned = calloc(errand->n + 1, sizeof(virDomainPtr));
	if (run->owned == NULL || !begin_call(run, 0, 0)) {
		return false;
	}
	for (size_t i = 0; i < errand->n; i++) {
		run->doms[i] = LV_ASK(run->lc, virDomainLookupByUUID(
		    run->lc->conn, errand->questions[i].uuid.octets));
		if (run->doms[i] != NULL) {
			run->owned[run->n_owned++] = run->doms[i];
		} else if (virGetLastErrorCode() != VIR_ERR_NO_DOMAIN) {
			fail(run);
			return false;
		}
	}
	return true;
}

static bool
list(struct run *run)
{
	int n;

	if (!begin_call(run, 0, 0)) {
		return false;
	}
	n = LV_ASK(run->lc, virConnectListAllDomains(run->lc->conn,
	    &run->owned, 0));
	if (n < 0) {
		fail(run);
		return false;
	}
	run->n_owned = (size_t)n;
	for (int i = 0; i < n; i++) {
		struct lv_question *q = question_of(run, run->owned[i]);

		if (q != NULL) {
			run->doms[number_of(run, q)] = run->owned[i];
		}
	}
	return true;
}

/* Takes over what one call for statistics brought. */
static void
take_list(struct run *run, size_t first, virDomainStatsRecordPtr *records,
    int n, int64_t began_ms)
{
	int64_t now_ms = clock_boot_ms();

	run->errand->lists[first / LV_ERRAND_CHUNK] = records;
	for (int i = 0; i < n; i++) {
		struct lv_question *q = question_of(run, records[i]->dom);

		if (q != NULL) {
			q->stats = records[i];
			q->began_ms = began_ms;
			q->sampled_ms = now_ms;
			run->doms[number_of(run, q)] = records[i]->dom;
		}
	}
}

/*
 * One call for all domains.  -1: it failed; 0: the driver has no statistics
 * after all.
 */
static int
all_statistics(struct run *run)
{
	virDomainStatsRecordPtr *records = NULL;
	int64_t began_ms = clock_boot_ms();
	int n = LV_ASK(run->lc, virConnectGetAllDomainStats(run->lc->conn,
	    LV_STATS_GUEST, &records, LV_STATS_FLAGS));

	if (n < 0) {
		lv_conn_failed(run->lc, LV_CALL_ALL_STATS);
		return lv_conn_can(run->lc, LV_CALL_ALL_STATS) ? -1 : 0;
	}
	take_list(run, 0, records, n, began_ms);
	return 1;
}

/* The same for n of them. */
static int
some_statistics(struct run *run, size_t first, size_t n)
{
	virDomainPtr doms[LV_ERRAND_CHUNK + 1];
	virDomainStatsRecordPtr *records = NULL;
	int64_t began_ms = clock_boot_ms();
	int n_doms = 0, n_records;

	for (size_t i = first; i < first + n; i++) {
		if (run->doms[i] != NULL) {
			doms[n_doms++] = run->doms[i];
		}
	}
	doms[n_doms] = NULL;
	if (n_doms == 0) {
		return 1;
	}
	n_records = LV_ASK(run->lc, virDomainListGetStats(doms,
	    LV_STATS_GUEST, &records, LV_STATS_FLAGS));
	if (n_records < 0) {
		lv_conn_failed(run->lc, LV_CALL_ALL_STATS);
		if (!lv_conn_can(run->lc, LV_CALL_ALL_STATS)) {
			return 0;
		}
		/* One that has just gone makes a call for it alone fail. */
		return virGetLastErrorCode() == VIR_ERR_NO_DOMAIN ? 1 : -1;
	}
	take_list(run, first, records, n_records, began_ms);
	return 1;
}

/* Whether a call that enters the guest's monitor would not have to wait. */
static bool
is_free(struct lv_conn *lc, virDomainPtr dom)
{
	return lv_job_control(lc, dom, NULL) == VIR_DOMAIN_CONTROL_OK;
}

static void
ask_disks(const struct run *run, struct lv_question *q, virDomainPtr dom)
{
	if (is_free(run->lc, dom)) {
		q->disks = lv_survey_new(q->def);
		if (q->disks != NULL) {
			q->disks->job_under_way = q->had_block_job;
			lv_survey_disks(q->disks, q->def, run->lc, dom);
		}
	} else {
		q->busy = true;
	}
}

static void
ask_extras(const struct run *run, struct lv_question *q, virDomainPtr dom)
{
	struct lv_conn *lc = run->lc;

	if (q->want & LV_WANT_JOB) {
		lv_job_read(&q->job, lc, dom, q->id >= 0);
	}
	if (q->want & LV_WANT_DISKS) {
		ask_disks(run, q, dom);
	}
	if (q->want & LV_WANT_SIZES) {
		q->sizes = lv_measure_sizes(q->def, lc, dom);
	}
	if ((q->want & LV_WANT_PERIOD) && is_free(lc, dom)) {
		q->period_set = LV_TRY(lc, LV_CALL_STATS_PERIOD,
		    virDomainSetMemoryStatsPeriod(dom,
			run->errand->memory_stats_period_s,
			VIR_DOMAIN_AFFECT_LIVE)) == 0;
	}
}

/* All that is wanted of one domain but its bulk statistics. */
static bool
ask_one(const struct run *run, size_t i)
{
	struct lv_question *q = &run->errand->questions[i];
	virDomainPtr dom = run->doms[i];
	bool measure = !lv_conn_can(run->lc, LV_CALL_ALL_STATS);

	if (dom == NULL || lv_domain_id(dom) != q->id || q->def == NULL || (q->want == LV_WANT_VALUES && !measure)) {
		return true;
	}
	if (!begin_call(run, i, 1)) {
		return false;
	}
	ask_extras(run, q, dom);
	if (measure) {
		q->began_ms = clock_boot_ms();
		q->measured = lv_measure_domain(run->lc, dom, q->def,
		    q->id >= 0);
		q->sampled_ms = clock_boot_ms();
	}
	return true;
}

/* The questions from first on, by one call and those for each. */
static bool
ask_chunk(struct run *run, size_t first, size_t n, bool with_statistics)
{
	if (with_statistics && lv_conn_can(run->lc, LV_CALL_ALL_STATS)) {
		if (!begin_call(run, first, n)) {
			return false;
		}
		if (some_statistics(run, first, n) < 0) {
			fail(run);
			return false;
		}
	}
	for (size_t i = first; i < first + n; i++) {
		if (!ask_one(run, i)) {
			return false;
		}
	}
	for (size_t i = first; i < first + n; i++) {
		run->errand->questions[i].done = true;
	}
	return true;
}

static void
ask_all(struct run *run)
{
	struct lv_errand *errand = run->errand;
	bool at_once = errand->all && errand->n <= LV_ERRAND_CHUNK &&
	    lv_conn_can(run->lc, LV_CALL_ALL_STATS);
	int rc = 0;

	if (at_once) {
		if (!begin_call(run, 0, errand->n)) {
			return;
		}
		rc = all_statistics(run);
		if (rc < 0) {
			fail(run);
			return;
		}
	}
	if (rc == 0 &&
	    !(errand->n <= LOOK_UP_MAX ? look_up(run) : list(run))) {
		return;
	}
	for (size_t i = 0; i < errand->n; i += LV_ERRAND_CHUNK) {
		size_t n = errand->n - i;

		if (!ask_chunk(run, i, n < LV_ERRAND_CHUNK ? n :
		    LV_ERRAND_CHUNK, rc == 0)) {
			return;
		}
	}
}

void
lv_errand_run(struct lv_errand *errand, struct lv_conn *lc,
    lv_errand_progress *progress, void *arg)
{
	struct run run = { .errand = errand, .lc = lc, .progress = progress,
	    .arg = arg };
	uint64_t calls = lc->calls;

	for (size_t i = 0; i < LV_CALL_MAX; i++) {
		lc->lacks[i] |= errand->lacks[i];
	}
	run.by_uuid = calloc(errand->n + 1, sizeof(struct lv_question *));
	run.doms = calloc(errand->n + 1, sizeof(virDomainPtr));
	if (run.by_uuid != NULL && run.doms != NULL) {
		for (size_t i = 0; i < errand->n; i++) {
			run.by_uuid[i] = &errand->questions[i];
		}
		qsort(run.by_uuid, errand->n, sizeof(struct lv_question *),
		    by_uuid);
		ask_all(&run);
	}
	for (size_t i = 0; i < run.n_owned; i++) {
		virDomainFree(run.owned[i]);
	}
	free(run.owned);
	free(run.doms);
	free(run.by_uuid);
	memcpy(errand->lacks, lc->lacks, sizeof(errand->lacks));
	errand->calls += lc->calls - calls;
}
