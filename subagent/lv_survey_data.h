/* SPDX-License-Identifier: BSD-2-Clause */
/* What a survey of a domain found, by its definition's devices. */
#ifndef VMMIBD_LV_SURVEY_DATA_H
#define VMMIBD_LV_SURVEY_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot.h"

struct lv_disk_survey {
	int32_t error_state;
	int32_t job;
	uint64_t job_done;
};

struct lv_nic_survey {
	int32_t source;
	char addresses[SNAP_ADDRESSES];
};

/* Of a definition: one for each of its devices, in its order. */
struct lv_survey {
	bool job_under_way; /* some disk's */
	bool has_error;     /* some disk has */
	bool disks_owed;    /* the guest was busy when it was their turn */
	struct lv_disk_survey *disks;
	struct lv_nic_survey *nics;
	int32_t *host_cpus; /* by vCPU number */
	size_t n_host_cpus;
};

/* With nothing found yet; NULL when out of memory. */
struct lv_survey *lv_survey_new(const struct snap_def *def);
void lv_survey_free(struct lv_survey *survey);

/* Makes what is known of CPUs, or of the definition's disks, unknown. */
void lv_survey_forget_cpus(struct lv_survey *survey);
void lv_survey_forget_disks(struct lv_survey *survey,
    const struct snap_def *def);

/* Whether what was found out of one definition holds for the next. */
bool lv_survey_fits(const struct snap_def *old, const struct snap_def *def);

/* Writes what was found to a record whose rows are in definition order. */
void lv_survey_fill(struct snap_domain *rec, const struct lv_survey *survey);

#endif
