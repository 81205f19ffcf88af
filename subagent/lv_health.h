/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which guests may be asked questions that could hang in them.
 *
 * All go well until a call hangs.  Then every guest that has not answered since
 * is in doubt, for what stops one (storage, mostly) is likely to have stopped
 * others, and each that is asked for nothing costs one of the few calls that
 * may hang.  Doubtful ones are asked one by one, first those that show signs of
 * life: their processor time, which can be had without asking them, grows.
 *
 * Pure functions; times are milliseconds of the boot clock.
 */
#ifndef VMMIBD_LV_HEALTH_H
#define VMMIBD_LV_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A sign of life counts for so long, */
#define LV_HEALTH_LIVELY_MS 4000
/* and two looks may be so far apart to be one. */
#define LV_HEALTH_LOOKS_MS 5000

enum lv_condition {
	LV_WELL,     /* has answered, or nothing speaks against it */
	LV_DOUBTFUL, /* to be asked alone, if at all */
	LV_HUNG,     /* a call hangs in it */
};

/* Zeroed: well. */
struct lv_health {
	enum lv_condition condition;
	unsigned serial;    /* of the errand that hangs in it */
	bool busy;          /* gave not all, being busy with a command */
	bool failed;        /* could not be asked, for no fault of its own */
	uint64_t cpu_ns;    /* its processor time when last looked at, */
	int64_t cpu_ms;     /* which was then; 0: never */
	int64_t lively_ms;  /* the last sign of life; 0: none */
	int64_t asked_ms;   /* when it was asked alone last; 0: never */
	int64_t answered_ms; /* the last answer; 0: none yet */
};

void lv_health_answer(struct lv_health *h, int64_t at_ms);
void lv_health_doubt(struct lv_health *h);
void lv_health_hang(struct lv_health *h, unsigned serial);
/* The errand has come back, which is a sign of life of whom it hung in. */
void lv_health_return(struct lv_health *h, unsigned serial, int64_t now_ms);
/* A sign of life, such as an event. */
void lv_health_stir(struct lv_health *h, int64_t now_ms);
/* Its processor time, which is a sign of life if it has grown just now. */
void lv_health_cpu(struct lv_health *h, uint64_t cpu_ns, int64_t now_ms);

bool lv_health_is_lively(const struct lv_health *h, int64_t now_ms);

/*
 * Whether n_hung calls, of limit that may hang, leave one for guests that are
 * well; or for a doubtful one: without signs of life only if one is left for
 * the others even if it does not answer.
 */
bool lv_health_may_ask(size_t n_hung, size_t limit);
bool lv_health_may_probe(const struct lv_health *h, int64_t now_ms,
    size_t n_hung, size_t limit);

/* Whether a is to be asked before b; both are doubtful. */
bool lv_health_is_before(const struct lv_health *a, const struct lv_health *b,
    int64_t now_ms);

#endif
