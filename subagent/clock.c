/* SPDX-License-Identifier: BSD-2-Clause */
/* The clock that the model's times are on. */
#include "clock.h"

#include <time.h>

int64_t
clock_boot_ms(void)
{
	struct timespec now;

#ifdef CLOCK_BOOTTIME
	if (clock_gettime(CLOCK_BOOTTIME, &now) != 0)
#endif
	{
		clock_gettime(CLOCK_MONOTONIC, &now);
	}
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct timespec
clock_at(clockid_t clock, int64_t boot_ms)
{
	int64_t left_ms = boot_ms - clock_boot_ms();
	struct timespec at;

	clock_gettime(clock, &at);
	if (left_ms > 0) {
		int64_t ns = at.tv_nsec + left_ms % 1000 * 1000000;

		at.tv_sec += left_ms / 1000 + ns / 1000000000;
		at.tv_nsec = ns % 1000000000;
	}
	return at;
}
