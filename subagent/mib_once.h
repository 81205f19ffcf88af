/* SPDX-License-Identifier: BSD-2-Clause */
/* vmmibd --once: what would be served, as text. */
#ifndef VMMIBD_MIB_ONCE_H
#define VMMIBD_MIB_ONCE_H

#include <stdio.h>

struct notify_status;
struct snapshot;

/*
 * Prints each table with a line per row and a column per object, a cell
 * without a value being "-", or if it is too wide for that with a line per
 * cell that has a value.
 */
void mib_once_print(FILE *out, const struct snapshot *snap,
    const struct notify_status *notify);

#endif
