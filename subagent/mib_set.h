/* SPDX-License-Identifier: BSD-2-Clause */
/* SET of what can be set: the two notification switches. */
#ifndef VMMIBD_MIB_SET_H
#define VMMIBD_MIB_SET_H

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <stdbool.h>

struct notify;

struct mib_switches {
	struct notify *notify;
	bool undo_per_vm; /* what they were, should a SET be undone */
	bool undo_bulk;
};

/*
 * One varbind of a SET in the phase that info tells; errors are put into it.
 * Everything but the two switches is not writable.
 */
void mib_set(struct mib_switches *switches, netsnmp_agent_request_info *info,
    netsnmp_request_info *request);

#endif
