/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds out whether snmpd still answers. */
#include "agent_ping.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <sys/socket.h>

#include "clock.h"
#include "log.h"

/* RFC 2741, section 6.1. */
#define AGENTX_PING_PDU 13

static netsnmp_session *pinged; /* NULL: none */
static uintptr_t number; /* of that session, to tell late answers by */
static int64_t every_ms;
static int64_t due_ms;
static bool waiting; /* for an answer */
static bool gave_up;

void
agent_ping_begin(netsnmp_session *session, int64_t interval_ms)
{
	pinged = session;
	number++;
	every_ms = interval_ms;
	due_ms = clock_boot_ms() + every_ms;
	waiting = false;
	gave_up = false;
}

void
agent_ping_end(void)
{
	pinged = NULL;
	number++;
}

bool
agent_ping_gave_up(void)
{
	return gave_up;
}

static void
break_off(void)
{
	netsnmp_transport *transport =
	    snmp_sess_transport(snmp_sess_pointer(pinged));

	log_warn("snmpd does not answer");
	gave_up = true;
	if (transport != NULL) {
		shutdown(transport->sock, SHUT_RDWR);
	}
}

static int
on_answer(int operation, netsnmp_session *session, int request_id,
    netsnmp_pdu *pdu, void *magic)
{
	(void)session;
	(void)request_id;
	(void)pdu;
	if ((uintptr_t)magic != number) {
		return 1;
	}
	waiting = false;
	if (operation == NETSNMP_CALLBACK_OP_TIMED_OUT) {
		break_off();
	}
	return 1;
}

static void
ping(void)
{
	netsnmp_pdu *pdu = snmp_pdu_create(AGENTX_PING_PDU);

	if (pdu == NULL) {
		return;
	}
	pdu->version = pinged->version;
	pdu->sessid = pinged->sessid;
	pdu->time = 0;
	waiting = true;
	if (snmp_async_send(pinged, pdu, on_answer, (void *)number) == 0) {
		snmp_free_pdu(pdu);
		waiting = false;
	}
}

int64_t
agent_ping_look(void)
{
	int64_t now_ms = clock_boot_ms();

	/* Its own timer would wait for the answer. */
	if (pinged != NULL &&
	    pinged->securityModel != SNMP_DEFAULT_SECMODEL) {
		snmp_alarm_unregister((unsigned)pinged->securityModel);
		pinged->securityModel = SNMP_DEFAULT_SECMODEL;
	}
	if (pinged == NULL || waiting || gave_up || every_ms == 0) {
		return INT64_MAX;
	}
	if (now_ms >= due_ms) {
		due_ms = now_ms + every_ms;
		ping();
	}
	return due_ms - now_ms;
}
