/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests what host_proc.c makes of a process that ends while it looks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"

/* Its parts are wanted one by one: between two reads nothing can be staged. */
#include "host_proc.c"

#define PERIOD 512

/*
 * Leaves on the stack what looks like other processes' statistics.  Not all
 * shifts hit where the next function has its variables.
 */
static void __attribute__((noinline))
dirty_stack(size_t shift)
{
	volatile char stack[32 * PERIOD];

	for (size_t i = 0; i < sizeof(stack); i++) {
		stack[i] = i % 2 == 0 ? ' ' : '1';
	}
	for (size_t i = PERIOD + shift; i <= sizeof(stack); i += PERIOD) {
		stack[i - 100] = ')';
		stack[i - 1] = '\0';
	}
}

static void
test_no_start_time(void **state)
{
	(void)state;
	for (size_t shift = 0; shift < PERIOD; shift += PERIOD / 8) {
		dirty_stack(shift);
		assert_true(start_time_ms("0") == SNAP_NO_TIME);
		dirty_stack(shift);
		assert_true(start_time_ms("no-such-process") == SNAP_NO_TIME);
	}
}

static void
test_start_time(void **state)
{
	int64_t now_ms = clock_boot_ms(), self_ms = start_time_ms("self");

	(void)state;
	assert_true(self_ms <= now_ms + 2000 && self_ms > now_ms - 600000);
	assert_true(start_time_ms("1") >= 0);
	assert_true(start_time_ms("1") <= self_ms);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_start_time),
		cmocka_unit_test(test_start_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
