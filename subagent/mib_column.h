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
	MIB_BOOL,      /* bool, served as TruthValue */
	MIB_COUNTER32, /* uint64_t, modulo 2^32 */
	MIB_COUNTER64, /* uint64_t; absent: SNAP_NO_U64 */
	MIB_GAUGE32,   /* the same, at most 2^32 - 1 */
	MIB_LIMIT,     /* as COUNTER64, but absent as well: 0, "no limit" */
	MIB_MEASURE,   /* Gauge32 given by a function of the row */
	MIB_RATE,      /* struct snap_rate, served as Gauge32 */
	MIB_TEXT,      /* const char *; absent: NULL */
	MIB_CHARS,     /* char []; absent: empty */
	MIB_WORDS,     /* text given by a function of the row */
	MIB_UUID,      /* struct snap_uuid */
	MIB_MAC,       /* struct snap_mac; absent: length 0 */
	MIB_OID,       /* struct snap_oid; absent: length 0 */
	MIB_DATE,      /* uint64_t seconds since 1970, served as DateAndTime;
	                  absent: SNAP_NO_U64 or 0 */
	MIB_TICKS,     /* uint32_t, centiseconds */
	MIB_SINCE,     /* int64_t boot clock ms, served as TimeTicks elapsed;
	                  absent: SNAP_NO_TIME */
	MIB_AGE,       /* the same, served as Gauge32 of seconds elapsed */
};

/* Members of a row by offset; the descriptor macros checked the types. */
#define MIB_MEMBER(base, offset, ctype)                                       \
	(*(const ctype *)(const void *)((const char *)(base) + (offset)))

struct mib_column {
	oid number;
	const char *name;
	enum mib_kind kind;
	bool of_def; /* offset is relative to the domain's definition */
	size_t offset;
	uint32_t times, by; /* of a rate, see snap_rate_value() */
	/* Their results are absent as the kinds' fields above are. */
	int32_t (*compute)(const struct mib_row *row, int64_t now_ms);
	uint64_t (*measure)(const struct mib_row *row, int64_t now_ms);
	const char *(*words)(const struct mib_row *row);
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
		u_char date[11];
	} own;
};

/* A cell's value; false when it is absent. */
bool mib_cell(const struct mib_column *column, const struct mib_row *row,
    int64_t now_ms, struct mib_value *value);

/* Labels of TruthValue, for columns of any table. */
extern const char *const mib_truth_labels[3];

#endif
