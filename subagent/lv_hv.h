/* SPDX-License-Identifier: BSD-2-Clause */
/* What a collector knows of one hypervisor: its domains, by vmIndex. */
#ifndef VMMIBD_LV_HV_H
#define VMMIBD_LV_HV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lv_conn.h"
#include "lv_domain.h"

struct options;
struct snapshot;
struct vm_index;

/* Belongs to one collector thread. */
struct lv_hv {
	const struct options *opts;
	const char *shown;      /* what the log calls it; borrowed */
	struct lv_conn lc;      /* for calls that never wait for a guest */
	struct lv_pool *pool;   /* for those that may */
	struct vm_index *ix;
	const struct snap_host *host; /* NULL: never connected */
	struct lv_domain **domains;   /* ascending by vmIndex */
	size_t n_domains;
	size_t room;
	int64_t table_changed_ms; /* last creation or deletion of a row */
	bool index_retained;      /* the index knows which VMs are gone */
	unsigned listing;         /* counts full listings */
	size_t round_robin;       /* whose definition is read next for no reason */
	size_t survey_turn;       /* who was surveyed last in turn */
	size_t inquiry_turn;      /* and whose signs of life were looked for */
	int64_t inquiry_look_ms;  /* when they are next */
	int64_t answer_ms;        /* so long the answer of the moment is
	                             waited for */
	bool all_served;          /* the last listing had no other domains */
	unsigned incarnations;    /* of domains that have been known */
	int64_t trouble_ms;       /* when the first call of those was sent that
	                             hang; only if any does */
	bool inquiry_failed;      /* and the log says so */
	struct snap_load load;
	struct snap_collector collector; /* but for the counts of lc */
};

void lv_hv_free(struct lv_hv *hv);

/* The domain of a UUID or of a vmIndex; NULL: not known. */
struct lv_domain *lv_hv_find(const struct lv_hv *hv,
    const struct snap_uuid *uuid);
struct lv_domain *lv_hv_at(const struct lv_hv *hv, uint32_t index);
/* The same, made if need be; NULL: out of memory. */
struct lv_domain *lv_hv_ensure(struct lv_hv *hv, const struct snap_uuid *uuid);

/* Forgets a domain that exists no more; its vmIndex stays reserved. */
void lv_hv_remove(struct lv_hv *hv, const struct snap_uuid *uuid);
/* Forgets all domains that the latest listing did not have. */
void lv_hv_remove_unseen(struct lv_hv *hv);

/* Events may have been missed: all definitions are to be read again. */
void lv_hv_mark_dirty(struct lv_hv *hv);

/*
 * All rows as they are now, good until stale_at_ms, or none before the
 * hypervisor was ever reached.  NULL: out of memory.
 */
const struct snapshot *lv_hv_snapshot(const struct lv_hv *hv,
    int64_t stale_at_ms);

#endif
