/* SPDX-License-Identifier: BSD-2-Clause */
/* Fills a vm_index from its file; vm_index_save() is the way back. */
#ifndef VMMIBD_VM_INDEX_STORE_H
#define VMMIBD_VM_INDEX_STORE_H

struct vm_index;

/*
 * Reads the file into an empty table, or reports why it cannot be read and
 * bars saves from destroying it.  -1: no memory.
 */
int vm_index_load(struct vm_index *ix);

#endif
