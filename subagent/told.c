/* SPDX-License-Identifier: BSD-2-Clause */
/* Remembers what managers were told last of each VM. */
#include "told.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clock.h"
#include "log.h"
#include "rfc7666.h"
#include "text.h"
#include "told_file.h"

#define RETRY_MS 5000

struct entry {
	struct snap_uuid uuid;
	int32_t persistent;
	uint8_t state;
	bool written; /* this identity is in the file */
	char name[];  /* clean */
};

/*
 * Arrays of the largest size, at the positions of told_file.h: memory that is
 * never touched costs nothing.
 */
struct told {
	struct told_file file;
	bool complete;
	int foreign; /* why what is at the path could not be read; 0: it was */
	bool prepared; /* all is written, but does not count yet */
	bool failing; /* the file is not up to date, for want of a disk */
	int64_t retry_ms;
	uint32_t end;  /* no entry is at this position or above */
	uint32_t from; /* what changed since the last flush */
	uint32_t to;
	bool starved; /* it was logged that memory ran out */
	struct entry *entries[TOLD_LIMIT];
	uint8_t states[TOLD_LIMIT]; /* as they are in the file */
};

static struct entry *
entry_new(const char *name)
{
	char clean[TEXT_ADMIN_MAX + 1];
	size_t len = text_admin(clean, name == NULL ? "" : name);
	struct entry *entry = calloc(1, sizeof(*entry) + len + 1);

	if (entry != NULL) {
		memcpy(entry->name, clean, len + 1);
	}
	return entry;
}

/* 0; EBADMSG: there is nothing at this position to be trusted. */
static int
load_entry(struct told *told, uint32_t position)
{
	uint8_t octet = told->states[position];
	uint8_t state = octet & (uint8_t)~TOLD_SLOT;
	struct entry *entry;
	struct told_row row;
	int err;

	if (state == 0 || state > OPER_CRASHED) {
		return EBADMSG;
	}
	err = told_file_get_row(&told->file, position + 1,
	    (octet & TOLD_SLOT) != 0, &row);
	if (err != 0) {
		return err;
	}
	entry = entry_new(row.name);
	if (entry == NULL) {
		return ENOMEM;
	}
	entry->uuid = row.uuid;
	entry->persistent = row.persistent;
	if (row.persistent < TRI_UNKNOWN || row.persistent > TRI_NO) {
		entry->persistent = TRI_UNKNOWN;
	}
	entry->state = state;
	entry->written = true;
	told->entries[position] = entry;
	told->end = position + 1;
	return 0;
}

static int
load(struct told *told)
{
	uint32_t lost = 0;
	bool whole;
	int err = told_file_open(&told->file, told->states, &whole);

	if (err != 0) {
		return err;
	}
	for (uint32_t i = 0; i < TOLD_LIMIT; i++) {
		err = told->states[i] == 0 ? 0 : load_entry(told, i);
		if (err == EBADMSG) {
			lost++;
		} else if (err != 0) {
			return err;
		}
	}
	told->complete = whole && lost == 0;
	if (!told->complete) {
		log_error("%s is damaged: %u VMs in it are lost, if not more",
		    told->file.path, (unsigned)lost);
	}
	return 0;
}

/* What cannot be read is left alone, lest there is something to lose. */
static void
leave_alone(struct told *told, int err)
{
	told->foreign = err;
	log_error("%s cannot be read: %s; what managers were told is not "
	          "known", told->file.path, strerror(err));
}

static void
set_aside(struct told *told)
{
	int err = told_file_set_aside(&told->file);

	if (err != 0) {
		leave_alone(told, err);
	} else {
		log_error("%s is damaged at its beginning, and was renamed to "
		          "%s.corrupt", told->file.path, told->file.path);
	}
}

static void
forget_all(struct told *told)
{
	for (uint32_t i = 0; i < told->end; i++) {
		free(told->entries[i]);
		told->entries[i] = NULL;
	}
	told->end = 0;
}

struct told *
told_open(const char *path)
{
	struct told *told = calloc(1, sizeof(*told));
	char *copy = strdup(path);
	int err;

	if (told == NULL || copy == NULL) {
		free(told);
		free(copy);
		return NULL;
	}
	told_file_init(&told->file, copy);
	err = load(told);
	if (err != 0) {
		forget_all(told);
	}
	if (err == EBADMSG) {
		set_aside(told);
	} else if (err == ENOMEM) {
		told_close(told);
		return NULL;
	} else if (err != 0 && err != ENOENT) {
		leave_alone(told, err);
	}
	/* Without an open file the first flush makes a new one. */
	if (!told->complete || told->file.read_only) {
		told_file_close(&told->file);
	}
	return told;
}

void
told_close(struct told *told)
{
	if (told == NULL) {
		return;
	}
	told->retry_ms = INT64_MIN;
	if (told->failing || told->from < told->to) {
		told_flush(told);
	}
	forget_all(told);
	told_file_free(&told->file);
	free(told);
}

bool
told_complete(const struct told *told)
{
	return told->complete;
}

uint32_t
told_end(const struct told *told)
{
	return told->end + 1;
}

bool
told_get(const struct told *told, uint32_t index, struct told_vm *vm)
{
	const struct entry *entry;

	if (index == 0 || index > TOLD_LIMIT ||
	    (entry = told->entries[index - 1]) == NULL) {
		return false;
	}
	vm->uuid = entry->uuid;
	vm->state = entry->state;
	vm->persistent = entry->persistent;
	vm->name = entry->name;
	return true;
}

static void
note_change(struct told *told, uint32_t position)
{
	told->prepared = false;
	if (told->from == told->to) {
		told->from = position;
		told->to = position + 1;
	}
	if (position < told->from) {
		told->from = position;
	}
	if (position >= told->to) {
		told->to = position + 1;
	}
	if (told->to > told->end) {
		told->end = told->to;
	}
}

static bool
is_same(const struct entry *a, const struct entry *b)
{
	return memcmp(&a->uuid, &b->uuid, sizeof(a->uuid)) == 0 &&
	    a->persistent == b->persistent && strcmp(a->name, b->name) == 0;
}

/* Takes entry over; NULL: the VM is forgotten. */
static void
replace(struct told *told, uint32_t position, struct entry *entry)
{
	struct entry *old = told->entries[position];

	if (old == NULL && entry == NULL) {
		return;
	}
	if (old != NULL && entry != NULL && is_same(old, entry)) {
		if (old->state == entry->state) {
			free(entry);
			return;
		}
		entry->written = old->written;
	}
	free(old);
	told->entries[position] = entry;
	note_change(told, position);
}

static void
complain_once(struct told *told)
{
	if (!told->starved) {
		log_error("%s: out of memory", told->file.path);
	}
	told->starved = true;
}

void
told_set(struct told *told, uint32_t index, const struct told_vm *vm)
{
	struct entry *entry = NULL;

	if (index == 0 || index > TOLD_LIMIT || vm->state < 0 ||
	    vm->state > OPER_CRASHED) {
		return;
	}
	if (vm->state != 0) {
		entry = entry_new(vm->name);
		if (entry == NULL) {
			complain_once(told);
			return;
		}
		entry->uuid = vm->uuid;
		entry->persistent = vm->persistent;
		entry->state = (uint8_t)vm->state;
	}
	replace(told, index - 1, entry);
}

/* Writes an identity to where the file has none that counts. */
static int
write_entry(struct told *told, uint32_t position, struct entry *entry)
{
	bool second = (told->states[position] & TOLD_SLOT) != 0;
	struct told_row row = { .uuid = entry->uuid, .index = position + 1,
		.persistent = entry->persistent };
	int err;

	if (!entry->written) {
		second = !second;
		strcpy(row.name, entry->name);
		err = told_file_put_row(&told->file, second, &row);
		if (err != 0) {
			return err;
		}
		entry->written = true;
	}
	told->states[position] =
	    (uint8_t)(entry->state | (second ? TOLD_SLOT : 0));
	return 0;
}

/* They do not count yet. */
static int
put_range(struct told *told, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		struct entry *entry = told->entries[i];
		int err = 0;

		if (entry == NULL) {
			told->states[i] = 0;
		} else {
			err = write_entry(told, i, entry);
		}
		if (err != 0) {
			return err;
		}
	}
	return told_file_put_states(&told->file, told->states, from, to);
}

/* After an error the file still is as it was, but nothing is known of it. */
static int
write_changes(struct told *told)
{
	int err = told->prepared ? 0 :
	    put_range(told, told->from, told->to);

	return err != 0 ? err :
	    told_file_count_states(&told->file, told->from, told->to);
}

static int
write_anew(struct told *told)
{
	struct stat st;
	int err;

	if (told->foreign != 0 && lstat(told->file.path, &st) == 0) {
		return told->foreign;
	}
	told->foreign = 0;
	memset(told->states, 0, sizeof(told->states));
	for (uint32_t i = 0; i < told->end; i++) {
		if (told->entries[i] != NULL) {
			told->entries[i]->written = false;
		}
	}
	err = told_file_create(&told->file);
	if (err == 0) {
		err = put_range(told, 0, told->end);
	}
	if (err == 0) {
		err = told_file_count_states(&told->file, 0, told->end);
	}
	if (err == 0) {
		err = told_file_commit(&told->file);
	}
	if (err != 0) {
		told_file_discard(&told->file);
	}
	return err;
}

static void
report(struct told *told, int err)
{
	if (err != 0 && !told->failing) {
		log_error("%s cannot be written: %s; what managers are told is "
		          "kept in memory", told->file.path, strerror(err));
	} else if (err == 0 && told->failing) {
		log_notice("%s is written again", told->file.path);
	}
	told->failing = err != 0;
}

void
told_prepare(struct told *told)
{
	/* What fails here fails again in told_flush(), which says so. */
	told->prepared = told->file.fd >= 0 && !told->failing &&
	    told->from < told->to &&
	    put_range(told, told->from, told->to) == 0;
}

void
told_flush(struct told *told)
{
	struct told_file *file = &told->file;
	int err;

	if (file->fd >= 0 && !told_file_is_there(file)) {
		told_file_close(file);
	}
	if (file->fd >= 0 && told->from == told->to) {
		return;
	}
	if (told->failing && clock_boot_ms() < told->retry_ms) {
		return;
	}
	err = file->fd < 0 ? write_anew(told) : write_changes(told);
	if (err != 0) {
		told_file_close(file);
		told->retry_ms = clock_boot_ms() + RETRY_MS;
	} else {
		told->from = told->to = 0;
	}
	told->prepared = false;
	report(told, err);
}
