/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests that the tables' descriptors say what the MIB modules say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mib_text.h"
#include "mib_tree.h"

#define KIND(kind) (1u << (kind))

static const oid mib_2[] = { 1, 3, 6, 1, 2, 1 };

#define N_MIB_2 (sizeof(mib_2) / sizeof(mib_2[0]))

/* Types that a column kind serves, with those of imported modules. */
static const struct {
	const char *type;
	unsigned kinds;
} types[] = {
	{ "Integer32", KIND(MIB_INTEGER) | KIND(MIB_COMPUTED) },
	{ "INTEGER", KIND(MIB_INTEGER) | KIND(MIB_COMPUTED) },
	{ "TruthValue", KIND(MIB_INTEGER) | KIND(MIB_COMPUTED) },
	{ "InterfaceIndexOrZero", KIND(MIB_INTEGER) | KIND(MIB_COMPUTED) },
	{ "TimeTicks", KIND(MIB_TICKS) | KIND(MIB_SINCE) },
	{ "Counter64", KIND(MIB_COUNTER64) },
	{ "SnmpAdminString", KIND(MIB_TEXT) },
	{ "UUIDorZero", KIND(MIB_UUID) },
	{ "PhysAddress", KIND(MIB_MAC) },
	{ "OBJECT", KIND(MIB_OID) }, /* IDENTIFIER */
};

/* Of SNMPv2-TC. */
static const struct mib_text_syntax truth_value = {
	.type = "INTEGER", .n_labels = 2,
	.labels = { { "true", 1 }, { "false", 2 } },
};

static struct mib_text text;

static int
read_modules(void **state)
{
	static const char *const modules[] = {
		"VM-MIB", "IANA-STORAGE-MEDIA-TYPE-MIB",
	};
	const char *top = getenv("srcdir_top");
	char path[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
		snprintf(path, sizeof(path), "%s/mibs/%s.txt",
		    top != NULL ? top : TEST_SRCDIR "/..", modules[i]);
		if (mib_text_read(&text, path) != 0) {
			print_error("cannot read %s\n", path);
			return -1;
		}
	}
	return 0;
}

static int
free_modules(void **state)
{
	(void)state;
	mib_text_free(&text);
	return 0;
}

/* An object whose instances an agent serves. */
static bool
is_readable(const struct mib_text_node *node)
{
	return strcmp(node->macro, "OBJECT-TYPE") == 0 &&
	    (strcmp(node->access, "read-only") == 0 ||
		strcmp(node->access, "read-write") == 0);
}

/* The SYNTAX with textual conventions of the modules resolved. */
static const struct mib_text_syntax *
base_syntax(const struct mib_text_node *node)
{
	const struct mib_text_node *type;

	if (strcmp(node->syntax.type, "TruthValue") == 0) {
		return &truth_value;
	}
	type = mib_text_find(&text, node->syntax.type);
	return type != NULL ? &type->syntax : &node->syntax;
}

static bool
column_is(const struct mib_table *table, const struct mib_column *column,
    const unsigned long *numbers, size_t n)
{
	if (table->root_len + 1 != N_MIB_2 + n ||
	    memcmp(table->root, mib_2, sizeof(mib_2)) != 0 ||
	    column->number != numbers[n - 1]) {
		return false;
	}
	for (size_t i = 0; i + 1 < n; i++) {
		if (table->root[N_MIB_2 + i] != numbers[i]) {
			return false;
		}
	}
	return true;
}

/* The descriptor of a MIB object; NULL: there is none. */
static const struct mib_column *
descriptor(const struct mib_text_node *node, const struct mib_table **table)
{
	unsigned long numbers[16];
	size_t n = mib_text_numbers(&text, node->name, numbers, 16);

	assert_int_not_equal(n, 0);
	for (size_t i = 0; i < mib_vm_objects.n_tables; i++) {
		*table = mib_vm_objects.tables[i];
		for (size_t j = 0; j < (*table)->n_columns; j++) {
			if (column_is(*table, &(*table)->columns[j], numbers,
			    n)) {
				return &(*table)->columns[j];
			}
		}
	}
	return NULL;
}

static void
test_modules_are_understood(void **state)
{
	size_t n_readable = 0;

	(void)state;
	for (size_t i = 0; i < text.n; i++) {
		n_readable += is_readable(&text.nodes[i]);
	}
	/* RFC 7666: 8 scalars; 16, 1, 1, 16 and 4 columns */
	assert_int_equal(n_readable, 46);
	assert_non_null(mib_text_find(&text, "IANAStorageMediaType"));
	assert_non_null(mib_text_find(&text, "VirtualMachineList"));
}

static void
test_each_object_has_its_descriptor(void **state)
{
	const struct mib_table *table;

	(void)state;
	for (size_t i = 0; i < text.n; i++) {
		const struct mib_text_node *node = &text.nodes[i];
		const struct mib_column *column;

		if (!is_readable(node)) {
			continue;
		}
		column = descriptor(node, &table);
		if (column == NULL) {
			fail_msg("%s is not served", node->name);
		}
		assert_string_equal(column->name, node->name);
	}
}

static void
test_each_descriptor_has_its_object(void **state)
{
	const struct mib_table *table, *found;
	const struct mib_text_node *node;

	(void)state;
	for (size_t i = 0; i < mib_vm_objects.n_tables; i++) {
		table = mib_vm_objects.tables[i];
		assert_non_null(mib_text_find(&text, table->name));
		for (size_t j = 0; j < table->n_columns; j++) {
			const struct mib_column *column = &table->columns[j];

			node = mib_text_find(&text, column->name);
			if (node == NULL || !is_readable(node)) {
				fail_msg("%s is not in the MIB", column->name);
			}
			assert_ptr_equal(descriptor(node, &found), column);
			assert_ptr_equal(found, table);
			assert_true(j == 0 ||
			    column[-1].number < column->number);
		}
	}
}

static void
test_kinds(void **state)
{
	const struct mib_table *table;

	(void)state;
	for (size_t i = 0; i < text.n; i++) {
		const struct mib_text_node *node = &text.nodes[i];
		const struct mib_column *column;
		const char *type;
		unsigned kinds = 0;

		if (!is_readable(node) ||
		    (column = descriptor(node, &table)) == NULL) {
			continue;
		}
		type = base_syntax(node)->type;
		for (size_t j = 0; j < sizeof(types) / sizeof(types[0]); j++) {
			if (strcmp(types[j].type, type) == 0) {
				kinds = types[j].kinds;
			}
		}
		if ((kinds & KIND(column->kind)) == 0) {
			fail_msg("%s is of type %s, served as kind %d",
			    node->name, type, (int)column->kind);
		}
	}
}

static const char *
label_of(const struct mib_text_syntax *syntax, size_t value)
{
	for (size_t i = 0; i < syntax->n_labels; i++) {
		if (syntax->labels[i].value == value) {
			return syntax->labels[i].name;
		}
	}
	return NULL;
}

static void
test_labels(void **state)
{
	const struct mib_table *table;

	(void)state;
	for (size_t i = 0; i < text.n; i++) {
		const struct mib_text_node *node = &text.nodes[i];
		const struct mib_column *column;
		const struct mib_text_syntax *syntax = base_syntax(node);

		if (!is_readable(node) ||
		    (column = descriptor(node, &table)) == NULL) {
			continue;
		}
		for (size_t v = 0; v < MIB_TEXT_LABELS; v++) {
			const char *want = label_of(syntax, v);
			const char *got = v < column->n_labels ?
			    column->labels[v] : NULL;

			if ((want == NULL) != (got == NULL) ||
			    (want != NULL && strcmp(want, got) != 0)) {
				fail_msg("%s(%zu) is '%s', served as '%s'",
				    node->name, v, want != NULL ? want : "-",
				    got != NULL ? got : "-");
			}
		}
		assert_true(column->n_labels <= MIB_TEXT_LABELS);
	}
}

/* As many numbers in a row's name as the entry's INDEX has objects. */
static void
test_indices(void **state)
{
	const struct mib_text_node *node, *entry;
	const struct mib_table *table;

	(void)state;
	for (size_t i = 0; i < mib_vm_objects.n_tables; i++) {
		table = mib_vm_objects.tables[i];
		node = mib_text_find(&text, table->columns[0].name);
		assert_non_null(node);
		entry = mib_text_find(&text, node->parent);
		assert_non_null(entry);
		assert_int_equal((size_t)table->depth, entry->n_indices);
		assert_string_equal(table->depth > 0 ? entry->parent :
		    entry->name, table->name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modules_are_understood),
		cmocka_unit_test(test_each_object_has_its_descriptor),
		cmocka_unit_test(test_each_descriptor_has_its_object),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_indices),
	};

	return cmocka_run_group_tests(tests, read_modules, free_modules);
}
