/* SPDX-License-Identifier: BSD-2-Clause */
/* The watch's table of VMs, and the notes that are made of them. */
#include "lv_watched.h"

#include <libvirt/libvirt.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "lv_event.h"
#include "lv_hv.h"
#include "lv_transition.h"
#include "lv_watch.h"
#include "options.h"
#include "rfc7666.h"
#include "told.h"
#include "vm_index.h"

static void
free_vm(struct lv_watched *vm)
{
	if (vm != NULL) {
		snap_def_unref(vm->def);
		free(vm);
	}
}

void
lv_watch_free(struct lv_watch *watch)
{
	if (watch != NULL) {
		for (size_t i = 0; i < watch->n; i++) {
			free_vm(watch->vms[i]);
		}
		free(watch->vms);
		free(watch);
	}
}

/* The position of the first VM whose vmIndex is at least index. */
static size_t
seek(const struct lv_watch *watch, uint32_t index)
{
	size_t below = 0, end = watch->n;

	while (below < end) {
		size_t mid = below + (end - below) / 2;

		if (watch->vms[mid]->index < index) {
			below = mid + 1;
		} else {
			end = mid;
		}
	}
	return below;
}

static bool
has_uuid(const struct lv_watched *vm, const struct snap_uuid *uuid)
{
	return memcmp(&vm->uuid, uuid, sizeof(*uuid)) == 0;
}

struct lv_watched *
lv_watched_at(const struct lv_watch *watch, uint32_t index,
    const struct snap_uuid *uuid)
{
	for (size_t i = seek(watch, index);
	    i < watch->n && watch->vms[i]->index == index; i++) {
		if (has_uuid(watch->vms[i], uuid)) {
			return watch->vms[i];
		}
	}
	return NULL;
}

struct lv_watched *
lv_watched_find(const struct lv_watch *watch, const struct lv_hv *hv,
    const struct snap_uuid *uuid)
{
	uint32_t index = vm_index_find(hv->ix, uuid);

	if (index != 0) {
		return lv_watched_at(watch, index, uuid);
	}
	for (size_t i = 0; i < watch->n; i++) {
		if (has_uuid(watch->vms[i], uuid)) {
			return watch->vms[i];
		}
	}
	return NULL;
}

/* A definition with nothing but a name; NULL: out of memory. */
static const struct snap_def *
named_def(const char *name)
{
	struct snap_def *def = snap_def_new();

	if (def != NULL) {
		def->name = snap_def_text(def, name);
	}
	return def;
}

static bool
make_room(struct lv_watch *watch)
{
	size_t room = watch->room > 0 ? watch->room * 2 : 64;
	struct lv_watched **bigger;

	if (watch->n < watch->room) {
		return true;
	}
	bigger = reallocarray(watch->vms, room, sizeof(*bigger));
	if (bigger == NULL) {
		return false;
	}
	watch->vms = bigger;
	watch->room = room;
	return true;
}

struct lv_watched *
lv_watched_add(struct lv_watch *watch, uint32_t index,
    const struct snap_uuid *uuid, const struct snap_def *def,
    const char *name)
{
	struct lv_watched *vm = make_room(watch) ? calloc(1, sizeof(*vm)) :
	    NULL;
	size_t i;

	if (vm == NULL) {
		return NULL;
	}
	*vm = (struct lv_watched){ .uuid = *uuid, .index = index,
	    .def = def != NULL ? snap_def_ref(def) : named_def(name),
	    .noted = OPER_SHUTDOWN, .persistent = TRI_UNKNOWN };
	if (vm->def == NULL) {
		free(vm);
		return NULL;
	}
	i = seek(watch, index + 1);
	memmove(watch->vms + i + 1, watch->vms + i,
	    (watch->n - i) * sizeof(*watch->vms));
	watch->vms[i] = vm;
	watch->n++;
	return vm;
}

static bool
remember(struct lv_watch *watch, uint32_t index, const struct told_vm *told)
{
	struct lv_watched *vm = lv_watched_add(watch, index, &told->uuid, NULL,
	    told->name);

	if (vm == NULL) {
		return false;
	}
	vm->noted = told->state;
	vm->persistent = told->persistent;
	vm->announced = true;
	return true;
}

struct lv_watch *
lv_watch_new(const struct told *told, const struct options *opts)
{
	struct lv_watch *watch = calloc(1, sizeof(*watch));
	uint32_t end = told != NULL ? told_end(told) : 0;
	struct told_vm vm;
	bool ok = watch != NULL;

	if (ok) {
		watch->baseline = told == NULL || !told_complete(told);
	}
	for (uint32_t i = 1; ok && i < end; i++) {
		ok = !told_get(told, i, &vm) ||
		    !options_domain_wanted(opts, vm.name) ||
		    remember(watch, i, &vm);
	}
	if (!ok) {
		lv_watch_free(watch);
		watch = NULL;
	}
	return watch;
}

void
lv_watch_retain(struct lv_watch *watch, const struct options *opts)
{
	size_t n = 0;

	for (size_t i = 0; i < watch->n; i++) {
		struct lv_watched *vm = watch->vms[i];

		if (vm->def->name == NULL ||
		    options_domain_wanted(opts, vm->def->name)) {
			watch->vms[n++] = vm;
		} else {
			free_vm(vm);
		}
	}
	watch->n = n;
}

const struct lv_domain *
lv_watched_domain(const struct lv_watched *vm, const struct lv_hv *hv)
{
	const struct lv_domain *d = lv_hv_at(hv, vm->index);

	return d != NULL && has_uuid(vm, &d->uuid) ? d : NULL;
}

int32_t
lv_watched_seen(const struct lv_watched *vm, const struct lv_hv *hv,
    int64_t since_ms)
{
	const struct lv_domain *d = lv_watched_domain(vm, hv);

	return d != NULL && d->record != NULL && d->state_ms >= since_ms ?
	    d->record->oper_state : 0;
}

struct note *
lv_watched_note(struct lv_watch *watch, const struct lv_watched *vm,
    const struct lv_hv *hv, enum note_kind kind, const char *detail)
{
	const struct lv_domain *d = lv_watched_domain(vm, hv);
	struct note *note = note_new(kind, detail);

	if (note == NULL) {
		if (!watch->failed) {
			log_error("out of memory: notifications are lost");
		}
		watch->failed = true;
		return NULL;
	}
	note->index = vm->index;
	note->uuid = vm->uuid;
	note->def = snap_def_ref(vm->def);
	note->prior = vm->noted;
	note->state = vm->noted;
	note->persistent = vm->persistent;
	note->virt_state = SNAP_NO_I32;
	note->virt_reason = SNAP_NO_I32;
	if (d != NULL && d->record != NULL) {
		note->virt_state = d->record->state;
		note->virt_reason = d->record->reason;
	}
	return note;
}

void
lv_watched_put(struct lv_watch *watch, const struct lv_watched *vm,
    const struct lv_hv *hv, enum note_kind kind, const char *detail,
    struct note_list *notes)
{
	struct note *note = lv_watched_note(watch, vm, hv, kind, detail);

	if (note != NULL) {
		note_list_add(notes, note);
	}
}

void
lv_watched_announce(struct lv_watch *watch, struct lv_watched *vm,
    const struct lv_hv *hv, struct note_list *notes)
{
	if (!vm->announced) {
		lv_watched_put(watch, vm, hv, NOTE_CREATED, NULL, notes);
		vm->announced = true;
	}
}

/* Whether a migration that was noted has come to its good end. */
static bool
has_migrated(const struct lv_watched *vm, const struct lv_hv *hv,
    const struct lv_event *event, int32_t to)
{
	const struct lv_domain *d = lv_watched_domain(vm, hv);

	if (vm->incoming) {
		return !lv_transition_is_off(to);
	}
	if (event != NULL) {
		return event->type == VIR_DOMAIN_EVENT_STOPPED &&
		    event->detail == VIR_DOMAIN_EVENT_STOPPED_MIGRATED;
	}
	return d != NULL && d->state.state == VIR_DOMAIN_SHUTOFF &&
	    d->state.reason == VIR_DOMAIN_SHUTOFF_MIGRATED;
}

/* Whether it has arrived, which may be all that was seen of its coming in. */
static bool
has_arrived(const struct lv_watched *vm, const struct lv_hv *hv,
    const struct lv_event *event)
{
	const struct lv_domain *d = lv_watched_domain(vm, hv);

	if (event != NULL) {
		return event->type == VIR_DOMAIN_EVENT_RESUMED &&
		    event->detail == VIR_DOMAIN_EVENT_RESUMED_MIGRATED &&
		    !vm->outgoing;
	}
	return d != NULL && d->state.state == VIR_DOMAIN_RUNNING &&
	    d->state.reason == VIR_DOMAIN_RUNNING_MIGRATED && !vm->outgoing;
}

static void
end_migration(struct lv_watch *watch, struct lv_watched *vm,
    const struct lv_hv *hv, const struct lv_event *event, int32_t to,
    struct note_list *notes)
{
	vm->incoming |= has_arrived(vm, hv, event);
	/* Pausing is no end of a migration, unless it arrives paused. */
	if (to != OPER_PAUSED || vm->incoming) {
		lv_watched_put(watch, vm, hv,
		    has_migrated(vm, hv, event, to) ?
		    NOTE_MIGRATION_FINISHED : NOTE_MIGRATION_FAILED,
		    vm->incoming ? "incoming" : "outgoing", notes);
	}
}

/* Which way it goes: known if it was seen to start, or to run before. */
static void
begin_migration(struct lv_watched *vm, const struct lv_event *event)
{
	vm->incoming = event != NULL &&
	    event->type == VIR_DOMAIN_EVENT_STARTED;
	vm->outgoing = !vm->incoming && !lv_transition_is_off(vm->noted);
}

void
lv_watched_change(struct lv_watch *watch, struct lv_watched *vm,
    const struct lv_hv *hv, const struct lv_event *event, int32_t to,
    struct note_list *notes)
{
	enum note_kind kind = note_of_state(to);
	struct note *note;

	if (kind == NOTE_KNOWN || to == vm->noted) {
		return;
	}
	if (vm->noted == OPER_MIGRATING) {
		end_migration(watch, vm, hv, event, to, notes);
	} else if (to == OPER_MIGRATING) {
		begin_migration(vm, event);
	}
	note = lv_watched_note(watch, vm, hv, kind, NULL);
	if (note != NULL) {
		note->state = to;
		note_list_add(notes, note);
	}
	vm->noted = to;
	for (int i = 0; i < LV_WATCHED_RECENT && to != OPER_PAUSED; i++) {
		if (vm->recent[i].kind == NOTE_IO_ERROR) {
			vm->recent[i].kind = NOTE_KNOWN; /* news again */
		}
	}
}

void
lv_watched_delete(struct lv_watch *watch, struct lv_watched *vm,
    const struct lv_hv *hv, struct note_list *notes)
{
	size_t i = seek(watch, vm->index);
	struct note *note = vm->announced ?
	    lv_watched_note(watch, vm, hv, NOTE_DELETED, NULL) : NULL;

	if (note != NULL) {
		note->state = 0;
		note_list_add(notes, note);
	}
	while (watch->vms[i] != vm) {
		i++;
	}
	watch->n--;
	memmove(watch->vms + i, watch->vms + i + 1,
	    (watch->n - i) * sizeof(*watch->vms));
	free_vm(vm);
}
