/* SPDX-License-Identifier: BSD-2-Clause */
/* A thread that runs errands on a connection of its own. */
#include "lv_worker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "lv_conn.h"
#include "lv_errand.h"
#include "lv_inbox.h"
#include "thread.h"

#define END_POLL_US 5000

struct lv_worker {
	pthread_mutex_t lock;   /* of what follows */
	pthread_cond_t changed;
	struct lv_errand *errand; /* NULL: none */
	bool finished;          /* with it */
	bool given_up;          /* the errand is, by the owner; */
	bool left;              /* and the worker itself */
	struct lv_under_way call;
	struct lv_inbox *inbox;

	/* The thread's own. */
	char *uri;
	bool read_write;
	struct lv_conn lc;
};

static atomic_size_t threads;

static void
worker_free(struct lv_worker *w)
{
	lv_errand_free(w->errand);
	lv_conn_close(&w->lc);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w->uri);
	free(w);
}

/* Notes what the thread is about to do; false: for nobody. */
static bool
note_call(void *arg, size_t first, size_t n)
{
	struct lv_worker *w = arg;
	bool wanted;

	pthread_mutex_lock(&w->lock);
	w->call = (struct lv_under_way){ clock_boot_ms(), first, n, false };
	wanted = !w->left && !w->given_up;
	pthread_mutex_unlock(&w->lock);
	return wanted;
}

/* Each call has its own time. */
static void
note_again(void *arg)
{
	struct lv_worker *w = arg;

	pthread_mutex_lock(&w->lock);
	w->call.since_ms = clock_boot_ms();
	pthread_mutex_unlock(&w->lock);
}

static void
open_connection(struct lv_worker *w, struct lv_errand *errand)
{
	const char *why = "", *uri = w->uri;

	errand->calls++;
	errand->conn = lv_conn_dial(&uri, w->read_write, &why);
	errand->uri = w->uri == NULL ? uri : NULL;
	if (errand->conn == NULL) {
		errand->failed = true;
		snprintf(errand->why, sizeof(errand->why), "%s", why);
	}
}

/* Its own connection may be new, or have broken since. */
static bool
connect_self(struct lv_worker *w, struct lv_errand *errand)
{
	const char *why = "", *uri = w->uri;

	if (lv_conn_alive(&w->lc)) {
		return true;
	}
	lv_conn_close(&w->lc);
	errand->calls++;
	w->lc.conn = lv_conn_dial(&uri, w->read_write, &why);
	if (w->lc.conn == NULL) {
		errand->failed = true;
		snprintf(errand->why, sizeof(errand->why), "%s", why);
	}
	return w->lc.conn != NULL;
}

static void
run_errand(struct lv_worker *w, struct lv_errand *errand)
{
	if (errand->open) {
		open_connection(w, errand);
	} else if (connect_self(w, errand)) {
		lv_errand_run(errand, &w->lc, note_call, w);
	}
}

static void *
run_worker(void *arg)
{
	struct lv_worker *w = arg;

	pthread_mutex_lock(&w->lock);
	while (!w->left) {
		struct lv_errand *errand = w->finished ? NULL : w->errand;

		if (errand == NULL) {
			pthread_cond_wait(&w->changed, &w->lock);
			continue;
		}
		pthread_mutex_unlock(&w->lock);
		run_errand(w, errand);
		pthread_mutex_lock(&w->lock);
		w->finished = true;
		pthread_cond_broadcast(&w->changed);
		if (!w->left && w->inbox != NULL) {
			lv_inbox_wake(w->inbox);
		}
	}
	pthread_mutex_unlock(&w->lock);
	worker_free(w);
	atomic_fetch_sub(&threads, 1);
	return NULL;
}

struct lv_worker *
lv_worker_new(const struct lv_place *place, struct lv_inbox *inbox)
{
	struct lv_worker *w = calloc(1, sizeof(*w));
	pthread_t thread;

	if (w == NULL) {
		return NULL;
	}
	pthread_mutex_init(&w->lock, NULL);
	thread_condition(&w->changed);
	w->inbox = inbox;
	w->read_write = place->read_write;
	w->lc.on_call = note_again;
	w->lc.arg = w;
	w->uri = place->uri != NULL ? strdup(place->uri) : NULL;
	if (place->shared != NULL && virConnectRef(place->shared) == 0) {
		w->lc.conn = place->shared;
	}
	atomic_fetch_add(&threads, 1);
	if ((place->uri != NULL && w->uri == NULL) ||
	    thread_start(&thread, run_worker, w) != 0) {
		atomic_fetch_sub(&threads, 1);
		worker_free(w);
		return NULL;
	}
	pthread_detach(thread);
	return w;
}

void
lv_worker_leave(struct lv_worker *w)
{
	pthread_mutex_lock(&w->lock);
	w->left = true;
	w->inbox = NULL;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

void
lv_worker_give_up(struct lv_worker *w)
{
	pthread_mutex_lock(&w->lock);
	w->given_up = true;
	pthread_mutex_unlock(&w->lock);
}

void
lv_worker_give(struct lv_worker *w, struct lv_errand *errand)
{
	pthread_mutex_lock(&w->lock);
	w->errand = errand;
	w->finished = false;
	w->given_up = false;
	w->call = (struct lv_under_way){ clock_boot_ms(), 0, 0, true };
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

struct lv_errand *
lv_worker_take(struct lv_worker *w)
{
	struct lv_errand *errand = NULL;

	pthread_mutex_lock(&w->lock);
	if (w->finished) {
		errand = w->errand;
		w->errand = NULL;
		w->finished = false;
	}
	pthread_mutex_unlock(&w->lock);
	return errand;
}

void
lv_worker_wait(struct lv_worker *w, int64_t until_ms)
{
	struct timespec until = clock_at(CLOCK_MONOTONIC, until_ms);

	pthread_mutex_lock(&w->lock);
	while (w->errand != NULL && !w->finished &&
	    pthread_cond_timedwait(&w->changed, &w->lock, &until) == 0) {
		continue;
	}
	pthread_mutex_unlock(&w->lock);
}

bool
lv_worker_under_way(struct lv_worker *w, int64_t hung_ms,
    struct lv_under_way *call, struct lv_errand **split)
{
	bool under_way;

	*split = NULL;
	pthread_mutex_lock(&w->lock);
	under_way = w->errand != NULL && !w->finished;
	*call = w->call;
	if (under_way && call->since_ms <= hung_ms) {
		*split = lv_errand_split(w->errand, call->first);
	}
	pthread_mutex_unlock(&w->lock);
	return under_way;
}

bool
lv_worker_all_ended(int64_t until_ms)
{
	while (atomic_load(&threads) > 0) {
		if (clock_boot_ms() >= until_ms) {
			return false;
		}
		usleep(END_POLL_US);
	}
	return true;
}
