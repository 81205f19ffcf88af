/* SPDX-License-Identifier: BSD-2-Clause */
/* Which domains a hypervisor has, with their statistics where there are any. */
#ifndef VMMIBD_LV_LISTING_H
#define VMMIBD_LV_LISTING_H

#include <libvirt/libvirt.h>
#include <stdint.h>

struct lv_conn;
struct lv_hv;

/* A domain as libvirt listed it, with or without statistics. */
struct lv_listed {
	virDomainPtr dom;
	virDomainStatsRecordPtr stats; /* NULL: the driver has none */
	int64_t began_ms;              /* when they were asked for, */
	int64_t sampled_ms;            /* and there; 0: not yet, or just now */
};

struct lv_listing {
	int n;
	struct lv_listed *items;
	int64_t began_ms;                 /* when statistics were asked for, */
	int64_t sampled_ms;               /* and there */
	virDomainStatsRecordPtr *records; /* what owns the items: these */
	virDomainPtr *doms;               /* or these */
};

/*
 * All domains by name, with bulk statistics or, where the driver has none,
 * without.  0, or -1: libvirt failed or memory did.  Either way to be freed.
 */
int lv_listing_read(struct lv_listing *listing, struct lv_conn *lc);
void lv_listing_free(struct lv_listing *listing);

/* Statistics of one domain; NULL if it has gone or the driver has none. */
virDomainStatsRecordPtr *lv_listing_stats(struct lv_conn *lc,
    virDomainPtr dom);

/*
 * Reads autostart, persistence and managed save of all domains that hv knows,
 * by a call for each.
 */
void lv_listing_flags(struct lv_hv *hv);

#endif
