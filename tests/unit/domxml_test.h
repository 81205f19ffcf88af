/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of domxml share: parsing what is good, comparing text. */
#ifndef DOMXML_TEST_H
#define DOMXML_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "domxml.h"
#include "snap_def.h"

/*
 * Parses from a block of exactly the document's size, so that a checker sees
 * any look beyond its end.
 */
struct snap_def *parse_exactly(const char *xml, size_t len,
    const struct domxml_rule *rules, size_t n_rules, char *why,
    size_t why_size);

/* The same, of a document that has to be good. */
struct snap_def *parse_by_rules(const char *xml,
    const struct domxml_rule *rules, size_t n_rules);
struct snap_def *parse(const char *xml);

/* Either may be NULL. */
void expect_text(const char *got, const char *expected);

/* A group's, which calls domxml_init(). */
int set_up_domxml(void **state);

#endif
