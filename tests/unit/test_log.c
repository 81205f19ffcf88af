/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests log.c: cleaning of lines, queueing, threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

#define KEPT 1024
#define LINE_LEN 1023
#define QUEUE_LEN 256

static struct {
	int priority;
	char text[LINE_LEN + 2];
} written[KEPT];
static size_t n_written;
static pthread_t written_by;
static atomic_int n_wakes;

static void
keep_line(int priority, const char *line)
{
	assert_true(strlen(line) <= LINE_LEN);
	assert_true(pthread_equal(written_by, pthread_self()));
	assert_true(n_written < KEPT);
	written[n_written].priority = priority;
	strcpy(written[n_written++].text, line);
	errno = EDOM; /* what a real sink may well do */
}

static void
count_wake(void)
{
	atomic_fetch_add(&n_wakes, 1);
	errno = EDOM;
}

static int
use_sink(void **state)
{
	(void)state;
	written_by = pthread_self();
	log_set_sink(keep_line, count_wake);
	n_written = 0;
	atomic_store(&n_wakes, 0);
	return 0;
}

static int
drop_sink(void **state)
{
	(void)state;
	log_set_sink(NULL, NULL);
	return 0;
}

static const char *
logged(const char *text)
{
	n_written = 0;
	log_info("%s", text);
	assert_int_equal(n_written, 1);
	return written[0].text;
}

/* Logs n numbered lines. */
static void *
log_numbers(void *arg)
{
	const int *range = arg;

	for (int i = range[0]; i < range[1]; i++)
		log_notice("line %d", i);
	return NULL;
}

static void
log_numbers_elsewhere(int from, int to)
{
	pthread_t thread;
	int range[] = { from, to };

	assert_int_equal(pthread_create(&thread, NULL, log_numbers, range), 0);
	pthread_join(thread, NULL);
}

static void
plain_text_passes(void **state)
{
	(void)state;
	assert_string_equal(logged(""), "");
	assert_string_equal(logged("a \\ ~ 100%"), "a \\ ~ 100%");
	/* the least and the greatest character of each length */
	assert_string_equal(logged("\xc2\xa0\xdf\xbf"), "\xc2\xa0\xdf\xbf");
	assert_string_equal(logged("\xe0\xa0\x80\xef\xbf\xbf"),
	    "\xe0\xa0\x80\xef\xbf\xbf");
	assert_string_equal(logged("\xed\x9f\xbf\xee\x80\x80"),
	    "\xed\x9f\xbf\xee\x80\x80");
	assert_string_equal(logged("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"),
	    "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
}

static void
control_characters_are_escaped(void **state)
{
	(void)state;
	for (int c = 1; c < 0x20; c++) {
		char text[] = { 'a', (char)c, 'b', '\0' };
		char expected[16];

		snprintf(expected, sizeof(expected), "a\\x%02Xb", (unsigned)c);
		assert_string_equal(logged(text), expected);
	}
	assert_string_equal(logged("\x7f"), "\\x7F");
	for (unsigned c = 0x80; c < 0xa0; c++) {
		char text[] = { '\xc2', (char)c, '\0' };
		char expected[16];

		snprintf(expected, sizeof(expected), "\\xC2\\x%02X", c);
		assert_string_equal(logged(text), expected);
	}
}

static void
invalid_utf8_is_escaped(void **state)
{
	static const char *const cases[][2] = {
		{ "\x80", "\\x80" },
		{ "\xc3", "\\xC3" },
		{ "\xc3(", "\\xC3(" },
		{ "\xc0\x80", "\\xC0\\x80" },                 /* overlong NUL */
		{ "\xc1\xbf", "\\xC1\\xBF" },
		{ "\xe0\x9f\xbf", "\\xE0\\x9F\\xBF" },        /* overlong */
		{ "\xed\xa0\x80", "\\xED\\xA0\\x80" },        /* surrogate */
		{ "\xe2\x82", "\\xE2\\x82" },
		{ "\xe2\x82X", "\\xE2\\x82X" },
		{ "\xf0\x8f\xbf\xbf", "\\xF0\\x8F\\xBF\\xBF" }, /* overlong */
		{ "\xf4\x90\x80\x80", "\\xF4\\x90\\x80\\x80" }, /* > U+10FFFF */
		{ "\xf5\x80\x80\x80", "\\xF5\\x80\\x80\\x80" },
		{ "\xf0\x9f\x98", "\\xF0\\x9F\\x98" },
		{ "\xff\xfe", "\\xFF\\xFE" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(logged(cases[i][0]), cases[i][1]);
}

/* n octets, then tail. */
static const char *
logged_after(size_t n, const char *tail)
{
	char text[4096];

	memset(text, 'a', n);
	strcpy(text + n, tail);
	return logged(text);
}

static void
long_lines_are_cut(void **state)
{
	(void)state;
	assert_int_equal(strlen(logged_after(LINE_LEN, "")), LINE_LEN);
	assert_null(strstr(logged_after(LINE_LEN, ""), "..."));
	for (size_t extra = 1; extra < 40; extra++) {
		const char *line = logged_after(LINE_LEN + extra, "");

		assert_int_equal(strlen(line), LINE_LEN);
		assert_string_equal(line + LINE_LEN - 4, "a...");
	}
}

static void
lines_are_cut_between_characters(void **state)
{
	char tail[3 * 40 + 1] = "";

	(void)state;
	for (int i = 0; i < 40; i++)
		strcat(tail, "\xe2\x82\xac");
	for (size_t n = LINE_LEN - 30; n < LINE_LEN + 9; n++) {
		const char *line = logged_after(n, tail);
		size_t len = strlen(line);

		assert_true(len > LINE_LEN - 3);
		assert_string_equal(line + len - 3, "...");
		assert_null(strchr(line, '\\'));
		if (n < LINE_LEN - 3)
			assert_int_equal((len - 3 - n) % 3, 0);
	}
}

static void
escapes_are_not_cut(void **state)
{
	(void)state;
	for (size_t n = LINE_LEN - 20; n < LINE_LEN; n++) {
		const char *line = logged_after(n, "\n\n\n\n\n\n");
		size_t len = strlen(line);

		assert_true(len > LINE_LEN - 4);
		assert_string_equal(line + len - 3, "...");
		if (n < LINE_LEN - 3)
			assert_int_equal((len - 3 - n) % 4, 0);
	}
}

static void
errno_is_kept(void **state)
{
	(void)state;
	errno = ENOSPC;
	log_error("%m");
	assert_int_equal(errno, ENOSPC);
	assert_string_equal(written[0].text, strerror(ENOSPC));
	log_flush();
	assert_int_equal(errno, ENOSPC);
}

static void
priorities_arrive(void **state)
{
	(void)state;
	log_error("a");
	log_warn("b");
	log_notice("c");
	log_info("d");
	log_debug("e");
	for (int i = 0; i < 5; i++)
		assert_int_equal(written[i].priority, LOG_ERR + i);
}

static void
other_threads_are_queued(void **state)
{
	(void)state;
	log_numbers_elsewhere(0, 10);
	assert_int_equal(n_written, 0);
	assert_int_equal(atomic_load(&n_wakes), 1);
	log_flush();
	assert_int_equal(n_written, 10);
	assert_string_equal(written[9].text, "line 9");
	assert_int_equal(written[9].priority, LOG_NOTICE);
	log_flush();
	assert_int_equal(n_written, 10);
	log_numbers_elsewhere(10, 11);
	assert_int_equal(atomic_load(&n_wakes), 2);
	log_flush();
	assert_string_equal(written[10].text, "line 10");
}

static void
overflow_is_counted(void **state)
{
	(void)state;
	log_numbers_elsewhere(0, QUEUE_LEN);
	log_flush();
	assert_int_equal(n_written, QUEUE_LEN);
	n_written = 0;
	log_numbers_elsewhere(0, QUEUE_LEN + 44);
	log_flush();
	assert_int_equal(n_written, QUEUE_LEN + 1);
	assert_string_equal(written[QUEUE_LEN - 1].text, "line 255");
	assert_non_null(strstr(written[QUEUE_LEN].text, "44 "));
	assert_int_equal(written[QUEUE_LEN].priority, LOG_WARNING);
	log_flush();
	assert_int_equal(n_written, QUEUE_LEN + 1);
}

/* A line that comes while the owner flushes must not wait for another one. */
static void
log_while_flushing(int priority, const char *line)
{
	keep_line(priority, line);
	if (strcmp(line, "line 0") == 0)
		log_numbers_elsewhere(1, 2);
}

static void
lines_during_a_flush_wake_again(void **state)
{
	(void)state;
	log_set_sink(log_while_flushing, count_wake);
	log_numbers_elsewhere(0, 1);
	assert_int_equal(atomic_load(&n_wakes), 1);
	log_flush();
	assert_int_equal(n_written, 1);
	assert_int_equal(atomic_load(&n_wakes), 2);
	log_flush();
	assert_int_equal(n_written, 2);
}

static int wake_pipe[2];

static void
write_wake(void)
{
	assert_int_equal(write(wake_pipe[1], "", 1), 1);
}

static void *
log_and_count(void *arg)
{
	atomic_int *left = arg;

	for (int i = 0; i < 200; i++)
		log_notice("a line of some thread, number %d", i);
	atomic_fetch_sub(left, 1);
	write_wake();
	return NULL;
}

static void
take_only_complete(int priority, const char *line)
{
	unsigned long lost;
	int number;

	assert_true(pthread_equal(written_by, pthread_self()));
	if (sscanf(line, "%lu log messages lost", &lost) == 1) {
		assert_int_equal(priority, LOG_WARNING);
		n_written += lost;
		return;
	}
	assert_int_equal(sscanf(line, "a line of some thread, number %d", &number), 1);
	assert_int_equal(priority, LOG_NOTICE);
	n_written++;
}

static void
threads_lose_nothing_uncounted(void **state)
{
	pthread_t threads[8];
	atomic_int left = 8;
	char octet;

	(void)state;
	assert_int_equal(pipe(wake_pipe), 0);
	log_set_sink(take_only_complete, write_wake);
	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
				     log_and_count, &left), 0);
	while (atomic_load(&left) > 0) {
		assert_int_equal(read(wake_pipe[0], &octet, 1), 1);
		log_flush();
	}
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	log_flush();
	assert_int_equal(n_written, 8 * 200);
	close(wake_pipe[0]);
	close(wake_pipe[1]);
}

/* What writer() sends to standard error. */
static void
capture_stderr(char *text, size_t size, void (*writer)(void))
{
	int saved = dup(STDERR_FILENO);
	FILE *file = tmpfile();

	assert_non_null(file);
	dup2(fileno(file), STDERR_FILENO);
	writer();
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(file);
	text[fread(text, 1, size - 1, file)] = '\0';
	fclose(file);
}

static void
write_without_sink(void)
{
	int range[] = { 7, 8 };

	log_set_sink(keep_line, NULL);
	log_numbers_elsewhere(6, 7);
	log_set_sink(NULL, NULL); /* the line that waited must not be lost */
	log_numbers(range);
	log_numbers_elsewhere(8, 9);
	log_error("a\nb");
}

static void
without_sink_lines_go_to_stderr(void **state)
{
	char text[256];

	(void)state;
	capture_stderr(text, sizeof(text), write_without_sink);
	assert_string_equal(text, "line 6\nline 7\nline 8\na\\x0Ab\n");
	assert_int_equal(n_written, 0);
}

#define sink_test(name) \
	cmocka_unit_test_setup_teardown(name, use_sink, drop_sink)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		sink_test(plain_text_passes),
		sink_test(control_characters_are_escaped),
		sink_test(invalid_utf8_is_escaped),
		sink_test(long_lines_are_cut),
		sink_test(lines_are_cut_between_characters),
		sink_test(escapes_are_not_cut),
		sink_test(errno_is_kept),
		sink_test(priorities_arrive),
		sink_test(other_threads_are_queued),
		sink_test(overflow_is_counted),
		sink_test(lines_during_a_flush_wake_again),
		sink_test(threads_lose_nothing_uncounted),
		sink_test(without_sink_lines_go_to_stderr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
