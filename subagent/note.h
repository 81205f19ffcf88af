/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Notes: what happened to a VM, on its way from the collector that saw it to
 * the main thread that tells managers.
 *
 * A note is built by a collector, belongs to one list at a time, and is
 * changed by nobody once it is on its way.
 */
#ifndef VMMIBD_NOTE_H
#define VMMIBD_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot.h"

/* What to tell; the first ten have the numbers of RFC 7666's notifications. */
enum note_kind {
	/*
	 * Nothing: how a VM is, for it to be remembered; with no VM, that all VMs
	 * that there are were made known.
	 */
	NOTE_KNOWN = 0,
	NOTE_RUNNING = 1,
	NOTE_SHUTTINGDOWN = 2,
	NOTE_SHUTDOWN = 3,
	NOTE_PAUSED = 4,
	NOTE_SUSPENDING = 5,
	NOTE_SUSPENDED = 6,
	NOTE_RESUMING = 7,
	NOTE_MIGRATING = 8,
	NOTE_CRASHED = 9,
	NOTE_DELETED = 10,
	/* From here on NOTE_CREATED - 1 + the number in VM-LIBVIRT-MIB. */
	NOTE_CREATED = 11,
	NOTE_PANICKED = 12,
	NOTE_IO_ERROR = 13,
	NOTE_WATCHDOG = 14,
	NOTE_BLOCK_JOB_FINISHED = 15,
	NOTE_BLOCK_JOB_FAILED = 16,
	NOTE_REMOVAL_FAILED = 17,
	NOTE_MEMORY_FAILURE = 18,
	NOTE_REBOOTED = 19,
	NOTE_MIGRATION_FINISHED = 20,
	NOTE_MIGRATION_FAILED = 21,
	NOTE_THRESHOLD = 22,
	NOTE_CONN_LOST = 23, /* these three are of no VM */
	NOTE_CONN_HUNG = 24,
	NOTE_CONN_RESTORED = 25,
	NOTE_KINDS
};

struct note {
	struct note *next;
	enum note_kind kind;
	struct snap_uuid uuid;
	uint32_t index;             /* vmIndex; 0: of no VM */
	const struct snap_def *def; /* for the name; a reference; NULL: no VM */
	int32_t prior;      /* vmOperState before, */
	int32_t state;      /* and after, as it is to be remembered */
	int32_t persistent; /* enum rfc7666_tristate */
	int32_t virt_state; /* virDomainState and its reason, for */
	int32_t virt_reason; /* virtDomainReason; SNAP_NO_I32: unknown */
	uint32_t disk;      /* vmStorageIndex; 0: unknown, or about no disk */
	int32_t action;     /* of an I/O error, a watchdog, a block job; of a
	                       connection, enum snap_link_state; 0: none */
	int32_t outcome;    /* of a block job; 0: none */
	char *device;       /* the disk's target, or what libvirt calls it; owned */
	char *detail;       /* libvirt's words, cleaned; owned; NULL: none */
};

/* First in, first out; owns what is in it. */
struct note_list {
	struct note *first;
	struct note **end; /* where the next one goes */
	size_t n;
};

/*
 * A note of nothing yet but its kind and the words: a copy of them, cleaned
 * (text.h); NULL, empty: none.  NULL: out of memory.
 */
struct note *note_new(enum note_kind kind, const char *detail);
void note_free(struct note *note); /* NULL is allowed */

/* Whether it is one of RFC 7666's, which have a bulk form. */
bool note_is_state(enum note_kind kind);
/* The kind that tells of a vmOperState; NOTE_KNOWN where RFC 7666 has none. */
enum note_kind note_of_state(int32_t oper_state);

void note_list_init(struct note_list *list);
void note_list_free(struct note_list *list);
void note_list_add(struct note_list *list, struct note *note);
struct note *note_list_take(struct note_list *list); /* NULL: empty */
/* Moves all of from to the end, or to the beginning, of list. */
void note_list_append(struct note_list *list, struct note_list *from);
void note_list_prepend(struct note_list *list, struct note_list *from);

#endif
