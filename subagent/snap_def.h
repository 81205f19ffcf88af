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

#define SNAP_NO_I32 INT32_MIN
#define SNAP_NO_U64 UINT64_MAX
#define SNAP_NO_TIME INT64_MIN

struct snap_pool; /* memory that lives and dies with one definition */

struct snap_mac {
	uint8_t len; /* 0: no address */
	uint8_t octets[8];
};

/* A disk as the domain XML describes it, in libvirt's own words. */
struct snap_disk_def {
	const char *target;   /* name inside the guest ("vda"): the disk's identity */
	const char *device;   /* "disk", "cdrom", "floppy", "lun" */
	const char *bus;      /* "virtio", "ide", ... */
	const char *type;     /* source type: "file", "block", "network", ... */
	const char *format;   /* "raw", "qcow2", ... */
	const char *protocol; /* network sources: "rbd", "iscsi", ... */
	const char *source;   /* path, URL, pool/volume, ...; NULL: drive empty */
	bool readonly;
};

/* A network interface as the domain XML describes it. */
struct snap_nic_def {
	struct snap_mac mac;
	const char *type;   /* "network", "bridge", "direct", "user", ... */
	const char *model;  /* "virtio", "e1000", ... */
	const char *ifname; /* host device while the domain runs ("vnet0") */
	const char *source; /* bridge, network or lower device */
	int32_t if_index;   /* ifIndex of the host device; 0: none or not here */
	int32_t parent;     /* ifIndex of its bridge or lower device; 0 likewise */
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
const struct snap_def *snap_def_ref(const struct snap_def *def);
void snap_def_unref(const struct snap_def *def);

#endif
