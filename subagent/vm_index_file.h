/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file of a vm_index: its lines, and how it is read and replaced.
 *
 *	vmmibd vm-index 1
 *	vm INDEX UUID DELETED CRC
 *	disk VM INDEX OCCURRENCE KEY DELETED CRC
 *	nic VM INDEX OCCURRENCE KEY DELETED CRC
 *	end LINES CRC
 *
 * VM is the vmIndex of a vm line anywhere in the file; OCCURRENCE counts equal
 * keys of a VM from 1; DELETED is wall-clock seconds, 0 for what exists.  In
 * KEY every octet that is no printing ASCII character, and %, is %XX.  A line's
 * CRC is the CRC-32 of what stands before it on the line: it tells the lines of
 * a damaged file that are right from those that merely look right.  The last
 * line has the number of lines before it and their CRC-32: it tells that none
 * is missing.  A later version that changes what a line means has to give that
 * line another name, because this one salvages the lines that it knows.
 */
#ifndef VMMIBD_VM_INDEX_FILE_H
#define VMMIBD_VM_INDEX_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot.h"
#include "vm_index.h"

/* No number is larger, so that none read from a file costs much memory. */
#define VM_INDEX_LIMIT (UINT32_C(1) << 18)

/* A larger file is neither written nor read. */
#define VM_INDEX_FILE_MAX (64 << 20)

/* At most this many damaged files are kept. */
#define VM_INDEX_CORRUPT_MAX 10

struct vm_index_vm_line {
	size_t line;
	uint32_t index;
	int64_t deleted_s;
	struct snap_uuid uuid;
};

struct vm_index_device_line {
	size_t line;
	uint32_t vm;
	enum vm_index_kind kind;
	uint32_t index;
	uint32_t occurrence;
	int64_t deleted_s;
	char *key; /* borrowed from the file's text */
};

/* What could be read of a file, in its order. */
struct vm_index_file {
	char *text;
	size_t len;
	struct vm_index_vm_line *vms;
	size_t n_vms;
	struct vm_index_device_line *devices;
	size_t n_devices;
	size_t bad_line; /* the first that is not as it was written; 0: none */
};

/*
 * Reads the file.  Returns 0, also for one that is damaged, or an errno value.
 * Either way the caller calls vm_index_file_free().
 */
int vm_index_file_read(struct vm_index_file *file, const char *path);
void vm_index_file_free(struct vm_index_file *file);
/*
 * Sorts the device lines by VM, kind, key and occurrence, and drops those that
 * say of a device or of a number what a line before them says otherwise.
 */
void vm_index_file_sort_devices(struct vm_index_file *file);
/* Notes that a line cannot be used. */
void vm_index_file_blame(struct vm_index_file *file, size_t line);

/* Renames the file to path.corrupt-N; returns that name, or NULL and errno. */
char *vm_index_file_set_aside(const char *path);

/* The text of a new file, line by line; an error shows in the result only. */
struct vm_index_writer;
struct vm_index_writer *vm_index_writer_new(void);
void vm_index_writer_vm(struct vm_index_writer *out, uint32_t index,
    const struct snap_uuid *uuid, int64_t deleted_s);
void vm_index_writer_device(struct vm_index_writer *out, uint32_t vm,
    enum vm_index_kind kind, uint32_t index, uint32_t occurrence,
    const char *key, int64_t deleted_s);
/* Replaces the file at path by what was written: 0, or -1 with errno set. */
int vm_index_writer_commit(struct vm_index_writer *out, const char *path);
void vm_index_writer_free(struct vm_index_writer *out);

#endif
