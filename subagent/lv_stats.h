/* SPDX-License-Identifier: BSD-2-Clause */
/* Bulk statistics: libvirt's typed parameters into a record's fields. */
#ifndef VMMIBD_LV_STATS_H
#define VMMIBD_LV_STATS_H

#include <libvirt/libvirt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct snap_domain;

/*
 * The groups of virConnectGetAllDomainStats() that are served: those that never
 * wait for a guest, and those that enter its monitor or look at its storage.
 */
#define LV_STATS_PLAIN (VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_INTERFACE)
#define LV_STATS_GUEST                                                        \
	(VIR_DOMAIN_STATS_CPU_TOTAL | VIR_DOMAIN_STATS_BALLOON |              \
	    VIR_DOMAIN_STATS_VCPU | VIR_DOMAIN_STATS_BLOCK)

/*
 * NOWAIT: a busy guest gives what can be had without waiting for it.  ENFORCE:
 * a driver with just some of the groups (test has only the state) fails, and
 * is asked by calls for each domain instead.
 */
#define LV_STATS_FLAGS (VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT |            \
	VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS)

/*
 * state.state, and state.reason or 0; false, and both untouched, when there is
 * no state.
 */
bool lv_stats_state(const virTypedParameter *params, int n, int *state,
    int *reason);

/*
 * The numbers of the vCPUs that are plugged in, ascending, at most max of
 * them; 0 when the statistics do not tell.
 */
size_t lv_stats_vcpus(const virTypedParameter *params, int n, uint32_t *ids,
    size_t max);

/*
 * Stores all values that have a field in the record.  Disks are matched by
 * target, vCPUs by number; parameters that fit nothing are left out.
 */
void lv_stats_fill(struct snap_domain *dom, const virTypedParameter *params,
    int n);

#endif
