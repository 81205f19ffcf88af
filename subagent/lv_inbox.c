/* SPDX-License-Identifier: BSD-2-Clause */
/* The inbox: events of one connection on their way to its collector. */
#include "lv_inbox.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "text.h"
#include "thread.h"

/* Beyond this a full refresh costs less than reading domain by domain. */
#define INBOX_MAX 4096

/* Events beyond this are lost; what they led to is still seen by looking. */
#define EVENTS_MAX 65536

struct lv_inbox {
	pthread_mutex_t lock;
	pthread_cond_t arrived;
	struct lv_notice *filling; /* by the event thread */
	size_t n_filling;
	struct lv_notice *reading; /* by the collector, without the lock */
	struct lv_event_list events;
	uint64_t lost;
	bool overflow;
	bool closed;
	bool woken;
	bool stop;
};

struct lv_inbox *
lv_inbox_new(void)
{
	struct lv_inbox *inbox = calloc(1, sizeof(*inbox));

	if (inbox == NULL) {
		return NULL;
	}
	inbox->filling = calloc(INBOX_MAX, sizeof(*inbox->filling));
	inbox->reading = calloc(INBOX_MAX, sizeof(*inbox->reading));
	if (inbox->filling == NULL || inbox->reading == NULL) {
		free(inbox->filling);
		free(inbox->reading);
		free(inbox);
		return NULL;
	}
	lv_event_list_init(&inbox->events);
	pthread_mutex_init(&inbox->lock, NULL);
	thread_condition(&inbox->arrived);
	return inbox;
}

void
lv_inbox_free(struct lv_inbox *inbox)
{
	if (inbox == NULL) {
		return;
	}
	pthread_cond_destroy(&inbox->arrived);
	pthread_mutex_destroy(&inbox->lock);
	lv_event_list_free(&inbox->events);
	free(inbox->filling);
	free(inbox->reading);
	free(inbox);
}

/* A domain's notice in the filling half, made if need be; NULL: full. */
static struct lv_notice *
notice_of(struct lv_inbox *inbox, const struct snap_uuid *uuid)
{
	struct lv_notice *notice;

	/* The newest are the likeliest: events of a domain come in runs. */
	for (size_t i = inbox->n_filling; i-- > 0;) {
		notice = &inbox->filling[i];
		if (memcmp(&notice->uuid, uuid, sizeof(*uuid)) == 0) {
			return notice;
		}
	}
	if (inbox->n_filling == INBOX_MAX) {
		return NULL;
	}
	notice = &inbox->filling[inbox->n_filling++];
	*notice = (struct lv_notice){ .uuid = *uuid,
	    .started_ms = SNAP_NO_TIME };
	return notice;
}

/* With the lock held.  trouble may be NULL. */
static void
mark(struct lv_inbox *inbox, const struct snap_uuid *uuid, unsigned dirty,
    const struct snap_trouble *trouble)
{
	struct lv_notice *notice = notice_of(inbox, uuid);

	if (notice == NULL) {
		inbox->overflow = true;
		return;
	}
	notice->dirty |= dirty;
	if (dirty & LV_DIRTY_STARTED) {
		notice->started_ms = clock_boot_ms();
	}
	if (trouble != NULL) {
		notice->trouble = *trouble;
	}
}

static void
put(struct lv_inbox *inbox, const struct snap_uuid *uuid, unsigned dirty,
    const struct snap_trouble *trouble)
{
	pthread_mutex_lock(&inbox->lock);
	mark(inbox, uuid, dirty, trouble);
	pthread_cond_signal(&inbox->arrived);
	pthread_mutex_unlock(&inbox->lock);
}

void
lv_inbox_put(struct lv_inbox *inbox, const struct snap_uuid *uuid,
    unsigned dirty)
{
	put(inbox, uuid, dirty, NULL);
}

void
lv_inbox_put_trouble(struct lv_inbox *inbox, const struct snap_uuid *uuid,
    enum snap_trouble_kind kind, const char *detail)
{
	struct snap_trouble trouble = { .kind = (int32_t)kind,
	    .at_s = (uint64_t)time(NULL) };
	char clean[TEXT_ADMIN_MAX + 1];
	size_t len = text_admin(clean, detail);

	/* Cut between two characters. */
	if (len >= sizeof(trouble.detail)) {
		len = sizeof(trouble.detail) - 1;
		while (len > 0 && (clean[len] & 0xc0) == 0x80) {
			len--;
		}
	}
	memcpy(trouble.detail, clean, len);
	put(inbox, uuid, LV_DIRTY_STATE, &trouble);
}

void
lv_inbox_put_event(struct lv_inbox *inbox, struct lv_event *event,
    unsigned dirty)
{
	pthread_mutex_lock(&inbox->lock);
	if (event != NULL) {
		mark(inbox, &event->uuid, dirty, NULL);
	}
	if (event == NULL || inbox->events.n == EVENTS_MAX) {
		inbox->overflow = true;
		inbox->lost++;
		lv_event_free(event);
	} else {
		lv_event_list_add(&inbox->events, event);
	}
	pthread_cond_signal(&inbox->arrived);
	pthread_mutex_unlock(&inbox->lock);
}

void
lv_inbox_close(struct lv_inbox *inbox)
{
	pthread_mutex_lock(&inbox->lock);
	inbox->closed = true;
	pthread_cond_signal(&inbox->arrived);
	pthread_mutex_unlock(&inbox->lock);
}

void
lv_inbox_wake(struct lv_inbox *inbox)
{
	pthread_mutex_lock(&inbox->lock);
	inbox->woken = true;
	pthread_cond_signal(&inbox->arrived);
	pthread_mutex_unlock(&inbox->lock);
}

void
lv_inbox_stop(struct lv_inbox *inbox)
{
	pthread_mutex_lock(&inbox->lock);
	inbox->stop = true;
	pthread_cond_signal(&inbox->arrived);
	pthread_mutex_unlock(&inbox->lock);
}

bool
lv_inbox_stopped(struct lv_inbox *inbox)
{
	bool stop;

	pthread_mutex_lock(&inbox->lock);
	stop = inbox->stop;
	pthread_mutex_unlock(&inbox->lock);
	return stop;
}

void
lv_inbox_resume(struct lv_inbox *inbox)
{
	pthread_mutex_lock(&inbox->lock);
	inbox->stop = false;
	pthread_mutex_unlock(&inbox->lock);
}

static bool
something_arrived(const struct lv_inbox *inbox)
{
	return inbox->n_filling > 0 || inbox->overflow || inbox->closed ||
	    inbox->woken || inbox->stop;
}

/* Sleeps on the monotonic clock until deadline_ms of the boot clock. */
static bool
sleep_until(struct lv_inbox *inbox, int64_t deadline_ms)
{
	struct timespec until = clock_at(CLOCK_MONOTONIC, deadline_ms);

	if (clock_boot_ms() >= deadline_ms) {
		return false;
	}
	return pthread_cond_timedwait(&inbox->arrived, &inbox->lock, &until) !=
	    ETIMEDOUT;
}

void
lv_inbox_wait(struct lv_inbox *inbox, int64_t deadline_ms,
    struct lv_batch *batch)
{
	struct lv_notice *emptied = inbox->reading;

	pthread_mutex_lock(&inbox->lock);
	while (!something_arrived(inbox) && sleep_until(inbox, deadline_ms)) {
		continue;
	}
	batch->notices = inbox->filling;
	batch->n = inbox->n_filling;
	lv_event_list_move(&batch->events, &inbox->events);
	batch->lost = inbox->lost;
	batch->overflow = inbox->overflow;
	batch->closed = inbox->closed;
	batch->stop = inbox->stop;
	inbox->reading = inbox->filling;
	inbox->filling = emptied;
	inbox->n_filling = 0;
	inbox->lost = 0;
	inbox->overflow = false;
	inbox->closed = false;
	inbox->woken = false;
	pthread_mutex_unlock(&inbox->lock);
}
