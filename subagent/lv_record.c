/* SPDX-License-Identifier: BSD-2-Clause */
/* Builds a domain's record from what was read and measured. */
#include "lv_record.h"

#include <string.h>

#include "clock.h"
#include "lv_conn.h"
#include "lv_domain.h"
#include "lv_measure.h"
#include "lv_stats.h"
#include "rfc7666.h"

#define VCPUS_MAX 4096 /* QEMU's largest machine is far below */

/*
 * A busy guest leaves out some of its values for a while (QEMU with a command
 * under way: the disks').  What it gave in the same run stands in for them
 * until that is too old.  True if it did.
 */
static bool
carry(uint64_t *value, uint64_t before)
{
	if (*value != SNAP_NO_U64 || before == SNAP_NO_U64) {
		return false;
	}
	*value = before;
	return true;
}

/* An empty drive has lost its values for good, another medium has its own. */
static bool
same_medium(const struct snap_disk *disk, const struct snap_disk *before)
{
	return disk->def.source != NULL && before->def.source != NULL &&
	    strcmp(disk->def.source, before->def.source) == 0;
}

static bool
carry_disk(struct snap_disk *disk, const struct snap_disk *before)
{
	bool any = false;

	if (!same_medium(disk, before)) {
		return false;
	}
	any |= carry(&disk->capacity_bytes, before->capacity_bytes);
	any |= carry(&disk->allocation_bytes, before->allocation_bytes);
	any |= carry(&disk->physical_bytes, before->physical_bytes);
	any |= carry(&disk->read_ios, before->read_ios);
	any |= carry(&disk->write_ios, before->write_ios);
	any |= carry(&disk->read_octets, before->read_octets);
	any |= carry(&disk->write_octets, before->write_octets);
	any |= carry(&disk->read_time_us, before->read_time_us);
	any |= carry(&disk->write_time_us, before->write_time_us);
	return any;
}

static bool
carry_vcpus(struct snap_domain *rec, const struct snap_domain *before)
{
	bool any = false;
	size_t i = 0, j = 0;

	while (i < rec->n_vcpus && j < before->n_vcpus) {
		struct snap_vcpu *vcpu = &rec->vcpus[i];
		const struct snap_vcpu *old = &before->vcpus[j];

		if (vcpu->index == old->index) {
			any |= carry(&vcpu->time_us, old->time_us);
		}
		i += vcpu->index <= old->index;
		j += vcpu->index >= old->index;
	}
	return any;
}

static bool
carry_disks(struct snap_domain *rec, const struct snap_domain *before)
{
	bool any = false;
	size_t i = 0, j = 0;

	while (i < rec->n_disks && j < before->n_disks) {
		struct snap_disk *disk = &rec->disks[i];
		const struct snap_disk *old = &before->disks[j];

		if (disk->index == old->index) {
			any |= carry_disk(disk, old);
		}
		i += disk->index <= old->index;
		j += disk->index >= old->index;
	}
	return any;
}

static bool
carry_over(struct snap_domain *rec, const struct snap_domain *before)
{
	bool any = false;

	any |= carry(&rec->cpu_time_us, before->cpu_time_us);
	any |= carry(&rec->mem_current_kib, before->mem_current_kib);
	any |= carry(&rec->mem_max_kib, before->mem_max_kib);
	any |= carry_vcpus(rec, before);
	any |= carry_disks(rec, before);
	return any;
}

static void
set_sizes(struct snap_domain *rec, const struct lv_disk_size *sizes)
{
	for (size_t i = 0; sizes != NULL && i < rec->n_disks; i++) {
		(void)carry(&rec->disks[i].capacity_bytes, sizes[i].capacity);
		(void)carry(&rec->disks[i].allocation_bytes,
		    sizes[i].allocation);
		(void)carry(&rec->disks[i].physical_bytes, sizes[i].physical);
	}
}

/* Everything that is not measured; rows are still in the definition's order. */
static void
identify(struct snap_domain *rec, const struct lv_domain *d,
    const struct lv_conn *lc)
{
	rec->index = d->index;
	rec->uuid = d->uuid;
	rec->id = d->id;
	rec->active = d->id >= 0;
	rec->started_ms = d->started_ms;
	rec->autostart = d->autostart;
	rec->persistent = d->persistent;
	rec->n_host_cpus = lc->n_cpus;
	for (size_t i = 0; i < rec->n_disks; i++) {
		rec->disks[i].index = d->disk_indices[i];
	}
	for (size_t i = 0; i < rec->n_nics; i++) {
		rec->nics[i].index = d->nic_indices[i];
	}
	lv_state_map(&d->state, &rec->oper_state, &rec->admin_state);
}

static void
finish(struct snap_domain *rec, struct lv_domain *d, const struct lv_conn *lc,
    int64_t stale_after_ms)
{
	const struct snap_domain *before = d->record;
	int64_t now_ms = clock_boot_ms();

	identify(rec, d, lc);
	set_sizes(rec, d->sizes);
	if (!rec->active) {
		/* Without cgroups, QEMU's driver gives libvirtd's own time. */
		rec->cpu_time_us = SNAP_NO_U64;
	}
	snap_domain_sort(rec);
	rec->sampled_ms = now_ms;
	if (d->state.state != VIR_DOMAIN_PMSUSPENDED) {
		d->state.to_disk = false; /* it has woken up */
	}
	if (rec->active && before != NULL && before->id == rec->id &&
	    now_ms - before->sampled_ms < stale_after_ms &&
	    carry_over(rec, before)) {
		rec->sampled_ms = before->sampled_ms; /* as old as its oldest */
	}
	rfc7666_finish(rec);
	d->record = rec;
	snap_domain_unref(before);
}

/* Statistics of an active domain have counters for every disk with a medium. */
static bool
is_partial(const struct snap_domain *rec)
{
	for (size_t i = 0; i < rec->n_disks; i++) {
		if (rec->disks[i].def.source != NULL &&
		    rec->disks[i].read_ios == SNAP_NO_U64) {
			return true;
		}
	}
	return false;
}

void
lv_record_from_stats(struct lv_domain *d, const struct lv_conn *lc,
    const virTypedParameter *params, int n, int64_t stale_after_ms)
{
	uint32_t ids[VCPUS_MAX];
	size_t n_ids = lv_stats_vcpus(params, n, ids, VCPUS_MAX);
	struct snap_domain *rec;

	if (d->def == NULL) {
		return;
	}
	(void)lv_stats_state(params, n, &d->state.state, &d->state.reason);
	rec = n_ids > 0 ? snap_domain_new(d->def, ids, n_ids) :
	    snap_domain_new(d->def, d->def->vcpu_ids, d->def->n_vcpus);
	if (rec != NULL) {
		lv_stats_fill(rec, params, n);
		d->partial = d->id >= 0 && is_partial(rec);
		finish(rec, d, lc, stale_after_ms);
	}
}

void
lv_record_from_calls(struct lv_domain *d, struct lv_conn *lc, virDomainPtr dom,
    int64_t stale_after_ms)
{
	uint32_t ids[VCPUS_MAX];
	struct snap_domain *rec;
	size_t n_ids;

	if (d->def == NULL) {
		return;
	}
	n_ids = lv_measure_vcpus(lc, dom, ids, d->def->vcpus_max < VCPUS_MAX ?
	    d->def->vcpus_max : VCPUS_MAX);
	(void)virDomainGetState(dom, &d->state.state, &d->state.reason, 0);
	rec = n_ids > 0 ? snap_domain_new(d->def, ids, n_ids) :
	    snap_domain_new(d->def, d->def->vcpu_ids, d->def->n_vcpus);
	if (rec != NULL) {
		lv_measure_fill(rec, lc, dom, d->id >= 0);
		finish(rec, d, lc, stale_after_ms);
	}
}
