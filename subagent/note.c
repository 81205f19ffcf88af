/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes, lists and frees notes. */
#include "note.h"

#include <stdlib.h>
#include <string.h>

#include "rfc7666.h"
#include "text.h"

struct note *
note_new(enum note_kind kind, const char *detail)
{
	char clean[TEXT_ADMIN_MAX + 1];
	struct note *note = calloc(1, sizeof(*note));

	if (note == NULL) {
		return NULL;
	}
	note->kind = kind;
	note->persistent = TRI_UNKNOWN;
	note->virt_state = SNAP_NO_I32;
	note->virt_reason = SNAP_NO_I32;
	if (detail == NULL || text_admin(clean, detail) == 0) {
		return note;
	}
	note->detail = strdup(clean);
	if (note->detail == NULL) {
		note_free(note);
		return NULL;
	}
	return note;
}

void
note_free(struct note *note)
{
	if (note == NULL) {
		return;
	}
	snap_def_unref(note->def);
	free(note->device);
	free(note->detail);
	free(note);
}

bool
note_is_state(enum note_kind kind)
{
	return kind >= NOTE_RUNNING && kind <= NOTE_DELETED;
}

enum note_kind
note_of_state(int32_t oper_state)
{
	switch (oper_state) {
	case OPER_RUNNING:
		return NOTE_RUNNING;
	case OPER_SUSPENDING:
		return NOTE_SUSPENDING;
	case OPER_SUSPENDED:
		return NOTE_SUSPENDED;
	case OPER_RESUMING:
		return NOTE_RESUMING;
	case OPER_PAUSED:
		return NOTE_PAUSED;
	case OPER_MIGRATING:
		return NOTE_MIGRATING;
	case OPER_SHUTTINGDOWN:
		return NOTE_SHUTTINGDOWN;
	case OPER_SHUTDOWN:
		return NOTE_SHUTDOWN;
	case OPER_CRASHED:
		return NOTE_CRASHED;
	default: /* unknown, other, preparing, and what is no state */
		return NOTE_KNOWN;
	}
}

void
note_list_init(struct note_list *list)
{
	list->first = NULL;
	list->end = &list->first;
	list->n = 0;
}

void
note_list_free(struct note_list *list)
{
	struct note *note;

	while ((note = note_list_take(list)) != NULL) {
		note_free(note);
	}
}

void
note_list_add(struct note_list *list, struct note *note)
{
	note->next = NULL;
	*list->end = note;
	list->end = &note->next;
	list->n++;
}

struct note *
note_list_take(struct note_list *list)
{
	struct note *note = list->first;

	if (note == NULL) {
		return NULL;
	}
	list->first = note->next;
	if (list->first == NULL) {
		list->end = &list->first;
	}
	list->n--;
	note->next = NULL;
	return note;
}

void
note_list_append(struct note_list *list, struct note_list *from)
{
	if (from->first == NULL) {
		return;
	}
	*list->end = from->first;
	list->end = from->end;
	list->n += from->n;
	note_list_init(from);
}

void
note_list_prepend(struct note_list *list, struct note_list *from)
{
	note_list_append(from, list);
	note_list_append(list, from);
}
