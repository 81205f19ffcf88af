/* SPDX-License-Identifier: BSD-2-Clause */
/* Takes a column's value out of a row. */
#include "mib_column.h"

#include <string.h>
#include <time.h>

const char *const mib_truth_labels[3] = { NULL, "true", "false" };

static void
value_set(struct mib_value *value, u_char type, const void *data, size_t len)
{
	value->type = type;
	value->data = data;
	value->len = len;
}

static bool
value_integer(struct mib_value *value, int32_t integer)
{
	value->own.integer = integer;
	value_set(value, ASN_INTEGER, &value->own.integer, sizeof(long));
	return integer != SNAP_NO_I32;
}

static bool
value_counter64(struct mib_value *value, uint64_t counter)
{
	value->own.counter64.high = (u_long)(counter >> 32);
	value->own.counter64.low = (u_long)(counter & UINT32_MAX);
	value_set(value, ASN_COUNTER64, &value->own.counter64,
	    sizeof(struct counter64));
	return counter != SNAP_NO_U64;
}

static bool
value_unsigned32(struct mib_value *value, u_char type, uint32_t number)
{
	value->own.unsigned32 = number;
	value_set(value, type, &value->own.unsigned32, sizeof(u_long));
	return true;
}

/* A Gauge32 that its type cannot hold stays at the maximum. */
static bool
value_gauge32(struct mib_value *value, uint64_t number)
{
	return value_unsigned32(value, ASN_GAUGE,
	    number < UINT32_MAX ? (uint32_t)number : UINT32_MAX) &&
	    number != SNAP_NO_U64;
}

static bool
value_text(struct mib_value *value, const char *text)
{
	value_set(value, ASN_OCTET_STR, text, text != NULL ? strlen(text) : 0);
	return text != NULL;
}

/* DateAndTime without a time zone is local; with one it takes 11 octets. */
static bool
value_date(struct mib_value *value, uint64_t epoch_s)
{
	time_t when = (time_t)epoch_s;
	struct tm tm;

	if (epoch_s == SNAP_NO_U64 || epoch_s == 0 || when < 0 ||
	    gmtime_r(&when, &tm) == NULL || tm.tm_year + 1900 > UINT16_MAX) {
		return false;
	}
	memcpy(value->own.date, (const u_char [11]){
	    (u_char)((tm.tm_year + 1900) >> 8), (u_char)(tm.tm_year + 1900),
	    (u_char)(tm.tm_mon + 1), (u_char)tm.tm_mday, (u_char)tm.tm_hour,
	    (u_char)tm.tm_min, (u_char)tm.tm_sec, 0, '+', 0, 0 }, 11);
	value_set(value, ASN_OCTET_STR, value->own.date, 11);
	return true;
}

static bool
value_ticks(struct mib_value *value, uint32_t ticks)
{
	return value_unsigned32(value, ASN_TIMETICKS, ticks);
}

static bool
value_since(struct mib_value *value, int64_t since_ms, int64_t now_ms)
{
	int64_t elapsed_ms;

	if (since_ms == SNAP_NO_TIME) {
		return false;
	}
	elapsed_ms = now_ms > since_ms ? now_ms - since_ms : 0;
	/* TimeTicks wraps at 2^32, as RFC 2578 has it. */
	return value_ticks(value, (uint32_t)(elapsed_ms / 10));
}

static bool
value_age(struct mib_value *value, int64_t since_ms, int64_t now_ms)
{
	if (since_ms == SNAP_NO_TIME) {
		return false;
	}
	return value_gauge32(value, now_ms > since_ms ?
	    (uint64_t)(now_ms - since_ms) / 1000 : 0);
}

static bool
value_oid(struct mib_value *value, const struct snap_oid *id)
{
	for (size_t i = 0; i < id->len; i++) {
		value->own.ids[i] = id->ids[i];
	}
	value_set(value, ASN_OBJECT_ID, value->own.ids, id->len * sizeof(oid));
	return id->len != 0;
}

static bool
value_octets(struct mib_value *value, const uint8_t *octets, size_t len)
{
	value_set(value, ASN_OCTET_STR, octets, len);
	return len != 0;
}

/* Kinds that a function of the row gives. */
static bool
worked_out(const struct mib_column *column, const struct mib_row *row,
    int64_t now_ms, struct mib_value *value)
{
	if (column->compute != NULL) {
		return value_integer(value, column->compute(row, now_ms));
	}
	if (column->measure != NULL) {
		return value_gauge32(value, column->measure(row, now_ms));
	}
	return value_text(value, column->words(row));
}

#define FIELD(ctype) MIB_MEMBER(field, 0, ctype)

/* By the column's kind; field is where its offset leads. */
static bool
value_of(const struct mib_column *column, const struct mib_row *row,
    const char *field, int64_t now_ms, struct mib_value *value)
{
	switch (column->kind) {
	case MIB_INTEGER:
		return value_integer(value, FIELD(int32_t));
	case MIB_BOOL:
		return value_integer(value,
		    FIELD(bool) ? SNAP_TRUE : SNAP_FALSE);
	case MIB_COUNTER32:
		return value_unsigned32(value, ASN_COUNTER,
		    (uint32_t)FIELD(uint64_t));
	case MIB_COUNTER64:
		return value_counter64(value, FIELD(uint64_t));
	case MIB_LIMIT:
		return value_counter64(value, FIELD(uint64_t)) &&
		    FIELD(uint64_t) != 0;
	case MIB_GAUGE32:
		return value_gauge32(value, FIELD(uint64_t));
	case MIB_RATE:
		return value_gauge32(value, snap_rate_value(
		    &FIELD(struct snap_rate), column->times, column->by));
	case MIB_TEXT:
		return value_text(value, FIELD(char *const));
	case MIB_CHARS:
		return value_text(value, field[0] != '\0' ? field : NULL);
	case MIB_UUID:
		return value_octets(value, FIELD(struct snap_uuid).octets,
		    sizeof(struct snap_uuid));
	case MIB_MAC:
		return value_octets(value, FIELD(struct snap_mac).octets,
		    FIELD(struct snap_mac).len);
	case MIB_OID:
		return value_oid(value, &FIELD(struct snap_oid));
	case MIB_DATE:
		return value_date(value, FIELD(uint64_t));
	case MIB_TICKS:
		return value_ticks(value, FIELD(uint32_t));
	case MIB_SINCE:
		return value_since(value, FIELD(int64_t), now_ms);
	case MIB_AGE:
		return value_age(value, FIELD(int64_t), now_ms);
	case MIB_COMPUTED:
	case MIB_MEASURE:
	case MIB_WORDS:
		return worked_out(column, row, now_ms, value);
	}
	return false;
}

bool
mib_cell(const struct mib_column *column, const struct mib_row *row,
    int64_t now_ms, struct mib_value *value)
{
	const void *base;

	if (row->data == NULL) {
		return false;
	}
	base = column->of_def ? (const void *)row->dom->def : row->data;
	return value_of(column, row, (const char *)base + column->offset,
	    now_ms, value);
}
