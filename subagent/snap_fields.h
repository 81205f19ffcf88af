/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which fields of a record's rows a hypervisor gives whenever it is asked, for
 * whoever treats them all alike: a new field of that kind is a line in
 * snap_fields.c.  Those whose absence says something (no threshold, no job) and
 * those that are kept elsewhere (lv_survey_data.h) are not among them.
 */
#ifndef VMMIBD_SNAP_FIELDS_H
#define VMMIBD_SNAP_FIELDS_H

#include <stddef.h>
#include <stdint.h>

struct snap_rate;

/* A counter and the rate that is made of it, by their offsets in the row. */
struct snap_rated {
	size_t counter;
	size_t rate;
};

/* The measured fields of one type of row. */
struct snap_fields {
	const size_t *u64s; /* offsets of fields of type uint64_t, */
	size_t n_u64s;
	const size_t *i32s; /* and of type int32_t */
	size_t n_i32s;
	const struct snap_rated *rates;
	size_t n_rates;
};

extern const struct snap_fields snap_domain_fields;
extern const struct snap_fields snap_vcpu_fields;
extern const struct snap_fields snap_disk_fields;
extern const struct snap_fields snap_nic_fields;

/* Makes all of them unknown, rates included. */
void snap_fields_forget(const struct snap_fields *fields, void *row);

/* A field of a row that may be changed. */
uint64_t *snap_u64(void *row, size_t offset);
int32_t *snap_i32(void *row, size_t offset);
struct snap_rate *snap_rate_of(void *row, size_t offset);

#endif
