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

/*
 * The numbers of the plugged-in vCPUs, ascending, where there can be max at
 * most; 0 when the driver does not tell.
 */
size_t lv_measure_vcpus(struct lv_conn *lc, virDomainPtr dom, uint32_t *ids,
    size_t max);

/* Fills a record by whatever calls the driver has. */
void lv_measure_fill(struct snap_domain *rec, struct lv_conn *lc,
    virDomainPtr dom, bool active);

#endif
