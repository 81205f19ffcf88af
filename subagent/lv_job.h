/* SPDX-License-Identifier: BSD-2-Clause */
/* Tells what a domain is busy with. */
#ifndef VMMIBD_LV_JOB_H
#define VMMIBD_LV_JOB_H

#include <libvirt/libvirt.h>
#include <stdbool.h>
#include <stdint.h>

#include "snapshot.h"

struct lv_conn;

struct lv_job {
	bool known;    /* else it could not be asked for */
	int operation; /* virDomainJobOperation; 0: none, or unknown */
	struct snap_job details;
};

/* No job. */
extern const struct lv_job lv_job_none;

/*
 * virDomainControlInfo's state; OK where the driver does not tell.  *since_ms:
 * for how many milliseconds it has been so, 0 if not told; may be NULL.
 */
int lv_job_control(struct lv_conn *lc, virDomainPtr dom, int64_t *since_ms);

/*
 * Reads which job is going on, if any.  A guest that is busy with a command is
 * left alone: the question would wait for its end.  May hang in the guest.
 */
void lv_job_read(struct lv_job *job, struct lv_conn *lc, virDomainPtr dom,
    bool active);

#endif
