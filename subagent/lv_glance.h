/* SPDX-License-Identifier: BSD-2-Clause */
/* A glance: the states of all domains by one call, before they are read. */
#ifndef VMMIBD_LV_GLANCE_H
#define VMMIBD_LV_GLANCE_H

#include <stdbool.h>

struct lv_hv;

/*
 * Brings the states of all domains that are known up to date and forgets those
 * that are gone, by a number of calls that does not grow with theirs and that
 * no hanging guest holds up.
 * What else there is of a run that ended or began is unknown then, and comes
 * with the next refresh.  False: the driver cannot, and all stays as it was.
 */
bool lv_glance(struct lv_hv *hv);

#endif
