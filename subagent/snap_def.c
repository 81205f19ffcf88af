/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes, shares and frees definitions. */
#include "snap_def.h"

#include <stdlib.h>
#include <string.h>

#include "snap_refs.h"
#include "text.h"

/*
 * A typical definition needs about 1 KiB; a host may have thousands, so
 * the chunks are small.
 */
#define CHUNK_BYTES 1024

struct chunk {
	struct chunk *next;
	size_t size;
	size_t used;
	_Alignas(max_align_t) unsigned char data[];
};

struct snap_pool {
	struct chunk *chunks; /* newest first */
};

struct def_and_pool {
	struct snap_def def; /* first: freed by its address */
	struct snap_pool pool;
};

static struct chunk *
chunk_new(struct snap_pool *pool, size_t least)
{
	size_t size = least > CHUNK_BYTES ? least : CHUNK_BYTES;
	struct chunk *chunk;

	if (size > SIZE_MAX - sizeof(*chunk)) {
		return NULL;
	}
	chunk = calloc(1, sizeof(*chunk) + size);
	if (chunk == NULL) {
		return NULL;
	}
	chunk->size = size;
	chunk->next = pool->chunks;
	pool->chunks = chunk;
	return chunk;
}

/* Zeroed memory; align is a power of two, at most that of max_align_t. */
static void *
pool_alloc(struct snap_pool *pool, size_t size, size_t align)
{
	struct chunk *chunk = pool->chunks;
	size_t start = 0;

	if (chunk != NULL) {
		start = (chunk->used + align - 1) & ~(align - 1);
	}
	if (chunk == NULL || start > chunk->size || size > chunk->size - start) {
		chunk = chunk_new(pool, size);
		start = 0;
	}
	if (chunk == NULL) {
		return NULL;
	}
	chunk->used = start + size;
	return chunk->data + start;
}

struct snap_def *
snap_def_new(void)
{
	struct def_and_pool *both = calloc(1, sizeof(*both));

	if (both == NULL) {
		return NULL;
	}
	atomic_init(&both->def.refs, 1);
	both->def.pool = &both->pool;
	both->def.mem_max_kib = SNAP_NO_U64;
	both->def.mem_current_kib = SNAP_NO_U64;
	both->def.mem_min_kib = SNAP_NO_U64;
	both->def.mem_stats_period_s = SNAP_NO_U64;
	return &both->def;
}

void *
snap_def_alloc(struct snap_def *def, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes)) {
		return NULL;
	}
	return pool_alloc(def->pool, bytes, _Alignof(max_align_t));
}

const char *
snap_def_text(struct snap_def *def, const char *text)
{
	char clean[TEXT_ADMIN_MAX + 1];
	char *copy;
	size_t len;

	if (text == NULL) {
		return NULL;
	}
	len = text_admin(clean, text);
	copy = pool_alloc(def->pool, len + 1, 1);
	if (copy != NULL) {
		memcpy(copy, clean, len + 1);
	}
	return copy;
}

bool
snap_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

const struct snap_def *
snap_def_ref(const struct snap_def *def)
{
	if (def != NULL) {
		snap_count_up(&def->refs);
	}
	return def;
}

void
snap_def_unref(const struct snap_def *def)
{
	struct chunk *chunk, *next;

	if (def == NULL || !snap_count_down(&def->refs)) {
		return;
	}
	for (chunk = def->pool->chunks; chunk != NULL; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	free(snap_writable(def));
}
