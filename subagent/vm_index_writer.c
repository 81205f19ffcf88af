/* SPDX-License-Identifier: BSD-2-Clause */
/* Replaces the file of a vm_index, all of it or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vm_index_file.h"
#include "vm_index_format.h"

struct vm_index_writer {
	FILE *out; /* into text */
	char *text;
	size_t len;
	size_t line_start;
	size_t lines;
	bool failed; /* out of memory */
};

__attribute__((format(printf, 2, 3))) static void
put(struct vm_index_writer *out, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (vfprintf(out->out, format, args) < 0) {
		out->failed = true;
	}
	va_end(args);
}

/* Brings text and len up to date. */
static void
settle(struct vm_index_writer *out)
{
	if (fflush(out->out) != 0) {
		out->failed = true;
	}
}

static void
put_line_end(struct vm_index_writer *out)
{
	settle(out);
	if (out->failed) {
		return;
	}
	put(out, " %08" PRIx32 "\n",
	    text_crc(out->text + out->line_start, out->len - out->line_start));
	settle(out);
	out->line_start = out->len;
	out->lines++;
}

static void
put_header(struct vm_index_writer *out)
{
	put(out, "%s\n", HEADER);
	settle(out);
	out->line_start = out->len;
	out->lines++;
}

struct vm_index_writer *
vm_index_writer_new(void)
{
	struct vm_index_writer *out = calloc(1, sizeof(*out));

	if (out == NULL) {
		return NULL;
	}
	out->out = open_memstream(&out->text, &out->len);
	if (out->out == NULL) {
		free(out);
		return NULL;
	}
	put_header(out);
	return out;
}

void
vm_index_writer_vm(struct vm_index_writer *out, uint32_t index,
    const struct snap_uuid *uuid, int64_t deleted_s)
{
	put(out, "vm %" PRIu32 " ", index);
	for (size_t i = 0; i < sizeof(uuid->octets); i++) {
		bool dash = i == 4 || i == 6 || i == 8 || i == 10;

		put(out, dash ? "-%02x" : "%02x", uuid->octets[i]);
	}
	put(out, " %" PRId64, deleted_s);
	put_line_end(out);
}

static void
put_key(struct vm_index_writer *out, const char *key)
{
	for (; *key != '\0'; key++) {
		unsigned char octet = (unsigned char)*key;
		bool plain = octet > ' ' && octet < 0x7f && octet != '%';

		put(out, plain ? "%c" : "%%%02X", octet);
	}
}

void
vm_index_writer_device(struct vm_index_writer *out, uint32_t vm,
    enum vm_index_kind kind, uint32_t index, uint32_t occurrence,
    const char *key, int64_t deleted_s)
{
	put(out, "%s %" PRIu32 " %" PRIu32 " %" PRIu32 " ",
	    kind == VM_INDEX_DISK ? DISK_WORD : NIC_WORD, vm, index,
	    occurrence);
	put_key(out, key);
	put(out, " %" PRId64, deleted_s);
	put_line_end(out);
}

static int
fd_write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return -1;
		}
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Writes a new file that is safely on disk when this returns 0. */
static int
file_create(const char *path, const char *text, size_t len)
{
	/* One left by a crash is no use; O_EXCL then refuses planted links. */
	unlink(path);

	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0) {
		return -1;
	}
	if (fd_write_all(fd, text, len) < 0 || fsync(fd) < 0) {
		int err = errno;

		close(fd);
		errno = err;
		return -1;
	}
	return close(fd);
}

/* Makes a rename within the directory of path last. */
static int
directory_sync(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash == NULL ? strdup(".")
	                          : strndup(path, (size_t)(slash - path) + 1);

	if (dir == NULL) {
		return -1;
	}

	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = 0;

	/* EINVAL: a file system that cannot sync a directory. */
	if (fd < 0 || (fsync(fd) < 0 && errno != EINVAL)) {
		err = errno;
	}
	if (fd >= 0) {
		close(fd);
	}
	free(dir);
	errno = err;
	return err == 0 ? 0 : -1;
}

static int
file_replace(const char *path, const char *text, size_t len)
{
	char *tmp;

	if (asprintf(&tmp, "%s.new", path) < 0) {
		errno = ENOMEM;
		return -1;
	}

	int rc = file_create(tmp, text, len);

	if (rc == 0) {
		rc = rename(tmp, path);
	}
	if (rc == 0) {
		rc = directory_sync(path);
	}

	int err = errno;

	if (rc < 0) {
		unlink(tmp);
	}
	free(tmp);
	errno = err;
	return rc;
}

int
vm_index_writer_commit(struct vm_index_writer *out, const char *path)
{
	settle(out);
	if (!out->failed) {
		put(out, "end %zu %08" PRIx32 "\n", out->lines,
		    text_crc(out->text, out->len));
	}
	settle(out);
	if (out->failed) {
		errno = ENOMEM;
		return -1;
	}
	if (out->len > VM_INDEX_FILE_MAX) {
		errno = EFBIG;
		return -1;
	}
	return file_replace(path, out->text, out->len);
}

void
vm_index_writer_free(struct vm_index_writer *out)
{
	if (out == NULL) {
		return;
	}
	fclose(out->out);
	free(out->text);
	free(out);
}

char *
vm_index_file_set_aside(const char *path)
{
	char *aside = NULL;
	struct stat st;

	for (int n = 1; n <= VM_INDEX_CORRUPT_MAX; n++) {
		free(aside);
		if (asprintf(&aside, "%s.corrupt-%d", path, n) < 0) {
			errno = ENOMEM;
			return NULL;
		}
		if (lstat(aside, &st) < 0 && errno == ENOENT) {
			break;
		}
	}
	if (rename(path, aside) < 0) {
		int err = errno;

		free(aside);
		errno = err;
		return NULL;
	}
	return aside;
}
