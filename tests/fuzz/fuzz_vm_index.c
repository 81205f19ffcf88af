/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzzes the file that vm_index trusts nothing in. */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "log.h"
#include "snapshot.h"
#include "vm_index.h"

#define NOW ((time_t)1700000000)
#define UUIDS_MAX 64
#define N_KEYS 5

/* Not assert(): a build with NDEBUG has to find as much. */
#define must(condition) \
	do { \
		if (!(condition)) \
			must_failed(#condition, __LINE__); \
	} while (0)

struct answers {
	uint32_t vms[UUIDS_MAX];
	uint32_t devices[UUIDS_MAX][2][N_KEYS];
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
	snprintf(dir, sizeof(dir), "%s/fuzz_vm_index.XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	must(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/index", dir);
	atexit(dir_remove);
	log_set_sink(count_log, NULL);
}

static void
write_input(const char *text, size_t len)
{
	FILE *file = fopen(path, "w");

	must(file != NULL);
	must(fwrite(text, 1, len, file) == len);
	must(fclose(file) == 0);
}

/*
 * The same lines with their checksums put right, without which next to no
 * input would get past them.  Returns what the caller frees.
 */
static char *
put_checksums_right(const char *text, size_t len, size_t *new_len)
{
	char *out = malloc(12 * len + 256);
	size_t lines = 1;
	const char *end = text + len;
	size_t n;

	must(out != NULL);
	n = (size_t)sprintf(out, "vmmibd vm-index 1\n");

	while (text < end) {
		const char *feed = memchr(text, '\n', (size_t)(end - text));
		size_t line_len = (size_t)((feed ? feed : end) - text);
		const char *next = feed != NULL ? feed + 1 : end;

		if (line_len > 9 && text[line_len - 9] == ' ')
			line_len -= 9;
		if (strncmp(text, "vmmibd ", 7) != 0 &&
		    strncmp(text, "end ", 4) != 0) {
			memcpy(out + n, text, line_len);
			n += line_len;
			n += (size_t)sprintf(out + n, " %08lx\n",
			    crc32_z(0, (const uint8_t *)text, line_len));
			lines++;
		}
		text = next;
	}
	n += (size_t)sprintf(out + n, "end %zu %08lx\n", lines,
	    crc32_z(0, (const uint8_t *)out, n));
	*new_len = n;
	return out;
}

/* The UUIDs that the input mentions, and some that it does not. */
static size_t
find_uuids(const char *text, struct snap_uuid *uuids)
{
	size_t n = 0;

	for (; n < 4; n++)
		memset(&uuids[n], 0xf0 + (int)n, sizeof(uuids[n]));
	while (n < UUIDS_MAX && (text = strstr(text, "vm ")) != NULL) {
		uint8_t *o = uuids[n].octets;

		text += 3;
		if (sscanf(text, "%*u %2hhx%2hhx%2hhx%2hhx-%2hhx%2hhx-%2hhx%2hhx-"
		                 "%2hhx%2hhx-%2hhx%2hhx%2hhx%2hhx%2hhx%2hhx",
		        &o[0], &o[1], &o[2], &o[3], &o[4], &o[5], &o[6], &o[7],
		        &o[8], &o[9], &o[10], &o[11], &o[12], &o[13], &o[14],
		        &o[15]) != 16)
			continue;

		size_t same = 0;

		while (memcmp(&uuids[same], &uuids[n], sizeof(uuids[n])) != 0)
			same++;
		n += same == n;
	}
	return n;
}

static void
check_unique(const uint32_t *numbers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < i; j++)
			must(numbers[i] == 0 || numbers[i] != numbers[j]);
	}
}

static void
ask_devices(struct vm_index *ix, const struct snap_uuid *uuid,
    uint32_t numbers[2][N_KEYS])
{
	static const char *const keys[N_KEYS] = { "vda", "a", "vda", "", "%" };

	for (int kind = 0; kind < 2; kind++) {
		must(vm_index_devices(ix, uuid, (enum vm_index_kind)kind, keys,
		         N_KEYS, numbers[kind], NOW) == 0);
		for (int i = 0; i < N_KEYS; i++)
			must(numbers[kind][i] != 0);
		check_unique(numbers[kind], N_KEYS);
	}
}

/* Makes every other VM exist, and deletes some again. */
static void
change(struct vm_index *ix, const struct snap_uuid *uuids, size_t n)
{
	for (size_t i = 0; i < n; i += 2)
		must(vm_index_vm(ix, &uuids[i]) != 0);
	for (size_t i = 0; i < n; i += 5)
		vm_index_delete(ix, &uuids[i], NOW);
}

static void
ask(const struct vm_index *ix, const struct snap_uuid *uuids, size_t n,
    uint32_t *numbers)
{
	for (size_t i = 0; i < n; i++)
		numbers[i] = vm_index_find(ix, &uuids[i]);
	check_unique(numbers, n);
}

static void
ask_all(struct vm_index *ix, const struct snap_uuid *uuids, size_t n,
    struct answers *answers)
{
	ask(ix, uuids, n, answers->vms);
	for (size_t i = 0; i < n; i++) {
		if (answers->vms[i] != 0)
			ask_devices(ix, &uuids[i], answers->devices[i]);
	}
}

static struct vm_index *
save_and_reopen(struct vm_index *ix)
{
	must(vm_index_save(ix) == 0);
	vm_index_close(ix);
	n_logged = 0;
	ix = vm_index_open(path);
	must(ix != NULL);
	must(n_logged == 0);
	return ix;
}

static void
try_file(const char *text, size_t len)
{
	struct snap_uuid uuids[UUIDS_MAX];
	struct answers before = { 0 };
	struct answers after = { 0 };
	uint32_t numbers[UUIDS_MAX];

	write_input(text, len);

	struct vm_index *ix = vm_index_open(path);
	size_t n = find_uuids(text, uuids);

	must(ix != NULL);
	ask(ix, uuids, n, before.vms);
	ix = save_and_reopen(ix);
	ask(ix, uuids, n, numbers);
	must(memcmp(before.vms, numbers, n * sizeof(numbers[0])) == 0);
	change(ix, uuids, n);
	ask_all(ix, uuids, n, &before);
	ix = save_and_reopen(ix);
	ask_all(ix, uuids, n, &after);
	must(memcmp(&before, &after, sizeof(before)) == 0);
	vm_index_close(ix);
	dir_empty();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	size_t right_len;

	must(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	dir_make();
	try_file(text, size);

	char *right = put_checksums_right(text, size, &right_len);

	try_file(right, right_len);
	free(right);
	free(text);
	return 0;
}
