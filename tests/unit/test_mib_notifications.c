/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests what the MIB modules say of notifications. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mib_text.h"
#include "mib_tree.h"

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

/* An SNMPv1 trap cannot have 64-bit numbers: it would get lost as a whole. */
static bool
is_for_snmpv1(const struct mib_text_node *object)
{
	return strcmp(object->syntax.type, "Counter64") != 0 &&
	    strcmp(object->syntax.type, "CounterBasedGauge64") != 0;
}

static void
test_notifications(void **state)
{
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < text.n; i++) {
		const struct mib_text_node *node = &text.nodes[i];

		if (mib_text_notification(&text, node->name) == NULL) {
			assert_int_equal(node->n_objects, 0);
			continue;
		}
		n++;
		assert_true(node->n_objects > 0 && node->n_numbers == 1);
		for (size_t j = 0; j < node->n_objects; j++) {
			const struct mib_text_node *object =
			    mib_text_find(&text, node->objects[j]);

			assert_non_null(object);
			assert_string_equal(object->macro, "OBJECT-TYPE");
			assert_string_not_equal(object->access, "");
			assert_string_not_equal(object->access,
			    "not-accessible");
			assert_true(is_for_snmpv1(object));
		}
	}
	assert_int_equal(n, 20 + 16);
}

/* One of each module, so that a parser that loses something shows. */
static void
test_notification_objects(void **state)
{
	static const struct {
		const char *name;
		oid numbers[MIB_TEXT_NUMBERS];
		const char *objects[MIB_TEXT_OBJECTS];
	} known[] = {
		{ "vmDeleted", { VM_MIB, 0, 10 },
		    { "vmName", "vmUUID", "vmOperState", "vmPersistent" } },
		{ "vmBulkDeleted", { VM_MIB, 0, 20 }, { "vmAffectedVMs" } },
		{ "virtDiskIoError", { VMMIBD_VIRT_OID, 0, 3 },
		    { "vmName", "vmUUID", "virtDomainReason",
		    "virtDiskTarget", "virtNotifyIoAction",
		    "virtNotifyDetail" } },
		{ "virtConnectionRestored", { VMMIBD_VIRT_OID, 0, 15 },
		    { "virtNotifyConnection", "virtConnState",
		    "virtConnLastError" } },
		{ "virtBulk", { VMMIBD_VIRT_OID, 0, 16 },
		    { "virtNotifyFolded", "vmAffectedVMs" } },
	};
	unsigned long numbers[MIB_TEXT_NUMBERS];

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const struct mib_text_node *node =
		    mib_text_notification(&text, known[i].name);
		size_t n = 0, len;

		assert_non_null(node);
		while (known[i].objects[n] != NULL) {
			assert_true(n < node->n_objects);
			assert_string_equal(node->objects[n],
			    known[i].objects[n]);
			n++;
		}
		assert_int_equal(node->n_objects, n);
		len = mib_text_numbers(&text, known[i].name, numbers);
		assert_true(len > 0 && len < MIB_TEXT_NUMBERS);
		for (size_t j = 0; j < len; j++) {
			assert_int_equal(known[i].numbers[j], numbers[j]);
		}
		assert_int_equal(known[i].numbers[len], 0);
	}
	assert_null(mib_text_notification(&text, "vmName"));
	assert_null(mib_text_notification(&text, "vmNobody"));
}

static bool
carries(const struct mib_text_node *notification, const char *object)
{
	for (size_t i = 0; i < notification->n_objects; i++) {
		if (strcmp(notification->objects[i], object) == 0) {
			return true;
		}
	}
	return false;
}

/* Else nobody would ever see it. */
static void
test_each_parameter_is_carried(void **state)
{
	(void)state;
	for (size_t i = 0; i < text.n; i++) {
		const struct mib_text_node *node = &text.nodes[i];
		bool carried = false;

		if (strcmp(node->access, "accessible-for-notify") != 0) {
			continue;
		}
		for (size_t j = 0; j < text.n; j++) {
			carried = carried ||
			    carries(&text.nodes[j], node->name);
		}
		if (!carried) {
			fail_msg("no notification has %s", node->name);
		}
	}
}

/* A job is called in a notification what it is called in its row. */
static void
test_block_job_labels(void **state)
{
	const struct mib_text_syntax *row, *notified;

	(void)state;
	row = &mib_text_find(&text, "virtDiskJob")->syntax;
	notified = &mib_text_find(&text, "virtNotifyBlockJob")->syntax;
	assert_string_equal(row->labels[0].name, "none");
	assert_int_equal(notified->n_labels, row->n_labels - 1);
	for (size_t i = 0; i < notified->n_labels; i++) {
		assert_string_equal(notified->labels[i].name,
		    row->labels[i + 1].name);
		assert_int_equal(notified->labels[i].value,
		    row->labels[i + 1].value);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notifications),
		cmocka_unit_test(test_notification_objects),
		cmocka_unit_test(test_each_parameter_is_carried),
		cmocka_unit_test(test_block_job_labels),
	};

	return cmocka_run_group_tests(tests, read_modules, free_modules);
}
