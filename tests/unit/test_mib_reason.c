/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests that libvirt's enumerations have names in VM-LIBVIRT-MIB's tables. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define VIR_ENUM_SENTINELS /* the *_LAST of each */
#include <libvirt/libvirt.h>

#include <cmocka.h>

#include "mib_libvirt_reason.h"
#include "mib_tree.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*
 * The newest libvirt whose enumerations this module was compared with.  What a
 * newer one adds is unknown to the module, which is not this build's fault.
 */
#define COMPARED_WITH 9000000

static void
no_name(const char *what, int value)
{
	if (LIBVIR_VERSION_NUMBER <= COMPARED_WITH) {
		fail_msg("%s %d has no name", what, value);
	}
	print_message("# %s %d of this libvirt has no name\n", what, value);
}

struct named {
	int value;
	const char *label;
};

static const struct named states[] = {
	{ VIR_DOMAIN_NOSTATE, "nostate" },
	{ VIR_DOMAIN_RUNNING, "running" },
	{ VIR_DOMAIN_BLOCKED, "blocked" },
	{ VIR_DOMAIN_PAUSED, "paused" },
	{ VIR_DOMAIN_SHUTDOWN, "shutdown" },
	{ VIR_DOMAIN_SHUTOFF, "shutoff" },
	{ VIR_DOMAIN_CRASHED, "crashed" },
	{ VIR_DOMAIN_PMSUSPENDED, "pmsuspended" },
};

/* The reasons of a state: their number, and those of them that have a name. */
static const struct reasons {
	int state;
	int last;
	struct named named[20];
} reasons[] = {
	{ VIR_DOMAIN_NOSTATE, VIR_DOMAIN_NOSTATE_LAST, {
	    { VIR_DOMAIN_NOSTATE_UNKNOWN, "nostateUnknown" } } },
	{ VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_LAST, {
	    { VIR_DOMAIN_RUNNING_UNKNOWN, "runningUnknown" },
	    { VIR_DOMAIN_RUNNING_BOOTED, "runningBooted" },
	    { VIR_DOMAIN_RUNNING_MIGRATED, "runningMigrated" },
	    { VIR_DOMAIN_RUNNING_RESTORED, "runningRestored" },
	    { VIR_DOMAIN_RUNNING_FROM_SNAPSHOT, "runningFromSnapshot" },
	    { VIR_DOMAIN_RUNNING_UNPAUSED, "runningUnpaused" },
	    { VIR_DOMAIN_RUNNING_MIGRATION_CANCELED,
		"runningMigrationCanceled" },
	    { VIR_DOMAIN_RUNNING_SAVE_CANCELED, "runningSaveCanceled" },
	    { VIR_DOMAIN_RUNNING_WAKEUP, "runningWakeup" },
	    { VIR_DOMAIN_RUNNING_CRASHED, "runningCrashed" },
	    { VIR_DOMAIN_RUNNING_POSTCOPY, "runningPostcopy" },
	    { 11, "runningPostcopyFailed" } /* of libvirt 8.5 */ } },
	{ VIR_DOMAIN_BLOCKED, VIR_DOMAIN_BLOCKED_LAST, {
	    { VIR_DOMAIN_BLOCKED_UNKNOWN, "blockedUnknown" } } },
	{ VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_LAST, {
	    { VIR_DOMAIN_PAUSED_UNKNOWN, "pausedUnknown" },
	    { VIR_DOMAIN_PAUSED_USER, "pausedUser" },
	    { VIR_DOMAIN_PAUSED_MIGRATION, "pausedMigration" },
	    { VIR_DOMAIN_PAUSED_SAVE, "pausedSave" },
	    { VIR_DOMAIN_PAUSED_DUMP, "pausedDump" },
	    { VIR_DOMAIN_PAUSED_IOERROR, "pausedIoError" },
	    { VIR_DOMAIN_PAUSED_WATCHDOG, "pausedWatchdog" },
	    { VIR_DOMAIN_PAUSED_FROM_SNAPSHOT, "pausedFromSnapshot" },
	    { VIR_DOMAIN_PAUSED_SHUTTING_DOWN, "pausedShuttingDown" },
	    { VIR_DOMAIN_PAUSED_SNAPSHOT, "pausedSnapshot" },
	    { VIR_DOMAIN_PAUSED_CRASHED, "pausedCrashed" },
	    { VIR_DOMAIN_PAUSED_STARTING_UP, "pausedStartingUp" },
	    { VIR_DOMAIN_PAUSED_POSTCOPY, "pausedPostcopy" },
	    { VIR_DOMAIN_PAUSED_POSTCOPY_FAILED, "pausedPostcopyFailed" },
	    { 14, "pausedApiError" } /* of libvirt 9.0 */ } },
	{ VIR_DOMAIN_SHUTDOWN, VIR_DOMAIN_SHUTDOWN_LAST, {
	    { VIR_DOMAIN_SHUTDOWN_UNKNOWN, "shutdownUnknown" },
	    { VIR_DOMAIN_SHUTDOWN_USER, "shutdownUser" } } },
	{ VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_LAST, {
	    { VIR_DOMAIN_SHUTOFF_UNKNOWN, "shutoffUnknown" },
	    { VIR_DOMAIN_SHUTOFF_SHUTDOWN, "shutoffShutdown" },
	    { VIR_DOMAIN_SHUTOFF_DESTROYED, "shutoffDestroyed" },
	    { VIR_DOMAIN_SHUTOFF_CRASHED, "shutoffCrashed" },
	    { VIR_DOMAIN_SHUTOFF_MIGRATED, "shutoffMigrated" },
	    { VIR_DOMAIN_SHUTOFF_SAVED, "shutoffSaved" },
	    { VIR_DOMAIN_SHUTOFF_FAILED, "shutoffFailed" },
	    { VIR_DOMAIN_SHUTOFF_FROM_SNAPSHOT, "shutoffFromSnapshot" },
	    { VIR_DOMAIN_SHUTOFF_DAEMON, "shutoffDaemon" } } },
	{ VIR_DOMAIN_CRASHED, VIR_DOMAIN_CRASHED_LAST, {
	    { VIR_DOMAIN_CRASHED_UNKNOWN, "crashedUnknown" },
	    { VIR_DOMAIN_CRASHED_PANICKED, "crashedPanicked" } } },
	{ VIR_DOMAIN_PMSUSPENDED, VIR_DOMAIN_PMSUSPENDED_LAST, {
	    { VIR_DOMAIN_PMSUSPENDED_UNKNOWN, "pmsuspendedUnknown" } } },
};

static void
test_each_reason(void **state)
{
	(void)state;
	assert_int_equal(COUNT(reasons), COUNT(states));
	for (size_t i = 0; i < COUNT(reasons); i++) {
		const struct reasons *r = &reasons[i];

		for (size_t j = 0; j < COUNT(r->named) &&
		     r->named[j].label != NULL; j++) {
			int32_t value = mib_libvirt_reason(r->state,
			    r->named[j].value);

			assert_int_equal(value,
			    100 * r->state + r->named[j].value);
			assert_string_equal(mib_libvirt_reason_labels[value],
			    r->named[j].label);
			assert_non_null(mib_libvirt_reason_words(value));
		}
		for (int reason = 0; reason < r->last; reason++) {
			if (mib_libvirt_reason(r->state, reason) !=
			    100 * r->state + reason) {
				no_name("reason", 100 * r->state + reason);
			}
		}
	}
}

/* Each label begins with its state's, and each has words of its own. */
static void
test_labels_and_words(void **state)
{
	const char *words, *other;
	size_t n = 0, named = 0;

	(void)state;
	for (int32_t i = 0; i < MIB_LIBVIRT_REASONS; i++) {
		const char *label = mib_libvirt_reason_labels[i];

		words = mib_libvirt_reason_words(i);
		assert_true((label == NULL) == (words == NULL));
		if (label == NULL) {
			continue;
		}
		n++;
		assert_true(words[0] != '\0' && strlen(words) <= 255);
		assert_memory_equal(label, states[i / 100].label,
		    strlen(states[i / 100].label));
		for (int32_t j = 0; j < i; j++) {
			other = mib_libvirt_reason_words(j);
			assert_true(other == NULL ||
			    strcmp(other, words) != 0);
		}
	}
	for (size_t i = 0; i < COUNT(reasons); i++) {
		for (size_t j = 0; j < COUNT(reasons[i].named); j++) {
			named += reasons[i].named[j].label != NULL;
		}
	}
	assert_int_equal(n, named);
}

static void
test_unknown_reasons(void **state)
{
	static const int hostile[] = { -1, -100, -101, INT_MIN, INT_MIN + 1,
		INT_MAX, INT_MAX - 1, 50, 99, 100, 101, 200, 700, 100000,
		INT_MAX / 100, INT_MAX / 100 + 1, INT_MIN / 100 - 1 };

	(void)state;
	for (size_t i = 0; i < COUNT(hostile); i++) {
		for (size_t j = 0; j < COUNT(states); j++) {
			assert_int_equal(mib_libvirt_reason(states[j].value,
			    hostile[i]), 100 * states[j].value);
		}
		/* A state that has no name is none, whatever the reason. */
		for (size_t j = 0; j < COUNT(hostile); j++) {
			assert_int_equal(mib_libvirt_reason(hostile[i],
			    hostile[j]),
			    hostile[i] == SNAP_NO_I32 ? SNAP_NO_I32 : 0);
		}
		assert_int_equal(mib_libvirt_reason(hostile[i], 1),
		    hostile[i] == SNAP_NO_I32 ? SNAP_NO_I32 : 0);
	}
	assert_int_equal(mib_libvirt_reason(8, 0), 0);
	assert_int_equal(mib_libvirt_reason(1, 12), 100);
	assert_int_equal(mib_libvirt_reason(3, 15), 300);
	assert_int_equal(mib_libvirt_reason(7, 1), 700);
	assert_int_equal(mib_libvirt_reason(VIR_DOMAIN_RUNNING, SNAP_NO_I32),
	    100);
}

static void
test_words_of_hostile_values(void **state)
{
	(void)state;
	assert_null(mib_libvirt_reason_words(SNAP_NO_I32));
	assert_null(mib_libvirt_reason_words(-1));
	assert_null(mib_libvirt_reason_words(MIB_LIBVIRT_REASONS));
	assert_null(mib_libvirt_reason_words(INT32_MAX));
	assert_null(mib_libvirt_reason_words(112));
	assert_string_equal(mib_libvirt_reason_words(305),
	    "paused: I/O error");
}

/* The label by which a table serves a value; NULL: it has none. */
static const char *
label(const struct mib_table *table, const char *name, int value)
{
	for (size_t i = 0; i < table->n_columns; i++) {
		const struct mib_column *column = &table->columns[i];

		if (strcmp(column->name, name) == 0) {
			return value >= 0 && (size_t)value < column->n_labels ?
			    column->labels[value] : NULL;
		}
	}
	fail_msg("there is no %s", name);
	return NULL;
}

/* Labels of an enumeration that the MIB numbers shift higher. */
static void
check_enum(const struct mib_table *table, const char *name,
    const struct named *named, size_t n, int last, int shift)
{
	for (size_t i = 0; i < n; i++) {
		const char *got = label(table, name, named[i].value + shift);

		if (got == NULL || strcmp(got, named[i].label) != 0) {
			fail_msg("%s: %d is %s", name, named[i].value,
			    got != NULL ? got : "nothing");
		}
	}
	for (int value = 0; value < last; value++) {
		if (label(table, name, value + shift) == NULL) {
			no_name(name, value);
		}
	}
}

static void
test_states(void **state)
{
	(void)state;
	check_enum(&mib_libvirt_domain, "virtDomainState", states,
	    COUNT(states), VIR_DOMAIN_LAST, 0);
}

static void
test_jobs(void **state)
{
	static const struct named jobs[] = {
		{ -1, "none" },
		{ VIR_DOMAIN_JOB_OPERATION_UNKNOWN, "unknown" },
		{ VIR_DOMAIN_JOB_OPERATION_START, "start" },
		{ VIR_DOMAIN_JOB_OPERATION_SAVE, "save" },
		{ VIR_DOMAIN_JOB_OPERATION_RESTORE, "restore" },
		{ VIR_DOMAIN_JOB_OPERATION_MIGRATION_IN, "migrationIn" },
		{ VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT, "migrationOut" },
		{ VIR_DOMAIN_JOB_OPERATION_SNAPSHOT, "snapshot" },
		{ VIR_DOMAIN_JOB_OPERATION_SNAPSHOT_REVERT,
		    "snapshotRevert" },
		{ VIR_DOMAIN_JOB_OPERATION_DUMP, "dump" },
		{ VIR_DOMAIN_JOB_OPERATION_BACKUP, "backup" },
		{ 10, "snapshotDelete" }, /* of libvirt 9.0 */
	};
	static const struct named block_jobs[] = {
		{ -1, "none" },
		{ VIR_DOMAIN_BLOCK_JOB_TYPE_UNKNOWN, "unknown" },
		{ VIR_DOMAIN_BLOCK_JOB_TYPE_PULL, "pull" },
		{ VIR_DOMAIN_BLOCK_JOB_TYPE_COPY, "copy" },
		{ VIR_DOMAIN_BLOCK_JOB_TYPE_COMMIT, "commit" },
		{ VIR_DOMAIN_BLOCK_JOB_TYPE_ACTIVE_COMMIT, "activeCommit" },
		{ VIR_DOMAIN_BLOCK_JOB_TYPE_BACKUP, "backup" },
	};

	(void)state;
	check_enum(&mib_libvirt_domain, "virtDomainJob", jobs, COUNT(jobs),
	    VIR_DOMAIN_JOB_OPERATION_LAST, 2);
	check_enum(&mib_libvirt_disk, "virtDiskJob", block_jobs,
	    COUNT(block_jobs), VIR_DOMAIN_BLOCK_JOB_TYPE_LAST, 2);
	assert_int_equal(SNAP_DISK_JOB_NONE, -1 + 2);
	assert_int_equal(SNAP_DISK_JOB_UNKNOWN,
	    VIR_DOMAIN_BLOCK_JOB_TYPE_UNKNOWN + 2);
	assert_int_equal(SNAP_DISK_JOB_PULL,
	    VIR_DOMAIN_BLOCK_JOB_TYPE_PULL + 2);
}

static void
test_devices(void **state)
{
	static const struct named errors[] = {
		{ VIR_DOMAIN_DISK_ERROR_NONE, "none" },
		{ VIR_DOMAIN_DISK_ERROR_UNSPEC, "unspecified" },
		{ VIR_DOMAIN_DISK_ERROR_NO_SPACE, "noSpace" },
	};
	static const struct named vcpus[] = {
		{ VIR_VCPU_OFFLINE, "offline" },
		{ VIR_VCPU_RUNNING, "running" },
		{ VIR_VCPU_BLOCKED, "blocked" },
	};

	(void)state;
	check_enum(&mib_libvirt_disk, "virtDiskErrorState", errors,
	    COUNT(errors), VIR_DOMAIN_DISK_ERROR_LAST, 1);
	check_enum(&mib_libvirt_vcpu, "virtVcpuState", vcpus, COUNT(vcpus),
	    VIR_VCPU_LAST, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_reason),
		cmocka_unit_test(test_labels_and_words),
		cmocka_unit_test(test_unknown_reasons),
		cmocka_unit_test(test_words_of_hostile_values),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_jobs),
		cmocka_unit_test(test_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
