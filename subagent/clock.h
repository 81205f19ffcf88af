/* SPDX-License-Identifier: BSD-2-Clause */
/* The clock that the model's times are on. */
#ifndef VMMIBD_CLOCK_H
#define VMMIBD_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Milliseconds since the host booted, suspend included; never goes back. */
int64_t clock_boot_ms(void);

/* The same moment on another clock, for waits; now if it is past. */
struct timespec clock_at(clockid_t clock, int64_t boot_ms);

#endif
