/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes, shares and frees hosts and snapshots. */
#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "snap_refs.h"

/* Hosts */

struct snap_host *
snap_host_new(const char *software, const char *version)
{
	struct snap_host *host = calloc(1, sizeof(*host));

	if (host == NULL) {
		return NULL;
	}
	atomic_init(&host->refs, 1);
	host->started_ms = SNAP_NO_TIME;
	host->software = software != NULL ? strdup(software) : NULL;
	host->version = version != NULL ? strdup(version) : NULL;
	if ((software != NULL && host->software == NULL) ||
	    (version != NULL && host->version == NULL)) {
		snap_host_unref(host);
		host = NULL;
	}
	return host;
}

const struct snap_host *
snap_host_ref(const struct snap_host *host)
{
	if (host != NULL) {
		snap_count_up(&host->refs);
	}
	return host;
}

void
snap_host_unref(const struct snap_host *host)
{
	if (host == NULL || !snap_count_down(&host->refs)) {
		return;
	}
	free(snap_writable(host->software));
	free(snap_writable(host->version));
	free(snap_writable(host));
}

/* Snapshots */

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
	return snap;
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
