/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers that last: UUID -> vmIndex, and disk and NIC -> its sub-index.
 *
 * RFC 7666 lets managers keep vmIndex, vmStorageIndex and vmNetworkIndex as
 * long as the hypervisor runs; here they survive restarts of everything by
 * way of a file.  Numbers are dense (the lowest that is free), because
 * vmAffectedVMs is a bitmap over vmIndex.  The number of something deleted
 * stays reserved for VM_INDEX_RESERVED_S, and goes back to the same UUID, disk
 * or NIC should that return; of the reserved ones at most
 * VM_INDEX_RESERVED_MAX are kept (of devices: per VM and kind), the oldest go
 * first.
 *
 * One table belongs to one collector thread; nothing here locks.
 */
#ifndef VMMIBD_VM_INDEX_H
#define VMMIBD_VM_INDEX_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define VM_INDEX_RESERVED_S (7 * 24 * 3600)
#define VM_INDEX_RESERVED_MAX 4096

struct snap_uuid;
struct vm_index;

enum vm_index_kind { VM_INDEX_DISK, VM_INDEX_NIC };

/*
 * Opens the table kept in file path, which need not exist.  A file that is
 * torn or corrupt is renamed to path.corrupt-N, what can be read of it is
 * kept, and a message logged.  NULL only when out of memory.
 */
struct vm_index *vm_index_open(const char *path);
/* The same, but nothing is written, whatever state the file is in. */
struct vm_index *vm_index_open_read_only(const char *path);
void vm_index_close(struct vm_index *ix); /* does not save */

/* The vmIndex of a VM that exists now, given one if it had none; 0: no memory. */
uint32_t vm_index_vm(struct vm_index *ix, const struct snap_uuid *uuid);
/* The vmIndex of a VM that exists now; 0: unknown or deleted. */
uint32_t vm_index_find(const struct vm_index *ix, const struct snap_uuid *uuid);
/* The VM exists no more; now is wall-clock time. */
void vm_index_delete(struct vm_index *ix, const struct snap_uuid *uuid,
    time_t now);
/* Deletes all VMs for which exists() is false. */
void vm_index_retain(struct vm_index *ix,
    int (*exists)(const struct snap_uuid *uuid, void *arg), void *arg,
    time_t now);

/*
 * A VM's disks or NICs are now exactly those of keys (n of them; a disk's key
 * is its target, a NIC's its MAC address).  Writes the sub-index of each to
 * indices.  Equal keys get different numbers, in order.  A key may hold any
 * octet but NUL.  Returns 0, or -1 when out of memory or the VM is unknown.
 */
int vm_index_devices(struct vm_index *ix, const struct snap_uuid *uuid,
    enum vm_index_kind kind, const char *const *keys, size_t n,
    uint32_t *indices, time_t now);

/*
 * Writes the table if it changed since the last successful save: temporary
 * file in the same directory, fsync, rename, fsync of the directory.
 * Returns 0, or -1 with errno set (the table stays changed; try again later).
 */
int vm_index_save(struct vm_index *ix);
/* The file is gone: the next save writes it whatever has changed. */
void vm_index_unsave(struct vm_index *ix);

#endif
