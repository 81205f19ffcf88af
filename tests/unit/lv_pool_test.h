/* SPDX-License-Identifier: BSD-2-Clause */
/* A pool whose workers make calls of the test's own, without libvirt. */
#ifndef VMMIBD_TESTS_LV_POOL_TEST_H
#define VMMIBD_TESTS_LV_POOL_TEST_H

#include <libvirt/libvirt.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lv_pool.h"

#define PATIENCE_MS 5000
#define FOREVER INT64_MAX

/* All connections there are. */
#define CONNECTION ((virConnectPtr)(void *)&world)

/* How things are to be; zeroed by begin(). */
extern struct world {
	const char *uri; /* workers are to connect to this one */
	bool dial_fails;
	unsigned dial_gate; /* where dialling hangs */
	bool threads_fail;
	atomic_bool broken; /* connections that there are */
} world;

/* What workers did since. */
extern struct seen {
	atomic_uint dials;
	atomic_uint strays; /* to elsewhere */
	atomic_uint runs;
	atomic_uint calls;
	atomic_uint threads;
	atomic_uint wakes;
	atomic_int connections; /* that are open */
} seen;

extern struct lv_inbox *inbox;
extern struct lv_pool *pool;

/* A pool of so many workers at most. */
void begin(int limit, const char *uri);
/* Its threads are left alone; another pool may follow. */
void close_pool(void);
void open_pool(int limit);
/* Closes it, lets all calls go on, and sees all threads end. */
void end(void);

/* None of its calls hangs; one about question i does so at the gate .id. */
struct lv_errand *new_errand(size_t n);

/* Sent, and its only call hangs at the gate. */
void send_hanging(unsigned gate);
/* It is older than patience allows by now. */
void give_up(unsigned serial);
/* Sent, and answered. */
void ask(unsigned serial);

/* The news there are; what they bring is freed, or the caller's to free. */
struct lv_news expect_news(enum lv_news_kind kind, unsigned serial);
void expect(enum lv_news_kind kind, unsigned serial);
void expect_no_news(void);

/* Until a worker has finished. */
void await_wake(void);

#endif
