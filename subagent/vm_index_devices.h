/* SPDX-License-Identifier: BSD-2-Clause */
/* The sub-indices of one VM's disks, or of its NICs. */
#ifndef VMMIBD_VM_INDEX_DEVICES_H
#define VMMIBD_VM_INDEX_DEVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vm_index_device_line;

struct vm_device {
	char *key;
	uint32_t occurrence; /* which of several equal keys, from 1 */
	uint32_t index;
	int64_t deleted_s; /* 0: exists */
};

struct vm_devices {
	size_t n;
	struct vm_device *items; /* ascending by key, occurrence */
};

/*
 * The devices are now those of keys; see vm_index_devices().  Sets *changed
 * if the list is another than before.  Returns 0, or -1 when out of memory or
 * numbers, with nothing done.
 */
int vm_devices_assign(struct vm_devices *devs, const char *const *keys,
    size_t n, uint32_t *indices, int64_t now_s, bool *changed);

/* Fills an empty list from n lines in its order.  Returns 0, -1: no memory. */
int vm_devices_load(struct vm_devices *devs,
    const struct vm_index_device_line *lines, size_t n);

void vm_devices_clear(struct vm_devices *devs);

#endif
