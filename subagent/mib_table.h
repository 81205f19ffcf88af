/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table engine: answers GET and GETNEXT for tables that are described as
 * data, out of one snapshot.
 *
 * It needs no Net-SNMP handler and no lock: whoever holds a snapshot may call
 * it.  Adding a column over data that the row already holds is one line in the
 * table's descriptor.
 */
#ifndef VMMIBD_MIB_TABLE_H
#define VMMIBD_MIB_TABLE_H

#include "mib_describe.h"

struct notify_status;

/* What is asked, and of what: one PDU sees one view. */
struct mib_view {
	const struct snapshot *snap;
	const struct notify_status *notify; /* see notify.h */
	int64_t now_ms; /* boot clock, for times since */
};

struct mib_table {
	const char *name;
	const oid *root; /* the entry's OID; for scalars their parent's */
	size_t root_len;
	const struct mib_column *columns; /* ascending by number */
	size_t n_columns;

	/*
	 * How rows are found.  depth is the number of sub-identifiers in the
	 * index: 0 scalars, 1 a row per domain, 2 a row per element of an array
	 * in struct snap_domain, 3 one per element and number of a dense range.
	 */
	int depth;
	const void *(*scalars)(const struct mib_view *view);
	size_t array_offset; /* of the pointer to the rows; each begins with */
	size_t count_offset; /* its uint32_t sub-index; and of their size_t */
	size_t row_size;
	uint32_t dense_base;        /* first number of the dense range, */
	size_t dense_count_offset;  /* offset of its size_t in snap_domain */
};

/* What is registered as one AgentX region; tables ascend by root. */
struct mib_region {
	const char *name;  /* of the MIB module */
	const char *descr; /* of it, for sysORTable */
	const oid *root;
	size_t root_len;
	const struct mib_table *const *tables;
	size_t n_tables;
};

enum mib_result {
	MIB_FOUND,
	MIB_NO_OBJECT,
	MIB_NO_INSTANCE,
	MIB_END,
};

/* GET of one OID: MIB_FOUND, MIB_NO_OBJECT or MIB_NO_INSTANCE. */
enum mib_result mib_get(const struct mib_region *region,
    const struct mib_view *view, const oid *name, size_t name_len,
    struct mib_value *value);

/*
 * The first instance after name, or at name if inclusive: MIB_FOUND, and its
 * OID in found (room for MAX_OID_LEN), or MIB_END.
 */
enum mib_result mib_next(const struct mib_region *region,
    const struct mib_view *view, const oid *name, size_t name_len,
    bool inclusive, oid *found, size_t *found_len, struct mib_value *value);

/*
 * The first row whose index is not below bound (depth numbers; scalars have
 * one row, of index 0).  False when there is none.
 */
bool mib_row_seek(const struct mib_table *table, const struct mib_view *view,
    const uint64_t bound[MIB_MAX_DEPTH], struct mib_row *row);

/* Numbers in a table's index as SNMP has it: a scalar's .0 counts as one. */
size_t mib_index_len(const struct mib_table *table);

#define MIB_COLUMNS(array)                                                    \
	.columns = (array), .n_columns = sizeof(array) / sizeof((array)[0])
#define MIB_ROOT(array)                                                       \
	.root = (array), .root_len = sizeof(array) / sizeof((array)[0])
/* Rows are the elements of an array in struct snap_domain. */
#define MIB_ROWS(array, count)                                                \
	.array_offset = offsetof(struct snap_domain, array),                  \
	.count_offset = MIB_FIELD(struct snap_domain, count, size_t),         \
	.row_size = sizeof(*((struct snap_domain *)0)->array)

#endif
