/* SPDX-License-Identifier: BSD-2-Clause */
/* What a record takes over from the one before it in the same run. */
#include "lv_carry.h"

#include <stddef.h>

#include "snap_fields.h"
#include "snap_refs.h"
#include "snapshot.h"

/* Rows of one type in a record, or the record itself as a row. */
struct rows {
	const struct snap_fields *fields;
	char *first;
	size_t n;
	size_t size;
};

static void
list_rows(struct snap_domain *dom, struct rows rows[4])
{
	rows[0] = (struct rows){ &snap_domain_fields, (char *)dom, 1,
	    sizeof(*dom) };
	rows[1] = (struct rows){ &snap_vcpu_fields, (char *)dom->vcpus,
	    dom->n_vcpus, sizeof(*dom->vcpus) };
	rows[2] = (struct rows){ &snap_disk_fields, (char *)dom->disks,
	    dom->n_disks, sizeof(*dom->disks) };
	rows[3] = (struct rows){ &snap_nic_fields, (char *)dom->nics,
	    dom->n_nics, sizeof(*dom->nics) };
}

static enum lv_part
part_of(const struct snap_fields *fields)
{
	return fields == &snap_nic_fields ? LV_PART_NICS : LV_PART_GUEST;
}

static uint32_t
index_of(const void *row)
{
	return *(const uint32_t *)row;
}

/* An empty drive has lost its values for good, another medium has its own. */
static bool
same_medium(const struct snap_disk *disk, const struct snap_disk *before)
{
	return disk->def.source != NULL &&
	    snap_same(disk->def.source, before->def.source);
}

/*
 * The row that row continues, among those before, at or after *at; both
 * ascend by index.  NULL: it is new.
 */
static void *
continued(const struct rows *rows, const void *row, const struct rows *before,
    size_t *at)
{
	char *old;

	if (rows->fields == &snap_domain_fields) {
		return before->first;
	}
	while (*at < before->n &&
	    index_of(before->first + *at * before->size) < index_of(row)) {
		++*at;
	}
	old = before->first + *at * before->size;
	if (*at == before->n || index_of(old) != index_of(row) ||
	    (rows->fields == &snap_disk_fields &&
		!same_medium((const void *)row, (const void *)old))) {
		return NULL;
	}
	return old;
}

/* A counter that was not asked for may be there, but is no sample. */
static bool
next_rate(void *row, void *before, const struct snap_rated *rated,
    bool missing, int64_t now_ms, const struct lv_carry_limits *limits)
{
	struct snap_rate *rate = snap_rate_of(row, rated->rate);
	uint64_t count = missing ? SNAP_NO_U64 :
	    *snap_u64(row, rated->counter);

	snap_rate_next(rate,
	    before != NULL ? snap_rate_of(before, rated->rate) : NULL, count,
	    now_ms, limits->began_ms != 0 ? now_ms - limits->began_ms : 0,
	    limits->rate_min_ms);
	if (count != SNAP_NO_U64 || rate->at_ms == 0) {
		return false;
	}
	if (now_ms - rate->at_ms >= limits->stale_after_ms) {
		rate->span_ms = 0;
	}
	return true;
}

bool
lv_carry_rates(struct snap_domain *rec, const struct snap_domain *before,
    int64_t now_ms, const struct lv_carry_limits *limits)
{
	struct rows now[4], then[4];
	bool lost = false;

	list_rows(rec, now);
	if (before != NULL) {
		list_rows(snap_writable(before), then); /* only read */
	}
	for (size_t t = 0; t < 4; t++) {
		const struct snap_fields *fields = now[t].fields;
		bool missing = limits->missing & part_of(fields);
		size_t at = 0;

		for (size_t i = 0; i < now[t].n; i++) {
			char *row = now[t].first + i * now[t].size;
			void *old = before == NULL ? NULL :
			    continued(&now[t], row, &then[t], &at);

			for (size_t r = 0; r < fields->n_rates; r++) {
				bool gone = next_rate(row, old,
				    &fields->rates[r], missing, now_ms,
				    limits);

				/* A tap may go while its guest goes on. */
				lost |= gone && fields != &snap_nic_fields;
			}
		}
	}
	return lost;
}

static bool
carry_row(const struct snap_fields *fields, void *row, void *before)
{
	bool any = false;

	for (size_t i = 0; i < fields->n_u64s; i++) {
		uint64_t *value = snap_u64(row, fields->u64s[i]);

		if (*value == SNAP_NO_U64) {
			*value = *snap_u64(before, fields->u64s[i]);
			any |= *value != SNAP_NO_U64;
		}
	}
	for (size_t i = 0; i < fields->n_i32s; i++) {
		int32_t *value = snap_i32(row, fields->i32s[i]);

		if (*value == SNAP_NO_I32) {
			*value = *snap_i32(before, fields->i32s[i]);
			any |= *value != SNAP_NO_I32;
		}
	}
	return any;
}

bool
lv_carry_values(struct snap_domain *rec, const struct snap_domain *before,
    enum lv_part part)
{
	struct rows now[4], then[4];
	bool any = false;

	list_rows(rec, now);
	list_rows(snap_writable(before), then);
	for (size_t t = 0; t < 4; t++) {
		size_t at = 0;

		if (part_of(now[t].fields) != part) {
			continue;
		}
		for (size_t i = 0; i < now[t].n; i++) {
			char *row = now[t].first + i * now[t].size;
			void *old = continued(&now[t], row, &then[t], &at);

			if (old != NULL) {
				any |= carry_row(now[t].fields, row, old);
			}
		}
	}
	return any;
}
