/* SPDX-License-Identifier: BSD-2-Clause */
/* What VM-LIBVIRT-MIB has to hold for a snapshot, after its descriptions. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "mib_libvirt_reason.h"
#include "mib_oracle.h"
#include "notify.h"
#include "snapshot.h"

#define GAUGE_MAX 4294967295u
#define WALL_SLACK_S 300 /* as long as a test takes between two looks */

/* No product of two values overflows this. */
__extension__ typedef unsigned __int128 wide;

static void
gauge(const struct oracle_place *p, uint32_t column, uint64_t value)
{
	oracle_at(p, column, value != SNAP_NO_U64, ASN_GAUGE)->number =
	    value < GAUGE_MAX ? value : GAUGE_MAX;
}

static void
counter32(const struct oracle_place *p, uint32_t column, uint64_t value)
{
	oracle_at(p, column, true, ASN_COUNTER)->number = value % 4294967296;
}

static void
limit(const struct oracle_place *p, uint32_t column, uint64_t value)
{
	oracle_counter(p, column, value != 0 ? value : SNAP_NO_U64);
}

/* dividend / divisor, rounded to the nearest, halves up. */
static uint64_t
quotient(wide dividend, wide divisor)
{
	wide rounded = (2 * dividend + divisor) / (2 * divisor);

	return rounded < GAUGE_MAX ? (uint64_t)rounded : GAUGE_MAX;
}

/* Growth per second, in a unit of by / times. */
static void
rate(const struct oracle_place *p, uint32_t column,
    const struct snap_rate *r, uint32_t times, uint32_t by)
{
	struct oracle_cell *c = oracle_at(p, column, r->span_ms != 0,
	    ASN_GAUGE);

	if (c->present) {
		c->number = quotient((wide)r->delta * 1000 * times,
		    (wide)r->span_ms * by);
	}
}

static void
ratio(const struct oracle_place *p, uint32_t column,
    const struct snap_rate *r, const struct snap_rate *per)
{
	bool known = r->span_ms != 0 && per->span_ms != 0 && per->delta != 0;
	struct oracle_cell *c = oracle_at(p, column, known, ASN_GAUGE);

	if (known) {
		c->number = quotient(r->delta, per->delta);
	}
}

/*
 * part of whole in hundredths of a percent.  The MIB does not promise more
 * digits than floating point has: where that may fall on either side of a
 * half, both numbers are right.
 */
static void
share(const struct oracle_place *p, uint32_t column, bool known,
    uint64_t part, uint64_t whole)
{
	struct oracle_cell *c = oracle_at(p, column, known && whole != 0,
	    ASN_GAUGE);
	wide twice, off;

	if (!c->present) {
		return;
	}
	c->number = quotient((wide)part * 10000, whole);
	twice = (wide)part * 10000 % whole * 2;
	off = twice > whole ? twice - whole : whole - twice;
	if (off <= whole >> 16 && c->number < GAUGE_MAX) {
		c->number = (uint64_t)((wide)part * 10000 / whole);
		c->slack = 1;
	}
}

/* part as a percentage of whole; the MIB does not say how it is rounded. */
static void
percentage(const struct oracle_place *p, uint32_t column, uint64_t part,
    uint64_t whole)
{
	bool known = whole != 0 && whole != SNAP_NO_U64;
	struct oracle_cell *c = oracle_at(p, column, known, ASN_GAUGE);

	if (known) {
		wide percent = ((wide)part * 100 + whole / 2) /
		    whole;

		c->number = percent < GAUGE_MAX ? (uint64_t)percent :
		    GAUGE_MAX;
		c->slack = c->number < GAUGE_MAX;
	}
}

/* Seconds, whole ones; what is to come happens now. */
static void
age(const struct oracle_place *p, uint32_t column, int64_t since_ms)
{
	int64_t now_ms = p->oracle->now_ms;

	gauge(p, column, since_ms == SNAP_NO_TIME ? SNAP_NO_U64 :
	    since_ms > now_ms ? 0 : (uint64_t)(now_ms - since_ms) / 1000);
}

static bool
is_leap(uint64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/*
 * DateAndTime in UTC, counted by the calendar.  Its year has two octets; the
 * Gregorian calendar repeats every 400 years, which have 146097 days.
 */
static void
date(const struct oracle_place *p, uint32_t column, uint64_t epoch_s)
{
	static const uint8_t days_in[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30,
		31, 30, 31 };
	uint64_t day = epoch_s / 86400, second = epoch_s % 86400;
	uint64_t year = 1970 + day / 146097 * 400;
	uint64_t month = 0;
	struct oracle_cell *c;

	day %= 146097;
	for (; day >= (is_leap(year) ? 366 : 365); year++) {
		day -= is_leap(year) ? 366 : 365;
	}
	for (; day >= days_in[month] + (month == 1 && is_leap(year) ? 1u : 0u);
	     month++) {
		day -= days_in[month] + (month == 1 && is_leap(year) ? 1u : 0u);
	}
	c = oracle_at(p, column, epoch_s != 0 && epoch_s != SNAP_NO_U64 &&
	    year <= 65535, ASN_OCTET_STR);
	memcpy(c->own, (unsigned char [11]){
	    (unsigned char)(year / 256), (unsigned char)(year % 256),
	    (unsigned char)(month + 1), (unsigned char)(day + 1),
	    (unsigned char)(second / 3600), (unsigned char)(second / 60 % 60),
	    (unsigned char)(second % 60), 0, '+', 0, 0 }, 11);
	c->n = 11;
}

static void
chars(const struct oracle_place *p, uint32_t column, const char *text)
{
	oracle_text(p, column, text[0] != '\0' ? text : NULL);
}

static void
add_agent(struct oracle *oracle, const struct snapshot *snap)
{
	const struct oracle_place p = { oracle, 1, 0, 0 };
	const struct snap_collector *c = &snap->collector;
	uint64_t stale = 0;
	/* overdue by more than 5 seconds and the longest refresh so far */
	wide patience = 5000 + (c->longest_ms == SNAP_NO_U64 ? 0 :
	    (wide)c->longest_ms);
	bool hung = c->due_ms < oracle->now_ms &&
	    (uint64_t)oracle->now_ms - (uint64_t)c->due_ms > patience;

	for (int32_t i = 0; i < snap->n_domains; i++) {
		stale += snap->domains[i]->stale_at_ms <= oracle->now_ms;
	}
	oracle_text(&p, 1, VMMIBD_VERSION);
	oracle_integer(&p, 2, hung ? 4 : c->link);
	oracle_since(&p, 3, c->link_since_ms);
	chars(&p, 4, c->error);
	counter32(&p, 5, c->reconnects);
	gauge(&p, 6, c->interval_s);
	age(&p, 7, c->good_ms);
	gauge(&p, 8, c->duration_ms);
	gauge(&p, 9, c->longest_ms);
	counter32(&p, 10, c->refreshes);
	counter32(&p, 11, c->failures);
	counter32(&p, 12, c->calls);
	counter32(&p, 13, c->calls_timed_out);
	gauge(&p, 14, stale);
	counter32(&p, 15, oracle->notify->sent);
	counter32(&p, 16, oracle->notify->suppressed);
	counter32(&p, 17, oracle->notify->sent_bulk);
	counter32(&p, 18, oracle->notify->folded);
	counter32(&p, 19, oracle->notify->dropped);
	gauge(&p, 20, oracle->notify->waiting);
	gauge(&p, 21, c->calls_hung);
	gauge(&p, 22, c->calls_hung_limit);
}

static void
add_host(const struct oracle_place *p, const struct snap_host *host)
{
	oracle_text(p, 1, host->uri);
	oracle_text(p, 2, host->name);
	oracle_text(p, 3, host->libvirt_version);
	oracle_text(p, 4, host->version);
	oracle_text(p, 5, host->cpu_model);
	gauge(p, 6, host->topology.mhz);
	gauge(p, 7, host->topology.numa_nodes);
	gauge(p, 8, host->topology.sockets);
	gauge(p, 9, host->topology.cores);
	gauge(p, 10, host->topology.threads);
	gauge(p, 11, host->topology.cpus);
	oracle_counter(p, 12, host->memory_bytes);
}

static void
add_load(const struct oracle_place *p, const struct snapshot *snap)
{
	const struct snap_load *load = &snap->load;
	const struct snap_sums *sums = &snap->sums;

	oracle_counter(p, 13, load->memory_free_bytes);
	oracle_counter(p, 14, load->user_us);
	oracle_counter(p, 15, load->system_us);
	oracle_counter(p, 16, load->idle_us);
	oracle_counter(p, 17, load->iowait_us);
	share(p, 18, load->busy_rate.span_ms != 0 &&
	    load->total_rate.span_ms != 0, load->busy_rate.delta,
	    load->total_rate.delta);
	gauge(p, 19, sums->running);
	gauge(p, 20, sums->paused);
	gauge(p, 21, sums->shutting_down);
	gauge(p, 22, sums->shut_off);
	gauge(p, 23, sums->crashed);
	gauge(p, 24, sums->pm_suspended);
	gauge(p, 25, sums->other);
	gauge(p, 26, sums->vcpus);
	oracle_counter(p, 27, sums->memory_bytes);
	percentage(p, 28, sums->vcpus, snap->host->topology.cpus);
	percentage(p, 29, sums->memory_bytes, snap->host->memory_bytes);
}

/* A hypervisor that was never reached has no instance at all. */
static void
add_no_host(const struct oracle_place *p)
{
	for (uint32_t column = 1; column <= 29; column++) {
		(void)oracle_at(p, column, false, 0);
	}
}

/* 100 * state + reason, as far as the MIB has a label for it. */
static int32_t
reason_of(const struct snap_domain *d)
{
	static const int32_t known[] = { 1, 12, 1, 15, 2, 9, 2, 1 };

	if (d->state == SNAP_NO_I32) {
		return SNAP_NO_I32;
	}
	if (d->state < 0 || d->state > 7) {
		return 0;
	}
	return 100 * d->state +
	    (d->reason > 0 && d->reason < known[d->state] ? d->reason : 0);
}

/* Of all online vCPUs' time, in hundredths of a percent; rounding is free. */
static void
utilization_of_all(const struct oracle_place *p, const struct snap_domain *d)
{
	uint64_t vcpus = d->vcpus_online;
	struct oracle_cell *c;
	wide whole;

	if (vcpus == SNAP_NO_U64) {
		vcpus = d->cpus_current > 0 ? (uint64_t)d->cpus_current : 0;
	}
	c = oracle_at(p, 16, d->cpu_rate.span_ms != 0 && vcpus != 0,
	    ASN_GAUGE);
	if (c->present) {
		whole = (wide)d->cpu_rate.delta * 10 / d->cpu_rate.span_ms /
		    vcpus;
		c->number = whole < GAUGE_MAX ? (uint64_t)whole : GAUGE_MAX;
		c->slack = c->number < GAUGE_MAX;
	}
}

static void
add_domain(const struct oracle_place *p, const struct snap_domain *d)
{
	oracle_integer(p, 1, d->state == SNAP_NO_I32 ||
	    (d->state >= 0 && d->state <= 7) ? d->state : 0);
	oracle_integer(p, 2, reason_of(d));
	oracle_text(p, 3, mib_libvirt_reason_words(reason_of(d)));
	oracle_integer(p, 4, d->id < 0 ? SNAP_NO_I32 : d->id);
	oracle_integer(p, 5, d->active);
	oracle_text(p, 6, d->def->title);
	oracle_text(p, 7, d->def->description);
	oracle_text(p, 8, d->def->type);
	oracle_text(p, 9, d->def->arch);
	oracle_text(p, 10, d->def->machine);
	oracle_text(p, 11, d->def->firmware);
	oracle_integer(p, 12, d->managed_save);
	oracle_counter(p, 13, d->cpu_user_us);
	oracle_counter(p, 14, d->cpu_system_us);
	rate(p, 15, &d->cpu_rate, 1, 100);
	utilization_of_all(p, d);
	oracle_counter(p, 17, d->haltpoll_success_us);
	oracle_counter(p, 18, d->haltpoll_fail_us);
	gauge(p, 19, d->vcpus_online);
	gauge(p, 20, d->vcpus_maximum);
	oracle_integer(p, 21, d->job.operation);
	gauge(p, 22, d->job.done);
	oracle_counter(p, 23, d->job.remaining_bytes);
	gauge(p, 24, d->job.elapsed_ms);
	oracle_integer(p, 25, d->trouble.kind == 0 ? 1 : d->trouble.kind);
	date(p, 26, d->trouble.at_s);
	chars(p, 27, d->trouble.detail);
	age(p, 28, d->sampled_ms);
	oracle_integer(p, 29, d->stale_at_ms <= p->oracle->now_ms ? 1 : 2);
	oracle_text(p, 30, d->def->nova.name);
	oracle_text(p, 31, d->def->nova.flavor);
	oracle_text(p, 32, d->def->nova.project);
	oracle_text(p, 33, d->def->nova.user);
	oracle_integer(p, 34, d->stale_reason);
}

/* The part of the guest's memory that is not among the rest. */
static void
used(const struct oracle_place *p, uint32_t column, uint64_t available,
    uint64_t rest)
{
	bool known = available != SNAP_NO_U64 && rest != SNAP_NO_U64 &&
	    rest <= available;

	share(p, column, known, known ? available - rest : 0, available);
}

static void
add_memory(const struct oracle_place *p, const struct snap_domain *d)
{
	const struct snap_memory *m = &d->memory;
	uint64_t now_s = (uint64_t)time(NULL);
	const uint64_t counters[] = { m->actual, m->maximum, m->unused,
		m->available, m->usable, m->rss, m->disk_caches, m->swap_in,
		m->swap_out, m->major_faults, m->minor_faults,
		m->hugetlb_allocations, m->hugetlb_failures };
	struct oracle_cell *c;

	for (uint32_t i = 0; i < 13; i++) {
		oracle_counter(p, i + 1, counters[i]);
	}
	date(p, 14, m->updated_s);
	c = oracle_at(p, 15, m->updated_s != 0 && m->updated_s != SNAP_NO_U64,
	    ASN_GAUGE);
	if (m->updated_s < now_s) {
		c->number = now_s - m->updated_s;
		c->slack = WALL_SLACK_S;
	}
	used(p, 16, m->available, m->unused);
	used(p, 17, m->available, m->usable);
	gauge(p, 18, d->def->mem_stats_period_s);
}

static void
add_vcpu(const struct oracle_place *p, const struct snap_vcpu *v)
{
	oracle_integer(p, 1, v->state);
	oracle_counter(p, 2, v->wait_us);
	oracle_counter(p, 3, v->delay_us);
	oracle_integer(p, 4, v->halted);
	oracle_integer(p, 5, v->host_cpu);
	rate(p, 6, &v->time_rate, 1, 100);
}

static void
add_disk(const struct oracle_place *p, const struct snap_disk *k)
{
	const struct snap_disk_def *def = &k->def;

	oracle_text(p, 1, def->target);
	oracle_text(p, 2, def->bus);
	oracle_text(p, 3, def->device);
	oracle_text(p, 4, def->format);
	oracle_text(p, 5, def->cache);
	oracle_text(p, 6, def->serial);
	oracle_integer(p, 7, def->readonly ? 1 : 2);
	oracle_integer(p, 8, def->shareable ? 1 : 2);
	oracle_counter(p, 9, k->capacity_bytes);
	oracle_counter(p, 10, k->allocation_bytes);
	oracle_counter(p, 11, k->physical_bytes);
	share(p, 12, k->allocation_bytes != SNAP_NO_U64 &&
	    k->capacity_bytes != SNAP_NO_U64, k->allocation_bytes,
	    k->capacity_bytes);
	oracle_counter(p, 13, k->threshold_bytes);
	oracle_counter(p, 14, k->flush_ios);
	oracle_counter(p, 15, k->flush_time_us);
	oracle_counter(p, 16, k->errors);
	oracle_integer(p, 17, k->error_state);
	gauge(p, 18, def->backing_depth);
	oracle_integer(p, 19, k->job);
	gauge(p, 20, k->job_done);
	limit(p, 21, def->limits.total_octets);
	limit(p, 22, def->limits.read_octets);
	limit(p, 23, def->limits.write_octets);
	limit(p, 24, def->limits.total_ios);
	limit(p, 25, def->limits.read_ios);
	limit(p, 26, def->limits.write_ios);
	rate(p, 27, &k->read_ios_rate, 1, 1);
	rate(p, 28, &k->write_ios_rate, 1, 1);
	rate(p, 29, &k->read_octets_rate, 1, 1);
	rate(p, 30, &k->write_octets_rate, 1, 1);
	ratio(p, 31, &k->read_time_rate, &k->read_ios_rate);
	ratio(p, 32, &k->write_time_rate, &k->write_ios_rate);
}

static void
add_nic(const struct oracle_place *p, const struct snap_nic *n)
{
	const struct snap_nic_def *def = &n->def;

	oracle_text(p, 1, def->ifname);
	oracle_text(p, 2, def->type);
	oracle_text(p, 3, def->source);
	oracle_text(p, 4, def->bridge);
	oracle_text(p, 5, def->portgroup);
	oracle_integer(p, 6, def->link_down ? 2 : 1);
	gauge(p, 7, def->mtu);
	oracle_text(p, 8, def->vlan);
	oracle_counter(p, 9, n->rx_octets);
	oracle_counter(p, 10, n->rx_packets);
	oracle_counter(p, 11, n->rx_errors);
	oracle_counter(p, 12, n->rx_drops);
	oracle_counter(p, 13, n->tx_octets);
	oracle_counter(p, 14, n->tx_packets);
	oracle_counter(p, 15, n->tx_errors);
	oracle_counter(p, 16, n->tx_drops);
	rate(p, 17, &n->rx_octets_rate, 8, 1);
	rate(p, 18, &n->tx_octets_rate, 8, 1);
	rate(p, 19, &n->rx_packets_rate, 1, 1);
	rate(p, 20, &n->tx_packets_rate, 1, 1);
	gauge(p, 21, def->in_average);
	gauge(p, 22, def->in_peak);
	gauge(p, 23, def->out_average);
	gauge(p, 24, def->out_peak);
	chars(p, 25, n->addresses);
	oracle_integer(p, 26, n->address_source);
}

static void
add_rows(struct oracle *o, const struct snap_domain *d)
{
	const uint32_t vm = d->index;

	add_domain(&(struct oracle_place){ o, 3, vm, 0 }, d);
	add_memory(&(struct oracle_place){ o, 4, vm, 0 }, d);
	for (size_t i = 0; i < d->n_vcpus; i++) {
		add_vcpu(&(struct oracle_place){ o, 5, vm, d->vcpus[i].index },
		    &d->vcpus[i]);
	}
	for (size_t i = 0; i < d->n_disks; i++) {
		add_disk(&(struct oracle_place){ o, 6, vm, d->disks[i].index },
		    &d->disks[i]);
	}
	for (size_t i = 0; i < d->n_nics; i++) {
		add_nic(&(struct oracle_place){ o, 7, vm, d->nics[i].index },
		    &d->nics[i]);
	}
	for (size_t i = 0; i < d->n_metadata; i++) {
		const struct snap_metadata *m = &d->metadata[i];
		const struct oracle_place p = { o, 8, vm, m->index };

		oracle_text(&p, 2, m->name);
		oracle_text(&p, 3, m->value);
	}
}

void
oracle_add_virt(struct oracle *oracle, const struct snapshot *snap)
{
	const struct oracle_place host = { oracle, 2, 0, 0 };

	add_agent(oracle, snap);
	if (snap->host != NULL) {
		add_host(&host, snap->host);
		add_load(&host, snap);
	} else {
		add_no_host(&host);
	}
	for (int32_t i = 0; i < snap->n_domains; i++) {
		add_rows(oracle, snap->domains[i]);
	}
}
