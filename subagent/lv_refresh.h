/* SPDX-License-Identifier: BSD-2-Clause */
/* Brings what is known of a hypervisor up to date. */
#ifndef VMMIBD_LV_REFRESH_H
#define VMMIBD_LV_REFRESH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lv_batch;
struct lv_hv;

/*
 * Reads everything that changes without saying so: what never waits for a guest
 * at once, the rest as far as guests answer in time.  Where the driver has bulk
 * statistics the number of calls grows with that of the domains by one for each
 * LV_ERRAND_CHUNK of them only.
 * 0, or -1 when libvirt could not even list the domains (see
 * virGetLastErrorMessage()); then all stays as it was.
 */
int lv_refresh_all(struct lv_hv *hv);

/* Whether a batch is so large that everything is read again. */
bool lv_refresh_is_large(const struct lv_batch *batch);

/*
 * Notes what a batch of events made out of date for the next refresh.  False:
 * not possible, as some of the domains are not known or events were lost.
 */
bool lv_refresh_put_off(struct lv_hv *hv, const struct lv_batch *batch);

/* Reads just what a batch of events made out of date; as above. */
int lv_refresh_batch(struct lv_hv *hv, const struct lv_batch *batch);

/*
 * Takes answers of guests that were waited for in vain (lv_inquiry.h).  And: a
 * device is announced while the command that adds it is still under way, and
 * until that is over the guest's statistics lack the disks.  Asks such domains
 * again a few times, as their time comes.  Returns when to be called again
 * (INT64_MAX: no need) and sets *read if any record has changed.
 */
int64_t lv_refresh_settle(struct lv_hv *hv, bool *read);

#endif
