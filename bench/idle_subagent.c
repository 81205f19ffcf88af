/* SPDX-License-Identifier: BSD-2-Clause */
/* An AgentX subagent that does no work, for walks to be measured against. */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Serves 1.3.6.1.4.1.8072.9999.9999.1.N = N for N from 1 to a given number,
 * through the library's ordinary handler, and with nothing behind it.
 */

static const oid root[] = { 1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 1 };
#define ROOT_LEN OID_LENGTH(root)

static oid last;

static void
answer(netsnmp_variable_list *vb, oid n)
{
	oid name[ROOT_LEN + 1];
	long value = (long)n;

	memcpy(name, root, sizeof(root));
	name[ROOT_LEN] = n;
	snmp_set_var_objid(vb, name, ROOT_LEN + 1);
	snmp_set_var_typed_value(vb, ASN_INTEGER, &value, sizeof(value));
}

static int
handle(netsnmp_mib_handler *handler, netsnmp_handler_registration *reg,
    netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
	(void)handler;
	(void)reg;
	for (; requests != NULL; requests = requests->next) {
		netsnmp_variable_list *vb = requests->requestvb;
		oid at = vb->name_length > ROOT_LEN ? vb->name[ROOT_LEN] : 0;

		if (info->mode == MODE_GETNEXT && at < last) {
			answer(vb, at + 1);
		}
	}
	return SNMP_ERR_NOERROR;
}

int
main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: idle_subagent AGENTX-ADDRESS N\n");
		return 1;
	}
	last = strtoul(argv[2], NULL, 10);
	setenv("MIBS", "", 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID,
	    NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	netsnmp_enable_subagent();
	netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID,
	    NETSNMP_DS_AGENT_X_SOCKET, argv[1]);
	snmp_enable_stderrlog();
	init_agent("idle_subagent");
	netsnmp_register_handler(netsnmp_create_handler_registration(
	    "idle", handle, root, ROOT_LEN, HANDLER_CAN_RONLY));
	init_snmp("idle_subagent");
	for (;;) {
		agent_check_and_process(1);
	}
}
