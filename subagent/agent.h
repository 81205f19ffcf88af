/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of the AgentX subagent: everything that touches Net-SNMP's state. */
#ifndef VMMIBD_AGENT_H
#define VMMIBD_AGENT_H

#include <stdbool.h>
#include <stdint.h>

struct options;

/* What the main loop does besides; all between two requests. */
struct agent_work {
	void (*reload)(void *arg); /* SIGHUP came */
	/* Called often; returns in how many milliseconds it is due again. */
	int64_t (*look)(void *arg);
	void *arg;
};

/* Main thread only, but for agent_wake(). */

/* An argument of -L, for options_command_line(). */
bool agent_log_option(char *arg, int argc, char *const *argv);

/*
 * Sets Net-SNMP up as a subagent, and reads the configuration files into opts.
 * 0, or -1 with "file:line: message" on standard error.  Does not connect.
 */
int agent_init(struct options *opts);

/*
 * Reads the configuration once more, and works by it.  Owned, with one
 * reference; NULL: nothing has changed, for a reason that was logged.
 */
struct options *agent_reload(void);

/* Goes to the background, or not; from here on log_msg() reaches the log. */
int agent_begin(const struct options *opts);

/*
 * Answers requests until SIGTERM or SIGINT; the library connects to snmpd, and
 * connects again whenever it must.  0, or -1 when it cannot wait for requests.
 */
int agent_run(const struct agent_work *work);

/* Any thread, also signal handlers: has the main thread look around. */
void agent_wake(void);

/* When SIGTERM or SIGINT came, by the boot clock; 0: none did. */
int64_t agent_stop_asked_ms(void);

/* Leaves snmpd in good order. */
void agent_end(void);

#endif
