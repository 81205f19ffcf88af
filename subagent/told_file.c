/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads and writes the file of what managers were told. */
#include "told_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define HEADER_LEN 64
#define HEADER_TEXT "vmmibd told 1\n"

_Static_assert(sizeof(struct told_row) == 284, "a row has no gaps");

static off_t
states_at(uint32_t area, uint32_t position)
{
	return HEADER_LEN + (off_t)area * TOLD_LIMIT + (off_t)position;
}

static off_t
row_at(uint32_t index, bool second)
{
	off_t row = ((off_t)index - 1) * 2 + (second ? 1 : 0);

	return states_at(2, 0) + row * (off_t)sizeof(struct told_row);
}

static void
header_make(char header[HEADER_LEN], uint32_t area)
{
	memset(header, 0, HEADER_LEN);
	memcpy(header, HEADER_TEXT, strlen(HEADER_TEXT));
	header[HEADER_LEN - 1] = area == 0 ? 'A' : 'B';
}

/* As much as there is; -1 and errno. */
static ssize_t
read_at(int fd, void *data, size_t len, off_t at)
{
	char *to = data;
	size_t used = 0;

	while (used < len) {
		ssize_t n = pread(fd, to + used, len - used, at + (off_t)used);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return -1;
		}
		if (n == 0) {
			break;
		}
		used += (size_t)n;
	}
	return (ssize_t)used;
}

static int
write_at(int fd, const void *data, size_t len, off_t at)
{
	const char *from = data;

	while (len > 0) {
		ssize_t n = pwrite(fd, from, len, at);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return errno;
		}
		from += n;
		len -= (size_t)n;
		at += n;
	}
	return 0;
}

void
told_file_init(struct told_file *file, char *path)
{
	memset(file, 0, sizeof(*file));
	file->path = path;
	file->fd = -1;
}

void
told_file_free(struct told_file *file)
{
	told_file_close(file);
	free(file->path);
}

void
told_file_close(struct told_file *file)
{
	if (file->fd >= 0) {
		close(file->fd);
	}
	file->fd = -1;
}

static int
open_existing(struct told_file *file)
{
	/* Not blocking: what stands there may turn out to be a FIFO. */
	int flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
	struct stat st;

	file->fd = open(file->path, O_RDWR | flags);
	file->read_only = file->fd < 0 &&
	    (errno == EACCES || errno == EPERM || errno == EROFS);
	if (file->read_only) {
		file->fd = open(file->path, O_RDONLY | flags);
	}
	if (file->fd < 0 || fstat(file->fd, &st) < 0) {
		return errno;
	}
	return S_ISREG(st.st_mode) ? 0 : EINVAL;
}

static int
read_header(struct told_file *file)
{
	char header[HEADER_LEN], right[HEADER_LEN];
	ssize_t n = read_at(file->fd, header, sizeof(header), 0);

	if (n < 0) {
		return errno;
	}
	if (n < HEADER_LEN) {
		return EBADMSG;
	}
	for (file->area = 0; file->area < 2; file->area++) {
		header_make(right, file->area);
		if (memcmp(header, right, sizeof(header)) == 0) {
			return 0;
		}
	}
	return EBADMSG;
}

int
told_file_open(struct told_file *file, uint8_t states[TOLD_LIMIT], bool *whole)
{
	int err = open_existing(file);
	ssize_t n;

	if (err == 0) {
		err = read_header(file);
	}
	if (err != 0) {
		return err;
	}
	n = read_at(file->fd, states, TOLD_LIMIT, states_at(file->area, 0));
	if (n < 0) {
		return errno;
	}
	*whole = n == TOLD_LIMIT;
	/* Nothing is known of the other area, which a crash may have left. */
	file->behind_from = 0;
	file->behind_to = TOLD_LIMIT;
	return 0;
}

static uint32_t
row_crc(const struct told_row *row)
{
	return (uint32_t)crc32_z(0, (const unsigned char *)row,
	    offsetof(struct told_row, crc));
}

int
told_file_get_row(const struct told_file *file, uint32_t index, bool second,
    struct told_row *row)
{
	ssize_t n = read_at(file->fd, row, sizeof(*row), row_at(index, second));

	if (n < 0) {
		return errno;
	}
	if (n < (ssize_t)sizeof(*row) || row->crc != row_crc(row) ||
	    row->index != index) {
		return EBADMSG;
	}
	row->name[sizeof(row->name) - 1] = '\0';
	return 0;
}

static char *
path_with(const struct told_file *file, const char *suffix)
{
	char *path;

	return asprintf(&path, "%s%s", file->path, suffix) < 0 ? NULL : path;
}

int
told_file_set_aside(const struct told_file *file)
{
	char *aside = path_with(file, ".corrupt");
	int err = 0;

	if (aside == NULL) {
		return ENOMEM;
	}
	if (rename(file->path, aside) < 0) {
		err = errno;
	}
	free(aside);
	return err;
}

bool
told_file_is_there(const struct told_file *file)
{
	struct stat is_open, there;

	return fstat(file->fd, &is_open) == 0 && stat(file->path, &there) == 0 &&
	    is_open.st_dev == there.st_dev && is_open.st_ino == there.st_ino;
}

/* The directory of a file, and the one it is in, as lv_store.c makes them. */
static void
make_directory_of(const char *path, int levels)
{
	const char *slash = strrchr(path, '/');
	char *directory = slash != NULL && slash != path ?
	    strndup(path, (size_t)(slash - path)) : NULL;

	if (directory != NULL && mkdir(directory, 0755) != 0 &&
	    errno == ENOENT && levels > 1) {
		make_directory_of(directory, levels - 1);
		mkdir(directory, 0755);
	}
	free(directory);
}

static int
create_anew(const char *path)
{
	int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
	int fd = open(path, flags, 0644);

	if (fd < 0 && errno == ENOENT) {
		make_directory_of(path, 2);
		fd = open(path, flags, 0644);
	}
	return fd;
}

static int
new_file_open(struct told_file *file, const char *path)
{
	char header[HEADER_LEN];

	/* One left by a crash is no use; O_EXCL then refuses planted links. */
	unlink(path);
	file->fd = create_anew(path);
	if (file->fd < 0) {
		return errno;
	}
	file->read_only = false;
	file->area = 0;
	file->behind_from = file->behind_to = 0;
	header_make(header, file->area);
	/* To its least size, by which it shows if some of it is missing. */
	if (ftruncate(file->fd, states_at(2, 0)) < 0) {
		return errno;
	}
	return write_at(file->fd, header, sizeof(header), 0);
}

int
told_file_create(struct told_file *file)
{
	char *path = path_with(file, ".new");
	int err;

	if (path == NULL) {
		return ENOMEM;
	}
	told_file_close(file);
	err = new_file_open(file, path);
	free(path);
	return err;
}

int
told_file_commit(struct told_file *file)
{
	char *path = path_with(file, ".new");
	int err = 0;

	if (path == NULL) {
		return ENOMEM;
	}
	if (rename(path, file->path) < 0) {
		err = errno;
	}
	free(path);
	return err;
}

void
told_file_discard(struct told_file *file)
{
	char *path = path_with(file, ".new");

	told_file_close(file);
	if (path != NULL) {
		unlink(path);
	}
	free(path);
}

int
told_file_put_row(const struct told_file *file, bool second,
    struct told_row *row)
{
	row->crc = row_crc(row);
	return write_at(file->fd, row, sizeof(*row),
	    row_at(row->index, second));
}

int
told_file_put_states(const struct told_file *file,
    const uint8_t states[TOLD_LIMIT], uint32_t from, uint32_t to)
{
	uint32_t first = from, last = to;

	if (file->behind_from < file->behind_to) {
		first = from < file->behind_from ? from : file->behind_from;
		last = to > file->behind_to ? to : file->behind_to;
	}
	return write_at(file->fd, states + first, last - first,
	    states_at(1 - file->area, first));
}

int
told_file_count_states(struct told_file *file, uint32_t from, uint32_t to)
{
	uint32_t area = 1 - file->area;
	char header[HEADER_LEN];
	int err;

	header_make(header, area);
	err = write_at(file->fd, header + HEADER_LEN - 1, 1, HEADER_LEN - 1);
	if (err != 0) {
		return err;
	}
	file->area = area;
	file->behind_from = from;
	file->behind_to = to;
	return 0;
}
