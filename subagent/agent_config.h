/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads vmmibd.conf by way of Net-SNMP's configuration files. */
#ifndef VMMIBD_AGENT_CONFIG_H
#define VMMIBD_AGENT_CONFIG_H

struct options;

/*
 * Reads vmmibd.conf along Net-SNMP's search path, or just opts->config_file,
 * into opts.  Net-SNMP's own tokens (agentXSocket, ...) are understood too.
 * 0, or -1 after each mistake went to standard error as "file:line: message".
 */
int agent_config_read(struct options *opts);

/*
 * Reads it once more, into other options.  Mistakes go to the log.  What
 * Net-SNMP itself was told of AgentX stays as it was; a change is logged.
 */
int agent_config_reread(struct options *opts);

#endif
