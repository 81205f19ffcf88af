/* SPDX-License-Identifier: BSD-2-Clause */
/* Network interfaces of this machine, by name. */
#include "host_if.h"

#include <dirent.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int32_t
host_if_index(const char *name)
{
	unsigned index;

	/* The kernel cuts a longer name, or at a colon, and finds another. */
	if (name == NULL || strlen(name) >= IF_NAMESIZE ||
	    strchr(name, ':') != NULL) {
		return 0;
	}
	index = if_nametoindex(name);
	return index <= INT32_MAX ? (int32_t)index : 0;
}

/* The name that the link /sys/class/net/NAME/master points to. */
static int32_t
master_of(const char *name)
{
	char path[64 + IF_NAMESIZE], target[PATH_MAX];
	const char *base;
	ssize_t len;

	snprintf(path, sizeof(path), "/sys/class/net/%s/master", name);
	len = readlink(path, target, sizeof(target) - 1);
	if (len <= 0) {
		return 0;
	}
	target[len] = '\0';
	base = strrchr(target, '/');
	return host_if_index(base != NULL ? base + 1 : target);
}

/*
 * What a macvtap or the like lies upon, by the link lower_NAME in its
 * directory.  (iflink would not do: that of a veth is a number in another
 * network namespace.)
 */
static int32_t
lower_of(const char *name)
{
	char path[64 + IF_NAMESIZE];
	const size_t prefix = strlen("lower_");
	struct dirent *entry;
	int32_t index = 0;
	DIR *dir;

	/* The lower devices of a bridge are its ports: it has no parent. */
	snprintf(path, sizeof(path), "/sys/class/net/%s/bridge", name);
	if (access(path, F_OK) == 0) {
		return 0;
	}
	*strrchr(path, '/') = '\0';
	dir = opendir(path);
	while (dir != NULL && index == 0 && (entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, "lower_", prefix) == 0) {
			index = host_if_index(entry->d_name + prefix);
		}
	}
	if (dir != NULL) {
		closedir(dir);
	}
	return index;
}

int32_t
host_if_parent(const char *name)
{
	int32_t parent, self = host_if_index(name);

	/* The name exists, so it holds no '/' that would lead elsewhere. */
	if (self == 0) {
		return 0;
	}
	parent = master_of(name);
	if (parent == 0) {
		parent = lower_of(name);
	}
	return parent != self ? parent : 0;
}
