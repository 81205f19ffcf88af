/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of errands: records, owed questions, and who is in doubt. */
#ifndef VMMIBD_LV_ANSWER_H
#define VMMIBD_LV_ANSWER_H

#include <stdbool.h>

struct lv_errand;
struct lv_hv;
struct lv_news;

/*
 * Takes news of a connection's errands, and frees what came with it: answers
 * become records; what was not answered is owed again; a call that hangs makes
 * guests doubtful, and one of them hung; one that comes back, to be asked anew.
 * True if any record has changed.  Sets *failed if asking on at once is of no
 * use.  Belongs to the collector.
 */
bool lv_answer_take(struct lv_hv *hv, const struct lv_news *news,
    bool *failed);

/* What no answer came to is owed as before. */
void lv_answer_owe(struct lv_hv *hv, const struct lv_errand *errand);

#endif
