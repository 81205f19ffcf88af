/* SPDX-License-Identifier: BSD-2-Clause */
/* What a notification carries: both modules' notifications as data. */
#ifndef VMMIBD_MIB_NOTICE_H
#define VMMIBD_MIB_NOTICE_H

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

struct notify_item;

/*
 * The varbinds of a notification, snmpTrapOID.0 first; sysUpTime.0 is the
 * master agent's to add.  connection is the name of the connection that a
 * notification without a VM is about.  The caller's; NULL: out of memory.
 */
netsnmp_variable_list *mib_notice_vars(const struct notify_item *item,
    const char *connection);

#endif
