/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The workers of one hypervisor: one to run the errand of the moment, and those
 * that hang.  Together they are never more than the limit, so that libvirtd
 * keeps enough of its own for everybody else.
 *
 * Belongs to one collector thread.
 */
#ifndef VMMIBD_LV_POOL_H
#define VMMIBD_LV_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lv_worker.h"

#define LV_POOL_MAX 20 /* workers at most, whatever the limit */

struct options;

struct lv_pool {
	struct lv_inbox *inbox; /* to be woken by them */
	struct lv_place place;
	size_t limit;
	int64_t timeout_ms;     /* a call older than this hangs, */
	int64_t patience_ms;    /* and one of the current errand */
	int64_t sent_ms;        /* which was sent then */
	struct lv_worker *current; /* NULL: none yet */
	bool busy;              /* current has an errand */
	struct {
		struct lv_worker *worker;
		unsigned serial; /* of its errand */
		bool dial;       /* hangs while connecting */
	} hung[LV_POOL_MAX];
	size_t n_hung;
	size_t n_dials;         /* of those, that hang while connecting; */
	int64_t dialed_ms;      /* the last of them was given up then */
	unsigned serial;        /* of the last errand sent */
	uint64_t calls;         /* made by errands that came back */
	uint64_t timed_out;
};

/* Something that became of an errand. */
struct lv_news {
	enum lv_news_kind {
		LV_NEWS_NONE,
		LV_NEWS_ANSWER, /* finished */
		LV_NEWS_HUNG,   /* given up: errand is what was split off */
		LV_NEWS_LATE,   /* one that had been given up has finished */
	} kind;
	struct lv_errand *errand; /* the taker's to free; may be NULL if hung */
	unsigned serial;
	struct lv_under_way call; /* where it hangs */
};

/*
 * No threads are started yet.  uri (NULL: libvirt's default) and inbox (NULL:
 * none) are borrowed.  NULL: out of memory.
 */
struct lv_pool *lv_pool_new(const struct options *opts, const char *uri,
    struct lv_inbox *inbox);
/* From now on limit and timeout are those of other options. */
void lv_pool_configure(struct lv_pool *pool, const struct options *opts);
/* Leaves all workers; see lv_worker_all_ended().  NULL is allowed. */
void lv_pool_free(struct lv_pool *pool);

/*
 * From now on workers connect to uri (NULL: libvirt's default), or share a
 * connection (NULL: do not); borrowed.
 */
void lv_pool_place(struct lv_pool *pool, const char *uri,
    virConnectPtr shared);

/* The connection is lost: all present workers are to end. */
void lv_pool_retire(struct lv_pool *pool);

/*
 * Calls that hang in libvirtd.  Those that do not even get there count apart:
 * so many may hang, too, and then another one now and then, for whoever does
 * not answer them may never do so, though somebody else would by now.
 */
size_t lv_pool_n_hung(const struct lv_pool *pool);

/* Whether an errand can be sent: there is none, and the limits allow one. */
bool lv_pool_is_ready(const struct lv_pool *pool);

/*
 * Sends an errand, which passes over; a call of it that is older than
 * patience_ms will be given up.  False: there is no worker, and it does not.
 */
bool lv_pool_send(struct lv_pool *pool, struct lv_errand *errand,
    int64_t patience_ms);

/* What has happened; to be called until there is no more. */
struct lv_news lv_pool_news(struct lv_pool *pool);

/* Waits for news of the errand of the moment, until_ms (boot clock) at most. */
void lv_pool_wait(const struct lv_pool *pool, int64_t until_ms);

/* When the call under way will be given up; INT64_MAX: there is none. */
int64_t lv_pool_due(const struct lv_pool *pool);

#endif
