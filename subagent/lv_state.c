/* SPDX-License-Identifier: BSD-2-Clause */
/* libvirt's domain states in RFC 7666's terms. */
#include "lv_state.h"

#include <libvirt/libvirt.h>

#include "rfc7666.h"

struct verdict {
	int32_t oper;
	int32_t admin;
};

static const struct verdict migrating = { OPER_MIGRATING, ADMIN_RUNNING };
static const struct verdict suspending = { OPER_SUSPENDING, ADMIN_SUSPENDED };
static const struct verdict resuming = { OPER_RESUMING, ADMIN_RUNNING };
static const struct verdict paused = { OPER_PAUSED, ADMIN_PAUSED };
static const struct verdict suspended = { OPER_SUSPENDED, ADMIN_SUSPENDED };
static const struct verdict shuttingdown = { OPER_SHUTTINGDOWN, ADMIN_SHUTDOWN };

static bool
is_migration(int job)
{
	return job == VIR_DOMAIN_JOB_OPERATION_MIGRATION_IN ||
	    job == VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT;
}

static struct verdict
of_running(const struct lv_state *state)
{
	if (is_migration(state->job)) {
		return migrating;
	}
	if (state->job == VIR_DOMAIN_JOB_OPERATION_SAVE) {
		return suspending;
	}
	return (struct verdict){ OPER_RUNNING, ADMIN_RUNNING };
}

static struct verdict
of_paused(const struct lv_state *state)
{
	switch (state->reason) {
	case VIR_DOMAIN_PAUSED_MIGRATION:
		/* libvirt has it for what is restored, and restored paused. */
		if (state->job == VIR_DOMAIN_JOB_OPERATION_RESTORE) {
			return resuming;
		}
		return state->restored && !is_migration(state->job) ? paused :
		    migrating;
	case VIR_DOMAIN_PAUSED_POSTCOPY:
		return migrating;
	case VIR_DOMAIN_PAUSED_SAVE:
		return suspending;
	case VIR_DOMAIN_PAUSED_SHUTTING_DOWN:
		return shuttingdown;
	case VIR_DOMAIN_PAUSED_CRASHED:
		return (struct verdict){ OPER_CRASHED, ADMIN_PAUSED };
	case VIR_DOMAIN_PAUSED_STARTING_UP:
		/* A saved image is still there while it is read back. */
		if (state->job == VIR_DOMAIN_JOB_OPERATION_RESTORE ||
		    state->managed_save) {
			return resuming;
		}
		return (struct verdict){ OPER_PREPARING, ADMIN_RUNNING };
	}
	if (state->job == VIR_DOMAIN_JOB_OPERATION_SAVE) {
		return suspending;
	}
	return paused;
}

static struct verdict
of_shutoff(const struct lv_state *state)
{
	if (state->managed_save ||
	    state->reason == VIR_DOMAIN_SHUTOFF_SAVED) {
		return suspended;
	}
	if (state->reason == VIR_DOMAIN_SHUTOFF_CRASHED) {
		return (struct verdict){ OPER_CRASHED, ADMIN_SHUTDOWN };
	}
	return (struct verdict){ OPER_SHUTDOWN, ADMIN_SHUTDOWN };
}

static struct verdict
verdict_of(const struct lv_state *state)
{
	switch (state->state) {
	case VIR_DOMAIN_RUNNING:
	case VIR_DOMAIN_BLOCKED:
		return of_running(state);
	case VIR_DOMAIN_PAUSED:
		return of_paused(state);
	case VIR_DOMAIN_SHUTDOWN:
		return shuttingdown;
	case VIR_DOMAIN_SHUTOFF:
		return of_shutoff(state);
	case VIR_DOMAIN_CRASHED:
		return (struct verdict){ OPER_CRASHED,
		    state->active ? ADMIN_PAUSED : ADMIN_SHUTDOWN };
	case VIR_DOMAIN_PMSUSPENDED:
		return state->to_disk ? suspended : paused;
	}
	return (struct verdict){ OPER_OTHER, ADMIN_RUNNING };
}

void
lv_state_map(const struct lv_state *state, int32_t *oper_state,
    int32_t *admin_state)
{
	struct verdict verdict = verdict_of(state);

	*oper_state = verdict.oper;
	*admin_state = verdict.admin;
}
