/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests text.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text.h"

#define BAD "\xef\xbf\xbd"

static void
expect(const char *in, const char *out)
{
	char got[TEXT_ADMIN_MAX + 1];
	size_t len = text_admin(got, in);

	assert_string_equal(got, out);
	assert_int_equal(len, strlen(out));
}

static void
test_plain(void **state)
{
	(void)state;
	expect("", "");
	expect("web01", "web01");
	expect(" ~!", " ~!");
}

static void
test_valid_utf8(void **state)
{
	(void)state;
	expect("\xc2\xa0", "\xc2\xa0");
	expect("\xdf\xbf", "\xdf\xbf");
	expect("\xe0\xa0\x80", "\xe0\xa0\x80");
	expect("\xed\x9f\xbf", "\xed\x9f\xbf");
	expect("\xee\x80\x80", "\xee\x80\x80");
	expect("\xef\xbf\xbf", "\xef\xbf\xbf");
	expect("\xf0\x90\x80\x80", "\xf0\x90\x80\x80");
	expect("\xf3\xa0\x80\x81", "\xf3\xa0\x80\x81");
	expect("\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf");
	expect("a\xe2\x82\xac" "b", "a\xe2\x82\xac" "b");
}

static void
test_controls(void **state)
{
	(void)state;
	expect("a\nb\tc\rd", "a b c d");
	expect("\x01\x1b[2J\x1f\x7f", "  [2J  ");
	expect("\xc2\x80x\xc2\x9f", " x ");
}

static void
test_invalid_utf8(void **state)
{
	(void)state;
	expect("\x80", BAD);
	expect("\xbf" "a", BAD "a");
	expect("\xc0\xaf", BAD BAD);         /* overlong "/" */
	expect("\xc1\xbf", BAD BAD);
	expect("\xe0\x9f\xbf", BAD BAD BAD); /* overlong */
	expect("\xf0\x8f\xbf\xbf", BAD BAD BAD BAD);
	expect("\xed\xa0\x80", BAD BAD BAD); /* surrogate */
	expect("\xf4\x90\x80\x80", BAD BAD BAD BAD); /* above U+10FFFF */
	expect("\xf5\x80\x80\x80", BAD BAD BAD BAD);
	expect("\xff\xfe", BAD BAD);
	expect("\xe2\x82x", BAD BAD "x");
	expect("\xe2\xc2\xa9", BAD "\xc2\xa9");
	expect("\xf0\x9f\x98z", BAD BAD BAD "z");
}

/* Text that ends within a character must not be read beyond its end. */
static void
test_cut_short(void **state)
{
	static const char *const heads[] = {
		"\xc3", "\xe2", "\xe2\x82", "\xf0", "\xf0\x9f", "\xf0\x9f\x98",
	};
	static const char *const tails[] = {
		BAD, BAD, BAD BAD, BAD, BAD BAD, BAD BAD BAD,
	};
	size_t i, len;
	char *exact;

	(void)state;
	for (i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		len = strlen(heads[i]) + 1;
		exact = malloc(len);
		assert_non_null(exact);
		memcpy(exact, heads[i], len);
		expect(exact, tails[i]);
		free(exact);
	}
}

static void
check_length(const char *unit, size_t n, size_t prefix, size_t expected)
{
	char in[4096] = "", got[TEXT_ADMIN_MAX + 1];
	size_t i;

	for (i = 0; i < prefix; i++)
		strcat(in, "x");
	for (i = 0; i < n; i++)
		strcat(in, unit);
	assert_int_equal(text_admin(got, in), expected);
	assert_int_equal(strlen(got), expected);
}

static void
test_length(void **state)
{
	(void)state;
	check_length("a", 254, 0, 254);
	check_length("a", 255, 0, 255);
	check_length("a", 256, 0, 255);
	check_length("\xc3\xa9", 127, 1, 255);
	check_length("\xc3\xa9", 128, 0, 254);
	check_length("\xe2\x82\xac", 85, 0, 255);
	check_length("\xe2\x82\xac", 85, 1, 253);
	check_length("\xf0\x9f\x98\x80", 64, 0, 252);
	check_length("\xff", 86, 0, 255);
	check_length("\xc2\x85", 256, 0, 255);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_valid_utf8),
		cmocka_unit_test(test_controls),
		cmocka_unit_test(test_invalid_utf8),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
