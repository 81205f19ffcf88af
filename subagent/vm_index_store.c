/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeps a vm_index in its file.
 *
 * The file is replaced by vm_index_save() alone, which never destroys what it
 * could not read: a damaged file is set aside first, and one that cannot be
 * opened (permissions, a directory, an I/O error) stays where it is, with
 * saves refused, until it is gone or a new vm_index_open() can read it.  The
 * numbers in it may be better than those given in the meantime, and an
 * operator who repairs the cause and restarts vmmibd gets them back.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "log.h"
#include "vm_index.h"
#include "vm_index_file.h"
#include "vm_index_store.h"
#include "vm_index_table.h"

/* Takes in the VMs of the file.  -1: no memory. */
static int
load_vms(struct vm_index *ix, struct vm_index_file *file, size_t *loaded)
{
	for (size_t i = 0; i < file->n_vms; i++) {
		const struct vm_index_vm_line *line = &file->vms[i];

		if (vm_table_at(ix, line->index) != NULL ||
		    vm_table_lookup(ix, &line->uuid) != NULL) {
			vm_index_file_blame(file, line->line);
			continue;
		}

		struct vm *vm = vm_table_add(ix, &line->uuid, line->index);

		if (vm == NULL) {
			return -1;
		}
		if (line->deleted_s != 0) {
			vm_table_reserve(ix, vm, line->deleted_s);
		}
		(*loaded)++;
	}
	return 0;
}

/* The end of the lines from first on that are about one list. */
static size_t
device_run_end(const struct vm_index_file *file, size_t first)
{
	const struct vm_index_device_line *lines = file->devices;
	size_t end = first + 1;

	while (end < file->n_devices && lines[end].vm == lines[first].vm &&
	    lines[end].kind == lines[first].kind) {
		end++;
	}
	return end;
}

/* Takes in the devices of the file, after its VMs.  -1: no memory. */
static int
load_devices(struct vm_index *ix, struct vm_index_file *file, size_t *loaded)
{
	size_t end;

	vm_index_file_sort_devices(file);
	for (size_t i = 0; i < file->n_devices; i = end) {
		const struct vm_index_device_line *lines = &file->devices[i];
		struct vm *vm = vm_table_at(ix, lines->vm);

		end = device_run_end(file, i);
		if (vm == NULL) {
			for (size_t j = 0; j < end - i; j++) {
				vm_index_file_blame(file, lines[j].line);
			}
			continue;
		}
		if (vm_devices_load(&vm->devices[lines->kind], lines, end - i) < 0) {
			return -1;
		}
		*loaded += end - i;
	}
	return 0;
}

/* Sets a damaged file aside, and what was salvaged in its place at once. */
static void
damage_handle(struct vm_index *ix, size_t bad_line, size_t loaded)
{
	char *aside;

	if (ix->read_only) {
		log_warn("%s: damaged at line %zu, %zu entries recovered",
		    ix->path, bad_line, loaded);
		return;
	}
	aside = vm_index_file_set_aside(ix->path);
	ix->changed = true;
	if (aside == NULL) {
		ix->path_state = PATH_DAMAGED;
		log_error("%s: damaged at line %zu, %zu entries recovered; "
		          "cannot be set aside: %s",
		    ix->path, bad_line, loaded, strerror(errno));
		return;
	}
	log_error("%s: damaged at line %zu, %zu entries recovered; kept as %s",
	    ix->path, bad_line, loaded, aside);
	free(aside);
	if (vm_index_save(ix) < 0) {
		log_warn("%s: %s", ix->path, strerror(errno));
	}
}

int
vm_index_load(struct vm_index *ix)
{
	struct vm_index_file file;
	size_t loaded = 0;
	int rc = 0;
	int err = vm_index_file_read(&file, ix->path);

	if (err == 0) {
		rc = load_vms(ix, &file, &loaded);
		if (rc == 0) {
			rc = load_devices(ix, &file, &loaded);
		}
		if (rc == 0 && file.bad_line != 0) {
			damage_handle(ix, file.bad_line, loaded);
		}
	} else if (err == ENOMEM) {
		rc = -1;
	} else if (err != ENOENT) {
		ix->path_state = PATH_UNREAD;
		ix->path_errno = err;
		log_error("%s: %s; starting with new numbers, which are not "
		          "saved while that file is there",
		    ix->path, strerror(err));
	}
	vm_index_file_free(&file);
	return rc;
}

/* Makes sure that a save destroys nothing that was not read. */
static int
path_claim(struct vm_index *ix)
{
	struct stat st;

	if (ix->path_state == PATH_OURS) {
		return 0;
	}
	if (lstat(ix->path, &st) < 0 && errno == ENOENT) {
		ix->path_state = PATH_OURS;
		return 0;
	}
	if (ix->path_state == PATH_UNREAD) {
		errno = ix->path_errno;
		return -1;
	}

	char *aside = vm_index_file_set_aside(ix->path);

	if (aside == NULL) {
		return -1;
	}
	free(aside);
	ix->path_state = PATH_OURS;
	return 0;
}

static void
save_vm(struct vm_index_writer *out, const struct vm *vm)
{
	vm_index_writer_vm(out, vm->index, &vm->uuid, vm->deleted_s);
	for (int kind = 0; kind < N_KINDS; kind++) {
		const struct vm_devices *devs = &vm->devices[kind];

		for (size_t i = 0; i < devs->n; i++) {
			vm_index_writer_device(out, vm->index,
			    (enum vm_index_kind)kind, devs->items[i].index,
			    devs->items[i].occurrence, devs->items[i].key,
			    devs->items[i].deleted_s);
		}
	}
}

/* The deleted ones come last and in order, so that equal times stay in order. */
static void
save_vms(struct vm_index_writer *out, const struct vm_index *ix)
{
	for (uint32_t i = 1; i < ix->size; i++) {
		const struct vm *vm = ix->by_number[i];

		if (vm != NULL && vm->deleted_s == 0) {
			save_vm(out, vm);
		}
	}

	const struct link *at = ix->reserved.next;

	for (; at != &ix->reserved; at = at->next) {
		save_vm(out, (const struct vm *)at);
	}
}

void
vm_index_unsave(struct vm_index *ix)
{
	ix->changed = true;
}

int
vm_index_save(struct vm_index *ix)
{
	if (!ix->changed) {
		return 0;
	}
	if (path_claim(ix) < 0) {
		return -1;
	}

	struct vm_index_writer *out = vm_index_writer_new();

	if (out == NULL) {
		errno = ENOMEM;
		return -1;
	}
	save_vms(out, ix);

	int rc = vm_index_writer_commit(out, ix->path);
	int err = errno;

	vm_index_writer_free(out);
	if (rc == 0) {
		ix->changed = false;
	}
	errno = err;
	return rc;
}
