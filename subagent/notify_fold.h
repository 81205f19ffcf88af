/* SPDX-License-Identifier: BSD-2-Clause */
/* Gathers notes for bulk notifications: for each kind, a bitmap of VMs. */
#ifndef VMMIBD_NOTIFY_FOLD_H
#define VMMIBD_NOTIFY_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "note.h"
#include "notify.h"

struct fold {
	struct notify_item *kinds[NOTE_KINDS]; /* NULL: nothing of it */
	uint64_t order;  /* of notes */
	int64_t due_ms;  /* gathered until then; INT64_MAX: there is nothing */
	uint8_t *last;   /* by position: kind of a VM's last change; 0: none */
	size_t last_room;
	size_t passed[NOTE_KINDS]; /* VMs in a kind whose last is another */
	uint8_t *only;   /* VMs with notes that are told in bulk form only, */
	size_t only_room;
	bool has_only;   /* if there are any */
};

void fold_init(struct fold *fold);
void fold_free(struct fold *fold);

/*
 * Adds a note of a VM; only: it is not told singly, too.  False: there is no
 * memory, or no such vmIndex, and nothing has changed.
 */
bool fold_add(struct fold *fold, enum note_kind kind, uint32_t index,
    bool only, int64_t now_ms);
/* Whether notes of the VM are told in bulk form only. */
bool fold_has(const struct fold *fold, uint32_t index);
/* Whether of those are some that change what is remembered of it. */
bool fold_tells(const struct fold *fold, uint32_t index);
/*
 * Takes out all: creations, then the others in the order in which their last
 * notes came.  Of a VM that changed more than once in the meantime a change is
 * left out that would seem to come after a later one.
 */
struct notify_item *fold_take(struct fold *fold);

/* Whether a kind changes what is remembered of its VM, */
bool fold_kind_tells(enum note_kind kind);
/* and to what: a vmOperState, or 0 for a VM that is gone. */
int32_t fold_kind_state(enum note_kind kind);
/* Whether an item tells something of a VM. */
bool fold_item_has(const struct notify_item *item, uint32_t index);
/* The next vmIndex above index that is in the bitmap; 0: none. */
uint32_t fold_next_bit(const uint8_t *bits, size_t len, uint32_t index);

#endif
