/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decides which notifications one connection's notes become, and when.
 *
 * Notes come in with notify_put(); notifications that are to be sent come out
 * of notify_next() in order.  In between are the two switches of RFC 7666, the
 * bulk form that gathers the changes of a moment, and the limit on bursts,
 * above which notes are told in bulk form, too.
 *
 * Time is given as milliseconds of any clock that does not go back.
 * Belongs to one thread; libc only.
 */
#ifndef VMMIBD_NOTIFY_H
#define VMMIBD_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "note.h"

struct told;

/* How long changes are gathered for a bulk notification. */
#define NOTIFY_GATHER_MS 500
/* So many may wait for snmpd; what comes then is told in bulk form. */
#define NOTIFY_WAITING_MAX 1024

struct notify_limits {
	uint32_t burst_max; /* single notifications in */
	int64_t burst_ms;   /* so much time */
};

/* What is served of it; truth values as in SNMP. */
struct notify_status {
	int32_t per_vm; /* vmPerVMNotificationsEnabled */
	int32_t bulk;   /* vmBulkNotificationsEnabled */
	uint64_t sent;       /* notifications of all kinds, of them */
	uint64_t sent_bulk;  /* those that cover several notes. */
	uint64_t suppressed; /* notes that got none of their own: */
	uint64_t folded;     /* told in bulk form instead, */
	uint64_t dropped;    /* lost for want of room; the rest: off */
	uint64_t waiting;    /* notifications that are to be sent */
};

/* A notification that is to be sent: of one note, or of many. */
struct notify_item {
	struct notify_item *next;
	struct note *note; /* NULL: a bulk one, of */
	enum note_kind kind; /* all notes of this kind, (that of note, too) */
	uint8_t *vms;      /* these vmIndexes: bit 0x80 of octet 0 is 1 */
	size_t vms_len;    /* octets, the last of which is not 0 */
	/* notify's own: */
	uint8_t *remember; /* those of vms of which it tells the last */
	size_t room;       /* octets that vms and remember have */
	uint64_t order;    /* of its last note; then of being handed out */
	bool remembered;   /* that its VMs were told, when it was sent before */
};

struct notify;

/* NULL: out of memory.  told is borrowed (NULL: nothing is remembered). */
struct notify *notify_new(const struct notify_limits *limits, bool per_vm,
    bool bulk, struct told *told);
void notify_free(struct notify *n); /* NULL is allowed; drops what waits */

/* Valid as long as n is. */
const struct notify_status *notify_status(const struct notify *n);
/* SET: what was noted before is still told. */
void notify_switch_per_vm(struct notify *n, bool on);
void notify_switch_bulk(struct notify *n, bool on);

/* From now on there is another limit. */
void notify_limit(struct notify *n, const struct notify_limits *limits);
/* Whether nothing waits, nor is gathered. */
bool notify_is_idle(const struct notify *n);

/*
 * Takes a note, which passes over.  Notes of one VM come in order.  What is to
 * be remembered without a notification (NOTE_KNOWN, or both switches are off)
 * is so at once, unless notifications of the VM wait: then after them.
 */
void notify_put(struct notify *n, struct note *note, int64_t now_ms);

/* So many notes were lost before they got here: counts and logs them. */
void notify_lose(struct notify *n, uint64_t count);

/* Once a second or so: writes what a disk that was full has kept back. */
void notify_keep(struct notify *n);

/* When to call notify_next() again, but for new notes; INT64_MAX: no need. */
int64_t notify_due(const struct notify *n);
/* The next notification to be sent, which passes over; NULL: none yet. */
struct notify_item *notify_next(struct notify *n, int64_t now_ms);
/*
 * It is about to be sent: does before what would take time afterwards, for a
 * process that is killed in between to be unlikely.
 */
void notify_prepare(struct notify *n, struct notify_item *item);
/*
 * It was sent: counts it, and remembers that its VMs were told.  To be called
 * in the order of notify_next(), and before the next notify_put().  The caller
 * may keep the item until it knows that it arrived, then frees it.
 */
void notify_sent(struct notify *n, const struct notify_item *item);
/*
 * It was not, or was lost: it passes back, is the next one again, and no longer
 * counts as sent if notify_sent() was called for it.  What that remembered
 * stands.  Several are given back in reverse order.
 */
void notify_unsent(struct notify *n, struct notify_item *item);
void notify_item_free(struct notify_item *item); /* NULL is allowed */

#endif
