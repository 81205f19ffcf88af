/* SPDX-License-Identifier: BSD-2-Clause */
/* What the MIBs have to hold for a snapshot, told without the table engine. */
#ifndef VMMIBD_MIB_ORACLE_H
#define VMMIBD_MIB_ORACLE_H

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mib_view;
struct notify_status;
struct snapshot;

#define ORACLE_NAME_MAX 80 /* sub-identifiers of the longest name */

struct oracle_cell {
	oid name[ORACLE_NAME_MAX];
	size_t len;
	bool present; /* false: the row exists, but there is no value */
	u_char type;
	uint64_t number;         /* INTEGER (as 32 bits), any other number */
	uint64_t slack;          /* so much more is right as well */
	const void *octets;      /* OCTET STRING, borrowed; NULL: */
	unsigned char own[12];   /* these */
	const uint32_t *ids;     /* OBJECT IDENTIFIER, borrowed */
	size_t n;                /* of octets or ids */
};

/* In the order of mib_regions[]. */
enum oracle_module {
	ORACLE_VM_MIB,
	ORACLE_VIRT_MIB,
	ORACLE_N_MODULES,
};

/* Ascending by name. */
struct oracle {
	struct oracle_cell *cells; /* present ones */
	size_t n;
	struct oracle_cell *holes; /* the others */
	size_t n_holes;
	const struct notify_status *notify;
	int64_t now_ms;
	enum oracle_module module;
};

/* Everything below a module's objects; to be freed before the snapshot is. */
void oracle_init(struct oracle *oracle, enum oracle_module module,
    const struct mib_view *view);
void oracle_free(struct oracle *oracle);

int oracle_compare(const oid *a, size_t a_len, const oid *b, size_t b_len);

/* The first present cell at or after name; NULL: none. */
const struct oracle_cell *oracle_next(const struct oracle *oracle,
    const oid *name, size_t len, bool inclusive);

/* Whether name begins with that of an object of the module's. */
bool oracle_is_object(enum oracle_module module, const oid *name, size_t len);

/* For the files that know what is in a module. */

/* Where a cell is: a table's row, or scalars (of a group, if not 0). */
struct oracle_place {
	struct oracle *oracle;
	uint32_t table;
	uint32_t vm;  /* 0: scalars */
	uint32_t sub; /* 0: none */
};

/* A new cell below the module's objects, whose name is n uint32_t. */
struct oracle_cell *oracle_cell(struct oracle *oracle, bool present,
    u_char type, size_t n, ...);
/* A new cell of a row; its value is to be filled in. */
struct oracle_cell *oracle_at(const struct oracle_place *p, uint32_t column,
    bool present, u_char type);
void oracle_integer(const struct oracle_place *p, uint32_t column,
    int32_t value);
void oracle_counter(const struct oracle_place *p, uint32_t column,
    uint64_t value);
void oracle_octets(struct oracle_cell *c, const void *bytes, size_t n);
void oracle_text(const struct oracle_place *p, uint32_t column,
    const char *value);
void oracle_since(const struct oracle_place *p, uint32_t column,
    int64_t since_ms);

void oracle_add_virt(struct oracle *oracle, const struct snapshot *snap);

#endif
