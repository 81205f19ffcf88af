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

#define MAX_VALUE 1000   /* of a label */
#define MAX_COLUMNS 64   /* what one look at a table may have to go through */

/* Types that a column kind serves, with those of imported modules. */
static const struct {
	const char *type;
	unsigned kinds;
} types[] = {
	{ "Integer32", KIND(MIB_INTEGER) | KIND(MIB_COMPUTED) },
	{ "INTEGER", KIND(MIB_INTEGER) | KIND(MIB_COMPUTED) },
	{ "TruthValue",
	    KIND(MIB_INTEGER) | KIND(MIB_COMPUTED) | KIND(MIB_BOOL) },
	{ "InterfaceIndexOrZero", KIND(MIB_INTEGER) | KIND(MIB_COMPUTED) },
	{ "TimeTicks", KIND(MIB_TICKS) | KIND(MIB_SINCE) },
	{ "Counter32", KIND(MIB_COUNTER32) },
	{ "Counter64", KIND(MIB_COUNTER64) },
	{ "CounterBasedGauge64", KIND(MIB_COUNTER64) | KIND(MIB_LIMIT) },
	{ "Gauge32", KIND(MIB_GAUGE32) | KIND(MIB_MEASURE) | KIND(MIB_RATE) |
	    KIND(MIB_AGE) },
	{ "SnmpAdminString",
	    KIND(MIB_TEXT) | KIND(MIB_CHARS) | KIND(MIB_WORDS) },
	{ "DateAndTime", KIND(MIB_DATE) },
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
	(void)state;
	return mib_text_read_all(&text);
}

static int
free_modules(void **state)
{
	(void)state;
	mib_text_free(&text);
	return 0;
}

/* What only notifications carry has no column, whatever else it has. */
static bool
is_notified_only(const struct mib_text_node *node)
{
	return strcmp(node->macro, "OBJECT-TYPE") == 0 &&
	    strcmp(node->access, "accessible-for-notify") == 0;
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
is_oid(const oid *name, size_t len, const unsigned long *numbers, size_t n)
{
	for (size_t i = 0; len == n && i < n; i++) {
		if (name[i] != numbers[i]) {
			return false;
		}
	}
	return len == n;
}

/* The table number i of all regions; NULL: there are no more. */
static const struct mib_table *
table_at(size_t i)
{
	for (size_t region = 0; region < MIB_N_REGIONS; region++) {
		if (i < mib_regions[region]->n_tables) {
			return mib_regions[region]->tables[i];
		}
		i -= mib_regions[region]->n_tables;
	}
	return NULL;
}

/* The descriptor of a MIB object; NULL: there is none. */
static const struct mib_column *
descriptor(const struct mib_text_node *node, const struct mib_table **table)
{
	unsigned long numbers[MIB_TEXT_NUMBERS];
	size_t n = mib_text_numbers(&text, node->name, numbers);

	assert_int_not_equal(n, 0);
	for (size_t i = 0; (*table = table_at(i)) != NULL; i++) {
		for (size_t j = 0; j < (*table)->n_columns; j++) {
			const struct mib_column *column =
			    &(*table)->columns[j];

			if (column->number == numbers[n - 1] &&
			    is_oid((*table)->root, (*table)->root_len,
			    numbers, n - 1)) {
				return column;
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
	/* RFC 7666: 8 scalars; 16, 1, 1, 16 and 4 columns.  VM-LIBVIRT-MIB: 49
	 * scalars; 33, 18, 6, 32, 26 and 2 columns. */
	assert_int_equal(n_readable, 46 + 169);
	assert_non_null(mib_text_find(&text, "IANAStorageMediaType"));
	assert_non_null(mib_text_find(&text, "VirtualMachineList"));
}

/* Regions lie where their modules say, one after the other. */
static void
test_roots(void **state)
{
	static const struct {
		const char *module, *objects;
		oid root[MIB_TEXT_NUMBERS];
	} roots[MIB_N_REGIONS] = {
		{ "vmMIB", "vmObjects", { VM_MIB } },
		{ "virtMIB", "virtObjects", { VMMIBD_VIRT_OID } },
	};
	unsigned long numbers[MIB_TEXT_NUMBERS];

	(void)state;
	for (size_t i = 0; i < MIB_N_REGIONS; i++) {
		size_t n = mib_text_numbers(&text, roots[i].module, numbers);

		assert_true(n > 0 && n < MIB_TEXT_NUMBERS);
		assert_true(is_oid(roots[i].root, n, numbers, n));
		assert_int_equal(roots[i].root[n], 0); /* nothing follows */
		n = mib_text_numbers(&text, roots[i].objects, numbers);
		assert_true(is_oid(mib_regions[i]->root,
		    mib_regions[i]->root_len, numbers, n));
		assert_true(i == 0 || snmp_oid_compare(
		    mib_regions[i - 1]->root, mib_regions[i - 1]->root_len,
		    mib_regions[i]->root, mib_regions[i]->root_len) < 0);
	}
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
	for (size_t i = 0; (table = table_at(i)) != NULL; i++) {
		assert_non_null(mib_text_find(&text, table->name));
		assert_true(table->n_columns > 0 &&
		    table->n_columns <= MAX_COLUMNS);
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

/* Kinds of columns that may serve a type; 0: none, or not a known type. */
static unsigned
kinds_of(const char *type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i].type, type) == 0) {
			return types[i].kinds;
		}
	}
	return 0;
}

static void
test_kinds(void **state)
{
	const struct mib_table *table;

	(void)state;
	for (size_t i = 0; i < text.n; i++) {
		const struct mib_text_node *node = &text.nodes[i];
		const struct mib_column *column;
		unsigned kinds = kinds_of(node->syntax.type);

		if (!is_readable(node) ||
		    (column = descriptor(node, &table)) == NULL) {
			continue;
		}
		if (kinds == 0) {
			kinds = kinds_of(base_syntax(node)->type);
		}
		if ((kinds & KIND(column->kind)) == 0) {
			fail_msg("%s is of type %s, served as kind %d",
			    node->name, node->syntax.type, (int)column->kind);
		}
	}
}

static void
test_notified_objects_have_no_column(void **state)
{
	const struct mib_table *table;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < text.n; i++) {
		const struct mib_text_node *node = &text.nodes[i];

		if (is_notified_only(node)) {
			n++;
			assert_null(descriptor(node, &table));
		}
	}
	assert_int_equal(n, 1 + 7); /* vmAffectedVMs, virtNotify */
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
		for (size_t v = 0; v <= MAX_VALUE; v++) {
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
		assert_true(column->n_labels <= MAX_VALUE);
	}
}

/* No label beyond those that are compared. */
static void
test_label_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < text.n; i++) {
		const struct mib_text_syntax *syntax = &text.nodes[i].syntax;

		for (size_t j = 0; j < syntax->n_labels; j++) {
			assert_true(syntax->labels[j].value <= MAX_VALUE);
		}
	}
}

/* As many numbers in a row's name as the entry's INDEX has objects. */
static void
test_indices(void **state)
{
	const struct mib_text_node *node, *entry;
	const struct mib_table *table;

	(void)state;
	for (size_t i = 0; (table = table_at(i)) != NULL; i++) {
		node = mib_text_find(&text, table->columns[0].name);
		assert_non_null(node);
		entry = mib_text_find(&text, node->parent);
		assert_non_null(entry);
		assert_int_equal((size_t)table->depth,
		    mib_text_indices(&text, entry->name));
		assert_string_equal(table->depth > 0 ? entry->parent :
		    entry->name, table->name);
	}
	/* Each kind of them is what it is taken for. */
	assert_int_equal(mib_text_indices(&text, "virtAgent"), 0);
	assert_int_equal(mib_text_indices(&text, "virtDomainEntry"), 1);
	assert_int_equal(mib_text_indices(&text, "virtDiskEntry"), 2);
	assert_int_equal(mib_text_indices(&text, "virtMetadataEntry"), 2);
	assert_int_equal(mib_text_indices(&text, "vmCpuAffinityEntry"), 3);
}

/*
 * Rows of a table that augments another one are that one's: found in the same
 * array, by the same numbers.
 */
static void
test_augmented_rows(void **state)
{
	const struct mib_table *table, *other;

	(void)state;
	for (size_t i = 0; (table = table_at(i)) != NULL; i++) {
		const struct mib_text_node *node, *entry, *augmented;

		node = mib_text_find(&text, table->columns[0].name);
		entry = mib_text_find(&text, node->parent);
		if (entry->augments[0] == '\0') {
			continue;
		}
		augmented = mib_text_find(&text, entry->augments);
		assert_non_null(augmented);
		for (size_t j = 0; (other = table_at(j)) != NULL; j++) {
			if (strcmp(other->name, augmented->parent) == 0) {
				break;
			}
		}
		assert_non_null(other);
		assert_int_equal(table->depth, other->depth);
		assert_int_equal(table->array_offset, other->array_offset);
		assert_int_equal(table->count_offset, other->count_offset);
		assert_int_equal(table->row_size, other->row_size);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modules_are_understood),
		cmocka_unit_test(test_roots),
		cmocka_unit_test(test_each_object_has_its_descriptor),
		cmocka_unit_test(test_each_descriptor_has_its_object),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_notified_objects_have_no_column),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_label_values),
		cmocka_unit_test(test_indices),
		cmocka_unit_test(test_augmented_rows),
	};

	return cmocka_run_group_tests(tests, read_modules, free_modules);
}
