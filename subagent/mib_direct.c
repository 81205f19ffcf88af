/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers AgentX requests without the detour through the agent library. */
#include "mib_direct.h"

#include "mib_serve.h"
#include "mib_table.h"

/*
 * The library hands each request to itself through a pair of pipes, which
 * costs ten system calls and more than the rest of an answer.  How much this
 * saves: bench/walk.
 */

/* PDU types of RFC 2741, section 6.1. */
enum {
	AGENTX_GET_PDU = 5,
	AGENTX_GETNEXT_PDU = 6,
	AGENTX_RESPONSE_PDU = 18,
};

static netsnmp_callback library_callback;
static bool switched_off;

static bool
set_value(netsnmp_variable_list *vb, const struct mib_value *value)
{
	return snmp_set_var_typed_value(vb, value->type, value->data,
	    value->len) == 0;
}

static bool
answer_get(const struct mib_region *region, const struct mib_view *view,
    netsnmp_variable_list *vb)
{
	struct mib_value value;

	switch (mib_get(region, view, vb->name, vb->name_length, &value)) {
	case MIB_FOUND:
		return set_value(vb, &value);
	case MIB_NO_INSTANCE:
		return snmp_set_var_typed_value(vb, SNMP_NOSUCHINSTANCE, NULL,
		    0) == 0;
	default:
		return snmp_set_var_typed_value(vb, SNMP_NOSUCHOBJECT, NULL,
		    0) == 0;
	}
}

/*
 * The varbind of a GetNext carries a search range: its name is where to
 * start, its value the OID to stay below (empty: no bound), its type whether
 * the start itself counts.
 */
static bool
answer_next(const struct mib_region *region, const struct mib_view *view,
    netsnmp_variable_list *vb)
{
	bool inclusive = vb->type == ASN_PRIV_INCL_RANGE;
	const oid *end = vb->val.objid;
	size_t end_len = vb->val_len / sizeof(oid);
	bool bounded = end_len > 0 && !(end_len == 2 && end[0] == 0 &&
	    end[1] == 0); /* how the library writes "no bound" */
	struct mib_value value;
	oid found[MAX_OID_LEN];
	size_t found_len;

	if (mib_next(region, view, vb->name, vb->name_length, inclusive,
	    found, &found_len, &value) == MIB_FOUND &&
	    (!bounded || snmp_oid_compare(found, found_len, end, end_len) <
		0)) {
		return snmp_set_var_objid(vb, found, found_len) == 0 &&
		    set_value(vb, &value);
	}
	return snmp_set_var_typed_value(vb, SNMP_ENDOFMIBVIEW, NULL, 0) == 0;
}

/* False when the library is to answer; then the PDU is of no use any more. */
static bool
answer_all(netsnmp_pdu *pdu)
{
	bool next = pdu->command == AGENTX_GETNEXT_PDU;
	const struct mib_region *region;
	const struct mib_view *view;

	for (netsnmp_variable_list *vb = pdu->variables; vb != NULL;
	     vb = vb->next_variable) {
		/* AgentX carries the context where SNMPv1 has a community. */
		view = mib_serve_find((const char *)pdu->community,
		    pdu->community_len, vb->name, vb->name_length, &region);
		if (view == NULL) {
			return false;
		}
		if (next ? (vb->type != ASN_PRIV_INCL_RANGE &&
			vb->type != ASN_PRIV_EXCL_RANGE) ||
		    !answer_next(region, view, vb) :
		    !answer_get(region, view, vb)) {
			return false;
		}
	}
	return pdu->variables != NULL;
}

static bool
answer(netsnmp_session *session, netsnmp_pdu *request)
{
	netsnmp_pdu *reply = snmp_clone_pdu(request);

	if (reply == NULL) {
		return false;
	}
	if (!answer_all(reply)) {
		snmp_free_pdu(reply);
		return false;
	}
	reply->command = AGENTX_RESPONSE_PDU;
	reply->version = session->version;
	reply->flags |= UCD_MSG_FLAG_RESPONSE_PDU;
	reply->flags &= (u_long)~UCD_MSG_FLAG_EXPECT_RESPONSE;
	reply->errstat = SNMP_ERR_NOERROR;
	reply->errindex = 0;
	if (snmp_send(session, reply) == 0) {
		snmp_free_pdu(reply);
	}
	return true;
}

static int
on_agentx(int operation, netsnmp_session *session, int request_id,
    netsnmp_pdu *pdu, void *magic)
{
	if (operation == NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE &&
	    !switched_off && (pdu->command == AGENTX_GET_PDU ||
		pdu->command == AGENTX_GETNEXT_PDU) && answer(session, pdu)) {
		return 1;
	}
	return library_callback(operation, session, request_id, pdu, magic);
}

void
mib_direct_switch(bool yes)
{
	switched_off = !yes;
}

void
mib_direct_attach(netsnmp_session *session)
{
	if (session->callback != on_agentx) {
		library_callback = session->callback;
		session->callback = on_agentx;
	}
}
