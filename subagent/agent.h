/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of the AgentX subagent: everything that touches Net-SNMP's state. */
#ifndef VMMIBD_AGENT_H
#define VMMIBD_AGENT_H

#include <stdbool.h>

struct options;

/* Main thread only, but for agent_wake(). */

/* An argument of -L, for options_command_line(). */
bool agent_log_option(char *arg, int argc, char *const *argv);

/*
 * Sets Net-SNMP up as a subagent, and reads the configuration files into opts.
 * 0, or -1 with "file:line: message" on standard error.  Does not connect.
 */
int agent_init(struct options *opts);

/* Goes to the background, or not; from here on log_msg() reaches the log. */
int agent_begin(const struct options *opts);

/*
 * Answers requests until SIGTERM or SIGINT; the library connects to snmpd, and
 * connects again whenever it must.  0, or -1 when it cannot wait for requests.
 */
int agent_run(void);

/* Any thread, also signal handlers: has the main thread look around. */
void agent_wake(void);

/* Leaves snmpd in good order. */
void agent_end(void);

#endif
