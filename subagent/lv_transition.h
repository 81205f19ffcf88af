/* SPDX-License-Identifier: BSD-2-Clause */
/* Which change of vmOperState a life cycle event of libvirt stands for. */
#ifndef VMMIBD_LV_TRANSITION_H
#define VMMIBD_LV_TRANSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One event, and what helps to understand it. */
struct lv_transition {
	int type;   /* virDomainEventType */
	int detail; /* of that type */
	int later_type;   /* the domain's next event; -1: none yet */
	int later_detail;
	int32_t noted;  /* vmOperState before */
	int32_t seen;   /* as read after the event; 0: gone, or not read */
	bool resumes_first; /* the driver sends RESUMED before STARTED */
};

#define LV_TRANSITION_MAX 2

/*
 * Writes the states that follow, in order, and returns how many: none if the
 * event is about something else, or does not fit what was noted.  Pure.
 *
 * What was seen may be newer than the event, as further events may be under
 * way.  So it only serves to choose between meanings that the event can have.
 */
size_t lv_transition_states(const struct lv_transition *t,
    int32_t states[LV_TRANSITION_MAX]);

/* Whether a VM in that state holds no memory: it can be started or undefined. */
bool lv_transition_is_off(int32_t oper_state);

#endif
