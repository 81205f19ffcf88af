/* SPDX-License-Identifier: BSD-2-Clause */
/* What a survey of a domain found, by its definition's devices. */
#include "lv_survey_data.h"

#include <stdlib.h>
#include <string.h>

void
lv_survey_free(struct lv_survey *survey)
{
	if (survey != NULL) {
		free(survey->disks);
		free(survey->nics);
		free(survey->host_cpus);
		free(survey);
	}
}

void
lv_survey_forget_cpus(struct lv_survey *survey)
{
	for (size_t i = 0; i < survey->n_host_cpus; i++) {
		survey->host_cpus[i] = SNAP_NO_I32;
	}
}

void
lv_survey_forget_disks(struct lv_survey *survey, const struct snap_def *def)
{
	survey->job_under_way = false;
	survey->has_error = false;
	for (size_t i = 0; i < def->n_disks; i++) {
		survey->disks[i].error_state = SNAP_NO_I32;
		survey->disks[i].job = SNAP_NO_I32;
		survey->disks[i].job_done = SNAP_NO_U64;
	}
}

struct lv_survey *
lv_survey_new(const struct snap_def *def)
{
	struct lv_survey *survey = calloc(1, sizeof(*survey));

	if (survey == NULL) {
		return NULL;
	}
	survey->n_host_cpus = def->vcpus_max;
	survey->disks = calloc(def->n_disks + 1, sizeof(*survey->disks));
	survey->nics = calloc(def->n_nics + 1, sizeof(*survey->nics));
	survey->host_cpus = calloc(survey->n_host_cpus + 1, sizeof(int32_t));
	if (survey->disks == NULL || survey->nics == NULL ||
	    survey->host_cpus == NULL) {
		lv_survey_free(survey);
		return NULL;
	}
	lv_survey_forget_cpus(survey);
	lv_survey_forget_disks(survey, def);
	return survey;
}

bool
lv_survey_fits(const struct snap_def *old, const struct snap_def *def)
{
	if (old == NULL || old->n_disks != def->n_disks ||
	    old->n_nics != def->n_nics || old->vcpus_max != def->vcpus_max) {
		return false;
	}
	for (size_t i = 0; i < def->n_disks; i++) {
		if (!snap_same(old->disks[i].target, def->disks[i].target) ||
		    !snap_same(old->disks[i].source, def->disks[i].source)) {
			return false;
		}
	}
	for (size_t i = 0; i < def->n_nics; i++) {
		if (memcmp(&old->nics[i].mac, &def->nics[i].mac,
		    sizeof(struct snap_mac)) != 0) {
			return false;
		}
	}
	return true;
}

void
lv_survey_fill(struct snap_domain *rec, const struct lv_survey *survey)
{
	if (survey == NULL) {
		return;
	}
	for (size_t i = 0; i < rec->n_vcpus; i++) {
		size_t number = rec->vcpus[i].index - 1;

		if (number < survey->n_host_cpus &&
		    rec->vcpus[i].host_cpu == SNAP_NO_I32) {
			rec->vcpus[i].host_cpu = survey->host_cpus[number];
		}
	}
	for (size_t i = 0; i < rec->n_disks; i++) {
		rec->disks[i].error_state = survey->disks[i].error_state;
		rec->disks[i].job = survey->disks[i].job;
		rec->disks[i].job_done = survey->disks[i].job_done;
	}
	for (size_t i = 0; i < rec->n_nics; i++) {
		rec->nics[i].address_source = survey->nics[i].source;
		memcpy(rec->nics[i].addresses, survey->nics[i].addresses,
		    SNAP_ADDRESSES);
	}
}
