/* SPDX-License-Identifier: BSD-2-Clause */
/* The watch: what was noted last of each VM, and what its changes make. */
#include "lv_watch.h"

#include <libvirt/libvirt.h>
#include <string.h>
#include <time.h>

#include "lv_event.h"
#include "lv_hv.h"
#include "lv_transition.h"
#include "lv_watched.h"
#include "options.h"
#include "rfc7666.h"
#include "vm_index.h"

/*
 * Events that come within so long after a difference was noted without them,
 * and lead away from what is seen, are those that explain it.
 */
#define LATE_EVENTS_MS 1000

/*
 * Events that libvirt sends more than once for what happened once, and how
 * long one is enough: I/O errors for each request, at a few thousand a second
 * if the guest goes on; a reboot two or three times within 100 ms; a threshold
 * once for the disk and once for its image.
 */
static int64_t
within(enum note_kind kind)
{
	return kind == NOTE_IO_ERROR ? 10000 :
	    kind == NOTE_REBOOTED || kind == NOTE_THRESHOLD ? 1000 : 0;
}

/* --- events --------------------------------------------------------------- */

/*
 * The VM that an event is about.  One that came and went before it could be
 * looked at gets its number all the same: something did happen.
 */
static struct lv_watched *
vm_of(struct lv_watch *watch, struct lv_hv *hv, const struct lv_event *event)
{
	struct lv_watched *vm = lv_watched_find(watch, hv, &event->uuid);
	const struct lv_domain *d = lv_hv_find(hv, &event->uuid);
	uint32_t index;

	if (vm != NULL || (d == NULL && (event->name == NULL ||
	    !options_domain_wanted(hv->opts, event->name)))) {
		return vm;
	}
	index = vm_index_vm(hv->ix, &event->uuid);
	if (d == NULL) {
		vm_index_delete(hv->ix, &event->uuid, time(NULL));
	}
	vm = index == 0 ? NULL : lv_watched_add(watch, index, &event->uuid,
	    d != NULL ? d->def : NULL, event->name);
	if (vm != NULL) {
		vm->persistent = d != NULL ? d->persistent :
		    event->type == VIR_DOMAIN_EVENT_DEFINED ? TRI_YES : TRI_NO;
	}
	return vm;
}

static bool
is_named(const struct snap_disk_def *disk, const char *device)
{
	/* "vda[2]" is an image below vda's own. */
	size_t len = strcspn(device, "[");

	return (disk->alias != NULL && strcmp(disk->alias, device) == 0) ||
	    (disk->target != NULL && strlen(disk->target) == len &&
		memcmp(disk->target, device, len) == 0);
}

/*
 * The number of the disk that an event names by alias or target, and its
 * target; 0, and the name that was given, if there is no such disk (any more).
 */
static uint32_t
disk_of(const struct lv_domain *d, const char *device, const char **target)
{
	*target = device;
	for (size_t i = 0; device != NULL && d != NULL && d->def != NULL &&
	    i < d->def->n_disks; i++) {
		if (is_named(&d->def->disks[i], device)) {
			*target = d->def->disks[i].target;
			return d->disk_indices[i];
		}
	}
	return 0;
}

static bool
is_repeated(struct lv_watched *vm, enum note_kind kind, uint32_t disk,
    int64_t now_ms)
{
	int64_t within_ms = within(kind);
	size_t oldest = 0;

	if (within_ms == 0) {
		return false;
	}
	for (size_t i = 0; i < LV_WATCHED_RECENT; i++) {
		if (vm->recent[i].kind == kind && vm->recent[i].disk == disk &&
		    now_ms - vm->recent[i].at_ms < within_ms) {
			return true;
		}
		if (vm->recent[i].at_ms < vm->recent[oldest].at_ms) {
			oldest = i;
		}
	}
	vm->recent[oldest].kind = kind;
	vm->recent[oldest].disk = disk;
	vm->recent[oldest].at_ms = now_ms;
	return false;
}

/* A guest that was reset while paused says so again when it goes on. */
static void
note_reset(struct lv_watched *vm, const struct lv_event *event,
    int64_t now_ms)
{
	if (event->kind == NOTE_REBOOTED) {
		vm->reset = vm->noted == OPER_PAUSED;
	} else if (event->type == VIR_DOMAIN_EVENT_RESUMED && vm->reset) {
		vm->reset = false;
		(void)is_repeated(vm, NOTE_REBOOTED, 0, now_ms);
	}
}

/* What is to be told as it is. */
static void
pass_on(struct lv_watch *watch, struct lv_watched *vm, const struct lv_hv *hv,
    const struct lv_event *event, int64_t now_ms, struct note_list *notes)
{
	const char *target;
	uint32_t disk = disk_of(lv_watched_domain(vm, hv), event->device,
	    &target);
	struct note *note;

	note_reset(vm, event, now_ms);
	if (is_repeated(vm, event->kind, disk, now_ms)) {
		return;
	}
	note = lv_watched_note(watch, vm, hv, event->kind, event->text);
	if (note != NULL) {
		note->disk = disk;
		note->device = target != NULL ? strdup(target) : NULL;
		note->action = event->action;
		note->outcome = event->outcome;
		note_list_add(notes, note);
	}
}

/* A change of state. */
static void
follow(struct lv_watch *watch, struct lv_watched *vm, const struct lv_hv *hv,
    const struct lv_event *event, int64_t now_ms, struct note_list *notes)
{
	struct lv_transition t = {
		.type = event->type,
		.detail = event->detail,
		.later_type = event->later != NULL ? event->later->type : -1,
		.later_detail = event->later != NULL ?
		    event->later->detail : 0,
		.noted = vm->noted,
		.seen = lv_watched_seen(vm, hv, event->at_ms),
		.resumes_first = hv->lc.resumes_first,
	};
	int32_t states[LV_TRANSITION_MAX];
	size_t n = lv_transition_states(&t, states);
	bool late = vm->looked_ms != 0 &&
	    now_ms - vm->looked_ms < LATE_EVENTS_MS && t.seen == vm->noted;

	for (size_t i = 0; i < n; i++) {
		if (states[i] == vm->noted || !late) {
			lv_watched_change(watch, vm, hv, event, states[i],
			    notes);
			vm->looked_ms = 0;
			late = false;
		}
	}
	note_reset(vm, event, now_ms);
}

/* A row that was not read since is that of the VM that is gone. */
static void
forget_unread(struct lv_hv *hv, const struct lv_event *event)
{
	const struct lv_domain *d = lv_hv_find(hv, &event->uuid);

	if (d != NULL && d->state_ms < event->at_ms) {
		lv_hv_remove(hv, &event->uuid);
	}
}

/* A transient VM is gone once it has ended: this is another of its UUID. */
static bool
is_another(const struct lv_watched *vm, const struct lv_event *event)
{
	return vm->announced && vm->persistent == TRI_NO &&
	    (vm->noted == OPER_SHUTDOWN || vm->noted == OPER_SUSPENDED) &&
	    (event->type == VIR_DOMAIN_EVENT_DEFINED ||
		event->type == VIR_DOMAIN_EVENT_STARTED ||
		event->type == VIR_DOMAIN_EVENT_RESUMED);
}

static void
handle(struct lv_watch *watch, struct lv_hv *hv, const struct lv_event *event,
    int64_t now_ms, struct note_list *notes)
{
	struct lv_watched *vm = vm_of(watch, hv, event);

	if (vm != NULL && is_another(vm, event)) {
		lv_watched_delete(watch, vm, hv, notes);
		vm = vm_of(watch, hv, event);
	}
	if (vm == NULL) {
		return;
	}
	if (event->type == VIR_DOMAIN_EVENT_DEFINED) {
		vm->persistent = TRI_YES;
	}
	if (event->type >= 0) {
		vm->event_ms = event->at_ms;
	}
	/* A VM that is up goes on without a definition. */
	if (event->type == VIR_DOMAIN_EVENT_UNDEFINED &&
	    (event->detail != VIR_DOMAIN_EVENT_UNDEFINED_REMOVED ||
		!lv_transition_is_off(vm->noted))) {
		return;
	}
	lv_watched_announce(watch, vm, hv, notes);
	if (event->type == VIR_DOMAIN_EVENT_UNDEFINED) {
		lv_watched_delete(watch, vm, hv, notes);
		forget_unread(hv, event);
	} else if (event->type < 0) {
		pass_on(watch, vm, hv, event, now_ms, notes);
	} else {
		follow(watch, vm, hv, event, now_ms, notes);
	}
}

/* Has each life cycle event know the next one of the same VM. */
static void
link_events(struct lv_watch *watch, struct lv_hv *hv,
    struct lv_event_list *events)
{
	for (struct lv_event *e = events->first; e != NULL; e = e->next) {
		struct lv_watched *vm = e->type < 0 ? NULL :
		    vm_of(watch, hv, e);

		if (vm != NULL && vm->last != NULL) {
			vm->last->later = e;
		}
		if (vm != NULL) {
			vm->last = e;
		}
	}
	for (size_t i = 0; i < watch->n; i++) {
		watch->vms[i]->last = NULL;
	}
}

/* Moves the events of VMs that are not known to later. */
static void
set_aside(const struct lv_watch *watch, const struct lv_hv *hv,
    struct lv_event_list *events, struct lv_event_list *later)
{
	struct lv_event_list known;
	struct lv_event *e = events->first, *next;

	lv_event_list_init(&known);
	lv_event_list_init(later);
	for (; e != NULL; e = next) {
		next = e->next;
		lv_event_list_add(lv_watched_find(watch, hv, &e->uuid) !=
		    NULL ? &known : later, e);
	}
	lv_event_list_move(events, &known);
}

void
lv_watch_events(struct lv_watch *watch, struct lv_hv *hv,
    struct lv_event_list *events, bool known_only, int64_t now_ms,
    struct note_list *notes)
{
	struct lv_event_list later;

	lv_event_list_init(&later);
	if (known_only) {
		set_aside(watch, hv, events, &later);
	}
	link_events(watch, hv, events);
	for (struct lv_event *e = events->first; e != NULL; e = e->next) {
		handle(watch, hv, e, now_ms, notes);
	}
	lv_event_list_free(events);
	lv_event_list_move(events, &later);
}

/* --- looks ---------------------------------------------------------------- */

/* Somebody renamed it, or made it persistent; it is remembered like that. */
static void
update(struct lv_watch *watch, struct lv_watched *vm, const struct lv_hv *hv,
    const struct lv_domain *d, struct note_list *notes)
{
	const struct snap_def *before = vm->def;
	bool same;

	if (d->def == NULL || (d->def == before &&
	    d->persistent == vm->persistent)) {
		return;
	}
	same = d->persistent == vm->persistent && before->name != NULL &&
	    d->def->name != NULL && strcmp(before->name, d->def->name) == 0;
	vm->def = snap_def_ref(d->def);
	vm->persistent = d->persistent;
	snap_def_unref(before);
	if (!same && vm->announced) {
		lv_watched_put(watch, vm, hv, NOTE_KNOWN, NULL, notes);
	}
}

/* When nothing was told yet, the VMs there are are just as they are. */
static void
take_as_is(struct lv_watch *watch, struct lv_watched *vm,
    const struct lv_hv *hv, int64_t now_ms, struct note_list *notes)
{
	int32_t seen = lv_watched_seen(vm, hv, 0);

	if (note_of_state(seen) != NOTE_KNOWN) {
		vm->noted = seen;
	}
	vm->announced = true;
	vm->looked_ms = now_ms;
	lv_watched_put(watch, vm, hv, NOTE_KNOWN, NULL, notes);
}

/* That all VMs that there are were made known. */
static void
put_known(struct note_list *notes)
{
	struct note *note = note_new(NOTE_KNOWN, NULL);

	if (note != NULL) {
		note_list_add(notes, note);
	}
}

static void
ensure_all(struct lv_watch *watch, const struct lv_hv *hv, int64_t now_ms,
    struct note_list *notes)
{
	for (size_t i = 0; i < hv->n_domains; i++) {
		const struct lv_domain *d = hv->domains[i];
		struct lv_watched *vm = lv_watched_at(watch, d->index,
		    &d->uuid);

		if (vm == NULL && d->def != NULL) {
			vm = lv_watched_add(watch, d->index, &d->uuid, d->def,
			    NULL);
		}
		if (vm == NULL) {
			continue;
		}
		update(watch, vm, hv, d, notes);
		if (!vm->announced && watch->baseline) {
			take_as_is(watch, vm, hv, now_ms, notes);
		}
	}
	if (watch->baseline) {
		/* Only then does a VM that is not known count as new. */
		put_known(notes);
		watch->baseline = false;
	}
}

static bool
differs(const struct lv_watched *vm, const struct lv_hv *hv)
{
	int32_t seen = lv_watched_seen(vm, hv, vm->event_ms);

	return !vm->announced || lv_watched_domain(vm, hv) == NULL ||
	    (seen != vm->noted && note_of_state(seen) != NOTE_KNOWN);
}

void
lv_watch_compare(struct lv_watch *watch, const struct lv_hv *hv,
    int64_t now_ms, struct note_list *notes)
{
	ensure_all(watch, hv, now_ms, notes);
	for (size_t i = 0; i < watch->n; i++) {
		struct lv_watched *vm = watch->vms[i];

		if (!differs(vm, hv)) {
			vm->differs_ms = 0;
		} else if (vm->differs_ms == 0) {
			vm->differs_ms = now_ms;
		}
	}
}

/* True if the VM was forgotten. */
static bool
settle(struct lv_watch *watch, struct lv_watched *vm, const struct lv_hv *hv,
    int64_t now_ms, struct note_list *notes)
{
	vm->differs_ms = 0;
	if (lv_watched_domain(vm, hv) == NULL) {
		lv_watched_delete(watch, vm, hv, notes);
		return true;
	}
	lv_watched_announce(watch, vm, hv, notes);
	lv_watched_change(watch, vm, hv, NULL,
	    lv_watched_seen(vm, hv, vm->event_ms), notes);
	vm->looked_ms = now_ms;
	return false;
}

int64_t
lv_watch_settle(struct lv_watch *watch, const struct lv_hv *hv,
    int64_t now_ms, struct note_list *notes)
{
	int64_t next_ms = INT64_MAX;
	size_t i = 0;

	while (i < watch->n) {
		struct lv_watched *vm = watch->vms[i];
		int64_t due_ms = LV_WATCH_GRACE_MS +
		    (vm->differs_ms > vm->event_ms ? vm->differs_ms :
			vm->event_ms);

		if (vm->differs_ms != 0 && due_ms <= now_ms) {
			if (settle(watch, vm, hv, now_ms, notes)) {
				continue;
			}
		} else if (vm->differs_ms != 0 && due_ms < next_ms) {
			next_ms = due_ms;
		}
		i++;
	}
	return next_ms;
}
