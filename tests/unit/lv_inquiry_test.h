/* SPDX-License-Identifier: BSD-2-Clause */
/* A hypervisor whose guests hang as a test says: libvirt's test driver. */
#ifndef VMMIBD_TESTS_LV_INQUIRY_TEST_H
#define VMMIBD_TESTS_LV_INQUIRY_TEST_H

#include <libvirt/libvirt.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "lv_hv.h"
#include "options.h"

#define FOREVER INT64_MAX
#define TIMEOUT_MS 5000

/* Guests 1 to 4 run, 5 does not; 0 is the driver's own, which does. */
enum { N_GUESTS = 6, OFF = 5 };

/* Zeroed by set_up(). */
extern struct guest {
	atomic_uint gate;     /* where an errand about it hangs */
	atomic_uint asked;    /* so many errands were about it */
	atomic_bool lives;    /* its processor time grows */
	atomic_ullong cpu_ns;
	atomic_int occupied_ms; /* by a command, for so long; 0: it is not */
} guests[N_GUESTS];

extern atomic_bool errands_fail;

struct fixture {
	struct options opts;
	struct lv_inbox *inbox;
	struct lv_hv hv;
	char dir[32];
	char path[64];
};

/* All have answered at HANG_T0. */
int set_up(void **state);
int tear_down(void **state);

struct lv_domain *domain(struct fixture *f, unsigned n);

/* Stopped and started again, as an event tells. */
void restart_at(struct fixture *f, unsigned n, int64_t now_ms);

/* A refresh at the time given; it waits for what hangs no longer than due. */
void refresh_at(struct fixture *f, int64_t now_ms);
void inquire_at(struct fixture *f, int64_t now_ms);
/* As soon as the collector wants to. */
void inquire_when_due(struct fixture *f);

/* Errands that hang at the gate go on. */
void let_go(unsigned gate);
/* Until all that were given up have come back. */
void await_late(struct fixture *f);
/* Until the one of the moment has, and another one was sent. */
void await_next(struct fixture *f);

#endif
