/* SPDX-License-Identifier: BSD-2-Clause */
/* Builds a domain's record from what was read and measured. */
#ifndef VMMIBD_LV_RECORD_H
#define VMMIBD_LV_RECORD_H

#include <libvirt/libvirt.h>

struct lv_carry_limits;
struct lv_conn;
struct lv_domain;
struct options;
struct snap_domain;

/*
 * Each makes a new record out of the definition and new measurements and puts
 * it in place of d->record.  limits->missing says what they are not about: that
 * is as it was.  When out of memory the old record stays.
 */

/* From statistics; none (n is 0) when all is missing. */
void lv_record_from_stats(struct lv_domain *d, const struct lv_conn *lc,
    const virTypedParameter *params, int n,
    const struct lv_carry_limits *limits);

/*
 * From lv_measure_domain(), of drivers without statistics, by the present
 * definition and of the present run; the record passes over.
 */
void lv_record_from_measured(struct lv_domain *d, const struct lv_conn *lc,
    struct snap_domain *measured, const struct lv_carry_limits *limits);

/* The guest's condition has changed: the same record says so. */
void lv_record_restate(struct lv_domain *d);

/* How long samples count and are carried on; apart from that zeroed. */
struct lv_carry_limits lv_record_limits(const struct options *opts);

#endif
