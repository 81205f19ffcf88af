/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of notify and told share: a file's place, notes, the log. */
#ifndef NOTIFY_TEST_H
#define NOTIFY_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_TEST "test_told"
#define FILE_NAME "told"
#include "file_test.h"
#include "log.h"
#include "note.h"
#include "rfc7666.h"
#include "told.h"

#define STATES 262144 /* octets of one of the two areas */
#define HEADER 64
#define ROW 284

/* That all VMs that there are were made known: from now on they are kept. */
static inline struct note *
all_known(void)
{
	struct note *note = note_new(NOTE_KNOWN, NULL);

	assert_non_null(note);
	return note;
}

static inline bool
exists_with(const char *suffix)
{
	char name[128];
	struct stat st;

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	return lstat(name, &st) == 0;
}

static inline struct snap_uuid
uuid_of(uint32_t n)
{
	struct snap_uuid uuid;

	memset(&uuid, 0x5a, sizeof(uuid));
	memcpy(uuid.octets, &n, sizeof(n));
	return uuid;
}

static inline const char *
name_of(uint32_t n)
{
	static char name[32];

	snprintf(name, sizeof(name), "vm-%u", (unsigned)n);
	return name;
}

static inline struct told *
open_told(void)
{
	struct told *told = told_open(path);

	assert_non_null(told);
	return told;
}

/* Sets VM n to be itself in some state. */
static inline void
set(struct told *told, uint32_t n, int32_t state)
{
	struct told_vm vm = { uuid_of(n), state, TRI_YES, name_of(n) };

	told_set(told, n, &vm);
}

/* 0: it is not there; fails if it is another VM. */
static inline int32_t
state_in(const struct told *told, uint32_t n)
{
	struct told_vm vm;
	struct snap_uuid uuid = uuid_of(n);

	if (!told_get(told, n, &vm))
		return 0;
	assert_memory_equal(&vm.uuid, &uuid, sizeof(uuid));
	assert_string_equal(vm.name, name_of(n));
	assert_int_equal(vm.persistent, TRI_YES);
	assert_true(n < told_end(told));
	assert_in_range(vm.state, OPER_UNKNOWN, OPER_CRASHED);
	return vm.state;
}

/* What a process would find that starts now. */
static inline int32_t
state_on_disk(uint32_t n)
{
	struct told *told = open_told();
	int32_t state = state_in(told, n);

	told_close(told);
	return state;
}

/* A note of VM n; 0: of none. */
static inline struct note *
make_note(enum note_kind kind, uint32_t n, int32_t state)
{
	struct note *note = note_new(kind, NULL);
	struct snap_def *def;

	assert_non_null(note);
	if (n == 0)
		return note;
	def = snap_def_new();
	assert_non_null(def);
	def->name = snap_def_text(def, name_of(n));
	assert_non_null(def->name);
	note->def = def;
	note->index = n;
	note->uuid = uuid_of(n);
	note->persistent = TRI_YES;
	note->state = state;
	return note;
}

#define dir_test(name) \
	cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)

#endif
