/* SPDX-License-Identifier: BSD-2-Clause */
/* Random snapshots for tests: every kind of row, many values absent. */
#ifndef VMMIBD_SNAPSHOT_RANDOM_H
#define VMMIBD_SNAPSHOT_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct notify_status;
struct snapshot;

/* A random number generator; the same state gives the same numbers. */
struct random {
	uint64_t state;
};

uint64_t random_u64(struct random *rnd);
/* A number below n, which is not 0. */
uint64_t random_below(struct random *rnd, uint64_t n);
/* True once in n times. */
bool random_once_in(struct random *rnd, uint64_t n);

/*
 * A snapshot with at most max_domains domains.  Times lie around now_ms, some
 * so far before it that TimeTicks wrapped.  The caller owns it.
 */
const struct snapshot *snapshot_random(struct random *rnd, size_t max_domains,
    int64_t now_ms);

/* What is served of notifications. */
void notify_status_random(struct random *rnd, struct notify_status *status);

#endif
