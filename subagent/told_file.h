/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file of what managers were told: where what is, and how it is written.
 *
 *	header    a line of text with the version, zeros, and as the last octet
 *	          A or B: which of the two areas of states counts
 *	states A  one octet per vmIndex, from 1: its vmOperState, and TOLD_SLOT
 *	          if its second row counts; 0: no such VM
 *	states B  the same
 *	rows      two struct told_row per vmIndex, from 1
 *
 * Nothing that counts is ever written over.  New rows go to where those that do
 * not count are, then new states to the area that does not, and then one octet
 * is written that makes all of it count.  One write() of the states would not
 * do: one of several pages is cut short when the process is killed.
 *
 * Host byte order; it is not for other machines.
 */
#ifndef VMMIBD_TOLD_FILE_H
#define VMMIBD_TOLD_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "snapshot.h"
#include "text.h"
#include "vm_index_file.h"

#define TOLD_LIMIT VM_INDEX_LIMIT /* the largest vmIndex */
#define TOLD_SLOT 0x80

struct told_row {
	struct snap_uuid uuid;
	uint32_t index;
	int32_t persistent;
	char name[TEXT_ADMIN_MAX + 1]; /* zeros from the end of the name on */
	uint32_t crc; /* CRC-32 of all before; told_file.c's */
};

struct told_file {
	char *path; /* owned */
	int fd; /* -1: none */
	bool read_only; /* fd can be read only */
	uint32_t area; /* which of the two counts */
	/* Positions of states in which the other area is not up to date. */
	uint32_t behind_from;
	uint32_t behind_to;
};

/*
 * Position n of states belongs to vmIndex n + 1.  What returns int: 0, or an
 * errno value.
 */

/* Takes path over. */
void told_file_init(struct told_file *file, char *path);
void told_file_free(struct told_file *file);
/*
 * Opens what is there, and reads its states.  EBADMSG: it is no such file.
 * whole: none of the states is missing.
 */
int told_file_open(struct told_file *file, uint8_t states[TOLD_LIMIT],
    bool *whole);
/* Of the file just opened; EBADMSG: it is not as it was written. */
int told_file_get_row(const struct told_file *file, uint32_t index,
    bool second, struct told_row *row);
/* Forgets the file that is open. */
void told_file_close(struct told_file *file);
/* Renames it to path.corrupt. */
int told_file_set_aside(const struct told_file *file);
/* Whether the open file is still the one at path. */
bool told_file_is_there(const struct told_file *file);

/*
 * A new file beside the one at path: made, filled, put in the place of that.
 * Its directory is made, too, if somebody removed it.
 */
int told_file_create(struct told_file *file);
int told_file_put_row(const struct told_file *file, bool second,
    struct told_row *row);
/* Writes these states from from to before to; they do not count yet. */
int told_file_put_states(const struct told_file *file,
    const uint8_t states[TOLD_LIMIT], uint32_t from, uint32_t to);
/* Makes them, and the rows they mean, count: one octet is written. */
int told_file_count_states(struct told_file *file, uint32_t from,
    uint32_t to);
int told_file_commit(struct told_file *file);
/* Instead: the one at path stays. */
void told_file_discard(struct told_file *file);

#endif
