/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes, shares and frees hosts. */
#include "snap_host.h"

#include <stdlib.h>
#include <string.h>

#include "snap_def.h"
#include "snap_refs.h"

/*
 * A refresh may be late by so much, and take as long as the longest so far,
 * before a call is taken to hang.
 */
#define HUNG_AFTER_MS 5000

int32_t
snap_link_now(const struct snap_collector *collector, int64_t now_ms)
{
	int64_t patience_ms = HUNG_AFTER_MS;

	if (collector->longest_ms != SNAP_NO_U64) {
		patience_ms += (int64_t)collector->longest_ms;
	}
	return now_ms - patience_ms > collector->due_ms ? SNAP_LINK_HUNG :
	    collector->link;
}

struct snap_host *
snap_host_new(void)
{
	struct snap_host *host = calloc(1, sizeof(*host));

	if (host != NULL) {
		atomic_init(&host->refs, 1);
		host->started_ms = SNAP_NO_TIME;
		host->memory_bytes = SNAP_NO_U64;
		host->topology = (struct snap_topology){ SNAP_NO_U64,
		    SNAP_NO_U64, SNAP_NO_U64, SNAP_NO_U64, SNAP_NO_U64,
		    SNAP_NO_U64 };
	}
	return host;
}

bool
snap_host_text(const char **field, const char *text)
{
	*field = text != NULL ? strdup(text) : NULL;
	return text == NULL || *field != NULL;
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
	free(snap_writable(host->libvirt_version));
	free(snap_writable(host->uri));
	free(snap_writable(host->name));
	free(snap_writable(host->cpu_model));
	free(snap_writable(host));
}
