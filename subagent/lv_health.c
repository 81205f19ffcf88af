/* SPDX-License-Identifier: BSD-2-Clause */
/* Which guests may be asked questions that could hang in them. */
#include "lv_health.h"

void
lv_health_answer(struct lv_health *h, int64_t at_ms)
{
	h->condition = LV_WELL;
	h->failed = false;
	h->answered_ms = at_ms;
}

void
lv_health_doubt(struct lv_health *h)
{
	if (h->condition == LV_WELL) {
		h->condition = LV_DOUBTFUL;
		h->asked_ms = 0;
	}
}

void
lv_health_hang(struct lv_health *h, unsigned serial)
{
	h->condition = LV_HUNG;
	h->serial = serial;
}

void
lv_health_return(struct lv_health *h, unsigned serial, int64_t now_ms)
{
	if (h->condition == LV_HUNG && h->serial == serial) {
		h->condition = LV_DOUBTFUL;
		lv_health_stir(h, now_ms);
	}
}

void
lv_health_stir(struct lv_health *h, int64_t now_ms)
{
	h->lively_ms = now_ms;
}

void
lv_health_cpu(struct lv_health *h, uint64_t cpu_ns, int64_t now_ms)
{
	/* What grew before it may have been stopped says nothing. */
	if (h->cpu_ms != 0 && now_ms - h->cpu_ms <= LV_HEALTH_LOOKS_MS &&
	    cpu_ns > h->cpu_ns) {
		lv_health_stir(h, now_ms);
	}
	h->cpu_ns = cpu_ns;
	h->cpu_ms = now_ms;
}

bool
lv_health_is_lively(const struct lv_health *h, int64_t now_ms)
{
	return h->lively_ms != 0 &&
	    now_ms - h->lively_ms < LV_HEALTH_LIVELY_MS;
}

bool
lv_health_may_ask(size_t n_hung, size_t limit)
{
	return n_hung < limit;
}

bool
lv_health_may_probe(const struct lv_health *h, int64_t now_ms, size_t n_hung,
    size_t limit)
{
	return lv_health_is_lively(h, now_ms) ? n_hung < limit :
	    n_hung == 0 || n_hung + 1 < limit;
}

bool
lv_health_is_before(const struct lv_health *a, const struct lv_health *b,
    int64_t now_ms)
{
	bool a_lives = lv_health_is_lively(a, now_ms);
	bool b_lives = lv_health_is_lively(b, now_ms);

	return a_lives != b_lives ? a_lives : a->asked_ms < b->asked_ms;
}
