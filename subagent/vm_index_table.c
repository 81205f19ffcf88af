/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of a vm_index: VMs by UUID and by number, and those deleted. */
#include "vm_index_table.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "vm_index.h"
#include "vm_index_file.h"

static int
vm_compare(const void *a, const void *b)
{
	const struct vm *va = a;
	const struct vm *vb = b;

	return memcmp(&va->uuid, &vb->uuid, sizeof(va->uuid));
}

struct vm *
vm_table_lookup(const struct vm_index *ix, const struct snap_uuid *uuid)
{
	struct vm sample = { .uuid = *uuid };
	struct vm *const *found = tfind(&sample, &ix->by_uuid, vm_compare);

	return found == NULL ? NULL : *found;
}

static void
vm_free(void *arg)
{
	struct vm *vm = arg;

	for (int kind = 0; kind < N_KINDS; kind++) {
		vm_devices_clear(&vm->devices[kind]);
	}
	free(vm);
}

struct vm *
vm_table_at(const struct vm_index *ix, uint32_t index)
{
	return index < ix->size ? ix->by_number[index] : NULL;
}

/* Makes by_number[index] exist. */
static int
numbers_grow(struct vm_index *ix, uint32_t index)
{
	uint32_t size = ix->size == 0 ? 64 : ix->size;

	if (index < ix->size) {
		return 0;
	}
	while (size <= index) {
		size *= 2;
	}

	struct vm **numbers =
	    reallocarray(ix->by_number, size, sizeof(struct vm *));

	if (numbers == NULL) {
		return -1;
	}
	memset(numbers + ix->size, 0,
	    (size - ix->size) * sizeof(struct vm *));
	ix->by_number = numbers;
	ix->size = size;
	return 0;
}

uint32_t
vm_table_lowest(struct vm_index *ix)
{
	while (vm_table_at(ix, ix->lowest) != NULL) {
		ix->lowest++;
	}
	return ix->lowest <= VM_INDEX_LIMIT ? ix->lowest : 0;
}

struct vm *
vm_table_add(struct vm_index *ix, const struct snap_uuid *uuid, uint32_t index)
{
	if (index == 0 || numbers_grow(ix, index) < 0) {
		return NULL;
	}

	struct vm *vm = calloc(1, sizeof(*vm));

	if (vm == NULL) {
		return NULL;
	}
	vm->uuid = *uuid;
	vm->index = index;
	if (tsearch(vm, &ix->by_uuid, vm_compare) == NULL) {
		free(vm);
		return NULL;
	}
	ix->by_number[index] = vm;
	return vm;
}

/* Puts a deleted VM where it belongs by age, which mostly is last. */
void
vm_table_reserve(struct vm_index *ix, struct vm *vm, int64_t deleted_s)
{
	struct link *before = ix->reserved.prev;

	while (before != &ix->reserved &&
	    ((struct vm *)before)->deleted_s > deleted_s) {
		before = before->prev;
	}
	insque(&vm->reserved, before);
	vm->deleted_s = deleted_s;
	ix->n_reserved++;
}

void
vm_table_unreserve(struct vm_index *ix, struct vm *vm)
{
	remque(&vm->reserved);
	vm->deleted_s = 0;
	ix->n_reserved--;
}

/* Forgets a deleted VM: its number is free. */
static void
reserved_release(struct vm_index *ix, struct vm *vm)
{
	vm_table_unreserve(ix, vm);
	tdelete(vm, &ix->by_uuid, vm_compare);
	ix->by_number[vm->index] = NULL;
	if (vm->index < ix->lowest) {
		ix->lowest = vm->index;
	}
	vm_free(vm);
	ix->changed = true;
}

void
vm_table_expire(struct vm_index *ix, int64_t now_s)
{
	while (ix->n_reserved > 0) {
		struct vm *oldest = (struct vm *)ix->reserved.next;

		if (now_s - oldest->deleted_s < VM_INDEX_RESERVED_S &&
		    ix->n_reserved <= VM_INDEX_RESERVED_MAX) {
			break;
		}
		reserved_release(ix, oldest);
	}
}

/*
 * Deletion times to come are the trace of a clock that was set back since:
 * they count as now, lest those numbers stay reserved for years.
 */
void
vm_table_clamp(struct vm_index *ix, int64_t now_s)
{
	struct link *at = ix->reserved.prev;

	for (; at != &ix->reserved; at = at->prev) {
		struct vm *vm = (struct vm *)at;

		if (vm->deleted_s <= now_s) {
			break;
		}
		vm->deleted_s = now_s;
		ix->changed = true;
	}
}

void
vm_table_clear(struct vm_index *ix)
{
	tdestroy(ix->by_uuid, vm_free);
	free(ix->by_number);
}
