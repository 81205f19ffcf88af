/* SPDX-License-Identifier: BSD-2-Clause */
/* Sends one connection's notifications by way of snmpd. */
#include "mib_notify.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "mib_notice.h"
#include "mib_table.h"
#include "notify.h"

/*
 * So many of one connection may be on their way to snmpd, and so much of all:
 * little enough to fit the socket (208 KiB on Linux, of which a message takes
 * more than its length), so that sending does not wait for an snmpd that hangs.
 */
#define IN_FLIGHT_MAX 16
#define WIRE_MAX 64
#define WIRE_OCTETS 65536

/* What a message is besides vmAffectedVMs, at most. */
#define MESSAGE_OCTETS 2048

/* How often the connection to the hypervisor is looked at. */
#define LOOK_MS 1000

/* After a notification could not be handed over, unless snmpd returns. */
#define RETRY_MS 1000

/* RFC 2741, section 6.1. */
#define AGENTX_NOTIFY_PDU 12

struct flight {
	struct flight *next;
	struct mib_notifier *notifier; /* NULL: nobody waits for it any more */
	struct notify_item *item;
	size_t octets;
};

struct mib_notifier {
	const char *context;
	const char *connection;
	struct notify *notify;
	struct mib_wire *wire;
	int32_t link; /* enum snap_link_state that was told last */
	struct flight *first; /* oldest first */
	struct flight **end;
	int n_flying;
	/* What an snmpd that hangs may still have, oldest first. */
	struct notify_item *doubtful[IN_FLIGHT_MAX];
	int n_doubtful;
	int64_t retry_ms; /* not before then */
	int64_t keep_ms;  /* when notify_keep() is due */
	bool held;    /* what waits cannot be sent now */
	bool refused; /* snmpd did not take one, and the log says so */
};

struct mib_notifier *
mib_notify_new(const char *context, const char *connection,
    struct notify *notify, struct mib_wire *wire)
{
	struct mib_notifier *n = calloc(1, sizeof(*n));

	if (n != NULL) {
		n->context = context;
		n->connection = connection;
		n->notify = notify;
		n->wire = wire;
		n->link = SNAP_LINK_UP; /* no news until it is not */
		n->end = &n->first;
	}
	return n;
}

/* Takes the flight out of the list, whose first it mostly is. */
static struct notify_item *
land(struct flight *flight)
{
	struct mib_notifier *n = flight->notifier;
	struct notify_item *item = flight->item;
	struct flight **at = &n->first;

	while (*at != flight) {
		at = &(*at)->next;
	}
	*at = flight->next;
	if (n->end == &flight->next) {
		n->end = at;
	}
	n->n_flying--;
	n->wire->n--;
	n->wire->octets -= flight->octets;
	flight->notifier = NULL;
	flight->item = NULL;
	return item;
}

/* Ends the doubt: they are lost and are sent again, or snmpd has them. */
static void
resolve(struct mib_notifier *n, bool lost)
{
	while (n->n_doubtful > 0) {
		struct notify_item *item = n->doubtful[--n->n_doubtful];

		if (lost) {
			notify_unsent(n->notify, item);
		} else {
			notify_item_free(item);
		}
	}
}

void
mib_notify_disconnect(struct mib_notifier *n, bool gone)
{
	/* Nothing flies while something is in doubt: see connect. */
	while (n->first != NULL) {
		n->doubtful[n->n_doubtful++] = land(n->first);
	}
	if (gone) {
		resolve(n, true);
	}
	n->retry_ms = 0;
}

void
mib_notify_connect(struct mib_notifier *n, bool same)
{
	resolve(n, !same);
}

void
mib_notify_free(struct mib_notifier *n)
{
	if (n != NULL) {
		mib_notify_disconnect(n, false);
		resolve(n, false);
		free(n);
	}
}

/*
 * The library calls this once for each notification: when snmpd answers, or
 * when the session is closed.
 */
static int
on_answer(int operation, netsnmp_session *session, int request_id,
    netsnmp_pdu *pdu, void *magic)
{
	struct flight *flight = magic;
	struct mib_notifier *n = flight->notifier;

	(void)session;
	(void)request_id;
	if (operation == NETSNMP_CALLBACK_OP_SEND_FAILED) {
		return 1; /* and snmp_async_send() will fail */
	}
	if (n != NULL) {
		if (operation == NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE &&
		    pdu->errstat != 0 && !n->refused) {
			log_warn("snmpd refuses notifications: error %ld",
			    pdu->errstat);
			n->refused = true;
		}
		notify_item_free(land(flight));
	}
	free(flight);
	return 1;
}

/*
 * The library's own way, send_v2trap(), adds this process's sysUpTime.0, does
 * not tell whether snmpd took the notification, and has no limit.  Without
 * sysUpTime.0 the master agent adds its own (RFC 2741, section 7.1.11).
 */
static netsnmp_pdu *
make_pdu(const struct mib_notifier *n, const struct notify_item *item,
    const netsnmp_session *session)
{
	netsnmp_pdu *pdu = snmp_pdu_create(AGENTX_NOTIFY_PDU);

	if (pdu == NULL) {
		return NULL;
	}
	pdu->version = session->version;
	pdu->sessid = session->sessid;
	pdu->reqid = snmp_get_next_reqid();
	/* The answer is waited for as long as the session lives. */
	pdu->flags |= UCD_MSG_FLAG_PDU_TIMEOUT;
	pdu->time = 24 * 3600;
	pdu->variables = mib_notice_vars(item, n->connection);
	if (n->context[0] != '\0') {
		pdu->contextName = strdup(n->context);
		pdu->contextNameLen = strlen(n->context);
	}
	if (pdu->variables == NULL ||
	    (n->context[0] != '\0' && pdu->contextName == NULL)) {
		snmp_free_pdu(pdu);
		return NULL;
	}
	return pdu;
}

/* False: it could not be handed over. */
static bool
send_item(struct mib_notifier *n, struct notify_item *item,
    netsnmp_session *session)
{
	struct flight *flight = calloc(1, sizeof(*flight));
	netsnmp_pdu *pdu = flight != NULL ? make_pdu(n, item, session) : NULL;

	if (pdu == NULL) {
		free(flight);
		return false;
	}
	flight->notifier = n;
	flight->item = item;
	flight->octets = MESSAGE_OCTETS + item->vms_len;
	notify_prepare(n->notify, item);
	if (snmp_async_send(session, pdu, on_answer, flight) == 0) {
		snmp_free_pdu(pdu);
		free(flight);
		return false;
	}
	*n->end = flight;
	n->end = &flight->next;
	n->n_flying++;
	n->wire->n++;
	n->wire->octets += flight->octets;
	/* Right after it, so that no end of this process comes in between. */
	notify_sent(n->notify, item);
	return true;
}

static bool
has_room(const struct mib_notifier *n)
{
	return n->n_flying < IN_FLIGHT_MAX && (n->wire->n == 0 ||
	    (n->wire->n < WIRE_MAX && n->wire->octets < WIRE_OCTETS));
}

/* One that snmpd's protocol cannot carry would hold up all others for ever. */
static void
give_up(struct mib_notifier *n, struct notify_item *item)
{
	log_error("a notification is too long for AgentX");
	notify_lose(n->notify, 1);
	notify_item_free(item);
}

static void
send_due(struct mib_notifier *n, netsnmp_session *session, int64_t now_ms)
{
	struct notify_item *item;

	while (has_room(n) &&
	    (item = notify_next(n->notify, now_ms)) != NULL) {
		session->s_snmp_errno = 0;
		if (send_item(n, item, session)) {
			continue;
		}
		if (session->s_snmp_errno == SNMPERR_TOO_LONG) {
			give_up(n, item);
		} else {
			notify_unsent(n->notify, item);
			n->retry_ms = now_ms + RETRY_MS;
			return;
		}
	}
}

static enum note_kind
kind_of_link(const struct mib_notifier *n, int32_t link)
{
	switch (link) {
	case SNAP_LINK_UP:
		return n->link != SNAP_LINK_UP ? NOTE_CONN_RESTORED :
		    NOTE_KNOWN;
	case SNAP_LINK_DOWN:
		return n->link != SNAP_LINK_DOWN ? NOTE_CONN_LOST :
		    NOTE_KNOWN;
	case SNAP_LINK_HUNG:
		/* An attempt that hangs is no news. */
		return n->link == SNAP_LINK_UP ? NOTE_CONN_HUNG : NOTE_KNOWN;
	}
	return NOTE_KNOWN;
}

/* Judged here, for a collector that hangs cannot say so. */
static void
look_at_link(struct mib_notifier *n, const struct mib_view *view)
{
	const struct snap_collector *collector = &view->snap->collector;
	int32_t link = snap_link_now(collector, view->now_ms);
	enum note_kind kind = kind_of_link(n, link);
	struct note *note;

	if (kind == NOTE_KNOWN) {
		return;
	}
	note = note_new(kind, kind == NOTE_CONN_HUNG ?
	    "libvirt does not answer" : collector->error);
	if (note != NULL) {
		note->action = link;
		notify_put(n->notify, note, view->now_ms);
		n->link = link;
	}
}

void
mib_notify_run(struct mib_notifier *n, struct note_list *notes,
    const struct mib_view *view, netsnmp_session *session)
{
	struct note *note;

	if (view->now_ms >= n->keep_ms) {
		n->keep_ms = view->now_ms + LOOK_MS;
		notify_keep(n->notify);
	}
	look_at_link(n, view);
	while ((note = note_list_take(notes)) != NULL) {
		notify_put(n->notify, note, view->now_ms);
	}
	if (session != NULL && view->now_ms >= n->retry_ms) {
		send_due(n, session, view->now_ms);
	}
	n->held = session == NULL || view->now_ms < n->retry_ms;
}

int64_t
mib_notify_due(const struct mib_notifier *n, int64_t now_ms)
{
	int64_t look_ms = now_ms + LOOK_MS;
	int64_t due_ms = n->held || !has_room(n) ? INT64_MAX :
	    notify_due(n->notify);

	return due_ms < look_ms ? due_ms : look_ms;
}
