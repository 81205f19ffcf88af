/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests exchange.c; races and leaks show under TSan, valgrind or ASan. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange.h"
#include "note.h"
#include "snapshot.h"

#define N_PUBLISHED 20000

static atomic_uint woken;

static void
count_wake(void)
{
	atomic_fetch_add(&woken, 1);
}

/* A snapshot that carries its number in a domain record of its own. */
static const struct snapshot *
numbered(uint32_t number)
{
	struct snap_def *def = snap_def_new();
	struct snapshot *snap = snapshot_new(NULL, 1);
	struct snap_domain *dom;

	assert_true(def != NULL && snap != NULL);
	dom = snap_domain_new(def, NULL, 0);
	assert_non_null(dom);
	snap_def_unref(def);
	dom->index = number;
	snap->table_last_change = number;
	snap->domains[0] = dom;
	return snap;
}

static uint32_t
number_of(const struct snapshot *snap)
{
	assert_int_equal(snap->n_domains, 1);
	assert_int_equal(snap->domains[0]->index, snap->table_last_change);
	return snap->table_last_change;
}

static void
test_one_thread(void **state)
{
	struct exchange *ex = exchange_new(count_wake);
	const struct snapshot *snap;

	(void)state;
	assert_non_null(ex);
	atomic_store(&woken, 0);
	assert_null(exchange_take(ex));
	exchange_publish(ex, numbered(1));
	assert_int_equal(atomic_load(&woken), 1);
	snap = exchange_take(ex);
	assert_int_equal(number_of(snap), 1);
	assert_int_equal(atomic_load(&snap->refs), 1);
	snapshot_unref(snap);
	assert_null(exchange_take(ex));
	exchange_publish(ex, numbered(2));
	exchange_publish(ex, numbered(3));
	assert_int_equal(atomic_load(&woken), 3);
	snap = exchange_take(ex);
	assert_int_equal(number_of(snap), 3);
	assert_null(exchange_take(ex));
	snapshot_unref(snap);
	exchange_unref(ex);
}

static void
test_replaced_is_released(void **state)
{
	struct exchange *ex = exchange_new(NULL);
	const struct snapshot *snap = snapshot_ref(numbered(1));

	(void)state;
	assert_non_null(ex);
	exchange_publish(ex, snap);
	assert_int_equal(atomic_load(&snap->refs), 2);
	exchange_publish(ex, numbered(2));
	assert_int_equal(atomic_load(&snap->refs), 1);
	exchange_publish(ex, snapshot_ref(snap));
	exchange_unref(ex);
	assert_int_equal(atomic_load(&snap->refs), 1);
	snapshot_unref(snap);
	exchange_unref(NULL);
}

/* wake() comes when the snapshot is there to be taken. */
static struct exchange *woken_ex;
static const struct snapshot *seen;

static void
take_on_wake(void)
{
	seen = exchange_take(woken_ex);
}

static void
test_wake_comes_after(void **state)
{
	(void)state;
	woken_ex = exchange_new(take_on_wake);
	assert_non_null(woken_ex);
	exchange_publish(woken_ex, numbered(5));
	assert_non_null(seen);
	assert_int_equal(number_of(seen), 5);
	snapshot_unref(seen);
	exchange_unref(woken_ex);
}

struct publisher {
	struct exchange *ex;
	atomic_bool done;
};

static void *
publish_all(void *arg)
{
	struct publisher *p = arg;

	for (uint32_t i = 1; i <= N_PUBLISHED; i++) {
		exchange_publish(p->ex, numbered(i));
	}
	atomic_store(&p->done, true);
	return NULL;
}

/* What is taken only ever gets newer, and the newest arrives. */
static void
test_two_threads(void **state)
{
	struct publisher p = { .ex = exchange_new(count_wake) };
	const struct snapshot *snap, *kept = NULL;
	uint32_t last = 0;
	bool done = false;
	pthread_t thread;

	(void)state;
	assert_non_null(p.ex);
	atomic_store(&woken, 0);
	assert_int_equal(pthread_create(&thread, NULL, publish_all, &p), 0);
	for (;;) {
		snap = exchange_take(p.ex);
		if (snap == NULL) {
			if (done) {
				break;
			}
			done = atomic_load(&p.done);
			continue;
		}
		assert_true(number_of(snap) > last);
		last = number_of(snap);
		/* As the main thread does: drop the old one last. */
		snapshot_unref(kept);
		kept = snap;
	}
	pthread_join(thread, NULL);
	assert_int_equal(last, N_PUBLISHED);
	assert_int_equal(atomic_load(&woken), N_PUBLISHED);
	snapshot_unref(kept);
	exchange_unref(p.ex);
}

/* A record in several snapshots at once, as an event leaves it. */
static void *
publish_shared(void *arg)
{
	struct publisher *p = arg;
	const struct snapshot *first = numbered(7), *next;

	for (uint32_t i = 0; i < N_PUBLISHED; i++) {
		struct snapshot *snap = snapshot_new(NULL, 1);

		assert_non_null(snap);
		snap->table_last_change = 7;
		snap->domains[0] = snap_domain_ref(first->domains[0]);
		next = snapshot_ref(snap);
		exchange_publish(p->ex, snap);
		snapshot_unref(first);
		first = next;
	}
	snapshot_unref(first);
	atomic_store(&p->done, true);
	return NULL;
}

static void
test_shared_records(void **state)
{
	struct publisher p = { .ex = exchange_new(NULL) };
	const struct snapshot *snap;
	pthread_t thread;

	(void)state;
	assert_non_null(p.ex);
	assert_int_equal(pthread_create(&thread, NULL, publish_shared, &p), 0);
	while (!atomic_load(&p.done)) {
		snap = exchange_take(p.ex);
		if (snap != NULL) {
			assert_int_equal(number_of(snap), 7);
			snapshot_unref(snap);
		}
	}
	pthread_join(thread, NULL);
	exchange_unref(p.ex);
}

#define N_TOLD 20000

/* Notes that carry their numbers, a few at a time. */
static void *
tell(void *arg)
{
	struct note_list notes;

	note_list_init(&notes);
	for (uint32_t i = 1; i <= N_TOLD; i++) {
		struct note *note = note_new(NOTE_RUNNING, NULL);

		assert_non_null(note);
		note->index = i;
		note_list_add(&notes, note);
		if (i % 7 == 0 || i == N_TOLD) {
			exchange_tell(arg, &notes);
			assert_null(notes.first);
		}
	}
	return NULL;
}

/* None is lost, none comes twice, and they stay in order. */
static void
test_notes(void **state)
{
	struct exchange *ex = exchange_new(count_wake);
	struct note_list heard;
	struct note *note;
	pthread_t thread;
	uint32_t last = 0;

	(void)state;
	assert_non_null(ex);
	atomic_store(&woken, 0);
	note_list_init(&heard);
	assert_int_equal(pthread_create(&thread, NULL, tell, ex), 0);
	while (last < N_TOLD) {
		assert_int_equal(exchange_hear(ex, &heard), 0);
		while ((note = note_list_take(&heard)) != NULL) {
			assert_int_equal(note->index, ++last);
			note_free(note);
		}
	}
	pthread_join(thread, NULL);
	assert_int_equal(exchange_hear(ex, &heard), 0);
	assert_null(heard.first);
	assert_int_equal(atomic_load(&woken), (N_TOLD + 6) / 7);
	tell(ex); /* what nobody hears is freed */
	exchange_unref(ex);
}

/* A main thread that does not come costs no more than so much memory. */
static void
test_notes_bounded(void **state)
{
	struct exchange *ex = exchange_new(NULL);
	struct note_list heard;
	uint64_t lost;

	(void)state;
	assert_non_null(ex);
	note_list_init(&heard);
	for (int i = 0; i < 5; i++) {
		tell(ex);
	}
	lost = exchange_hear(ex, &heard);
	assert_true(lost > 0 && heard.n + lost == 5 * N_TOLD);
	assert_int_equal(exchange_hear(ex, &heard), 0);
	note_list_free(&heard);
	exchange_unref(ex);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_thread),
		cmocka_unit_test(test_replaced_is_released),
		cmocka_unit_test(test_wake_comes_after),
		cmocka_unit_test(test_two_threads),
		cmocka_unit_test(test_shared_records),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_notes_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
