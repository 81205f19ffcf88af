/* SPDX-License-Identifier: BSD-2-Clause */
/* vmmibd: serves libvirt's virtual machines over SNMP, RFC 7666. */
#include <stdio.h>

#include "agent.h"
#include "options.h"
#include "run.h"

int
main(int argc, char **argv)
{
	struct options *opts = options_new();
	enum run_status status = RUN_BAD_CONFIG;

	if (opts == NULL) {
		return RUN_CANNOT_START;
	}
	switch (options_command_line(opts, argc, argv, agent_log_option)) {
	case OPTIONS_EXIT:
		status = RUN_STOPPED;
		break;
	case OPTIONS_RUN:
		if (agent_init(opts) == 0) {
			status = opts->check_config ? RUN_STOPPED :
			    opts->once ? run_once(opts) : run_daemon(opts);
		}
		break;
	case OPTIONS_BAD:
		break;
	}
	options_unref(opts);
	return (int)status;
}
