/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A domain's disks and network interfaces as its XML describes them.
 *
 * Values that libvirt does not give are marked as in snap_def.h.
 */
#ifndef VMMIBD_SNAP_DEVICE_H
#define VMMIBD_SNAP_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

struct snap_mac {
	uint8_t len; /* 0: no address */
	uint8_t octets[8];
};

/* I/O limits of a disk in bytes and requests per second; 0: none. */
struct snap_disk_limits {
	uint64_t total_octets;
	uint64_t read_octets;
	uint64_t write_octets;
	uint64_t total_ios;
	uint64_t read_ios;
	uint64_t write_ios;
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
	const char *cache;    /* "none", "writeback", ... */
	const char *serial;
	const char *alias;    /* libvirt's name of it while the domain runs */
	bool readonly;
	bool shareable;
	uint64_t backing_depth; /* images below the top one; SNAP_NO_U64 */
	struct snap_disk_limits limits;
};

/* A network interface as the domain XML describes it. */
struct snap_nic_def {
	struct snap_mac mac;
	const char *type;   /* "network", "bridge", "direct", "user", ... */
	const char *model;  /* "virtio", "e1000", ... */
	const char *ifname; /* host device while the domain runs ("vnet0") */
	const char *source; /* bridge, network or lower device */
	const char *bridge; /* also of a network, while the domain runs */
	const char *portgroup;
	const char *vlan; /* tags, joined by "," */
	bool link_down;
	uint64_t mtu; /* SNAP_NO_U64: not set, as the next four */
	uint64_t in_average; /* bandwidth limits in KiB/s, */
	uint64_t in_peak;    /* inbound is towards the guest */
	uint64_t out_average;
	uint64_t out_peak;
	int32_t if_index;   /* ifIndex of the host device; 0: none or not here */
	int32_t parent;     /* ifIndex of its bridge or lower device; 0 likewise */
};

#endif
