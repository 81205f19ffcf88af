/* SPDX-License-Identifier: BSD-2-Clause */
/* Measures one domain by calls of its own, where bulk statistics lack. */
#ifndef VMMIBD_LV_MEASURE_H
#define VMMIBD_LV_MEASURE_H

#include <libvirt/libvirt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lv_conn;
struct lv_disk_size;
struct snap_def;
struct snap_domain;

/* What is read before a record is made, for its rows depend on it; zeroed. */
struct lv_measure {
	bool has_info;
	virDomainInfo info;
	virVcpuInfo *vcpus; /* NULL: not told */
	int n_vcpus; /* 0 then */
};

/*
 * Only the plugged-in vCPUs of an active domain.  Their numbers may have gaps,
 * so there must be room for as many as there can ever be: max.  To be ended.
 */
void lv_measure_read_vcpus(struct lv_measure *m, struct lv_conn *lc,
    virDomainPtr dom, size_t max);

void lv_measure_end(struct lv_measure *m);

/*
 * A record, not numbered or sorted yet, with whatever the driver has calls for.
 * NULL: out of memory.  May hang in the guest.
 */
struct snap_domain *lv_measure_domain(struct lv_conn *lc, virDomainPtr dom,
    const struct snap_def *def, bool active);

/*
 * The sizes of a definition's disks, in its order; NULL: out of memory.  Looks
 * at their storage, and may hang with it.
 */
struct lv_disk_size *lv_measure_sizes(const struct snap_def *def,
    struct lv_conn *lc, virDomainPtr dom);

#endif
