/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is to be remembered of VMs as soon as what waits was sent.
 *
 * One note per VM is kept, the last: a NOTE_KNOWN is to be remembered when
 * nothing of the VM waits any more; another lends its name and UUID to a bulk
 * notification, for the VM may not be in the table of what was told, be there
 * by another name, or have gone from it when that notification is sent.
 */
#ifndef VMMIBD_NOTIFY_KEEP_H
#define VMMIBD_NOTIFY_KEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "note.h"

struct told;

struct keep {
	struct told *told; /* borrowed; NULL: nothing is remembered */
	struct note **notes; /* by vmIndex */
	uint32_t room;
	size_t n; /* that are kept */
};

void keep_init(struct keep *keep, struct told *told);
void keep_free(struct keep *keep);

/* Whether there is a note of the VM. */
bool keep_has(const struct keep *keep, uint32_t index);
/*
 * A note of the VM was folded.  Takes it, in place of the one before.  False:
 * out of memory.
 */
bool keep_identity(struct keep *keep, struct note *note);
/* The same for what is to be remembered later. */
bool keep_known(struct keep *keep, struct note *note);
void keep_drop(struct keep *keep, uint32_t index);
/* A NOTE_KNOWN of the VM is out of date. */
void keep_supersede(struct keep *keep, uint32_t index);
/* Nothing of the VM waits any more. */
void keep_settle(struct keep *keep, uint32_t index);

/* The VM is as a note says, and managers need not hear of it (again). */
void keep_told(struct keep *keep, const struct note *note);
/* They heard of it in bulk form, by a notification of this kind. */
void keep_told_bulk(struct keep *keep, uint32_t index, enum note_kind kind);

#endif
