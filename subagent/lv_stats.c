/* SPDX-License-Identifier: BSD-2-Clause */
/* Bulk statistics: libvirt's typed parameters into a record's fields. */
#include "lv_stats.h"

#include <stdlib.h>
#include <string.h>

#include "snapshot.h"

/* A parameter with a field: the name's last part, where, and per how much. */
struct field {
	const char *name;
	size_t offset;
	uint64_t divisor; /* 1000: nanoseconds into microseconds */
};

static const struct field domain_fields[] = {
	{ "cpu.time", offsetof(struct snap_domain, cpu_time_us), 1000 },
	{ "balloon.current", offsetof(struct snap_domain, mem_current_kib), 1 },
	{ "balloon.maximum", offsetof(struct snap_domain, mem_max_kib), 1 },
	{ NULL, 0, 0 },
};

static const struct field vcpu_fields[] = {
	{ "time", offsetof(struct snap_vcpu, time_us), 1000 },
	{ NULL, 0, 0 },
};

static const struct field disk_fields[] = {
	{ "rd.reqs", offsetof(struct snap_disk, read_ios), 1 },
	{ "rd.bytes", offsetof(struct snap_disk, read_octets), 1 },
	{ "rd.times", offsetof(struct snap_disk, read_time_us), 1000 },
	{ "wr.reqs", offsetof(struct snap_disk, write_ios), 1 },
	{ "wr.bytes", offsetof(struct snap_disk, write_octets), 1 },
	{ "wr.times", offsetof(struct snap_disk, write_time_us), 1000 },
	{ "capacity", offsetof(struct snap_disk, capacity_bytes), 1 },
	{ "allocation", offsetof(struct snap_disk, allocation_bytes), 1 },
	{ "physical", offsetof(struct snap_disk, physical_bytes), 1 },
	{ NULL, 0, 0 },
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
	}
	return false;
}

static void
store(void *row, const struct field *fields, const char *name,
    const virTypedParameter *param)
{
	uint64_t value;

	for (const struct field *f = fields; f->name != NULL; f++) {
		if (strcmp(f->name, name) == 0) {
			if (number(param, &value) && value != SNAP_NO_U64) {
				value /= f->divisor;
				memcpy((char *)row + f->offset, &value,
				    sizeof(value));
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

static struct snap_disk *
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

/* The disks of one set of statistics: block.N.name comes before the rest. */
struct disk_cursor {
	uint32_t n;
	struct snap_disk *disk;
};

static void
fill_disk(struct snap_domain *dom, struct disk_cursor *at, uint32_t n,
    const char *name, const virTypedParameter *param)
{
	if (strcmp(name, "name") == 0 &&
	    param->type == VIR_TYPED_PARAM_STRING) {
		at->n = n;
		at->disk = disk_of(dom, param->value.s);
	} else if (at->disk != NULL && at->n == n) {
		store(at->disk, disk_fields, name, param);
	}
}

void
lv_stats_fill(struct snap_domain *dom, const virTypedParameter *params, int n)
{
	struct disk_cursor at = { 0, NULL };
	struct snap_vcpu *vcpu;
	const char *rest;
	uint32_t id;

	for (int i = 0; i < n; i++) {
		const char *name = params[i].field;

		if ((rest = numbered(name, "vcpu.", &id)) != NULL) {
			vcpu = vcpu_of(dom, id);
			if (vcpu != NULL) {
				store(vcpu, vcpu_fields, rest, &params[i]);
			}
		} else if ((rest = numbered(name, "block.", &id)) != NULL) {
			fill_disk(dom, &at, id, rest, &params[i]);
		} else {
			store(dom, domain_fields, name, &params[i]);
		}
	}
}
