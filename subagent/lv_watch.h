/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The watch: what was noted last of each VM, and the notes that its changes
 * make.
 *
 * A change is noted once, whoever tells of it first: an event, or a look at
 * the VM.  Events are in order and say what happened in between, so a look
 * that finds a difference first waits whether they explain it.  What happened
 * while nobody looked is a difference to what was told before.
 *
 * A state that RFC 7666 has no notification for is passed over, so that the
 * states before and after of a VM's notes form a chain.
 *
 * Belongs to one collector thread.
 */
#ifndef VMMIBD_LV_WATCH_H
#define VMMIBD_LV_WATCH_H

#include <stdbool.h>
#include <stdint.h>

struct lv_event_list;
struct lv_hv;
struct lv_watch;
struct note_list;
struct options;
struct told;

/* How long a difference waits for an event that explains it. */
#define LV_WATCH_GRACE_MS 500

/*
 * Begins with what managers were told in an earlier life (NULL: nothing), but
 * for VMs that are not to be served any more.  NULL: out of memory.
 */
struct lv_watch *lv_watch_new(const struct told *told,
    const struct options *opts);
void lv_watch_free(struct lv_watch *watch); /* NULL is allowed */
/* Forgets VMs that are not to be served any more. */
void lv_watch_retain(struct lv_watch *watch, const struct options *opts);

/*
 * Makes notes of events, after what they made out of date was read again, and
 * empties the list.  known_only: leaves those in it that are about VMs that
 * are not known yet, as only their states were looked at.
 */
void lv_watch_events(struct lv_watch *watch, struct lv_hv *hv,
    struct lv_event_list *events, bool known_only, int64_t now_ms,
    struct note_list *notes);

/* Compares what was noted with how the VMs are; after each successful look. */
void lv_watch_compare(struct lv_watch *watch, const struct lv_hv *hv,
    int64_t now_ms, struct note_list *notes);

/*
 * Makes notes of differences that no event explained, by vmIndex.  Returns
 * when the next one's time is up; INT64_MAX: there is none.
 */
int64_t lv_watch_settle(struct lv_watch *watch, const struct lv_hv *hv,
    int64_t now_ms, struct note_list *notes);

#endif
