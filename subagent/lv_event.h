/* SPDX-License-Identifier: BSD-2-Clause */
/* An event of libvirt, kept until its collector makes notes of it. */
#ifndef VMMIBD_LV_EVENT_H
#define VMMIBD_LV_EVENT_H

#include <stdbool.h>
#include <stddef.h>

#include "note.h"

struct lv_event {
	struct lv_event *next;  /* in order of arrival */
	struct lv_event *later; /* the next of the same domain; see lv_watch.c */
	struct snap_uuid uuid;
	int64_t at_ms; /* when it arrived; clock_boot_ms() */
	char *name; /* the domain's at that time; owned, as the next two */
	int type;   /* virDomainEventType; -1: no life cycle event but a note: */
	int detail; /* of that type */
	enum note_kind kind;
	int action;   /* of the note, as its members */
	int outcome;
	char *device; /* alias or target of a disk; NULL: of none */
	char *text;   /* libvirt's words; NULL: none */
};

/* First in, first out; owns what is in it. */
struct lv_event_list {
	struct lv_event *first;
	struct lv_event **end; /* where the next one goes */
	size_t n;
};

/* Both strings are copied and may be NULL.  NULL: out of memory. */
struct lv_event *lv_event_new(const struct snap_uuid *uuid, const char *name,
    const char *device, const char *text);
void lv_event_free(struct lv_event *event);

void lv_event_list_init(struct lv_event_list *list);
void lv_event_list_free(struct lv_event_list *list);
void lv_event_list_add(struct lv_event_list *list, struct lv_event *event);
/* Moves all of from to list, which must be empty. */
void lv_event_list_move(struct lv_event_list *list,
    struct lv_event_list *from);

#endif
