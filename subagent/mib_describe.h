/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Column descriptors, a line each.  The C type of the field is checked at
 * compile time: row is the row's type, field the member (of a member, of ...).
 */
#ifndef VMMIBD_MIB_DESCRIBE_H
#define VMMIBD_MIB_DESCRIBE_H

#include "mib_column.h"

#define MIB_FIELD(row, field, ctype)                                          \
	(offsetof(row, field) +                                               \
	    0 * sizeof(struct {                                               \
		    _Static_assert(_Generic(((row *)0)->field,                \
			ctype: 1, default: 0),                                \
			#field " is not of type " #ctype);                    \
		    int unused;                                               \
	    }))
#define MIB_LABELS(array)                                                     \
	.labels = (array), .n_labels = sizeof(array) / sizeof((array)[0])
#define MIB_COLUMN(num, nm, knd, row, field, ctype)                           \
	.number = (num), .name = #nm, .kind = (knd),                          \
	.offset = MIB_FIELD(row, field, ctype)

#define INTEGER(number, name, row, field)                                     \
	{ MIB_COLUMN(number, name, MIB_INTEGER, row, field, int32_t) }
#define ENUM(number, name, row, field, labels)                                \
	{ MIB_COLUMN(number, name, MIB_INTEGER, row, field, int32_t),         \
	    MIB_LABELS(labels) }
#define TRUTH(number, name, row, field)                                       \
	ENUM(number, name, row, field, mib_truth_labels)
#define BOOL(number, name, row, field)                                        \
	{ MIB_COLUMN(number, name, MIB_BOOL, row, field, bool),               \
	    MIB_LABELS(mib_truth_labels) }
#define COUNTER32(number, name, row, field)                                   \
	{ MIB_COLUMN(number, name, MIB_COUNTER32, row, field, uint64_t) }
#define COUNTER64(number, name, row, field)                                   \
	{ MIB_COLUMN(number, name, MIB_COUNTER64, row, field, uint64_t) }
#define GAUGE32(number, name, row, field)                                     \
	{ MIB_COLUMN(number, name, MIB_GAUGE32, row, field, uint64_t) }
#define LIMIT(number, name, row, field)                                       \
	{ MIB_COLUMN(number, name, MIB_LIMIT, row, field, uint64_t) }
#define RATE(number, name, row, field, t, b)                                  \
	{ MIB_COLUMN(number, name, MIB_RATE, row, field, struct snap_rate),   \
	    .times = (t), .by = (b) }
#define TEXT(number, name, row, field)                                        \
	{ MIB_COLUMN(number, name, MIB_TEXT, row, field, const char *) }
#define CHARS(number, name, row, field)                                       \
	{ MIB_COLUMN(number, name, MIB_CHARS, row, field, char *) }
#define UUID(number, name, row, field)                                        \
	{ MIB_COLUMN(number, name, MIB_UUID, row, field, struct snap_uuid) }
#define MAC(number, name, row, field)                                         \
	{ MIB_COLUMN(number, name, MIB_MAC, row, field, struct snap_mac) }
#define OBJECTID(number, name, row, field)                                    \
	{ MIB_COLUMN(number, name, MIB_OID, row, field, struct snap_oid) }
#define DATE(number, name, row, field)                                        \
	{ MIB_COLUMN(number, name, MIB_DATE, row, field, uint64_t) }
#define TICKS(number, name, row, field)                                       \
	{ MIB_COLUMN(number, name, MIB_TICKS, row, field, uint32_t) }
#define SINCE(number, name, row, field)                                       \
	{ MIB_COLUMN(number, name, MIB_SINCE, row, field, int64_t) }
#define AGE(number, name, row, field)                                         \
	{ MIB_COLUMN(number, name, MIB_AGE, row, field, int64_t) }

/* Columns that the domain's definition holds, in a table of domains. */
#define DEF_TEXT(number, name, field)                                         \
	{ MIB_COLUMN(number, name, MIB_TEXT, struct snap_def, field,          \
	    const char *), .of_def = true }
#define DEF_GAUGE32(number, name, field)                                      \
	{ MIB_COLUMN(number, name, MIB_GAUGE32, struct snap_def, field,       \
	    uint64_t), .of_def = true }

/* Columns that are worked out. */
#define COMPUTED(num, nm, function, labels)                                   \
	{ .number = (num), .name = #nm, .kind = MIB_COMPUTED,                 \
	    .compute = (function), MIB_LABELS(labels) }
#define MEASURE(num, nm, function)                                            \
	{ .number = (num), .name = #nm, .kind = MIB_MEASURE,                  \
	    .measure = (function) }
#define WORDS(num, nm, function)                                              \
	{ .number = (num), .name = #nm, .kind = MIB_WORDS,                    \
	    .words = (function) }

#endif
