/* SPDX-License-Identifier: BSD-2-Clause */
/* Decides which notifications notes become, and when. */
#include "notify.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "notify_burst.h"
#include "notify_fold.h"
#include "notify_keep.h"
#include "told.h"

struct notify {
	struct notify_status status;
	struct notify_item *first; /* what waits, in order */
	struct notify_item **end;
	struct fold fold; /* what is gathered, for later */
	struct keep keep;
	bool overflowed; /* there is more in fold than the switches ask for */
	struct burst burst;
	int64_t now_ms; /* the latest time seen */
	uint64_t handed_out;
	uint64_t sent; /* the item that was the last */
	bool begun;   /* all VMs that there were are known: told may be kept */
	bool starved; /* logged: out of memory */
	bool crowded; /* logged: too many wait */
};

struct notify *
notify_new(const struct notify_limits *limits, bool per_vm, bool bulk,
    struct told *told)
{
	struct notify *n = calloc(1, sizeof(*n));

	if (n == NULL) {
		return NULL;
	}
	burst_init(&n->burst, limits);
	n->end = &n->first;
	n->now_ms = INT64_MIN;
	fold_init(&n->fold);
	keep_init(&n->keep, told);
	n->begun = told != NULL && told_complete(told);
	notify_switch_per_vm(n, per_vm);
	notify_switch_bulk(n, bulk);
	return n;
}

void
notify_free(struct notify *n)
{
	struct notify_item *item;

	if (n == NULL) {
		return;
	}
	while ((item = n->first) != NULL) {
		n->first = item->next;
		notify_item_free(item);
	}
	fold_free(&n->fold);
	keep_free(&n->keep);
	free(n);
}

const struct notify_status *
notify_status(const struct notify *n)
{
	return &n->status;
}

void
notify_switch_per_vm(struct notify *n, bool on)
{
	n->status.per_vm = on ? SNAP_TRUE : SNAP_FALSE;
}

void
notify_switch_bulk(struct notify *n, bool on)
{
	n->status.bulk = on ? SNAP_TRUE : SNAP_FALSE;
}

void
notify_limit(struct notify *n, const struct notify_limits *limits)
{
	n->burst.limits = *limits;
}

bool
notify_is_idle(const struct notify *n)
{
	return n->first == NULL && n->fold.due_ms == INT64_MAX;
}

static void
look_at_clock(struct notify *n, int64_t now_ms)
{
	if (now_ms > n->now_ms) {
		n->now_ms = now_ms;
	}
	burst_look(&n->burst, n->now_ms);
}

/* --- what waits ----------------------------------------------------------- */

static bool
is_full(const struct notify *n)
{
	return n->status.waiting >= NOTIFY_WAITING_MAX;
}

static void
append(struct notify *n, struct notify_item *item)
{
	item->next = NULL;
	*n->end = item;
	n->end = &item->next;
	n->status.waiting++;
}

/* Whether something waits that changes what is to be remembered of a VM. */
static bool
is_awaited(const struct notify *n, uint32_t index)
{
	const struct notify_item *item = n->first;

	if (fold_tells(&n->fold, index)) {
		return true;
	}
	while (item != NULL && !(fold_kind_tells(item->kind) &&
	    fold_item_has(item, index))) {
		item = item->next;
	}
	return item != NULL;
}

/* Has what was gathered wait; not while too much does. */
static void
flush(struct notify *n)
{
	struct notify_item *item, *next;

	if (is_full(n)) {
		return;
	}
	for (item = fold_take(&n->fold); item != NULL; item = next) {
		next = item->next;
		append(n, item);
	}
	n->overflowed = false;
}

/* --- notes ---------------------------------------------------------------- */

static void
complain_once(struct notify *n)
{
	if (!n->starved) {
		log_error("out of memory: notifications are lost");
		n->starved = true;
	}
}

static void
drop(struct notify *n, struct note *note)
{
	n->status.suppressed++;
	n->status.dropped++;
	note_free(note);
}

/*
 * Not before all VMs that there were at a first start are in the table: those
 * that a killed process left out would be new to the next one.
 */
static void
save(struct notify *n)
{
	if (n->keep.told != NULL && n->begun) {
		told_flush(n->keep.told);
	}
}

void
notify_keep(struct notify *n)
{
	save(n);
}

/* To be remembered, but not told. */
static void
remember(struct notify *n, struct note *note)
{
	if (note->index == 0) {
		n->begun = true;
		save(n);
		note_free(note);
		return;
	}
	if (is_awaited(n, note->index)) {
		if (!keep_known(&n->keep, note)) {
			complain_once(n);
		}
		return;
	}
	keep_drop(&n->keep, note->index);
	keep_told(&n->keep, note);
	save(n);
	note_free(note);
}

static void
suppress(struct notify *n, struct note *note)
{
	n->status.suppressed++;
	if (fold_kind_tells(note->kind)) {
		remember(n, note);
	} else {
		note_free(note);
	}
}

/* To be told in bulk form only. */
static void
fold(struct notify *n, struct note *note)
{
	if (!fold_add(&n->fold, note->kind, note->index, true, n->now_ms)) {
		complain_once(n);
		drop(n, note);
		return;
	}
	n->status.suppressed++;
	n->status.folded++;
	if (!fold_kind_tells(note->kind)) {
		note_free(note);
	} else if (!keep_identity(&n->keep, note)) {
		complain_once(n);
	}
}

/* Whether a note told singly now would be so before one that came earlier. */
static bool
would_overtake(const struct notify *n, const struct note *note)
{
	return n->overflowed || fold_has(&n->fold, note->index) ||
	    (note->index == 0 && n->fold.has_only);
}

/* False: there is no memory, and the note is dropped. */
static bool
append_single(struct notify *n, struct note *note)
{
	struct notify_item *item = calloc(1, sizeof(*item));

	if (item == NULL) {
		complain_once(n);
		drop(n, note);
		return false;
	}
	item->note = note;
	item->kind = note->kind;
	append(n, item);
	return true;
}

static void
put_connection(struct notify *n, struct note *note)
{
	if (would_overtake(n, note)) {
		flush(n);
	}
	if (!is_full(n)) {
		append_single(n, note);
		return;
	}
	if (!n->crowded) {
		log_warn("too many notifications wait: those about the "
		         "connection are lost");
		n->crowded = true;
	}
	drop(n, note);
}

static void
put_single(struct notify *n, struct note *note)
{
	enum note_kind kind = note->kind;
	uint32_t index = note->index;
	bool spent = false;

	if (!is_full(n)) {
		spent = burst_is_spent(&n->burst, n->now_ms);
		n->burst.folded += spent ? 1 : 0;
	}
	if (!is_full(n) && !spent && would_overtake(n, note)) {
		flush(n);
	}
	if (is_full(n) || spent) {
		n->overflowed = true;
		fold(n, note);
		return;
	}
	n->burst.singles++;
	if (!append_single(n, note)) {
		return;
	}
	if (fold_kind_tells(kind)) {
		keep_supersede(&n->keep, index);
	}
	if (note_is_state(kind) && n->status.bulk == SNAP_TRUE &&
	    !fold_add(&n->fold, kind, index, false, n->now_ms)) {
		complain_once(n);
	}
}

void
notify_put(struct notify *n, struct note *note, int64_t now_ms)
{
	bool per_vm = n->status.per_vm == SNAP_TRUE;
	bool bulk = n->status.bulk == SNAP_TRUE;

	look_at_clock(n, now_ms);
	if (note->kind == NOTE_KNOWN) {
		remember(n, note);
	} else if (!per_vm && !bulk) {
		suppress(n, note);
	} else if (note->kind >= NOTE_CONN_LOST) {
		put_connection(n, note);
	} else if (note_is_state(note->kind) && !per_vm) {
		fold(n, note);
	} else {
		put_single(n, note);
	}
}

void
notify_lose(struct notify *n, uint64_t count)
{
	n->status.suppressed += count;
	n->status.dropped += count;
	log_warn("%" PRIu64 " changes came faster than they could be told, "
	    "and are lost", count);
}

/* --- notifications -------------------------------------------------------- */

int64_t
notify_due(const struct notify *n)
{
	int64_t due = burst_due(&n->burst);

	if (n->first != NULL) {
		return n->now_ms;
	}
	return due < n->fold.due_ms ? due : n->fold.due_ms;
}

struct notify_item *
notify_next(struct notify *n, int64_t now_ms)
{
	struct notify_item *item;

	look_at_clock(n, now_ms);
	if (n->now_ms >= n->fold.due_ms) {
		flush(n);
	}
	item = n->first;
	if (item == NULL) {
		return NULL;
	}
	n->first = item->next;
	if (n->first == NULL) {
		n->end = &n->first;
	}
	item->next = NULL;
	item->order = ++n->handed_out;
	n->status.waiting--;
	n->crowded = false;
	return item;
}

/* What was kept until nothing of these VMs waits. */
static void
settle(struct notify *n, uint32_t index)
{
	if (keep_has(&n->keep, index) && !is_awaited(n, index)) {
		keep_settle(&n->keep, index);
	}
}

static void
remember_told(struct notify *n, const struct notify_item *item)
{
	uint32_t v = 0;

	if (item->note != NULL) {
		keep_told(&n->keep, item->note);
		return;
	}
	while ((v = fold_next_bit(item->remember, item->vms_len, v)) != 0) {
		keep_told_bulk(&n->keep, v, item->kind);
	}
}

static void
settle_all(struct notify *n, const struct notify_item *item)
{
	uint32_t v = 0;

	if (item->note != NULL) {
		settle(n, item->note->index);
		return;
	}
	while (n->keep.n > 0 &&
	    (v = fold_next_bit(item->vms, item->vms_len, v)) != 0) {
		settle(n, v);
	}
}

static bool
is_kept(const struct notify *n, const struct notify_item *item)
{
	return n->keep.told != NULL && fold_kind_tells(item->kind);
}

void
notify_prepare(struct notify *n, struct notify_item *item)
{
	if (is_kept(n, item) && !item->remembered) {
		remember_told(n, item);
		item->remembered = true;
		if (n->begun) {
			told_prepare(n->keep.told);
		}
	}
}

void
notify_sent(struct notify *n, const struct notify_item *item)
{
	if (item->order <= n->sent) {
		return;
	}
	n->sent = item->order;
	n->status.sent++;
	n->status.sent_bulk += item->note == NULL ? 1 : 0;
	if (is_kept(n, item)) {
		if (!item->remembered) {
			remember_told(n, item);
		}
		save(n);
		settle_all(n, item);
		save(n);
	}
}

void
notify_unsent(struct notify *n, struct notify_item *item)
{
	if (item->order <= n->sent) {
		n->status.sent--;
		n->status.sent_bulk -= item->note == NULL ? 1 : 0;
		item->remembered = true;
	}
	item->next = n->first;
	n->first = item;
	if (item->next == NULL) {
		n->end = &item->next;
	}
	n->status.waiting++;
}
