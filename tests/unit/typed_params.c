/* SPDX-License-Identifier: BSD-2-Clause */
/* Typed parameters, made up for tests as libvirt would send them. */
#include "typed_params.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

virTypedParameter *
add(struct params *p, int type, const char *name)
{
	virTypedParameter *param = &p->list[p->n++];

	assert_true(p->n <= MAX_PARAMS);
	memset(param, 0, sizeof(*param));
	snprintf(param->field, sizeof(param->field), "%s", name);
	param->type = type;
	return param;
}

void
add_ullong(struct params *p, const char *name, unsigned long long value)
{
	add(p, VIR_TYPED_PARAM_ULLONG, name)->value.ul = value;
}

void
add_int(struct params *p, const char *name, int value)
{
	add(p, VIR_TYPED_PARAM_INT, name)->value.i = value;
}

void
add_string(struct params *p, const char *name, const char *value)
{
	add(p, VIR_TYPED_PARAM_STRING, name)->value.s =
	    (char *)(uintptr_t)value;
}

void
add_bool(struct params *p, const char *name, char value)
{
	add(p, VIR_TYPED_PARAM_BOOLEAN, name)->value.b = value;
}
