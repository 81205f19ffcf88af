/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests options.c's command line. */
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "options.h"

#define TRY "Try 'vmmibd --help'.\n"

/* What a command line came to. */
struct outcome {
	struct options opts;
	enum options_verdict verdict;
	char words[256]; /* argv is made of these */
	char *argv[20];
	char out[4096];
	char err[1024];
};

static char log_argument[64];

/* Takes "f" with the word after it, refuses "bad". */
static bool
log_option(char *arg, int argc, char *const *argv)
{
	snprintf(log_argument, sizeof(log_argument), "%s", arg);
	if (strcmp(arg, "f") == 0) {
		assert_true(optind < argc);
		snprintf(log_argument, sizeof(log_argument), "f=%s",
		    argv[optind++]);
	}
	return strcmp(arg, "bad") != 0;
}

/* Sends a stream's descriptor into a file; its copy is what to restore. */
static int
divert(FILE *stream, FILE *into)
{
	int saved;

	fflush(stream);
	saved = dup(fileno(stream));
	assert_true(saved >= 0);
	assert_true(dup2(fileno(into), fileno(stream)) >= 0);
	return saved;
}

static void
restore(FILE *stream, int saved, FILE *from, char *text, size_t size)
{
	size_t len;

	fflush(stream);
	assert_true(dup2(saved, fileno(stream)) >= 0);
	close(saved);
	rewind(from);
	len = fread(text, 1, size - 1, from);
	text[len] = '\0';
	fclose(from);
}

/* vmmibd with a line of words apart by single spaces, none for "". */
static struct outcome *
run(const char *line)
{
	struct outcome *o = calloc(1, sizeof(*o));
	FILE *out = tmpfile(), *err = tmpfile();
	char *rest;
	int argc = 0, saved_out, saved_err;

	assert_true(o != NULL && out != NULL && err != NULL);
	assert_int_equal(options_init(&o->opts), 0);
	snprintf(o->words, sizeof(o->words), "vmmibd%s%s",
	    line[0] != '\0' ? " " : "", line);
	rest = o->words;
	while (argc < 19 && (o->argv[argc] = strsep(&rest, " ")) != NULL) {
		argc++;
	}
	optind = 0; /* glibc: begin anew */
	saved_out = divert(stdout, out);
	saved_err = divert(stderr, err);
	o->verdict = options_command_line(&o->opts, argc, o->argv, log_option);
	restore(stderr, saved_err, err, o->err, sizeof(o->err));
	restore(stdout, saved_out, out, o->out, sizeof(o->out));
	return o;
}

static void
done(struct outcome *o)
{
	options_free(&o->opts);
	free(o);
}

static struct outcome *
run_good(const char *line)
{
	struct outcome *o = run(line);

	assert_string_equal(o->err, "");
	assert_string_equal(o->out, "");
	assert_int_equal(o->verdict, OPTIONS_RUN);
	return o;
}

static void
bad(const char *line, const char *message)
{
	struct outcome *o = run(line);

	assert_int_equal(o->verdict, OPTIONS_BAD);
	assert_string_equal(o->err, message);
	assert_string_equal(o->out, "");
	done(o);
}

static void
test_nothing(void **state)
{
	struct outcome *o = run_good("");

	(void)state;
	assert_false(o->opts.foreground || o->opts.once ||
	    o->opts.check_config || o->opts.uri_given ||
	    o->opts.state_directory_given);
	assert_null(o->opts.config_file);
	assert_null(o->opts.agentx);
	assert_null(o->opts.debug_tokens);
	assert_int_equal(o->opts.n_connections, 0);
	done(o);
}

static void
test_everything(void **state)
{
	struct outcome *o = run_good("-f -c /c -x tcp:1 -S /s -D a,b -L e "
	    "-u test:///default");

	(void)state;
	assert_true(o->opts.foreground);
	assert_string_equal(o->opts.config_file, "/c");
	assert_string_equal(o->opts.agentx, "tcp:1");
	assert_string_equal(o->opts.state_directory, "/s");
	assert_string_equal(o->opts.debug_tokens, "a,b");
	assert_string_equal(log_argument, "e");
	assert_true(o->opts.uri_given);
	assert_int_equal(o->opts.n_connections, 1);
	assert_string_equal(o->opts.connections[0].name, "-");
	assert_string_equal(o->opts.connections[0].uri, "test:///default");
	done(o);
	o = run_good("--once");
	assert_true(o->opts.once);
	assert_false(o->opts.check_config);
	done(o);
	o = run_good("--check-config");
	assert_true(o->opts.check_config);
	assert_false(o->opts.once);
	done(o);
}

/* As snmpd takes it: the file's name may be a word of its own. */
static void
test_log(void **state)
{
	struct outcome *o = run_good("-Lf /var/log/x -f");

	(void)state;
	assert_string_equal(log_argument, "f=/var/log/x");
	assert_true(o->opts.foreground);
	done(o);
	bad("-L bad", "vmmibd: bad -L option\n" TRY);
}

static void
test_answers(void **state)
{
	static const char *const helps[] = { "-h", "--help", "-f --help -x" };
	struct outcome *o = run("-V");

	(void)state;
	assert_int_equal(o->verdict, OPTIONS_EXIT);
	assert_string_equal(o->out, "vmmibd " VMMIBD_VERSION "\n");
	done(o);
	o = run("--version");
	assert_int_equal(o->verdict, OPTIONS_EXIT);
	done(o);
	for (size_t i = 0; i < sizeof(helps) / sizeof(helps[0]); i++) {
		o = run(helps[i]);
		assert_int_equal(o->verdict, OPTIONS_EXIT);
		assert_string_equal(o->err, "");
		assert_non_null(strstr(o->out, "Usage: vmmibd "));
		assert_non_null(strstr(o->out, "--once"));
		for (size_t j = 0; options_token_name(j) != NULL; j++) {
			assert_non_null(strstr(o->out, options_token_name(j)));
		}
		done(o);
	}
}

static void
test_mistakes(void **state)
{
	(void)state;
	bad("-q", "vmmibd: invalid option -- 'q'\n" TRY);
	bad("--quux", "vmmibd: unrecognized option '--quux'\n" TRY);
	bad("--once=1", "vmmibd: option '--once' doesn't allow an argument\n"
	    TRY);
	bad("-c", "vmmibd: option requires an argument -- 'c'\n" TRY);
	bad("-f -u", "vmmibd: option requires an argument -- 'u'\n" TRY);
	bad("extra", "vmmibd: unexpected argument 'extra'\n" TRY);
	bad("-f -- -x", "vmmibd: unexpected argument '-x'\n" TRY);
	bad("-u test:///a -u test:///b", "vmmibd: -u is given twice\n" TRY);
	bad("-S state", "vmmibd: 'state' is not an absolute path\n" TRY);
	bad("-S /a -S b", "vmmibd: 'b' is not an absolute path\n" TRY);
}

/* The first mistake ends it: what follows is not looked at. */
static void
test_first_mistake_counts(void **state)
{
	(void)state;
	bad("-S a -S b -h", "vmmibd: 'a' is not an absolute path\n" TRY);
	bad("-q -V", "vmmibd: invalid option -- 'q'\n" TRY);
}

static void
token(struct outcome *o, const char *name, const char *first,
    const char *second)
{
	char why[OPTIONS_WHY];
	char *words[] = { (char *)(uintptr_t)first,
	    (char *)(uintptr_t)second };

	assert_int_equal(options_token(&o->opts, name,
	    second != NULL ? 2 : 1, words, why), 0);
}

/* -u and -S override the file, wherever it was read before or after. */
static void
test_overrides_the_file(void **state)
{
	struct outcome *o = run_good("-u test:///given -S /given");
	char why[OPTIONS_WHY];

	(void)state;
	token(o, "connection", "-", "qemu:///system");
	token(o, "connection", "other", "qemu:///system");
	token(o, "stateDirectory", "/file", NULL);
	token(o, "refreshInterval", "7", NULL);
	assert_int_equal(options_finish(&o->opts, why), 0);
	assert_int_equal(o->opts.n_connections, 1);
	assert_string_equal(o->opts.connections[0].uri, "test:///given");
	assert_string_equal(o->opts.state_directory, "/given");
	assert_int_equal(o->opts.refresh_interval_s, 7);
	done(o);
	o = run_good("-S /a -S /b");
	assert_string_equal(o->opts.state_directory, "/b");
	done(o);
}

static void
test_long_arguments(void **state)
{
	char line[250] = "", expected[] = "vmmibd: unexpected argument 'zz";
	struct outcome *o;

	(void)state;
	memset(line, 'z', sizeof(line) - 10);
	o = run(line);
	assert_int_equal(o->verdict, OPTIONS_BAD);
	assert_memory_equal(o->err, expected, strlen(expected));
	assert_non_null(strstr(o->err, TRY));
	done(o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_first_mistake_counts),
		cmocka_unit_test(test_overrides_the_file),
		cmocka_unit_test(test_long_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
