/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of domxml share: parsing what is good, comparing text. */
#include "domxml_test.h"

#include <stdlib.h>
#include <string.h>

struct snap_def *
parse_exactly(const char *xml, size_t len, const struct domxml_rule *rules,
    size_t n_rules, char *why, size_t why_size)
{
	char *exact = malloc(len > 0 ? len : 1);
	struct snap_def *def;

	assert_non_null(exact);
	if (len > 0) {
		memcpy(exact, xml, len);
	}
	def = domxml_parse(exact, len, rules, n_rules, why, why_size);
	free(exact);
	return def;
}

struct snap_def *
parse_by_rules(const char *xml, const struct domxml_rule *rules,
    size_t n_rules)
{
	char why[200] = "";
	struct snap_def *def = parse_exactly(xml, strlen(xml), rules, n_rules,
	    why, sizeof(why));

	if (def == NULL) {
		fail_msg("%s", why);
	}
	return def;
}

struct snap_def *
parse(const char *xml)
{
	return parse_by_rules(xml, NULL, 0);
}

void
expect_text(const char *got, const char *expected)
{
	if (expected == NULL) {
		assert_null(got);
	} else {
		assert_non_null(got);
		assert_string_equal(got, expected);
	}
}

int
set_up_domxml(void **state)
{
	(void)state;
	domxml_init();
	return 0;
}
