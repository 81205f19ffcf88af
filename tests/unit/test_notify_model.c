/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests notify.c against a slow and simple model, by random. */
#include "notify_test.h"

#include "notify.h"

#define VMS 10          /* the last ones far from the others */
#define QUEUE_MAX 4096
#define GATHERED_MAX 100000
#define NOTES_MAX 100000

struct m_note {
	int kind;
	int vm;  /* 0: none; else its place among the VMs, from 1 */
	int32_t state;
	bool only;
	bool left_out; /* it would seem to come after a later one */
	int number; /* among the notes of its VM */
};

struct m_item {
	int kind;
	bool bulk;
	struct m_note note;   /* of a single one */
	int number[VMS + 1];  /* in a bulk one, of the VM's last; 0: none, */
	bool last[VMS + 1];   /* by which the VM is remembered */
	bool remembered;
};

/* The model: arrays, gone through from end to end. */
static struct m_item queue[QUEUE_MAX];
static int n_queue;
static struct m_note gathered[GATHERED_MAX];
static int n_gathered;
static int64_t gather_due;
static bool overflowed;
static bool window_open;
static int64_t window_since;
static uint32_t window_singles;
static bool per_vm, bulk;
static struct notify_limits limits;
static struct notify_status count;
static int32_t m_told[VMS + 1];
static bool m_deferred[VMS + 1];
static int32_t m_deferred_state[VMS + 1];
/* All that each VM was, and whether that was told, or may be remembered. */
static int32_t was[VMS + 1][NOTES_MAX];
static int n_was[VMS + 1];
static uint64_t n_changes;
static bool settled[VMS + 1][NOTES_MAX];

static struct told *told;
static struct notify *n;

/* What is in the hands of a sender. */
static struct notify_item *held[32];
static struct m_item m_held[32];
static bool held_sent[32];
static int n_held;

static uint32_t
index_of(int vm)
{
	return vm == VMS ? 200000 : vm == VMS - 1 ? 300 : (uint32_t)vm;
}

static bool
tells(int kind)
{
	return kind >= NOTE_KNOWN && kind <= NOTE_CREATED;
}

static bool
item_has(const struct m_item *item, int vm)
{
	return item->bulk ? item->number[vm] > 0 : item->note.vm == vm;
}

static bool
m_awaited(int vm)
{
	for (int i = 0; i < n_queue; i++) {
		if (tells(queue[i].kind) && item_has(&queue[i], vm))
			return true;
	}
	for (int i = 0; i < n_gathered; i++) {
		if (gathered[i].only && tells(gathered[i].kind) &&
		    gathered[i].vm == vm)
			return true;
	}
	return false;
}

/* The last of the gathered notes for which all that is asked holds; -1. */
static int
last_gathered(int kind, int vm, bool telling)
{
	for (int i = n_gathered - 1; i >= 0; i--) {
		if ((kind < 0 || gathered[i].kind == kind) &&
		    (vm < 0 || gathered[i].vm == vm) &&
		    (!telling || (gathered[i].only && tells(gathered[i].kind))))
			return i;
	}
	return -1;
}

static void
m_flush_kind(int kind)
{
	struct m_item item = { .kind = kind, .bulk = true };
	bool any = false;

	for (int v = 1; v <= VMS; v++) {
		int mine = last_gathered(kind, v, false);
		int last = last_gathered(-1, v, true);

		if (mine < 0 || gathered[mine].left_out)
			continue;
		any = true;
		item.number[v] = gathered[mine].number;
		item.last[v] = kind == NOTE_CREATED || (last >= 0 &&
		    gathered[last].kind == kind && tells(kind));
	}
	if (any) {
		queue[n_queue++] = item;
		assert_true(n_queue < QUEUE_MAX);
		count.waiting++;
	}
}

static void
m_flush(void)
{
	if (count.waiting >= NOTIFY_WAITING_MAX)
		return;
	if (last_gathered(NOTE_CREATED, -1, false) >= 0)
		m_flush_kind(NOTE_CREATED);
	for (int i = 0; i < n_gathered; i++) {
		int kind = gathered[i].kind;

		if (kind != NOTE_CREATED && last_gathered(kind, -1, false) == i)
			m_flush_kind(kind);
	}
	n_gathered = 0;
	overflowed = false;
}

/* Whether a gathered change of a VM was followed by one of another kind. */
static bool
was_passed(int place)
{
	for (int i = place + 1; i < n_gathered; i++) {
		if (gathered[i].vm == gathered[place].vm &&
		    tells(gathered[i].kind) &&
		    gathered[i].kind != gathered[place].kind)
			return true;
	}
	return false;
}

/* What would come after something later with this note. */
static void
m_leave_out(struct m_note note)
{
	for (int i = 0; i < n_gathered; i++) {
		if (!tells(gathered[i].kind) || !tells(note.kind) ||
		    gathered[i].kind == NOTE_CREATED)
			continue;
		if (note.kind == NOTE_CREATED ? gathered[i].vm == note.vm :
		    gathered[i].kind == note.kind && was_passed(i))
			gathered[i].left_out = true;
	}
}

static void
m_gather(struct m_note note, bool only, int64_t now)
{
	if (n_gathered == 0)
		gather_due = now + NOTIFY_GATHER_MS;
	m_leave_out(note);
	note.only = only;
	gathered[n_gathered++] = note;
	assert_true(n_gathered < GATHERED_MAX);
}

static void
m_fold(struct m_note note, int64_t now)
{
	count.suppressed++;
	count.folded++;
	if (tells(note.kind))
		m_deferred[note.vm] = false;
	m_gather(note, true, now);
}

static void
m_single(struct m_note note)
{
	queue[n_queue++] = (struct m_item){ .kind = note.kind, .note = note };
	assert_true(n_queue < QUEUE_MAX);
	count.waiting++;
	if (tells(note.kind))
		m_deferred[note.vm] = false;
}

static void
m_remember(struct m_note note)
{
	m_deferred[note.vm] = m_awaited(note.vm);
	m_deferred_state[note.vm] = note.state;
	if (!m_deferred[note.vm])
		m_told[note.vm] = note.state;
}

static bool
overtakes(int vm)
{
	if (overflowed)
		return true;
	for (int i = 0; i < n_gathered; i++) {
		if (gathered[i].only && (vm == 0 || gathered[i].vm == vm))
			return true;
	}
	return false;
}

static void
m_put(struct m_note note, int64_t now)
{
	bool is_state = note.kind >= NOTE_RUNNING && note.kind <= NOTE_DELETED;
	bool spent = false;

	if (window_open && now - window_since >= limits.burst_ms)
		window_open = false;
	if (note.kind == NOTE_KNOWN) {
		m_remember(note);
		return;
	}
	if (!per_vm && !bulk) {
		count.suppressed++;
		if (tells(note.kind))
			m_remember(note);
		return;
	}
	if (is_state && !per_vm) {
		m_fold(note, now);
		return;
	}
	if (count.waiting < NOTIFY_WAITING_MAX && note.vm > 0) {
		if (!window_open) {
			window_open = true;
			window_since = now;
			window_singles = 0;
		}
		spent = window_singles >= limits.burst_max;
	}
	if (!spent && overtakes(note.vm))
		m_flush();
	if (note.vm == 0 && count.waiting >= NOTIFY_WAITING_MAX) {
		count.suppressed++;
		count.dropped++;
	} else if (spent || count.waiting >= NOTIFY_WAITING_MAX) {
		overflowed = true;
		m_fold(note, now);
	} else {
		window_singles += note.vm > 0;
		m_single(note);
		if (is_state && bulk)
			m_gather(note, false, now);
	}
}

static void
m_settle(struct m_item *item)
{
	for (int v = 1; v <= VMS; v++) {
		if (!tells(item->kind) || !item_has(item, v))
			continue;
		if (!item->bulk)
			settled[v][item->note.number] = true;
		else
			settled[v][item->number[v]] = true;
		if (!item->remembered && (!item->bulk || item->last[v]))
			m_told[v] = item->bulk ?
			    was[v][item->number[v]] : item->note.state;
		if (m_deferred[v] && !m_awaited(v)) {
			m_told[v] = m_deferred_state[v];
			m_deferred[v] = false;
		}
	}
}

/* --- both ----------------------------------------------------------------- */

static int32_t
random_state(int kind)
{
	static const int32_t known[] = { OPER_UNKNOWN, OPER_PREPARING,
		OPER_RUNNING, OPER_SHUTDOWN, 0 };

	if (kind == NOTE_CREATED)
		return OPER_SHUTDOWN;
	for (int32_t s = OPER_UNKNOWN; s <= OPER_CRASHED; s++) {
		if (kind > 0 && (int)note_of_state(s) == kind)
			return s;
	}
	return kind == NOTE_KNOWN ? known[random() % 5] : 0;
}

static void
random_put(int64_t now)
{
	static const int kinds[] = { NOTE_KNOWN, NOTE_RUNNING, NOTE_PAUSED,
		NOTE_SHUTDOWN, NOTE_DELETED, NOTE_CREATED, NOTE_PANICKED,
		NOTE_CONN_LOST };
	int kind = random() % 4 == 0 ? (int)(random() % NOTE_KINDS) :
	    kinds[random() % 8];
	struct m_note note = { .kind = kind, .state = random_state(kind) };

	if (kind < NOTE_CONN_LOST)
		note.vm = 1 + (int)(random() % VMS);
	n_changes += kind != NOTE_KNOWN;
	if (tells(kind)) {
		note.number = ++n_was[note.vm];
		assert_true(note.number < NOTES_MAX);
		was[note.vm][note.number] = note.state;
		/* May be remembered as soon as all before was told. */
		settled[note.vm][note.number] = kind == NOTE_KNOWN ||
		    (!per_vm && !bulk);
	} else if (note.vm > 0) {
		note.number = 1; /* of no meaning */
	}
	notify_put(n, make_note((enum note_kind)kind,
	    note.vm == 0 ? 0 : index_of(note.vm), note.state), now);
	m_put(note, now);
}

static void
compare_item(const struct notify_item *item, const struct m_item *right)
{
	assert_int_equal(item->kind, right->kind);
	assert_int_equal(item->note == NULL, right->bulk);
	if (!right->bulk) {
		assert_int_equal(item->note->index, right->note.vm == 0 ? 0 :
		    index_of(right->note.vm));
		assert_int_equal(item->note->state, right->note.state);
		return;
	}
	assert_true(item->vms[item->vms_len - 1] != 0);
	for (int v = 1; v <= VMS; v++) {
		size_t bit = index_of(v) - 1;
		bool has = bit / 8 < item->vms_len &&
		    (item->vms[bit / 8] & 0x80 >> bit % 8) != 0;

		assert_int_equal(has, right->number[v] > 0);
	}
}

static void
take(int64_t now)
{
	int64_t due = notify_due(n);
	struct notify_item *item = notify_next(n, now);

	assert_true(item == NULL || due <= now);
	if (window_open && now - window_since >= limits.burst_ms)
		window_open = false;
	if (n_gathered > 0 && now >= gather_due)
		m_flush();
	assert_int_equal(item == NULL, n_queue == 0);
	if (item == NULL)
		return;
	compare_item(item, &queue[0]);
	held[n_held] = item;
	m_held[n_held] = queue[0];
	memmove(queue, queue + 1, (size_t)--n_queue * sizeof(queue[0]));
	count.waiting--;
	held_sent[n_held] = random() % 8 > 0;
	if (held_sent[n_held]) {
		notify_sent(n, item);
		count.sent++;
		count.sent_bulk += m_held[n_held].bulk;
		m_settle(&m_held[n_held]);
		n_held++;
	} else {
		notify_unsent(n, item);
		memmove(queue + 1, queue, (size_t)n_queue++ * sizeof(queue[0]));
		queue[0] = m_held[n_held];
		count.waiting++;
	}
}

/* They arrived, or are lost. */
static void
let_go(bool lost)
{
	while (n_held > 0) {
		n_held--;
		if (!lost) {
			notify_item_free(held[n_held]);
			continue;
		}
		notify_unsent(n, held[n_held]);
		memmove(queue + 1, queue, (size_t)n_queue++ * sizeof(queue[0]));
		queue[0] = m_held[n_held];
		queue[0].remembered = true;
		count.waiting++;
		count.sent--;
		count.sent_bulk -= m_held[n_held].bulk;
	}
}

/*
 * That it was told, or had not to be, and that the latter does not come before
 * something that had to be and was not yet.
 */
static void
check_told(int v, int32_t state)
{
	bool found = state == 0;

	for (int i = n_was[v]; i > 0 && !found; i--)
		found = was[v][i] == state && settled[v][i];
	assert_true(found);
}

static uint64_t
singles_waiting(void)
{
	uint64_t singles = 0;

	for (int i = 0; i < n_queue; i++)
		singles += !queue[i].bulk;
	return singles;
}

static void
compare(void)
{
	const struct notify_status *s = notify_status(n);

	count.per_vm = per_vm ? SNAP_TRUE : SNAP_FALSE;
	count.bulk = bulk ? SNAP_TRUE : SNAP_FALSE;
	assert_memory_equal(s, &count, sizeof(count));
	assert_int_equal(s->sent - s->sent_bulk + s->suppressed +
	    singles_waiting(), n_changes);
	for (int v = 1; v <= VMS; v++) {
		int32_t state = state_in(told, index_of(v));

		assert_int_equal(state, m_told[v]);
		check_told(v, state);
	}
}

static void
forget_model(void)
{
	n_queue = n_gathered = n_held = 0;
	overflowed = window_open = false;
	memset(&count, 0, sizeof(count));
	memset(m_told, 0, sizeof(m_told));
	memset(m_deferred, 0, sizeof(m_deferred));
	memset(n_was, 0, sizeof(n_was));
	n_changes = 0;
}

static void
random_step(int64_t *now, bool away)
{
	switch (random() % 64) {
	case 0:
		per_vm = random() % 3 > 0;
		notify_switch_per_vm(n, per_vm);
		break;
	case 1:
		bulk = random() % 2 == 0;
		notify_switch_bulk(n, bulk);
		break;
	case 2:
		*now += random() % 700;
		break;
	case 3:
		let_go(random() % 4 == 0);
		break;
	case 4: case 5: case 6: case 7: case 8: case 9: case 10: case 11:
	case 12: case 13: case 14: case 15: case 16: case 17: case 18:
		for (int i = 0; !away && i < 3; i++) {
			if (n_held == 32)
				let_go(random() % 8 == 0);
			take(*now);
		}
		break;
	case 19:
		*now += random() % 20;
		break;
	default:
		random_put(*now);
	}
}

static void
drain(int64_t now)
{
	const struct notify_status *s = notify_status(n);
	let_go(false);
	for (int i = 0; i < 2; i++) {
		while (s->waiting > 0 || notify_due(n) <= now) {
			take(now);
			let_go(false);
		}
		now += 100000;
	}
	compare();
	assert_int_equal(s->sent - s->sent_bulk + s->suppressed, n_changes);
	assert_int_equal(s->waiting, 0);
	for (int v = 1; v <= VMS; v++) {
		if (n_was[v] > 0)
			assert_int_equal(state_on_disk(index_of(v)),
			    was[v][n_was[v]]);
	}
}

static void
run(unsigned seed, int steps)
{
	int64_t now = 1000;
	bool away = false;

	srandom(seed);
	forget_model();
	limits.burst_max = (uint32_t)(random() % 40);
	limits.burst_ms = random() % 2000;
	if (seed % 2 == 0)
		limits.burst_max = UINT32_MAX;
	per_vm = random() % 3 > 0;
	bulk = random() % 2 == 0;
	told = open_told();
	n = notify_new(&limits, per_vm, bulk, told);
	assert_non_null(n);
	notify_put(n, all_known(), 0);
	for (int i = 0; i < steps; i++) {
		if (random() % 3000 == 0)
			away = !away;
		random_step(&now, away);
		compare();
	}
	drain(now);
	notify_free(n);
	told_close(told);
	dir_empty();
}

static void
random_notes_agree_with_model(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 12; seed++)
		run(seed, 8000);
	for (unsigned seed = 100; seed <= 200; seed++)
		run(seed, 400);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		dir_test(random_notes_agree_with_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
