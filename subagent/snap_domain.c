/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes, shares and frees domain records. */
#include "snap_domain.h"

#include <stdlib.h>
#include <string.h>

#include "snap_fields.h"
#include "snap_refs.h"

/* The arrays follow the record in this order without padding. */
_Static_assert(sizeof(struct snap_domain) % _Alignof(struct snap_vcpu) == 0,
    "vCPU rows would be misaligned");
_Static_assert(sizeof(struct snap_vcpu) % _Alignof(struct snap_disk) == 0,
    "disk rows would be misaligned");
_Static_assert(sizeof(struct snap_domain) % _Alignof(struct snap_disk) == 0,
    "disk rows would be misaligned");
_Static_assert(_Alignof(struct snap_disk) % _Alignof(struct snap_nic) == 0,
    "NIC rows would be misaligned");

/* The size of a record with its rows; 0 if there is no such size. */
static size_t
domain_bytes(size_t n_vcpus, size_t n_disks, size_t n_nics)
{
	size_t vcpus, disks, nics, total = sizeof(struct snap_domain);

	if (__builtin_mul_overflow(n_vcpus, sizeof(struct snap_vcpu), &vcpus) ||
	    __builtin_mul_overflow(n_disks, sizeof(struct snap_disk), &disks) ||
	    __builtin_mul_overflow(n_nics, sizeof(struct snap_nic), &nics) ||
	    __builtin_add_overflow(total, vcpus, &total) ||
	    __builtin_add_overflow(total, disks, &total) ||
	    __builtin_add_overflow(total, nics, &total)) {
		return 0;
	}
	return total;
}

/* Points a record at the rows that follow it in memory. */
static void
domain_place_rows(struct snap_domain *dom)
{
	unsigned char *rows = (unsigned char *)dom + sizeof(*dom);

	dom->vcpus = (void *)rows;
	rows += dom->n_vcpus * sizeof(*dom->vcpus);
	dom->disks = (void *)rows;
	rows += dom->n_disks * sizeof(*dom->disks);
	dom->nics = (void *)rows;
}

static void
vcpu_set(struct snap_vcpu *vcpu, const struct snap_def *def, uint32_t id)
{
	vcpu->index = id + 1;
	if (id < def->n_cpumaps) {
		vcpu->cpumap = def->cpumaps + id * def->cpumap_len;
	}
}

static void
disk_set(struct snap_disk *disk, const struct snap_disk_def *def)
{
	disk->def = *def;
	disk->parent = SNAP_NO_I32;
	disk->source_type = SNAP_NO_I32;
	disk->access = SNAP_NO_I32;
	disk->media_type = SNAP_NO_I32;
	disk->size_unit = SNAP_NO_I32;
	disk->defined_size = SNAP_NO_I32;
	disk->allocated_size = SNAP_NO_I32;
}

static void
cells_set_unknown(struct snap_domain *dom)
{
	dom->admin_state = SNAP_NO_I32;
	dom->oper_state = SNAP_NO_I32;
	dom->autostart = SNAP_NO_I32;
	dom->persistent = SNAP_NO_I32;
	dom->cpus_current = SNAP_NO_I32;
	dom->cpus_min = SNAP_NO_I32;
	dom->cpus_max = SNAP_NO_I32;
	dom->mem_unit = SNAP_NO_I32;
	dom->mem_current = SNAP_NO_I32;
	dom->mem_min = SNAP_NO_I32;
	dom->mem_max = SNAP_NO_I32;
}

void
snap_domain_forget(struct snap_domain *dom)
{
	dom->id = -1;
	dom->active = SNAP_NO_I32;
	dom->managed_save = SNAP_NO_I32;
	dom->state = SNAP_NO_I32;
	dom->reason = SNAP_NO_I32;
	dom->started_ms = SNAP_NO_TIME;
	dom->job = (struct snap_job){ SNAP_NO_I32, SNAP_NO_U64, SNAP_NO_U64,
	    SNAP_NO_U64 };
	snap_fields_forget(&snap_domain_fields, dom);
	for (size_t i = 0; i < dom->n_vcpus; i++) {
		snap_fields_forget(&snap_vcpu_fields, &dom->vcpus[i]);
		dom->vcpus[i].host_cpu = SNAP_NO_I32;
	}
	for (size_t i = 0; i < dom->n_disks; i++) {
		snap_fields_forget(&snap_disk_fields, &dom->disks[i]);
		dom->disks[i].threshold_bytes = SNAP_NO_U64;
		dom->disks[i].error_state = SNAP_NO_I32;
		dom->disks[i].job = SNAP_NO_I32;
		dom->disks[i].job_done = SNAP_NO_U64;
	}
	for (size_t i = 0; i < dom->n_nics; i++) {
		snap_fields_forget(&snap_nic_fields, &dom->nics[i]);
		dom->nics[i].address_source = SNAP_NO_I32;
		dom->nics[i].addresses[0] = '\0';
	}
}

struct snap_domain *
snap_domain_new(const struct snap_def *def, const uint32_t *vcpu_ids,
    size_t n_vcpus)
{
	size_t bytes = domain_bytes(n_vcpus, def->n_disks, def->n_nics);
	struct snap_domain *dom;
	size_t i;

	dom = bytes > 0 ? calloc(1, bytes) : NULL;
	if (dom == NULL) {
		return NULL;
	}
	atomic_init(&dom->refs, 1);
	dom->def = snap_def_ref(def);
	dom->sampled_ms = SNAP_NO_TIME;
	dom->whole_ms = SNAP_NO_TIME;
	dom->nics_whole_ms = SNAP_NO_TIME;
	dom->stale_reason = SNAP_STALE_NONE;
	dom->stale_at_ms = INT64_MAX;
	dom->metadata = def->metadata;
	dom->n_metadata = def->n_metadata;
	cells_set_unknown(dom);
	dom->n_vcpus = n_vcpus;
	dom->n_disks = def->n_disks;
	dom->n_nics = def->n_nics;
	domain_place_rows(dom);
	for (i = 0; i < n_vcpus; i++) {
		vcpu_set(&dom->vcpus[i], def, vcpu_ids[i]);
	}
	for (i = 0; i < dom->n_disks; i++) {
		disk_set(&dom->disks[i], &def->disks[i]);
	}
	for (i = 0; i < dom->n_nics; i++) {
		dom->nics[i].def = def->nics[i];
	}
	snap_domain_forget(dom);
	return dom;
}

struct snap_domain *
snap_domain_copy(const struct snap_domain *dom)
{
	/* Not the count: other threads may be changing it. */
	const size_t skip = offsetof(struct snap_domain, def);
	size_t bytes = domain_bytes(dom->n_vcpus, dom->n_disks, dom->n_nics);
	struct snap_domain *copy;

	copy = bytes > 0 ? malloc(bytes) : NULL;
	if (copy == NULL) {
		return NULL;
	}
	atomic_init(&copy->refs, 1);
	memcpy((char *)copy + skip, (const char *)dom + skip, bytes - skip);
	snap_def_ref(copy->def);
	domain_place_rows(copy);
	return copy;
}

/* For rows of all kinds: each begins with its index. */
static int
row_compare(const void *left, const void *right)
{
	const uint32_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

_Static_assert(offsetof(struct snap_vcpu, index) == 0 &&
    offsetof(struct snap_disk, index) == 0 &&
    offsetof(struct snap_nic, index) == 0, "row_compare() needs index first");

void
snap_domain_sort(struct snap_domain *dom)
{
	qsort(dom->vcpus, dom->n_vcpus, sizeof(*dom->vcpus), row_compare);
	qsort(dom->disks, dom->n_disks, sizeof(*dom->disks), row_compare);
	qsort(dom->nics, dom->n_nics, sizeof(*dom->nics), row_compare);
}

const struct snap_domain *
snap_domain_ref(const struct snap_domain *dom)
{
	if (dom != NULL) {
		snap_count_up(&dom->refs);
	}
	return dom;
}

void
snap_domain_unref(const struct snap_domain *dom)
{
	if (dom == NULL || !snap_count_down(&dom->refs)) {
		return;
	}
	snap_def_unref(dom->def);
	free(snap_writable(dom));
}
