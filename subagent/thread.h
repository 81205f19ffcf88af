/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts threads that leave signals to the main one. */
#ifndef VMMIBD_THREAD_H
#define VMMIBD_THREAD_H

#include <pthread.h>

/* As pthread_create(): 0, or an error number. */
int thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg);

#endif
