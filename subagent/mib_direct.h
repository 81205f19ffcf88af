/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers AgentX requests without the detour through the agent library. */
#ifndef VMMIBD_MIB_DIRECT_H
#define VMMIBD_MIB_DIRECT_H

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <stdbool.h>

/*
 * Puts itself in front of the library's callback of an AgentX session that has
 * just been opened.  Get and GetNext for OIDs in regions of mib_serve.h are
 * answered straight from the table engine; everything else, and whatever looks
 * odd, goes on to the library, whose handler gives the same answers.
 */
void mib_direct_attach(netsnmp_session *session);

/* no: all goes on to the library; at first: yes. */
void mib_direct_switch(bool yes);

#endif
