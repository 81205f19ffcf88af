/* SPDX-License-Identifier: BSD-2-Clause */
/* Gathers notes for bulk notifications. */
#include "notify_fold.h"

#include <stdlib.h>
#include <string.h>

#include "rfc7666.h"
#include "vm_index_file.h"

#define ROOM_MIN 16
#define ROOM_MAX (VM_INDEX_LIMIT / 8)

void
notify_item_free(struct notify_item *item)
{
	if (item == NULL) {
		return;
	}
	note_free(item->note);
	free(item->vms);
	free(item->remember);
	free(item);
}

static size_t
octet_of(uint32_t index)
{
	return (index - 1) / 8;
}

static uint8_t
mask_of(uint32_t index)
{
	return (uint8_t)(0x80 >> (index - 1) % 8);
}

/* room: octets of the bitmap. */
static bool
has_bit(const uint8_t *bits, size_t room, uint32_t index)
{
	return index > 0 && octet_of(index) < room &&
	    (bits[octet_of(index)] & mask_of(index)) != 0;
}

static bool
grow_bits(uint8_t **bits, size_t room, size_t new_room)
{
	uint8_t *grown = realloc(*bits, new_room);

	if (grown == NULL) {
		return false;
	}
	memset(grown + room, 0, new_room - room);
	*bits = grown;
	return true;
}

/* The room to have for a VM. */
static size_t
room_for(size_t room, uint32_t index)
{
	size_t need = octet_of(index) + 1;

	if (need <= room) {
		return room;
	}
	if (need < ROOM_MIN) {
		return ROOM_MIN;
	}
	return need > ROOM_MAX / 2 ? ROOM_MAX : 2 * need;
}

void
fold_init(struct fold *fold)
{
	memset(fold, 0, sizeof(*fold));
	fold->due_ms = INT64_MAX;
}

void
fold_free(struct fold *fold)
{
	for (int kind = 0; kind < NOTE_KINDS; kind++) {
		notify_item_free(fold->kinds[kind]);
	}
	free(fold->only);
	free(fold->last);
}

bool
fold_kind_tells(enum note_kind kind)
{
	return note_is_state(kind) || kind == NOTE_CREATED;
}

int32_t
fold_kind_state(enum note_kind kind)
{
	if (kind == NOTE_CREATED) {
		return OPER_SHUTDOWN;
	}
	for (int32_t state = OPER_UNKNOWN; state <= OPER_CRASHED; state++) {
		if (note_of_state(state) == kind) {
			return state;
		}
	}
	return 0;
}

bool
fold_item_has(const struct notify_item *item, uint32_t index)
{
	if (item->note != NULL) {
		return item->note->index == index;
	}
	return has_bit(item->vms, item->vms_len, index);
}

uint32_t
fold_next_bit(const uint8_t *bits, size_t len, uint32_t index)
{
	while (octet_of(++index) < len) {
		if (bits[octet_of(index)] == 0) {
			index += 7 - (index - 1) % 8; /* to its last one */
		} else if (has_bit(bits, len, index)) {
			return index;
		}
	}
	return 0;
}

/* Room for a VM among those of a kind. */
static bool
make_room(struct fold *fold, enum note_kind kind, uint32_t index)
{
	struct notify_item *item = fold->kinds[kind];
	size_t room;

	if (item == NULL) {
		item = calloc(1, sizeof(*item));
		if (item == NULL) {
			return false;
		}
		item->kind = kind;
	}
	room = room_for(item->room, index);
	if (room != item->room) {
		if (!grow_bits(&item->vms, item->room, room) ||
		    !grow_bits(&item->remember, item->room, room)) {
			if (fold->kinds[kind] == NULL) {
				notify_item_free(item);
			}
			return false;
		}
		item->room = room;
	}
	fold->kinds[kind] = item;
	return true;
}

/* It is now this kind, and no other, that tells the VM's last. */
static void
set_last(struct fold *fold, enum note_kind kind, uint32_t index)
{
	for (int k = 0; k < NOTE_KINDS; k++) {
		struct notify_item *item = fold->kinds[k];

		if (item != NULL && octet_of(index) < item->room) {
			item->remember[octet_of(index)] &=
			    (uint8_t)~mask_of(index);
		}
	}
	fold->kinds[kind]->remember[octet_of(index)] |= mask_of(index);
}

static bool
add_only(struct fold *fold, uint32_t index)
{
	size_t room = room_for(fold->only_room, index);

	if (room != fold->only_room) {
		if (!grow_bits(&fold->only, fold->only_room, room)) {
			return false;
		}
		fold->only_room = room;
	}
	fold->only[octet_of(index)] |= mask_of(index);
	fold->has_only = true;
	return true;
}

static void
clear_bit(struct notify_item *item, uint32_t index)
{
	size_t octet = octet_of(index);

	item->vms[octet] &= (uint8_t)~mask_of(index);
	item->remember[octet] &= (uint8_t)~mask_of(index);
	while (item->vms_len > 0 && item->vms[item->vms_len - 1] == 0) {
		item->vms_len--;
	}
}

/*
 * A kind comes later from now on, and must not tell again what some of its VMs
 * are no longer.
 */
static void
leave_out_passed(struct fold *fold, enum note_kind kind)
{
	struct notify_item *item = fold->kinds[kind];
	uint32_t v = 0;

	while (fold->passed[kind] > 0 &&
	    (v = fold_next_bit(item->vms, item->vms_len, v)) != 0) {
		if (fold->last[v - 1] != (uint8_t)kind) {
			clear_bit(item, v);
			fold->passed[kind]--;
		}
	}
}

/* Creations come first, so what a VM did before it was is left out. */
static void
leave_out_before(struct fold *fold, uint32_t index)
{
	for (int k = NOTE_RUNNING; k <= NOTE_DELETED; k++) {
		struct notify_item *item = fold->kinds[k];

		if (item != NULL && has_bit(item->vms, item->room, index)) {
			fold->passed[k] -= fold->last[index - 1] != k;
			clear_bit(item, index);
		}
	}
}

static bool
make_last_room(struct fold *fold, uint32_t index)
{
	size_t room = 8 * room_for(fold->last_room / 8, index);

	if (room != fold->last_room) {
		if (!grow_bits(&fold->last, fold->last_room, room)) {
			return false;
		}
		fold->last_room = room;
	}
	return true;
}

/* Before a change is added: keeps what the kinds tell in order for each VM. */
static void
pass_on(struct fold *fold, enum note_kind kind, uint32_t index)
{
	uint8_t *last = &fold->last[index - 1];

	if (kind == NOTE_CREATED) {
		leave_out_before(fold, index);
	} else {
		leave_out_passed(fold, kind);
		if (*last != 0 && *last != NOTE_CREATED &&
		    *last != (uint8_t)kind) {
			fold->passed[*last]++;
		}
	}
	*last = (uint8_t)kind;
}

bool
fold_add(struct fold *fold, enum note_kind kind, uint32_t index, bool only,
    int64_t now_ms)
{
	struct notify_item *item;
	size_t octet;

	if (index == 0 || index > VM_INDEX_LIMIT) {
		return false;
	}
	octet = octet_of(index);
	if (!make_room(fold, kind, index) || !make_last_room(fold, index) ||
	    (only && !add_only(fold, index))) {
		return false;
	}
	if (fold_kind_tells(kind)) {
		pass_on(fold, kind, index);
	}
	item = fold->kinds[kind];
	item->order = ++fold->order;
	item->vms[octet] |= mask_of(index);
	if (item->vms_len <= octet) {
		item->vms_len = octet + 1;
	}
	if (only && fold_kind_tells(kind)) {
		set_last(fold, kind, index);
	}
	if (fold->due_ms == INT64_MAX) {
		fold->due_ms = now_ms + NOTIFY_GATHER_MS;
	}
	return true;
}

bool
fold_has(const struct fold *fold, uint32_t index)
{
	return has_bit(fold->only, fold->only_room, index);
}

bool
fold_tells(const struct fold *fold, uint32_t index)
{
	for (int kind = 0; kind < NOTE_KINDS; kind++) {
		const struct notify_item *item = fold->kinds[kind];

		if (item != NULL &&
		    has_bit(item->remember, item->room, index)) {
			return true;
		}
	}
	return false;
}

/* Takes out the one to be told first. */
static struct notify_item *
take_first(struct fold *fold)
{
	struct notify_item **first = &fold->kinds[NOTE_CREATED];
	struct notify_item *item;

	for (int k = 0; k < NOTE_KINDS && *first == NULL; k++) {
		struct notify_item **next = &fold->kinds[k];

		for (int other = k + 1; *next != NULL && other < NOTE_KINDS;
		     other++) {
			if (fold->kinds[other] != NULL &&
			    fold->kinds[other]->order < (*next)->order) {
				next = &fold->kinds[other];
			}
		}
		first = next;
	}
	item = *first;
	*first = NULL;
	return item;
}

struct notify_item *
fold_take(struct fold *fold)
{
	struct notify_item *first = NULL;
	struct notify_item **end = &first;
	struct notify_item *item;

	while ((item = take_first(fold)) != NULL) {
		if (item->vms_len == 0) {
			notify_item_free(item);
			continue;
		}
		if (item->kind == NOTE_CREATED) {
			/* Also if something later is told after it. */
			memcpy(item->remember, item->vms, item->vms_len);
		}
		*end = item;
		end = &item->next;
	}
	fold->due_ms = INT64_MAX;
	fold->has_only = false;
	memset(fold->passed, 0, sizeof(fold->passed));
	if (fold->only != NULL) {
		memset(fold->only, 0, fold->only_room);
	}
	if (fold->last != NULL) {
		memset(fold->last, 0, fold->last_room);
	}
	return first;
}
