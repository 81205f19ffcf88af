/* SPDX-License-Identifier: BSD-2-Clause */
/* Random snapshots for tests: every kind of row, many values absent. */
#include "notify.h"
#include "snapshot_random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "snap_fields.h"
#include "snapshot.h"

#define TICKS_WRAP_MS 42949672960 /* 2^32 centiseconds */

uint64_t
random_u64(struct random *rnd)
{
	uint64_t z = rnd->state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

uint64_t
random_below(struct random *rnd, uint64_t n)
{
	return random_u64(rnd) % n;
}

bool
random_once_in(struct random *rnd, uint64_t n)
{
	return random_below(rnd, n) == 0;
}

static int32_t
some_i32(struct random *rnd)
{
	switch (random_below(rnd, 6)) {
	case 0:
		return SNAP_NO_I32;
	case 1:
		return -1;
	case 2:
		return INT32_MAX;
	case 3:
		return INT32_MIN + 1;
	}
	return (int32_t)random_below(rnd, 13);
}

static uint64_t
some_u64(struct random *rnd)
{
	switch (random_below(rnd, 8)) {
	case 0:
	case 1:
		return SNAP_NO_U64;
	case 2:
		return SNAP_NO_U64 - 1;
	case 3:
		return UINT32_MAX;
	case 4:
		return (uint64_t)UINT32_MAX + 1;
	case 5:
		return random_u64(rnd) >> random_below(rnd, 64);
	}
	return random_below(rnd, 1000);
}

/* Any number, for what is never unknown. */
static uint64_t
some_count(struct random *rnd)
{
	uint64_t count = some_u64(rnd);

	return count != SNAP_NO_U64 ? count : 0;
}

/* Intervals of no length and of 49 days; growth that no Gauge32 can tell. */
static void
some_rate(struct random *rnd, struct snap_rate *rate)
{
	static const uint32_t spans[] = { 0, 1, 999, 1000, 5000, UINT32_MAX };

	rate->count = random_u64(rnd);
	rate->at_ms = (int64_t)random_below(rnd, 1000000);
	rate->delta = some_count(rnd);
	rate->span_ms = random_once_in(rnd, 3) ?
	    (uint32_t)random_below(rnd, 100000) :
	    spans[random_below(rnd, sizeof(spans) / sizeof(spans[0]))];
}

/* Wall clock: long ago, in a thousand years, when no date can tell. */
static uint64_t
some_date(struct random *rnd)
{
	switch (random_below(rnd, 7)) {
	case 0:
		return 0;
	case 1:
		return some_u64(rnd);
	case 2:
		return 1582934400 + random_below(rnd, 86400 * 2); /* 29 Feb */
	case 3: /* the first and the last second of any year so far */
		return 86400 * 365 * random_below(rnd, 400) -
		    random_below(rnd, 2);
	case 4: /* the end of the year 65535 */
		return UINT64_C(2005949145599) + random_below(rnd, 2);
	}
	return random_u64(rnd) >> (24 + random_below(rnd, 16));
}

static void
some_chars(struct random *rnd, char *text, size_t size)
{
	size_t len = random_once_in(rnd, 5) ? size - 1 :
	    random_once_in(rnd, 3) ? 0 : random_below(rnd, size);

	memset(text, 'a' + (int)random_below(rnd, 26), len);
	text[len] = '\0';
}

/* All that is measured of a row. */
static void
fill_fields(struct random *rnd, const struct snap_fields *fields, void *row)
{
	for (size_t i = 0; i < fields->n_u64s; i++) {
		*snap_u64(row, fields->u64s[i]) = some_u64(rnd);
	}
	for (size_t i = 0; i < fields->n_i32s; i++) {
		*snap_i32(row, fields->i32s[i]) = some_i32(rnd);
	}
	for (size_t i = 0; i < fields->n_rates; i++) {
		some_rate(rnd, snap_rate_of(row, fields->rates[i].rate));
	}
}

static int64_t
some_time(struct random *rnd, int64_t now_ms)
{
	int64_t wraps = (int64_t)random_below(rnd, 4) * TICKS_WRAP_MS;

	switch (random_below(rnd, 6)) {
	case 0:
		return SNAP_NO_TIME;
	case 1:
		return now_ms + (int64_t)random_below(rnd, 100000);
	case 2:
		return now_ms;
	case 3:
		return now_ms - wraps;
	case 4:
		return now_ms - wraps - TICKS_WRAP_MS + 1;
	}
	return now_ms - wraps - (int64_t)random_below(rnd, 1000000);
}

/* An index above the last one: mostly the next, some far away. */
static uint32_t
some_index(struct random *rnd, uint32_t last, size_t left)
{
	static const uint32_t marks[] = {
		127, 128, 65535, INT32_MAX - 1, INT32_MAX,
		(uint32_t)INT32_MAX + 1, UINT32_MAX - 1, UINT32_MAX,
	};
	uint64_t next = last + UINT64_C(1);
	uint32_t mark = marks[random_below(rnd, sizeof(marks) /
	    sizeof(marks[0]))];

	if (random_once_in(rnd, 3)) {
		next += random_below(rnd, 50);
	}
	if (random_once_in(rnd, 8) && mark > next) {
		next = mark;
	}
	/* Those that are to follow need room, too. */
	if (next + left - 1 > UINT32_MAX) {
		next = last + UINT64_C(1);
	}
	return (uint32_t)next;
}

static const char *
some_text(struct random *rnd, struct snap_def *def)
{
	char text[256];
	size_t len = random_once_in(rnd, 5) ? 255 : random_below(rnd, 12);

	if (random_once_in(rnd, 3)) {
		return NULL;
	}
	for (size_t i = 0; i < len; i++) {
		text[i] = (char)('!' + random_below(rnd, 90));
	}
	text[len] = '\0';
	return snap_def_text(def, text);
}

static void
some_disk_def(struct random *rnd, struct snap_def *def,
    struct snap_disk_def *disk)
{
	disk->target = some_text(rnd, def);
	disk->bus = some_text(rnd, def);
	disk->source = some_text(rnd, def);
	disk->device = some_text(rnd, def);
	disk->format = some_text(rnd, def);
	disk->cache = some_text(rnd, def);
	disk->serial = some_text(rnd, def);
	disk->readonly = random_once_in(rnd, 2);
	disk->shareable = random_once_in(rnd, 2);
	disk->backing_depth = some_u64(rnd);
	disk->limits = (struct snap_disk_limits){
		some_u64(rnd), some_u64(rnd), some_u64(rnd),
		some_u64(rnd), some_u64(rnd), 0,
	};
}

static void
some_nic_def(struct random *rnd, struct snap_def *def,
    struct snap_nic_def *nic)
{
	nic->mac.len = (uint8_t)random_below(rnd, sizeof(nic->mac.octets) + 1);
	for (size_t i = 0; i < sizeof(nic->mac.octets); i++) {
		nic->mac.octets[i] = (uint8_t)random_u64(rnd);
	}
	nic->model = some_text(rnd, def);
	nic->if_index = some_i32(rnd);
	nic->parent = some_i32(rnd);
	nic->type = some_text(rnd, def);
	nic->ifname = some_text(rnd, def);
	nic->source = some_text(rnd, def);
	nic->bridge = some_text(rnd, def);
	nic->portgroup = some_text(rnd, def);
	nic->vlan = some_text(rnd, def);
	nic->link_down = random_once_in(rnd, 2);
	nic->mtu = some_u64(rnd);
	nic->in_average = some_u64(rnd);
	nic->in_peak = some_u64(rnd);
	nic->out_average = some_u64(rnd);
	nic->out_peak = some_u64(rnd);
}

static void
some_metadata(struct random *rnd, struct snap_def *def)
{
	uint32_t last = 0;

	def->n_metadata = random_below(rnd, 4);
	def->metadata = snap_def_alloc(def, def->n_metadata + 1,
	    sizeof(*def->metadata));
	assert_non_null(def->metadata);
	for (size_t i = 0; i < def->n_metadata; i++) {
		last = some_index(rnd, last, def->n_metadata - i);
		def->metadata[i].index = last;
		def->metadata[i].name = some_text(rnd, def);
		def->metadata[i].value = some_text(rnd, def);
	}
}

static void
some_affinity(struct random *rnd, struct snap_def *def)
{
	def->cpumap_len = random_below(rnd, 4);
	def->n_cpumaps = random_below(rnd, 8);
	def->cpumaps = snap_def_alloc(def, def->n_cpumaps + 1,
	    def->cpumap_len);
	assert_non_null(def->cpumaps);
	for (size_t i = 0; i < def->n_cpumaps * def->cpumap_len; i++) {
		def->cpumaps[i] = (uint8_t)random_u64(rnd);
	}
}

static struct snap_def *
some_def(struct random *rnd)
{
	struct snap_def *def = snap_def_new();

	assert_non_null(def);
	def->name = some_text(rnd, def);
	def->os_type = some_text(rnd, def);
	def->title = some_text(rnd, def);
	def->description = some_text(rnd, def);
	def->type = some_text(rnd, def);
	def->arch = some_text(rnd, def);
	def->machine = some_text(rnd, def);
	def->firmware = some_text(rnd, def);
	def->nova.name = some_text(rnd, def);
	def->nova.flavor = some_text(rnd, def);
	def->nova.project = some_text(rnd, def);
	def->nova.user = some_text(rnd, def);
	def->mem_stats_period_s = some_u64(rnd);
	some_metadata(rnd, def);
	def->n_disks = random_below(rnd, 5);
	def->disks = snap_def_alloc(def, def->n_disks + 1,
	    sizeof(*def->disks));
	def->n_nics = random_below(rnd, 5);
	def->nics = snap_def_alloc(def, def->n_nics + 1, sizeof(*def->nics));
	assert_true(def->disks != NULL && def->nics != NULL);
	for (size_t i = 0; i < def->n_disks; i++) {
		some_disk_def(rnd, def, &def->disks[i]);
	}
	for (size_t i = 0; i < def->n_nics; i++) {
		some_nic_def(rnd, def, &def->nics[i]);
	}
	some_affinity(rnd, def);
	return def;
}

static void
fill_disk(struct random *rnd, struct snap_disk *disk, struct snap_def *def)
{
	fill_fields(rnd, &snap_disk_fields, disk);
	disk->parent = some_i32(rnd);
	disk->source_type = some_i32(rnd);
	disk->source_text = some_text(rnd, def);
	disk->access = some_i32(rnd);
	disk->media_type = some_i32(rnd);
	disk->size_unit = some_i32(rnd);
	disk->defined_size = some_i32(rnd);
	disk->allocated_size = some_i32(rnd);
}

static void
fill_rows(struct random *rnd, struct snap_domain *dom, struct snap_def *def)
{
	uint32_t last = 0;

	for (size_t i = 0; i < dom->n_vcpus; i++) {
		fill_fields(rnd, &snap_vcpu_fields, &dom->vcpus[i]);
		if (random_once_in(rnd, 4)) {
			dom->vcpus[i].cpumap = NULL;
		}
	}
	for (size_t i = 0; i < dom->n_disks; i++) {
		last = some_index(rnd, last, dom->n_disks - i);
		dom->disks[i].index = last;
		fill_disk(rnd, &dom->disks[i], def);
	}
	last = 0;
	for (size_t i = 0; i < dom->n_nics; i++) {
		last = some_index(rnd, last, dom->n_nics - i);
		dom->nics[i].index = last;
		fill_fields(rnd, &snap_nic_fields, &dom->nics[i]);
		dom->nics[i].address_source = some_i32(rnd);
		some_chars(rnd, dom->nics[i].addresses,
		    sizeof(dom->nics[i].addresses));
	}
}

static void
fill_cells(struct random *rnd, struct snap_domain *dom, int64_t now_ms)
{
	for (size_t i = 0; i < sizeof(dom->uuid.octets); i++) {
		dom->uuid.octets[i] = (uint8_t)random_u64(rnd);
	}
	dom->started_ms = some_time(rnd, now_ms);
	fill_fields(rnd, &snap_domain_fields, dom);
	/* libvirt has it as a number of 32 bits */
	if (dom->vcpus_online != SNAP_NO_U64) {
		dom->vcpus_online %= 1000000;
	}
	dom->memory.updated_s = some_date(rnd);
	dom->id = some_i32(rnd);
	dom->active = some_i32(rnd);
	dom->managed_save = some_i32(rnd);
	dom->sampled_ms = some_time(rnd, now_ms);
	dom->stale_at_ms = random_once_in(rnd, 4) ? INT64_MAX :
	    some_time(rnd, now_ms);
	dom->state = some_i32(rnd);
	dom->reason = random_once_in(rnd, 2) ? some_i32(rnd) :
	    (int32_t)random_below(rnd, 40) - 10;
	dom->job = (struct snap_job){ some_i32(rnd), some_u64(rnd),
	    some_u64(rnd), some_u64(rnd) };
	dom->trouble.kind = (int32_t)random_below(rnd, 5);
	dom->stale_reason = 1 + (int32_t)random_below(rnd, 5);
	dom->trouble.at_s = some_date(rnd);
	some_chars(rnd, dom->trouble.detail, sizeof(dom->trouble.detail));
	dom->admin_state = some_i32(rnd);
	dom->oper_state = some_i32(rnd);
	dom->autostart = some_i32(rnd);
	dom->persistent = some_i32(rnd);
	dom->cpus_current = some_i32(rnd);
	dom->cpus_min = some_i32(rnd);
	dom->cpus_max = some_i32(rnd);
	dom->mem_unit = some_i32(rnd);
	dom->mem_current = some_i32(rnd);
	dom->mem_min = some_i32(rnd);
	dom->mem_max = some_i32(rnd);
}

static const struct snap_domain *
some_domain(struct random *rnd, uint32_t index, int64_t now_ms)
{
	struct snap_def *def = some_def(rnd);
	uint32_t ids[6], above = 0;
	size_t n = random_below(rnd, 7);
	struct snap_domain *dom;

	for (size_t i = 0; i < n; i++) {
		above = some_index(rnd, above, n - i);
		ids[i] = above - 1;
	}
	dom = snap_domain_new(def, ids, n);
	assert_non_null(dom);
	dom->index = index;
	dom->n_host_cpus = random_below(rnd, 21);
	fill_rows(rnd, dom, def);
	fill_cells(rnd, dom, now_ms);
	snap_def_unref(def);
	return dom;
}

static struct snap_host *
some_host(struct random *rnd, int64_t now_ms)
{
	struct snap_host *host = snap_host_new();

	assert_non_null(host);
	assert_true(snap_host_text(&host->software,
	    random_once_in(rnd, 3) ? NULL : "QEMU"));
	assert_true(snap_host_text(&host->version,
	    random_once_in(rnd, 3) ? NULL : ""));
	assert_true(snap_host_text(&host->libvirt_version,
	    random_once_in(rnd, 3) ? NULL : "9.0.0"));
	assert_true(snap_host_text(&host->uri,
	    random_once_in(rnd, 3) ? NULL : "qemu:///system"));
	assert_true(snap_host_text(&host->name,
	    random_once_in(rnd, 3) ? NULL : "host.example"));
	assert_true(snap_host_text(&host->cpu_model,
	    random_once_in(rnd, 3) ? NULL : "x86_64"));
	host->topology = (struct snap_topology){ some_u64(rnd), some_u64(rnd),
	    some_u64(rnd), some_u64(rnd), some_u64(rnd), some_u64(rnd) };
	host->memory_bytes = some_u64(rnd);
	host->started_ms = some_time(rnd, now_ms);
	host->object_id.len = (uint8_t)random_below(rnd, 17);
	for (size_t i = 0; i < host->object_id.len; i++) {
		host->object_id.ids[i] = (uint32_t)random_u64(rnd);
	}
	return host;
}

static void
some_load(struct random *rnd, struct snapshot *snap)
{
	snap->load = (struct snap_load){ some_u64(rnd), some_u64(rnd),
	    some_u64(rnd), some_u64(rnd), some_u64(rnd), { 0 }, { 0 } };
	some_rate(rnd, &snap->load.busy_rate);
	some_rate(rnd, &snap->load.total_rate);
	snap->sums = (struct snap_sums){ some_count(rnd), some_count(rnd),
	    some_count(rnd), some_count(rnd), some_count(rnd),
	    some_count(rnd), some_count(rnd), some_count(rnd),
	    some_count(rnd) };
}

static void
some_collector(struct random *rnd, struct snap_collector *c, int64_t now_ms)
{
	c->link = (int32_t)(1 + random_below(rnd, 3));
	c->link_since_ms = some_time(rnd, now_ms);
	c->longest_ms = random_once_in(rnd, 3) ? SNAP_NO_U64 :
	    random_below(rnd, INT32_MAX);
	/* about to hang, hanging, or with all time there is */
	c->due_ms = random_once_in(rnd, 3) ? INT64_MAX :
	    now_ms - 5005 + (int64_t)random_below(rnd, 10) -
	    (random_once_in(rnd, 2) && c->longest_ms < INT32_MAX ?
		(int64_t)c->longest_ms : 0);
	c->good_ms = some_time(rnd, now_ms);
	some_chars(rnd, c->error, sizeof(c->error));
	c->reconnects = some_count(rnd);
	c->interval_s = some_count(rnd);
	c->duration_ms = some_u64(rnd);
	c->refreshes = some_count(rnd);
	c->failures = some_count(rnd);
	c->calls = some_count(rnd);
	c->calls_timed_out = some_count(rnd);
	c->calls_hung = some_count(rnd);
	c->calls_hung_limit = some_count(rnd);
}

void
notify_status_random(struct random *rnd, struct notify_status *status)
{
	*status = (struct notify_status){
		.per_vm = random_once_in(rnd, 2) ? SNAP_TRUE : SNAP_FALSE,
		.bulk = random_once_in(rnd, 2) ? SNAP_TRUE : SNAP_FALSE,
		.sent = some_count(rnd),
		.sent_bulk = some_count(rnd),
		.suppressed = some_count(rnd),
		.folded = some_count(rnd),
		.dropped = some_count(rnd),
		.waiting = some_count(rnd),
	};
}

const struct snapshot *
snapshot_random(struct random *rnd, size_t max_domains, int64_t now_ms)
{
	size_t n = random_below(rnd, max_domains + 1);
	struct snap_host *host = random_once_in(rnd, 10) ? NULL :
	    some_host(rnd, now_ms);
	struct snapshot *snap = snapshot_new(host, n);
	uint32_t last = 0;

	assert_non_null(snap);
	snap_host_unref(host);
	snap->table_last_change = (uint32_t)random_u64(rnd);
	some_load(rnd, snap);
	some_collector(rnd, &snap->collector, now_ms);
	for (size_t i = 0; i < n; i++) {
		last = some_index(rnd, last, n - i);
		snap->domains[i] = some_domain(rnd, last, now_ms);
	}
	return snap;
}
