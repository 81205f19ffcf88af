/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tests of a file share: a directory of its own, and what was logged.
 * FILE_TEST and FILE_NAME, names of the two, are defined before.
 */
#ifndef FILE_TEST_H
#define FILE_TEST_H

#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "log.h"

static char dir[64];
static char path[80];
static size_t n_logged;
static char last_logged[1024];

static inline void
keep_log(int priority, const char *line)
{
	(void)priority;
	n_logged++;
	snprintf(last_logged, sizeof(last_logged), "%s", line);
}

static inline void
dir_empty(void)
{
	DIR *list = opendir(dir);
	struct dirent *entry;

	while (list != NULL && (entry = readdir(list)) != NULL) {
		if (unlinkat(dirfd(list), entry->d_name, 0) < 0)
			unlinkat(dirfd(list), entry->d_name, AT_REMOVEDIR);
	}
	if (list != NULL)
		closedir(list);
}

static inline int
make_dir(void **state)
{
	(void)state;
	/* In memory where there is such a place: these tests sync a lot. */
	snprintf(dir, sizeof(dir), "%s/" FILE_TEST ".XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/" FILE_NAME, dir);
	n_logged = 0;
	last_logged[0] = '\0';
	log_set_sink(keep_log, NULL);
	return 0;
}

static inline int
remove_dir(void **state)
{
	(void)state;
	log_set_sink(NULL, NULL);
	dir_empty();
	return rmdir(dir);
}

#endif
