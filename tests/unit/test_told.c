/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests told.c. */
#include "notify_test.h"
static void
round_trip(void **state)
{
	struct told *told = open_told();

	(void)state;
	assert_false(told_complete(told));
	assert_false(exists_with(""));
	set(told, 1, OPER_RUNNING);
	told_flush(told);
	assert_int_equal(state_on_disk(1), OPER_RUNNING);
	told_close(told);
	assert_int_equal(state_on_disk(1), OPER_RUNNING);
}
int
main(void)
{
	static const struct CMUnitTest tests[] = {
		dir_test(round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
