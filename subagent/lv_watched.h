/* SPDX-License-Identifier: BSD-2-Clause */
/* The watch's table of VMs, and the notes that are made of them. */
#ifndef VMMIBD_LV_WATCHED_H
#define VMMIBD_LV_WATCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "note.h"

struct lv_domain;
struct lv_event;
struct lv_hv;
struct lv_watch;
struct told;

/* Disks of a VM that may fail at once, and a reset. */
#define LV_WATCHED_RECENT 8

struct lv_watched {
	struct snap_uuid uuid;
	uint32_t index;
	const struct snap_def *def; /* has the name; never NULL */
	int32_t noted;      /* vmOperState, one that has a notification */
	int32_t persistent; /* enum rfc7666_tristate */
	bool announced;     /* managers know that it is there */
	bool incoming;      /* its migration comes in, */
	bool outgoing;      /* or goes out; neither: not known */
	int64_t looked_ms;  /* when a look noted the state; 0: an event did */
	int64_t event_ms;   /* when the last event arrived */
	int64_t differs_ms; /* since when it is not as noted; 0: it is */
	struct {
		enum note_kind kind; /* NOTE_KNOWN: none */
		uint32_t disk;
		int64_t at_ms;
	} recent[LV_WATCHED_RECENT]; /* what comes repeatedly; see lv_watch.c */
	bool reset;         /* while it was paused */
	struct lv_event *last; /* while events are handled */
};

struct lv_watch {
	struct lv_watched **vms; /* ascending by index */
	size_t n;
	size_t room;
	bool baseline; /* nothing was told yet: VMs that are there are not new */
	bool failed;   /* a note was lost for want of memory, and logged */
};

/* A VM by its vmIndex, or NULL; two may have had it, one after the other. */
struct lv_watched *lv_watched_at(const struct lv_watch *watch, uint32_t index,
    const struct snap_uuid *uuid);
/* By its UUID, also when it is gone from the index. */
struct lv_watched *lv_watched_find(const struct lv_watch *watch,
    const struct lv_hv *hv, const struct snap_uuid *uuid);
/*
 * One that managers do not know yet, shut down.  Takes a reference to def, or
 * makes one of the name if it is NULL.  NULL: out of memory.
 */
struct lv_watched *lv_watched_add(struct lv_watch *watch, uint32_t index,
    const struct snap_uuid *uuid, const struct snap_def *def,
    const char *name);

/* The domain as it is now; NULL: it is gone. */
const struct lv_domain *lv_watched_domain(const struct lv_watched *vm,
    const struct lv_hv *hv);
/* vmOperState as read at since_ms or after it; 0: gone, or not read since. */
int32_t lv_watched_seen(const struct lv_watched *vm, const struct lv_hv *hv,
    int64_t since_ms);

/* A note with all that is known of the VM; NULL: out of memory, logged. */
struct note *lv_watched_note(struct lv_watch *watch,
    const struct lv_watched *vm, const struct lv_hv *hv, enum note_kind kind,
    const char *detail);
/* Tells managers that it is there, if they do not know. */
void lv_watched_announce(struct lv_watch *watch, struct lv_watched *vm,
    const struct lv_hv *hv, struct note_list *notes);
/* It is in another state; event is NULL if that was learnt by looking. */
void lv_watched_change(struct lv_watch *watch, struct lv_watched *vm,
    const struct lv_hv *hv, const struct lv_event *event, int32_t to,
    struct note_list *notes);
/* Adds such a note, unless memory is out. */
void lv_watched_put(struct lv_watch *watch, const struct lv_watched *vm,
    const struct lv_hv *hv, enum note_kind kind, const char *detail,
    struct note_list *notes);
/* It is gone: tells managers, if they knew it, and forgets it. */
void lv_watched_delete(struct lv_watch *watch, struct lv_watched *vm,
    const struct lv_hv *hv, struct note_list *notes);

#endif
