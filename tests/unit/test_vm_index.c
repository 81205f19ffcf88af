/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests vm_index: which numbers it gives. */
#include "vm_index_test.h"

#include <time.h>

static void
numbers_are_dense(void **state)
{
	struct vm_index *ix = open_index();

	(void)state;
	for (uint32_t n = 1; n <= 200; n++)
		assert_int_equal(vm(ix, n), n);
	for (uint32_t n = 1; n <= 200; n++) {
		assert_int_equal(vm(ix, n), n);
		assert_int_equal(find(ix, n), n);
	}
	assert_int_equal(find(ix, 201), 0);
	vm_index_close(ix);
}

static void
deletion_reserves(void **state)
{
	struct vm_index *ix = open_index();

	(void)state;
	for (uint32_t n = 1; n <= 3; n++)
		vm(ix, n);
	delete(ix, 2, NOW);
	assert_int_equal(find(ix, 2), 0);
	assert_int_equal(vm(ix, 4), 4);
	ix = reopen(ix);
	assert_int_equal(find(ix, 2), 0);
	assert_int_equal(vm(ix, 5), 5);
	assert_int_equal(vm(ix, 2), 2);
	assert_int_equal(find(ix, 2), 2);
	vm_index_close(ix);
}

static void
reservation_expires(void **state)
{
	struct vm_index *ix = open_index();

	(void)state;
	for (uint32_t n = 1; n <= 3; n++)
		vm(ix, n);
	delete(ix, 2, NOW);
	ix = reopen(ix);
	delete(ix, 99, NOW + VM_INDEX_RESERVED_S - 1);
	assert_int_equal(vm(ix, 4), 4);
	ix = reopen(ix);
	delete(ix, 99, NOW + VM_INDEX_RESERVED_S);
	assert_int_equal(vm(ix, 5), 2);
	assert_int_equal(vm(ix, 2), 5);
	vm_index_close(ix);
}

/* The VM was deleted in what now is the future: 7 days from now it is gone. */
static void
future_counts_as_now(void **state)
{
	struct vm_index *ix = open_index();

	(void)state;
	vm(ix, 1);
	vm(ix, 2);
	delete(ix, 1, NOW + 900 * DAY);
	ix = reopen(ix);
	delete(ix, 99, NOW);
	delete(ix, 99, NOW + VM_INDEX_RESERVED_S - 1);
	assert_int_equal(vm(ix, 3), 3);
	ix = reopen(ix);
	delete(ix, 99, NOW + VM_INDEX_RESERVED_S);
	assert_int_equal(vm(ix, 4), 1);
	vm_index_close(ix);
}

/* 0 and less are no times, and must not make a deleted VM look alive. */
static void
senseless_time_is_survived(void **state)
{
	struct vm_index *ix = open_index();

	(void)state;
	vm(ix, 1);
	vm(ix, 2);
	delete(ix, 1, 0);
	delete(ix, 2, (time_t)-5);
	ix = reopen(ix);
	assert_int_equal(find(ix, 1), 0);
	assert_int_equal(find(ix, 2), 0);
	assert_int_equal(vm(ix, 2), 2);
	vm_index_close(ix);
}

static void
reservations_are_limited(void **state)
{
	const uint32_t excess = 100;
	const uint32_t n_vms = VM_INDEX_RESERVED_MAX + excess;
	struct vm_index *ix = open_index();

	(void)state;
	for (uint32_t n = 1; n <= n_vms; n++)
		vm(ix, n);
	for (uint32_t n = n_vms; n > 0; n--)
		delete(ix, n, NOW + (time_t)((n_vms - n) / 10));
	ix = reopen(ix);
	/* What was deleted first, the highest, has been forgotten. */
	assert_int_equal(vm(ix, 5000), VM_INDEX_RESERVED_MAX + 1);
	for (uint32_t n = 1; n <= VM_INDEX_RESERVED_MAX; n++)
		assert_int_equal(vm(ix, n), n);
	vm_index_close(ix);
}

static int
is_listed(const struct snap_uuid *uuid, void *arg)
{
	for (const uint32_t *n = arg; *n != 0; n++) {
		struct snap_uuid listed = uuid_of(*n);

		if (memcmp(&listed, uuid, sizeof(listed)) == 0)
			return 1;
	}
	return 0;
}

static void
retain_deletes_the_others(void **state)
{
	uint32_t listed[] = { 1, 3, 6, 0 };
	struct vm_index *ix = open_index();

	(void)state;
	for (uint32_t n = 1; n <= 4; n++)
		vm(ix, n);
	vm_index_retain(ix, is_listed, listed, NOW);
	assert_int_equal(find(ix, 1), 1);
	assert_int_equal(find(ix, 2), 0);
	assert_int_equal(find(ix, 3), 3);
	assert_int_equal(find(ix, 4), 0);
	assert_int_equal(find(ix, 6), 0);
	ix = reopen(ix);
	vm_index_retain(ix, is_listed, listed, NOW + VM_INDEX_RESERVED_S);
	assert_int_equal(vm(ix, 5), 2);
	assert_int_equal(vm(ix, 6), 4);
	vm_index_close(ix);
}

static const char *const abc[] = { "a", "b", "c" };

static void
devices_keep_their_numbers(void **state)
{
	static const char *const without_b[] = { "c", "a" };
	static const char *const with_d[] = { "d", "c", "b", "a" };
	struct vm_index *ix = open_index();
	uint32_t i[4];

	(void)state;
	vm(ix, 1);
	assert_int_equal(devices(ix, 1, VM_INDEX_DISK, abc, 3, i, NOW), 0);
	assert_true(i[0] == 1 && i[1] == 2 && i[2] == 3);
	assert_int_equal(devices(ix, 1, VM_INDEX_NIC, with_d, 1, i, NOW), 0);
	assert_int_equal(i[0], 1);
	ix = reopen(ix);
	devices(ix, 1, VM_INDEX_DISK, without_b, 2, i, NOW);
	assert_true(i[0] == 3 && i[1] == 1);
	ix = reopen(ix);
	devices(ix, 1, VM_INDEX_DISK, with_d, 4, i, NOW + DAY);
	assert_true(i[0] == 4 && i[1] == 3 && i[2] == 2 && i[3] == 1);
	/* b is taken out again, for long enough that d may have its number. */
	devices(ix, 1, VM_INDEX_DISK, without_b, 2, i, NOW + DAY);
	ix = reopen(ix);
	devices(ix, 1, VM_INDEX_DISK, without_b, 2, i, NOW + 8 * DAY);
	devices(ix, 1, VM_INDEX_DISK, with_d, 2, i, NOW + 8 * DAY);
	assert_true(i[0] == 2 && i[1] == 3);
	vm_index_close(ix);
}

static void
future_counts_as_now_for_devices(void **state)
{
	struct vm_index *ix = open_index();
	uint32_t i[3];

	(void)state;
	vm(ix, 1);
	devices(ix, 1, VM_INDEX_DISK, abc, 2, i, NOW);
	devices(ix, 1, VM_INDEX_DISK, abc, 1, i, NOW + 900 * DAY);
	ix = reopen(ix);
	devices(ix, 1, VM_INDEX_DISK, abc, 1, i, NOW);
	devices(ix, 1, VM_INDEX_DISK, abc, 1, i, NOW + VM_INDEX_RESERVED_S);
	devices(ix, 1, VM_INDEX_DISK, abc + 2, 1, i, NOW + VM_INDEX_RESERVED_S);
	assert_int_equal(i[0], 2);
	vm_index_close(ix);
}

/* New devices are numbered in the caller's order, not in that of the keys. */
static void
devices_are_numbered_in_order(void **state)
{
	static const char *const keys[] = { "z", "m", "a", "q" };
	struct vm_index *ix = open_index();
	uint32_t i[4];

	(void)state;
	vm(ix, 1);
	assert_int_equal(devices(ix, 1, VM_INDEX_DISK, keys, 4, i, NOW), 0);
	assert_true(i[0] == 1 && i[1] == 2 && i[2] == 3 && i[3] == 4);
	vm_index_close(ix);
}

static void
equal_keys_differ(void **state)
{
	static const char *const macs[] = { "m", "n", "m", "m" };
	static const char *const fewer[] = { "m", "m" };
	struct vm_index *ix = open_index();
	uint32_t i[4];

	(void)state;
	vm(ix, 1);
	assert_int_equal(devices(ix, 1, VM_INDEX_NIC, macs, 4, i, NOW), 0);
	assert_true(i[0] == 1 && i[1] == 2 && i[2] == 3 && i[3] == 4);
	ix = reopen(ix);
	assert_int_equal(devices(ix, 1, VM_INDEX_NIC, fewer, 2, i, NOW), 0);
	assert_true(i[0] == 1 && i[1] == 3);
	ix = reopen(ix);
	assert_int_equal(devices(ix, 1, VM_INDEX_NIC, macs, 4, i, NOW), 0);
	assert_true(i[0] == 1 && i[1] == 2 && i[2] == 3 && i[3] == 4);
	vm_index_close(ix);
}

static void
deleted_vm_keeps_its_devices(void **state)
{
	struct vm_index *ix = open_index();
	uint32_t i[3];

	(void)state;
	vm(ix, 1);
	devices(ix, 1, VM_INDEX_DISK, abc, 3, i, NOW);
	delete(ix, 1, NOW);
	assert_int_equal(devices(ix, 1, VM_INDEX_DISK, abc, 3, i, NOW), -1);
	ix = reopen(ix);
	vm(ix, 1);
	assert_int_equal(
	    devices(ix, 1, VM_INDEX_DISK, abc + 2, 1, i, NOW + 6 * DAY), 0);
	assert_int_equal(i[0], 3);
	vm_index_close(ix);
}

static void
unknown_vm_has_no_devices(void **state)
{
	struct vm_index *ix = open_index();
	uint32_t i[3];

	(void)state;
	assert_int_equal(devices(ix, 1, VM_INDEX_DISK, abc, 3, i, NOW), -1);
	vm(ix, 1);
	assert_int_equal(devices(ix, 1, VM_INDEX_DISK, NULL, 0, NULL, NOW), 0);
	vm_index_close(ix);
}

static void
reserved_devices_are_limited(void **state)
{
	const uint32_t n = VM_INDEX_RESERVED_MAX + 50;
	struct vm_index *ix = open_index();
	uint32_t index;
	char key[16];
	const char *keys[] = { key };

	(void)state;
	vm(ix, 1);
	for (uint32_t k = 1; k <= n; k++) {
		snprintf(key, sizeof(key), "k%u", k);
		devices(ix, 1, VM_INDEX_NIC, keys, 1, &index, NOW + k);
		/* From then on the number of the oldest is used again. */
		if (k <= VM_INDEX_RESERVED_MAX + 1)
			assert_int_equal(index, k);
		else
			assert_int_equal(index, k - VM_INDEX_RESERVED_MAX - 1);
	}
	vm_index_close(ix);
}

static void
keys_may_hold_anything(void **state)
{
	char all[256] = "";
	const char *keys[] = { all, "", "%", " ", "%41", "A", "\n", "-", "\xff" };
	const size_t n = sizeof(keys) / sizeof(keys[0]);
	struct vm_index *ix = open_index();
	uint32_t i[9];

	(void)state;
	for (int c = 1; c < 256; c++)
		all[c - 1] = (char)c;
	vm(ix, 1);
	assert_int_equal(devices(ix, 1, VM_INDEX_DISK, keys, n, i, NOW), 0);
	ix = reopen(ix);
	for (uint32_t k = (uint32_t)n; k-- > 0;) {
		devices(ix, 1, VM_INDEX_DISK, keys + k, 1, i, NOW);
		assert_int_equal(i[0], k + 1);
	}
	vm_index_close(ix);
}

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
many_vms_are_quick(void **state)
{
	static const char *const keys[] = { "vda", "vdb", "52:54:00:00:00:01",
		"52:54:00:00:00:02" };
	const uint32_t n_vms = 10000;
	struct vm_index *ix = open_index();
	double start = seconds();
	uint32_t i[2];

	(void)state;
	for (uint32_t n = 1; n <= n_vms; n++) {
		assert_int_equal(vm(ix, n), n);
		devices(ix, n, VM_INDEX_DISK, keys, 2, i, NOW);
		devices(ix, n, VM_INDEX_NIC, keys + 2, 2, i, NOW);
	}
	print_message("%u VMs: %.3f s to number", n_vms, seconds() - start);
	start = seconds();
	ix = reopen(ix);
	print_message(", %.3f s to save and open\n", seconds() - start);
	start = seconds();
	for (uint32_t n = 1; n <= n_vms; n++)
		delete(ix, n, NOW + 1);
	for (uint32_t n = n_vms + 1; n <= 2 * n_vms; n++)
		vm(ix, n);
	for (uint32_t n = 1; n <= n_vms; n++)
		vm(ix, n);
	print_message("%.3f s to delete and number again\n", seconds() - start);
	assert_int_equal(find(ix, n_vms), n_vms);
	vm_index_close(ix);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		dir_test(numbers_are_dense),
		dir_test(deletion_reserves),
		dir_test(reservation_expires),
		dir_test(future_counts_as_now),
		dir_test(senseless_time_is_survived),
		dir_test(reservations_are_limited),
		dir_test(retain_deletes_the_others),
		dir_test(devices_keep_their_numbers),
		dir_test(future_counts_as_now_for_devices),
		dir_test(devices_are_numbered_in_order),
		dir_test(equal_keys_differ),
		dir_test(deleted_vm_keeps_its_devices),
		dir_test(unknown_vm_has_no_devices),
		dir_test(reserved_devices_are_limited),
		dir_test(keys_may_hold_anything),
		dir_test(many_vms_are_quick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
