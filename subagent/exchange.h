/* SPDX-License-Identifier: BSD-2-Clause */
/* Hands the newest snapshot from a collector to the main thread. */
#ifndef VMMIBD_EXCHANGE_H
#define VMMIBD_EXCHANGE_H

struct exchange;
struct snapshot;

/*
 * An exchange for one connection.  wake() is called on the publishing thread
 * after each publication; it must get the main thread to take.  NULL: no
 * memory.  Freed when no other thread uses it any more.
 */
struct exchange *exchange_new(void (*wake)(void));
void exchange_free(struct exchange *ex);

/* Offers a snapshot, whose reference passes over; replaces an untaken one. */
void exchange_publish(struct exchange *ex, const struct snapshot *snap);

/* The snapshot published since the last take, with its reference, or NULL. */
const struct snapshot *exchange_take(struct exchange *ex);

#endif
