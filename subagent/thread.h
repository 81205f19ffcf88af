/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts threads that leave signals to the main one. */
#ifndef VMMIBD_THREAD_H
#define VMMIBD_THREAD_H

#include <pthread.h>

/* As pthread_create(): 0, or an error number. */
int thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg);

/* A condition whose timed waits are by CLOCK_MONOTONIC; see clock_at(). */
void thread_condition(pthread_cond_t *condition);

#endif
