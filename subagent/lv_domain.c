/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads what changes seldom of one domain. */
#include "lv_domain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domxml.h"
#include "host_if.h"
#include "log.h"
#include "lv_conn.h"
#include "lv_errand.h"
#include "lv_survey_data.h"
#include "options.h"
#include "rfc7666.h"
#include "vm_index.h"

/* Refreshes in which a guest that just started may get its address. */
#define ADDRESS_TRIES 12

struct lv_domain *
lv_domain_new(const struct snap_uuid *uuid, uint32_t index)
{
	struct lv_domain *d = calloc(1, sizeof(*d));

	if (d != NULL) {
		d->uuid = *uuid;
		d->index = index;
		d->id = -1;
		d->autostart = TRI_UNKNOWN;
		d->persistent = TRI_UNKNOWN;
		d->managed_save = TRI_UNKNOWN;
		d->job.operation = SNAP_NO_I32;
		d->started_ms = SNAP_NO_TIME;
		d->start.at_ms = SNAP_NO_TIME;
		d->def_dirty = true;
	}
	return d;
}

void
lv_domain_free(struct lv_domain *d)
{
	if (d != NULL) {
		snap_domain_unref(d->record);
		snap_def_unref(d->def);
		free(d->disk_indices);
		free(d->nic_indices);
		free(d->sizes);
		lv_survey_free(d->survey);
		free(d->name);
		free(d);
	}
}

void
lv_domain_name(struct lv_domain *d, const char *name)
{
	if (d->name == NULL || strcmp(d->name, name) != 0) {
		free(d->name);
		d->name = strdup(name);
	}
}

int
lv_domain_id(virDomainPtr dom)
{
	unsigned raw = virDomainGetID(dom);

	return raw == (unsigned)-1 ? -1 : (int)raw;
}

void
lv_domain_begin_run(struct lv_domain *d, int id, int64_t started_ms)
{
	d->id = id;
	d->started_ms = started_ms;
	lv_domain_end_job(d);
	d->state.restored = false;
	d->def_dirty = true; /* its devices may have other names */
	lv_survey_free(d->survey);
	d->survey = NULL;
	free(d->sizes);
	d->sizes = NULL;
	d->settling = false;
	d->settle_at_ms = 0;
	d->health = (struct lv_health){ .condition = LV_WELL };
}

void
lv_domain_meet_start(struct lv_domain *d)
{
	if (d->id < 0 || d->start.at_ms == SNAP_NO_TIME) {
		return;
	}
	if (d->started_ms == SNAP_NO_TIME) {
		d->started_ms = d->start.at_ms;
	}
	d->state.restored = d->start.restored;
	d->start.at_ms = SNAP_NO_TIME;
	d->survey_due = true;
	d->address_tries = ADDRESS_TRIES;
}

/* A definition that says nothing but the name, for want of a better one. */
static struct snap_def *
bare_def(virDomainPtr dom)
{
	struct snap_def *def = snap_def_new();

	if (def != NULL) {
		def->name = snap_def_text(def, virDomainGetName(dom));
	}
	return def;
}

/* NULL when the old definition, if any, is to stay. */
static struct snap_def *
read_xml(struct lv_domain *d, struct lv_conn *lc, virDomainPtr dom,
    const struct options *opts)
{
	struct snap_def *def = NULL;
	char why[256];
	char *xml = LV_ASK(lc, virDomainGetXMLDesc(dom, 0));

	/* XML that cannot be parsed will not be better next time. */
	d->def_dirty = xml == NULL;
	if (xml != NULL) {
		def = domxml_parse(xml, strlen(xml), opts->rules,
		    opts->n_rules, why, sizeof(why));
		free(xml);
		if (def == NULL && !d->xml_refused) {
			log_warn("domain %s: %s", virDomainGetName(dom), why);
		}
		d->xml_refused = def == NULL;
	}
	if (def == NULL && d->def == NULL) {
		def = bare_def(dom);
	}
	if (def != NULL && def->name == NULL) {
		def->name = snap_def_text(def, virDomainGetName(dom));
	}
	return def;
}

static void
read_pinning(struct snap_def *def, struct lv_conn *lc, virDomainPtr dom)
{
	size_t map_len = (lc->n_cpus + 7) / 8;
	uint8_t *maps;
	int n;

	if (lc->n_cpus == 0 || def->vcpus_max == 0) {
		return;
	}
	maps = snap_def_alloc(def, def->vcpus_max, map_len);
	if (maps == NULL) {
		return;
	}
	n = LV_TRY(lc, LV_CALL_PIN_INFO, virDomainGetVcpuPinInfo(dom,
	    (int)def->vcpus_max, maps, (int)map_len,
	    VIR_DOMAIN_AFFECT_CURRENT));
	if (n >= 0) {
		def->cpumaps = maps;
		def->cpumap_len = map_len;
		def->n_cpumaps = (size_t)n;
	}
}

/* Which interfaces of this machine the NICs lead to. */
static void
find_interfaces(struct snap_def *def)
{
	for (size_t i = 0; i < def->n_nics; i++) {
		struct snap_nic_def *nic = &def->nics[i];

		nic->if_index = host_if_index(nic->ifname);
		nic->parent = host_if_parent(nic->ifname);
		if (nic->parent == 0 && (snap_same(nic->type, "bridge") ||
		    snap_same(nic->type, "direct"))) {
			nic->parent = host_if_index(nic->source);
		}
	}
}

typedef char nic_key[3 * sizeof(((struct snap_mac *)0)->octets) + 1];

/* A NIC's identity; those without an address are told apart by order. */
static void
mac_key(const struct snap_mac *mac, nic_key key)
{
	char *at = key;

	*at = '\0';
	for (size_t i = 0; i < mac->len; i++) {
		at += sprintf(at, "%s%02x", i > 0 ? ":" : "", mac->octets[i]);
	}
}

/* One for each key; frees the keys.  NULL when out of memory, as for no keys. */
static uint32_t *
number_devices(const char **keys, size_t n, enum vm_index_kind kind,
    const struct snap_uuid *uuid, struct vm_index *ix)
{
	uint32_t *indices = keys != NULL ? calloc(n + 1, sizeof(*indices)) :
	    NULL;

	if (indices != NULL && vm_index_devices(ix, uuid, kind, keys, n,
	    indices, time(NULL)) != 0) {
		free(indices);
		indices = NULL;
	}
	free(keys);
	return indices;
}

static uint32_t *
number_nics(const struct snap_def *def, const struct snap_uuid *uuid,
    struct vm_index *ix)
{
	nic_key *texts = calloc(def->n_nics + 1, sizeof(*texts));
	const char **keys = texts != NULL ?
	    calloc(def->n_nics + 1, sizeof(*keys)) : NULL;
	uint32_t *indices;

	for (size_t i = 0; keys != NULL && i < def->n_nics; i++) {
		mac_key(&def->nics[i].mac, texts[i]);
		keys[i] = texts[i];
	}
	indices = number_devices(keys, def->n_nics, VM_INDEX_NIC, uuid, ix);
	free(texts);
	return indices;
}

static uint32_t *
number_disks(const struct snap_def *def, const struct snap_uuid *uuid,
    struct vm_index *ix)
{
	const char **keys = calloc(def->n_disks + 1, sizeof(*keys));

	for (size_t i = 0; keys != NULL && i < def->n_disks; i++) {
		keys[i] = def->disks[i].target != NULL ?
		    def->disks[i].target : "";
	}
	return number_devices(keys, def->n_disks, VM_INDEX_DISK, uuid, ix);
}

/* A period that somebody has set already is left as it is. */
static bool
wants_statistics(const struct lv_domain *d, const struct lv_conn *lc,
    const struct options *opts)
{
	return opts->memory_stats_period_s > 0 && d->id >= 0 &&
	    d->def->mem_stats_period_s == 0 &&
	    lv_conn_can(lc, LV_CALL_STATS_PERIOD) && !lv_domain_is_waiting(d);
}

/* Puts a definition in place, with what depends on it. */
static void
take_def(struct lv_domain *d, struct snap_def *def, uint32_t *disk_indices,
    uint32_t *nic_indices)
{
	if (!lv_survey_fits(d->def, def)) {
		d->survey_due |= d->survey != NULL;
		lv_survey_free(d->survey);
		d->survey = NULL;
		free(d->sizes);
		d->sizes = NULL;
	}
	snap_def_unref(d->def);
	free(d->disk_indices);
	free(d->nic_indices);
	d->def = def;
	d->disk_indices = disk_indices;
	d->nic_indices = nic_indices;
}

void
lv_domain_read_def(struct lv_domain *d, struct lv_conn *lc, virDomainPtr dom,
    struct vm_index *ix, const struct options *opts)
{
	struct snap_def *def = read_xml(d, lc, dom, opts);
	uint32_t *disk_indices, *nic_indices;

	if (def == NULL) {
		return;
	}
	read_pinning(def, lc, dom);
	if (lc->local) {
		find_interfaces(def);
	}
	disk_indices = number_disks(def, &d->uuid, ix);
	nic_indices = number_nics(def, &d->uuid, ix);
	if (disk_indices == NULL || nic_indices == NULL) {
		/* Out of memory: next time round. */
		d->def_dirty = true;
		free(disk_indices);
		free(nic_indices);
		snap_def_unref(def);
		return;
	}
	take_def(d, def, disk_indices, nic_indices);
	d->owed |= LV_WANT_VALUES;
	/* Statistics leave out the disks of a domain that does not run. */
	d->owed |= d->id < 0 ? LV_WANT_SIZES : 0;
	d->owed |= wants_statistics(d, lc, opts) ? LV_WANT_PERIOD : 0;
}

/* An answer that failed to come leaves what was known. */
static void
take_answer(int32_t *flag, struct lv_conn *lc, enum lv_call call, int answer)
{
	if (answer >= 0) {
		*flag = answer ? TRI_YES : TRI_NO;
		return;
	}
	lv_conn_failed(lc, call);
	if (!lv_conn_can(lc, call)) {
		*flag = TRI_UNKNOWN;
	}
}

void
lv_domain_read_flags(struct lv_domain *d, struct lv_conn *lc,
    virDomainPtr dom)
{
	int autostart = 0;

	if (lv_conn_can(lc, LV_CALL_GET_AUTOSTART)) {
		int rc = LV_ASK(lc, virDomainGetAutostart(dom, &autostart));

		take_answer(&d->autostart, lc, LV_CALL_GET_AUTOSTART,
		    rc < 0 ? rc : autostart);
	}
	if (lv_conn_can(lc, LV_CALL_IS_PERSISTENT)) {
		take_answer(&d->persistent, lc, LV_CALL_IS_PERSISTENT,
		    LV_ASK(lc, virDomainIsPersistent(dom)));
	}
	if (lv_conn_can(lc, LV_CALL_MANAGED_SAVE)) {
		take_answer(&d->managed_save, lc, LV_CALL_MANAGED_SAVE,
		    LV_ASK(lc, virDomainHasManagedSaveImage(dom, 0)));
		d->state.managed_save = d->managed_save == TRI_YES;
	}
}

bool
lv_domain_has_job(const struct lv_domain *d)
{
	return d->job.operation > lv_job_none.details.operation;
}

void
lv_domain_take_job(struct lv_domain *d, const struct lv_job *job)
{
	if (job->known) {
		d->state.job = job->operation;
		d->job = job->details;
	}
}

void
lv_domain_end_job(struct lv_domain *d)
{
	lv_domain_take_job(d, &lv_job_none);
}

bool
lv_domain_is_waiting(const struct lv_domain *d)
{
	return d->state.state == VIR_DOMAIN_PAUSED &&
	    (d->state.reason == VIR_DOMAIN_PAUSED_MIGRATION ||
		d->state.reason == VIR_DOMAIN_PAUSED_STARTING_UP);
}
