/* SPDX-License-Identifier: BSD-2-Clause */
/* Registers regions with snmpd over the AgentX session. */
#ifndef VMMIBD_MIB_REGISTER_H
#define VMMIBD_MIB_REGISTER_H

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <stdbool.h>

struct mib_region;

/*
 * Whether the library keeps to itself what is registered with it.  It would
 * wait for snmpd's answer to each, and have the roots of the tree come along
 * with the first registration in a context, which snmpd refuses.
 */
void mib_register_mute(netsnmp_session *session, bool mute);

/*
 * Has snmpd pass on requests in a context ("": the default one), or no longer
 * do so.  Returns at once; that snmpd refuses is logged.
 */
void mib_register_send(netsnmp_session *session,
    const struct mib_region *region, const char *context);
/* Lists its MIB module in sysORTable. */
void mib_register_announce(netsnmp_session *session,
    const struct mib_region *region);
void mib_register_withdraw(netsnmp_session *session,
    const struct mib_region *region, const char *context);

#endif
