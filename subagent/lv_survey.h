/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What bulk statistics do not give and calls for each domain do: physical
 * CPUs, addresses, block jobs, disk errors.  A few domains are surveyed per
 * refresh in turn, so that the number of calls does not grow with theirs.
 */
#ifndef VMMIBD_LV_SURVEY_H
#define VMMIBD_LV_SURVEY_H

#include <libvirt/libvirt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot.h"

struct lv_conn;
struct lv_domain;

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

/*
 * Looks at an active domain and keeps what was found in d->survey.  What fails
 * is unknown; of a guest that is busy the disks' part stays as it was.
 */
void lv_survey_domain(struct lv_domain *d, struct lv_conn *lc,
    virDomainPtr dom);

/*
 * Whether the domain is to be surveyed now: it is its turn, its devices
 * changed, it has just started and has no address yet, a block job is under
 * way, or an I/O error came or may have gone.
 */
bool lv_survey_is_due(const struct lv_domain *d);

/* Writes what was found to a record whose rows are in definition order. */
void lv_survey_fill(struct snap_domain *rec, const struct lv_survey *survey);

/* Whether what was found out of one definition holds for the next. */
bool lv_survey_fits(const struct snap_def *old, const struct snap_def *def);

void lv_survey_free(struct lv_survey *survey);

#endif
