/* SPDX-License-Identifier: BSD-2-Clause */
/* Remembers VMs as soon as what waits was sent. */
#include "notify_keep.h"

#include <stdlib.h>
#include <string.h>

#include "notify_fold.h"
#include "told.h"
#include "vm_index_file.h"

#define ROOM_MIN 64

void
keep_init(struct keep *keep, struct told *told)
{
	memset(keep, 0, sizeof(*keep));
	keep->told = told;
}

void
keep_free(struct keep *keep)
{
	for (uint32_t i = 0; i < keep->room; i++) {
		note_free(keep->notes[i]);
	}
	free(keep->notes);
}

static struct note *
note_of(const struct keep *keep, uint32_t index)
{
	return index < keep->room ? keep->notes[index] : NULL;
}

bool
keep_has(const struct keep *keep, uint32_t index)
{
	return note_of(keep, index) != NULL;
}

void
keep_drop(struct keep *keep, uint32_t index)
{
	struct note *note = note_of(keep, index);

	if (note != NULL) {
		keep->notes[index] = NULL;
		keep->n--;
		note_free(note);
	}
}

static bool
make_room(struct keep *keep, uint32_t index)
{
	uint32_t room = index < ROOM_MIN / 2 ? ROOM_MIN : 2 * index;
	struct note **grown;

	if (index < keep->room) {
		return true;
	}
	grown = realloc(keep->notes, room * sizeof(struct note *));
	if (grown == NULL) {
		return false;
	}
	for (uint32_t i = keep->room; i < room; i++) {
		grown[i] = NULL;
	}
	keep->notes = grown;
	keep->room = room;
	return true;
}

/* Takes the note. */
static bool
put(struct keep *keep, struct note *note)
{
	keep_drop(keep, note->index);
	if (!make_room(keep, note->index)) {
		note_free(note);
		return false;
	}
	keep->notes[note->index] = note;
	keep->n++;
	return true;
}

static bool
can_keep(const struct keep *keep, const struct note *note)
{
	return keep->told != NULL && note->index > 0 &&
	    note->index <= VM_INDEX_LIMIT;
}

static const char *
name_of(const struct note *note)
{
	const char *name = note->def == NULL ? NULL : note->def->name;

	return name == NULL ? "" : name;
}

/* As which a VM is to be remembered, whatever else it is by now. */
static int32_t
state_after(const struct note *note)
{
	bool named = note->kind == NOTE_CREATED || note->kind == NOTE_DELETED;

	return named ? fold_kind_state(note->kind) : note->state;
}

bool
keep_identity(struct keep *keep, struct note *note)
{
	if (!can_keep(keep, note)) {
		note_free(note);
		return true;
	}
	return put(keep, note);
}

bool
keep_known(struct keep *keep, struct note *note)
{
	if (!can_keep(keep, note)) {
		note_free(note);
		return true;
	}
	note->state = state_after(note);
	note->kind = NOTE_KNOWN;
	return put(keep, note);
}

void
keep_supersede(struct keep *keep, uint32_t index)
{
	struct note *note = note_of(keep, index);

	/* It may still have to lend its name and UUID. */
	if (note != NULL && note->kind == NOTE_KNOWN) {
		note->kind = NOTE_CREATED;
	}
}

void
keep_settle(struct keep *keep, uint32_t index)
{
	const struct note *note = note_of(keep, index);

	if (note != NULL && note->kind == NOTE_KNOWN) {
		keep_told(keep, note);
	}
	keep_drop(keep, index);
}

static void
tell(struct keep *keep, const struct note *note, int32_t state)
{
	struct told_vm vm = {
		.uuid = note->uuid,
		.state = state,
		.persistent = note->persistent,
		.name = name_of(note),
	};

	told_set(keep->told, note->index, &vm);
}

void
keep_told(struct keep *keep, const struct note *note)
{
	if (keep->told != NULL) {
		tell(keep, note, state_after(note));
	}
}

void
keep_told_bulk(struct keep *keep, uint32_t index, enum note_kind kind)
{
	const struct note *note = note_of(keep, index);
	struct told_vm vm;

	if (keep->told == NULL) {
		return;
	}
	if (note != NULL) {
		tell(keep, note, fold_kind_state(kind));
	} else if (told_get(keep->told, index, &vm)) {
		vm.state = fold_kind_state(kind);
		told_set(keep->told, index, &vm);
	}
}
