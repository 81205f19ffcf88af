/* SPDX-License-Identifier: BSD-2-Clause */
/* Bulk statistics: libvirt's typed parameters into a record's fields. */
#include "lv_stats.h"

#include <stdlib.h>
#include <string.h>

#include "snap_fields.h"
#include "snapshot.h"

/* A parameter with a field: the name's last part, where, and in what unit. */
struct field {
	const char *name;
	size_t offset;
	enum unit {
		AS_IT_IS,
		US_OF_NS,   /* nanoseconds into microseconds */
		OF_KIB,     /* KiB into bytes */
		TRUTH,      /* a bool into an int32_t */
		VCPU_STATE, /* one that the MIB has, into an int32_t */
	} unit;
};

#define DOMAIN(field) offsetof(struct snap_domain, field)
#define VCPU(field) offsetof(struct snap_vcpu, field)
#define DISK(field) offsetof(struct snap_disk, field)
#define NIC(field) offsetof(struct snap_nic, field)

static const struct field domain_fields[] = {
	{ "cpu.time", DOMAIN(cpu_time_us), US_OF_NS },
	{ "cpu.user", DOMAIN(cpu_user_us), US_OF_NS },
	{ "cpu.system", DOMAIN(cpu_system_us), US_OF_NS },
	{ "cpu.haltpoll.success.time", DOMAIN(haltpoll_success_us), US_OF_NS },
	{ "cpu.haltpoll.fail.time", DOMAIN(haltpoll_fail_us), US_OF_NS },
	{ "vcpu.current", DOMAIN(vcpus_online), AS_IT_IS },
	{ "vcpu.maximum", DOMAIN(vcpus_maximum), AS_IT_IS },
	{ "balloon.current", DOMAIN(memory.actual), OF_KIB },
	{ "balloon.maximum", DOMAIN(memory.maximum), OF_KIB },
	{ "balloon.unused", DOMAIN(memory.unused), OF_KIB },
	{ "balloon.available", DOMAIN(memory.available), OF_KIB },
	{ "balloon.usable", DOMAIN(memory.usable), OF_KIB },
	{ "balloon.rss", DOMAIN(memory.rss), OF_KIB },
	{ "balloon.disk_caches", DOMAIN(memory.disk_caches), OF_KIB },
	{ "balloon.swap_in", DOMAIN(memory.swap_in), OF_KIB },
	{ "balloon.swap_out", DOMAIN(memory.swap_out), OF_KIB },
	{ "balloon.major_fault", DOMAIN(memory.major_faults), AS_IT_IS },
	{ "balloon.minor_fault", DOMAIN(memory.minor_faults), AS_IT_IS },
	{ "balloon.hugetlb_pgalloc", DOMAIN(memory.hugetlb_allocations),
	    AS_IT_IS },
	{ "balloon.hugetlb_pgfail", DOMAIN(memory.hugetlb_failures),
	    AS_IT_IS },
	{ "balloon.last-update", DOMAIN(memory.updated_s), AS_IT_IS },
	{ NULL, 0, AS_IT_IS },
};

static const struct field vcpu_fields[] = {
	{ "time", VCPU(time_us), US_OF_NS },
	{ "wait", VCPU(wait_us), US_OF_NS },
	{ "delay", VCPU(delay_us), US_OF_NS },
	{ "state", VCPU(state), VCPU_STATE },
	{ "halted", VCPU(halted), TRUTH },
	{ NULL, 0, AS_IT_IS },
};

static const struct field disk_fields[] = {
	{ "rd.reqs", DISK(read_ios), AS_IT_IS },
	{ "rd.bytes", DISK(read_octets), AS_IT_IS },
	{ "rd.times", DISK(read_time_us), US_OF_NS },
	{ "wr.reqs", DISK(write_ios), AS_IT_IS },
	{ "wr.bytes", DISK(write_octets), AS_IT_IS },
	{ "wr.times", DISK(write_time_us), US_OF_NS },
	{ "fl.reqs", DISK(flush_ios), AS_IT_IS },
	{ "fl.times", DISK(flush_time_us), US_OF_NS },
	{ "errors", DISK(errors), AS_IT_IS },
	{ "capacity", DISK(capacity_bytes), AS_IT_IS },
	{ "allocation", DISK(allocation_bytes), AS_IT_IS },
	{ "physical", DISK(physical_bytes), AS_IT_IS },
	{ "threshold", DISK(threshold_bytes), AS_IT_IS },
	{ NULL, 0, AS_IT_IS },
};

static const struct field nic_fields[] = {
	{ "rx.bytes", NIC(rx_octets), AS_IT_IS },
	{ "rx.pkts", NIC(rx_packets), AS_IT_IS },
	{ "rx.errs", NIC(rx_errors), AS_IT_IS },
	{ "rx.drop", NIC(rx_drops), AS_IT_IS },
	{ "tx.bytes", NIC(tx_octets), AS_IT_IS },
	{ "tx.pkts", NIC(tx_packets), AS_IT_IS },
	{ "tx.errs", NIC(tx_errors), AS_IT_IS },
	{ "tx.drop", NIC(tx_drops), AS_IT_IS },
	{ NULL, 0, AS_IT_IS },
};

/* A parameter as an unsigned number; false for text and negative numbers. */
static bool
number(const virTypedParameter *param, uint64_t *value)
{
	switch (param->type) {
	case VIR_TYPED_PARAM_ULLONG:
		*value = param->value.ul;
		return true;
	case VIR_TYPED_PARAM_UINT:
		*value = param->value.ui;
		return true;
	case VIR_TYPED_PARAM_LLONG:
		*value = (uint64_t)param->value.l;
		return param->value.l >= 0;
	case VIR_TYPED_PARAM_INT:
		*value = (uint64_t)param->value.i;
		return param->value.i >= 0;
	case VIR_TYPED_PARAM_BOOLEAN:
		*value = param->value.b != 0;
		return true;
	}
	return false;
}

static void
store_value(void *row, const struct field *f, uint64_t value)
{
	switch (f->unit) {
	case AS_IT_IS:
		*snap_u64(row, f->offset) = value;
		break;
	case US_OF_NS:
		*snap_u64(row, f->offset) = value / 1000;
		break;
	case OF_KIB:
		if (value <= UINT64_MAX / 1024) {
			*snap_u64(row, f->offset) = value * 1024;
		}
		break;
	case TRUTH:
		*snap_i32(row, f->offset) = value ? SNAP_TRUE : SNAP_FALSE;
		break;
	case VCPU_STATE:
		if (value <= VIR_VCPU_BLOCKED) {
			*snap_i32(row, f->offset) = (int32_t)value;
		}
		break;
	}
}

static void
store(void *row, const struct field *fields, const char *name,
    const virTypedParameter *param)
{
	uint64_t value;

	for (const struct field *f = fields; f->name != NULL; f++) {
		if (strcmp(f->name, name) == 0) {
			if (number(param, &value) && value != SNAP_NO_U64) {
				store_value(row, f, value);
			}
			return;
		}
	}
}

/* Splits "PREFIX.N.REST"; REST, or NULL if the name is not like that. */
static const char *
numbered(const char *name, const char *prefix, uint32_t *n)
{
	size_t len = strlen(prefix);
	unsigned long parsed;
	char *end;

	if (strncmp(name, prefix, len) != 0 || name[len] < '0' ||
	    name[len] > '9') {
		return NULL;
	}
	parsed = strtoul(name + len, &end, 10);
	*n = (uint32_t)parsed;
	return *end == '.' && parsed < UINT32_MAX ? end + 1 : NULL;
}

bool
lv_stats_state(const virTypedParameter *params, int n, int *state, int *reason)
{
	bool found = false;
	int why = 0;

	for (int i = 0; i < n; i++) {
		if (params[i].type != VIR_TYPED_PARAM_INT) {
			continue;
		}
		if (strcmp(params[i].field, "state.state") == 0) {
			*state = params[i].value.i;
			found = true;
		} else if (strcmp(params[i].field, "state.reason") == 0) {
			why = params[i].value.i;
		}
	}
	if (found) {
		*reason = why;
	}
	return found;
}

size_t
lv_stats_vcpus(const virTypedParameter *params, int n, uint32_t *ids,
    size_t max)
{
	size_t n_ids = 0;
	uint32_t id;

	for (int i = 0; i < n && n_ids < max; i++) {
		const char *rest = numbered(params[i].field, "vcpu.", &id);

		if (rest != NULL && strcmp(rest, "state") == 0 &&
		    (n_ids == 0 || id > ids[n_ids - 1])) {
			ids[n_ids++] = id;
		}
	}
	return n_ids;
}

static struct snap_vcpu *
vcpu_of(struct snap_domain *dom, uint32_t id)
{
	for (size_t i = 0; i < dom->n_vcpus; i++) {
		if (dom->vcpus[i].index == id + 1) {
			return &dom->vcpus[i];
		}
	}
	return NULL;
}

static void *
disk_of(struct snap_domain *dom, const char *target)
{
	for (size_t i = 0; i < dom->n_disks; i++) {
		if (dom->disks[i].def.target != NULL &&
		    strcmp(dom->disks[i].def.target, target) == 0) {
			return &dom->disks[i];
		}
	}
	return NULL;
}

static void *
nic_of(struct snap_domain *dom, const char *ifname)
{
	for (size_t i = 0; i < dom->n_nics; i++) {
		if (dom->nics[i].def.ifname != NULL &&
		    strcmp(dom->nics[i].def.ifname, ifname) == 0) {
			return &dom->nics[i];
		}
	}
	return NULL;
}

/* Devices come one after another, and PREFIX.N.name before the rest of N. */
struct cursor {
	const char *prefix;
	void *(*find)(struct snap_domain *dom, const char *name);
	const struct field *fields;
	uint32_t n;
	void *row; /* NULL: no device of ours */
};

/* False if the parameter is not about such a device. */
static bool
fill_device(struct snap_domain *dom, struct cursor *at,
    const virTypedParameter *param)
{
	uint32_t n;
	const char *rest = numbered(param->field, at->prefix, &n);

	if (rest == NULL) {
		return false;
	}
	if (strcmp(rest, "name") == 0) {
		at->n = n;
		at->row = param->type == VIR_TYPED_PARAM_STRING ?
		    at->find(dom, param->value.s) : NULL;
	} else if (at->row != NULL && at->n == n) {
		store(at->row, at->fields, rest, param);
	}
	return true;
}

void
lv_stats_fill(struct snap_domain *dom, const virTypedParameter *params, int n)
{
	struct cursor disk = { "block.", disk_of, disk_fields, 0, NULL };
	struct cursor nic = { "net.", nic_of, nic_fields, 0, NULL };
	struct snap_vcpu *vcpu;
	const char *rest;
	uint32_t id;

	for (int i = 0; i < n; i++) {
		const virTypedParameter *param = &params[i];

		if ((rest = numbered(param->field, "vcpu.", &id)) != NULL) {
			vcpu = vcpu_of(dom, id);
			if (vcpu != NULL) {
				store(vcpu, vcpu_fields, rest, param);
			}
		} else if (!fill_device(dom, &disk, param) &&
		    !fill_device(dom, &nic, param)) {
			store(dom, domain_fields, param->field, param);
		}
	}
}
