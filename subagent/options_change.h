/* SPDX-License-Identifier: BSD-2-Clause */
/* What a configuration that is read again changes. */
#ifndef VMMIBD_OPTIONS_CHANGE_H
#define VMMIBD_OPTIONS_CHANGE_H

#include <stdbool.h>

#include "options.h"

/*
 * Options as the command line alone makes them, taken from complete ones that
 * it went into: what the file said is not in them.  Owned, with one reference;
 * NULL: out of memory.
 */
struct options *options_again(const struct options *before);

/*
 * What cannot change while vmmibd runs stays as it was, which is logged.
 * False: out of memory.
 */
bool options_keep_fixed(struct options *opts, const struct options *before);

/* The connection of that name; NULL: there is none. */
const struct options_connection *options_find(const struct options *opts,
    const char *name);

/* Whether both mean the same connection to a hypervisor. */
bool options_same_link(const struct options *a,
    const struct options_connection *a_where, const struct options *b,
    const struct options_connection *b_where);

/* Whether a collector has the same to do by both. */
bool options_same_work(const struct options *a,
    const struct options_connection *a_where, const struct options *b,
    const struct options_connection *b_where);

#endif
