/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests lv_watch.c: which notes events and looks make, once and in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <libvirt/libvirt.h>

#include "lv_event.h"
#include "lv_hv.h"
#include "lv_watch.h"
#include "note.h"
#include "options.h"
#include "rfc7666.h"
#include "told.h"
#include "vm_index.h"

#define SHORT (LV_WATCH_GRACE_MS / 10)
#define LONG (LV_WATCH_GRACE_MS + 1)

struct fixture {
	struct options opts;
	struct lv_hv hv;
	struct lv_watch *watch;
	struct lv_event_list events;
	struct note_list notes;
	int64_t now_ms;
	char dir[32];
	char path[64];
	char told_path[64];
	char said[4096]; /* what the notes told */
};

static const char *const kinds[NOTE_KINDS] = {
	[NOTE_KNOWN] = "known", [NOTE_RUNNING] = "running",
	[NOTE_SHUTTINGDOWN] = "shuttingdown", [NOTE_SHUTDOWN] = "shutdown",
	[NOTE_PAUSED] = "paused", [NOTE_SUSPENDING] = "suspending",
	[NOTE_SUSPENDED] = "suspended", [NOTE_RESUMING] = "resuming",
	[NOTE_MIGRATING] = "migrating", [NOTE_CRASHED] = "crashed",
	[NOTE_DELETED] = "deleted", [NOTE_CREATED] = "created",
	[NOTE_PANICKED] = "panicked", [NOTE_IO_ERROR] = "ioerror",
	[NOTE_WATCHDOG] = "watchdog",
	[NOTE_BLOCK_JOB_FINISHED] = "jobfinished",
	[NOTE_BLOCK_JOB_FAILED] = "jobfailed",
	[NOTE_REMOVAL_FAILED] = "removalfailed",
	[NOTE_MEMORY_FAILURE] = "memoryfailure", [NOTE_REBOOTED] = "rebooted",
	[NOTE_MIGRATION_FINISHED] = "migrated",
	[NOTE_MIGRATION_FAILED] = "migrationfailed",
	[NOTE_THRESHOLD] = "threshold",
};

static struct snap_uuid
uuid_of(unsigned number)
{
	struct snap_uuid uuid = { { 0 } };

	uuid.octets[15] = (uint8_t)number;
	return uuid;
}

/* --- the world ------------------------------------------------------------ */

/* VM number is there, in that state as of now. */
static void
see(struct fixture *f, unsigned number, int32_t oper_state)
{
	struct snap_uuid uuid = uuid_of(number);
	struct lv_domain *d = lv_hv_ensure(&f->hv, &uuid);
	struct snap_domain *record;
	struct snap_def *def;
	char name[16];

	assert_non_null(d);
	if (d->def == NULL) {
		snprintf(name, sizeof(name), "vm%u", number);
		def = snap_def_new();
		assert_non_null(def);
		def->name = snap_def_text(def, name);
		def->n_disks = 1;
		def->disks = snap_def_alloc(def, 1, sizeof(*def->disks));
		def->disks[0].target = "vda";
		def->disks[0].alias = "virtio-disk0";
		d->def = def;
		d->disk_indices = calloc(1, sizeof(uint32_t));
		d->disk_indices[0] = 7;
		d->persistent = TRI_YES;
	}
	record = snap_domain_new(d->def, NULL, 0);
	assert_non_null(record);
	record->oper_state = oper_state;
	record->state = 1;
	snap_domain_unref(d->record);
	d->record = record;
	d->state_ms = f->now_ms;
}

static void
gone(struct fixture *f, unsigned number)
{
	struct snap_uuid uuid = uuid_of(number);

	lv_hv_remove(&f->hv, &uuid);
}

static struct lv_event *
add_event(struct fixture *f, unsigned number)
{
	struct snap_uuid uuid = uuid_of(number);
	char name[16];
	struct lv_event *event;

	snprintf(name, sizeof(name), "vm%u", number);
	event = lv_event_new(&uuid, name, "virtio-disk0", "words");
	assert_non_null(event);
	event->at_ms = f->now_ms;
	lv_event_list_add(&f->events, event);
	return event;
}

static void
event(struct fixture *f, unsigned number, int type, int detail)
{
	struct lv_event *e = add_event(f, number);

	e->type = type;
	e->detail = detail;
}

#define EVENT(f, number, type, detail)                                        \
	event(f, number, VIR_DOMAIN_EVENT_##type,                             \
	    (int)VIR_DOMAIN_EVENT_##type##_##detail)

static void
note_event(struct fixture *f, unsigned number, enum note_kind kind)
{
	add_event(f, number)->kind = kind;
}

/* --- what the watch says -------------------------------------------------- */

/* "1:running<shutdown" is VM 1, running, shut down before. */
static const char *
drain(struct fixture *f)
{
	size_t used = 0;
	struct note *note;

	f->said[0] = '\0';
	while ((note = note_list_take(&f->notes)) != NULL) {
		used += (size_t)snprintf(f->said + used,
		    sizeof(f->said) - used, "%s%u:%s", used > 0 ? " " : "",
		    note->uuid.octets[15], kinds[note->kind]);
		if (note_is_state(note->kind)) {
			used += (size_t)snprintf(f->said + used,
			    sizeof(f->said) - used, "<%s",
			    kinds[note_of_state(note->prior)]);
			assert_true(note->state == 0 ||
			    note_of_state(note->state) == note->kind);
		}
		note_free(note);
	}
	return f->said;
}

/* A batch of events, after which the VMs were looked at. */
static const char *
feed(struct fixture *f)
{
	lv_watch_events(f->watch, &f->hv, &f->events, false, f->now_ms,
	    &f->notes);
	assert_null(f->events.first);
	lv_watch_compare(f->watch, &f->hv, f->now_ms, &f->notes);
	(void)lv_watch_settle(f->watch, &f->hv, f->now_ms, &f->notes);
	return drain(f);
}

/* A look at all VMs after some time. */
static const char *
look_after(struct fixture *f, int64_t ms)
{
	f->now_ms += ms;
	return feed(f);
}

static const char *
settle_after(struct fixture *f, int64_t ms)
{
	f->now_ms += ms;
	(void)lv_watch_settle(f->watch, &f->hv, f->now_ms, &f->notes);
	return drain(f);
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(options_init(&f->opts), 0);
	strcpy(f->dir, "/tmp/vmmibd-test-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/indices", f->dir);
	snprintf(f->told_path, sizeof(f->told_path), "%s/told", f->dir);
	f->hv.opts = &f->opts;
	f->hv.lc.resumes_first = true;
	f->hv.ix = vm_index_open(f->path);
	assert_non_null(f->hv.ix);
	f->now_ms = 1000000;
	lv_event_list_init(&f->events);
	note_list_init(&f->notes);
	f->watch = lv_watch_new(NULL, &f->opts);
	assert_non_null(f->watch);
	/* Two VMs that are there from the beginning are no news. */
	see(f, 1, OPER_SHUTDOWN);
	see(f, 2, OPER_RUNNING);
	assert_string_equal(feed(f), "1:known 2:known 0:known");
	f->now_ms += 20000;
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	lv_watch_free(f->watch);
	lv_event_list_free(&f->events);
	note_list_free(&f->notes);
	lv_hv_free(&f->hv);
	options_free(&f->opts);
	unlink(f->path);
	unlink(f->told_path);
	rmdir(f->dir);
	free(f);
	return 0;
}

/* --- a life --------------------------------------------------------------- */

static void
test_start(void **state)
{
	struct fixture *f = *state;

	EVENT(f, 1, RESUMED, UNPAUSED);
	EVENT(f, 1, STARTED, BOOTED);
	see(f, 1, OPER_RUNNING);
	assert_string_equal(feed(f), "1:running<shutdown");
	assert_string_equal(look_after(f, LONG), "");
}

static void
test_start_without_resumed(void **state)
{
	struct fixture *f = *state;

	f->hv.lc.resumes_first = false;
	EVENT(f, 1, STARTED, BOOTED);
	EVENT(f, 1, SUSPENDED, PAUSED);
	see(f, 1, OPER_PAUSED);
	assert_string_equal(feed(f), "1:running<shutdown 1:paused<running");
}

/* One that is started paused has not been running, in a batch or in two. */
static void
test_start_paused(void **state)
{
	struct fixture *f = *state;

	EVENT(f, 1, STARTED, BOOTED);
	EVENT(f, 1, SUSPENDED, PAUSED);
	see(f, 1, OPER_PAUSED);
	assert_string_equal(feed(f), "1:paused<shutdown");
	EVENT(f, 1, STOPPED, DESTROYED);
	see(f, 1, OPER_SHUTDOWN);
	assert_string_equal(feed(f), "1:shutdown<paused");
	EVENT(f, 1, STARTED, BOOTED);
	see(f, 1, OPER_PAUSED);
	assert_string_equal(feed(f), "1:paused<shutdown");
	EVENT(f, 1, SUSPENDED, PAUSED);
	assert_string_equal(feed(f), "");
	EVENT(f, 1, RESUMED, UNPAUSED);
	see(f, 1, OPER_RUNNING);
	assert_string_equal(feed(f), "1:running<paused");
}

/* States in between that no notification tells of are not seen. */
static void
test_preparing(void **state)
{
	struct fixture *f = *state;

	see(f, 1, OPER_PREPARING);
	assert_string_equal(look_after(f, LONG), "");
	assert_string_equal(look_after(f, LONG), "");
	see(f, 1, OPER_RUNNING);
	assert_string_equal(look_after(f, SHORT), "");
	assert_string_equal(look_after(f, LONG), "1:running<shutdown");
}

static void
test_shutdown(void **state)
{
	struct fixture *f = *state;

	EVENT(f, 2, SHUTDOWN, FINISHED);
	see(f, 2, OPER_SHUTTINGDOWN);
	assert_string_equal(feed(f), "2:shuttingdown<running");
	EVENT(f, 2, STOPPED, SHUTDOWN);
	see(f, 2, OPER_SHUTDOWN);
	assert_string_equal(feed(f), "2:shutdown<shuttingdown");
	assert_string_equal(look_after(f, LONG), "");
}

/* What was read is newer than the events: they tell what was in between. */
static void
test_events_lag(void **state)
{
	struct fixture *f = *state;

	see(f, 2, OPER_SHUTDOWN);
	EVENT(f, 2, SUSPENDED, PAUSED);
	assert_string_equal(feed(f), "2:paused<running");
	f->now_ms += SHORT;
	EVENT(f, 2, RESUMED, UNPAUSED);
	assert_string_equal(feed(f), "2:running<paused");
	f->now_ms += SHORT;
	EVENT(f, 2, SHUTDOWN, FINISHED);
	EVENT(f, 2, STOPPED, SHUTDOWN);
	assert_string_equal(feed(f),
	    "2:shuttingdown<running 2:shutdown<shuttingdown");
	assert_string_equal(look_after(f, LONG), "");
}

/* Events that come after a look has told all are not told again. */
static void
test_events_late(void **state)
{
	struct fixture *f = *state;

	see(f, 2, OPER_SHUTDOWN);
	assert_string_equal(look_after(f, 0), "");
	assert_string_equal(settle_after(f, LONG), "2:shutdown<running");
	f->now_ms += SHORT;
	see(f, 2, OPER_SHUTDOWN);
	EVENT(f, 2, SUSPENDED, PAUSED);
	assert_string_equal(feed(f), "");
	EVENT(f, 2, RESUMED, UNPAUSED);
	EVENT(f, 2, SHUTDOWN, FINISHED);
	assert_string_equal(feed(f), "");
	EVENT(f, 2, STOPPED, SHUTDOWN);
	assert_string_equal(feed(f), "");
	/* From here on events are news again. */
	EVENT(f, 2, RESUMED, UNPAUSED);
	EVENT(f, 2, STARTED, BOOTED);
	assert_string_equal(feed(f), "2:running<shutdown");
}

static void
test_save(void **state)
{
	struct fixture *f = *state;

	EVENT(f, 2, SUSPENDED, PAUSED);
	see(f, 2, OPER_SUSPENDING);
	assert_string_equal(feed(f), "2:suspending<running");
	EVENT(f, 2, STOPPED, SAVED);
	see(f, 2, OPER_SUSPENDED);
	assert_string_equal(feed(f), "2:suspended<suspending");
	/* Restored by a driver that says RESUMED, and by one that does not. */
	EVENT(f, 2, STARTED, RESTORED);
	see(f, 2, OPER_PAUSED);
	assert_string_equal(feed(f), "2:resuming<suspended");
	EVENT(f, 2, RESUMED, UNPAUSED);
	see(f, 2, OPER_RUNNING);
	assert_string_equal(feed(f), "2:running<resuming");
	/* At once, in one batch. */
	EVENT(f, 2, SUSPENDED, PAUSED);
	EVENT(f, 2, STOPPED, SAVED);
	EVENT(f, 2, STARTED, RESTORED);
	assert_string_equal(feed(f), "2:suspending<running "
	    "2:suspended<suspending 2:resuming<suspended 2:running<resuming");
	EVENT(f, 2, RESUMED, UNPAUSED);
	assert_string_equal(feed(f), "");
	/* Done when it is looked at, but STOPPED is still to come. */
	EVENT(f, 2, SUSPENDED, PAUSED);
	see(f, 2, OPER_SUSPENDED);
	assert_string_equal(feed(f), "2:suspending<running");
	EVENT(f, 2, STOPPED, SAVED);
	assert_string_equal(feed(f), "2:suspended<suspending");
}

static void
test_crash(void **state)
{
	struct fixture *f = *state;

	EVENT(f, 2, STOPPED, FAILED);
	see(f, 2, OPER_CRASHED);
	assert_string_equal(feed(f), "2:crashed<running");
	EVENT(f, 2, STARTED, BOOTED);
	EVENT(f, 2, STOPPED, FAILED);
	EVENT(f, 2, STARTED, BOOTED);
	see(f, 2, OPER_RUNNING);
	assert_string_equal(feed(f), "2:running<crashed 2:crashed<running "
	    "2:running<crashed");
	/* One that fails to start does not crash. */
	EVENT(f, 1, STOPPED, FAILED);
	assert_string_equal(feed(f), "");
}

static void
test_panic(void **state)
{
	struct fixture *f = *state;

	note_event(f, 2, NOTE_PANICKED);
	EVENT(f, 2, CRASHED, PANICKED);
	see(f, 2, OPER_CRASHED);
	assert_string_equal(feed(f), "2:panicked 2:crashed<running");
	EVENT(f, 2, STOPPED, CRASHED);
	assert_string_equal(feed(f), "");
	note_event(f, 1, NOTE_PANICKED);
	EVENT(f, 1, CRASHED, CRASHLOADED);
	assert_string_equal(feed(f), "1:panicked");
}

static void
test_power_management(void **state)
{
	struct fixture *f = *state;

	EVENT(f, 2, PMSUSPENDED, MEMORY);
	see(f, 2, OPER_PAUSED);
	assert_string_equal(feed(f), "2:paused<running");
	EVENT(f, 2, STARTED, WAKEUP);
	see(f, 2, OPER_RUNNING);
	assert_string_equal(feed(f), "2:running<paused");
	EVENT(f, 2, PMSUSPENDED, DISK);
	see(f, 2, OPER_SUSPENDED);
	assert_string_equal(feed(f), "2:suspended<running");
}

/* --- migration ------------------------------------------------------------ */

static void
test_migration(void **state)
{
	struct fixture *f = *state;

	EVENT(f, 2, SUSPENDED, MIGRATED);
	see(f, 2, OPER_MIGRATING);
	assert_string_equal(feed(f), "2:migrating<running");
	EVENT(f, 2, STOPPED, MIGRATED);
	see(f, 2, OPER_SHUTDOWN);
	assert_string_equal(feed(f), "2:migrated 2:shutdown<migrating");
	EVENT(f, 2, STARTED, MIGRATED);
	see(f, 2, OPER_MIGRATING);
	assert_string_equal(feed(f), "2:migrating<shutdown");
	EVENT(f, 2, RESUMED, MIGRATED);
	see(f, 2, OPER_MIGRATING); /* the job is not over yet */
	assert_string_equal(feed(f), "2:migrated 2:running<migrating");
	see(f, 2, OPER_RUNNING);
	assert_string_equal(look_after(f, LONG), "");
}

/* Only its arrival was seen; later it goes elsewhere. */
static void
test_migration_seen_late(void **state)
{
	struct fixture *f = *state;

	see(f, 1, OPER_MIGRATING);
	assert_string_equal(look_after(f, 0), "");
	assert_string_equal(settle_after(f, LONG), "1:migrating<shutdown");
	f->now_ms += 20000;
	EVENT(f, 1, RESUMED, MIGRATED);
	see(f, 1, OPER_RUNNING);
	assert_string_equal(feed(f), "1:migrated 1:running<migrating");
	EVENT(f, 1, SUSPENDED, MIGRATED);
	EVENT(f, 1, STOPPED, MIGRATED);
	see(f, 1, OPER_SHUTDOWN);
	assert_string_equal(feed(f),
	    "1:migrating<running 1:migrated 1:shutdown<migrating");
	/* One that goes out and comes to nothing says RESUMED, too. */
	EVENT(f, 2, SUSPENDED, MIGRATED);
	EVENT(f, 2, RESUMED, MIGRATED);
	see(f, 2, OPER_RUNNING);
	assert_string_equal(feed(f),
	    "2:migrating<running 2:migrationfailed 2:running<migrating");
}

static void
test_migration_fails(void **state)
{
	struct fixture *f = *state;

	see(f, 2, OPER_MIGRATING);
	assert_string_equal(look_after(f, 0), "");
	assert_string_equal(settle_after(f, LONG), "2:migrating<running");
	f->now_ms += 20000;
	see(f, 2, OPER_RUNNING);
	assert_string_equal(feed(f), "");
	assert_string_equal(settle_after(f, LONG),
	    "2:migrationfailed 2:running<migrating");
	EVENT(f, 1, STARTED, MIGRATED);
	see(f, 1, OPER_MIGRATING);
	assert_string_equal(feed(f), "1:migrating<shutdown");
	EVENT(f, 1, STOPPED, FAILED);
	see(f, 1, OPER_SHUTDOWN);
	assert_string_equal(feed(f), "1:migrationfailed 1:shutdown<migrating");
}

/* --- coming and going ----------------------------------------------------- */

static void
test_define(void **state)
{
	struct fixture *f = *state;

	EVENT(f, 3, DEFINED, ADDED);
	see(f, 3, OPER_SHUTDOWN);
	assert_string_equal(feed(f), "3:created");
	EVENT(f, 3, DEFINED, UPDATED);
	assert_string_equal(feed(f), "");
	EVENT(f, 3, UNDEFINED, REMOVED);
	gone(f, 3);
	assert_string_equal(feed(f), "3:deleted<shutdown");
	assert_string_equal(look_after(f, LONG), "");
}

/* It is looked at before its event is there. */
static void
test_define_lags(void **state)
{
	struct fixture *f = *state;

	see(f, 3, OPER_RUNNING);
	assert_string_equal(look_after(f, 0), "");
	f->now_ms += SHORT;
	EVENT(f, 3, DEFINED, ADDED);
	assert_string_equal(feed(f), "3:created");
	EVENT(f, 3, RESUMED, UNPAUSED);
	assert_string_equal(feed(f), "3:running<shutdown");
	gone(f, 3);
	assert_string_equal(look_after(f, SHORT), "");
	EVENT(f, 3, STOPPED, DESTROYED);
	EVENT(f, 3, UNDEFINED, REMOVED);
	assert_string_equal(feed(f), "3:shutdown<running 3:deleted<shutdown");
}

/* Undefined and defined again between two looks. */
static void
test_redefine(void **state)
{
	struct fixture *f = *state;

	EVENT(f, 1, UNDEFINED, REMOVED);
	EVENT(f, 1, DEFINED, ADDED);
	EVENT(f, 1, RESUMED, UNPAUSED);
	EVENT(f, 1, STARTED, BOOTED);
	see(f, 1, OPER_RUNNING);
	assert_string_equal(feed(f),
	    "1:deleted<shutdown 1:created 1:running<shutdown");
}

static void
test_undefine_running(void **state)
{
	struct fixture *f = *state;

	EVENT(f, 2, UNDEFINED, REMOVED);
	see(f, 2, OPER_RUNNING);
	assert_string_equal(feed(f), "");
	EVENT(f, 2, STOPPED, DESTROYED);
	gone(f, 2);
	assert_string_equal(feed(f), "2:shutdown<running");
	assert_string_equal(settle_after(f, LONG), "2:deleted<shutdown");
}

static void
test_transient(void **state)
{
	struct fixture *f = *state;

	EVENT(f, 3, RESUMED, UNPAUSED);
	EVENT(f, 3, STARTED, BOOTED);
	see(f, 3, OPER_RUNNING);
	assert_string_equal(feed(f), "3:created 3:running<shutdown");
	/* Another one came and went before anybody could look. */
	EVENT(f, 4, RESUMED, UNPAUSED);
	EVENT(f, 4, STARTED, BOOTED);
	EVENT(f, 4, STOPPED, SHUTDOWN);
	assert_string_equal(feed(f),
	    "4:created 4:running<shutdown 4:shutdown<running");
	assert_string_equal(settle_after(f, LONG), "4:deleted<shutdown");
	assert_string_equal(look_after(f, LONG), "");
}

/* One after the other with the same UUID, without a look in between. */
static void
test_transients_of_one_uuid(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 2; i++) {
		EVENT(f, 4, RESUMED, UNPAUSED);
		EVENT(f, 4, STARTED, BOOTED);
		EVENT(f, 4, STOPPED, DESTROYED);
	}
	assert_string_equal(feed(f),
	    "4:created 4:running<shutdown 4:shutdown<running "
	    "4:deleted<shutdown "
	    "4:created 4:running<shutdown 4:shutdown<running");
	assert_string_equal(settle_after(f, LONG), "4:deleted<shutdown");
}

/* Soon after a look a VM may change and change back. */
static void
test_back_soon_after_look(void **state)
{
	struct fixture *f = *state;

	see(f, 2, OPER_PAUSED);
	assert_string_equal(look_after(f, 0), "");
	assert_string_equal(settle_after(f, LONG), "2:paused<running");
	f->now_ms += 1500;
	EVENT(f, 2, RESUMED, UNPAUSED);
	EVENT(f, 2, SUSPENDED, PAUSED);
	see(f, 2, OPER_PAUSED);
	assert_string_equal(feed(f), "2:running<paused 2:paused<running");
}

static void
test_filtered(void **state)
{
	struct fixture *f = *state;
	char *words[] = { (char *)(uintptr_t)"exclude",
	    (char *)(uintptr_t)"vm3" };
	char why[OPTIONS_WHY];

	assert_int_equal(options_token(&f->opts, "domains", 2, words, why), 0);
	EVENT(f, 3, DEFINED, ADDED);
	EVENT(f, 3, STARTED, BOOTED);
	assert_string_equal(feed(f), "");
	EVENT(f, 4, DEFINED, ADDED);
	assert_string_equal(feed(f), "4:created");
}

static void
test_rename(void **state)
{
	struct fixture *f = *state;
	struct snap_uuid uuid = uuid_of(1);
	struct lv_domain *d = lv_hv_find(&f->hv, &uuid);
	struct snap_def *def = snap_def_new();

	assert_non_null(def);
	def->name = snap_def_text(def, "other");
	snap_def_unref(d->def);
	d->def = def;
	EVENT(f, 1, UNDEFINED, RENAMED);
	EVENT(f, 1, DEFINED, RENAMED);
	assert_string_equal(feed(f), "1:known");
	assert_string_equal(feed(f), "");
}

/* Just states were looked at: what is new has to wait, the rest not. */
static void
test_known_only(void **state)
{
	struct fixture *f = *state;

	EVENT(f, 3, DEFINED, ADDED);
	EVENT(f, 2, SUSPENDED, PAUSED);
	EVENT(f, 3, STARTED, BOOTED);
	lv_watch_events(f->watch, &f->hv, &f->events, true, f->now_ms,
	    &f->notes);
	assert_string_equal(drain(f), "2:paused<running");
	assert_int_equal(f->events.n, 2);
	see(f, 3, OPER_RUNNING);
	see(f, 2, OPER_PAUSED);
	assert_string_equal(feed(f), "3:created 3:running<shutdown");
}

/* --- across VMs ----------------------------------------------------------- */

static void
test_order(void **state)
{
	struct fixture *f = *state;

	EVENT(f, 2, SUSPENDED, PAUSED);
	EVENT(f, 1, RESUMED, UNPAUSED);
	EVENT(f, 2, RESUMED, UNPAUSED);
	EVENT(f, 1, STARTED, BOOTED);
	EVENT(f, 1, STOPPED, DESTROYED);
	assert_string_equal(feed(f), "2:paused<running 1:running<shutdown "
	    "2:running<paused 1:shutdown<running");
}

/* What happened while nobody looked comes by vmIndex. */
static void
test_unseen(void **state)
{
	struct fixture *f = *state;

	see(f, 3, OPER_CRASHED);
	see(f, 1, OPER_PAUSED);
	gone(f, 2);
	assert_string_equal(look_after(f, 0), "");
	assert_string_equal(settle_after(f, LONG), "1:paused<shutdown "
	    "2:deleted<running 3:created 3:crashed<shutdown");
}

/* A record that was not read again since the event tells nothing. */
static void
test_unread(void **state)
{
	struct fixture *f = *state;

	f->now_ms += SHORT;
	EVENT(f, 2, STOPPED, DESTROYED);
	assert_string_equal(feed(f), "2:shutdown<running");
	assert_string_equal(look_after(f, LONG), "");
	assert_string_equal(look_after(f, LONG), "");
	see(f, 2, OPER_SHUTDOWN);
	assert_string_equal(look_after(f, LONG), "");
}

static void
test_grace(void **state)
{
	struct fixture *f = *state;
	int64_t due_ms;

	see(f, 2, OPER_PAUSED);
	lv_watch_compare(f->watch, &f->hv, f->now_ms, &f->notes);
	due_ms = lv_watch_settle(f->watch, &f->hv, f->now_ms, &f->notes);
	assert_true(due_ms == f->now_ms + LV_WATCH_GRACE_MS);
	/* It was only for a moment. */
	f->now_ms += SHORT;
	see(f, 2, OPER_RUNNING);
	assert_string_equal(feed(f), "");
	assert_true(lv_watch_settle(f->watch, &f->hv, f->now_ms, &f->notes) ==
	    INT64_MAX);
	assert_string_equal(settle_after(f, LONG), "");
}

/* --- troubles ------------------------------------------------------------- */

static void
test_io_errors(void **state)
{
	struct fixture *f = *state;
	struct note *note;

	note_event(f, 2, NOTE_IO_ERROR);
	note_event(f, 2, NOTE_IO_ERROR);
	lv_watch_events(f->watch, &f->hv, &f->events, false, f->now_ms,
	    &f->notes);
	assert_int_equal(f->notes.n, 1);
	note = f->notes.first;
	assert_int_equal(note->disk, 7);
	assert_string_equal(note->device, "vda");
	assert_string_equal(note->detail, "words");
	assert_string_equal(note->def->name, "vm2");
	(void)drain(f);
	EVENT(f, 2, SUSPENDED, IOERROR);
	see(f, 2, OPER_PAUSED);
	assert_string_equal(feed(f), "2:paused<running");
	note_event(f, 2, NOTE_IO_ERROR);
	note_event(f, 2, NOTE_IO_ERROR);
	assert_string_equal(feed(f), "");
	/* After it was resumed it is news again. */
	EVENT(f, 2, RESUMED, UNPAUSED);
	note_event(f, 2, NOTE_IO_ERROR);
	assert_string_equal(feed(f), "2:running<paused 2:ioerror");
	note_event(f, 2, NOTE_WATCHDOG);
	note_event(f, 2, NOTE_WATCHDOG);
	assert_string_equal(feed(f), "2:watchdog 2:watchdog");
}

/* Many disks may fail at once, each many times. */
static void
test_io_errors_of_many(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 100; i++) {
		struct lv_event *e = add_event(f, 2);

		e->kind = NOTE_IO_ERROR;
		if (i % 2 != 0) {
			e->device[0] = 'x'; /* another, which is not known */
		}
	}
	assert_string_equal(feed(f), "2:ioerror 2:ioerror");
}

/* A reset that a crash led to says so before and after it runs again. */
static void
test_reboots(void **state)
{
	struct fixture *f = *state;

	note_event(f, 2, NOTE_PANICKED);
	EVENT(f, 2, CRASHED, PANICKED);
	note_event(f, 2, NOTE_REBOOTED);
	EVENT(f, 2, RESUMED, UNPAUSED);
	note_event(f, 2, NOTE_REBOOTED);
	note_event(f, 2, NOTE_REBOOTED);
	see(f, 2, OPER_RUNNING);
	assert_string_equal(feed(f), "2:panicked 2:crashed<running "
	    "2:rebooted 2:running<crashed");
	f->now_ms += 2000;
	note_event(f, 2, NOTE_REBOOTED);
	assert_string_equal(feed(f), "2:rebooted");
}

/* Events that tell of no change do not put off what a look tells. */
static void
test_troubles_do_not_delay(void **state)
{
	struct fixture *f = *state;

	see(f, 2, OPER_PAUSED);
	assert_string_equal(look_after(f, 0), "");
	f->now_ms += LONG;
	note_event(f, 2, NOTE_WATCHDOG);
	see(f, 2, OPER_PAUSED);
	assert_string_equal(feed(f), "2:watchdog 2:paused<running");
}

/* The row of a VM that is gone, and was not read since, is no new VM. */
static void
test_undefined_unread(void **state)
{
	struct fixture *f = *state;

	f->now_ms += SHORT;
	EVENT(f, 1, UNDEFINED, REMOVED);
	assert_string_equal(feed(f), "1:deleted<shutdown");
	assert_string_equal(look_after(f, LONG), "");
	/* Defined anew, and read since: it is one. */
	EVENT(f, 2, STOPPED, DESTROYED);
	EVENT(f, 2, UNDEFINED, REMOVED);
	see(f, 2, OPER_SHUTDOWN);
	assert_string_equal(feed(f), "2:shutdown<running 2:deleted<shutdown");
	EVENT(f, 2, DEFINED, ADDED);
	assert_string_equal(feed(f), "2:created");
}

/* --- an earlier life ------------------------------------------------------ */

static void
test_remembers(void **state)
{
	struct fixture *f = *state;
	struct told *told = told_open(f->told_path);
	struct told_vm vm = { .state = OPER_RUNNING, .persistent = TRI_YES,
	    .name = "vm" };

	assert_non_null(told);
	for (uint32_t i = 1; i <= 3; i++) {
		vm.uuid = uuid_of(i);
		told_set(told, i, &vm);
	}
	told_flush(told);
	told_close(told);
	told = told_open(f->told_path);
	assert_true(told_complete(told));
	lv_watch_free(f->watch);
	f->watch = lv_watch_new(told, &f->opts);
	assert_non_null(f->watch);
	told_close(told);
	/* 1 was shut down, 2 still runs, 3 is gone, 4 is new. */
	see(f, 1, OPER_SHUTDOWN);
	see(f, 2, OPER_RUNNING);
	see(f, 4, OPER_RUNNING);
	assert_string_equal(look_after(f, 0), "1:known 2:known");
	assert_string_equal(settle_after(f, LONG), "1:shutdown<running "
	    "3:deleted<running 4:created 4:running<shutdown");
	assert_string_equal(look_after(f, LONG), "");
}

/* A VM that is not served any more is not gone. */
static void
test_remembers_wanted(void **state)
{
	struct fixture *f = *state;
	struct told *told = told_open(f->told_path);
	struct told_vm vm = { .uuid = uuid_of(1), .state = OPER_RUNNING,
	    .name = "hidden" };
	char *words[] = { (char *)(uintptr_t)"exclude",
	    (char *)(uintptr_t)"hid*" };
	char why[OPTIONS_WHY];

	assert_non_null(told);
	told_set(told, 1, &vm);
	vm.uuid = uuid_of(2);
	vm.name = "other";
	told_set(told, 2, &vm);
	assert_int_equal(options_token(&f->opts, "domains", 2, words, why), 0);
	lv_watch_free(f->watch);
	f->watch = lv_watch_new(told, &f->opts);
	assert_non_null(f->watch);
	told_close(told);
	gone(f, 1);
	gone(f, 2);
	(void)look_after(f, 0);
	assert_string_equal(settle_after(f, LONG), "2:deleted<running");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
		T(test_start),
		T(test_start_without_resumed),
		T(test_start_paused),
		T(test_preparing),
		T(test_shutdown),
		T(test_events_lag),
		T(test_events_late),
		T(test_save),
		T(test_crash),
		T(test_panic),
		T(test_power_management),
		T(test_migration),
		T(test_migration_fails),
		T(test_migration_seen_late),
		T(test_define),
		T(test_define_lags),
		T(test_redefine),
		T(test_undefine_running),
		T(test_transient),
		T(test_transients_of_one_uuid),
		T(test_back_soon_after_look),
		T(test_filtered),
		T(test_rename),
		T(test_known_only),
		T(test_order),
		T(test_unseen),
		T(test_unread),
		T(test_grace),
		T(test_io_errors),
		T(test_io_errors_of_many),
		T(test_reboots),
		T(test_troubles_do_not_delay),
		T(test_undefined_unread),
		T(test_remembers),
		T(test_remembers_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
