/* SPDX-License-Identifier: BSD-2-Clause */
/* Serves all tables from each connection's newest snapshot. */
#ifndef VMMIBD_MIB_SERVE_H
#define VMMIBD_MIB_SERVE_H

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exchange;
struct mib_region;
struct mib_source;
struct mib_view;
struct notify;

/* All on the main thread. */

/*
 * Registers all regions with Net-SNMP, in the default SNMP context (context
 * "-") or in a named one.  Until the exchange has a snapshot the tables are
 * empty.  Notes that it brings become notifications by way of notify.
 * Context, exchange and notify must outlive the registration.  NULL, with a
 * message logged, when it fails.
 */
struct mib_source *mib_serve_register(const char *context,
    struct exchange *ex, struct notify *notify);
/* Ends that, with snmpd, too.  NULL is allowed, and one that ended already. */
void mib_serve_unregister(struct mib_source *source);
/* Has it go on with another exchange, once all from the old one is heard. */
void mib_serve_switch(struct mib_source *source, struct exchange *ex);

/*
 * Adopts the newest snapshots and the time, turns stale what is too old, and
 * sends the notifications that are due.
 * Called between PDUs, so that one PDU sees one snapshot.
 */
void mib_serve_adopt(void);

/* How many milliseconds until mib_serve_adopt() is due for want of news. */
int64_t mib_serve_idle_ms(void);

/*
 * There is an AgentX session, on which all is registered now; same: with the
 * snmpd of the one before.
 */
void mib_serve_connect(netsnmp_session *session, bool same);
/* It ended; gone: because snmpd did. */
void mib_serve_disconnect(bool gone);

/*
 * The view that answers for an OID in a context (empty: the default one), and
 * the region that the OID lies in; NULL when it lies in none.
 */
const struct mib_view *mib_serve_find(const char *context, size_t context_len,
    const oid *name, size_t name_len, const struct mib_region **region);

/* Ends all; after Net-SNMP has been shut down. */
void mib_serve_free(void);

#endif
