/* SPDX-License-Identifier: BSD-2-Clause */
/* Typed parameters, made up for tests as libvirt would send them. */
#ifndef TYPED_PARAMS_H
#define TYPED_PARAMS_H

#include <libvirt/libvirt.h>

#define MAX_PARAMS 200

struct params {
	virTypedParameter list[MAX_PARAMS];
	int n;
};

/* The next parameter; a name too long is cut, as libvirt's field is. */
virTypedParameter *add(struct params *p, int type, const char *name);

void add_ullong(struct params *p, const char *name, unsigned long long value);
void add_int(struct params *p, const char *name, int value);
void add_string(struct params *p, const char *name, const char *value);
void add_bool(struct params *p, const char *name, char value);

#endif
