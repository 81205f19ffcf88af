/* SPDX-License-Identifier: BSD-2-Clause */
/* What a collector knows of one hypervisor: its domains, by vmIndex. */
#include "lv_hv.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "lv_pool.h"
#include "vm_index.h"

void
lv_hv_free(struct lv_hv *hv)
{
	for (size_t i = 0; i < hv->n_domains; i++) {
		lv_domain_free(hv->domains[i]);
	}
	free(hv->domains);
	lv_pool_free(hv->pool);
	snap_host_unref(hv->host);
	vm_index_close(hv->ix);
	memset(hv, 0, sizeof(*hv));
}

/* The position of the first domain whose vmIndex is at least index. */
static size_t
seek(const struct lv_hv *hv, uint32_t index)
{
	size_t below = 0, end = hv->n_domains;

	while (below < end) {
		size_t mid = below + (end - below) / 2;

		if (hv->domains[mid]->index < index) {
			below = mid + 1;
		} else {
			end = mid;
		}
	}
	return below;
}

struct lv_domain *
lv_hv_at(const struct lv_hv *hv, uint32_t index)
{
	size_t i = seek(hv, index);

	return i < hv->n_domains && hv->domains[i]->index == index ?
	    hv->domains[i] : NULL;
}

struct lv_domain *
lv_hv_find(const struct lv_hv *hv, const struct snap_uuid *uuid)
{
	uint32_t index = vm_index_find(hv->ix, uuid);

	return index != 0 ? lv_hv_at(hv, index) : NULL;
}

static bool
make_room(struct lv_hv *hv)
{
	size_t room = hv->room > 0 ? hv->room * 2 : 64;
	struct lv_domain **bigger;

	if (hv->n_domains < hv->room) {
		return true;
	}
	bigger = reallocarray(hv->domains, room, sizeof(*bigger));
	if (bigger == NULL) {
		return false;
	}
	hv->domains = bigger;
	hv->room = room;
	return true;
}

struct lv_domain *
lv_hv_ensure(struct lv_hv *hv, const struct snap_uuid *uuid)
{
	uint32_t index = vm_index_vm(hv->ix, uuid);
	struct lv_domain *d = index != 0 ? lv_hv_at(hv, index) : NULL;
	size_t i;

	if (d != NULL || index == 0 || !make_room(hv)) {
		return d;
	}
	d = lv_domain_new(uuid, index);
	if (d == NULL) {
		return NULL;
	}
	d->incarnation = ++hv->incarnations;
	i = seek(hv, index);
	memmove(hv->domains + i + 1, hv->domains + i,
	    (hv->n_domains - i) * sizeof(*hv->domains));
	hv->domains[i] = d;
	hv->n_domains++;
	hv->table_changed_ms = clock_boot_ms();
	return d;
}

static void
remove_at(struct lv_hv *hv, size_t i)
{
	vm_index_delete(hv->ix, &hv->domains[i]->uuid, time(NULL));
	lv_domain_free(hv->domains[i]);
	hv->n_domains--;
	memmove(hv->domains + i, hv->domains + i + 1,
	    (hv->n_domains - i) * sizeof(*hv->domains));
	hv->table_changed_ms = clock_boot_ms();
}

void
lv_hv_remove(struct lv_hv *hv, const struct snap_uuid *uuid)
{
	struct lv_domain *d = lv_hv_find(hv, uuid);

	if (d != NULL) {
		remove_at(hv, seek(hv, d->index));
	}
}

static int
is_known(const struct snap_uuid *uuid, void *hv)
{
	return lv_hv_find(hv, uuid) != NULL;
}

void
lv_hv_remove_unseen(struct lv_hv *hv)
{
	for (size_t i = hv->n_domains; i-- > 0;) {
		if (hv->domains[i]->seen != hv->listing) {
			remove_at(hv, i);
		}
	}
	/* The index may also hold VMs that went while vmmibd did not run. */
	if (!hv->index_retained) {
		vm_index_retain(hv->ix, is_known, hv, time(NULL));
		hv->index_retained = true;
	}
}

void
lv_hv_mark_dirty(struct lv_hv *hv)
{
	for (size_t i = 0; i < hv->n_domains; i++) {
		hv->domains[i]->def_dirty = true;
	}
}

const struct snapshot *
lv_hv_snapshot(const struct lv_hv *hv, int64_t stale_at_ms)
{
	struct snapshot *snap = snapshot_new(hv->host, hv->n_domains);
	int64_t since_ms = hv->host == NULL ? 0 :
	    hv->table_changed_ms - hv->host->started_ms;
	size_t n = 0;

	if (snap == NULL) {
		return NULL;
	}
	for (size_t i = 0; i < hv->n_domains; i++) {
		if (hv->domains[i]->record != NULL) {
			snap->domains[n++] =
			    snap_domain_ref(hv->domains[i]->record);
		}
	}
	snap->n_domains = (int32_t)n;
	snapshot_sum(snap);
	snap->load = hv->load;
	snap->collector = hv->collector;
	snap->collector.calls = hv->lc.calls + hv->pool->calls;
	snap->collector.calls_timed_out = hv->pool->timed_out;
	snap->collector.calls_hung = hv->pool->n_hung;
	snap->collector.calls_hung_limit = hv->pool->limit;
	snap->stale_at_ms = hv->host != NULL ? stale_at_ms : INT64_MAX;
	if (hv->table_changed_ms != 0 && since_ms > 0) {
		snap->table_last_change = (uint32_t)(since_ms / 10);
	}
	return snap;
}
