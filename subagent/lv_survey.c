/* SPDX-License-Identifier: BSD-2-Clause */
/* What bulk statistics do not give and calls for each domain do. */
#include "lv_survey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domxml_value.h"
#include "lv_conn.h"
#include "lv_domain.h"
#include "lv_errand.h"
#include "lv_measure.h"
#include "text.h"

#define ADDRESS_LEASE 1
#define ADDRESS_ARP 2

static void
read_host_cpus(struct lv_survey *survey, struct lv_conn *lc, virDomainPtr dom)
{
	struct lv_measure m = { .vcpus = NULL };

	lv_survey_forget_cpus(survey);
	lv_measure_read_vcpus(&m, lc, dom, survey->n_host_cpus);
	for (int i = 0; i < m.n_vcpus; i++) {
		const virVcpuInfo *vcpu = &m.vcpus[i];

		if (vcpu->number < survey->n_host_cpus && vcpu->cpu >= 0) {
			survey->host_cpus[vcpu->number] = vcpu->cpu;
		}
	}
	lv_measure_end(&m);
}

static struct lv_disk_survey *
disk_of(struct lv_survey *survey, const struct snap_def *def,
    const char *target)
{
	for (size_t i = 0; i < def->n_disks; i++) {
		if (strcmp(def->disks[i].target, target) == 0) {
			return &survey->disks[i];
		}
	}
	return NULL;
}

/* libvirt names the disks with an error; all others have none. */
static void
read_disk_errors(struct lv_survey *survey, const struct snap_def *def,
    struct lv_conn *lc, virDomainPtr dom)
{
	unsigned room = (unsigned)def->n_disks;
	virDomainDiskErrorPtr errors;
	struct lv_disk_survey *disk;
	int n;

	if (room == 0 || (errors = calloc(room, sizeof(*errors))) == NULL) {
		return;
	}
	n = LV_TRY(lc, LV_CALL_DISK_ERRORS, virDomainGetDiskErrors(dom, errors,
	    room, 0));
	for (size_t i = 0; n >= 0 && i < def->n_disks; i++) {
		survey->disks[i].error_state = VIR_DOMAIN_DISK_ERROR_NONE + 1;
	}
	for (int i = 0; i < n; i++) {
		disk = disk_of(survey, def, errors[i].disk);
		if (disk != NULL &&
		    errors[i].error <= VIR_DOMAIN_DISK_ERROR_NO_SPACE) {
			disk->error_state = errors[i].error + 1;
			survey->has_error = true;
		}
		free(errors[i].disk);
	}
	free(errors);
}

static void
read_block_job(struct lv_survey *survey, struct lv_disk_survey *disk,
    const char *target, bool had_job, struct lv_conn *lc, virDomainPtr dom)
{
	virDomainBlockJobInfo info;
	int rc;

	if (!lv_conn_can(lc, LV_CALL_BLOCK_JOB)) {
		return;
	}
	rc = LV_ASK(lc, virDomainGetBlockJobInfo(dom, target, &info, 0));
	if (rc < 0) {
		lv_conn_failed(lc, LV_CALL_BLOCK_JOB);
		survey->job_under_way |= had_job;
		return;
	}
	disk->job = SNAP_DISK_JOB_NONE;
	if (rc == 0) {
		return;
	}
	survey->job_under_way = true;
	disk->job = info.type >= VIR_DOMAIN_BLOCK_JOB_TYPE_PULL &&
	    info.type <= VIR_DOMAIN_BLOCK_JOB_TYPE_BACKUP ?
	    info.type + SNAP_DISK_JOB_UNKNOWN : SNAP_DISK_JOB_UNKNOWN;
	if (info.end > 0 && info.cur <= info.end) {
		disk->job_done = (uint64_t)((double)info.cur /
		    (double)info.end * 10000);
	}
}

/* Appends as many of an interface's addresses as fit whole. */
static void
add_addresses(char out[SNAP_ADDRESSES], const virDomainInterface *iface)
{
	size_t used = strlen(out);

	for (unsigned i = 0; i < iface->naddrs; i++) {
		char prefix[16] = "", one[80], clean[TEXT_ADMIN_MAX + 1];
		size_t len;

		/* The ARP table knows none. */
		if (iface->addrs[i].prefix != 0) {
			snprintf(prefix, sizeof(prefix), "/%u",
			    iface->addrs[i].prefix);
		}
		snprintf(one, sizeof(one), "%s%s%s", used > 0 ? " " : "",
		    iface->addrs[i].addr, prefix);
		len = text_admin(clean, one);
		if (used + len < SNAP_ADDRESSES) {
			memcpy(out + used, clean, len + 1);
			used += len;
		}
	}
}

static bool
has_mac(const struct snap_nic_def *nic, const char *hwaddr)
{
	struct snap_mac mac = domxml_mac(hwaddr);

	return mac.len > 0 && memcmp(&mac, &nic->mac, sizeof(mac)) == 0;
}

/* Addresses from one source, for interfaces that have none of another. */
static void
read_addresses(struct lv_survey *survey, const struct snap_def *def,
    struct lv_conn *lc, virDomainPtr dom, enum lv_call call)
{
	int32_t source = call == LV_CALL_LEASES ? ADDRESS_LEASE : ADDRESS_ARP;
	virDomainInterfacePtr *ifaces = NULL;
	int n;

	if (def->n_nics == 0) {
		return;
	}
	n = LV_TRY(lc, call, virDomainInterfaceAddresses(dom, &ifaces,
	    call == LV_CALL_LEASES ?
	    VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE :
	    VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP, 0));
	/* One interface may come several times, with an address each. */
	for (int i = 0; i < n; i++) {
		for (size_t j = 0; j < def->n_nics; j++) {
			struct lv_nic_survey *nic = &survey->nics[j];

			if ((nic->addresses[0] == '\0' ||
				nic->source == source) &&
			    has_mac(&def->nics[j], ifaces[i]->hwaddr)) {
				add_addresses(nic->addresses, ifaces[i]);
				nic->source = nic->addresses[0] != '\0' ?
				    source : SNAP_NO_I32;
			}
		}
		virDomainInterfaceFree(ifaces[i]);
	}
	free(ifaces);
}

/* Returns how many interfaces have an address. */
static size_t
survey_nics(struct lv_survey *survey, const struct snap_def *def,
    struct lv_conn *lc, virDomainPtr dom)
{
	size_t found = 0;

	for (size_t i = 0; i < def->n_nics; i++) {
		survey->nics[i].addresses[0] = '\0';
		survey->nics[i].source = SNAP_NO_I32;
	}
	read_addresses(survey, def, lc, dom, LV_CALL_LEASES);
	read_addresses(survey, def, lc, dom, LV_CALL_ARP);
	for (size_t i = 0; i < def->n_nics; i++) {
		found += survey->nics[i].addresses[0] != '\0';
	}
	return found;
}

void
lv_survey_disks(struct lv_survey *survey, const struct snap_def *def,
    struct lv_conn *lc, virDomainPtr dom)
{
	bool had_job = survey->job_under_way;

	lv_survey_forget_disks(survey, def);
	read_disk_errors(survey, def, lc, dom);
	for (size_t i = 0; i < def->n_disks; i++) {
		if (def->disks[i].source != NULL) {
			read_block_job(survey, &survey->disks[i],
			    def->disks[i].target, had_job, lc, dom);
		}
	}
}

void
lv_survey_take_disks(struct lv_domain *d, const struct snap_def *def,
    const struct lv_survey *found, bool busy)
{
	if (d->survey == NULL || !lv_survey_fits(d->def, def)) {
		return; /* its devices are others by now */
	}
	d->survey->disks_owed = busy;
	if (found != NULL) {
		d->survey->job_under_way = found->job_under_way;
		d->survey->has_error = found->has_error;
		memcpy(d->survey->disks, found->disks,
		    def->n_disks * sizeof(*found->disks));
	}
}

static bool
is_about_disks(const struct lv_domain *d)
{
	return d->survey_due || d->survey->job_under_way ||
	    d->survey->has_error || d->survey->disks_owed;
}

static void
find_addresses(struct lv_domain *d, struct lv_conn *lc, virDomainPtr dom)
{
	if (survey_nics(d->survey, d->def, lc, dom) == d->def->n_nics) {
		d->address_tries = 0;
	} else if (d->address_tries > 0) {
		d->address_tries--;
	}
}

void
lv_survey_domain(struct lv_domain *d, struct lv_conn *lc, virDomainPtr dom)
{
	const struct snap_def *def = d->def;

	if (def == NULL || d->id < 0) {
		d->survey_due = false;
		return;
	}
	if (d->survey == NULL) {
		d->survey = lv_survey_new(def);
		if (d->survey == NULL) {
			return;
		}
		d->survey_due = true;
	}
	/* Without bulk statistics they are measured each time. */
	if (d->survey_due && lv_conn_can(lc, LV_CALL_ALL_STATS)) {
		read_host_cpus(d->survey, lc, dom);
	}
	if (d->survey_due || d->address_tries > 0) {
		find_addresses(d, lc, dom);
	}
	if (is_about_disks(d)) {
		if (lv_domain_is_waiting(d)) {
			d->survey->disks_owed = true;
		} else {
			d->owed |= LV_WANT_VALUES | LV_WANT_DISKS;
		}
	}
	d->survey_due = false;
}

bool
lv_survey_is_due(const struct lv_domain *d)
{
	bool stopped = d->state.state == VIR_DOMAIN_PAUSED &&
	    d->state.reason == VIR_DOMAIN_PAUSED_IOERROR;

	if (d->id < 0) {
		return false;
	}
	/* While it is stopped, an error stays as it is. */
	return d->survey_due || d->address_tries > 0 || (d->survey != NULL &&
	    (d->survey->job_under_way || d->survey->disks_owed ||
		(d->survey->has_error && !stopped)));
}
