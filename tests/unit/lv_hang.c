/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls that hang as long as a test wants, by a clock that the test sets. */
#include "lv_hang.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A wait that nobody ends is longer than any test, and a test than this. */
#define WAIT_S 100
#define TEST_S 60

int64_t __wrap_clock_boot_ms(void);
struct timespec __wrap_clock_at(clockid_t clock, int64_t boot_ms);

static _Atomic int64_t clock_ms, waited_ms;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct {
	bool open;
	unsigned here;
} gates[HANG_GATES];

int64_t
__wrap_clock_boot_ms(void)
{
	return clock_ms;
}

/* Waits are over at once, or only when what they wait for happens. */
struct timespec
__wrap_clock_at(clockid_t clock, int64_t boot_ms)
{
	struct timespec at;

	waited_ms = boot_ms;
	clock_gettime(clock, &at);
	at.tv_sec += boot_ms > clock_ms ? WAIT_S : 0;
	return at;
}

void
hang_begin(void)
{
	pthread_mutex_lock(&lock);
	memset(gates, 0, sizeof(gates));
	gates[0].open = true;
	pthread_mutex_unlock(&lock);
	hang_set_ms(HANG_T0);
	alarm(TEST_S);
}

void
hang_set_ms(int64_t now_ms)
{
	clock_ms = now_ms;
}

int64_t
hang_waited_ms(void)
{
	return waited_ms;
}

void
hang_at(unsigned gate)
{
	pthread_mutex_lock(&lock);
	gates[gate].here++;
	pthread_cond_broadcast(&changed);
	while (!gates[gate].open) {
		pthread_cond_wait(&changed, &lock);
	}
	gates[gate].here--;
	pthread_mutex_unlock(&lock);
}

void
hang_await(unsigned gate)
{
	pthread_mutex_lock(&lock);
	while (gates[gate].here == 0) {
		pthread_cond_wait(&changed, &lock);
	}
	pthread_mutex_unlock(&lock);
}

void
hang_open(unsigned gate)
{
	pthread_mutex_lock(&lock);
	gates[gate].open = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}
