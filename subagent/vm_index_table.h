/* SPDX-License-Identifier: BSD-2-Clause */
/* What a vm_index is made of, for the files that implement it. */
#ifndef VMMIBD_VM_INDEX_TABLE_H
#define VMMIBD_VM_INDEX_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot.h"
#include "vm_index_devices.h"

#define N_KINDS 2 /* enum vm_index_kind */

struct link { /* begins with what insque() and remque() expect */
	struct link *next;
	struct link *prev;
};

struct vm {
	struct link reserved; /* among those deleted; the first member */
	struct snap_uuid uuid;
	uint32_t index;
	int64_t deleted_s; /* 0: exists */
	struct vm_devices devices[N_KINDS];
};

enum path_state {
	PATH_OURS,    /* nothing there that a save would destroy */
	PATH_DAMAGED, /* to be set aside */
	PATH_UNREAD,  /* to be left alone */
};

struct vm_index {
	char *path;
	enum path_state path_state;
	int path_errno;
	bool read_only;        /* the file belongs to another process */
	bool changed;          /* since the last save */
	void *by_uuid;         /* tsearch() tree of struct vm */
	struct vm **by_number; /* NULL: free */
	uint32_t size;         /* of by_number */
	uint32_t lowest;       /* no free number is lower */
	struct link reserved;  /* ring of the deleted, the oldest next */
	size_t n_reserved;
};

/* The VM, deleted or not; NULL: unknown. */
struct vm *vm_table_lookup(const struct vm_index *ix,
    const struct snap_uuid *uuid);
/* The VM that has the number; NULL: it is free. */
struct vm *vm_table_at(const struct vm_index *ix, uint32_t index);
/* Adds a VM that exists under a number that is free.  NULL: no memory. */
struct vm *vm_table_add(struct vm_index *ix, const struct snap_uuid *uuid,
    uint32_t index);
/* The lowest number that is free; 0: none. */
uint32_t vm_table_lowest(struct vm_index *ix);

/* Makes an existing VM a deleted one, and the other way round. */
void vm_table_reserve(struct vm_index *ix, struct vm *vm, int64_t deleted_s);
void vm_table_unreserve(struct vm_index *ix, struct vm *vm);
/* Makes deletion times that are still to come the present one. */
void vm_table_clamp(struct vm_index *ix, int64_t now_s);
/* Forgets what was deleted too long ago, or is too much to remember. */
void vm_table_expire(struct vm_index *ix, int64_t now_s);

void vm_table_clear(struct vm_index *ix);

#endif
