/* SPDX-License-Identifier: BSD-2-Clause */
/* Builds a domain's record from what was read and measured. */
#ifndef VMMIBD_LV_RECORD_H
#define VMMIBD_LV_RECORD_H

#include <libvirt/libvirt.h>

struct lv_carry_limits;
struct lv_conn;
struct lv_domain;

/*
 * Each makes a new record out of the definition and new measurements and puts
 * it in place of d->record.  When out of memory the old record stays.
 */

/* From the parameters of a bulk call. */
void lv_record_from_stats(struct lv_domain *d, const struct lv_conn *lc,
    const virTypedParameter *params, int n,
    const struct lv_carry_limits *limits);

/* From calls for this domain alone, for drivers without bulk statistics. */
void lv_record_from_calls(struct lv_domain *d, struct lv_conn *lc,
    virDomainPtr dom, const struct lv_carry_limits *limits);

#endif
