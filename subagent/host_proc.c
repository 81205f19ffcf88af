/* SPDX-License-Identifier: BSD-2-Clause */
/* Start times of the QEMU processes of this machine. */
#include "host_proc.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* libvirt's QEMU command lines have some 10 KiB; each disk adds to that. */
#define CMDLINE_MAX 131072

struct proc {
	struct snap_uuid uuid;
	int64_t started_ms;
};

struct host_procs {
	struct proc *procs;
	size_t n;
	char *cmdline;
};

static bool
parse_uuid(const char *text, struct snap_uuid *uuid)
{
	for (size_t i = 0; i < sizeof(uuid->octets); i++) {
		unsigned octet;

		text += *text == '-';
		if (!isxdigit((unsigned char)text[0]) ||
		    !isxdigit((unsigned char)text[1]) ||
		    sscanf(text, "%2x", &octet) != 1) {
			return false;
		}
		uuid->octets[i] = (uint8_t)octet;
		text += 2;
	}
	return *text == '\0';
}

static size_t
read_file(const char *pid, const char *name, char *buffer, size_t size)
{
	char path[300];
	FILE *file;
	size_t len;

	buffer[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%s/%s", pid, name);
	file = fopen(path, "re");
	if (file == NULL) {
		return 0;
	}
	len = fread(buffer, 1, size - 1, file);
	fclose(file);
	buffer[len] = '\0';
	return len;
}

/* libvirt starts QEMU with the option -uuid, whatever the binary's name. */
static bool
find_uuid(const char *cmdline, size_t len, struct snap_uuid *uuid)
{
	const char *end = cmdline + len;

	for (const char *arg = cmdline; arg < end; arg += strlen(arg) + 1) {
		const char *next = arg + strlen(arg) + 1;

		if (strcmp(arg, "-uuid") == 0 && next < end) {
			return parse_uuid(next, uuid);
		}
	}
	return false;
}

/* Field 22 of proc(5)'s stat, in clock ticks since boot. */
static int64_t
start_time_ms(const char *pid)
{
	char stat[1024];
	const char *field;
	unsigned long long ticks;
	long per_second = sysconf(_SC_CLK_TCK);

	read_file(pid, "stat", stat, sizeof(stat));
	field = strrchr(stat, ')'); /* the name before may hold anything */
	for (int i = 2; field != NULL && i < 22; i++) {
		field = strchr(field + 1, ' ');
	}
	if (field == NULL || sscanf(field, "%llu", &ticks) != 1 ||
	    per_second <= 0) {
		return SNAP_NO_TIME;
	}
	return (int64_t)(ticks * 1000 / (unsigned long long)per_second);
}

static void
add_process(struct host_procs *procs, const char *pid)
{
	struct proc found, *bigger;
	size_t len = read_file(pid, "cmdline", procs->cmdline, CMDLINE_MAX);

	if (len == 0 || !find_uuid(procs->cmdline, len, &found.uuid)) {
		return;
	}
	found.started_ms = start_time_ms(pid);
	bigger = reallocarray(procs->procs, procs->n + 1, sizeof(*bigger));
	if (bigger != NULL) {
		procs->procs = bigger;
		procs->procs[procs->n++] = found;
	}
}

struct host_procs *
host_procs_scan(void)
{
	struct host_procs *procs = calloc(1, sizeof(*procs));
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	if (procs != NULL) {
		procs->cmdline = malloc(CMDLINE_MAX);
	}
	if (dir != NULL && procs != NULL && procs->cmdline != NULL) {
		while ((entry = readdir(dir)) != NULL) {
			if (isdigit((unsigned char)entry->d_name[0])) {
				add_process(procs, entry->d_name);
			}
		}
	}
	if (dir != NULL) {
		closedir(dir);
	}
	return procs;
}

void
host_procs_free(struct host_procs *procs)
{
	if (procs != NULL) {
		free(procs->procs);
		free(procs->cmdline);
		free(procs);
	}
}

int64_t
host_procs_started_ms(const struct host_procs *procs,
    const struct snap_uuid *uuid)
{
	int64_t started_ms = SNAP_NO_TIME;
	bool found = false;

	for (size_t i = 0; procs != NULL && i < procs->n; i++) {
		if (memcmp(&procs->procs[i].uuid, uuid, sizeof(*uuid)) != 0) {
			continue;
		}
		/* Anybody can start a process that looks like one. */
		if (found) {
			return SNAP_NO_TIME;
		}
		started_ms = procs->procs[i].started_ms;
		found = true;
	}
	return started_ms;
}
