/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls that hang as long as a test wants, by a clock that the test sets.
 *
 * Whoever is linked with -Wl,--wrap=clock_boot_ms,--wrap=clock_at
 * sees that clock.
 */
#ifndef VMMIBD_TESTS_LV_HANG_H
#define VMMIBD_TESTS_LV_HANG_H

#include <stdint.h>

/* Where the clock begins. */
#define HANG_T0 ((int64_t)1000000)

/* Places where a call may hang: 1 to 63; 0 is none. */
#define HANG_GATES 64

/* All gates are shut and nobody is at them; ends the process if it hangs. */
void hang_begin(void);

/* Sets the clock. */
void hang_set_ms(int64_t now_ms);
/* Until when somebody wanted to wait last. */
int64_t hang_waited_ms(void);

/* The one that hangs: returns once the gate is open. */
void hang_at(unsigned gate);
/* The test: returns once somebody is at the gate, or opens it for good. */
void hang_await(unsigned gate);
void hang_open(unsigned gate);

#endif
