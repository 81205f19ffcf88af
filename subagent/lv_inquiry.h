/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inquiries: what the domains' entries owe (struct lv_domain, owed) is asked
 * for by errands, one at a time, and the answers become records.
 *
 * Belongs to one collector thread.
 */
#ifndef VMMIBD_LV_INQUIRY_H
#define VMMIBD_LV_INQUIRY_H

#include <stdbool.h>
#include <stdint.h>

struct lv_hv;

/* How long the collector waits for answers before it goes on without them. */
#define LV_INQUIRY_PATIENCE_MS 1000
/* The same if managers are to be told of an event. */
#define LV_INQUIRY_EVENT_MS 500

/*
 * Takes the answers that have come, gives up calls that hang, and asks what is
 * owed and may be asked, waiting until_ms (boot clock) at most.  True if any
 * record has changed.
 */
bool lv_inquire(struct lv_hv *hv, int64_t until_ms);

/* There is another connection: all guests may be asked. */
void lv_inquiry_begin(struct lv_hv *hv);

/* When to inquire again even if no answer comes; INT64_MAX: no need. */
int64_t lv_inquiry_due(const struct lv_hv *hv);

#endif
