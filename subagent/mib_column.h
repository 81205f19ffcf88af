/* SPDX-License-Identifier: BSD-2-Clause */
/* Columns of tables as data: number, name, kind, and where the value is. */
#ifndef VMMIBD_MIB_COLUMN_H
#define VMMIBD_MIB_COLUMN_H

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <stdbool.h>
#include <stdint.h>

#include "snapshot.h"

#define MIB_MAX_DEPTH 3

/* A row found by the engine, by its position and its index. */
struct mib_row {
	const struct snap_domain *dom; /* NULL for scalars */
	const void *data;              /* what column offsets are relative to */
	uint32_t index[MIB_MAX_DEPTH];
};

enum mib_kind {
	MIB_INTEGER,   /* int32_t; absent: SNAP_NO_I32 */
	MIB_COMPUTED,  /* INTEGER given by a function of the row */
	MIB_COUNTER64, /* uint64_t; absent: SNAP_NO_U64 */
	MIB_TEXT,      /* const char *; absent: NULL */
	MIB_UUID,      /* struct snap_uuid */
	MIB_MAC,       /* struct snap_mac; absent: length 0 */
	MIB_OID,       /* struct snap_oid; absent: length 0 */
	MIB_TICKS,     /* uint32_t, centiseconds */
	MIB_SINCE,     /* int64_t boot clock ms, served as TimeTicks elapsed;
	                  absent: SNAP_NO_TIME */
};

struct mib_column {
	oid number;
	const char *name;
	enum mib_kind kind;
	size_t offset;
	int32_t (*compute)(const struct mib_row *row);
	const char *const *labels; /* of an enumeration, by value; may have gaps */
	size_t n_labels;
};

/* A value ready for snmp_set_var_typed_value(); data may point into itself or
 * into the snapshot, so it is neither copied nor kept past the view. */
struct mib_value {
	u_char type;
	const void *data;
	size_t len;
	union {
		long integer;
		u_long unsigned32;
		struct counter64 counter64;
		oid ids[16];
	} own;
};

/* A cell's value; false when it is absent. */
bool mib_cell(const struct mib_column *column, const struct mib_row *row,
    int64_t now_ms, struct mib_value *value);

/*
 * Column descriptors.  The C type of the field is checked at compile time:
 * row is the row's type, field the member (of a member, of ...).
 */
#define MIB_FIELD(row, field, ctype)                                          \
	(offsetof(row, field) +                                               \
	    0 * sizeof(struct {                                               \
		    _Static_assert(_Generic(((row *)0)->field,                \
			ctype: 1, default: 0),                                \
			#field " is not of type " #ctype);                    \
		    int unused;                                               \
	    }))

#define INTEGER(number, name, row, field)                                     \
	{ number, #name, MIB_INTEGER, MIB_FIELD(row, field, int32_t),         \
	    NULL, NULL, 0 }
#define ENUM(number, name, row, field, labels)                                \
	{ number, #name, MIB_INTEGER, MIB_FIELD(row, field, int32_t),         \
	    NULL, labels, sizeof(labels) / sizeof((labels)[0]) }
#define COMPUTED(number, name, function, labels)                              \
	{ number, #name, MIB_COMPUTED, 0,                                     \
	    function, labels, sizeof(labels) / sizeof((labels)[0]) }
#define COUNTER64(number, name, row, field)                                   \
	{ number, #name, MIB_COUNTER64, MIB_FIELD(row, field, uint64_t),      \
	    NULL, NULL, 0 }
#define TEXT(number, name, row, field)                                        \
	{ number, #name, MIB_TEXT, MIB_FIELD(row, field, const char *),       \
	    NULL, NULL, 0 }
#define UUID(number, name, row, field)                                        \
	{ number, #name, MIB_UUID, MIB_FIELD(row, field, struct snap_uuid),   \
	    NULL, NULL, 0 }
#define MAC(number, name, row, field)                                         \
	{ number, #name, MIB_MAC, MIB_FIELD(row, field, struct snap_mac),     \
	    NULL, NULL, 0 }
#define OBJECTID(number, name, row, field)                                    \
	{ number, #name, MIB_OID, MIB_FIELD(row, field, struct snap_oid),     \
	    NULL, NULL, 0 }
#define TICKS(number, name, row, field)                                       \
	{ number, #name, MIB_TICKS, MIB_FIELD(row, field, uint32_t),          \
	    NULL, NULL, 0 }
#define SINCE(number, name, row, field)                                       \
	{ number, #name, MIB_SINCE, MIB_FIELD(row, field, int64_t),           \
	    NULL, NULL, 0 }

#endif
