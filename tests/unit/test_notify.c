/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests notify.c: one rule after the other. */
#include "notify_test.h"

#include "notify.h"
#include "vm_index_file.h"

static struct told *told;
static struct notify *n;

/* Of the next memory to be had, so much is had; -1: all. */
static int allocations = -1;

void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static bool
is_refused(void)
{
	if (allocations == 0)
		return true;
	if (allocations > 0)
		allocations--;
	return false;
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return is_refused() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *old, size_t size)
{
	return is_refused() ? NULL : __real_realloc(old, size);
}

static const struct notify_limits three_in_ten = { 3, 10000 };
static const struct notify_limits no_limit = { UINT32_MAX, 10000 };

static void
begin(const struct notify_limits *limits, bool per_vm, bool bulk)
{
	told = open_told();
	n = notify_new(limits, per_vm, bulk, told);
	assert_non_null(n);
	notify_put(n, all_known(), 0);
	n_logged = 0;
}

static void
end(void)
{
	notify_free(n);
	told_close(told);
}

static int32_t
state_of(enum note_kind kind)
{
	for (int32_t s = OPER_UNKNOWN; s <= OPER_CRASHED; s++) {
		if (note_of_state(s) == kind)
			return s;
	}
	return kind == NOTE_CREATED ? OPER_SHUTDOWN : 0;
}

/* What is created or deleted is remembered so, whatever the note says. */
static void
put(enum note_kind kind, uint32_t vm, int64_t now)
{
	int32_t state = state_of(kind);

	if (kind == NOTE_CREATED || kind == NOTE_DELETED)
		state = OPER_OTHER;
	notify_put(n, make_note(kind, vm, state), now);
}

static void
put_known(uint32_t vm, int32_t state, int64_t now)
{
	notify_put(n, make_note(NOTE_KNOWN, vm, state), now);
}

/* An item in words: "4:17" is kind 4 of VM 17, "b4:17,18" the bulk form. */
static void
describe(char *text, size_t size, const struct notify_item *item)
{
	size_t used = 0;
	char comma = ':';

	if (item->note != NULL) {
		assert_int_equal(item->kind, item->note->kind);
		assert_null(item->vms);
		snprintf(text, size, "%d:%u", item->kind,
		    (unsigned)item->note->index);
		return;
	}
	assert_true(item->vms_len > 0);
	assert_true(item->vms[item->vms_len - 1] != 0);
	used = (size_t)snprintf(text, size, "b%d", item->kind);
	for (uint32_t v = 1; v <= 8 * item->vms_len; v++) {
		if ((item->vms[(v - 1) / 8] & 0x80 >> (v - 1) % 8) == 0)
			continue;
		assert_true(used + 16 < size);
		used += (size_t)snprintf(text + used, size - used, "%c%u",
		    comma, (unsigned)v);
		comma = ',';
	}
}

/* Sends all that is to be sent by now, and says what. */
static const char *
sent(int64_t now)
{
	static char text[32768];
	struct notify_item *item;
	size_t used = 0;

	text[0] = '\0';
	while ((item = notify_next(n, now)) != NULL) {
		if (used > 0)
			text[used++] = ' ';
		describe(text + used, sizeof(text) - used, item);
		used += strlen(text + used);
		notify_sent(n, item);
		notify_item_free(item);
	}
	return text;
}

static void
expect_counts(uint64_t n_sent, uint64_t bulk, uint64_t suppressed,
    uint64_t folded, uint64_t dropped, uint64_t waiting)
{
	const struct notify_status *s = notify_status(n);

	assert_int_equal(s->sent, n_sent);
	assert_int_equal(s->sent_bulk, bulk);
	assert_int_equal(s->suppressed, suppressed);
	assert_int_equal(s->folded, folded);
	assert_int_equal(s->dropped, dropped);
	assert_int_equal(s->waiting, waiting);
}

static void
expect_switches(int32_t per_vm, int32_t bulk)
{
	assert_int_equal(notify_status(n)->per_vm, per_vm);
	assert_int_equal(notify_status(n)->bulk, bulk);
}

/* Lets so many notifications about VM wait. */
static void
crowd(uint32_t vm, unsigned count, int64_t now)
{
	for (unsigned i = 0; i < count; i++)
		put(NOTE_PANICKED, vm, now);
}

static void
send_crowd(unsigned count, int64_t now)
{
	for (unsigned i = 0; i < count; i++) {
		struct notify_item *item = notify_next(n, now);

		assert_non_null(item);
		assert_int_equal(item->kind, NOTE_PANICKED);
		notify_sent(n, item);
		notify_item_free(item);
	}
}

static void
per_vm_tells_each_change(void **state)
{
	(void)state;
	begin(&three_in_ten, true, false);
	expect_switches(SNAP_TRUE, SNAP_FALSE);
	assert_true(notify_due(n) == INT64_MAX);
	assert_null(notify_next(n, 0));
	put(NOTE_RUNNING, 1, 5);
	put(NOTE_RUNNING, 2, 5);
	put(NOTE_PAUSED, 1, 6);
	assert_true(notify_due(n) <= 6);
	expect_counts(0, 0, 0, 0, 0, 3);
	assert_int_equal(state_in(told, 1), 0); /* not yet */
	assert_string_equal(sent(6), "1:1 1:2 4:1");
	expect_counts(3, 0, 0, 0, 0, 0);
	assert_true(notify_due(n) == INT64_MAX);
	assert_int_equal(state_on_disk(1), OPER_PAUSED);
	assert_int_equal(state_on_disk(2), OPER_RUNNING);
	assert_string_equal(sent(60000), "");
	put(NOTE_DELETED, 1, 60000);
	assert_string_equal(sent(60000), "10:1");
	assert_int_equal(state_on_disk(1), 0);
	assert_int_equal(n_logged, 0);
	end();
}

static void
bulk_gathers_half_a_second(void **state)
{
	(void)state;
	begin(&no_limit, false, true);
	expect_switches(SNAP_FALSE, SNAP_TRUE);
	put(NOTE_RUNNING, 9, 1000);
	assert_true(notify_due(n) == 1500);
	put(NOTE_RUNNING, 1, 1100);
	put(NOTE_PAUSED, 2, 1200);
	put(NOTE_RUNNING, 8, 1300);
	assert_true(notify_due(n) == 1500);
	assert_string_equal(sent(1499), "");
	expect_counts(0, 0, 4, 4, 0, 0);
	assert_string_equal(sent(1500), "b4:2 b1:1,8,9");
	expect_counts(2, 2, 4, 4, 0, 0);
	assert_int_equal(state_on_disk(9), OPER_RUNNING);
	assert_int_equal(state_on_disk(2), OPER_PAUSED);
	assert_true(notify_due(n) == INT64_MAX);
	put(NOTE_CRASHED, VM_INDEX_LIMIT, 1501);
	put(NOTE_CRASHED, 17, 1501);
	put(NOTE_CRASHED, 33, 1501);
	put(NOTE_DELETED, 300, 1501);
	put(NOTE_DELETED, 1, 1501);
	assert_true(notify_due(n) == 2001);
	assert_string_equal(sent(2001), "b9:17,33,262144 b10:1,300");
	assert_int_equal(state_on_disk(17), OPER_CRASHED);
	assert_int_equal(state_on_disk(33), OPER_CRASHED);
	assert_int_equal(state_on_disk(VM_INDEX_LIMIT), OPER_CRASHED);
	assert_int_equal(state_on_disk(1), 0);
	end();
}

static void
both_tell_both_ways(void **state)
{
	(void)state;
	begin(&no_limit, true, true);
	expect_switches(SNAP_TRUE, SNAP_TRUE);
	put(NOTE_RUNNING, 1, 0);
	assert_string_equal(sent(0), "1:1");
	put(NOTE_RUNNING, 2, 100);
	put(NOTE_REBOOTED, 2, 100);
	assert_string_equal(sent(100), "1:2 19:2");
	assert_true(notify_due(n) == 500);
	expect_counts(3, 0, 0, 0, 0, 0);
	assert_string_equal(sent(500), "b1:1,2");
	expect_counts(4, 1, 0, 0, 0, 0);
	/* What is merely gathered does not hold up what is single. */
	put(NOTE_PAUSED, 1, 600);
	put(NOTE_PAUSED, 1, 601);
	put(NOTE_PANICKED, 1, 602);
	assert_string_equal(sent(602), "4:1 4:1 12:1");
	assert_string_equal(sent(1100), "b4:1");
	end();
}

static void
off_tells_nothing_but_remembers(void **state)
{
	(void)state;
	begin(&no_limit, false, false);
	expect_switches(SNAP_FALSE, SNAP_FALSE);
	put(NOTE_CREATED, 1, 0);
	assert_int_equal(state_on_disk(1), OPER_SHUTDOWN);
	put(NOTE_RUNNING, 1, 0);
	assert_int_equal(state_on_disk(1), OPER_RUNNING);
	put(NOTE_PANICKED, 1, 0);
	put(NOTE_CONN_LOST, 0, 0);
	put(NOTE_DELETED, 1, 0);
	assert_int_equal(state_on_disk(1), 0);
	expect_counts(0, 0, 5, 0, 0, 0);
	assert_string_equal(sent(10000), "");
	assert_true(notify_due(n) == INT64_MAX);
	end();
}

static void
switches_hold_from_then_on(void **state)
{
	(void)state;
	begin(&no_limit, true, true);
	put(NOTE_RUNNING, 1, 0);
	notify_switch_per_vm(n, false);
	notify_switch_bulk(n, false);
	expect_switches(SNAP_FALSE, SNAP_FALSE);
	put(NOTE_PAUSED, 1, 1);
	/* Which must not be remembered before the other is told. */
	assert_int_equal(state_on_disk(1), 0);
	assert_string_equal(sent(1), "1:1");
	assert_int_equal(state_on_disk(1), OPER_PAUSED);
	assert_string_equal(sent(500), "b1:1");
	assert_int_equal(state_on_disk(1), OPER_PAUSED);
	expect_counts(2, 1, 1, 0, 0, 0);
	notify_switch_bulk(n, true);
	expect_switches(SNAP_FALSE, SNAP_TRUE);
	put(NOTE_RUNNING, 1, 600);
	notify_switch_per_vm(n, true);
	notify_switch_bulk(n, false);
	expect_switches(SNAP_TRUE, SNAP_FALSE);
	put(NOTE_PAUSED, 1, 601);
	assert_string_equal(sent(601), "b1:1 4:1");
	/* Also what comes in and goes. */
	put(NOTE_RUNNING, 1, 602);
	notify_switch_per_vm(n, false);
	put(NOTE_DELETED, 1, 602);
	assert_int_equal(state_on_disk(1), OPER_PAUSED);
	assert_string_equal(sent(602), "1:1");
	assert_int_equal(state_on_disk(1), 0);
	notify_switch_per_vm(n, true);
	put(NOTE_RUNNING, 1, 602);
	notify_switch_per_vm(n, false);
	put(NOTE_CREATED, 1, 602);
	assert_string_equal(sent(602), "1:1");
	assert_int_equal(state_on_disk(1), OPER_SHUTDOWN);
	end();
}

static void
virt_notes_are_single_under_either_switch(void **state)
{
	(void)state;
	begin(&no_limit, false, true);
	for (int kind = NOTE_CREATED; kind <= NOTE_THRESHOLD; kind++) {
		char text[32];

		put((enum note_kind)kind, 7, 0);
		snprintf(text, sizeof(text), "%d:7", kind);
		assert_string_equal(sent(0), text);
	}
	put(NOTE_CONN_HUNG, 0, 0);
	assert_string_equal(sent(0), "24:0");
	notify_switch_per_vm(n, true);
	notify_switch_bulk(n, false);
	put(NOTE_THRESHOLD, 7, 0);
	assert_string_equal(sent(0), "22:7");
	assert_true(notify_due(n) == INT64_MAX);
	expect_counts(14, 0, 0, 0, 0, 0);
	end();
}

static void
created_vm_is_known_when_that_was_sent(void **state)
{
	(void)state;
	begin(&no_limit, true, false);
	put(NOTE_CREATED, 4, 0);
	assert_int_equal(state_on_disk(4), 0);
	assert_string_equal(sent(0), "11:4");
	assert_int_equal(state_on_disk(4), OPER_SHUTDOWN);
	put(NOTE_CREATED, 5, 0);
	put(NOTE_RUNNING, 5, 0);
	assert_string_equal(sent(0), "11:5 1:5");
	assert_int_equal(state_on_disk(5), OPER_RUNNING);
	end();
}

static void
known_is_remembered_at_once(void **state)
{
	struct told_vm vm;

	(void)state;
	begin(&no_limit, true, true);
	put_known(3, OPER_UNKNOWN, 0);
	assert_int_equal(state_on_disk(3), OPER_UNKNOWN);
	assert_true(notify_due(n) == INT64_MAX);
	put(NOTE_RUNNING, 4, 0); /* another VM */
	put(NOTE_PANICKED, 3, 0); /* no change of state */
	put_known(3, OPER_PAUSED, 0);
	assert_int_equal(state_on_disk(3), OPER_PAUSED);
	put_known(3, 0, 0);
	assert_int_equal(state_on_disk(3), 0);
	expect_counts(0, 0, 0, 0, 0, 2);

	struct note *note = make_note(NOTE_KNOWN, 3, OPER_RUNNING);

	note->persistent = TRI_NO;
	notify_put(n, note, 0);
	assert_true(told_get(told, 3, &vm));
	assert_int_equal(vm.persistent, TRI_NO);
	end();
}

/* Of a first start that is killed half way nothing is left. */
static void
first_start_is_kept_as_a_whole(void **state)
{
	struct told *other;

	(void)state;
	unlink(path);
	told = told_open(path);
	n = notify_new(&no_limit, true, true, told);
	assert_non_null(n);
	put_known(1, OPER_RUNNING, 0);
	put_known(2, OPER_PAUSED, 0);
	assert_int_equal(access(path, F_OK), -1);
	notify_put(n, all_known(), 0);
	assert_int_equal(state_on_disk(1), OPER_RUNNING);
	assert_int_equal(state_on_disk(2), OPER_PAUSED);
	other = told_open(path);
	assert_true(told_complete(other));
	told_close(other);
	end();
	/* With no VMs there is a file all the same: those to come are new. */
	unlink(path);
	told = told_open(path);
	n = notify_new(&no_limit, true, true, told);
	notify_put(n, all_known(), 0);
	end();
	told = told_open(path);
	assert_true(told_complete(told));
	told_close(told);
}

static void
known_waits_for_what_was_before(void **state)
{
	(void)state;
	begin(&three_in_ten, true, false);
	put(NOTE_RUNNING, 1, 0);
	put_known(1, OPER_UNKNOWN, 0);
	assert_int_equal(state_in(told, 1), 0);
	assert_string_equal(sent(0), "1:1");
	assert_int_equal(state_on_disk(1), OPER_UNKNOWN);

	/* Two of the VM, and the second is later than it. */
	put(NOTE_RUNNING, 1, 0);
	put_known(1, OPER_UNKNOWN, 0);
	put(NOTE_PAUSED, 1, 0);
	assert_string_equal(sent(0), "1:1 4:1");
	assert_int_equal(state_on_disk(1), OPER_PAUSED);

	/* Behind a bulk one, gathered and then waiting. */
	put(NOTE_RUNNING, 1, 0);
	put_known(1, OPER_UNKNOWN, 0);
	assert_int_equal(state_in(told, 1), OPER_PAUSED);
	put_known(2, OPER_RUNNING, 0);
	assert_int_equal(state_in(told, 2), OPER_RUNNING);

	struct notify_item *item = notify_next(n, 500);

	assert_null(item->note);
	notify_unsent(n, item);
	put_known(1, OPER_OTHER, 500);
	assert_int_equal(state_on_disk(1), OPER_PAUSED);
	assert_string_equal(sent(500), "b1:1");
	assert_int_equal(state_on_disk(1), OPER_OTHER);
	/* And not once more. */
	put(NOTE_PAUSED, 1, 20000);
	assert_string_equal(sent(20000), "4:1");
	assert_int_equal(state_on_disk(1), OPER_PAUSED);
	end();
}

static void
known_waits_for_the_last_of_several(void **state)
{
	struct notify_item *item;

	(void)state;
	begin(&no_limit, true, false);
	put(NOTE_RUNNING, 1, 0);
	put(NOTE_PAUSED, 1, 0);
	put_known(1, OPER_UNKNOWN, 0);
	item = notify_next(n, 0);
	notify_sent(n, item);
	notify_item_free(item);
	assert_int_equal(state_on_disk(1), OPER_RUNNING);
	assert_string_equal(sent(0), "4:1");
	assert_int_equal(state_on_disk(1), OPER_UNKNOWN);
	end();
}

static void
bursts_are_folded(void **state)
{
	(void)state;
	begin(&three_in_ten, true, false);
	for (uint32_t v = 1; v <= 5; v++)
		put(NOTE_RUNNING, v, 1000);
	put(NOTE_PANICKED, 6, 1100);
	put(NOTE_CONN_LOST, 0, 1200); /* flushes, so as not to overtake */
	assert_string_equal(sent(1200), "1:1 1:2 1:3 b1:4,5 b12:6 23:0");
	expect_counts(6, 2, 3, 3, 0, 0);
	assert_int_equal(state_on_disk(5), OPER_RUNNING);
	/* The window is a fixed one, from the first on. */
	put(NOTE_PAUSED, 1, 10999);
	assert_true(notify_due(n) == 11000);
	assert_int_equal(n_logged, 0);
	assert_string_equal(sent(11000), "");
	assert_int_equal(n_logged, 1);
	assert_non_null(strstr(last_logged, "4 changes"));
	assert_true(notify_due(n) == 11499);
	assert_string_equal(sent(11498), "");
	assert_string_equal(sent(11499), "b4:1");
	/* Another begins with the first after it. */
	put(NOTE_RUNNING, 1, 19000);
	put(NOTE_RUNNING, 2, 28999);
	put(NOTE_RUNNING, 3, 28999);
	put(NOTE_RUNNING, 4, 29000);
	assert_string_equal(sent(29000), "1:1 1:2 1:3 1:4");
	assert_int_equal(n_logged, 1);
	expect_counts(11, 3, 4, 4, 0, 0);
	end();
}

static void
burst_of_none_folds_all(void **state)
{
	static const struct notify_limits none = { 0, 1000 };

	(void)state;
	begin(&none, true, false);
	put(NOTE_RUNNING, 1, 0);
	assert_string_equal(sent(0), "");
	assert_string_equal(sent(500), "b1:1");
	put(NOTE_RUNNING, 1, 5000);
	assert_string_equal(sent(5000), "");
	assert_string_equal(sent(5500), "b1:1");
	end();
}

static void
single_does_not_overtake_folded(void **state)
{
	static const struct notify_limits one = { 1, 100 };

	(void)state;
	begin(&one, true, false);
	put(NOTE_RUNNING, 1, 0);
	put(NOTE_RUNNING, 2, 0);
	put(NOTE_PAUSED, 3, 100); /* of any VM */
	assert_string_equal(sent(100), "1:1 b1:2 4:3");
	put(NOTE_PAUSED, 2, 150);
	put(NOTE_PANICKED, 2, 250);
	assert_string_equal(sent(250), "b4:2 12:2");
	end();

	/* With the bulk switch alone only those of the VM matter. */
	begin(&no_limit, false, true);
	put(NOTE_CREATED, 5, 0);
	put(NOTE_RUNNING, 5, 0);
	put(NOTE_CREATED, 6, 1);
	put(NOTE_RUNNING, 6, 1);
	assert_string_equal(sent(1), "11:5 11:6");
	put(NOTE_REBOOTED, 5, 2);
	assert_string_equal(sent(2), "b1:5,6 19:5");
	put(NOTE_RUNNING, 5, 3);
	put(NOTE_CONN_LOST, 0, 3);
	assert_string_equal(sent(3), "b1:5 23:0");
	end();
}

static void
both_and_a_burst(void **state)
{
	static const struct notify_limits one = { 1, 100 };

	(void)state;
	begin(&one, true, true);
	put(NOTE_RUNNING, 1, 0);
	put(NOTE_RUNNING, 2, 0);
	put(NOTE_PAUSED, 1, 0);
	assert_string_equal(sent(0), "1:1");
	expect_counts(1, 0, 2, 2, 0, 0);
	assert_int_equal(state_on_disk(1), OPER_RUNNING);
	assert_string_equal(sent(500), "b1:1,2 b4:1");
	expect_counts(3, 2, 2, 2, 0, 0);
	assert_int_equal(state_on_disk(1), OPER_PAUSED);
	assert_int_equal(state_on_disk(2), OPER_RUNNING);
	end();
}

/*
 * Kinds are in the order of their last notes; that must not bring a VM's
 * earlier change after its later one.
 */
static void
last_note_is_what_is_remembered(void **state)
{
	struct notify_item *item;

	(void)state;
	begin(&no_limit, false, true);
	put(NOTE_RUNNING, 1, 0);
	put(NOTE_PAUSED, 1, 0);
	put(NOTE_RUNNING, 2, 0);
	item = notify_next(n, 500);
	assert_int_equal(item->kind, NOTE_PAUSED);
	notify_sent(n, item);
	notify_item_free(item);
	assert_int_equal(state_on_disk(1), OPER_PAUSED);
	assert_int_equal(state_on_disk(2), 0);
	assert_string_equal(sent(500), "b1:2");
	assert_int_equal(state_on_disk(1), OPER_PAUSED);
	assert_int_equal(state_on_disk(2), OPER_RUNNING);
	/* Back and forth: the last is told, and no other after it. */
	put(NOTE_SHUTDOWN, 3, 600);
	put(NOTE_RUNNING, 3, 600);
	put(NOTE_SHUTDOWN, 4, 600);
	put(NOTE_RUNNING, 5, 600);
	put(NOTE_SHUTDOWN, 5, 600);
	assert_string_equal(sent(1100), "b1:3,5 b3:4,5");
	assert_int_equal(state_on_disk(3), OPER_RUNNING);
	assert_int_equal(state_on_disk(5), OPER_SHUTDOWN);
	/* The first of two leaves what was there. */
	put(NOTE_RUNNING, 1, 2000);
	put(NOTE_CRASHED, 1, 2000);
	item = notify_next(n, 2500);
	assert_int_equal(item->kind, NOTE_RUNNING);
	notify_sent(n, item);
	notify_item_free(item);
	assert_int_equal(state_on_disk(1), OPER_PAUSED);
	assert_string_equal(sent(2500), "b9:1");
	assert_int_equal(state_on_disk(1), OPER_CRASHED);
	end();
}

static void
folded_creation_is_remembered(void **state)
{
	static const struct notify_limits none = { 0, 1000 };
	struct notify_item *item;

	(void)state;
	begin(&none, true, false);
	put(NOTE_CREATED, 1, 0);
	put(NOTE_RUNNING, 1, 0);
	item = notify_next(n, 500);
	assert_int_equal(item->kind, NOTE_CREATED);
	notify_sent(n, item);
	notify_item_free(item);
	/* Not to be told as created again. */
	assert_int_equal(state_on_disk(1), OPER_SHUTDOWN);
	assert_string_equal(sent(500), "b1:1");
	assert_int_equal(state_on_disk(1), OPER_RUNNING);

	/* However late one comes, creations are told first. */
	put(NOTE_CREATED, 2, 1000);
	put(NOTE_CREATED, 3, 1000);
	put(NOTE_RUNNING, 2, 1000);
	put(NOTE_DELETED, 3, 1000);
	put(NOTE_CREATED, 4, 1000);
	assert_string_equal(sent(1500), "b11:2,3,4 b1:2 b10:3");
	assert_int_equal(state_on_disk(2), OPER_RUNNING);
	assert_int_equal(state_on_disk(3), 0);
	assert_int_equal(state_on_disk(4), OPER_SHUTDOWN);

	/* Deleted and defined anew. */
	put(NOTE_DELETED, 2, 2000);
	put(NOTE_CREATED, 2, 2000);
	put(NOTE_DELETED, 4, 2000);
	assert_string_equal(sent(2500), "b11:2 b10:4");
	assert_int_equal(state_on_disk(2), OPER_SHUTDOWN);
	assert_int_equal(state_on_disk(4), 0);
	end();
}

/* As managers knew it until then: the name that it has now. */
static void
folded_change_brings_the_name(void **state)
{
	struct told_vm vm;
	struct note *note;
	struct snap_def *def = snap_def_new();

	(void)state;
	begin(&no_limit, false, true);
	put_known(1, OPER_SHUTDOWN, 0);
	put(NOTE_RUNNING, 1, 0);
	note = make_note(NOTE_PAUSED, 1, OPER_PAUSED);
	snap_def_unref(note->def);
	def->name = snap_def_text(def, "renamed");
	note->def = def;
	note->persistent = TRI_NO;
	notify_put(n, note, 0);
	assert_int_equal(state_in(told, 1), OPER_SHUTDOWN);
	assert_string_equal(sent(500), "b1:1 b4:1");
	assert_true(told_get(told, 1, &vm));
	assert_string_equal(vm.name, "renamed");
	assert_int_equal(vm.persistent, TRI_NO);
	assert_int_equal(vm.state, OPER_PAUSED);
	end();
}

/* A number that another VM had when it was told of last. */
static void
number_may_pass_to_another_vm(void **state)
{
	static const struct notify_limits none = { 0, 1000 };
	struct snap_uuid uuid = uuid_of(99);
	struct notify_item *item;
	struct told_vm vm;
	struct note *note;

	(void)state;
	begin(&none, true, false);
	put_known(1, OPER_RUNNING, 0);
	put(NOTE_DELETED, 1, 0);
	note = make_note(NOTE_CREATED, 1, OPER_SHUTDOWN);
	note->uuid = uuid;
	notify_put(n, note, 0);
	put(NOTE_DELETED, 2, 0);
	item = notify_next(n, 500);
	assert_int_equal(item->kind, NOTE_CREATED);
	notify_sent(n, item);
	notify_item_free(item);
	assert_true(told_get(told, 1, &vm));
	assert_memory_equal(&vm.uuid, &uuid, sizeof(uuid));
	assert_int_equal(vm.state, OPER_SHUTDOWN);
	assert_string_equal(sent(500), "b10:2");
	assert_true(told_get(told, 1, &vm));
	assert_memory_equal(&vm.uuid, &uuid, sizeof(uuid));
	end();
}

static void
waiting_are_limited(void **state)
{
	(void)state;
	begin(&no_limit, true, false);
	crowd(1, NOTIFY_WAITING_MAX - 1, 0);
	put(NOTE_RUNNING, 1, 0);
	expect_counts(0, 0, 0, 0, 0, NOTIFY_WAITING_MAX);
	put(NOTE_PAUSED, 1, 0);
	put(NOTE_PAUSED, 2, 0);
	put(NOTE_REBOOTED, 2, 0);
	expect_counts(0, 0, 3, 3, 0, NOTIFY_WAITING_MAX);
	assert_int_equal(n_logged, 0);
	put(NOTE_CONN_LOST, 0, 0);
	put(NOTE_CONN_RESTORED, 0, 0);
	expect_counts(0, 0, 5, 3, 2, NOTIFY_WAITING_MAX);
	assert_int_equal(n_logged, 1);
	assert_non_null(strstr(last_logged, "connection"));
	/* Nothing is flushed while so many wait. */
	struct notify_item *item = notify_next(n, 5000);

	expect_counts(0, 0, 5, 3, 2, NOTIFY_WAITING_MAX - 1);
	assert_int_equal(item->kind, NOTE_PANICKED);
	notify_unsent(n, item);
	expect_counts(0, 0, 5, 3, 2, NOTIFY_WAITING_MAX);
	send_crowd(NOTIFY_WAITING_MAX - 1, 5000);
	assert_string_equal(sent(5000), "1:1 b4:1,2 b19:2");
	expect_counts(NOTIFY_WAITING_MAX + 2, 2, 5, 3, 2, 0);
	assert_int_equal(state_on_disk(1), OPER_PAUSED);
	crowd(1, NOTIFY_WAITING_MAX, 6000);
	put(NOTE_CONN_LOST, 0, 6000);
	assert_int_equal(n_logged, 2);
	end();
}

/* The flush before a single one may be what fills the room. */
static void
flush_may_fill_the_room(void **state)
{
	(void)state;
	begin(&no_limit, true, false);
	crowd(9, NOTIFY_WAITING_MAX, 0);
	put(NOTE_RUNNING, 1, 0);
	put(NOTE_PAUSED, 2, 0);
	send_crowd(1, 0);
	put(NOTE_CRASHED, 1, 1);
	expect_counts(1, 0, 3, 3, 0, NOTIFY_WAITING_MAX + 1);
	put(NOTE_CONN_LOST, 0, 1);
	expect_counts(1, 0, 4, 3, 1, NOTIFY_WAITING_MAX + 1);
	send_crowd(NOTIFY_WAITING_MAX - 1, 1);
	assert_string_equal(sent(1), "b1:1 b4:2");
	assert_string_equal(sent(501), "b9:1");
	end();
}

static void
unsent_is_next_again(void **state)
{
	struct notify_item *a, *b, *c;

	(void)state;
	begin(&no_limit, true, false);
	put(NOTE_RUNNING, 1, 0);
	put(NOTE_PAUSED, 1, 0);
	put(NOTE_RUNNING, 2, 0);
	a = notify_next(n, 0);
	notify_sent(n, a);
	b = notify_next(n, 0);
	notify_sent(n, b);
	c = notify_next(n, 0);
	assert_null(notify_next(n, 0));
	expect_counts(2, 0, 0, 0, 0, 0);
	notify_unsent(n, c); /* was not sent */
	expect_counts(2, 0, 0, 0, 0, 1);
	notify_unsent(n, b); /* was, but got lost */
	notify_unsent(n, a);
	expect_counts(0, 0, 0, 0, 0, 3);
	put(NOTE_DELETED, 2, 0);
	a = notify_next(n, 0);
	notify_sent(n, a);
	notify_item_free(a);
	assert_int_equal(state_on_disk(1), OPER_PAUSED); /* as it was */
	assert_string_equal(sent(0), "4:1 1:2 10:2");
	expect_counts(4, 0, 0, 0, 0, 0);
	assert_int_equal(state_on_disk(1), OPER_PAUSED);
	assert_int_equal(state_on_disk(2), 0);

	notify_switch_per_vm(n, false);
	notify_switch_bulk(n, true);
	put(NOTE_RUNNING, 5, 0);
	a = notify_next(n, 500);
	notify_sent(n, a);
	notify_sent(n, a); /* counts once */
	expect_counts(5, 1, 1, 1, 0, 0);
	notify_unsent(n, a);
	expect_counts(4, 0, 1, 1, 0, 1);
	assert_string_equal(sent(500), "b1:5");
	expect_counts(5, 1, 1, 1, 0, 0);
	end();
}

static void
time_that_goes_back_is_survived(void **state)
{
	(void)state;
	begin(&three_in_ten, true, true);
	put(NOTE_RUNNING, 1, 100000);
	put(NOTE_RUNNING, 2, 50);
	assert_string_equal(sent(0), "1:1 1:2");
	assert_true(notify_due(n) == 100500);
	assert_string_equal(sent(100500), "b1:1,2");
	put(NOTE_RUNNING, 1, 0);
	assert_true(notify_due(n) == 100500);
	assert_string_equal(sent(0), "1:1");
	assert_true(notify_due(n) == 101000);
	end();
}

static void
nothing_need_be_remembered(void **state)
{
	(void)state;
	n = notify_new(&three_in_ten, true, true, NULL);
	for (uint32_t v = 1; v <= 5; v++) {
		put_known(v, OPER_RUNNING, 0);
		put(NOTE_CREATED, v, 0);
		put(NOTE_RUNNING, v, 0);
		put_known(v, OPER_RUNNING, 0);
	}
	assert_string_equal(sent(0), "11:1 1:1 11:2");
	assert_string_equal(sent(500), "b11:3,4,5 b1:1,2,3,4,5");
	notify_free(n);
	notify_free(NULL);
	notify_item_free(NULL);
}

static void
impossible_numbers_are_dropped(void **state)
{
	(void)state;
	begin(&no_limit, false, true);
	put(NOTE_RUNNING, 0, 0);
	put(NOTE_RUNNING, VM_INDEX_LIMIT + 1, 0);
	put(NOTE_RUNNING, UINT32_MAX, 0);
	put_known(UINT32_MAX, OPER_RUNNING, 0);
	assert_string_equal(sent(500), "");
	expect_counts(0, 0, 3, 0, 3, 0);
	notify_switch_per_vm(n, true);
	notify_switch_bulk(n, false);
	put(NOTE_RUNNING, UINT32_MAX, 600);
	assert_string_equal(sent(600), "1:4294967295");
	end();
}

/* Fails each allocation in turn: all is accounted for, and nothing breaks. */
static void
want_of_memory_is_survived(void **state)
{
	static const struct notify_limits one = { 1, 100 };

	(void)state;
	for (int i = 0; i < 24; i++) {
		const struct notify_status *s;
		struct note *notes[6];

		begin(&one, i % 2 == 0, true);
		notes[0] = make_note(NOTE_CREATED, 1, OPER_SHUTDOWN);
		notes[1] = make_note(NOTE_RUNNING, 1, OPER_RUNNING);
		notes[2] = make_note(NOTE_RUNNING, 2000, OPER_RUNNING);
		notes[3] = make_note(NOTE_KNOWN, 1, OPER_UNKNOWN);
		notes[4] = make_note(NOTE_PANICKED, 3, 0);
		notes[5] = make_note(NOTE_CONN_LOST, 0, 0);
		allocations = i / 2;
		for (int k = 0; k < 6; k++)
			notify_put(n, notes[k], 0);
		s = notify_status(n);
		assert_true(n_logged > 0 || s->dropped == 0);
		assert_true(n_logged <= 2); /* once by told, too */
		allocations = -1;
		sent(500);
		assert_int_equal(s->sent - s->sent_bulk + s->suppressed, 5);
		assert_int_equal(s->suppressed, s->folded + s->dropped);
		assert_int_equal(s->waiting, 0);
		end();
		dir_empty();
	}
	allocations = 0;
	assert_null(notify_new(&one, true, true, NULL));
	assert_null(told_open(path));
	allocations = -1;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		dir_test(per_vm_tells_each_change),
		dir_test(bulk_gathers_half_a_second),
		dir_test(both_tell_both_ways),
		dir_test(off_tells_nothing_but_remembers),
		dir_test(switches_hold_from_then_on),
		dir_test(virt_notes_are_single_under_either_switch),
		dir_test(created_vm_is_known_when_that_was_sent),
		dir_test(known_is_remembered_at_once),
		dir_test(first_start_is_kept_as_a_whole),
		dir_test(known_waits_for_what_was_before),
		dir_test(known_waits_for_the_last_of_several),
		dir_test(bursts_are_folded),
		dir_test(burst_of_none_folds_all),
		dir_test(single_does_not_overtake_folded),
		dir_test(both_and_a_burst),
		dir_test(last_note_is_what_is_remembered),
		dir_test(folded_creation_is_remembered),
		dir_test(folded_change_brings_the_name),
		dir_test(number_may_pass_to_another_vm),
		dir_test(waiting_are_limited),
		dir_test(flush_may_fill_the_room),
		dir_test(unsent_is_next_again),
		dir_test(time_that_goes_back_is_survived),
		dir_test(nothing_need_be_remembered),
		dir_test(impossible_numbers_are_dropped),
		dir_test(want_of_memory_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
