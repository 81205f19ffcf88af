/* SPDX-License-Identifier: BSD-2-Clause */
/* Registers regions with snmpd over the AgentX session. */
#include "mib_register.h"

#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <string.h>

#include "log.h"
#include "mib_table.h"

/* PDU types and flags of RFC 2741, section 6.1. */
enum {
	AGENTX_REGISTER_PDU = 3,
	AGENTX_UNREGISTER_PDU = 4,
	AGENTX_ADD_AGENT_CAPS_PDU = 16,
	AGENTX_NON_DEFAULT_CONTEXT = 8,
};

/* There the library's callbacks look for the session to register with. */
void
mib_register_mute(netsnmp_session *session, bool mute)
{
	netsnmp_session **place = session->myvoid;

	if (place != NULL) {
		*place = mute ? NULL : session;
	}
}

static int
on_answer(int operation, netsnmp_session *session, int request_id,
    netsnmp_pdu *pdu, void *magic)
{
	const struct mib_region *region = magic;

	(void)session;
	(void)request_id;
	if (operation == NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE &&
	    pdu->errstat != 0 && region != NULL) {
		log_error("snmpd refuses to register %s: error %ld",
		    region->name, pdu->errstat);
	}
	return 1;
}

static netsnmp_pdu *
make_pdu(int command, const netsnmp_session *session,
    const struct mib_region *region, const char *context)
{
	netsnmp_pdu *pdu = snmp_pdu_create(command);

	if (pdu == NULL) {
		return NULL;
	}
	pdu->version = session->version;
	pdu->sessid = session->sessid;
	pdu->priority = DEFAULT_MIB_PRIORITY;
	pdu->time = 0;
	pdu->range_subid = 0;
	if (context[0] != '\0') {
		pdu->flags |= AGENTX_NON_DEFAULT_CONTEXT;
		pdu->community = (u_char *)strdup(context);
		pdu->community_len = strlen(context);
	}
	if ((context[0] != '\0' && pdu->community == NULL) ||
	    snmp_add_null_var(pdu, region->root, region->root_len) == NULL) {
		snmp_free_pdu(pdu);
		return NULL;
	}
	return pdu;
}

static void
send_pdu(int command, netsnmp_session *session,
    const struct mib_region *region, const char *context,
    const struct mib_region *blamed)
{
	netsnmp_pdu *pdu = make_pdu(command, session, region, context);

	if (pdu == NULL) {
		log_error("cannot register %s: out of memory", region->name);
		return;
	}
	if (snmp_async_send(session, pdu, on_answer,
	    (void *)(uintptr_t)blamed) == 0) {
		snmp_free_pdu(pdu);
		log_error("cannot register %s with snmpd", region->name);
	}
}

void
mib_register_send(netsnmp_session *session, const struct mib_region *region,
    const char *context)
{
	send_pdu(AGENTX_REGISTER_PDU, session, region, context, region);
}

void
mib_register_withdraw(netsnmp_session *session,
    const struct mib_region *region, const char *context)
{
	send_pdu(AGENTX_UNREGISTER_PDU, session, region, context, NULL);
}

void
mib_register_announce(netsnmp_session *session,
    const struct mib_region *region)
{
	netsnmp_pdu *pdu = snmp_pdu_create(AGENTX_ADD_AGENT_CAPS_PDU);

	if (pdu == NULL) {
		return;
	}
	pdu->version = session->version;
	pdu->sessid = session->sessid;
	pdu->time = 0;
	/* The module's own OID is one above its objects. */
	if (snmp_add_var(pdu, region->root, region->root_len - 1, 's',
	    region->descr) != 0 ||
	    snmp_async_send(session, pdu, on_answer, NULL) == 0) {
		snmp_free_pdu(pdu);
	}
}
