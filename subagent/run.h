/* SPDX-License-Identifier: BSD-2-Clause */
/* What vmmibd does once it knows its options. */
#ifndef VMMIBD_RUN_H
#define VMMIBD_RUN_H

struct options;

/* Exit statuses; scripts depend on them. */
enum run_status {
	RUN_STOPPED = 0,      /* as asked */
	RUN_BAD_CONFIG = 1,   /* usage or configuration */
	RUN_CANNOT_START = 2, /* anything else that keeps it from running */
};

/* --once: prints what every connection would serve. */
enum run_status run_once(const struct options *opts);

/* Serves until it is told to stop. */
enum run_status run_daemon(const struct options *opts);

#endif
