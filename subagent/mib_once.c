/* SPDX-License-Identifier: BSD-2-Clause */
/* vmmibd --once: what would be served, as text. */
#include "mib_once.h"

#include <string.h>

#include "clock.h"
#include "mib_tree.h"

#define CELL_MAX 1024
/* A table with more columns is printed cell by cell: no screen is so wide. */
#define COLUMNS_MAX 16

static void
show_octets(char *out, size_t size, const struct mib_column *column,
    const struct mib_value *value)
{
	const uint8_t *octets = value->data;
	char *at = out;

	if (column->kind == MIB_DATE) {
		snprintf(out, size, "%d-%02d-%02d %02d:%02d:%02d UTC",
		    octets[0] << 8 | octets[1], octets[2], octets[3],
		    octets[4], octets[5], octets[6]);
		return;
	}
	if (column->kind == MIB_TEXT || column->kind == MIB_CHARS ||
	    column->kind == MIB_WORDS) {
		snprintf(out, size, "%.*s", (int)value->len,
		    (const char *)value->data);
		return;
	}
	*out = '\0';
	for (size_t i = 0; i < value->len; i++) {
		const char *separator = column->kind == MIB_MAC && i > 0 ?
		    ":" : "";

		if (column->kind == MIB_UUID &&
		    (i == 4 || i == 6 || i == 8 || i == 10)) {
			separator = "-";
		}
		at += sprintf(at, "%s%02x", separator, octets[i]);
	}
}

static void
show_oid(char *out, size_t size, const struct mib_value *value)
{
	size_t used = 0;

	for (size_t i = 0; i < value->len / sizeof(oid) && used < size; i++) {
		used += (size_t)snprintf(out + used, size - used, "%s%lu",
		    i > 0 ? "." : "", value->own.ids[i]);
	}
}

static void
show_integer(char *out, size_t size, const struct mib_column *column,
    long integer)
{
	const char *label = integer >= 0 &&
	    (size_t)integer < column->n_labels ? column->labels[integer] :
	    NULL;

	if (label != NULL) {
		snprintf(out, size, "%s(%ld)", label, integer);
	} else {
		snprintf(out, size, "%ld", integer);
	}
}

static void
show(char *out, size_t size, const struct mib_column *column,
    const struct mib_value *value)
{
	switch (value->type) {
	case ASN_INTEGER:
		show_integer(out, size, column, value->own.integer);
		break;
	case ASN_TIMETICKS:
		snprintf(out, size, "%lu.%02lus", value->own.unsigned32 / 100,
		    value->own.unsigned32 % 100);
		break;
	case ASN_COUNTER:
	case ASN_GAUGE:
		snprintf(out, size, "%lu", value->own.unsigned32);
		break;
	case ASN_COUNTER64:
		snprintf(out, size, "%llu",
		    (unsigned long long)value->own.counter64.high << 32 |
		    value->own.counter64.low);
		break;
	case ASN_OBJECT_ID:
		show_oid(out, size, value);
		break;
	default:
		show_octets(out, size, column, value);
	}
}

/* The text of a cell; i counts columns, and below 0 is the index. */
static const char *
cell_text(char out[CELL_MAX], const struct mib_table *table, int i,
    const struct mib_row *row, const struct mib_view *view)
{
	struct mib_value value;
	size_t used = 0;

	if (i >= 0) {
		if (mib_cell(&table->columns[i], row, view->now_ms, &value)) {
			show(out, CELL_MAX, &table->columns[i], &value);
		} else {
			strcpy(out, "-");
		}
		return out;
	}
	for (size_t k = 0; k < mib_index_len(table); k++) {
		used += (size_t)snprintf(out + used, CELL_MAX - used, "%s%u",
		    k > 0 ? "." : "", row->index[k]);
	}
	return out;
}

/* Characters, not octets: text is UTF-8. */
static int
width_of(const char *text)
{
	int width = 0;

	for (; *text != '\0'; text++) {
		width += (*text & 0xc0) != 0x80;
	}
	return width;
}

static bool
next_row(const struct mib_table *table, const struct mib_view *view,
    struct mib_row *row, bool first)
{
	uint64_t bound[MIB_MAX_DEPTH] = { 0, 0, 0 };
	size_t n = mib_index_len(table);

	for (size_t i = 0; i < n && !first; i++) {
		bound[i] = row->index[i];
	}
	bound[n - 1] += !first;
	return mib_row_seek(table, view, bound, row);
}

static void
print_padded(FILE *out, const char *text, int width)
{
	fprintf(out, "%s%*s", text, width - width_of(text) + 2, "");
}

static int
column_width(const struct mib_table *table, int i,
    const struct mib_view *view)
{
	int widest = (int)strlen(i < 0 ? "index" : table->columns[i].name);
	char text[CELL_MAX];
	struct mib_row row;

	for (bool first = true; next_row(table, view, &row, first);
	     first = false) {
		int width = width_of(cell_text(text, table, i, &row, view));

		if (width > widest) {
			widest = width;
		}
	}
	return widest;
}

static void
print_table(FILE *out, const struct mib_table *table,
    const struct mib_view *view)
{
	int n = (int)table->n_columns, widths[1 + COLUMNS_MAX];
	char text[CELL_MAX];
	struct mib_row row;

	fprintf(out, "%s\n", table->name);
	for (int i = -1; i < n; i++) {
		widths[i + 1] = column_width(table, i, view);
		print_padded(out, i < 0 ? "index" : table->columns[i].name,
		    widths[i + 1]);
	}
	for (bool first = true; next_row(table, view, &row, first);
	     first = false) {
		fputc('\n', out);
		for (int i = -1; i < n; i++) {
			print_padded(out, cell_text(text, table, i, &row,
			    view), widths[i + 1]);
		}
	}
	fputs("\n\n", out);
}

static void
print_scalars(FILE *out, const struct mib_table *table,
    const struct mib_view *view)
{
	const uint64_t bound[MIB_MAX_DEPTH] = { 0, 0, 0 };
	char text[CELL_MAX];
	struct mib_row row;

	if (mib_row_seek(table, view, bound, &row)) {
		for (int i = 0; i < (int)table->n_columns; i++) {
			fprintf(out, "%s.0  %s\n", table->columns[i].name,
			    cell_text(text, table, i, &row, view));
		}
	}
}

/* "name.index  value" for each cell that has one. */
static void
print_cells(FILE *out, const struct mib_table *table,
    const struct mib_view *view)
{
	char text[CELL_MAX], index[CELL_MAX];
	struct mib_value value;
	struct mib_row row;

	for (bool first = true; next_row(table, view, &row, first);
	     first = false) {
		cell_text(index, table, -1, &row, view);
		for (int i = 0; i < (int)table->n_columns; i++) {
			if (mib_cell(&table->columns[i], &row, view->now_ms,
			    &value)) {
				fprintf(out, "%s.%s  %s\n",
				    table->columns[i].name, index,
				    cell_text(text, table, i, &row, view));
			}
		}
		fputc('\n', out);
	}
}

/* Scalars of one group may be several tables; a blank line follows the last. */
static bool
continues(const struct mib_region *region, size_t i)
{
	return i + 1 < region->n_tables &&
	    strcmp(region->tables[i]->name, region->tables[i + 1]->name) == 0;
}

static void
print_region(FILE *out, const struct mib_region *region,
    const struct mib_view *view)
{
	for (size_t i = 0; i < region->n_tables; i++) {
		const struct mib_table *table = region->tables[i];

		if (table->depth > 0) {
			if (table->n_columns > COLUMNS_MAX) {
				print_cells(out, table, view);
			} else {
				print_table(out, table, view);
			}
			continue;
		}
		print_scalars(out, table, view);
		if (!continues(region, i)) {
			fputc('\n', out);
		}
	}
}

void
mib_once_print(FILE *out, const struct snapshot *snap,
    const struct notify_status *notify)
{
	const struct mib_view view = { .snap = snap, .notify = notify,
	    .now_ms = clock_boot_ms() };

	for (size_t i = 0; i < MIB_N_REGIONS; i++) {
		print_region(out, mib_regions[i], &view);
	}
}
