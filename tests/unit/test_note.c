/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests note.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "note.h"
#include "rfc7666.h"
#include "text.h"

static void
new_note_knows_nothing(void **state)
{
	struct note *note = note_new(NOTE_PANICKED, NULL);

	(void)state;
	assert_non_null(note);
	assert_int_equal(note->kind, NOTE_PANICKED);
	assert_int_equal(note->persistent, TRI_UNKNOWN);
	assert_int_equal(note->virt_state, SNAP_NO_I32);
	assert_int_equal(note->virt_reason, SNAP_NO_I32);
	assert_int_equal(note->index, 0);
	assert_null(note->def);
	assert_null(note->next);
	assert_null(note->detail);
	note_free(note);
	note = note_new(NOTE_CONN_LOST, "");
	assert_non_null(note);
	assert_null(note->detail);
	note_free(note);
	note_free(NULL);
}

static void
words_are_copied_and_cleaned(void **state)
{
	char words[] = "a\nb\xff";
	char long_words[1000];
	struct note *note = note_new(NOTE_IO_ERROR, words);

	(void)state;
	words[0] = 'x';
	assert_string_equal(note->detail, "a b\xef\xbf\xbd");
	note_free(note);
	memset(long_words, 'y', sizeof(long_words) - 1);
	long_words[sizeof(long_words) - 1] = '\0';
	note = note_new(NOTE_IO_ERROR, long_words);
	assert_int_equal(strlen(note->detail), TEXT_ADMIN_MAX);
	note_free(note);
}

static void
note_drops_its_definition(void **state)
{
	struct snap_def *def = snap_def_new();
	struct note *note = note_new(NOTE_RUNNING, NULL);

	(void)state;
	note->def = snap_def_ref(def);
	assert_int_equal(atomic_load(&def->refs), 2);
	note_free(note);
	assert_int_equal(atomic_load(&def->refs), 1);
	snap_def_unref(def);
}

static void
kinds_are_those_of_the_rfc(void **state)
{
	static const enum note_kind of[] = {
		[0] = NOTE_KNOWN,
		[OPER_UNKNOWN] = NOTE_KNOWN,
		[OPER_OTHER] = NOTE_KNOWN,
		[OPER_PREPARING] = NOTE_KNOWN,
		[OPER_RUNNING] = NOTE_RUNNING,
		[OPER_SUSPENDING] = NOTE_SUSPENDING,
		[OPER_SUSPENDED] = NOTE_SUSPENDED,
		[OPER_RESUMING] = NOTE_RESUMING,
		[OPER_PAUSED] = NOTE_PAUSED,
		[OPER_MIGRATING] = NOTE_MIGRATING,
		[OPER_SHUTTINGDOWN] = NOTE_SHUTTINGDOWN,
		[OPER_SHUTDOWN] = NOTE_SHUTDOWN,
		[OPER_CRASHED] = NOTE_CRASHED,
		[OPER_CRASHED + 1] = NOTE_KNOWN,
	};

	(void)state;
	for (int32_t s = 0; s <= OPER_CRASHED + 1; s++)
		assert_int_equal(note_of_state(s), of[s]);
	assert_int_equal(note_of_state(-1), NOTE_KNOWN);
	for (int kind = 0; kind < NOTE_KINDS; kind++)
		assert_int_equal(note_is_state((enum note_kind)kind),
		    kind >= 1 && kind <= 10);
}

/* Adds notes with the indices from to to. */
static void
fill(struct note_list *list, uint32_t from, uint32_t to)
{
	for (; from <= to; from++) {
		struct note *note = note_new(NOTE_RUNNING, "x");

		note->index = from;
		note_list_add(list, note);
	}
}

static void
expect(struct note_list *list, uint32_t from, uint32_t to)
{
	assert_int_equal(list->n, to - from + 1);
	for (; from <= to; from++) {
		struct note *note = note_list_take(list);

		assert_int_equal(note->index, from);
		assert_null(note->next);
		note_free(note);
	}
	assert_null(note_list_take(list));
	assert_int_equal(list->n, 0);
}

static void
lists_keep_order(void **state)
{
	struct note_list a, b;

	(void)state;
	note_list_init(&a);
	note_list_init(&b);
	assert_null(note_list_take(&a));
	fill(&a, 1, 3);
	expect(&a, 1, 3);
	fill(&a, 1, 2);
	fill(&b, 3, 5);
	note_list_append(&a, &b);
	assert_int_equal(b.n, 0);
	fill(&a, 6, 6);
	expect(&a, 1, 6);

	fill(&a, 3, 4);
	fill(&b, 1, 2);
	note_list_prepend(&a, &b);
	assert_int_equal(b.n, 0);
	fill(&a, 5, 5);
	fill(&b, 6, 6); /* b is good for more */
	note_list_append(&a, &b);
	expect(&a, 1, 6);

	note_list_append(&a, &b);
	note_list_prepend(&a, &b);
	assert_null(note_list_take(&a));
	fill(&b, 1, 2);
	note_list_prepend(&a, &b);
	note_list_prepend(&a, &b);
	note_list_append(&a, &b);
	fill(&a, 3, 3);
	expect(&a, 1, 3);
	fill(&a, 1, 9);
	note_list_free(&a);
	assert_int_equal(a.n, 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_note_knows_nothing),
		cmocka_unit_test(words_are_copied_and_cleaned),
		cmocka_unit_test(note_drops_its_definition),
		cmocka_unit_test(kinds_are_those_of_the_rfc),
		cmocka_unit_test(lists_keep_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
