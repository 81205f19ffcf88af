/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests options_change.c: what a configuration that is read again changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "options_change.h"

/* Options with one connection and a line of words apart by single spaces. */
static struct options *
with(const char *line)
{
	struct options *opts = options_new();
	char *connection[] = { "one", "test:///a" };
	char copy[256], why[OPTIONS_WHY], *words[8], *rest = copy;
	int n = 0;

	assert_non_null(opts);
	assert_int_equal(options_token(opts, "connection", 2, connection, why),
	    0);
	snprintf(copy, sizeof(copy), "%s", line);
	while (n < 8 && (words[n] = strsep(&rest, " ")) != NULL) {
		n++;
	}
	if (line[0] != '\0' &&
	    options_token(opts, words[0], n - 1, words + 1, why) != 0) {
		fail_msg("%s: %s", line, why);
	}
	return opts;
}

static bool
same_work(const char *a, const char *b)
{
	struct options *x = with(a), *y = with(b);
	bool same = options_same_work(x, x->connections, y, y->connections);

	assert_true(same ==
	    options_same_work(y, y->connections, x, x->connections));
	options_unref(x);
	options_unref(y);
	return same;
}

static void
test_same_work(void **state)
{
	static const char *const matters[] = {
		"access read-write", "refreshInterval 11", "staleAfter 61",
		"callTimeout 6", "maxHungCalls 5", "memoryStatsPeriod 1",
		"domains include *", "domains exclude *", "domains include a",
		"metadata http://x m:a", "metadata http://y m:a",
		"metadata http://x m:b",
	};
	static const char *const others[] = {
		"notifications off", "notificationBurst 1/1",
		"directAnswers no", "stateDirectory /x",
		"connection two test:///b",
	};
	size_t n = sizeof(matters) / sizeof(matters[0]);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		assert_false(same_work("", matters[i]));
		for (size_t j = 0; j < n; j++) {
			assert_int_equal(same_work(matters[i], matters[j]),
			    i == j);
		}
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_true(same_work("", others[i]));
	}
}

static void
test_same_link(void **state)
{
	struct options *a = with(""), *b = with("refreshInterval 7");
	struct options_connection bare = { .name = "one", .uri = NULL };

	(void)state;
	assert_true(options_same_link(a, a->connections, b, b->connections));
	assert_true(options_same_link(a, &bare, b, &bare));
	assert_false(options_same_link(a, &bare, b, b->connections));
	assert_false(options_same_link(a, a->connections, b, &bare));
	b->read_write = true;
	assert_false(options_same_link(a, a->connections, b, b->connections));
	options_unref(a);
	options_unref(b);
}

static void
test_find(void **state)
{
	struct options *opts = with("connection two test:///b");

	(void)state;
	assert_ptr_equal(options_find(opts, "one"), &opts->connections[0]);
	assert_ptr_equal(options_find(opts, "two"), &opts->connections[1]);
	assert_null(options_find(opts, "Two"));
	assert_null(options_find(opts, "-"));
	options_unref(opts);
}

static bool
no_log_option(char *arg, int argc, char *const *argv)
{
	(void)arg;
	(void)argc;
	(void)argv;
	return false;
}

/* As main() does: command line, then some of a file. */
static struct options *
started(int argc, char **argv)
{
	struct options *opts = options_new();
	char *file_uri[] = { "-", "test:///file" };
	char *interval[] = { "99" }, *directory[] = { "/of/file" };
	char why[OPTIONS_WHY];

	assert_non_null(opts);
	assert_int_equal(options_command_line(opts, argc, argv, no_log_option),
	    OPTIONS_RUN);
	assert_int_equal(options_token(opts, "connection", 2, file_uri, why),
	    0);
	assert_int_equal(options_token(opts, "refreshInterval", 1, interval,
	    why), 0);
	assert_int_equal(options_token(opts, "stateDirectory", 1, directory,
	    why), 0);
	return opts;
}

static void
test_again(void **state)
{
	char *argv[] = { "vmmibd", "-f", "-u", "test:///given", "-S",
	    "/given", "-c", "/file", "-x", "unix:/x", NULL };
	struct options *before = started(10, argv);
	struct options *again = options_again(before);

	(void)state;
	assert_non_null(again);
	options_unref(before);
	assert_true(again->foreground && again->uri_given &&
	    again->state_directory_given);
	assert_int_equal(again->n_connections, 1);
	assert_string_equal(again->connections[0].uri, "test:///given");
	assert_string_equal(again->state_directory, "/given");
	assert_string_equal(again->config_file, "/file");
	assert_string_equal(again->agentx, "unix:/x");
	assert_int_equal(again->refresh_interval_s, 10);
	options_unref(again);
}

static void
test_again_bare(void **state)
{
	char *argv[] = { "vmmibd", NULL };
	struct options *before, *again;

	(void)state;
	optind = 1;
	before = started(1, argv);
	again = options_again(before);
	assert_non_null(again);
	assert_int_equal(again->n_connections, 0);
	assert_string_equal(before->state_directory, "/of/file");
	assert_string_not_equal(again->state_directory, "/of/file");
	assert_true(options_keep_fixed(again, before));
	assert_string_equal(again->state_directory, "/of/file");
	options_unref(before);
	options_unref(again);
}

static void
test_references(void **state)
{
	struct options *opts = with("");

	(void)state;
	assert_ptr_equal(options_ref(opts), opts);
	options_unref(opts);
	assert_int_equal(opts->n_connections, 1);
	options_unref(opts);
	options_unref(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_work),
		cmocka_unit_test(test_same_link),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_again_bare),
		cmocka_unit_test(test_references),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
