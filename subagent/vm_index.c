/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gives VMs numbers that last.
 *
 * Reservations run out in the calls that are told the time, and only there.
 */
#include "vm_index.h"

#include <stdlib.h>
#include <string.h>

#include "vm_index_store.h"
#include "vm_index_table.h"

static struct vm *
vm_lookup_existing(const struct vm_index *ix, const struct snap_uuid *uuid)
{
	struct vm *vm = vm_table_lookup(ix, uuid);

	return vm == NULL || vm->deleted_s != 0 ? NULL : vm;
}

/* Wall-clock time as it is kept here: 0 has a meaning of its own. */
static int64_t
kept_time(time_t now)
{
	return now > 0 ? (int64_t)now : 1;
}

static void
vm_delete(struct vm_index *ix, struct vm *vm, int64_t now_s)
{
	vm_table_reserve(ix, vm, now_s);
	ix->changed = true;
}

uint32_t
vm_index_vm(struct vm_index *ix, const struct snap_uuid *uuid)
{
	struct vm *vm = vm_table_lookup(ix, uuid);

	if (vm == NULL) {
		vm = vm_table_add(ix, uuid, vm_table_lowest(ix));
		if (vm == NULL) {
			return 0;
		}
		ix->changed = true;
	} else if (vm->deleted_s != 0) {
		vm_table_unreserve(ix, vm);
		ix->changed = true;
	}
	return vm->index;
}

uint32_t
vm_index_find(const struct vm_index *ix, const struct snap_uuid *uuid)
{
	const struct vm *vm = vm_lookup_existing(ix, uuid);

	return vm == NULL ? 0 : vm->index;
}

void
vm_index_delete(struct vm_index *ix, const struct snap_uuid *uuid, time_t now)
{
	int64_t now_s = kept_time(now);
	struct vm *vm = vm_lookup_existing(ix, uuid);

	vm_table_clamp(ix, now_s);
	if (vm != NULL) {
		vm_delete(ix, vm, now_s);
	}
	vm_table_expire(ix, now_s);
}

void
vm_index_retain(struct vm_index *ix,
    int (*exists)(const struct snap_uuid *uuid, void *arg), void *arg,
    time_t now)
{
	int64_t now_s = kept_time(now);

	vm_table_clamp(ix, now_s);
	for (uint32_t i = 1; i < ix->size; i++) {
		struct vm *vm = ix->by_number[i];

		if (vm != NULL && vm->deleted_s == 0 && !exists(&vm->uuid, arg)) {
			vm_delete(ix, vm, now_s);
		}
	}
	vm_table_expire(ix, now_s);
}

int
vm_index_devices(struct vm_index *ix, const struct snap_uuid *uuid,
    enum vm_index_kind kind, const char *const *keys, size_t n,
    uint32_t *indices, time_t now)
{
	struct vm *vm = vm_lookup_existing(ix, uuid);

	if (vm == NULL) {
		return -1;
	}
	return vm_devices_assign(&vm->devices[kind], keys, n, indices,
	    kept_time(now), &ix->changed);
}

static struct vm_index *
open_index(const char *path, bool read_only)
{
	struct vm_index *ix = calloc(1, sizeof(*ix));

	if (ix == NULL) {
		return NULL;
	}
	ix->read_only = read_only;
	ix->lowest = 1;
	ix->reserved.next = &ix->reserved;
	ix->reserved.prev = &ix->reserved;
	ix->path = strdup(path);
	if (ix->path == NULL || vm_index_load(ix) < 0) {
		vm_index_close(ix);
		return NULL;
	}
	return ix;
}

struct vm_index *
vm_index_open(const char *path)
{
	return open_index(path, false);
}

struct vm_index *
vm_index_open_read_only(const char *path)
{
	return open_index(path, true);
}

void
vm_index_close(struct vm_index *ix)
{
	if (ix == NULL) {
		return;
	}
	vm_table_clear(ix);
	free(ix->path);
	free(ix);
}
