/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection's directory below the state directory: its lock, its indices. */
#include "lv_store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "told.h"
#include "vm_index.h"

static int
path_of(const struct lv_store *store, const char *file, char path[PATH_MAX])
{
	const char *name = strcmp(store->name, "-") == 0 ? "_default" :
	    store->name;
	int len = snprintf(path, PATH_MAX, "%s/%s%s", store->directory, name,
	    file);

	if (len < 0 || len >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return 0;
}

static int
make_directory(const char *path)
{
	return mkdir(path, 0755) == 0 || errno == EEXIST ? 0 : -1;
}

/*
 * Makes the directory and locks it.  -1 and errno, which is EWOULDBLOCK when
 * another process holds it: the two would give the same numbers to different
 * VMs.
 */
static int
hold_directory(struct lv_store *store)
{
	char path[PATH_MAX], lock[PATH_MAX];
	int fd;

	if (path_of(store, "", path) != 0 ||
	    path_of(store, "/lock", lock) != 0 ||
	    make_directory(store->directory) != 0 ||
	    make_directory(path) != 0) {
		return -1;
	}
	fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0) {
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	store->lock_fd = fd;
	return 0;
}

struct vm_index *
lv_store_open(struct lv_store *store, const char *directory, const char *name,
    bool read_only)
{
	char path[PATH_MAX];

	*store = (struct lv_store){ .directory = directory, .name = name,
	    .read_only = read_only, .lock_fd = -1,
	    .lock = PTHREAD_MUTEX_INITIALIZER };
	if (path_of(store, "/indices", path) != 0) {
		log_error("state directory: %s", strerror(errno));
		return NULL;
	}
	if (read_only) {
		return vm_index_open_read_only(path);
	}
	if (hold_directory(store) != 0 && errno == EWOULDBLOCK) {
		log_error("%s: another vmmibd uses this state directory",
		    path);
		return NULL;
	}
	return vm_index_open(path);
}

struct told *
lv_store_told(const struct lv_store *store)
{
	char path[PATH_MAX];

	/* As long as that of the indices, which was no longer than allowed. */
	return path_of(store, "/told", path) == 0 ? told_open(path) : NULL;
}

void
lv_store_close(struct lv_store *store)
{
	if (store->lock_fd >= 0) {
		close(store->lock_fd);
		store->lock_fd = -1;
	}
}

bool
lv_store_give_up(struct lv_store *store)
{
	if (pthread_mutex_trylock(&store->lock) != 0) {
		return false;
	}
	store->given_up = true;
	lv_store_close(store);
	pthread_mutex_unlock(&store->lock);
	return true;
}

/* Whether what it holds is still what is there by that name. */
static bool
is_there(const struct lv_store *store)
{
	char path[PATH_MAX];
	struct stat held, there;

	if (path_of(store, "/lock", path) != 0 ||
	    fstat(store->lock_fd, &held) != 0) {
		return false;
	}
	if (stat(path, &there) != 0) {
		/* With other trouble nobody else can take it either. */
		return errno != ENOENT && errno != ENOTDIR;
	}
	return held.st_dev == there.st_dev && held.st_ino == there.st_ino;
}

static bool
has_indices(const struct lv_store *store)
{
	char path[PATH_MAX];

	return path_of(store, "/indices", path) == 0 &&
	    (access(path, F_OK) == 0 || errno != ENOENT);
}

/* Somebody may have removed or moved it; then all is to be written anew. */
static void
look_after(struct lv_store *store, struct vm_index *ix, const char *shown)
{
	if (store->lock_fd >= 0 && !is_there(store)) {
		log_warn("%s: the directory with its indices was removed, "
		    "and is made again", shown);
		lv_store_close(store);
	}
	if (!has_indices(store)) {
		vm_index_unsave(ix);
	}
}

static int
try_to_save(struct lv_store *store, struct vm_index *ix)
{
	/* The directory may be there now, or its file system writable. */
	if (store->lock_fd < 0 && hold_directory(store) != 0) {
		return -1;
	}
	if (vm_index_save(ix) == 0) {
		return 0;
	}
	if (errno == ENOENT) {
		/* It was removed, and what is locked is no longer there. */
		lv_store_close(store);
		errno = ENOENT;
	}
	return -1;
}

static void
save(struct lv_store *store, struct vm_index *ix, const char *shown)
{
	if (store->read_only || store->given_up) {
		return;
	}
	look_after(store, ix, shown);
	if (try_to_save(store, ix) == 0) {
		if (store->failed) {
			log_notice("%s: indices are saved again", shown);
		}
		store->failed = false;
	} else if (!store->failed) {
		log_error("%s: cannot save indices, will try again: %s", shown,
		    strerror(errno));
		store->failed = true;
	}
}

void
lv_store_save(struct lv_store *store, struct vm_index *ix, const char *shown)
{
	pthread_mutex_lock(&store->lock);
	save(store, ix, shown);
	pthread_mutex_unlock(&store->lock);
}
