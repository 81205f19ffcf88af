/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A worker: a thread that runs errands on a connection of its own, and may hang
 * in them for as long as it pleases.
 *
 * All functions but lv_worker_all_ended() are for one thread, the owner.
 */
#ifndef VMMIBD_LV_WORKER_H
#define VMMIBD_LV_WORKER_H

#include <libvirt/libvirt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lv_errand;
struct lv_inbox;
struct lv_worker;

/* Where a worker connects to. */
struct lv_place {
	const char *uri; /* NULL: libvirt's default; copied */
	bool read_write;
	virConnectPtr shared; /* use this one instead; NULL: none */
};

/*
 * A worker without an errand, which wakes inbox (NULL: nobody) whenever it has
 * finished one.  NULL: no memory, or no thread.
 */
struct lv_worker *lv_worker_new(const struct lv_place *place,
    struct lv_inbox *inbox);

/*
 * The owner wants no more of it: the thread ends as soon as it can, drops what
 * it was doing, and frees itself.  Returns at once.
 */
void lv_worker_leave(struct lv_worker *w);

/*
 * The owner has given up the errand: of what it has not asked yet nothing is
 * asked any more.
 */
void lv_worker_give_up(struct lv_worker *w);

/* Hands over an errand; the worker has none. */
void lv_worker_give(struct lv_worker *w, struct lv_errand *errand);

/* The errand back, once it is finished; NULL: it is not. */
struct lv_errand *lv_worker_take(struct lv_worker *w);

/* Waits until the errand is finished or the boot clock reaches until_ms. */
void lv_worker_wait(struct lv_worker *w, int64_t until_ms);

/* The call that is under way. */
struct lv_under_way {
	int64_t since_ms; /* boot clock */
	size_t first;     /* questions that it is about, see */
	size_t n;         /* lv_errand_progress */
	bool dial;        /* it connects, or has not begun to ask yet */
};

/*
 * False: the errand is finished.  If the call began at hung_ms or before, also
 * splits off what is done (lv_errand_split()); else *split is NULL.
 */
bool lv_worker_under_way(struct lv_worker *w, int64_t hung_ms,
    struct lv_under_way *call, struct lv_errand **split);

/*
 * Any thread: waits until the threads of all workers that were left have
 * ended.  False: some had not when the boot clock reached until_ms.
 */
bool lv_worker_all_ended(int64_t until_ms);

#endif
