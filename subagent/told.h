/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What managers were told last of each VM, kept over restarts.
 *
 * The file (told_file.h) is changed by told_flush() all at once: a process that
 * is killed leaves all of it or nothing, in a bulk notification's case of all
 * its VMs.  Nothing is synced: what counts is that a killed process leaves it
 * behind, not that a power failure does.
 *
 * Trouble with the file is logged once; then everything is kept in memory, and
 * the whole is written when it works again.
 *
 * Belongs to one thread.
 */
#ifndef VMMIBD_TOLD_H
#define VMMIBD_TOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "snapshot.h"

struct told;

struct told_vm {
	struct snap_uuid uuid;
	int32_t state;      /* enum rfc7666_oper_state; 0: there is none */
	int32_t persistent; /* enum rfc7666_tristate */
	const char *name;   /* the table's; valid until this VM changes */
};

/*
 * Reads the file at path; NULL only when out of memory.  A file with the wrong
 * header is renamed to path.corrupt and a message logged; VMs in it that
 * cannot be read are left out, and told_complete() is false then.  What cannot
 * be read at all, or is no file, is left alone until it is gone.  Nothing is
 * written before the first told_flush().
 */
struct told *told_open(const char *path);
void told_close(struct told *told); /* flushes; NULL is allowed */

/*
 * Whether the file was there and whole: a VM that was not in it when it was
 * opened is a new one.
 */
bool told_complete(const struct told *told);

/* One above the highest vmIndex that may be there. */
uint32_t told_end(const struct told *told);
/* What is known of a vmIndex; false: nothing. */
bool told_get(const struct told *told, uint32_t index, struct told_vm *vm);

/*
 * Sets what a VM is, and was told to be.  Takes effect in the file with the
 * next told_flush(), for all since the last one at once.  state 0 forgets the
 * VM (uuid, name, persistent do not matter then).  A vmIndex above
 * VM_INDEX_LIMIT, or what is no state, is ignored.  vm may be what told_get()
 * gave.
 */
void told_set(struct told *told, uint32_t index, const struct told_vm *vm);
void told_flush(struct told *told);

/*
 * Writes all that the next told_flush() is to write but the one octet that
 * makes it count, for that to take no time.
 */
void told_prepare(struct told *told);

#endif
