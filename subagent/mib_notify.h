/* SPDX-License-Identifier: BSD-2-Clause */
/* Sends one connection's notifications by way of snmpd. */
#ifndef VMMIBD_MIB_NOTIFY_H
#define VMMIBD_MIB_NOTIFY_H

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <stdbool.h>
#include <stdint.h>

struct mib_notifier;
struct mib_view;
struct note_list;
struct notify;

/* All on the main thread. */

/* What is on its way to snmpd, of all connections together; begins zeroed. */
struct mib_wire {
	size_t n;
	size_t octets;
};

/*
 * context is the SNMP context ("" for the default one), connection its name
 * in the configuration; all that is passed must outlive it.  NULL: no memory.
 */
struct mib_notifier *mib_notify_new(const char *context,
    const char *connection, struct notify *notify, struct mib_wire *wire);
void mib_notify_free(struct mib_notifier *notifier); /* NULL is allowed */

/*
 * Takes the notes (the list is empty then), looks at the connection, and sends
 * what is due over the AgentX session; NULL: there is none, and it waits.
 */
void mib_notify_run(struct mib_notifier *notifier, struct note_list *notes,
    const struct mib_view *view, netsnmp_session *session);

/* When mib_notify_run() is due again if nothing happens before. */
int64_t mib_notify_due(const struct mib_notifier *notifier, int64_t now_ms);

/*
 * The session ended.  What snmpd had not acknowledged is sent again if snmpd is
 * gone.  One that hangs has it, and will read it if it goes on.
 */
void mib_notify_disconnect(struct mib_notifier *notifier, bool gone);
/*
 * There is a session again; same: with the snmpd that there was before.  What
 * another one had, which hung and was killed then, is sent again.
 */
void mib_notify_connect(struct mib_notifier *notifier, bool same);

#endif
