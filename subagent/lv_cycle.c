/* SPDX-License-Identifier: BSD-2-Clause */
/* A collector's cycle: connect, wait, refresh, publish. */
#include "lv_cycle.h"

#include <libvirt/virterror.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "exchange.h"
#include "log.h"
#include "lv_errand.h"
#include "lv_glance.h"
#include "lv_host.h"
#include "lv_inbox.h"
#include "lv_inquiry.h"
#include "lv_pool.h"
#include "lv_refresh.h"
#include "lv_watch.h"
#include "options.h"
#include "text.h"

/* A hypervisor that has returned is to be served within 15 s. */
#define BACKOFF_MAX_MS 10000

/* Between two looks that events call for; the first comes at once. */
#define EVENT_SPACING_MS 50

/* While a storm of events lasts, reading waits so long for its end, */
#define PUT_OFF_MS 200
/* but not longer than this. */
#define STORM_MAX_MS 2000

/* What is served of how this collector gets on. */
static void
note_link(struct lv_collector *c, enum snap_link_state link)
{
	struct snap_collector *served = &c->hv.collector;

	if (served->link != (int32_t)link) {
		served->link = (int32_t)link;
		served->link_since_ms = clock_boot_ms();
	}
}

static void
note_error(struct lv_collector *c, const char *text)
{
	text_admin(c->hv.collector.error, text);
}

/* Each change of what is wrong is logged once, attempts are not. */
static void
say_trouble(struct lv_collector *c, const char *what, const char *why)
{
	char now[sizeof(c->trouble)];

	snprintf(now, sizeof(now), "%s: %s", what, why);
	note_error(c, now);
	if (strcmp(now, c->trouble) != 0) {
		log_warn("%s: %s", c->hv.shown, now);
		memcpy(c->trouble, now, sizeof(now));
	}
}

/*
 * Only a refresh that succeeds makes good for what failed: a hypervisor that
 * breaks at the first question is not to be asked without a pause, nor to be
 * logged as connected each time.
 */
static void
say_well(struct lv_collector *c)
{
	if (!c->announced && !c->store.read_only) { /* --once has nobody to tell */
		log_notice("%s: connected", c->hv.shown);
	} else if (c->trouble[0] != '\0') {
		log_notice("%s: works again", c->hv.shown);
	}
	c->announced = true;
	c->trouble[0] = '\0';
	c->backoff_ms = LV_CYCLE_BACKOFF_MS;
}

static void
publish(struct lv_collector *c)
{
	int64_t stale_at_ms = c->good_ms +
	    (int64_t)c->hv.opts->stale_after_s * 1000;
	const struct snapshot *snap;

	/* Numbers must be on disk before anybody can remember them. */
	lv_store_save(&c->store, c->hv.ix, c->hv.shown);
	c->hv.collector.due_ms = c->due_ms;
	snap = lv_hv_snapshot(&c->hv, stale_at_ms);
	if (snap != NULL) {
		exchange_publish(c->ex, snap);
	}
}

static void
plan_attempt(struct lv_collector *c)
{
	/* Jitter: many agents must not return to a host in step. */
	int spread = rand_r(&c->jitter) % (c->backoff_ms / 2 + 1);

	c->due_ms = clock_boot_ms() + c->backoff_ms - spread;
	c->backoff_ms = c->backoff_ms * 2 < BACKOFF_MAX_MS ?
	    c->backoff_ms * 2 : BACKOFF_MAX_MS;
}

static void
disconnect(struct lv_collector *c, const char *why)
{
	say_trouble(c, "connection lost", why);
	lv_pool_retire(c->hv.pool);
	lv_conn_close(&c->hv.lc);
	c->connected = false;
	c->announced = false;
	note_link(c, SNAP_LINK_DOWN);
	plan_attempt(c);
	publish(c);
}

/* After a failed refresh: is it the connection, or just a call? */
static void
judge_failure(struct lv_collector *c)
{
	char why[sizeof(c->trouble)];

	/* The next libvirt call forgets it. */
	snprintf(why, sizeof(why), "%s", virGetLastErrorMessage());
	if (lv_conn_alive(&c->hv.lc)) {
		say_trouble(c, "cannot list domains", why);
		note_link(c, SNAP_LINK_UP);
		publish(c);
	} else {
		disconnect(c, why);
	}
}

/* What takes libvirtd long comes after the VMs. */
static void
complete_host(struct lv_collector *c)
{
	const struct snap_host *host = lv_host_read(&c->hv.lc,
	    c->hv.host->started_ms, true);

	c->host_complete = true;
	if (host != NULL) {
		snap_host_unref(c->hv.host);
		c->hv.host = host;
		publish(c);
	}
}

/* After a look that succeeded, and the snapshot that shows it. */
static void
compare(struct lv_collector *c)
{
	if (c->watch != NULL) {
		lv_watch_compare(c->watch, &c->hv, clock_boot_ms(), &c->notes);
		exchange_tell(c->ex, &c->notes);
	}
}

static void
refresh_succeeded(struct lv_collector *c, int64_t began_ms)
{
	struct snap_collector *served = &c->hv.collector;

	say_well(c);
	note_link(c, SNAP_LINK_UP);
	c->good_ms = clock_boot_ms();
	served->good_ms = c->good_ms;
	served->refreshes++;
	served->duration_ms = (uint64_t)(c->good_ms - began_ms);
	if (served->longest_ms == SNAP_NO_U64 ||
	    served->duration_ms > served->longest_ms) {
		served->longest_ms = served->duration_ms;
	}
	publish(c);
	compare(c);
	if (!c->host_complete) {
		complete_host(c);
	}
}

static void
refresh(struct lv_collector *c)
{
	int64_t began_ms = clock_boot_ms();

	c->due_ms = began_ms + (int64_t)c->hv.opts->refresh_interval_s * 1000;
	if (lv_refresh_all(&c->hv) == 0) {
		refresh_succeeded(c, began_ms);
	} else {
		c->hv.collector.failures++;
		judge_failure(c);
	}
}

/* Takes over a connection that a worker has opened, which passes over. */
static void
take_connection(struct lv_collector *c, struct lv_errand *opened)
{
	struct lv_hv *hv = &c->hv;
	const struct snap_host *host;

	lv_conn_adopt(&hv->lc, opened->conn, c->watch != NULL ? c->inbox :
	    NULL);
	opened->conn = NULL;
	lv_pool_place(hv->pool, c->where->uri != NULL ? c->where->uri :
	    opened->uri, hv->lc.in_process ? hv->lc.conn : NULL);
	/* A hypervisor elsewhere keeps its up time over reconnects. */
	host = lv_host_read(&hv->lc, hv->host != NULL ? hv->host->started_ms :
	    clock_boot_ms(), false);
	if (host == NULL) {
		say_trouble(c, "cannot connect", "out of memory");
		lv_conn_close(&hv->lc);
		return;
	}
	hv->collector.reconnects += hv->host != NULL;
	snap_host_unref(hv->host);
	hv->host = host;
	c->host_complete = false;
	c->connected = true;
}

/* An attempt failed, or is left to itself. */
static void
attempt_failed(struct lv_collector *c, const struct lv_news *news)
{
	char why[64];

	if (news->kind == LV_NEWS_HUNG) {
		snprintf(why, sizeof(why), "no answer for %d s",
		    c->hv.opts->call_timeout_s);
		say_trouble(c, "cannot connect", why);
	} else {
		say_trouble(c, "cannot connect", news->errand->why);
	}
	note_link(c, SNAP_LINK_DOWN);
	plan_attempt(c);
	publish(c);
}

/* What came of attempts to connect; true: a connection. */
static bool
look_for_connection(struct lv_collector *c)
{
	struct lv_news news;

	while (!c->connected &&
	    (news = lv_pool_news(c->hv.pool)).kind != LV_NEWS_NONE) {
		/* Also one that comes late is a connection. */
		if (news.errand != NULL && news.errand->conn != NULL) {
			take_connection(c, news.errand);
		} else if (news.kind == LV_NEWS_HUNG ||
		    news.kind == LV_NEWS_ANSWER) {
			attempt_failed(c, &news);
		}
		lv_errand_free(news.errand);
	}
	return c->connected;
}

/* Has a worker connect; it may take as long as it does. */
static void
attempt(struct lv_collector *c)
{
	struct lv_errand *errand = lv_errand_new(0);

	c->due_ms = clock_boot_ms() + c->hv.pool->timeout_ms;
	if (errand == NULL || !lv_pool_is_ready(c->hv.pool)) {
		/* One that hangs has to come back first. */
		lv_errand_free(errand);
		return;
	}
	lv_pool_place(c->hv.pool, c->where->uri, NULL);
	errand->open = true;
	if (!lv_pool_send(c->hv.pool, errand, c->hv.pool->timeout_ms)) {
		lv_errand_free(errand);
		say_trouble(c, "cannot connect", "no thread for it");
		plan_attempt(c);
	}
}

static void
begin(struct lv_collector *c)
{
	/* Whatever happened meanwhile sent its events to nobody. */
	lv_hv_mark_dirty(&c->hv);
	lv_inquiry_begin(&c->hv);
	refresh(c);
}

/* Does what is due. */
static void
act(struct lv_collector *c)
{
	if (!c->connected && look_for_connection(c)) {
		begin(c);
	} else if (clock_boot_ms() < c->due_ms) {
		return;
	} else if (c->connected) {
		refresh(c);
	} else {
		attempt(c);
	}
}

/* Events are facts even if what they are about could not be read. */
static void
watch_events(struct lv_collector *c, struct lv_batch *batch, bool known_only)
{
	lv_watch_events(c->watch, &c->hv, &batch->events, known_only,
	    clock_boot_ms(), &c->notes);
	exchange_tell(c->ex, &c->notes);
}

/*
 * Managers are not to wait until all that a storm changed has been read: looks
 * at the states alone, and puts off the rest until the storm is over.  False:
 * everything is to be read now.
 */
static bool
glance(struct lv_collector *c, struct lv_batch *batch)
{
	int64_t now_ms = clock_boot_ms();

	if (!lv_refresh_is_large(batch) || !lv_glance(&c->hv)) {
		return false;
	}
	publish(c);
	watch_events(c, batch, true);
	if (c->storm_until_ms < now_ms) {
		c->storm_until_ms = now_ms + STORM_MAX_MS;
	}
	if (!lv_refresh_put_off(&c->hv, batch)) {
		return false;
	}
	now_ms += PUT_OFF_MS;
	c->due_ms = now_ms < c->storm_until_ms ? now_ms : c->storm_until_ms;
	return true;
}

/* True if all that the batch made out of date was read. */
static bool
read_batch(struct lv_collector *c, struct lv_batch *batch)
{
	c->act_again_ms = clock_boot_ms() + EVENT_SPACING_MS;
	if (glance(c, batch)) {
		return false;
	}
	if (lv_refresh_batch(&c->hv, batch) != 0) {
		judge_failure(c);
		return false;
	}
	publish(c);
	return true;
}

static void
act_on(struct lv_collector *c, struct lv_batch *batch)
{
	bool read = false;

	if (c->hv.listing == 0) {
		/* All that happens before a first look is seen by that. */
		lv_event_list_free(&batch->events);
		batch->n = 0;
		batch->overflow = false;
	}
	if (c->connected && batch->closed) {
		disconnect(c, "closed by the other side");
	}
	if (c->connected && (batch->n > 0 || batch->overflow)) {
		read = read_batch(c, batch);
	}
	watch_events(c, batch, false);
	if (batch->lost > 0) {
		exchange_lose(c->ex, batch->lost);
	}
	if (read) {
		compare(c);
	}
}

/* The time until which there is nothing to do but to wait for events. */
static int64_t
settle(struct lv_collector *c)
{
	bool read = false;
	int64_t next_ms = c->due_ms, other_ms;

	other_ms = c->connected ? lv_refresh_settle(&c->hv, &read) :
	    lv_pool_due(c->hv.pool);
	next_ms = other_ms < next_ms ? other_ms : next_ms;
	if (read) {
		publish(c);
		compare(c);
	}
	other_ms = lv_watch_settle(c->watch, &c->hv, clock_boot_ms(),
	    &c->notes);
	exchange_tell(c->ex, &c->notes);
	return other_ms < next_ms ? other_ms : next_ms;
}

/* Events that come in floods are taken up together. */
static void
wait_a_moment(const struct lv_collector *c)
{
	int64_t left_ms = c->act_again_ms - clock_boot_ms();

	if (left_ms > 0) {
		usleep((useconds_t)(left_ms * 1000));
	}
}

void *
lv_cycle_run(void *arg)
{
	struct lv_collector *c = arg;
	struct lv_batch batch;

	while (!lv_inbox_stopped(c->inbox)) {
		act(c);
		wait_a_moment(c);
		lv_inbox_wait(c->inbox, settle(c), &batch);
		act_on(c, &batch);
	}
	return NULL;
}

int
lv_cycle_once(struct lv_collector *c)
{
	int rc = -1;

	attempt(c);
	lv_pool_wait(c->hv.pool, INT64_MAX);
	if (look_for_connection(c)) {
		refresh(c);
		rc = c->announced && c->trouble[0] == '\0' ? 0 : -1;
		lv_conn_close(&c->hv.lc);
	}
	return rc;
}
