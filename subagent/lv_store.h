/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection's directory below the state directory: its lock, its indices. */
#ifndef VMMIBD_LV_STORE_H
#define VMMIBD_LV_STORE_H

#include <pthread.h>
#include <stdbool.h>

struct told;
struct vm_index;

/* Belongs to one collector thread, but for lv_store_give_up(). */
struct lv_store {
	const char *directory; /* stateDirectory */
	const char *name;      /* of the connection */
	bool read_only;        /* the directory may be somebody else's */
	int lock_fd;           /* holds the directory; -1: does not */
	bool failed;           /* logged once until it works again */
	pthread_mutex_t lock;  /* of what follows, held while saving */
	bool given_up;         /* nothing is saved any more */
};

/*
 * The indices kept in STATEDIR/NAME (_default for the connection "-").
 * Trouble with the directory must not keep values from being served: then
 * lv_store_save() tries again, and makes anew what was removed.  Another vmmibd that uses it must: NULL with a
 * message logged, as when out of memory.  directory and name must outlive it.
 */
struct vm_index *lv_store_open(struct lv_store *store, const char *directory,
    const char *name, bool read_only);
void lv_store_close(struct lv_store *store);
/*
 * Another thread: takes the directory away from one that may hang, which will
 * not write there any more.  False: it is writing just now.
 */
bool lv_store_give_up(struct lv_store *store);

/* What managers were told last, from the same directory.  NULL: no memory. */
struct told *lv_store_told(const struct lv_store *store);

/* Saves what changed; shown is what the log calls the connection. */
void lv_store_save(struct lv_store *store, struct vm_index *ix,
    const char *shown);

#endif
