/* SPDX-License-Identifier: BSD-2-Clause */
/* Takes a column's value out of a row. */
#include "mib_column.h"

#include <string.h>

/* Members of a row by offset; the descriptor macros checked the types. */
#define MEMBER(base, offset, ctype)                                           \
	(*(const ctype *)(const void *)((const char *)(base) + (offset)))

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
value_ticks(struct mib_value *value, uint32_t ticks)
{
	value->own.unsigned32 = ticks;
	value_set(value, ASN_TIMETICKS, &value->own.unsigned32, sizeof(u_long));
	return true;
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
value_oid(struct mib_value *value, const struct snap_oid *id)
{
	for (size_t i = 0; i < id->len; i++) {
		value->own.ids[i] = id->ids[i];
	}
	value_set(value, ASN_OBJECT_ID, value->own.ids, id->len * sizeof(oid));
	return id->len != 0;
}

bool
mib_cell(const struct mib_column *column, const struct mib_row *row,
    int64_t now_ms, struct mib_value *value)
{
	const char *field, *text;
	const struct snap_mac *mac;

	if (row->data == NULL) {
		return false;
	}
	field = (const char *)row->data + column->offset;
	switch (column->kind) {
	case MIB_INTEGER:
		return value_integer(value, MEMBER(field, 0, int32_t));
	case MIB_COMPUTED:
		return value_integer(value, column->compute(row));
	case MIB_COUNTER64:
		return value_counter64(value, MEMBER(field, 0, uint64_t));
	case MIB_TEXT:
		text = MEMBER(field, 0, char *const);
		value_set(value, ASN_OCTET_STR, text, text ? strlen(text) : 0);
		return text != NULL;
	case MIB_UUID:
		value_set(value, ASN_OCTET_STR, field,
		    sizeof(struct snap_uuid));
		return true;
	case MIB_MAC:
		mac = &MEMBER(field, 0, struct snap_mac);
		value_set(value, ASN_OCTET_STR, mac->octets, mac->len);
		return mac->len != 0;
	case MIB_OID:
		return value_oid(value, &MEMBER(field, 0, struct snap_oid));
	case MIB_TICKS:
		return value_ticks(value, MEMBER(field, 0, uint32_t));
	case MIB_SINCE:
		return value_since(value, MEMBER(field, 0, int64_t), now_ms);
	}
	return false;
}
