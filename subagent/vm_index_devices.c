/* SPDX-License-Identifier: BSD-2-Clause */
/* Gives the disks or NICs of one VM their sub-indices. */
#include "vm_index_devices.h"

#include <stdlib.h>
#include <string.h>

#include "vm_index.h"
#include "vm_index_file.h"

/* A device that the VM has now. */
struct wanted {
	const char *key;
	size_t position;
	uint32_t occurrence;
};

/*
 * The list to come.  It is made aside and then takes the place of the present
 * one, so that running out of memory on the way changes nothing.  An item with
 * index 0 is new, unless it has a deletion time: then it is to go.
 */
struct plan {
	struct wanted *wanted;
	size_t n_wanted;
	struct vm_device *items; /* with the keys of the present list */
	size_t n;
	size_t *item_of;             /* by position in the caller's keys */
	struct vm_device **reserved; /* scratch */
	bool *taken;                 /* scratch, by number */
	bool changed;
};

static int
wanted_compare(const void *a, const void *b)
{
	const struct wanted *wa = a;
	const struct wanted *wb = b;
	int order = strcmp(wa->key, wb->key);

	if (order != 0) {
		return order;
	}
	return wa->position < wb->position ? -1 : 1;
}

static void
plan_want(struct plan *plan, const char *const *keys, size_t n)
{
	struct wanted *wanted = plan->wanted;

	plan->n_wanted = n;
	for (size_t i = 0; i < n; i++) {
		wanted[i].key = keys[i];
		wanted[i].position = i;
	}
	qsort(wanted, n, sizeof(*wanted), wanted_compare);
	for (size_t i = 0; i < n; i++) {
		bool again =
		    i > 0 && strcmp(wanted[i].key, wanted[i - 1].key) == 0;

		wanted[i].occurrence = again ? wanted[i - 1].occurrence + 1 : 1;
	}
}

static int
plan_init(struct plan *plan, size_t n_old, size_t n)
{
	size_t total = n_old + n;

	memset(plan, 0, sizeof(*plan));
	plan->wanted = calloc(n + 1, sizeof(*plan->wanted));
	plan->items = calloc(total + 1, sizeof(*plan->items));
	plan->item_of = calloc(n + 1, sizeof(*plan->item_of));
	plan->reserved = calloc(total + 1, sizeof(*plan->reserved));
	plan->taken = calloc(total + 2, sizeof(*plan->taken));
	if (plan->wanted == NULL || plan->items == NULL ||
	    plan->item_of == NULL || plan->reserved == NULL ||
	    plan->taken == NULL) {
		return -1;
	}
	return 0;
}

static void
plan_free(struct plan *plan)
{
	free(plan->wanted);
	free(plan->items);
	free(plan->item_of);
	free(plan->reserved);
	free(plan->taken);
}

/* Frees also what a plan that is not carried out would have added. */
static void
plan_abandon(struct plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		if (plan->items[i].index == 0) {
			free(plan->items[i].key);
		}
	}
	plan_free(plan);
}

/* A device that the VM had, and has not now. */
static void
plan_add_gone(struct plan *plan, const struct vm_device *old, int64_t now_s)
{
	struct vm_device *item = &plan->items[plan->n++];

	*item = *old;
	/* A time to come is the trace of a clock that was set back since. */
	if (item->deleted_s == 0 || item->deleted_s > now_s) {
		item->deleted_s = now_s;
		plan->changed = true;
	}
}

static void
plan_add_known(struct plan *plan, const struct vm_device *old,
    const struct wanted *wanted)
{
	plan->item_of[wanted->position] = plan->n;

	struct vm_device *item = &plan->items[plan->n++];

	*item = *old;
	if (item->deleted_s != 0) {
		item->deleted_s = 0;
		plan->changed = true;
	}
}

static int
plan_add_new(struct plan *plan, const struct wanted *wanted)
{
	struct vm_device *item = &plan->items[plan->n];

	item->key = strdup(wanted->key);
	if (item->key == NULL) {
		return -1;
	}
	item->occurrence = wanted->occurrence;
	plan->item_of[wanted->position] = plan->n++;
	plan->changed = true;
	return 0;
}

static int
device_compare(const struct vm_device *old, const struct wanted *wanted)
{
	int order = strcmp(old->key, wanted->key);

	if (order != 0) {
		return order;
	}
	if (old->occurrence == wanted->occurrence) {
		return 0;
	}
	return old->occurrence < wanted->occurrence ? -1 : 1;
}

/* Merges what was with what is, both in the same order. */
static int
plan_merge(struct plan *plan, const struct vm_devices *devs, int64_t now_s)
{
	size_t i = 0;
	size_t j = 0;

	while (i < devs->n || j < plan->n_wanted) {
		int order = i == devs->n ? 1
		    : j == plan->n_wanted
		    ? -1
		    : device_compare(&devs->items[i], &plan->wanted[j]);

		if (order < 0) {
			plan_add_gone(plan, &devs->items[i++], now_s);
		} else if (order == 0) {
			plan_add_known(plan, &devs->items[i++],
			    &plan->wanted[j++]);
		} else if (plan_add_new(plan, &plan->wanted[j++]) < 0) {
			return -1;
		}
	}
	return 0;
}

static int
reserved_compare(const void *a, const void *b)
{
	const struct vm_device *da = *(struct vm_device *const *)a;
	const struct vm_device *db = *(struct vm_device *const *)b;

	if (da->deleted_s != db->deleted_s) {
		return da->deleted_s < db->deleted_s ? -1 : 1;
	}
	return da->index < db->index ? -1 : 1;
}

/* Gives up reserved numbers that are too old or too many, the oldest first. */
static void
plan_expire(struct plan *plan, int64_t now_s)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n; i++) {
		if (plan->items[i].deleted_s != 0) {
			plan->reserved[n++] = &plan->items[i];
		}
	}
	qsort(plan->reserved, n, sizeof(*plan->reserved), reserved_compare);
	for (size_t i = 0; i < n; i++) {
		if (now_s - plan->reserved[i]->deleted_s < VM_INDEX_RESERVED_S &&
		    n - i <= VM_INDEX_RESERVED_MAX) {
			break;
		}
		plan->reserved[i]->index = 0;
		plan->changed = true;
	}
}

/* Numbers the new devices in the caller's order, each as low as possible. */
static void
plan_number(struct plan *plan, uint32_t *indices)
{
	uint32_t lowest = 1;

	for (size_t i = 0; i < plan->n; i++) {
		if (plan->items[i].index <= plan->n) {
			plan->taken[plan->items[i].index] = true;
		}
	}
	for (size_t i = 0; i < plan->n_wanted; i++) {
		struct vm_device *item = &plan->items[plan->item_of[i]];

		if (item->index == 0) {
			while (plan->taken[lowest]) {
				lowest++;
			}
			item->index = lowest++;
		}
		indices[i] = item->index;
	}
}

/* The plan becomes the list. */
static void
plan_carry_out(struct plan *plan, struct vm_devices *devs)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n; i++) {
		if (plan->items[i].index == 0) {
			free(plan->items[i].key);
		} else {
			plan->items[n++] = plan->items[i];
		}
	}
	free(devs->items);
	devs->items = plan->items;
	devs->n = n;
	plan->items = NULL;
	plan_free(plan);
}

int
vm_devices_assign(struct vm_devices *devs, const char *const *keys, size_t n,
    uint32_t *indices, int64_t now_s, bool *changed)
{
	struct plan plan;

	if (n > VM_INDEX_LIMIT || devs->n + n > VM_INDEX_LIMIT) {
		return -1;
	}
	if (plan_init(&plan, devs->n, n) < 0) {
		goto no_memory;
	}
	plan_want(&plan, keys, n);
	if (plan_merge(&plan, devs, now_s) < 0) {
		goto no_memory;
	}
	plan_expire(&plan, now_s);
	plan_number(&plan, indices);
	if (plan.changed) {
		*changed = true;
	}
	plan_carry_out(&plan, devs);
	return 0;

no_memory:
	plan_abandon(&plan);
	return -1;
}

int
vm_devices_load(struct vm_devices *devs,
    const struct vm_index_device_line *lines, size_t n)
{
	devs->items = calloc(n, sizeof(*devs->items));
	if (devs->items == NULL) {
		return -1;
	}
	for (; devs->n < n; devs->n++) {
		const struct vm_index_device_line *line = &lines[devs->n];
		struct vm_device *item = &devs->items[devs->n];

		item->key = strdup(line->key);
		if (item->key == NULL) {
			return -1;
		}
		item->occurrence = line->occurrence;
		item->index = line->index;
		item->deleted_s = line->deleted_s;
	}
	return 0;
}

void
vm_devices_clear(struct vm_devices *devs)
{
	for (size_t i = 0; i < devs->n; i++) {
		free(devs->items[i].key);
	}
	free(devs->items);
	devs->items = NULL;
	devs->n = 0;
}
