/* SPDX-License-Identifier: BSD-2-Clause */
/* Hands snapshots and notes from a collector to the main thread. */
#ifndef VMMIBD_EXCHANGE_H
#define VMMIBD_EXCHANGE_H

#include <stdint.h>

struct exchange;
struct note_list;
struct snapshot;

/*
 * An exchange for one connection.  wake() is called on the publishing thread
 * after each publication; it must get the main thread to take.  NULL: no
 * memory.  It is counted by reference, for a collector that was left to itself
 * may outlast whoever took what it published.
 */
struct exchange *exchange_new(void (*wake)(void));
struct exchange *exchange_ref(struct exchange *ex);
void exchange_unref(struct exchange *ex); /* NULL is allowed */

/* Offers a snapshot, whose reference passes over; replaces an untaken one. */
void exchange_publish(struct exchange *ex, const struct snapshot *snap);

/* The snapshot published since the last take, with its reference, or NULL. */
const struct snapshot *exchange_take(struct exchange *ex);

/*
 * Passes notes on, in order, and empties the list.  A note that tells of a
 * change comes after the snapshot that shows it.
 */
void exchange_tell(struct exchange *ex, struct note_list *notes);

/* So many changes could not even be made notes of. */
void exchange_lose(struct exchange *ex, uint64_t count);

/*
 * Moves all notes that were told to the end of notes.  Returns how many were
 * lost since the last time, also as the main thread did not come for them.
 */
uint64_t exchange_hear(struct exchange *ex, struct note_list *notes);

#endif
