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

#include "lv_survey_data.h"

struct lv_conn;
struct lv_domain;

/*
 * Looks at an active domain and keeps what was found in d->survey.  What fails
 * is unknown.  The disks' part is owed then, for it enters the guest's monitor.
 */
void lv_survey_domain(struct lv_domain *d, struct lv_conn *lc,
    virDomainPtr dom);

/*
 * The disks' part: fills that of survey, whose job_under_way tells whether
 * there was one before.  May hang in the guest.
 */
void lv_survey_disks(struct lv_survey *survey, const struct snap_def *def,
    struct lv_conn *lc, virDomainPtr dom);

/*
 * Takes over the disks' part, found by the definition def; of a guest that was
 * busy (found is NULL then) it stays as it was, and owed.
 */
void lv_survey_take_disks(struct lv_domain *d, const struct snap_def *def,
    const struct lv_survey *found, bool busy);

/*
 * Whether the domain is to be surveyed now: it is its turn, its devices
 * changed, it has just started and has no address yet, a block job is under
 * way, or an I/O error came or may have gone.
 */
bool lv_survey_is_due(const struct lv_domain *d);

#endif
