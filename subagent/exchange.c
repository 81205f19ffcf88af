/* SPDX-License-Identifier: BSD-2-Clause */
/* Hands the newest snapshot from a collector to the main thread. */
#include "exchange.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "snapshot.h"

struct exchange {
	_Atomic(const struct snapshot *) newest;
	void (*wake)(void);
};

struct exchange *
exchange_new(void (*wake)(void))
{
	struct exchange *ex = calloc(1, sizeof(*ex));

	if (ex != NULL) {
		ex->wake = wake;
	}
	return ex;
}

void
exchange_free(struct exchange *ex)
{
	if (ex != NULL) {
		snapshot_unref(exchange_take(ex));
		free(ex);
	}
}

void
exchange_publish(struct exchange *ex, const struct snapshot *snap)
{
	snapshot_unref(atomic_exchange(&ex->newest, snap));
	if (ex->wake != NULL) {
		ex->wake();
	}
}

const struct snapshot *
exchange_take(struct exchange *ex)
{
	return atomic_exchange(&ex->newest, NULL);
}
