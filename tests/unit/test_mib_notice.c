/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests mib_notice.c against what the MIB modules say of notifications. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mib_notice.h"
#include "mib_text.h"
#include "notify.h"

static const struct {
	enum note_kind kind;
	const char *single;
	const char *bulk; /* NULL: there is none */
} kinds[] = {
	{ NOTE_RUNNING, "vmRunning", "vmBulkRunning" },
	{ NOTE_SHUTTINGDOWN, "vmShuttingdown", "vmBulkShuttingdown" },
	{ NOTE_SHUTDOWN, "vmShutdown", "vmBulkShutdown" },
	{ NOTE_PAUSED, "vmPaused", "vmBulkPaused" },
	{ NOTE_SUSPENDING, "vmSuspending", "vmBulkSuspending" },
	{ NOTE_SUSPENDED, "vmSuspended", "vmBulkSuspended" },
	{ NOTE_RESUMING, "vmResuming", "vmBulkResuming" },
	{ NOTE_MIGRATING, "vmMigrating", "vmBulkMigrating" },
	{ NOTE_CRASHED, "vmCrashed", "vmBulkCrashed" },
	{ NOTE_DELETED, "vmDeleted", "vmBulkDeleted" },
	{ NOTE_CREATED, "virtDomainCreated", "virtBulk" },
	{ NOTE_PANICKED, "virtGuestPanicked", "virtBulk" },
	{ NOTE_IO_ERROR, "virtDiskIoError", "virtBulk" },
	{ NOTE_WATCHDOG, "virtWatchdogFired", "virtBulk" },
	{ NOTE_BLOCK_JOB_FINISHED, "virtBlockJobFinished", "virtBulk" },
	{ NOTE_BLOCK_JOB_FAILED, "virtBlockJobFailed", "virtBulk" },
	{ NOTE_REMOVAL_FAILED, "virtDeviceRemovalFailed", "virtBulk" },
	{ NOTE_MEMORY_FAILURE, "virtMemoryFailure", "virtBulk" },
	{ NOTE_REBOOTED, "virtGuestRebooted", "virtBulk" },
	{ NOTE_MIGRATION_FINISHED, "virtMigrationFinished", "virtBulk" },
	{ NOTE_MIGRATION_FAILED, "virtMigrationFailed", "virtBulk" },
	{ NOTE_THRESHOLD, "virtDiskThresholdPassed", "virtBulk" },
	{ NOTE_CONN_LOST, "virtConnectionLost", NULL },
	{ NOTE_CONN_HUNG, "virtConnectionHung", NULL },
	{ NOTE_CONN_RESTORED, "virtConnectionRestored", NULL },
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

static void
check_oid(const char *name, const oid *given, size_t given_len, oid instance,
    oid sub_instance)
{
	unsigned long numbers[MIB_TEXT_NUMBERS];
	size_t n = mib_text_numbers(&text, name, numbers);

	assert_true(n > 0);
	assert_true(given_len >= n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(given[i], numbers[i]);
	}
	if (given_len > n) {
		assert_int_equal(given[n], instance);
	}
	if (given_len > n + 1) {
		assert_int_equal(given[n + 1], sub_instance);
	}
	assert_true(given_len <= n + 2);
}

/* The SMI type of an object as AgentX carries it. */
static u_char
type_of(const struct mib_text_node *object)
{
	const char *type = object->syntax.type;

	if (strncmp(type, "OBJECT", strlen("OBJECT")) == 0) {
		return ASN_OBJECT_ID;
	}
	return strcmp(type, "SnmpAdminString") == 0 ||
	    strcmp(type, "UUIDorZero") == 0 ||
	    strcmp(type, "VirtualMachineList") == 0 ? ASN_OCTET_STR :
	    ASN_INTEGER;
}

/* Its varbinds are those of the module, in its order, with their types. */
static void
check_item(const struct notify_item *item, const char *name)
{
	const struct mib_text_node *node = mib_text_notification(&text, name);
	netsnmp_variable_list *vars = mib_notice_vars(item, "name"), *vb;
	size_t i = 0;

	assert_non_null(node);
	assert_non_null(vars);
	assert_int_equal(vars->type, ASN_OBJECT_ID);
	check_oid(name, vars->val.objid, vars->val_len / sizeof(oid), 0, 0);
	for (vb = vars->next_variable; vb != NULL; vb = vb->next_variable) {
		const struct mib_text_node *object;

		assert_true(i < node->n_objects);
		object = mib_text_find(&text, node->objects[i]);
		assert_non_null(object);
		check_oid(node->objects[i], vb->name, vb->name_length,
		    mib_text_indices(&text, object->parent) > 0 ?
		    item->note->index : 0, 3);
		assert_int_equal(vb->type, type_of(object));
		i++;
	}
	assert_int_equal(i, node->n_objects);
	snmp_free_varbind(vars);
}

static void
test_all(void **state)
{
	uint8_t vms[] = { 0x90, 0x01 };
	struct note *note;
	struct notify_item item;

	(void)state;
	assert_int_equal(sizeof(kinds) / sizeof(kinds[0]), NOTE_KINDS - 1);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		note = note_new(kinds[i].kind, "detail");
		assert_non_null(note);
		note->index = kinds[i].bulk != NULL ? 7 : 0;
		note->disk = 3;
		item = (struct notify_item){ .note = note,
		    .kind = kinds[i].kind };
		check_item(&item, kinds[i].single);
		item = (struct notify_item){ .kind = kinds[i].kind,
		    .vms = vms, .vms_len = sizeof(vms) };
		if (kinds[i].bulk != NULL) {
			check_item(&item, kinds[i].bulk);
		}
		note_free(note);
	}
}

static const netsnmp_variable_list *
nth(const netsnmp_variable_list *vb, int n)
{
	while (n-- > 0) {
		vb = vb->next_variable;
	}
	return vb;
}

static void
check_text(const netsnmp_variable_list *vb, const char *expected)
{
	assert_int_equal(vb->val_len, strlen(expected));
	assert_memory_equal(vb->val.string, expected, vb->val_len);
}

static void
test_values(void **state)
{
	struct note *note = note_new(NOTE_IO_ERROR, "enospc: /disk");
	struct notify_item item = { .kind = NOTE_IO_ERROR };
	struct snap_def *def = snap_def_new();
	netsnmp_variable_list *vars;

	(void)state;
	assert_true(note != NULL && def != NULL);
	def->name = snap_def_text(def, "web");
	note->def = def;
	note->index = 7;
	note->disk = 3;
	note->device = strdup("vda");
	note->action = 2;
	note->virt_state = 3;
	note->virt_reason = 5;
	note->uuid.octets[15] = 9;
	item.note = note;
	vars = mib_notice_vars(&item, "-");
	assert_non_null(vars);
	check_text(nth(vars, 1), "web");
	assert_int_equal(nth(vars, 2)->val_len, 16);
	assert_int_equal(nth(vars, 2)->val.string[15], 9);
	assert_int_equal(*nth(vars, 3)->val.integer, 305); /* pausedIoError */
	check_text(nth(vars, 4), "vda");
	assert_int_equal(*nth(vars, 5)->val.integer, 2);
	check_text(nth(vars, 6), "enospc: /disk");
	snmp_free_varbind(vars);
	note_free(note);
}

/* What is not known is empty, and a reason that is none unknown. */
static void
test_unknown_values(void **state)
{
	struct note *note = note_new(NOTE_IO_ERROR, NULL);
	struct notify_item item = { .kind = NOTE_IO_ERROR };
	netsnmp_variable_list *vars;

	(void)state;
	assert_non_null(note);
	note->virt_state = SNAP_NO_I32;
	note->virt_reason = SNAP_NO_I32;
	item.note = note;
	vars = mib_notice_vars(&item, "-");
	assert_non_null(vars);
	check_text(nth(vars, 1), "");
	assert_int_equal(*nth(vars, 3)->val.integer, 0);
	check_text(nth(vars, 4), "");
	check_text(nth(vars, 6), "");
	snmp_free_varbind(vars);
	note_free(note);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_unknown_values),
	};

	return cmocka_run_group_tests(tests, read_modules, free_modules);
}
