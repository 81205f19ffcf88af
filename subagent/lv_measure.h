/* SPDX-License-Identifier: BSD-2-Clause */
/* Measures one domain by calls of its own, where bulk statistics lack. */
#ifndef VMMIBD_LV_MEASURE_H
#define VMMIBD_LV_MEASURE_H

#include <libvirt/libvirt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lv_conn;
struct snap_domain;

/* What is read before the record is made, for its rows depend on it. */
struct lv_measure {
	bool has_info;
	virDomainInfo info;
	virVcpuInfo *vcpus; /* NULL: not told */
	int n_vcpus; /* 0 then */
};

/* Where there can be max_vcpus at most.  To be ended. */
void lv_measure_begin(struct lv_measure *m, struct lv_conn *lc,
    virDomainPtr dom, bool active, size_t max_vcpus);
void lv_measure_end(struct lv_measure *m);

/*
 * Only the plugged-in vCPUs of an active domain.  Their numbers may have gaps,
 * so there must be room for as many as there can ever be: max.
 */
void lv_measure_read_vcpus(struct lv_measure *m, struct lv_conn *lc,
    virDomainPtr dom, size_t max);

/*
 * The numbers of the plugged-in vCPUs, ascending, at most max of them; 0 when
 * the driver does not tell.
 */
size_t lv_measure_vcpus(const struct lv_measure *m, uint32_t *ids,
    size_t max);

/* Fills a record by whatever calls the driver has. */
void lv_measure_fill(struct snap_domain *rec, const struct lv_measure *m,
    struct lv_conn *lc, virDomainPtr dom, bool active);

#endif
