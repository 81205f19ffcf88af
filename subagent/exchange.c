/* SPDX-License-Identifier: BSD-2-Clause */
/* Hands snapshots and notes from a collector to the main thread. */
#include "exchange.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "note.h"
#include "snapshot.h"

/* As many as a main thread that waits for snmpd may have to catch up with. */
#define NOTES_MAX 65536

struct exchange {
	atomic_uint refs;
	_Atomic(const struct snapshot *) newest;
	void (*wake)(void);
	atomic_bool told; /* there is something in notes */
	pthread_mutex_t lock; /* of the rest */
	struct note_list notes;
	uint64_t lost;
};

struct exchange *
exchange_new(void (*wake)(void))
{
	struct exchange *ex = calloc(1, sizeof(*ex));

	if (ex != NULL) {
		atomic_init(&ex->refs, 1);
		ex->wake = wake;
		pthread_mutex_init(&ex->lock, NULL);
		note_list_init(&ex->notes);
	}
	return ex;
}

struct exchange *
exchange_ref(struct exchange *ex)
{
	atomic_fetch_add(&ex->refs, 1);
	return ex;
}

void
exchange_unref(struct exchange *ex)
{
	if (ex != NULL && atomic_fetch_sub(&ex->refs, 1) == 1) {
		snapshot_unref(exchange_take(ex));
		note_list_free(&ex->notes);
		pthread_mutex_destroy(&ex->lock);
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

void
exchange_tell(struct exchange *ex, struct note_list *notes)
{
	if (notes->first == NULL) {
		return;
	}
	pthread_mutex_lock(&ex->lock);
	if (ex->notes.n + notes->n <= NOTES_MAX) {
		note_list_append(&ex->notes, notes);
	} else {
		ex->lost += notes->n;
		note_list_free(notes);
	}
	atomic_store(&ex->told, true);
	pthread_mutex_unlock(&ex->lock);
	if (ex->wake != NULL) {
		ex->wake();
	}
}

void
exchange_lose(struct exchange *ex, uint64_t count)
{
	pthread_mutex_lock(&ex->lock);
	ex->lost += count;
	atomic_store(&ex->told, true);
	pthread_mutex_unlock(&ex->lock);
}

uint64_t
exchange_hear(struct exchange *ex, struct note_list *notes)
{
	uint64_t lost;

	/* Requests come this way, too, and are to take no lock. */
	if (!atomic_exchange(&ex->told, false)) {
		return 0;
	}
	pthread_mutex_lock(&ex->lock);
	note_list_append(notes, &ex->notes);
	lost = ex->lost;
	ex->lost = 0;
	pthread_mutex_unlock(&ex->lock);
	return lost;
}
