/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds out whether snmpd still answers, without waiting for it. */
#ifndef VMMIBD_AGENT_PING_H
#define VMMIBD_AGENT_PING_H

#include <stdbool.h>
#include <stdint.h>

struct snmp_session;

/* Main thread only. */

/* The AgentX session is up, and no longer there.  interval_ms 0: no pings. */
void agent_ping_begin(struct snmp_session *session, int64_t interval_ms);
void agent_ping_end(void);

/*
 * Pings when it is time; returns in how many milliseconds it is due again.
 * When an answer is missing the session is broken off: the library finds that
 * out by itself, as if snmpd had done it.
 */
int64_t agent_ping_look(void);
/* Whether this session was broken off like that. */
bool agent_ping_gave_up(void);

#endif
