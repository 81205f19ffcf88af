/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes the file that told trusts nothing in.
 *
 * An input is the file with the zeros left out: the header, 16 octets of each
 * of its areas of states, and the rest.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "log.h"
#include "rfc7666.h"
#include "text.h"
#include "told.h"

#define HEADER 64
#define AREA ((off_t)1 << 18)
#define PIECE 16 /* of an area */
#define ROW 284
#define VMS_MAX 64

/* Not assert(): a build with NDEBUG has to find as much. */
#define must(condition) \
	do { \
		if (!(condition)) \
			must_failed(#condition, __LINE__); \
	} while (0)

struct vm {
	struct told_vm vm;
	uint32_t index;
	char name[TEXT_ADMIN_MAX + 1];
};

static char dir[64];
static char path[80];
static size_t n_logged;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must_failed(const char *condition, int line)
{
	fprintf(stderr, "line %d: %s does not hold\n", line, condition);
	abort();
}

static void
count_log(int priority, const char *line)
{
	(void)priority;
	(void)line;
	n_logged++;
}

static void
dir_empty(void)
{
	DIR *list = opendir(dir);
	struct dirent *entry;

	must(list != NULL);
	while ((entry = readdir(list)) != NULL)
		unlinkat(dirfd(list), entry->d_name, 0);
	closedir(list);
}

static void
dir_remove(void)
{
	dir_empty();
	rmdir(dir);
}

static void
dir_make(void)
{
	if (dir[0] != '\0')
		return;
	snprintf(dir, sizeof(dir), "%s/fuzz_told.XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	must(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/told", dir);
	atexit(dir_remove);
	log_set_sink(count_log, NULL);
}

/* Writes the next octets of the input; the number that there were. */
static size_t
write_piece(int fd, const uint8_t *data, size_t size, size_t len, off_t at)
{
	if (len > size)
		len = size;
	must(pwrite(fd, data, len, at) == (ssize_t)len);
	return len;
}

static void
write_input(const uint8_t *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t used;

	must(fd >= 0);
	used = write_piece(fd, data, size, HEADER, 0);
	for (int area = 0; area < 2; area++)
		used += write_piece(fd, data + used, size - used, PIECE,
		    HEADER + area * AREA);
	write_piece(fd, data + used, size - used, size - used,
	    HEADER + 2 * AREA);
	close(fd);
}

/*
 * The same with its header and all checksums put right, without which next to
 * no input would get past them.
 */
static void
put_checksums_right(uint8_t *data, size_t size)
{
	char header[HEADER] = "vmmibd told 1\n";
	size_t row = HEADER + 2 * PIECE;

	header[HEADER - 1] = size > HEADER && data[HEADER - 1] % 2 == 0 ?
	    'A' : 'B';
	memcpy(data, header, size < HEADER ? size : HEADER);
	for (uint32_t n = 0; row + ROW <= size; n++, row += ROW) {
		uint32_t index = n / 2 + 1;
		uint32_t crc;

		memcpy(data + row + 16, &index, sizeof(index));
		crc = (uint32_t)crc32_z(0, data + row, ROW - 4);
		memcpy(data + row + ROW - 4, &crc, sizeof(crc));
	}
}

static void
check_text(const char *name)
{
	char clean[TEXT_ADMIN_MAX + 1];

	text_admin(clean, name);
	must(strcmp(clean, name) == 0);
}

static size_t
ask(const struct told *told, struct vm vms[VMS_MAX])
{
	size_t n = 0;

	for (uint32_t i = 0; i <= told_end(told); i++) {
		struct told_vm vm;

		if (!told_get(told, i, &vm))
			continue;
		must(i > 0 && i < told_end(told) && n < VMS_MAX);
		must(vm.state >= OPER_UNKNOWN && vm.state <= OPER_CRASHED);
		must(vm.persistent >= TRI_UNKNOWN && vm.persistent <= TRI_NO);
		check_text(vm.name);
		memset(&vms[n], 0, sizeof(vms[n]));
		vms[n].vm.uuid = vm.uuid;
		vms[n].vm.state = vm.state;
		vms[n].vm.persistent = vm.persistent;
		vms[n].index = i;
		snprintf(vms[n].name, sizeof(vms[n].name), "%s", vm.name);
		n++;
	}
	return n;
}

static struct told *
reopen(struct told *told)
{
	told_close(told);
	n_logged = 0;
	told = told_open(path);
	must(told != NULL && told_complete(told) && n_logged == 0);
	return told;
}

static void
try_file(const uint8_t *data, size_t size)
{
	static struct vm before[VMS_MAX], after[VMS_MAX];
	struct told_vm vm = { .state = OPER_PAUSED, .persistent = TRI_NO };
	struct told *told;
	size_t n;

	write_input(data, size);
	n_logged = 0;
	told = told_open(path);
	must(told != NULL);
	must(told_complete(told) == (n_logged == 0));
	n = ask(told, before);
	told_flush(told);
	told = reopen(told);
	must(ask(told, after) == n);
	must(memcmp(before, after, n * sizeof(before[0])) == 0);
	/* All change, and some are new. */
	for (size_t i = 0; i < n; i++) {
		must(told_get(told, after[i].index, &vm));
		vm.state = OPER_CRASHED;
		vm.name = i % 2 == 0 ? vm.name : "renamed";
		told_set(told, after[i].index, &vm);
	}
	vm.name = "new";
	told_set(told, 20, &vm);
	vm.state = 0;
	told_set(told, 1, &vm);
	told_flush(told);
	n = ask(told, before);
	told = reopen(told);
	must(ask(told, after) == n);
	must(memcmp(before, after, n * sizeof(before[0])) == 0);
	told_close(told);
	dir_empty();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *right = malloc(size + 1);

	must(right != NULL);
	memcpy(right, data, size);
	dir_make();
	try_file(right, size);
	put_checksums_right(right, size);
	try_file(right, size);
	free(right);
	return 0;
}
