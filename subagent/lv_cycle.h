/* SPDX-License-Identifier: BSD-2-Clause */
/* A collector's cycle: connect, wait, refresh, publish. */
#ifndef VMMIBD_LV_CYCLE_H
#define VMMIBD_LV_CYCLE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "lv_hv.h"
#include "lv_store.h"
#include "note.h"

struct exchange;
struct lv_inbox;
struct lv_watch;
struct options_connection;

/* Pause before the second attempt to connect; doubles up to a maximum. */
#define LV_CYCLE_BACKOFF_MS 500

struct lv_collector {
	pthread_t thread;
	atomic_int fate; /* of the thread; lv_collect.c's, as the next one */
	atomic_bool keeps; /* its connection when it stops, to go on with it */
	const struct options_connection *where;
	struct exchange *ex;
	struct lv_inbox *inbox;
	struct lv_inbox *old_inbox; /* of a connection yet to be closed */
	struct lv_hv hv;
	bool started;   /* its thread */
	bool connected; /* to the hypervisor, */
	bool announced; /* and the log says so */
	bool host_complete; /* all of its facts are read */
	int64_t good_ms;   /* last successful refresh */
	int64_t storm_until_ms; /* when reading is due in spite of a storm */
	int64_t act_again_ms; /* not before then are events taken up */
	int64_t due_ms;    /* next refresh, or attempt to connect */
	int backoff_ms;
	unsigned jitter;   /* seed */
	struct lv_store store;
	struct lv_watch *watch;  /* NULL: of --once, which tells nobody */
	struct note_list notes;  /* on their way to the exchange */
	char trouble[256]; /* what was logged last; empty: all is well */
};

/*
 * Until its inbox is told to stop; a thread's function, arg the collector.  It
 * does not close the connection.
 */
void *lv_cycle_run(void *arg);
/* Connects, refreshes, publishes.  0, or -1 with a message logged. */
int lv_cycle_once(struct lv_collector *c);

#endif
