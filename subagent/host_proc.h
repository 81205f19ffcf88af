/* SPDX-License-Identifier: BSD-2-Clause */
/* Start times of the QEMU processes of this machine. */
#ifndef VMMIBD_HOST_PROC_H
#define VMMIBD_HOST_PROC_H

#include <stdint.h>

#include "snapshot.h"

struct host_procs;

/* Looks through /proc once; NULL when there is none or no memory. */
struct host_procs *host_procs_scan(void);
void host_procs_free(struct host_procs *procs);

/*
 * When the process that runs the VM was started, on the boot clock;
 * SNAP_NO_TIME when there is no such process, or more than one that says so, or
 * procs is NULL.
 */
int64_t host_procs_started_ms(const struct host_procs *procs,
    const struct snap_uuid *uuid);

#endif
