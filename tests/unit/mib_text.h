/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads what a test needs to know out of a MIB module's text. */
#ifndef VMMIBD_MIB_TEXT_H
#define VMMIBD_MIB_TEXT_H

#include <stddef.h>

#define MIB_TEXT_WORD 64
#define MIB_TEXT_LABELS 64  /* of one type */
#define MIB_TEXT_NUMBERS 80 /* in an object's name */
#define MIB_TEXT_OBJECTS 16 /* in a notification */

struct mib_text_label {
	char name[MIB_TEXT_WORD];
	unsigned long value;
};

/* A type's or an object's SYNTAX. */
struct mib_text_syntax {
	char type[MIB_TEXT_WORD]; /* its first word; "OBJECT", "SEQUENCE" */
	size_t n_labels;
	struct mib_text_label labels[MIB_TEXT_LABELS];
};

/* Whatever has a number, and textual conventions. */
struct mib_text_node {
	char name[MIB_TEXT_WORD];
	char macro[MIB_TEXT_WORD]; /* "OBJECT-TYPE", "OBJECT", ... */
	char parent[MIB_TEXT_WORD]; /* "": has none */
	unsigned long numbers[MIB_TEXT_NUMBERS]; /* below its parent */
	size_t n_numbers;
	char access[MIB_TEXT_WORD];   /* of MAX-ACCESS; "": none */
	size_t n_indices;             /* of INDEX */
	char augments[MIB_TEXT_WORD]; /* the entry of AUGMENTS; "": none */
	struct mib_text_syntax syntax;
	size_t n_objects; /* of a NOTIFICATION-TYPE, in its order */
	char objects[MIB_TEXT_OBJECTS][MIB_TEXT_WORD];
};

struct mib_text {
	size_t n;
	struct mib_text_node *nodes;
};

/* Adds the module in a file to text, which begins zeroed; -1: cannot read. */
int mib_text_read(struct mib_text *text, const char *path);

/*
 * Reads the project's modules, VM-LIBVIRT-MIB as the build has it, from where
 * make check says; -1, with a message: cannot.
 */
int mib_text_read_all(struct mib_text *text);

void mib_text_free(struct mib_text *text);

/* NULL: not defined. */
const struct mib_text_node *mib_text_find(const struct mib_text *text,
    const char *name);

/* As mib_text_find(); NULL also if the name is not a notification's. */
const struct mib_text_node *mib_text_notification(const struct mib_text *text,
    const char *name);

/*
 * Writes all numbers of an object or notification; returns how many, 0 if its
 * name does not lead to mib-2 or enterprises.
 */
size_t mib_text_numbers(const struct mib_text *text, const char *name,
    unsigned long numbers[MIB_TEXT_NUMBERS]);

/* In an entry's INDEX, or in that of the entry that it augments. */
size_t mib_text_indices(const struct mib_text *text, const char *name);

#endif
