/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests vm_index: saving where it is difficult. */
#include "vm_index_test.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define NOBODY 65534

/* Opens something that is no readable file; it must be left alone. */
static struct vm_index *
open_unreadable(int expected_errno)
{
	struct vm_index *ix = open_index();

	assert_int_equal(n_logged, 1);
	assert_non_null(strstr(last_logged, path));
	assert_non_null(strstr(last_logged, strerror(expected_errno)));
	assert_int_equal(vm_index_save(ix), 0); /* nothing changed */
	assert_int_equal(vm(ix, 1), 1);
	errno = 0;
	assert_int_equal(vm_index_save(ix), -1);
	assert_int_equal(errno, expected_errno);
	assert_true(exists(path));
	assert_false(exists_with(".new"));
	assert_false(exists_with(".corrupt-1"));
	return ix;
}

static void
unreadable_file_is_left_alone(void **state)
{
	struct vm_index *ix;

	(void)state;
	assert_int_equal(mkdir(path, 0700), 0);
	ix = open_unreadable(EISDIR);
	rmdir(path);
	/* Once it is gone there is nothing to lose. */
	assert_int_equal(vm_index_save(ix), 0);
	vm_index_close(ix);
	assert_true(exists(path));
	unlink(path);

	n_logged = 0;
	assert_int_equal(mkfifo(path, 0600), 0);
	vm_index_close(open_unreadable(EINVAL));
	unlink(path);

	n_logged = 0;
	assert_int_equal(symlink(path, path), 0);
	vm_index_close(open_unreadable(ELOOP));
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
	struct vm_index *ix = make_index();

	(void)state;
	assert_int_equal(vm_index_save(ix), 0);
	vm_index_close(ix);
	chmod(path, 0);
	chmod(dir, 0777);
	act_as(NOBODY);
	ix = open_unreadable(EACCES);
	vm_index_close(ix);
	act_as(0);
	chmod(path, 0600);
	n_logged = 0;
	ix = open_index();
	assert_int_equal(n_logged, 0);
	assert_int_equal(find(ix, 3), 3);
	vm_index_close(ix);
}

static void
read_only_directory_is_survived(void **state)
{
	struct vm_index *ix;
	size_t len;
	char *before = make_file(&len);

	(void)state;
	chmod(dir, 0555);
	act_as(NOBODY);
	ix = open_index();
	assert_int_equal(vm(ix, 9), 4);
	assert_int_equal(vm_index_save(ix), -1);
	assert_int_equal(errno, EACCES);
	act_as(0);
	chmod(dir, 0755);

	size_t len_after;
	char *after = read_file(path, &len_after);

	assert_int_equal(len, len_after);
	assert_memory_equal(before, after, len);
	free(before);
	free(after);
	ix = reopen(ix);
	assert_int_equal(find(ix, 9), 4);
	vm_index_close(ix);
}

static void
missing_directory_is_survived(void **state)
{
	struct vm_index *ix;

	(void)state;
	rmdir(dir);
	ix = open_index();
	assert_int_equal(n_logged, 0);
	vm(ix, 1);
	assert_int_equal(vm_index_save(ix), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(mkdir(dir, 0700), 0);
	ix = reopen(ix);
	assert_int_equal(find(ix, 1), 1);
	vm_index_close(ix);
}

/* A save that ends in the midst of the file leaves the old one. */
static void
cut_off_save_leaves_the_old_file(void **state)
{
	struct rlimit limit;
	struct rlimit tight;
	size_t len;
	char *before = make_file(&len);

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	for (rlim_t size = 0; size < len; size += 97) {
		struct vm_index *ix = open_index();

		assert_int_equal(vm(ix, 9), 4);
		tight = limit;
		tight.rlim_cur = size;
		setrlimit(RLIMIT_FSIZE, &tight);

		int rc = vm_index_save(ix);
		int err = errno;

		setrlimit(RLIMIT_FSIZE, &limit);
		assert_int_equal(rc, -1);
		assert_int_equal(err, EFBIG);
		assert_false(exists_with(".new"));

		size_t len_after;
		char *after = read_file(path, &len_after);

		assert_int_equal(len, len_after);
		assert_memory_equal(before, after, len);
		free(after);
		vm_index_close(ix);
	}
	free(before);
}

#define CHILD_SKIP 77
#define CHILD_MUST(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "line %d: errno %d\n", __LINE__, errno); \
			_exit(1); \
		} \
	} while (0)

static void
tell_kernel(const char *file, const char *text)
{
	FILE *out = fopen(file, "we");

	if (out != NULL) {
		fputs(text, out);
		fclose(out);
	}
}

/* A user who is nobody in the new namespace could make no file there. */
static int
unshare_as_self(void)
{
	char uid_map[64], gid_map[64];

	snprintf(uid_map, sizeof(uid_map), "0 %u 1", (unsigned)getuid());
	snprintf(gid_map, sizeof(gid_map), "0 %u 1", (unsigned)getgid());
	if (getuid() == 0) {
		return unshare(CLONE_NEWNS);
	}
	if (unshare(CLONE_NEWNS | CLONE_NEWUSER) < 0) {
		return -1;
	}
	tell_kernel("/proc/self/setgroups", "deny");
	tell_kernel("/proc/self/uid_map", uid_map);
	tell_kernel("/proc/self/gid_map", gid_map);
	return 0;
}

/* In a mount namespace of its own. */
static void
run_on_tiny_disk(void)
{
	struct vm_index *ix;
	uint32_t n = 0;

	if (unshare_as_self() < 0 ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", dir, "tmpfs", 0, "size=64k") < 0)
		_exit(CHILD_SKIP);
	ix = vm_index_open(path);
	CHILD_MUST(ix != NULL);
	do {
		for (int i = 0; i < 50; i++)
			vm(ix, ++n);
		CHILD_MUST(n < 10000);
	} while (vm_index_save(ix) == 0);
	CHILD_MUST(errno == ENOSPC && !exists_with(".new"));
	vm_index_close(ix);
	ix = vm_index_open(path);
	CHILD_MUST(ix != NULL && n_logged == 0);
	CHILD_MUST(find(ix, n - 50) == n - 50 && find(ix, n - 49) == 0);

	vm(ix, n);
	CHILD_MUST(mount("none", dir, "none", MS_REMOUNT | MS_RDONLY, NULL) == 0);
	CHILD_MUST(vm_index_save(ix) < 0 && errno == EROFS);
	CHILD_MUST(mount("none", dir, "none", MS_REMOUNT, "size=4m") == 0);
	CHILD_MUST(vm_index_save(ix) == 0);
	vm_index_close(ix);
	ix = vm_index_open(path);
	CHILD_MUST(ix != NULL && n_logged == 0 && find(ix, n) == n - 49);
	vm_index_close(ix);
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

static void
only_changes_are_saved(void **state)
{
	struct vm_index *ix = make_index();
	uint32_t i[4];

	(void)state;
	assert_int_equal(vm_index_save(ix), 0);
	unlink(path); /* so that a save shows */
	vm(ix, 1);
	find(ix, 2);
	delete(ix, 2, NOW + 3);
	delete(ix, 9, NOW + 3);
	devices(ix, 1, VM_INDEX_DISK, disks, 2, i, NOW + 3);
	devices(ix, 1, VM_INDEX_NIC, nics, 3, i, NOW + 3);
	assert_int_equal(vm_index_save(ix), 0);
	assert_false(exists(path));

	vm(ix, 2);
	assert_int_equal(vm_index_save(ix), 0);
	assert_true(exists(path));
	unlink(path);
	delete(ix, 2, NOW + 3);
	assert_int_equal(vm_index_save(ix), 0);
	assert_true(exists(path));
	unlink(path);
	devices(ix, 1, VM_INDEX_NIC, nics, 4, i, NOW + 3);
	assert_int_equal(vm_index_save(ix), 0);
	assert_true(exists(path));
	unlink(path);
	devices(ix, 1, VM_INDEX_NIC, nics, 3, i, NOW + 3);
	assert_int_equal(vm_index_save(ix), 0);
	assert_true(exists(path));
	unlink(path);
	devices(ix, 1, VM_INDEX_NIC, nics, 3, i, NOW + 8 * DAY);
	assert_int_equal(vm_index_save(ix), 0);
	assert_true(exists(path));
	unlink(path);
	delete(ix, 99, NOW + 8 * DAY);
	assert_int_equal(vm_index_save(ix), 0);
	assert_true(exists(path));
	vm_index_close(ix);
}

static void
saving_leaves_one_file(void **state)
{
	char name[128];
	struct stat st;
	struct vm_index *ix = make_index();

	(void)state;
	snprintf(name, sizeof(name), "%s.new", path);
	write_file(name, "left by a crash", 15);
	assert_int_equal(vm_index_save(ix), 0);
	assert_false(exists(name));
	/* A link planted there must not be written through. */
	assert_int_equal(symlink("victim", name), 0);
	vm(ix, 9);
	assert_int_equal(vm_index_save(ix), 0);
	snprintf(name, sizeof(name), "%s/victim", dir);
	assert_false(exists(name));
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	vm_index_close(ix);
}

static void
relative_path_works(void **state)
{
	int here = open(".", O_RDONLY | O_DIRECTORY);
	struct vm_index *ix;

	(void)state;
	assert_int_equal(chdir(dir), 0);
	ix = vm_index_open("index");
	assert_non_null(ix);
	vm(ix, 1);
	assert_int_equal(vm_index_save(ix), 0);
	vm_index_close(ix);
	assert_int_equal(fchdir(here), 0);
	close(here);
	assert_true(exists(path));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		dir_test(unreadable_file_is_left_alone),
		dir_test(forbidden_file_is_left_alone),
		dir_test(read_only_directory_is_survived),
		dir_test(missing_directory_is_survived),
		dir_test(cut_off_save_leaves_the_old_file),
		dir_test(full_disk_is_survived),
		dir_test(only_changes_are_saved),
		dir_test(saving_leaves_one_file),
		dir_test(relative_path_works),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
