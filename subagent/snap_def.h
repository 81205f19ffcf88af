/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A domain's definition: what changes seldom, out of its XML.
 *
 * A value that libvirt does not give is explicit: SNAP_NO_U64, a NULL string, a
 * length of 0.
 */
#ifndef VMMIBD_SNAP_DEF_H
#define VMMIBD_SNAP_DEF_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snap_device.h"

#define SNAP_NO_I32 INT32_MIN
#define SNAP_NO_U64 UINT64_MAX
#define SNAP_NO_TIME INT64_MIN
#define SNAP_TRUE 1 /* truth values as in SNMP */
#define SNAP_FALSE 2

struct snap_pool; /* memory that lives and dies with one definition */

/* What a metadata rule selected; a row of its table. */
struct snap_metadata {
	uint32_t index; /* the rule's number, from 1 */
	const char *name;
	const char *value;
};

/* OpenStack Nova's notes in the metadata; NULL: none. */
struct snap_nova {
	const char *name;
	const char *flavor;
	const char *project;
	const char *user;
};

/*
 * What changes seldom: the domain's XML and its pinning.  Shared by all
 * records of a domain until libvirt says that it changed.
 */
struct snap_def {
	atomic_uint refs;
	struct snap_pool *pool;

	const char *name;
	const char *os_type;  /* libosinfo id from the metadata, or <os><type> */
	const char *title;
	const char *description;
	const char *type;     /* "kvm", "qemu", ... */
	const char *arch;
	const char *machine;
	const char *firmware; /* "bios", "efi", or the loader's path */
	struct snap_nova nova;
	size_t n_metadata;
	struct snap_metadata *metadata; /* ascending by index */
	uint64_t mem_stats_period_s; /* 0: not asked; SNAP_NO_U64: no balloon */
	uint32_t vcpus_max;   /* 0: unknown */
	size_t n_vcpus;       /* vCPUs that are plugged in, and their numbers, */
	uint32_t *vcpu_ids;   /* ascending from 0 */
	uint64_t mem_max_kib; /* SNAP_NO_U64: unknown */
	uint64_t mem_current_kib;
	uint64_t mem_min_kib; /* <memtune><min_guarantee> */

	size_t n_disks;
	struct snap_disk_def *disks;
	size_t n_nics;
	struct snap_nic_def *nics;

	/* Affinity: n_cpumaps bitmaps of cpumap_len octets, bit n of octet m for
	 * physical CPU 8m+n; map v belongs to vCPU number v. */
	size_t n_cpumaps;
	size_t cpumap_len;
	uint8_t *cpumaps;
};

/* One reference, the caller's; NULL when out of memory, as all below. */
struct snap_def *snap_def_new(void);
/* A zeroed array that lives as long as the definition. */
void *snap_def_alloc(struct snap_def *def, size_t n, size_t size);
/* A copy of text as an SnmpAdminString (see text.h); NULL for NULL. */
const char *snap_def_text(struct snap_def *def, const char *text);
/* Whether two texts are the same; NULL is the same as NULL only. */
bool snap_same(const char *a, const char *b);
const struct snap_def *snap_def_ref(const struct snap_def *def);
void snap_def_unref(const struct snap_def *def);

#endif
