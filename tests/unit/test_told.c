/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests told.c: what is kept over restarts, whatever happens. */
#include "notify_test.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "clock.h"
#include "text.h"

#define LIMIT 262144
#define NOBODY 65534

/* In place of the program's clock. */
static int64_t fake_now_ms;

int64_t
clock_boot_ms(void)
{
	return fake_now_ms;
}

static struct told *
reopen(struct told *told)
{
	told_close(told);
	return open_told();
}

static void
check_vm(const struct told *told, uint32_t index, const struct told_vm *right)
{
	struct told_vm vm;

	assert_true(told_get(told, index, &vm));
	assert_memory_equal(&vm.uuid, &right->uuid, sizeof(vm.uuid));
	assert_int_equal(vm.state, right->state);
	assert_int_equal(vm.persistent, right->persistent);
	assert_string_equal(vm.name, right->name);
}

static void
what_is_set_is_found_again(void **state)
{
	struct told *told = open_told();
	struct told_vm vms[] = {
		{ uuid_of(1), OPER_UNKNOWN, TRI_UNKNOWN, "web01" },
		{ uuid_of(2), OPER_CRASHED, TRI_NO, "" },
		{ uuid_of(3), OPER_RUNNING, TRI_YES, "\xc3\xa4 \xe2\x82\xac" },
	};
	static const uint32_t at[] = { 1, 9, LIMIT };
	struct told_vm vm;

	(void)state;
	assert_false(told_complete(told));
	assert_int_equal(told_end(told), 1);
	for (int i = 0; i < 3; i++)
		told_set(told, at[i], &vms[i]);
	for (int turn = 0; turn < 3; turn++) {
		assert_int_equal(told_complete(told), turn > 0);
		for (int i = 0; i < 3; i++)
			check_vm(told, at[i], &vms[i]);
		assert_int_equal(told_end(told), LIMIT + 1);
		for (uint32_t i = 0; i < LIMIT + 9; i++) {
			if (i != at[0] && i != at[1] && i != at[2])
				assert_false(told_get(told, i, &vm));
		}
		assert_false(told_get(told, UINT32_MAX, &vm));
		told = reopen(told);
	}
	set(told, LIMIT, 0);
	set(told, 9, 0);
	set(told, 5, 0);
	assert_false(told_get(told, LIMIT, &vm));
	told = reopen(told);
	assert_int_equal(told_end(told), 2);
	check_vm(told, 1, &vms[0]);
	told_close(told);
	told_close(NULL);
	assert_int_equal(n_logged, 0);
}

static void
file_changes_with_a_flush(void **state)
{
	struct told *told = open_told();

	(void)state;
	assert_false(exists_with(""));
	set(told, 1, OPER_RUNNING);
	assert_false(exists_with(""));
	told_flush(told);
	assert_int_equal(state_on_disk(1), OPER_RUNNING);
	for (int i = 0; i < 5; i++) {
		set(told, 1, OPER_PAUSED);
		set(told, 2, OPER_PAUSED);
		assert_int_equal(state_on_disk(1), OPER_RUNNING);
		assert_int_equal(state_on_disk(2), 0);
		told_flush(told);
		assert_int_equal(state_on_disk(1), OPER_PAUSED);
		assert_int_equal(state_on_disk(2), OPER_PAUSED);
		set(told, 2, 0);
		set(told, 1, OPER_RUNNING);
		assert_int_equal(state_on_disk(2), OPER_PAUSED);
		told_flush(told);
		assert_int_equal(state_on_disk(1), OPER_RUNNING);
		assert_int_equal(state_on_disk(2), 0);
	}
	/* A number may pass to another VM, within a flush or over one. */
	for (int i = 0; i < 5; i++) {
		struct told_vm vm = { uuid_of((uint32_t)i), OPER_RUNNING + i,
			TRI_NO, "other" };

		if (i % 2 == 0)
			set(told, 1, 0);
		if (i == 4)
			told_flush(told);
		told_set(told, 1, &vm);
		told_flush(told);

		struct told *other = open_told();

		check_vm(other, 1, &vm);
		told_close(other);
	}
	told_close(told);
}

static void
flush_without_changes_makes_a_file(void **state)
{
	struct told *told = open_told();

	(void)state;
	told_flush(told);
	told = reopen(told);
	assert_true(told_complete(told));
	assert_int_equal(told_end(told), 1);
	told_close(told);
}

static void
nonsense_is_not_set(void **state)
{
	struct told *told = open_told();
	struct told_vm vm = { uuid_of(0), OPER_RUNNING, TRI_YES, "x" };

	(void)state;
	told_set(told, 0, &vm);
	told_set(told, LIMIT + 1, &vm);
	told_set(told, UINT32_MAX, &vm);
	vm.state = -1;
	told_set(told, 1, &vm);
	vm.state = OPER_CRASHED + 1;
	told_set(told, 1, &vm);
	vm.state = 256 + OPER_RUNNING;
	told_set(told, 1, &vm);
	assert_int_equal(told_end(told), 1);
	told_close(told);
	assert_false(exists_with(""));
}

static void
names_are_cleaned(void **state)
{
	struct told *told = open_told();
	struct told_vm vm = { uuid_of(0), OPER_RUNNING, TRI_YES, "a\nb\xff" };
	char long_name[1000];

	(void)state;
	memset(long_name, 'n', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	told_set(told, 1, &vm);
	vm.name = long_name;
	told_set(told, 2, &vm);
	vm.name = NULL;
	told_set(told, 3, &vm);
	for (int turn = 0; turn < 2; turn++) {
		assert_true(told_get(told, 1, &vm));
		assert_string_equal(vm.name, "a b\xef\xbf\xbd");
		assert_true(told_get(told, 2, &vm));
		assert_int_equal(strlen(vm.name), TEXT_ADMIN_MAX);
		assert_true(told_get(told, 3, &vm));
		assert_string_equal(vm.name, "");
		told = reopen(told);
	}
	/* Its own name, given back. */
	assert_true(told_get(told, 1, &vm));
	vm.state = OPER_PAUSED;
	told_set(told, 1, &vm);
	assert_true(told_get(told, 1, &vm));
	assert_string_equal(vm.name, "a b\xef\xbf\xbd");
	assert_int_equal(vm.state, OPER_PAUSED);
	told_close(told);
}

/* --- damage --------------------------------------------------------------- */

static void
poke(off_t at, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, data, len, at), len);
	close(fd);
}

static uint8_t
peek(off_t at)
{
	uint8_t octet = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_true(pread(fd, &octet, 1, at) >= 0);
	close(fd);
	return octet;
}

/* VMs 1 to 3 as 4 to 6; 4 was there, and is no more. */
static void
make_small(void)
{
	struct told *told = open_told();

	for (uint32_t v = 1; v <= 4; v++)
		set(told, v, OPER_PAUSED);
	told_flush(told);
	set(told, 4, 0);
	for (uint32_t v = 1; v <= 3; v++) {
		struct told_vm old = { uuid_of(v), OPER_PAUSED, TRI_NO, "old" };

		told_set(told, v, &old);
		told_flush(told);
		set(told, v, 3 + (int32_t)v);
		told_flush(told);
	}
	told_close(told);
}

/* Which VMs are as they ought to be: a bit for each. */
static unsigned
check_small(const struct told *told)
{
	unsigned right = 0;
	struct told_vm vm;

	for (uint32_t v = 1; v <= 4; v++) {
		if (!told_get(told, v, &vm))
			continue;
		/* Whatever is there is one that was. */
		struct snap_uuid uuid = uuid_of(v);

		assert_memory_equal(&vm.uuid, &uuid, sizeof(uuid));
		assert_true(strcmp(vm.name, name_of(v)) == 0 ||
		    (v < 4 && strcmp(vm.name, "old") == 0));
		assert_in_range(vm.state, OPER_UNKNOWN, OPER_CRASHED);
		if (vm.state == 3 + (int32_t)v && vm.persistent == TRI_YES)
			right |= 1u << v;
	}
	for (uint32_t v = 5; v < told_end(told) + 9; v++)
		assert_false(told_get(told, v, &vm));
	return right;
}

/* Opens it with one octet changed; then as it was. */
static void
try_damage(off_t at, uint8_t mask)
{
	uint8_t was = peek(at);
	uint8_t is = was ^ mask;

	poke(at, &is, 1);
	n_logged = 0;

	struct told *told = open_told();
	bool complete = told_complete(told);
	unsigned right = check_small(told);

	/* Nothing is lost without a word. */
	assert_int_equal(complete, n_logged == 0);
	if (at < HEADER && at != HEADER - 1) {
		assert_false(complete);
		assert_int_equal(right, 0);
		assert_true(exists_with(".corrupt"));
		assert_false(exists_with(""));
	} else if (at >= HEADER && at < HEADER + 2 * STATES) {
		unsigned vm = (unsigned)((at - HEADER) % STATES) + 1;

		/* VMs beyond those that are have no bit. */
		vm = vm < 5 ? vm : 5;
		assert_int_equal(right | 1u << vm, 0xe | 1u << vm);
	} else if (at >= HEADER) {
		unsigned row = (unsigned)(at - HEADER - 2 * STATES) / ROW;
		unsigned vm = row / 2 + 1;

		assert_int_equal(right | 1u << vm, 0xe | 1u << vm);
		assert_int_equal(complete, right == 0xe);
	}
	/* What is saved of it is in order again. */
	if (!complete) {
		set(told, 9, OPER_RUNNING);
		told_close(told);
		n_logged = 0;
		told = open_told();
		assert_int_equal(n_logged, 0);
		assert_true(told_complete(told));
		set(told, 9, 0);
		assert_int_equal(check_small(told), right);
	}
	told_close(told);
	if (!complete) {
		dir_empty();
		make_small();
	} else {
		poke(at, &was, 1);
	}
}

static void
no_damage_invents_a_vm(void **state)
{
	static const off_t rows = HEADER + 2 * STATES;
	off_t at = 0;

	(void)state;
	make_small();
	while (at < rows + 8 * ROW) {
		try_damage(at, 0xff);
		try_damage(at, 0x80);
		try_damage(at, 0x01);
		try_damage(at, 'A' ^ 'B');
		at++;
		/* The rest of both areas is zeros; of these a few. */
		if (at == HEADER + 12 || at == HEADER + STATES + 12)
			at += STATES - 12 - 5;
	}
}

static void
truncated_file_is_noticed(void **state)
{
	static const off_t rows = HEADER + 2 * STATES;

	(void)state;
	for (off_t size = 0; size < rows + 6 * ROW; size++) {
		make_small();
		assert_int_equal(truncate(path, size), 0);
		n_logged = 0;

		struct told *told = open_told();
		unsigned right = check_small(told);

		assert_int_equal(told_complete(told), n_logged == 0);
		if (size < HEADER + STATES)
			assert_false(told_complete(told));
		if (size < rows)
			assert_int_equal(right, 0);
		if (told_complete(told))
			assert_int_equal(right, 0xe);
		told_close(told);
		dir_empty();
		if (size == HEADER + 9)
			size = HEADER + STATES - 9;
		if (size == HEADER + STATES + 9)
			size = rows - 9;
	}
}

static void
any_octets_are_survived(void **state)
{
	(void)state;
	srandom(1);
	for (int turn = 0; turn < 100; turn++) {
		uint8_t junk[600];
		struct told_vm vm;

		make_small();
		for (int i = 0; i < 600; i++)
			junk[i] = (uint8_t)random();
		poke(HEADER + (turn % 3) * STATES - turn % 7, junk, 600);
		/* Much larger than it may be, and most of it not there. */
		assert_int_equal(truncate(path, (off_t)1 << 36), 0);

		struct told *told = open_told();

		for (uint32_t v = 5; v < told_end(told); v++)
			assert_false(told_get(told, v, &vm));
		set(told, 9, OPER_RUNNING);
		told = reopen(told);
		assert_int_equal(state_in(told, 9), OPER_RUNNING);
		told_close(told);
		dir_empty();
	}
}

/* One that is right in itself, but another VM's. */
static void
misplaced_row_is_noticed(void **state)
{
	static const off_t rows = HEADER + 2 * STATES;
	uint8_t row[ROW];

	(void)state;
	make_small();
	for (off_t i = 0; i < ROW; i++)
		row[i] = peek(rows + i);
	poke(rows + 2 * ROW, row, ROW);
	for (off_t i = 0; i < ROW; i++)
		row[i] = peek(rows + ROW + i);
	poke(rows + 3 * ROW, row, ROW);

	struct told *told = open_told();

	assert_false(told_complete(told));
	assert_int_equal(check_small(told), 0xe & ~(1u << 2));
	told_close(told);
}

/* A state is little to write; names are not written with each. */
static void
only_changed_rows_are_written(void **state)
{
	static const off_t rows = HEADER + 2 * STATES;
	struct told *told;

	(void)state;
	make_small();
	told = open_told();
	for (off_t i = 0; i < 2 * ROW; i++)
		poke(rows + i, "", 1);
	set(told, 1, OPER_CRASHED);
	told_flush(told);
	for (off_t i = 0; i < 2 * ROW; i++)
		assert_int_equal(peek(rows + i), 0);
	told_close(told);
}

static void
damaged_file_is_set_aside(void **state)
{
	struct told *told;

	(void)state;
	make_small();
	assert_int_equal(truncate(path, 0), 0);
	told = open_told();
	assert_int_equal(n_logged, 1);
	assert_non_null(strstr(last_logged, path));
	assert_non_null(strstr(last_logged, ".corrupt"));
	assert_true(exists_with(".corrupt"));
	set(told, 1, OPER_RUNNING);
	told = reopen(told);
	assert_int_equal(state_in(told, 1), OPER_RUNNING);
	assert_int_equal(n_logged, 1);
	told_close(told);
}

/* --- trouble -------------------------------------------------------------- */

static void
open_what_is_no_file(void)
{
	fake_now_ms = 0;
	n_logged = 0;

	struct told *told = open_told();

	assert_int_equal(n_logged, 1);
	assert_non_null(strstr(last_logged, path));
	assert_false(told_complete(told));
	set(told, 1, OPER_RUNNING);
	told_flush(told);
	told_flush(told);
	assert_int_equal(n_logged, 2);
	assert_true(exists_with(""));
	assert_false(exists_with(".new"));
	assert_false(exists_with(".corrupt"));
	assert_int_equal(state_in(told, 1), OPER_RUNNING);
	/* Once it is gone there is nothing to lose. */
	assert_int_equal(remove(path), 0);
	fake_now_ms += 4999;
	told_flush(told);
	assert_false(exists_with(""));
	fake_now_ms += 1;
	told_flush(told);
	assert_int_equal(n_logged, 3);
	told = reopen(told);
	assert_int_equal(state_in(told, 1), OPER_RUNNING);
	assert_true(told_complete(told));
	told_close(told);
	assert_int_equal(remove(path), 0);
}

static void
what_is_no_file_is_left_alone(void **state)
{
	char target[128];

	(void)state;
	assert_int_equal(mkdir(path, 0700), 0);
	open_what_is_no_file();
	assert_int_equal(mkfifo(path, 0600), 0);
	open_what_is_no_file();
	make_small();
	snprintf(target, sizeof(target), "%s.target", path);
	assert_int_equal(rename(path, target), 0);
	assert_int_equal(symlink(target, path), 0);
	open_what_is_no_file();
	assert_int_equal(rename(target, path), 0);
	assert_int_equal(state_on_disk(1), OPER_RUNNING);
}

/* Root reads everything, so that these act as somebody else. */
static void
act_as(uid_t uid)
{
	if (getuid() == 0)
		assert_int_equal(seteuid(uid), 0);
}

static void
forbidden_file_is_left_alone(void **state)
{
	struct told *told;

	(void)state;
	make_small();
	chmod(path, 0);
	chmod(dir, 0777);
	act_as(NOBODY);
	told = open_told();
	assert_int_equal(n_logged, 1);
	assert_non_null(strstr(last_logged, strerror(EACCES)));
	assert_false(told_complete(told));
	set(told, 1, OPER_CRASHED);
	told_flush(told);
	told_close(told);
	act_as(0);
	chmod(path, 0600);
	assert_int_equal(state_on_disk(1), OPER_RUNNING);
}

static void
read_only_file_is_read(void **state)
{
	struct told *told;

	(void)state;
	make_small();
	chmod(path, 0444);
	chmod(dir, 0555);
	act_as(NOBODY);
	told = open_told();
	assert_true(told_complete(told));
	assert_int_equal(n_logged, 0);
	assert_int_equal(state_in(told, 1), OPER_RUNNING);
	set(told, 1, OPER_CRASHED);
	told_flush(told);
	set(told, 2, OPER_CRASHED);
	told_flush(told);
	assert_int_equal(n_logged, 1);
	assert_non_null(strstr(last_logged, "cannot be written"));
	assert_int_equal(state_in(told, 1), OPER_CRASHED);
	act_as(0);
	assert_int_equal(state_on_disk(1), OPER_RUNNING);
	chmod(dir, 0755);
	told = reopen(told);
	assert_int_equal(state_in(told, 1), OPER_CRASHED);
	assert_int_equal(state_in(told, 2), OPER_CRASHED);
	assert_int_equal(state_in(told, 3), OPER_SUSPENDED);
	told_close(told);
}

static void
removed_file_is_written_anew(void **state)
{
	struct told *told;

	(void)state;
	make_small();
	told = open_told();
	unlink(path);
	set(told, 9, OPER_RUNNING);
	told_flush(told);
	assert_int_equal(state_on_disk(3), OPER_SUSPENDED);
	assert_int_equal(state_on_disk(9), OPER_RUNNING);
	unlink(path);
	told_flush(told); /* also if nothing changed */
	assert_int_equal(state_on_disk(9), OPER_RUNNING);
	assert_int_equal(n_logged, 0);

	/* With its directory. */
	dir_empty();
	assert_int_equal(rmdir(dir), 0);
	told_flush(told);
	assert_int_equal(state_on_disk(9), OPER_RUNNING);
	assert_int_equal(n_logged, 0);

	/* Which cannot be made where something else is. */
	fake_now_ms = 0;
	dir_empty();
	assert_int_equal(rmdir(dir), 0);
	close(open(dir, O_CREAT | O_WRONLY, 0600));
	told_flush(told);
	fake_now_ms = 5000;
	told_flush(told);
	assert_int_equal(n_logged, 1);
	assert_int_equal(unlink(dir), 0);
	set(told, 9, OPER_PAUSED);
	told_flush(told);
	assert_false(exists_with("")); /* it is not tried all the time */
	fake_now_ms = 10000;
	told_flush(told);
	assert_int_equal(n_logged, 2);
	assert_int_equal(state_on_disk(9), OPER_PAUSED);
	assert_int_equal(state_on_disk(3), OPER_SUSPENDED);
	told_close(told);
}

static void
file_is_readable_for_all(void **state)
{
	struct stat st;
	mode_t mask = umask(022);

	(void)state;
	make_small();
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	umask(mask);
}

static void
limit_size(rlim_t size)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = size;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Wherever a flush is cut off, what was there counts. */
static void
cut_off_flush_leaves_what_was(void **state)
{
	static const rlim_t sizes[] = { 0, HEADER - 1, HEADER, HEADER + 1,
		HEADER + STATES, HEADER + STATES + 3, HEADER + 2 * STATES - 1,
		HEADER + 2 * STATES, HEADER + 2 * STATES + 3 * ROW };

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		dir_empty();
		make_small();
		n_logged = 0;
		fake_now_ms = 0;

		struct told *told = open_told();

		for (uint32_t v = 1; v <= 8; v++)
			set(told, v, OPER_CRASHED);
		limit_size(sizes[i]);
		told_flush(told);
		fake_now_ms = 6000;
		told_flush(told);
		limit_size(RLIM_INFINITY);
		assert_int_equal(n_logged, 1);
		assert_non_null(strstr(last_logged, strerror(EFBIG)));
		assert_false(exists_with(".new"));
		assert_int_equal(state_on_disk(1), OPER_RUNNING);
		assert_int_equal(state_on_disk(3), OPER_SUSPENDED);
		assert_int_equal(state_on_disk(8), 0);
		fake_now_ms = 12000;
		told_flush(told);
		assert_int_equal(n_logged, 2);
		for (uint32_t v = 1; v <= 8; v++)
			assert_int_equal(state_on_disk(v), OPER_CRASHED);
		told_close(told);
	}
}

#define CHILD_SKIP 77
#define CHILD_MUST(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "line %d: errno %d\n", __LINE__, \
			    errno); \
			_exit(1); \
		} \
	} while (0)

static int32_t
state_in_file(uint32_t n)
{
	struct told *told = told_open(path);
	struct told_vm vm = { .state = 0 };

	CHILD_MUST(told != NULL);
	if (!told_get(told, n, &vm))
		vm.state = 0;
	told_close(told);
	return vm.state;
}

/* In a mount namespace of its own. */
static void
run_on_tiny_disk(void)
{
	struct told *told;
	uint32_t n = 0;

	if (unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", dir, "tmpfs", 0, "size=400k") < 0)
		_exit(CHILD_SKIP);
	told = told_open(path);
	CHILD_MUST(told != NULL);
	while (n_logged == 0) {
		set(told, ++n, OPER_RUNNING);
		told_flush(told);
		CHILD_MUST(n < 10000);
	}
	CHILD_MUST(strstr(last_logged, strerror(ENOSPC)) != NULL);
	CHILD_MUST(n > 10 && state_in_file(n - 1) == OPER_RUNNING);
	CHILD_MUST(state_in_file(n) == 0);
	fake_now_ms += 5000;
	CHILD_MUST(mount("none", dir, "none", MS_REMOUNT | MS_RDONLY,
		       NULL) == 0);
	told_flush(told);
	CHILD_MUST(n_logged == 1);
	fake_now_ms += 5000;
	CHILD_MUST(mount("none", dir, "none", MS_REMOUNT, "size=8m") == 0);
	told_flush(told);
	CHILD_MUST(n_logged == 2);
	CHILD_MUST(state_in_file(n) == OPER_RUNNING);
	told_close(told);
	_exit(0);
}

static void
full_disk_is_survived(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	if (child == 0)
		run_on_tiny_disk();
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == CHILD_SKIP) {
		print_message("no mount namespace to be had\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* --- killed --------------------------------------------------------------- */

#define STORM_VMS 300

/* Ever so many VMs change at once, by state and all else, again and again. */
static void
run_storm(bool identities, uint32_t step)
{
	struct told *told = told_open(path);

	for (uint32_t turn = 1;; turn++) {
		int32_t s = OPER_UNKNOWN + (int32_t)turn % OPER_CRASHED;
		char name[32] = "same";

		if (identities)
			snprintf(name, sizeof(name), "vm %d", s);
		for (uint32_t v = 1; v <= STORM_VMS; v++) {
			struct told_vm vm = { uuid_of(identities ?
				(uint32_t)s : 0), s, TRI_YES, name };

			told_set(told, v * step, &vm);
		}
		told_flush(told);
	}
}

static void
check_storm(bool identities, uint32_t step)
{
	struct told *told = open_told();
	struct told_vm first = { .state = 0 }, vm;
	bool any = told_get(told, step, &first);

	for (uint32_t v = 1; v <= STORM_VMS; v++) {
		assert_int_equal(told_get(told, v * step, &vm), any);
		if (any)
			assert_int_equal(vm.state, first.state);
		if (any && identities) {
			struct snap_uuid uuid = uuid_of((uint32_t)vm.state);

			assert_memory_equal(&vm.uuid, &uuid, sizeof(uuid));
			assert_string_equal(vm.name, first.name);
		}
	}
	assert_int_equal(n_logged, 0);
	told_close(told);
}

static void
killed_process_leaves_all_or_none(void **state)
{
	/* One page, several, most of them. */
	static const uint32_t steps[] = { 1, 100, LIMIT / STORM_VMS };

	(void)state;
	srandom(7666);
	for (int turn = 0; turn < 240; turn++) {
		bool identities = turn / 2 % 2 == 0;
		uint32_t step = steps[turn / 4 % 3];
		struct timespec wait = { 0, random() % 12000000 };
		pid_t child;

		/* Every other time with what the same one left. */
		if (turn % 2 == 0)
			dir_empty();
		child = fork();
		if (child == 0)
			run_storm(identities, step);
		assert_true(child > 0);
		nanosleep(&wait, NULL);
		assert_int_equal(kill(child, SIGKILL), 0);
		assert_int_equal(waitpid(child, NULL, 0), child);
		if (exists_with(""))
			check_storm(identities, step);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		dir_test(what_is_set_is_found_again),
		dir_test(file_changes_with_a_flush),
		dir_test(flush_without_changes_makes_a_file),
		dir_test(nonsense_is_not_set),
		dir_test(names_are_cleaned),
		dir_test(no_damage_invents_a_vm),
		dir_test(truncated_file_is_noticed),
		dir_test(any_octets_are_survived),
		dir_test(misplaced_row_is_noticed),
		dir_test(only_changed_rows_are_written),
		dir_test(damaged_file_is_set_aside),
		dir_test(what_is_no_file_is_left_alone),
		dir_test(forbidden_file_is_left_alone),
		dir_test(read_only_file_is_read),
		dir_test(removed_file_is_written_anew),
		dir_test(file_is_readable_for_all),
		dir_test(cut_off_flush_leaves_what_was),
		dir_test(full_disk_is_survived),
		dir_test(killed_process_leaves_all_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
