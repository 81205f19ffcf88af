/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests host_if.c, and host_proc.c with processes that look like QEMU's. */
#include <dirent.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "host_if.h"
#include "host_proc.h"

#define UUID "4dea22b3-1d52-d8f3-2516-782e98ab3f0a"

static const struct snap_uuid uuid = { { 0x4d, 0xea, 0x22, 0xb3, 0x1d, 0x52,
    0xd8, 0xf3, 0x25, 0x16, 0x78, 0x2e, 0x98, 0xab, 0x3f, 0x0a } };

static void
test_interface(void **state)
{
	int32_t lo = host_if_index("lo");

	(void)state;
	assert_int_equal(lo, if_nametoindex("lo"));
	assert_int_equal(host_if_parent("lo"), 0);
}

static void
test_all_interfaces(void **state)
{
	struct if_nameindex *all = if_nameindex();

	(void)state;
	assert_non_null(all);
	for (size_t i = 0; all[i].if_index != 0; i++) {
		assert_int_equal(host_if_index(all[i].if_name),
		    all[i].if_index);
		assert_int_not_equal(host_if_parent(all[i].if_name),
		    all[i].if_index);
		assert_true(host_if_parent(all[i].if_name) >= 0);
	}
	if_freenameindex(all);
}

static void
test_no_interface(void **state)
{
	static const char *const names[] = {
		NULL, "", "/", ".", "..", "../net/lo", "lo/", "lo/../lo",
		"/sys/class/net", "no-such-if", "LO", " lo", "lo ", "lo\n",
		"lo:", "lo:1", "lo:/../lo", /* the kernel cuts at the colon */
		"lo0123456789abcd", "lo0123456789abcdef", "%d", "*",
	};
	char *longest = malloc(100000);

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (host_if_index(names[i]) != 0 ||
		    host_if_parent(names[i]) != 0) {
			fail_msg("'%s' has the index %d", names[i],
			    (int)host_if_index(names[i]));
		}
	}
	assert_non_null(longest);
	memset(longest, 'a', 100000);
	longest[99999] = '\0';
	assert_int_equal(host_if_index(longest), 0);
	assert_int_equal(host_if_parent(longest), 0);
	free(longest);
}

#define CANNOT 77
#define TAP "vtap0123456789a" /* no name may be longer */
#define BRIDGE "vbr0"

/* A world of its own, with a bridge and a tap in it; CANNOT if not allowed. */
static int
make_bridge(void)
{
	struct ifreq tap = { .ifr_name = TAP,
		.ifr_flags = IFF_TAP | IFF_NO_PI };
	struct ifreq port = { .ifr_name = BRIDGE };
	int tun, sock;

	if (unshare(CLONE_NEWNS | CLONE_NEWNET) != 0 ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("sysfs", "/sys", "sysfs", 0, NULL) != 0) {
		return CANNOT;
	}
	tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (tun < 0 || sock < 0 || ioctl(tun, TUNSETIFF, &tap) != 0 ||
	    ioctl(sock, SIOCBRADDBR, BRIDGE) != 0) {
		return CANNOT;
	}
	port.ifr_ifindex = (int)if_nametoindex(TAP);
	return ioctl(sock, SIOCBRADDIF, &port) == 0 ? 0 : CANNOT;
}

/* In a child, because a process does not come back from there. */
static int
look_at_bridge(void)
{
	int32_t bridge, tap;

	if (make_bridge() != 0) {
		return CANNOT;
	}
	bridge = host_if_index(BRIDGE);
	tap = host_if_index(TAP);
	return bridge > 0 && tap > 0 && bridge != tap &&
	    host_if_parent(TAP) == bridge &&
	    host_if_parent(BRIDGE) == 0 && host_if_parent("lo") == 0 &&
	    host_if_index(TAP "b") == 0 ? 0 : 1;
}

static void
test_bridge(void **state)
{
	pid_t child = fork();
	int status = 0;

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		_exit(look_at_bridge());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == CANNOT) {
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* A process that waits until its input is closed. */
struct guest {
	pid_t pid;
	int input;
};

/* Runs argv with the shell of path; it has been executed on return. */
static struct guest
start(const char *path, char *const argv[])
{
	struct guest guest;
	int input[2], executed[2];
	char end;

	assert_int_equal(pipe(input), 0);
	assert_int_equal(pipe2(executed, O_CLOEXEC), 0);
	guest.pid = fork();
	assert_true(guest.pid >= 0);
	if (guest.pid == 0) {
		dup2(input[0], 0);
		close(input[0]);
		close(input[1]);
		execv(path, argv);
		_exit(127);
	}
	close(input[0]);
	close(executed[1]);
	assert_int_equal(read(executed[0], &end, 1), 0);
	close(executed[0]);
	guest.input = input[1];
	return guest;
}

static void
end(struct guest *guest)
{
	close(guest->input);
	assert_int_equal(waitpid(guest->pid, NULL, 0), guest->pid);
}

static int64_t
started_ms(const struct snap_uuid *which)
{
	struct host_procs *procs = host_procs_scan();
	int64_t result;

	assert_non_null(procs);
	result = host_procs_started_ms(procs, which);
	host_procs_free(procs);
	return result;
}

#define SHELL "/bin/sh"
#define WAIT "read line" /* not a program of its own, so the shell stays */
#define WORDS(...) { { "sh", "-c", WAIT, "qemu", __VA_ARGS__, NULL } }

struct words {
	char *argv[12];
};

static void
check_start(const char *path, char *const argv[])
{
	static const struct snap_uuid other = { { 1 } };
	int64_t before_ms = clock_boot_ms(), found_ms, after_ms;
	struct guest guest = start(path, argv);

	after_ms = clock_boot_ms();
	found_ms = started_ms(&uuid);
	assert_true(started_ms(&other) == SNAP_NO_TIME);
	end(&guest);
	assert_true(found_ms >= before_ms - 2000);
	assert_true(found_ms <= after_ms + 2000);
	assert_true(started_ms(&uuid) == SNAP_NO_TIME);
}

static void
test_start_time(void **state)
{
	static struct words found[] = {
		WORDS("-uuid", UUID),
		WORDS("-name", "guest=a,debug-threads=on", "-uuid", UUID, "-S"),
		WORDS("-uuid", "4DEA22B3-1D52-D8F3-2516-782E98AB3F0A"),
		WORDS("-uuid", "4dea22b31d52d8f32516782e98ab3f0a"),
		WORDS("", "-uuid", UUID, ""),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++) {
		check_start(SHELL, found[i].argv);
	}
	assert_true(host_procs_started_ms(NULL, &uuid) == SNAP_NO_TIME);
	host_procs_free(NULL);
}

static void
test_no_uuid(void **state)
{
	static struct words missed[] = {
		WORDS("-uuid"),
		WORDS(UUID),
		WORDS("uuid", UUID),
		WORDS("-uuid=" UUID),
		WORDS("-uuid", ""),
		WORDS("-uuid", UUID "0"),
		WORDS("-uuid", UUID "-"),
		WORDS("-uuid=x", UUID),
		WORDS("-uuid", "4dea22b3-1d52-d8f3-2516-782e98ab3f"),
		WORDS("-uuid", "4dea22b3-1d52-d8f3-2516-782e98ab3fa"),
		WORDS("-uuid", "4dea22b3-1d52-d8f3-2516-782e98ab3fag"),
		WORDS("-uuid", "4dea22b3-1d52-d8f3-2516-782e98ab3f a"),
		WORDS("-uuid", "4dea22b3-1d52-d8f3-2516-782e98ab3f--0a"),
		WORDS("-uuid", "4dea22b3_1d52_d8f3_2516_782e98ab3f0a"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(missed) / sizeof(missed[0]); i++) {
		struct guest guest = start(SHELL, missed[i].argv);
		int64_t found_ms = started_ms(&uuid);

		end(&guest);
		if (found_ms != SNAP_NO_TIME) {
			fail_msg("words %zu were taken for a UUID", i);
		}
	}
}

/* A program may have any name, such as one that imitates /proc/PID/stat. */
static void
test_hostile_name(void **state)
{
	static struct words words = WORDS("-uuid", UUID);
	char directory[] = "/tmp/test_host.XXXXXX", path[64];

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/x) R 1 2) 3 (4", directory);
	assert_int_equal(symlink(SHELL, path), 0);
	check_start(path, words.argv);
	unlink(path);
	rmdir(directory);
}

static void
test_long_command_line(void **state)
{
	char *argument = malloc(100001);
	char *argv[] = { "sh", "-c", WAIT, "qemu", "-uuid", UUID, argument,
		argument, argument, NULL };

	(void)state;
	assert_non_null(argument);
	memset(argument, 'a', 100000);
	argument[100000] = '\0';
	check_start(SHELL, argv);
	free(argument);
}

static size_t
open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL) {
		n++;
	}
	closedir(dir);
	return n;
}

static void
test_files_are_closed(void **state)
{
	size_t before = open_files();

	(void)state;
	assert_true(started_ms(&uuid) == SNAP_NO_TIME);
	assert_int_equal(host_if_parent("lo"), 0);
	assert_int_equal(open_files(), before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interface),
		cmocka_unit_test(test_all_interfaces),
		cmocka_unit_test(test_no_interface),
		cmocka_unit_test(test_bridge),
		cmocka_unit_test(test_start_time),
		cmocka_unit_test(test_no_uuid),
		cmocka_unit_test(test_hostile_name),
		cmocka_unit_test(test_long_command_line),
		cmocka_unit_test(test_files_are_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
