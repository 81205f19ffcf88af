/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests lv_state.c with every state, reason, job and flag there is. */
#define VIR_ENUM_SENTINELS /* libvirt's *_LAST */

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <libvirt/libvirt.h>

#include "lv_state.h"
#include "rfc7666.h"

#define ANY (-1000)
#define YES 1
#define NO 0

#define R(state) VIR_DOMAIN_##state
#define J(job) VIR_DOMAIN_JOB_OPERATION_##job

/* What it should come to; the first rule that applies decides. */
static const struct rule {
	int state, reason, job, managed_save, active, to_disk;
	int32_t oper, admin;
} rules[] = {
	{ R(NOSTATE), ANY, ANY, ANY, ANY, ANY, OPER_OTHER, ADMIN_RUNNING },

	{ R(RUNNING), ANY, J(MIGRATION_IN), ANY, ANY, ANY, OPER_MIGRATING,
	    ADMIN_RUNNING },
	{ R(RUNNING), ANY, J(MIGRATION_OUT), ANY, ANY, ANY, OPER_MIGRATING,
	    ADMIN_RUNNING },
	{ R(RUNNING), ANY, J(SAVE), ANY, ANY, ANY, OPER_SUSPENDING,
	    ADMIN_SUSPENDED },
	{ R(RUNNING), ANY, ANY, ANY, ANY, ANY, OPER_RUNNING, ADMIN_RUNNING },

	{ R(BLOCKED), ANY, J(MIGRATION_IN), ANY, ANY, ANY, OPER_MIGRATING,
	    ADMIN_RUNNING },
	{ R(BLOCKED), ANY, J(MIGRATION_OUT), ANY, ANY, ANY, OPER_MIGRATING,
	    ADMIN_RUNNING },
	{ R(BLOCKED), ANY, J(SAVE), ANY, ANY, ANY, OPER_SUSPENDING,
	    ADMIN_SUSPENDED },
	{ R(BLOCKED), ANY, ANY, ANY, ANY, ANY, OPER_RUNNING, ADMIN_RUNNING },

	{ R(PAUSED), R(PAUSED_MIGRATION), J(RESTORE), ANY, ANY, ANY,
	    OPER_RESUMING, ADMIN_RUNNING },
	{ R(PAUSED), R(PAUSED_MIGRATION), ANY, ANY, ANY, ANY, OPER_MIGRATING,
	    ADMIN_RUNNING },
	{ R(PAUSED), R(PAUSED_POSTCOPY), ANY, ANY, ANY, ANY, OPER_MIGRATING,
	    ADMIN_RUNNING },
	{ R(PAUSED), R(PAUSED_SAVE), ANY, ANY, ANY, ANY, OPER_SUSPENDING,
	    ADMIN_SUSPENDED },
	{ R(PAUSED), R(PAUSED_STARTING_UP), J(RESTORE), ANY, ANY, ANY,
	    OPER_RESUMING, ADMIN_RUNNING },
	{ R(PAUSED), R(PAUSED_STARTING_UP), ANY, YES, ANY, ANY, OPER_RESUMING,
	    ADMIN_RUNNING },
	{ R(PAUSED), R(PAUSED_STARTING_UP), ANY, NO, ANY, ANY, OPER_PREPARING,
	    ADMIN_RUNNING },
	{ R(PAUSED), R(PAUSED_SHUTTING_DOWN), ANY, ANY, ANY, ANY,
	    OPER_SHUTTINGDOWN, ADMIN_SHUTDOWN },
	{ R(PAUSED), R(PAUSED_CRASHED), ANY, ANY, ANY, ANY, OPER_CRASHED,
	    ADMIN_PAUSED },
	{ R(PAUSED), ANY, J(SAVE), ANY, ANY, ANY, OPER_SUSPENDING,
	    ADMIN_SUSPENDED },
	{ R(PAUSED), ANY, ANY, ANY, ANY, ANY, OPER_PAUSED, ADMIN_PAUSED },

	{ R(SHUTDOWN), ANY, ANY, ANY, ANY, ANY, OPER_SHUTTINGDOWN,
	    ADMIN_SHUTDOWN },

	{ R(SHUTOFF), ANY, ANY, YES, ANY, ANY, OPER_SUSPENDED,
	    ADMIN_SUSPENDED },
	{ R(SHUTOFF), R(SHUTOFF_SAVED), ANY, ANY, ANY, ANY, OPER_SUSPENDED,
	    ADMIN_SUSPENDED },
	{ R(SHUTOFF), R(SHUTOFF_CRASHED), ANY, NO, ANY, ANY, OPER_CRASHED,
	    ADMIN_SHUTDOWN },
	{ R(SHUTOFF), ANY, ANY, ANY, ANY, ANY, OPER_SHUTDOWN, ADMIN_SHUTDOWN },

	{ R(CRASHED), ANY, ANY, ANY, YES, ANY, OPER_CRASHED, ADMIN_PAUSED },
	{ R(CRASHED), ANY, ANY, ANY, NO, ANY, OPER_CRASHED, ADMIN_SHUTDOWN },

	{ R(PMSUSPENDED), ANY, ANY, ANY, ANY, YES, OPER_SUSPENDED,
	    ADMIN_SUSPENDED },
	{ R(PMSUSPENDED), ANY, ANY, ANY, ANY, NO, OPER_PAUSED, ADMIN_PAUSED },

	/* of a libvirt that is yet to come */
	{ ANY, ANY, ANY, ANY, ANY, ANY, OPER_OTHER, ADMIN_RUNNING },
};

static bool
fits(int wanted, int value)
{
	return wanted == ANY || wanted == value;
}

static const struct rule *
rule_of(const struct lv_state *s)
{
	const struct rule *r = rules;

	while (!fits(r->state, s->state) || !fits(r->reason, s->reason) ||
	    !fits(r->job, s->job) || !fits(r->managed_save, s->managed_save) ||
	    !fits(r->active, s->active) || !fits(r->to_disk, s->to_disk)) {
		r++;
	}
	return r;
}

static void
check(const struct lv_state *s)
{
	const struct rule *r = rule_of(s);
	int32_t oper = 0, admin = 0;

	lv_state_map(s, &oper, &admin);
	if (oper != r->oper || admin != r->admin) {
		fail_msg("state %d reason %d job %d managed_save %d active %d "
		    "to_disk %d: %d, %d instead of %d, %d", s->state,
		    s->reason, s->job, s->managed_save, s->active, s->to_disk,
		    oper, admin, r->oper, r->admin);
	}
}

static void
check_flags(int state, int reason, int job)
{
	for (unsigned flags = 0; flags < 8; flags++) {
		check(&(struct lv_state){ .state = state, .reason = reason,
		    .job = job, .managed_save = flags & 1,
		    .active = flags & 2, .to_disk = flags & 4 });
	}
}

static void
check_jobs(int state, int reason)
{
	for (int job = 0; job < VIR_DOMAIN_JOB_OPERATION_LAST + 3; job++) {
		check_flags(state, reason, job);
	}
	check_flags(state, reason, -1);
	check_flags(state, reason, INT_MAX);
}

/* How many reasons each state has. */
static const int reasons[] = {
	[VIR_DOMAIN_NOSTATE] = VIR_DOMAIN_NOSTATE_LAST,
	[VIR_DOMAIN_RUNNING] = VIR_DOMAIN_RUNNING_LAST,
	[VIR_DOMAIN_BLOCKED] = VIR_DOMAIN_BLOCKED_LAST,
	[VIR_DOMAIN_PAUSED] = VIR_DOMAIN_PAUSED_LAST,
	[VIR_DOMAIN_SHUTDOWN] = VIR_DOMAIN_SHUTDOWN_LAST,
	[VIR_DOMAIN_SHUTOFF] = VIR_DOMAIN_SHUTOFF_LAST,
	[VIR_DOMAIN_CRASHED] = VIR_DOMAIN_CRASHED_LAST,
	[VIR_DOMAIN_PMSUSPENDED] = VIR_DOMAIN_PMSUSPENDED_LAST,
};

static void
test_every_combination(void **state)
{
	(void)state;
	assert_int_equal(sizeof(reasons) / sizeof(reasons[0]),
	    VIR_DOMAIN_LAST);
	for (int s = 0; s < VIR_DOMAIN_LAST; s++) {
		for (int reason = 0; reason < reasons[s]; reason++) {
			check_jobs(s, reason);
		}
	}
}

static void
test_unknown_reasons(void **state)
{
	(void)state;
	for (int s = 0; s < VIR_DOMAIN_LAST; s++) {
		check_jobs(s, reasons[s]);
		check_jobs(s, reasons[s] + 100);
		check_jobs(s, -1);
		check_jobs(s, INT_MAX);
		check_jobs(s, INT_MIN);
	}
}

static void
test_unknown_states(void **state)
{
	static const int states[] = {
		VIR_DOMAIN_LAST, VIR_DOMAIN_LAST + 1, -1, INT_MAX, INT_MIN,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		for (int reason = -1; reason < 20; reason++) {
			check_jobs(states[i], reason);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_combination),
		cmocka_unit_test(test_unknown_reasons),
		cmocka_unit_test(test_unknown_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
