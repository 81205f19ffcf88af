/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests options.c: configuration tokens, and what they come to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "options.h"

#define LETTERS_32 "abcdefghijklmnopqrstuvwxyz-._019"

static struct options
defaults(void)
{
	struct options opts;

	memset(&opts, 0xa5, sizeof(opts));
	assert_int_equal(options_init(&opts), 0);
	return opts;
}

/* Applies a line of words apart by single spaces; the reason, "" if good. */
static const char *
apply(struct options *opts, const char *line)
{
	static char why[OPTIONS_WHY];
	char copy[1024], *words[8], *rest = copy;
	int n = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	while (n < 8 && (words[n] = strsep(&rest, " ")) != NULL) {
		n++;
	}
	memset(why, 'x', sizeof(why));
	if (options_token(opts, words[0], n - 1, words + 1, why) == 0) {
		return "";
	}
	assert_non_null(memchr(why, '\0', sizeof(why)));
	assert_true(why[0] != '\0');
	return why;
}

static void
good(struct options *opts, const char *line)
{
	assert_string_equal(apply(opts, line), "");
}

/* The line is refused for a reason that begins like this. */
static void
bad(const char *line, const char *reason)
{
	struct options opts = defaults();
	const char *why = apply(&opts, line);

	if (strncmp(why, reason, strlen(reason)) != 0) {
		fail_msg("'%s' gives '%s'", line, why);
	}
	options_free(&opts);
}

static void
test_defaults(void **state)
{
	struct options opts = defaults();
	char why[OPTIONS_WHY];

	(void)state;
	assert_int_equal(opts.refresh_interval_s, 10);
	assert_int_equal(opts.stale_after_s, 60);
	assert_int_equal(opts.memory_stats_period_s, 0);
	assert_int_equal(opts.n_rules, 0);
	assert_false(opts.read_write || opts.foreground || opts.once ||
	    opts.check_config || opts.uri_given);
	assert_null(opts.config_file);
	assert_null(opts.agentx);
	assert_string_equal(opts.state_directory, VMMIBD_STATEDIR);
	assert_int_equal(opts.n_connections, 0);
	assert_int_equal(options_finish(&opts, why), 0);
	assert_int_equal(opts.n_connections, 1);
	assert_string_equal(opts.connections[0].name, "-");
	assert_null(opts.connections[0].uri);
	assert_true(options_domain_wanted(&opts, "anything"));
	options_free(&opts);
	options_free(&opts); /* does no harm */
}

static void
test_connections(void **state)
{
	struct options opts = defaults();
	char why[OPTIONS_WHY];

	(void)state;
	good(&opts, "connection - qemu:///system");
	good(&opts, "CONNECTION h2 qemu+ssh://root@h2/system?a=b");
	good(&opts, "connection " LETTERS_32 " test:///default");
	assert_int_equal(options_finish(&opts, why), 0);
	assert_int_equal(opts.n_connections, 3);
	assert_string_equal(opts.connections[0].name, "-");
	assert_string_equal(opts.connections[0].uri, "qemu:///system");
	assert_string_equal(opts.connections[1].name, "h2");
	assert_string_equal(opts.connections[1].uri,
	    "qemu+ssh://root@h2/system?a=b");
	assert_string_equal(opts.connections[2].name, LETTERS_32);
	assert_string_equal(apply(&opts, "connection - test:///default"),
	    "connection '-' is given twice");
	/* A directory may be the same for both. */
	assert_string_equal(apply(&opts, "connection H2 test:///default"),
	    "connection 'H2' is given twice");
	assert_int_equal(opts.n_connections, 3);
	options_free(&opts);
}

static void
test_bad_connections(void **state)
{
	static const char *const names[] = {
		"", "--", "-a", ".", "..", ".a", "_a", "a/b", "../a", "a\\b",
		"a:b", "\xc3\xa9", "a\x01", "a*", LETTERS_32 "x",
	};
	char line[256];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(line, sizeof(line), "connection %s test:///default",
		    names[i]);
		bad(line, "connection name '");
	}
	bad("connection", "connection takes NAME URI");
	bad("connection a", "connection takes NAME URI");
	bad("connection a test:///x y", "connection takes NAME URI");
	bad("connection a ", "connection 'a' has an empty URI");
}

static void
test_many_connections(void **state)
{
	struct options opts = defaults();
	char line[64];
	size_t n = 0;

	(void)state;
	do {
		snprintf(line, sizeof(line), "connection c%zu test:///%zu", n,
		    n);
	} while (apply(&opts, line)[0] == '\0' && ++n < 1000);
	assert_int_equal(n, 64);
	assert_int_equal(opts.n_connections, 64);
	assert_string_equal(apply(&opts, line), "more than 64 connections");
	assert_string_equal(opts.connections[63].uri, "test:///63");
	options_free(&opts);
}

static void
test_access(void **state)
{
	struct options opts = defaults();

	(void)state;
	good(&opts, "access read-write");
	assert_true(opts.read_write);
	good(&opts, "access READ-ONLY");
	assert_false(opts.read_write);
	good(&opts, "Access Read-Write");
	assert_true(opts.read_write);
	options_free(&opts);
	bad("access", "access takes read-only|read-write");
	bad("access read-only read-write", "access takes");
	bad("access readwrite", "'readwrite' is neither");
	bad("access ", "'' is neither");
	bad("access read-writes", "'read-writes' is neither");
}

static void
check_seconds(const char *token, int max, size_t offset)
{
	static const char *const wrong[] = {
		"0", "-1", "", "x", "1x", "1.5", "0x10", "1s", "--1",
		"2147483648", "4294967297", "99999999999999999999",
		"-99999999999999999999",
	};
	struct options opts = defaults();
	const int *value = (const int *)(const void *)((char *)&opts + offset);
	char line[128], reason[128];

	snprintf(line, sizeof(line), "%s 1", token);
	good(&opts, line);
	assert_int_equal(*value, 1);
	snprintf(line, sizeof(line), "%s %d", token, max);
	good(&opts, line);
	assert_int_equal(*value, max);
	snprintf(line, sizeof(line), "%s %d", token, max + 1);
	snprintf(reason, sizeof(reason),
	    "'%d' is not a number of seconds from 1 to %d", max + 1, max);
	assert_string_equal(apply(&opts, line), reason);
	assert_int_equal(*value, max);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(line, sizeof(line), "%s %s", token, wrong[i]);
		snprintf(reason, sizeof(reason), "'%s' is not a number",
		    wrong[i]);
		bad(line, reason);
	}
	snprintf(reason, sizeof(reason), "%s takes SECONDS", token);
	bad(token, reason);
	snprintf(line, sizeof(line), "%s 1 2", token);
	bad(line, reason);
	options_free(&opts);
}

static void
test_seconds(void **state)
{
	(void)state;
	check_seconds("refreshInterval", 3600,
	    offsetof(struct options, refresh_interval_s));
	check_seconds("staleAfter", 86400,
	    offsetof(struct options, stale_after_s));
	check_seconds("callTimeout", 3600,
	    offsetof(struct options, call_timeout_s));
	check_seconds("memoryStatsPeriod", 86400,
	    offsetof(struct options, memory_stats_period_s));
}

static void
test_max_hung_calls(void **state)
{
	static const char *const wrong[] = { "0", "21", "-1", "", "x", "1x",
		"99999999999999999999" };
	struct options opts = defaults();
	char line[64], reason[96];

	(void)state;
	assert_int_equal(opts.max_hung_calls, 4);
	good(&opts, "maxHungCalls 1");
	assert_int_equal(opts.max_hung_calls, 1);
	good(&opts, "maxHungCalls 20");
	assert_int_equal(opts.max_hung_calls, 20);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(line, sizeof(line), "maxHungCalls %s", wrong[i]);
		snprintf(reason, sizeof(reason), "'%s' is not a number of "
		    "calls from 1 to 20", wrong[i]);
		bad(line, reason);
	}
	bad("maxHungCalls", "maxHungCalls takes N");
	options_free(&opts);
}

/* It changes something in the guest. */
static void
test_memory_stats_period(void **state)
{
	struct options opts = defaults();
	char why[OPTIONS_WHY];

	(void)state;
	good(&opts, "memoryStatsPeriod 5");
	assert_int_equal(options_finish(&opts, why), -1);
	assert_string_equal(why, "memoryStatsPeriod needs access read-write");
	good(&opts, "access read-write");
	assert_int_equal(options_finish(&opts, why), 0);
	assert_int_equal(opts.memory_stats_period_s, 5);
	options_free(&opts);
}

static void
test_metadata(void **state)
{
	struct options opts = defaults();

	(void)state;
	good(&opts, "metadata urn:a m:vm/m:owner");
	good(&opts, "METADATA urn:b //m:x[@y='z']/@w");
	good(&opts, "metadata urn:a m:vm/m:owner");
	assert_string_equal(apply(&opts, "metadata urn:a m:vm["),
	    "the XPath ends too early");
	assert_int_equal(opts.n_rules, 3);
	assert_string_equal(opts.rules[0].ns, "urn:a");
	assert_string_equal(opts.rules[0].xpath, "m:vm/m:owner");
	assert_string_equal(opts.rules[1].ns, "urn:b");
	assert_string_equal(opts.rules[1].xpath, "//m:x[@y='z']/@w");
	assert_string_equal(opts.rules[2].xpath, "m:vm/m:owner");
	options_free(&opts);
	assert_int_equal(opts.n_rules, 0);
	bad("metadata", "metadata takes NAMESPACE-URI XPATH");
	bad("metadata m:a", "metadata takes NAMESPACE-URI XPATH");
	bad("metadata urn:a m:a or m:b", "metadata takes NAMESPACE-URI XPATH");
	bad("metadata  m:a", "the namespace is empty");
	bad("metadata urn:a ", "the XPath ends too early");
	bad("metadata urn:a a:b", "there is no prefix 'a', only 'm'");
	bad("metadata urn:a ]", "not an XPath 1.0 expression at ']'");
}

static void
test_finish(void **state)
{
	struct options opts = defaults();
	char why[OPTIONS_WHY];

	(void)state;
	good(&opts, "refreshInterval 61");
	assert_int_equal(options_finish(&opts, why), -1);
	assert_string_equal(why, "staleAfter (60 s) is below refreshInterval "
	    "(61 s): every value would be stale");
	good(&opts, "staleAfter 61");
	assert_int_equal(options_finish(&opts, why), 0);
	good(&opts, "staleAfter 62");
	assert_int_equal(options_finish(&opts, why), 0);
	assert_int_equal(opts.n_connections, 1);
	options_free(&opts);
}

static void
test_state_directory(void **state)
{
	struct options opts = defaults();

	(void)state;
	good(&opts, "stateDirectory /a");
	good(&opts, "stateDirectory /b/c");
	assert_string_equal(opts.state_directory, "/b/c");
	options_free(&opts);
	bad("stateDirectory", "stateDirectory takes DIRECTORY");
	bad("stateDirectory a", "'a' is not an absolute path");
	bad("stateDirectory ./a", "'./a' is not an absolute path");
	bad("stateDirectory ", "'' is not an absolute path");
}

static void
test_unknown_tokens(void **state)
{
	char line[700] = "";

	(void)state;
	bad("", "unknown token ''");
	bad("connections a b", "unknown token 'connections'");
	bad("connectio a b", "unknown token 'connectio'");
	bad("refresh-interval 5", "unknown token 'refresh-interval'");
	memset(line, 'y', 600);
	bad(line, "unknown token 'yyyy");
	memcpy(line, "connection ", 11);
	bad(line, "connection takes");
	memcpy(line, "stateDirectory ", 15);
	bad(line, "'yyyy");
}

/* What reads the file registers each of them by its name and help. */
static void
test_token_names(void **state)
{
	struct options opts = defaults();
	char expected[OPTIONS_WHY];
	size_t n = 0;

	(void)state;
	for (; options_token_name(n) != NULL; n++) {
		assert_non_null(options_token_help(n));
		snprintf(expected, sizeof(expected), "%s takes %s",
		    options_token_name(n), options_token_help(n));
		assert_string_equal(apply(&opts, options_token_name(n)),
		    expected);
	}
	assert_true(n >= 6);
	assert_null(options_token_help(n));
	assert_null(options_token_name(n + 1));
	assert_null(options_token_name(SIZE_MAX));
	options_free(&opts);
}

/* Lines of filters, then names with a '+' or '-' for wanted or not. */
struct filtering {
	const char *lines[4];
	const char *names[6];
};

static const struct filtering filterings[] = {
	{ { NULL }, { "+a", "+" } },
	{ { "include web*" }, { "+web", "+web1", "-db1", "-", "-Web1" } },
	{ { "exclude web*" }, { "-web", "-web1", "+db1", "+" } },
	{ { "include web*", "exclude web1" }, { "+web2", "-web1", "-db" } },
	{ { "exclude web*", "include web1" }, { "-web2", "+web1", "+db" } },
	{ { "exclude web1", "include web*" }, { "+web1", "+db" } },
	{ { "include web1", "exclude web*" }, { "-web1", "-db" } },
	{ { "include a", "include b" }, { "+a", "+b", "-c" } },
	{ { "exclude *", "include a", "exclude a" }, { "-a", "-b" } },
	{ { "INCLUDE vm[0-9]", "Exclude vm5" }, { "+vm4", "-vm5", "-vmx" } },
	{ { "include ?" }, { "+a", "-ab", "-" } },
	{ { "include a\\*" }, { "+a*", "-ab" } },
	{ { "exclude *" }, { "-a/b", "-.hidden", "-" } },
	{ { "include " }, { "+", "-a" } },
	{ { "include [" }, { "+[", "-a" } },
};

static void
test_filters(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(filterings) / sizeof(filterings[0]);
	     i++) {
		const struct filtering *f = &filterings[i];
		struct options opts = defaults();
		char line[64];

		for (size_t j = 0; j < 4 && f->lines[j] != NULL; j++) {
			snprintf(line, sizeof(line), "domains %s",
			    f->lines[j]);
			good(&opts, line);
		}
		for (size_t j = 0; j < 6 && f->names[j] != NULL; j++) {
			if (options_domain_wanted(&opts, f->names[j] + 1) !=
			    (f->names[j][0] == '+')) {
				fail_msg("filters %zu: %s", i, f->names[j]);
			}
		}
		options_free(&opts);
	}
	bad("domains", "domains takes include|exclude GLOB");
	bad("domains include", "domains takes");
	bad("domains include a b", "domains takes");
	bad("domains includes a", "'includes' is neither include nor exclude");
	bad("domains  a", "'' is neither include nor exclude");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_connections),
		cmocka_unit_test(test_bad_connections),
		cmocka_unit_test(test_many_connections),
		cmocka_unit_test(test_access),
		cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_max_hung_calls),
		cmocka_unit_test(test_memory_stats_period),
		cmocka_unit_test(test_metadata),
		cmocka_unit_test(test_finish),
		cmocka_unit_test(test_state_directory),
		cmocka_unit_test(test_unknown_tokens),
		cmocka_unit_test(test_token_names),
		cmocka_unit_test(test_filters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
