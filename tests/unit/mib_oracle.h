/* SPDX-License-Identifier: BSD-2-Clause */
/* What VM-MIB has to hold for a snapshot, told without the table engine. */
#ifndef VMMIBD_MIB_ORACLE_H
#define VMMIBD_MIB_ORACLE_H

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct snapshot;

#define ORACLE_NAME_MAX 14 /* sub-identifiers of the longest name */

struct oracle_cell {
	oid name[ORACLE_NAME_MAX];
	size_t len;
	bool present; /* false: the row exists, but there is no value */
	u_char type;
	uint64_t number;         /* INTEGER (as 32 bits), Counter64, TimeTicks */
	const void *octets;      /* OCTET STRING, borrowed */
	const uint32_t *ids;     /* OBJECT IDENTIFIER, borrowed */
	size_t n;                /* of octets or ids */
};

/* Ascending by name. */
struct oracle {
	struct oracle_cell *cells; /* present ones */
	size_t n;
	struct oracle_cell *holes; /* the others */
	size_t n_holes;
	int64_t now_ms;
};

/* Everything below vmObjects; to be freed before the snapshot is. */
void oracle_init(struct oracle *oracle, const struct snapshot *snap,
    int64_t now_ms);
void oracle_free(struct oracle *oracle);

int oracle_compare(const oid *a, size_t a_len, const oid *b, size_t b_len);

/* The first present cell at or after name; NULL: none. */
const struct oracle_cell *oracle_next(const struct oracle *oracle,
    const oid *name, size_t len, bool inclusive);

/* Whether name begins with that of an object that can be read. */
bool oracle_is_object(const oid *name, size_t len);

#endif
