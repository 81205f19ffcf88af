/* SPDX-License-Identifier: BSD-2-Clause */
/* An event of libvirt, kept until its collector makes notes of it. */
#include "lv_event.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"

/* False: out of memory. */
static bool
copy(char **to, const char *from)
{
	*to = from != NULL ? strdup(from) : NULL;
	return from == NULL || *to != NULL;
}

struct lv_event *
lv_event_new(const struct snap_uuid *uuid, const char *name,
    const char *device, const char *text)
{
	struct lv_event *event = calloc(1, sizeof(*event));
	bool ok;

	if (event == NULL) {
		return NULL;
	}
	event->uuid = *uuid;
	event->at_ms = clock_boot_ms();
	event->type = -1;
	event->kind = NOTE_KNOWN;
	ok = copy(&event->name, name);
	ok = copy(&event->device, device) && ok;
	ok = copy(&event->text, text) && ok;
	if (!ok) {
		lv_event_free(event);
		return NULL;
	}
	return event;
}

void
lv_event_free(struct lv_event *event)
{
	if (event != NULL) {
		free(event->name);
		free(event->device);
		free(event->text);
		free(event);
	}
}

void
lv_event_list_init(struct lv_event_list *list)
{
	list->first = NULL;
	list->end = &list->first;
	list->n = 0;
}

void
lv_event_list_free(struct lv_event_list *list)
{
	while (list->first != NULL) {
		struct lv_event *gone = list->first;

		list->first = gone->next;
		lv_event_free(gone);
	}
	lv_event_list_init(list);
}

void
lv_event_list_add(struct lv_event_list *list, struct lv_event *event)
{
	event->next = NULL;
	*list->end = event;
	list->end = &event->next;
	list->n++;
}

void
lv_event_list_move(struct lv_event_list *list, struct lv_event_list *from)
{
	*list = *from;
	if (list->first == NULL) {
		list->end = &list->first;
	}
	lv_event_list_init(from);
}
