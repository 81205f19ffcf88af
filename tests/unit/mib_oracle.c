/* SPDX-License-Identifier: BSD-2-Clause */
/* What VM-MIB has to hold for a snapshot, told without the table engine. */
#include "mib_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "snapshot.h"

/* vmObjects: iso.org.dod.internet.mgmt.mib-2.236.1 */
static const oid objects[] = { 1, 3, 6, 1, 2, 1, 236, 1 };

#define N_OBJECTS (sizeof(objects) / sizeof(objects[0]))
#define FIRST_CPU 196608 /* Net-SNMP's hrDeviceIndex of processor 0 */

/* All objects that can be read, as RFC 7666 numbers them below vmObjects. */
static const struct {
	size_t n;
	oid prefix[2];
	oid first, last;
} readable[] = {
	{ 1, { 1 }, 1, 4 },     /* vmHvSoftware to vmHvUpTime */
	{ 0, { 0 }, 2, 3 },     /* vmNumber, vmTableLastChange */
	{ 2, { 4, 1 }, 2, 17 }, /* vmName to vmCpuTime */
	{ 2, { 5, 1 }, 2, 2 },  /* vmCpuCoreTime */
	{ 2, { 6, 1 }, 3, 3 },  /* vmCpuAffinity */
	{ 2, { 7, 1 }, 3, 18 }, /* vmStorageParent to vmStorageWriteLatency */
	{ 2, { 8, 1 }, 2, 5 },  /* vmNetworkIfIndex to vmNetworkPhysAddress */
	{ 0, { 0 }, 9, 10 },    /* the notification switches */
};

bool
oracle_is_object(const oid *name, size_t len)
{
	for (size_t i = 0; i < sizeof(readable) / sizeof(readable[0]); i++) {
		size_t at = N_OBJECTS + readable[i].n;

		if (len > at &&
		    oracle_compare(name, N_OBJECTS, objects, N_OBJECTS) == 0 &&
		    oracle_compare(name + N_OBJECTS, readable[i].n,
			readable[i].prefix, readable[i].n) == 0 &&
		    name[at] >= readable[i].first &&
		    name[at] <= readable[i].last) {
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

/* A new cell below vmObjects, whose name is n numbers; to be filled in. */
static struct oracle_cell *
cell(struct oracle *oracle, bool present, u_char type, size_t n, ...)
{
	struct oracle_cell **where = present ? &oracle->cells : &oracle->holes;
	size_t *count = present ? &oracle->n : &oracle->n_holes;
	struct oracle_cell *c;
	va_list numbers;

	*where = reallocarray(*where, *count + 1, sizeof(**where));
	assert_non_null(*where);
	c = &(*where)[(*count)++];
	memset(c, 0, sizeof(*c));
	memcpy(c->name, objects, sizeof(objects));
	c->len = N_OBJECTS;
	va_start(numbers, n);
	for (size_t i = 0; i < n; i++) {
		c->name[c->len++] = va_arg(numbers, uint32_t);
	}
	va_end(numbers);
	c->present = present;
	c->type = type;
	return c;
}

/* Where a cell is: table, column (0: a scalar) and index. */
struct place {
	struct oracle *oracle;
	uint32_t table;
	uint32_t vm;
	uint32_t sub; /* 0: none */
};

static struct oracle_cell *
in_row(const struct place *p, uint32_t column, bool present, u_char type)
{
	return p->sub == 0 ?
	    cell(p->oracle, present, type, 4, p->table, UINT32_C(1), column,
		p->vm) :
	    cell(p->oracle, present, type, 5, p->table, UINT32_C(1), column,
		p->vm, p->sub);
}

static void
integer(const struct place *p, uint32_t column, int32_t value)
{
	in_row(p, column, value != SNAP_NO_I32, ASN_INTEGER)->number =
	    (uint32_t)value;
}

static void
counter(const struct place *p, uint32_t column, uint64_t value)
{
	in_row(p, column, value != SNAP_NO_U64, ASN_COUNTER64)->number = value;
}

static void
octets(struct oracle_cell *c, const void *bytes, size_t n)
{
	c->octets = bytes;
	c->n = n;
}

static void
text(const struct place *p, uint32_t column, const char *value)
{
	octets(in_row(p, column, value != NULL, ASN_OCTET_STR), value,
	    value != NULL ? strlen(value) : 0);
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

static void
add_vm(struct oracle *oracle, const struct snap_domain *d)
{
	const struct place p = { oracle, 4, d->index, 0 };

	text(&p, 2, d->name);
	octets(in_row(&p, 3, true, ASN_OCTET_STR), d->uuid.octets, 16);
	text(&p, 4, d->os_type);
	integer(&p, 5, d->admin_state);
	integer(&p, 6, d->oper_state);
	integer(&p, 7, d->autostart);
	integer(&p, 8, d->persistent);
	integer(&p, 9, d->cpus_current);
	integer(&p, 10, d->cpus_min);
	integer(&p, 11, d->cpus_max);
	integer(&p, 12, d->mem_unit);
	integer(&p, 13, d->mem_current);
	integer(&p, 14, d->mem_min);
	integer(&p, 15, d->mem_max);
	in_row(&p, 16, d->started_ms != SNAP_NO_TIME, ASN_TIMETICKS)->number =
	    ticks(oracle, d->started_ms);
	counter(&p, 17, d->cpu_time_us);
}

static void
add_vcpu(struct oracle *oracle, const struct snap_domain *d,
    const struct snap_vcpu *v)
{
	const struct place p = { oracle, 5, d->index, v->index };
	struct oracle_cell *c;

	counter(&p, 2, v->time_us);
	for (uint32_t cpu = 0; cpu < d->n_host_cpus; cpu++) {
		bool may = cpu < d->def->cpumap_len * 8 && v->cpumap != NULL &&
		    (v->cpumap[cpu / 8] & 1 << cpu % 8) != 0;

		c = cell(oracle, v->cpumap != NULL &&
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
	const struct place p = { oracle, 7, d->index, k->index };

	integer(&p, 3, k->parent);
	integer(&p, 4, k->source_type);
	text(&p, 5, k->source_text);
	text(&p, 6, k->def.source);
	integer(&p, 7, k->access);
	integer(&p, 8, k->media_type);
	text(&p, 9, k->def.bus);
	integer(&p, 10, k->size_unit);
	integer(&p, 11, k->defined_size);
	integer(&p, 12, k->allocated_size);
	counter(&p, 13, k->read_ios);
	counter(&p, 14, k->write_ios);
	counter(&p, 15, k->read_octets);
	counter(&p, 16, k->write_octets);
	counter(&p, 17, k->read_time_us);
	counter(&p, 18, k->write_time_us);
}

static void
add_nic(struct oracle *oracle, const struct snap_domain *d,
    const struct snap_nic *n)
{
	const struct place p = { oracle, 8, d->index, n->index };

	integer(&p, 2, n->def.if_index);
	integer(&p, 3, n->def.parent);
	text(&p, 4, n->def.model);
	octets(in_row(&p, 5, n->def.mac.len > 0, ASN_OCTET_STR),
	    n->def.mac.octets, n->def.mac.len);
}

/* N of the scalar 1.3.6.1.2.1.236.1.1.N.0 */
static struct oracle_cell *
of_hypervisor(struct oracle *oracle, uint32_t n, bool present, u_char type)
{
	return cell(oracle, present, type, 3, UINT32_C(1), n, UINT32_C(0));
}

static void
add_hypervisor(struct oracle *oracle, const struct snap_host *host)
{
	static const struct snap_host none = { .started_ms = SNAP_NO_TIME };
	struct oracle_cell *c;

	if (host == NULL) {
		host = &none;
	}
	c = of_hypervisor(oracle, 1, host->software != NULL, ASN_OCTET_STR);
	octets(c, host->software, c->present ? strlen(host->software) : 0);
	c = of_hypervisor(oracle, 2, host->version != NULL, ASN_OCTET_STR);
	octets(c, host->version, c->present ? strlen(host->version) : 0);
	c = of_hypervisor(oracle, 3, host->object_id.len > 0, ASN_OBJECT_ID);
	c->ids = host->object_id.ids;
	c->n = host->object_id.len;
	of_hypervisor(oracle, 4, host->started_ms != SNAP_NO_TIME,
	    ASN_TIMETICKS)->number = ticks(oracle, host->started_ms);
}

static int
by_name(const void *left, const void *right)
{
	const struct oracle_cell *a = left, *b = right;

	return oracle_compare(a->name, a->len, b->name, b->len);
}

void
oracle_init(struct oracle *oracle, const struct snapshot *snap, int64_t now_ms)
{
	const struct snap_domain *d;

	memset(oracle, 0, sizeof(*oracle));
	oracle->now_ms = now_ms;
	add_hypervisor(oracle, snap->host);
	cell(oracle, true, ASN_INTEGER, 2, UINT32_C(2), UINT32_C(0))->number =
	    (uint32_t)snap->n_domains;
	cell(oracle, true, ASN_TIMETICKS, 2, UINT32_C(3), UINT32_C(0))->number =
	    snap->table_last_change;
	/* false(2): nothing has switched notifications on */
	cell(oracle, true, ASN_INTEGER, 2, UINT32_C(9), UINT32_C(0))->number =
	    2;
	cell(oracle, true, ASN_INTEGER, 2, UINT32_C(10), UINT32_C(0))->number =
	    2;
	for (int32_t i = 0; i < snap->n_domains; i++) {
		d = snap->domains[i];
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
