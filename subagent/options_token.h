/* SPDX-License-Identifier: BSD-2-Clause */
/* What command line and configuration have in common. */
#ifndef VMMIBD_OPTIONS_TOKEN_H
#define VMMIBD_OPTIONS_TOKEN_H

#include "options.h"

/* All return 0, or -1 and a reason in why. */

/* Always -1. */
int options_refuse(char *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* uri may be NULL. */
int options_add_connection(struct options *opts, const char *name,
    const char *uri, char *why);

int options_set_state_directory(struct options *opts, char *const *words,
    char *why);

#endif
