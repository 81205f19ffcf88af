/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests what domxml.c reads out of the metadata: Nova's notes and rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "domxml_metadata.h"
#include "domxml_test.h"

#define NOVA "http://openstack.org/xmlns/libvirt/nova/"
#define LONG 400000

static void
expect_nova(const char *metadata, const char *name, const char *flavor,
    const char *project, const char *user)
{
	char xml[2000];
	struct snap_def *def;

	snprintf(xml, sizeof(xml), "<domain><metadata>%s</metadata></domain>",
	    metadata);
	def = parse(xml);
	expect_text(def->nova.name, name);
	expect_text(def->nova.flavor, flavor);
	expect_text(def->nova.project, project);
	expect_text(def->nova.user, user);
	assert_int_equal(def->n_metadata, 0);
	snap_def_unref(def);
}

#define NOVA_INSTANCE(version)                                              \
	"<nova:instance xmlns:nova='" NOVA version "'>\n"                   \
	"  <nova:package version='26.1.0'/>\n"                              \
	"  <nova:name>shop &amp; till</nova:name>\n"                        \
	"  <nova:creationTime>2023-04-05 06:07:08</nova:creationTime>\n"    \
	"  <nova:flavor name='m1.small'>\n"                                 \
	"    <nova:memory>2048</nova:memory>\n"                             \
	"  </nova:flavor>\n"                                                \
	"  <nova:owner>\n"                                                  \
	"    <nova:user uuid='7e4a'>alice</nova:user>\n"                    \
	"    <nova:project uuid='91c2'>retail</nova:project>\n"             \
	"  </nova:owner>\n"                                                 \
	"</nova:instance>\n"

static void
test_nova(void **state)
{
	(void)state;
	expect_nova(NOVA_INSTANCE("1.0"), "shop & till", "m1.small", "retail",
	    "alice");
	expect_nova("<a:b xmlns:a='urn:a'/>" NOVA_INSTANCE("1.1"),
	    "shop & till", "m1.small", "retail", "alice");
	/* The prefix is anybody's choice. */
	expect_nova("<instance xmlns='" NOVA "2.0'><owner><project>p</project>"
	    "</owner></instance>", NULL, NULL, "p", NULL);
}

static void
test_not_nova(void **state)
{
	(void)state;
	expect_nova("", NULL, NULL, NULL, NULL);
	expect_nova("text", NULL, NULL, NULL, NULL);
	expect_nova("<instance><name>n</name></instance>", NULL, NULL, NULL,
	    NULL);
	expect_nova("<n:instance xmlns:n='urn:nova'><n:name>n</n:name>"
	    "</n:instance>", NULL, NULL, NULL, NULL);
	expect_nova("<n:server xmlns:n='" NOVA "1.1'><n:name>n</n:name>"
	    "</n:server>", NULL, NULL, NULL, NULL);
	/* What is not Nova's own does not count. */
	expect_nova("<n:instance xmlns:n='" NOVA "1.1'><name>n</name>"
	    "<n:flavor x='y'/><n:owner>retail</n:owner></n:instance>", NULL,
	    NULL, NULL, NULL);
	expect_nova("<n:instance xmlns:n='" NOVA "1.1' xmlns:o='" NOVA "1.0'>"
	    "<o:name>old</o:name><n:name>new</n:name></n:instance>", "new",
	    NULL, NULL, NULL);
}

static const char shop[] =
    "<domain type='kvm' xmlns:late='urn:late'><name>outside</name>"
    "<metadata>"
    "<a:vm xmlns:a='urn:a' tier='gold' a:tier='platinum'>"
    "<a:owner mail='x@example.org'>Alice</a:owner>"
    "<a:owner mail='y@example.org'>Bob &lt;b&gt;</a:owner>"
    "<a:owner/>"
    "<a:owner>Ca<a:b>ro</a:b>l</a:owner>"
    "<a:note>two\nlines</a:note>"
    "<a:empty/>"
    "</a:vm>"
    "<b:vm xmlns:b='urn:b'><b:owner>Dave</b:owner></b:vm>"
    "<late:vm>declared outside</late:vm>"
    "<plain>no namespace</plain>"
    "</metadata>"
    "<title>outside</title></domain>";

static const struct {
	const char *ns;
	const char *xpath;
	const char *value; /* NULL: no row */
} chosen[] = {
	{ "urn:a", "m:vm/m:owner", "Alice, Bob <b>, Carol" },
	{ "urn:a", "//m:owner/@mail", "x@example.org, y@example.org" },
	{ "urn:a", "m:vm/@tier", "gold" },
	{ "urn:a", "m:vm/@m:tier", "platinum" },
	{ "urn:a", "m:vm/m:owner[@mail='y@example.org']", "Bob <b>" },
	{ "urn:a", "m:vm/m:owner[2]/text()", "Bob <b>" },
	{ "urn:a", "m:vm/m:note", "two lines" },
	{ "urn:a", "string(m:vm/m:owner)", "Alice" },
	{ "urn:a", "concat(m:vm/@tier, '/', m:vm/m:owner)", "gold/Alice" },
	{ "urn:a", "count(//m:owner)", "4" },
	{ "urn:a", "1 div 4", "0.25" },
	{ "urn:a", "boolean(m:vm)", "true" },
	{ "urn:a", "m:vm = 'x'", "false" },
	{ "urn:a", "position()", "1" },
	{ "urn:a", "last()", "1" },
	{ "urn:a", "name()", "metadata" },
	{ "urn:a", ".//m:b | m:vm/m:note | m:vm/m:owner[1]",
	    "Alice, ro, two lines" },
	{ "urn:a", "//m:note/preceding-sibling::m:owner",
	    "Alice, Bob <b>, Carol" },
	{ "urn:b", "m:vm/m:owner", "Dave" },
	{ "urn:b", "//*[local-name()='b']", "ro" },
	{ "urn:late", "m:vm", "declared outside" },
	{ "urn:a", "plain", "no namespace" },
	/* nothing, or not there */
	{ "urn:c", "m:vm/m:owner", NULL },
	{ "urn:A", "m:vm/m:owner", NULL },
	{ "urn:a", "vm/owner", NULL },
	{ "urn:a", "m:vm/m:empty", NULL },
	{ "urn:a", "m:vm/m:owner[3]", NULL },
	{ "urn:a", "string(m:vm/m:empty)", NULL },
	{ "urn:a", "''", NULL },
	/* beyond the metadata */
	{ "urn:a", "//name", NULL },
	{ "urn:a", "../title", NULL },
	{ "urn:a", "/domain", NULL },
	{ "urn:a", "following::*", NULL },
	{ "urn:a", "/metadata/plain", "no namespace" },
	/* not valid */
	{ "urn:a", "m:vm[", NULL },
	{ "urn:a", "x:vm", NULL },
	{ "urn:a", "$x", NULL },
	{ "urn:a", "count('x')", NULL },
	{ "urn:a", "", NULL },
};

#define N_CHOSEN (sizeof(chosen) / sizeof(chosen[0]))

/* All at once: a row has the number of its rule. */
static void
test_rules(void **state)
{
	struct domxml_rule rules[N_CHOSEN];
	const struct snap_metadata *row;
	struct snap_def *def;
	size_t i, n = 0;

	(void)state;
	for (i = 0; i < N_CHOSEN; i++) {
		rules[i].ns = chosen[i].ns;
		rules[i].xpath = chosen[i].xpath;
	}
	def = parse_by_rules(shop, rules, N_CHOSEN);
	expect_text(def->name, "outside");
	expect_text(def->title, "outside");
	for (i = 0; i < N_CHOSEN; i++) {
		row = &def->metadata[n];
		if (n == def->n_metadata || row->index != i + 1) {
			if (chosen[i].value != NULL) {
				fail_msg("'%s' gives nothing", rules[i].xpath);
			}
			continue;
		}
		if (chosen[i].value == NULL) {
			fail_msg("'%s' gives '%s'", rules[i].xpath,
			    row->value);
		}
		assert_string_equal(row->name, rules[i].xpath);
		assert_string_equal(row->value, chosen[i].value);
		n++;
	}
	assert_int_equal(def->n_metadata, n);
	snap_def_unref(def);
}

static void
test_no_metadata(void **state)
{
	static const struct domxml_rule rules[] = { { "urn:a", "'x'" } };
	struct snap_def *def = parse_by_rules("<domain/>", rules, 1);

	(void)state;
	assert_int_equal(def->n_metadata, 0);
	snap_def_unref(def);
	def = parse_by_rules("<domain xmlns:x='urn:x'><x:metadata/></domain>",
	    rules, 1);
	assert_int_equal(def->n_metadata, 0);
	snap_def_unref(def);
	def = parse_by_rules("<domain><metadata/></domain>", rules, 1);
	assert_int_equal(def->n_metadata, 1);
	snap_def_unref(def);
	def = parse_by_rules(shop, rules, 0);
	assert_int_equal(def->n_metadata, 0);
	snap_def_unref(def);
}

static const struct {
	const char *xpath;
	const char *why; /* NULL: valid */
} expressions[] = {
	{ "m:a", NULL },
	{ "m:a/@b", NULL },
	{ "//m:a[@b = 'x:y()$z']/@m:c", NULL },
	{ "m:a[contains(., \"it's\")] | self::node()", NULL },
	{ "child::m:a/descendant-or-self::node()/attribute::b", NULL },
	{ "m:a[@b and (@c or (@d))][(1 div (2)) mod (3) = 0]", NULL },
	{ "1-count(m:a) - -count (m:b)", NULL },
	{ "string-length(normalize-space(m:a-b.c/text ()))", NULL },
	{ "@xml:lang", NULL },
	{ "*", NULL },
	{ "m:*", NULL },
	{ "m:\xc3\xa9", NULL },
	{ "processing-instruction('x') | comment()", NULL },
	{ "", "the XPath ends too early" },
	{ "m:a/", "the XPath ends too early" },
	{ "m:a[", "the XPath ends too early" },
	{ "m:a['x", "" },
	{ "m:a]b", "not an XPath 1.0 expression at ']b'" },
	{ "m:a m:b", "not an XPath 1.0 expression at 'm:b'" },
	{ "<m:a/>", "not an XPath 1.0 expression at '<m:a/>'" },
	{ "x:a", "there is no prefix 'x', only 'm'" },
	{ "m:a[x:b]", "there is no prefix 'x', only 'm'" },
	{ "m:a[@x:b]", "there is no prefix 'x', only 'm'" },
	{ "m:a[x:f()]", "there is no prefix 'x', only 'm'" },
	{ "m:a[contain(., 'x')]", "there is no function 'contain'" },
	{ "m:a[m:f()]", "there is no function 'f'" },
	{ "document('x')", "there is no function 'document'" },
	{ "m:a[$b]", "there are no variables" },
	{ "count('x')", "a function of the XPath has wrong arguments" },
	{ "contains(m:a)", "a function of the XPath has wrong arguments" },
	{ "m:\xff", "" },
};

/* Standard error goes to a file meanwhile, and must be empty. */
static void
check_expressions(void)
{
	char why[200];
	size_t i;

	for (i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++) {
		const char *expected = expressions[i].why;
		bool valid;

		why[0] = '\0';
		valid = domxml_rule_valid("urn:a", expressions[i].xpath, why,
		    sizeof(why));
		if (valid != (expected == NULL) ||
		    (expected != NULL && expected[0] != '\0' &&
		    strcmp(why, expected) != 0)) {
			fail_msg("'%s' gives '%s'", expressions[i].xpath, why);
		}
		assert_true(valid || why[0] != '\0');
	}
}

static void
test_validity(void **state)
{
	FILE *file = tmpfile();
	char why[200], shorter[8];
	int saved = dup(STDERR_FILENO);

	(void)state;
	assert_non_null(file);
	assert_true(saved >= 0);
	assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
	check_expressions();
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	assert_int_equal(lseek(fileno(file), 0, SEEK_END), 0);
	fclose(file);
	assert_false(domxml_rule_valid("", "m:a", why, sizeof(why)));
	assert_string_equal(why, "the namespace is empty");
	assert_false(domxml_rule_valid("urn:a", "x:a", shorter,
	    sizeof(shorter)));
	assert_string_equal(shorter, "there i");
}

static void
append(char *text, const char *part, size_t n)
{
	size_t len = strlen(part);

	text += strlen(text);
	for (; n > 0; n--, text += len) {
		memcpy(text, part, len + 1);
	}
}

/* A domain whose metadata is what these make when repeated; to be freed. */
static char *
metadata(const char *open, const char *content, const char *close, size_t n,
    size_t n_content)
{
	char *xml = calloc(1, LONG);

	assert_non_null(xml);
	append(xml, "<domain><metadata xmlns:a='urn:a'>", 1);
	append(xml, open, n);
	append(xml, content, n_content);
	append(xml, close, n);
	append(xml, "</metadata></domain>", 1);
	assert_true(strlen(xml) < LONG);
	return xml;
}

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Without a bound each of these takes minutes or more on one of them. */
static const struct domxml_rule costly[] = {
	{ "urn:a", "//*[. = //*[. = 'y']]" },
	{ "urn:a", "//*[count(//*[count(//*) = 0]) = 0]" },
	{ "urn:a", "//*[//*[//*[//*[. = 'y']]]]" },
	{ "urn:a", "//*[preceding::*[following::*[. = 'y']]]" },
	{ "urn:a", "//@*[. = //@*[. = 'y']]" },
};

static void
expect_an_end(char *xml)
{
	double start = seconds();
	size_t i, n = sizeof(costly) / sizeof(costly[0]);
	struct snap_def *def = parse_by_rules(xml, costly, n);

	for (i = 0; i < def->n_metadata; i++) {
		fail_msg("'%s' gives something", def->metadata[i].name);
	}
	snap_def_unref(def);
	assert_true(seconds() - start < 30); /* a checker's slowness in it */
	free(xml);
}

static void
test_costly(void **state)
{
	(void)state;
	expect_an_end(metadata("<a:a b=''/>", "", "", 5000, 0));
	expect_an_end(metadata("<a:a b='x'>", "x", "</a:a>", 200, 60000));
	expect_an_end(metadata("<a:a>x", "<a:a/>", "</a:a>", 200, 5000));
	expect_an_end(metadata("<a:a>x</a:a>", "<a:b/>", "", 2000, 4000));
}

static void
check_row(char *xml, const char *xpath, const char *value)
{
	const struct domxml_rule rule = { "urn:a", xpath };
	struct snap_def *def = parse_by_rules(xml, &rule, 1);

	if (value == NULL) {
		assert_int_equal(def->n_metadata, 0);
	} else {
		assert_int_equal(def->n_metadata, 1);
		assert_memory_equal(def->metadata[0].value, value,
		    strlen(value));
		assert_true(strlen(def->metadata[0].value) <= 255);
	}
	snap_def_unref(def);
	free(xml);
}

/* Each rule has all its steps, whatever those before it have used up. */
static void
test_rules_are_apart(void **state)
{
	struct domxml_rule rules[100];
	char *xml = metadata("<a:a/>", "<a:b>x</a:b>", "", 3000, 1);
	struct snap_def *def;
	size_t i;

	(void)state;
	for (i = 0; i < 100; i++) {
		rules[i].ns = i % 2 == 0 ? "urn:a" : "urn:b";
		rules[i].xpath = i == 2 ? "//*[. = //*[. = 'y']]" : "//m:b";
	}
	def = parse_by_rules(xml, rules, 100);
	assert_int_equal(def->n_metadata, 49);
	assert_int_equal(def->metadata[0].index, 1);
	assert_int_equal(def->metadata[1].index, 5);
	assert_int_equal(def->metadata[48].index, 99);
	snap_def_unref(def);
	free(xml);
}

static void
test_large(void **state)
{
	const size_t around = strlen("<metadata xmlns:a=\"urn:a\"><a:a>"
	    "</a:a></metadata>");

	(void)state;
	check_row(metadata("<a:a>", "xyz", "</a:a>", 1, 400), "m:a", "xyzxyz");
	check_row(metadata("<a:a>y</a:a>", "", "", 3000, 0), "m:a",
	    "y, y, y, y");
	check_row(metadata("<a:a/>", "<a:a>z</a:a>", "", 3000, 1), "m:a", "z");
	check_row(metadata("<a:a>", "x", "</a:a>", 1,
	    DOMXML_METADATA_BYTES_MAX - around), "m:a", "xxx");
	check_row(metadata("<a:a>", "x", "</a:a>", 1,
	    DOMXML_METADATA_BYTES_MAX - around + 1), "m:a", NULL);
	/* Sorting many nodes */
	check_row(metadata("<a:a>y</a:a>", "<a:b/>", "", 2000, 4000),
	    "m:b | m:a", "y, y, y");
}

/* The name of a row is cut as its value is. */
static void
test_long_xpath(void **state)
{
	static const char xml[] = "<domain><metadata/></domain>";
	char xpath[1001] = "'";
	const struct domxml_rule rule = { "urn:a", xpath };
	struct snap_def *def;
	char why[100];

	(void)state;
	append(xpath, "x", 900);
	append(xpath, "'", 1);
	assert_true(domxml_rule_valid("urn:a", xpath, why, sizeof(why)));
	def = parse_by_rules(xml, &rule, 1);
	assert_int_equal(def->n_metadata, 1);
	assert_int_equal(strlen(def->metadata[0].name), 255);
	assert_int_equal(strlen(def->metadata[0].value), 255);
	snap_def_unref(def);
	xpath[0] = '\0';
	append(xpath, "(", 1000); /* what one word of the file may be */
	assert_false(domxml_rule_valid("urn:a", xpath, why, sizeof(why)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nova),
		cmocka_unit_test(test_not_nova),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_no_metadata),
		cmocka_unit_test(test_validity),
		cmocka_unit_test(test_costly),
		cmocka_unit_test(test_rules_are_apart),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_long_xpath),
	};

	return cmocka_run_group_tests(tests, set_up_domxml, NULL);
}
