/* SPDX-License-Identifier: BSD-2-Clause */
/* vmmibd --once: what would be served, as text. */
#ifndef VMMIBD_MIB_ONCE_H
#define VMMIBD_MIB_ONCE_H

#include <stdio.h>

struct mib_region;
struct snapshot;

/*
 * Prints each table of the region with a line per row and a column per object;
 * a cell without a value is "-".
 */
void mib_once_print(FILE *out, const struct mib_region *region,
    const struct snapshot *snap);

#endif
