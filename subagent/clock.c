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
