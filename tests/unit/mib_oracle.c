/* SPDX-License-Identifier: BSD-2-Clause */
/* What the MIBs have to hold for a snapshot, told without the table engine. */
#include "mib_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mib_table.h"
#include "notify.h"
#include "snapshot.h"

/* vmObjects: iso.org.dod.internet.mgmt.mib-2.236.1 */
static const oid vm_objects[] = { 1, 3, 6, 1, 2, 1, 236, 1 };
/* virtObjects: 1 below what configure was told */
static const oid virt_objects[] = { VMMIBD_VIRT_OID, 1 };

#define FIRST_CPU 196608 /* Net-SNMP's hrDeviceIndex of processor 0 */

/* Objects that can be read, by their numbers below prefix. */
struct readable {
	size_t n;
	oid prefix[2];
	oid first, last;
};

static const struct readable vm_readable[] = {
	{ 1, { 1 }, 1, 4 },     /* vmHvSoftware to vmHvUpTime */
	{ 0, { 0 }, 2, 3 },     /* vmNumber, vmTableLastChange */
	{ 2, { 4, 1 }, 2, 17 }, /* vmName to vmCpuTime */
	{ 2, { 5, 1 }, 2, 2 },  /* vmCpuCoreTime */
	{ 2, { 6, 1 }, 3, 3 },  /* vmCpuAffinity */
	{ 2, { 7, 1 }, 3, 18 }, /* vmStorageParent to vmStorageWriteLatency */
	{ 2, { 8, 1 }, 2, 5 },  /* vmNetworkIfIndex to vmNetworkPhysAddress */
	{ 0, { 0 }, 9, 10 },    /* the notification switches */
};

static const struct readable virt_readable[] = {
	{ 1, { 1 }, 1, 22 },    /* virtAgent */
	{ 1, { 2 }, 1, 29 },    /* virtHost */
	{ 2, { 3, 1 }, 1, 34 }, /* virtDomainState to virtDomainStaleReason */
	{ 2, { 4, 1 }, 1, 18 }, /* virtMemActual to virtMemStatsPeriod */
	{ 2, { 5, 1 }, 1, 6 },  /* virtVcpuState to virtVcpuUtilization */
	{ 2, { 6, 1 }, 1, 32 }, /* virtDiskTarget to virtDiskWriteLatency */
	{ 2, { 7, 1 }, 1, 26 }, /* virtIfHostDevice to virtIfAddressSource */
	{ 2, { 8, 1 }, 2, 3 },  /* virtMetadataName, virtMetadataValue */
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct served {
	const oid *objects;
	size_t n_objects;
	const struct readable *readable;
	size_t n_readable;
} served[ORACLE_N_MODULES] = {
	{ vm_objects, COUNT(vm_objects), vm_readable, COUNT(vm_readable) },
	{ virt_objects, COUNT(virt_objects), virt_readable,
	    COUNT(virt_readable) },
};

bool
oracle_is_object(enum oracle_module module, const oid *name, size_t len)
{
	const struct served *m = &served[module];

	for (size_t i = 0; i < m->n_readable; i++) {
		const struct readable *some = &m->readable[i];
		size_t at = m->n_objects + some->n;

		if (len > at &&
		    oracle_compare(name, m->n_objects, m->objects,
			m->n_objects) == 0 &&
		    oracle_compare(name + m->n_objects, some->n, some->prefix,
			some->n) == 0 &&
		    name[at] >= some->first && name[at] <= some->last) {
			return true;
		}
	}
	return false;
}

int
oracle_compare(const oid *a, size_t a_len, const oid *b, size_t b_len)
{
	for (size_t i = 0; i < a_len && i < b_len; i++) {
		if (a[i] != b[i]) {
			return a[i] < b[i] ? -1 : 1;
		}
	}
	return a_len == b_len ? 0 : a_len < b_len ? -1 : 1;
}

struct oracle_cell *
oracle_cell(struct oracle *oracle, bool present, u_char type, size_t n, ...)
{
	const struct served *m = &served[oracle->module];
	struct oracle_cell **where = present ? &oracle->cells : &oracle->holes;
	size_t *count = present ? &oracle->n : &oracle->n_holes;
	struct oracle_cell *c;
	va_list numbers;

	if ((*count & (*count - 1)) == 0) { /* full at each power of two */
		*where = reallocarray(*where, *count > 0 ? 2 * *count : 1,
		    sizeof(**where));
		assert_non_null(*where);
	}
	c = &(*where)[(*count)++];
	memset(c, 0, sizeof(*c));
	assert_true(m->n_objects + n <= ORACLE_NAME_MAX);
	memcpy(c->name, m->objects, m->n_objects * sizeof(oid));
	c->len = m->n_objects;
	va_start(numbers, n);
	for (size_t i = 0; i < n; i++) {
		c->name[c->len++] = va_arg(numbers, uint32_t);
	}
	va_end(numbers);
	c->present = present;
	c->type = type;
	return c;
}

struct oracle_cell *
oracle_at(const struct oracle_place *p, uint32_t column, bool present,
    u_char type)
{
	const uint32_t zero = 0, one = 1;

	if (p->vm == 0) {
		return p->table == 0 ?
		    oracle_cell(p->oracle, present, type, 2, column, zero) :
		    oracle_cell(p->oracle, present, type, 3, p->table, column,
			zero);
	}
	return p->sub == 0 ?
	    oracle_cell(p->oracle, present, type, 4, p->table, one, column,
		p->vm) :
	    oracle_cell(p->oracle, present, type, 5, p->table, one, column,
		p->vm, p->sub);
}

void
oracle_integer(const struct oracle_place *p, uint32_t column, int32_t value)
{
	oracle_at(p, column, value != SNAP_NO_I32, ASN_INTEGER)->number =
	    (uint32_t)value;
}

void
oracle_counter(const struct oracle_place *p, uint32_t column, uint64_t value)
{
	oracle_at(p, column, value != SNAP_NO_U64, ASN_COUNTER64)->number =
	    value;
}

void
oracle_octets(struct oracle_cell *c, const void *bytes, size_t n)
{
	c->octets = bytes;
	c->n = n;
}

void
oracle_text(const struct oracle_place *p, uint32_t column, const char *value)
{
	oracle_octets(oracle_at(p, column, value != NULL, ASN_OCTET_STR),
	    value, value != NULL ? strlen(value) : 0);
}

/* Hundredths of a second, modulo 2^32; a start that is to come was just now. */
static uint64_t
ticks(const struct oracle *oracle, int64_t since_ms)
{
	if (since_ms == SNAP_NO_TIME || since_ms >= oracle->now_ms) {
		return 0;
	}
	return (uint64_t)(oracle->now_ms - since_ms) / 10 % 4294967296;
}

void
oracle_since(const struct oracle_place *p, uint32_t column, int64_t since_ms)
{
	oracle_at(p, column, since_ms != SNAP_NO_TIME, ASN_TIMETICKS)->number =
	    ticks(p->oracle, since_ms);
}

static void
add_vm(struct oracle *oracle, const struct snap_domain *d)
{
	const struct oracle_place p = { oracle, 4, d->index, 0 };

	oracle_text(&p, 2, d->def->name);
	oracle_octets(oracle_at(&p, 3, true, ASN_OCTET_STR), d->uuid.octets, 16);
	oracle_text(&p, 4, d->def->os_type);
	oracle_integer(&p, 5, d->admin_state);
	oracle_integer(&p, 6, d->oper_state);
	oracle_integer(&p, 7, d->autostart);
	oracle_integer(&p, 8, d->persistent);
	oracle_integer(&p, 9, d->cpus_current);
	oracle_integer(&p, 10, d->cpus_min);
	oracle_integer(&p, 11, d->cpus_max);
	oracle_integer(&p, 12, d->mem_unit);
	oracle_integer(&p, 13, d->mem_current);
	oracle_integer(&p, 14, d->mem_min);
	oracle_integer(&p, 15, d->mem_max);
	oracle_since(&p, 16, d->started_ms);
	oracle_counter(&p, 17, d->cpu_time_us);
}

static void
add_vcpu(struct oracle *oracle, const struct snap_domain *d,
    const struct snap_vcpu *v)
{
	const struct oracle_place p = { oracle, 5, d->index, v->index };
	struct oracle_cell *c;

	oracle_counter(&p, 2, v->time_us);
	for (uint32_t cpu = 0; cpu < d->n_host_cpus; cpu++) {
		bool may = cpu < d->def->cpumap_len * 8 && v->cpumap != NULL &&
		    (v->cpumap[cpu / 8] & 1 << cpu % 8) != 0;

		c = oracle_cell(oracle, v->cpumap != NULL &&
		    cpu < d->def->cpumap_len * 8, ASN_INTEGER, 6,
		    UINT32_C(6), UINT32_C(1), UINT32_C(3), d->index, v->index,
		    FIRST_CPU + cpu);
		c->number = may ? 1 : 2; /* enable, disable */
	}
}

static void
add_disk(struct oracle *oracle, const struct snap_domain *d,
    const struct snap_disk *k)
{
	const struct oracle_place p = { oracle, 7, d->index, k->index };

	oracle_integer(&p, 3, k->parent);
	oracle_integer(&p, 4, k->source_type);
	oracle_text(&p, 5, k->source_text);
	oracle_text(&p, 6, k->def.source);
	oracle_integer(&p, 7, k->access);
	oracle_integer(&p, 8, k->media_type);
	oracle_text(&p, 9, k->def.bus);
	oracle_integer(&p, 10, k->size_unit);
	oracle_integer(&p, 11, k->defined_size);
	oracle_integer(&p, 12, k->allocated_size);
	oracle_counter(&p, 13, k->read_ios);
	oracle_counter(&p, 14, k->write_ios);
	oracle_counter(&p, 15, k->read_octets);
	oracle_counter(&p, 16, k->write_octets);
	oracle_counter(&p, 17, k->read_time_us);
	oracle_counter(&p, 18, k->write_time_us);
}

static void
add_nic(struct oracle *oracle, const struct snap_domain *d,
    const struct snap_nic *n)
{
	const struct oracle_place p = { oracle, 8, d->index, n->index };

	oracle_integer(&p, 2, n->def.if_index);
	oracle_integer(&p, 3, n->def.parent);
	oracle_text(&p, 4, n->def.model);
	oracle_octets(oracle_at(&p, 5, n->def.mac.len > 0, ASN_OCTET_STR),
	    n->def.mac.octets, n->def.mac.len);
}

static void
add_hypervisor(struct oracle *oracle, const struct snap_host *host)
{
	static const struct snap_host none = { .started_ms = SNAP_NO_TIME };
	const struct oracle_place p = { oracle, 1, 0, 0 };
	struct oracle_cell *c;

	if (host == NULL) {
		host = &none;
	}
	oracle_text(&p, 1, host->software);
	oracle_text(&p, 2, host->version);
	c = oracle_at(&p, 3, host->object_id.len > 0, ASN_OBJECT_ID);
	c->ids = host->object_id.ids;
	c->n = host->object_id.len;
	oracle_since(&p, 4, host->started_ms);
}

static void
add_all_vm(struct oracle *oracle, const struct snapshot *snap)
{
	const struct oracle_place p = { oracle, 0, 0, 0 };

	add_hypervisor(oracle, snap->host);
	oracle_integer(&p, 2, snap->n_domains);
	oracle_at(&p, 3, true, ASN_TIMETICKS)->number =
	    snap->table_last_change;
	oracle_integer(&p, 9, oracle->notify->per_vm);
	oracle_integer(&p, 10, oracle->notify->bulk);
	for (int32_t i = 0; i < snap->n_domains; i++) {
		const struct snap_domain *d = snap->domains[i];

		add_vm(oracle, d);
		for (size_t j = 0; j < d->n_vcpus; j++) {
			add_vcpu(oracle, d, &d->vcpus[j]);
		}
		for (size_t j = 0; j < d->n_disks; j++) {
			add_disk(oracle, d, &d->disks[j]);
		}
		for (size_t j = 0; j < d->n_nics; j++) {
			add_nic(oracle, d, &d->nics[j]);
		}
	}
}

static int
by_name(const void *left, const void *right)
{
	const struct oracle_cell *a = left, *b = right;

	return oracle_compare(a->name, a->len, b->name, b->len);
}

void
oracle_init(struct oracle *oracle, enum oracle_module module,
    const struct mib_view *view)
{
	memset(oracle, 0, sizeof(*oracle));
	oracle->notify = view->notify;
	oracle->now_ms = view->now_ms;
	oracle->module = module;
	if (module == ORACLE_VM_MIB) {
		add_all_vm(oracle, view->snap);
	} else {
		oracle_add_virt(oracle, view->snap);
	}
	qsort(oracle->cells, oracle->n, sizeof(*oracle->cells), by_name);
	if (oracle->n_holes > 0) {
		qsort(oracle->holes, oracle->n_holes, sizeof(*oracle->holes),
		    by_name);
	}
}

void
oracle_free(struct oracle *oracle)
{
	free(oracle->cells);
	free(oracle->holes);
	memset(oracle, 0, sizeof(*oracle));
}

const struct oracle_cell *
oracle_next(const struct oracle *oracle, const oid *name, size_t len,
    bool inclusive)
{
	size_t low = 0, high = oracle->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct oracle_cell *c = &oracle->cells[middle];
		int order = oracle_compare(c->name, c->len, name, len);

		if (order < 0 || (order == 0 && !inclusive)) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low < oracle->n ? &oracle->cells[low] : NULL;
}
