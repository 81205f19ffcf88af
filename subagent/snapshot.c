/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes, shares and frees snapshots. */
#include "snapshot.h"

#include <stdlib.h>

#include "snap_refs.h"

struct snapshot *
snapshot_new(const struct snap_host *host, size_t n_domains)
{
	struct snapshot *snap;
	size_t bytes;

	if (n_domains > INT32_MAX ||
	    __builtin_mul_overflow(n_domains, sizeof(*snap->domains), &bytes) ||
	    __builtin_add_overflow(bytes, sizeof(*snap), &bytes)) {
		return NULL;
	}
	snap = calloc(1, bytes);
	if (snap == NULL) {
		return NULL;
	}
	atomic_init(&snap->refs, 1);
	snap->host = snap_host_ref(host);
	snap->n_domains = (int32_t)n_domains;
	snap->domains = (void *)(snap + 1);
	snap->stale_at_ms = INT64_MAX;
	snap->load.memory_free_bytes = SNAP_NO_U64;
	snap->load.user_us = SNAP_NO_U64;
	snap->load.system_us = SNAP_NO_U64;
	snap->load.idle_us = SNAP_NO_U64;
	snap->load.iowait_us = SNAP_NO_U64;
	snap->collector.link = SNAP_LINK_CONNECTING;
	snap->collector.due_ms = INT64_MAX;
	snap->collector.good_ms = SNAP_NO_TIME;
	snap->collector.duration_ms = SNAP_NO_U64;
	snap->collector.longest_ms = SNAP_NO_U64;
	return snap;
}

/* Values are those of virDomainState, which the model only hands on. */
static uint64_t *
sum_of(struct snap_sums *sums, int32_t state)
{
	uint64_t *const by_state[] = {
		&sums->other, &sums->running, &sums->running, &sums->paused,
		&sums->shutting_down, &sums->shut_off, &sums->crashed,
		&sums->pm_suspended,
	};

	return state >= 0 && (size_t)state <
	    sizeof(by_state) / sizeof(by_state[0]) ? by_state[state] :
	    &sums->other;
}

void
snapshot_sum(struct snapshot *snap)
{
	struct snap_sums sums = { 0 };

	for (int32_t i = 0; i < snap->n_domains; i++) {
		const struct snap_domain *dom = snap->domains[i];

		++*sum_of(&sums, dom->state);
		if (dom->active != SNAP_TRUE) {
			continue;
		}
		if (dom->cpus_current != SNAP_NO_I32) {
			sums.vcpus += (uint64_t)dom->cpus_current;
		}
		if (dom->memory.maximum != SNAP_NO_U64) {
			sums.memory_bytes += dom->memory.maximum;
		}
	}
	snap->sums = sums;
}

const struct snapshot *
snapshot_ref(const struct snapshot *snap)
{
	if (snap != NULL) {
		snap_count_up(&snap->refs);
	}
	return snap;
}

void
snapshot_unref(const struct snapshot *snap)
{
	int32_t i;

	if (snap == NULL || !snap_count_down(&snap->refs)) {
		return;
	}
	for (i = 0; i < snap->n_domains; i++) {
		snap_domain_unref(snap->domains[i]);
	}
	snap_host_unref(snap->host);
	free(snap_writable(snap));
}

size_t
snapshot_seek(const struct snapshot *snap, uint32_t index)
{
	size_t low = 0, high = (size_t)snap->n_domains, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (snap->domains[middle]->index < index) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

const struct snapshot *
snapshot_follow(const struct snapshot *newest, const struct snapshot *before)
{
	struct snapshot *snap = snapshot_new(before->host,
	    (size_t)before->n_domains);

	if (snap == NULL) {
		return NULL;
	}
	for (int32_t i = 0; i < before->n_domains; i++) {
		snap->domains[i] = snap_domain_ref(before->domains[i]);
	}
	snap->n_domains = before->n_domains;
	snap->load = before->load;
	snap->sums = before->sums;
	snap->table_last_change = before->table_last_change;
	snap->stale_at_ms = before->stale_at_ms;
	snap->collector = newest->collector;
	return snap;
}
