/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads what is known of a hypervisor's machine. */
#ifndef VMMIBD_LV_HOST_H
#define VMMIBD_LV_HOST_H

#include <stdbool.h>
#include <stdint.h>

struct lv_conn;
struct snap_host;
struct snap_load;

/*
 * The hypervisor's facts, one reference; connected_ms is when it was first
 * reached.  What it does not tell is unknown.  The processor's model is in the
 * capabilities, for which libvirtd may have to look at every emulator it has:
 * without with_model it is just the family.  NULL: out of memory.
 */
const struct snap_host *lv_host_read(struct lv_conn *lc, int64_t connected_ms,
    bool with_model);

/*
 * What the machine does now: four calls.  Rates go on from what load held
 * before, zeroed at first, over intervals of at least rate_min_ms.
 */
void lv_host_measure(struct snap_load *load, struct lv_conn *lc,
    int64_t rate_min_ms);

#endif
