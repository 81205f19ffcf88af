/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of vm_index share: a place for the file, and what was logged. */
#ifndef VM_INDEX_TEST_H
#define VM_INDEX_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_TEST "test_vm_index"
#define FILE_NAME "index"
#include "file_test.h"
#include "log.h"
#include "snapshot.h"
#include "vm_index.h"

#define DAY (24 * 3600)
#define NOW ((time_t)1700000000)

/* The nth UUID; they do not ascend. */
static inline struct snap_uuid
uuid_of(uint32_t n)
{
	struct snap_uuid uuid;
	uint32_t hash = n * 2654435761U;

	for (size_t i = 0; i < sizeof(uuid.octets); i++)
		uuid.octets[i] = (uint8_t)(hash >> (i % 4 * 8));
	memcpy(uuid.octets + 8, &n, sizeof(n));
	return uuid;
}

static inline uint32_t
vm(struct vm_index *ix, uint32_t n)
{
	struct snap_uuid uuid = uuid_of(n);

	return vm_index_vm(ix, &uuid);
}

static inline uint32_t
find(const struct vm_index *ix, uint32_t n)
{
	struct snap_uuid uuid = uuid_of(n);

	return vm_index_find(ix, &uuid);
}

static inline void
delete(struct vm_index *ix, uint32_t n, time_t now)
{
	struct snap_uuid uuid = uuid_of(n);

	vm_index_delete(ix, &uuid, now);
}

static inline int
devices(struct vm_index *ix, uint32_t n_vm, enum vm_index_kind kind,
    const char *const *keys, size_t n, uint32_t *indices, time_t now)
{
	struct snap_uuid uuid = uuid_of(n_vm);

	return vm_index_devices(ix, &uuid, kind, keys, n, indices, now);
}

static inline struct vm_index *
open_index(void)
{
	struct vm_index *ix = vm_index_open(path);

	assert_non_null(ix);
	return ix;
}

/* Saves, closes and opens again, which must give no trouble. */
static inline struct vm_index *
reopen(struct vm_index *ix)
{
	size_t logged_before = n_logged;

	assert_int_equal(vm_index_save(ix), 0);
	vm_index_close(ix);
	ix = open_index();
	assert_int_equal(n_logged, logged_before);
	return ix;
}

static inline bool
exists(const char *name)
{
	struct stat st;

	return lstat(name, &st) == 0;
}

static inline bool
exists_with(const char *suffix)
{
	char name[128];

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	return exists(name);
}

static inline char *
read_file(const char *name, size_t *len)
{
	FILE *file = fopen(name, "r");
	char *text = calloc(1, 1 << 20);

	assert_non_null(file);
	assert_non_null(text);
	*len = fread(text, 1, (1 << 20) - 1, file);
	fclose(file);
	return text;
}

static inline void
write_file(const char *name, const char *text, size_t len)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

#define N_VMS 3

static const char *const disks[] = { "vda", "hd a%", "", "vda" };
static const char *const nics[] = { "52:54:00:00:00:01", "52:54:00:00:00:02",
	"52:54:00:00:00:01", "52:54:00:00:00:03" };

/* Some VMs with devices; one VM deleted, and one NIC of each of the others. */
static inline struct vm_index *
make_index(void)
{
	struct vm_index *ix = open_index();
	uint32_t i[4];

	for (uint32_t n = 1; n <= N_VMS; n++) {
		assert_int_equal(vm(ix, n), n);
		devices(ix, n, VM_INDEX_DISK, disks, n + 1, i, NOW);
		devices(ix, n, VM_INDEX_NIC, nics, 4, i, NOW);
		devices(ix, n, VM_INDEX_NIC, nics, 3, i, NOW + 1);
	}
	delete(ix, 2, NOW + 2);
	return ix;
}

static inline char *
make_file(size_t *len)
{
	struct vm_index *ix = make_index();

	assert_int_equal(vm_index_save(ix), 0);
	vm_index_close(ix);
	return read_file(path, len);
}

#define dir_test(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)

#endif
