/* SPDX-License-Identifier: BSD-2-Clause */
/* The inbox: events of one connection on their way to its collector. */
#ifndef VMMIBD_LV_INBOX_H
#define VMMIBD_LV_INBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lv_event.h"

/* What an event makes worth reading again; bits. */
enum lv_dirty {
	LV_DIRTY_STATE = 1,   /* state and measured values */
	LV_DIRTY_DEF = 2,     /* XML, pinning, autostart, ... */
	LV_DIRTY_STARTED = 4, /* a new run began at started_ms */
	LV_DIRTY_TO_DISK = 8, /* the guest suspended itself to disk */
	LV_DIRTY_RESTORED = 16, /* that run began with what was saved */
};

/* All that is to be done about one domain; events of one domain merge. */
struct lv_notice {
	struct snap_uuid uuid;
	unsigned dirty;
	int64_t started_ms; /* of the last start; SNAP_NO_TIME: none seen */
	struct snap_trouble trouble; /* the last; kind 0: none seen */
};

/* What a wait ended with; all empty when it was the deadline. */
struct lv_batch {
	struct lv_notice *notices; /* valid until the next wait */
	size_t n;
	struct lv_event_list events; /* in order; the taker's to free */
	uint64_t lost; /* events that there was no room for */
	bool overflow; /* something was lost: everything is dirty */
	bool closed;   /* the connection broke */
	bool stop;     /* lv_inbox_stop() was called */
};

/* Filled by any thread, emptied by one collector. */
struct lv_inbox;

struct lv_inbox *lv_inbox_new(void); /* NULL: out of memory */
void lv_inbox_free(struct lv_inbox *inbox);

/* Any thread: something happened to a domain. */
void lv_inbox_put(struct lv_inbox *inbox, const struct snap_uuid *uuid,
    unsigned dirty);
/* Any thread: something went wrong in a domain; its time is now. */
void lv_inbox_put_trouble(struct lv_inbox *inbox,
    const struct snap_uuid *uuid, enum snap_trouble_kind kind,
    const char *detail);
/*
 * Any thread: something happened that managers may have to be told.  The event
 * passes over; besides it makes the domain dirty.  NULL: one was lost.
 */
void lv_inbox_put_event(struct lv_inbox *inbox, struct lv_event *event,
    unsigned dirty);
/* Any thread: the connection broke. */
void lv_inbox_close(struct lv_inbox *inbox);
/* Any thread: ends the present wait, or the next one. */
void lv_inbox_wake(struct lv_inbox *inbox);
/* Any thread: makes the present and all later waits end with stop. */
void lv_inbox_stop(struct lv_inbox *inbox);
bool lv_inbox_stopped(struct lv_inbox *inbox);
/* Any thread: takes that back; what has arrived meanwhile is still there. */
void lv_inbox_resume(struct lv_inbox *inbox);

/*
 * The collector: waits until something arrives or the boot clock reaches
 * deadline_ms, and takes all that has arrived.
 */
void lv_inbox_wait(struct lv_inbox *inbox, int64_t deadline_ms,
    struct lv_batch *batch);

#endif
