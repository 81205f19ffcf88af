/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds rows and cells of tables that are described as data. */
#include "mib_table.h"

#include <string.h>

_Static_assert(offsetof(struct snap_vcpu, index) == 0, "rows begin with it");
_Static_assert(offsetof(struct snap_disk, index) == 0, "rows begin with it");
_Static_assert(offsetof(struct snap_nic, index) == 0, "rows begin with it");

size_t
mib_index_len(const struct mib_table *table)
{
	return table->depth == 0 ? 1 : (size_t)table->depth;
}

static const void *
array_row(const struct mib_table *table, const struct snap_domain *dom,
    size_t i)
{
	const char *rows = MIB_MEMBER(dom, table->array_offset, char *const);

	return rows + i * table->row_size;
}

static uint32_t
row_index(const void *row)
{
	return *(const uint32_t *)row;
}

/* The first element of the domain's array whose sub-index is at least lo. */
static size_t
array_seek(const struct mib_table *table, const struct snap_domain *dom,
    uint64_t lo)
{
	size_t below = 0, end = MIB_MEMBER(dom, table->count_offset, size_t);

	while (below < end) {
		size_t mid = below + (end - below) / 2;

		if (row_index(array_row(table, dom, mid)) < lo) {
			below = mid + 1;
		} else {
			end = mid;
		}
	}
	return below;
}

/* Within one domain; bound[1] and bound[2] apply. */
static bool
domain_seek(const struct mib_table *table, const struct snap_domain *dom,
    const uint64_t bound[MIB_MAX_DEPTH], struct mib_row *row)
{
	size_t n = MIB_MEMBER(dom, table->count_offset, size_t);

	for (size_t i = array_seek(table, dom, bound[1]); i < n; i++) {
		const void *data = array_row(table, dom, i);
		uint64_t third = table->dense_base;

		row->dom = dom;
		row->data = data;
		row->index[0] = dom->index;
		row->index[1] = row_index(data);
		if (table->depth == 2) {
			return true;
		}
		if (row->index[1] == bound[1] && bound[2] > third) {
			third = bound[2];
		}
		if (third < (uint64_t)table->dense_base +
		    MIB_MEMBER(dom, table->dense_count_offset, size_t)) {
			row->index[2] = (uint32_t)third;
			return true;
		}
	}
	return false;
}

bool
mib_row_seek(const struct mib_table *table, const struct mib_view *view,
    const uint64_t bound[MIB_MAX_DEPTH], struct mib_row *row)
{
	static const uint64_t start[MIB_MAX_DEPTH] = { 0, 0, 0 };
	const struct snapshot *snap = view->snap;

	memset(row, 0, sizeof(*row));
	if (table->depth == 0) {
		row->data = table->scalars(view);
		return bound[0] == 0;
	}
	if (bound[0] > UINT32_MAX) {
		return false;
	}
	for (size_t i = snapshot_seek(snap, (uint32_t)bound[0]);
	     i < (size_t)snap->n_domains; i++) {
		const struct snap_domain *dom = snap->domains[i];

		if (table->depth == 1) {
			row->dom = dom;
			row->data = dom;
			row->index[0] = dom->index;
			return true;
		}
		if (domain_seek(table, dom,
		    dom->index == bound[0] ? bound : start, row)) {
			return true;
		}
	}
	return false;
}

static const struct mib_column *
column_find(const struct mib_table *table, oid number)
{
	for (size_t i = 0; i < table->n_columns; i++) {
		if (table->columns[i].number == number) {
			return &table->columns[i];
		}
	}
	return NULL;
}

static bool
table_contains(const struct mib_table *table, const oid *name, size_t name_len)
{
	return name_len > table->root_len &&
	    memcmp(name, table->root, table->root_len * sizeof(oid)) == 0;
}

enum mib_result
mib_get(const struct mib_region *region, const struct mib_view *view,
    const oid *name, size_t name_len, struct mib_value *value)
{
	const struct mib_column *column = NULL;
	uint64_t bound[MIB_MAX_DEPTH] = { 0, 0, 0 };
	struct mib_row row;
	const oid *index;
	size_t n, i;

	for (i = 0; i < region->n_tables && column == NULL; i++) {
		if (table_contains(region->tables[i], name, name_len)) {
			column = column_find(region->tables[i],
			    name[region->tables[i]->root_len]);
		}
	}
	if (column == NULL) {
		return MIB_NO_OBJECT;
	}
	const struct mib_table *table = region->tables[i - 1];

	index = name + table->root_len + 1;
	n = mib_index_len(table);
	if (name_len - table->root_len - 1 != n) {
		return MIB_NO_INSTANCE;
	}
	for (i = 0; i < n; i++) {
		bound[i] = index[i];
	}
	if (!mib_row_seek(table, view, bound, &row)) {
		return MIB_NO_INSTANCE;
	}
	for (i = 0; i < n; i++) {
		if (row.index[i] != bound[i]) {
			return MIB_NO_INSTANCE;
		}
	}
	return mib_cell(column, &row, view->now_ms, value) ? MIB_FOUND :
	    MIB_NO_INSTANCE;
}

/*
 * The lowest index that may answer: just above the given one, which may be
 * shorter (then all that it begins) or longer than the table's.
 */
static void
index_bound(const oid *given, size_t given_len, size_t n, bool inclusive,
    uint64_t bound[MIB_MAX_DEPTH])
{
	for (size_t i = 0; i < MIB_MAX_DEPTH; i++) {
		bound[i] = i < given_len && i < n ? given[i] : 0;
	}
	if (given_len > n || (given_len == n && !inclusive)) {
		bound[n - 1]++;
	}
}

/* The first cell of the column at or above bound that has a value. */
static bool
column_next(const struct mib_table *table, const struct mib_column *column,
    const struct mib_view *view, uint64_t bound[MIB_MAX_DEPTH],
    struct mib_row *row, struct mib_value *value)
{
	size_t n = mib_index_len(table);

	while (mib_row_seek(table, view, bound, row)) {
		if (mib_cell(column, row, view->now_ms, value)) {
			return true;
		}
		for (size_t i = 0; i < n; i++) {
			bound[i] = row->index[i];
		}
		bound[n - 1]++;
	}
	return false;
}

static void
found_set(const struct mib_table *table, const struct mib_column *column,
    const struct mib_row *row, oid *found, size_t *found_len)
{
	size_t len = table->root_len;

	memcpy(found, table->root, len * sizeof(oid));
	found[len++] = column->number;
	for (size_t i = 0; i < mib_index_len(table); i++) {
		found[len++] = row->index[i];
	}
	*found_len = len;
}

static bool
table_next(const struct mib_table *table, const struct mib_view *view,
    const oid *name, size_t name_len, bool inclusive, oid *found,
    size_t *found_len, struct mib_value *value)
{
	bool inside = table_contains(table, name, name_len);
	oid first = inside ? name[table->root_len] : 0;
	struct mib_row row;

	for (size_t i = 0; i < table->n_columns; i++) {
		const struct mib_column *column = &table->columns[i];
		uint64_t bound[MIB_MAX_DEPTH] = { 0, 0, 0 };

		if (column->number < first) {
			continue;
		}
		if (inside && column->number == first) {
			index_bound(name + table->root_len + 1,
			    name_len - table->root_len - 1,
			    mib_index_len(table), inclusive, bound);
		}
		if (column_next(table, column, view, bound, &row, value)) {
			found_set(table, column, &row, found, found_len);
			return true;
		}
	}
	return false;
}

enum mib_result
mib_next(const struct mib_region *region, const struct mib_view *view,
    const oid *name, size_t name_len, bool inclusive, oid *found,
    size_t *found_len, struct mib_value *value)
{
	for (size_t i = 0; i < region->n_tables; i++) {
		const struct mib_table *table = region->tables[i];
		size_t common = name_len < table->root_len ? name_len :
		    table->root_len;

		/* Past the end of this table's subtree? */
		if (snmp_oid_compare(name, common, table->root, common) > 0) {
			continue;
		}
		if (table_next(table, view, name, name_len, inclusive, found,
		    found_len, value)) {
			return MIB_FOUND;
		}
	}
	return MIB_END;
}
