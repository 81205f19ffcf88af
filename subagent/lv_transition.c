/* SPDX-License-Identifier: BSD-2-Clause */
/* Which change of vmOperState a life cycle event of libvirt stands for. */
#include "lv_transition.h"

#include <libvirt/libvirt.h>

#include "rfc7666.h"

bool
lv_transition_is_off(int32_t oper_state)
{
	return oper_state == OPER_SHUTDOWN || oper_state == OPER_SUSPENDED ||
	    oper_state == OPER_CRASHED;
}

static bool
is_last(const struct lv_transition *t)
{
	return t->later_type < 0;
}

/*
 * A VM that is started paused sends STARTED, then SUSPENDED, and has not been
 * running.  Where the driver says RESUMED first whenever processors start, it
 * can be told from one that is suspended at once; so can a snapshot's state.
 */
static bool
starts_paused(const struct lv_transition *t)
{
	return (t->resumes_first ||
	    t->detail == VIR_DOMAIN_EVENT_STARTED_FROM_SNAPSHOT) &&
	    (is_last(t) ? t->seen == OPER_PAUSED :
	    t->later_type == VIR_DOMAIN_EVENT_SUSPENDED);
}

static size_t
of_started(const struct lv_transition *t, int32_t *states)
{
	size_t n = 0;

	switch (t->detail) {
	case VIR_DOMAIN_EVENT_STARTED_RESTORED:
		states[n++] = OPER_RESUMING;
		/* Not all drivers say RESUMED when it is done. */
		if (is_last(t) && t->seen == OPER_RUNNING) {
			states[n++] = OPER_RUNNING;
		}
		return n;
	case VIR_DOMAIN_EVENT_STARTED_MIGRATED:
		states[n++] = OPER_MIGRATING;
		return n;
	}
	states[n++] = starts_paused(t) ? OPER_PAUSED : OPER_RUNNING;
	return n;
}

/* Saving, migrating and pausing all begin alike. */
static int32_t
of_plain_suspend(const struct lv_transition *t)
{
	if (t->later_type == VIR_DOMAIN_EVENT_CRASHED) {
		return OPER_CRASHED; /* it is about to be dumped */
	}
	if (t->later_type == VIR_DOMAIN_EVENT_STOPPED) {
		return t->later_detail == VIR_DOMAIN_EVENT_STOPPED_SAVED ?
		    OPER_SUSPENDING :
		    t->later_detail == VIR_DOMAIN_EVENT_STOPPED_MIGRATED ?
		    OPER_MIGRATING : OPER_PAUSED;
	}
	if (is_last(t)) {
		switch (t->seen) {
		case OPER_SUSPENDING:
		case OPER_SUSPENDED: /* done already, STOPPED is under way */
			return OPER_SUSPENDING;
		case OPER_MIGRATING:
		case OPER_SHUTTINGDOWN:
		case OPER_CRASHED:
			return t->seen;
		}
	}
	return OPER_PAUSED;
}

static int32_t
of_suspended(const struct lv_transition *t)
{
	switch (t->detail) {
	case VIR_DOMAIN_EVENT_SUSPENDED_PAUSED:
		return of_plain_suspend(t);
	case VIR_DOMAIN_EVENT_SUSPENDED_MIGRATED:
	case VIR_DOMAIN_EVENT_SUSPENDED_POSTCOPY:
		return OPER_MIGRATING;
	}
	return OPER_PAUSED;
}

static int32_t
of_resumed(const struct lv_transition *t)
{
	return t->detail == VIR_DOMAIN_EVENT_RESUMED_POSTCOPY ?
	    OPER_MIGRATING : OPER_RUNNING;
}

/*
 * FAILED is a QEMU that died as well as one that did not come up; only the
 * state's reason tells, or that the VM was up.
 */
static int32_t
of_stopped(const struct lv_transition *t)
{
	switch (t->detail) {
	case VIR_DOMAIN_EVENT_STOPPED_SAVED:
		return OPER_SUSPENDED;
	case VIR_DOMAIN_EVENT_STOPPED_CRASHED:
		return OPER_CRASHED;
	case VIR_DOMAIN_EVENT_STOPPED_FAILED:
		if (is_last(t) && lv_transition_is_off(t->seen)) {
			return t->seen;
		}
		/* A migration that does not arrive is no crash either. */
		return lv_transition_is_off(t->noted) ? t->noted :
		    t->noted == OPER_MIGRATING ? OPER_SHUTDOWN : OPER_CRASHED;
	}
	/* With an image of managed save it is suspended whatever ended it. */
	return is_last(t) && t->seen == OPER_SUSPENDED ? OPER_SUSPENDED :
	    OPER_SHUTDOWN;
}

/* 0: none. */
static int32_t
of_other(const struct lv_transition *t)
{
	switch (t->type) {
	case VIR_DOMAIN_EVENT_SUSPENDED:
		return of_suspended(t);
	case VIR_DOMAIN_EVENT_RESUMED:
		return of_resumed(t);
	case VIR_DOMAIN_EVENT_STOPPED:
		return of_stopped(t);
	case VIR_DOMAIN_EVENT_SHUTDOWN:
		/* An end that was noted has overtaken its beginning. */
		return lv_transition_is_off(t->noted) ? 0 : OPER_SHUTTINGDOWN;
	case VIR_DOMAIN_EVENT_PMSUSPENDED:
		return t->detail == VIR_DOMAIN_EVENT_PMSUSPENDED_DISK ?
		    OPER_SUSPENDED : OPER_PAUSED;
	case VIR_DOMAIN_EVENT_CRASHED:
		return t->detail == VIR_DOMAIN_EVENT_CRASHED_PANICKED ?
		    OPER_CRASHED : 0;
	}
	return 0;
}

size_t
lv_transition_states(const struct lv_transition *t,
    int32_t states[LV_TRANSITION_MAX])
{
	if (t->type == VIR_DOMAIN_EVENT_STARTED) {
		return of_started(t, states);
	}
	states[0] = of_other(t);
	return states[0] != 0 ? 1 : 0;
}
