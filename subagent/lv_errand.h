/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An errand: questions about guests by calls that may hang.
 *
 * Such a call enters a guest's monitor or looks at its storage, and hangs as
 * long as the guest or the storage does.  So it is made on a thread and a
 * connection of its own (lv_worker.h).  An errand belongs to the collector
 * until it is given to a worker, then to that until it is finished.
 */
#ifndef VMMIBD_LV_ERRAND_H
#define VMMIBD_LV_ERRAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lv_conn.h"
#include "lv_job.h"
#include "snapshot.h"

struct lv_disk_size;
struct lv_survey;

/* Statistics of a call at most; a call of so many takes below a second. */
#define LV_ERRAND_CHUNK 128

/* What is wanted; bits. */
enum lv_want {
	LV_WANT_VALUES = 1,  /* measured ones; always comes along */
	LV_WANT_JOB = 2,     /* which job is going on */
	LV_WANT_DISKS = 4,   /* disk errors and block jobs */
	LV_WANT_SIZES = 8,   /* an inactive domain's disks' */
	LV_WANT_PERIOD = 16, /* have the guest report memory statistics */
};

/* About one domain. */
struct lv_question {
	struct snap_uuid uuid;
	unsigned incarnation; /* of the domain's entry */
	int id;        /* the run that is meant; -1: inactive */
	unsigned want; /* enum lv_want */
	const struct snap_def *def; /* a reference */
	bool had_block_job;

	/* The answer. */
	bool done;           /* complete; else nothing below is set */
	bool busy;           /* with somebody's command: disks were left alone */
	bool period_set;
	int64_t began_ms;    /* when values were asked for, */
	int64_t sampled_ms;  /* and there */
	virDomainStatsRecordPtr stats; /* in one of the errand's lists, */
	struct snap_domain *measured;  /* or this, of drivers without them */
	struct lv_job job;
	struct lv_survey *disks;    /* its disks' part */
	struct lv_disk_size *sizes; /* one for each disk of def */
};

struct lv_errand {
	bool open; /* to open a connection; no questions */
	bool all;  /* the questions are about all domains there are */
	int memory_stats_period_s;
	bool lacks[LV_CALL_MAX]; /* what the driver lacks; grows */
	struct lv_question *questions;
	size_t n;

	/* How it ended. */
	bool failed;    /* for this reason, which no guest is to blame for */
	char why[256];
	uint64_t calls; /* made */
	virConnectPtr conn;    /* that was opened, */
	const char *uri;       /* by this one; a constant, NULL: as given */
	virDomainStatsRecordPtr **lists; /* statistics, one of each chunk */
	size_t n_lists;
};

/* With room for n questions; NULL: out of memory. */
struct lv_errand *lv_errand_new(size_t n);
/* Closes its connection, too; NULL is allowed. */
void lv_errand_free(struct lv_errand *errand);

/*
 * Told before each call which questions it is about: n of them from the
 * first on (0: none in particular).  False: nobody wants to know any more.
 */
typedef bool lv_errand_progress(void *arg, size_t first, size_t n);

/* Asks on lc's connection, until the end or until progress() says false. */
void lv_errand_run(struct lv_errand *errand, struct lv_conn *lc,
    lv_errand_progress *progress, void *arg);

/*
 * Of an errand that hangs in the question first: a copy of all questions, with
 * the answers to those before that are done, which move over and are not
 * touched any more by whoever runs it.  NULL: out of memory.
 */
struct lv_errand *lv_errand_split(struct lv_errand *errand, size_t first);

#endif
