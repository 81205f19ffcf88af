/* SPDX-License-Identifier: BSD-2-Clause */
/* What the operator asked for, and the command line. */
#include "options.h"

#include <fnmatch.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options_token.h"

int
options_init(struct options *opts)
{
	memset(opts, 0, sizeof(*opts));
	opts->refresh_interval_s = 10;
	opts->stale_after_s = 60;
	opts->call_timeout_s = 5;
	opts->max_hung_calls = 4;
	opts->direct_answers = true;
	opts->notify_per_vm = true;
	opts->burst = (struct notify_limits){ .burst_max = 30,
	    .burst_ms = 10000 };
	opts->state_directory = strdup(VMMIBD_STATEDIR);
	return opts->state_directory != NULL ? 0 : -1;
}

void
options_free(struct options *opts)
{
	for (size_t i = 0; i < opts->n_connections; i++) {
		free(opts->connections[i].name);
		free(opts->connections[i].uri);
	}
	for (size_t i = 0; i < opts->n_filters; i++) {
		free(opts->filters[i].glob);
	}
	for (size_t i = 0; i < opts->n_rules; i++) {
		free((void *)(uintptr_t)opts->rules[i].ns);
		free((void *)(uintptr_t)opts->rules[i].xpath);
	}
	free(opts->connections);
	free(opts->filters);
	free(opts->rules);
	free(opts->state_directory);
	memset(opts, 0, sizeof(*opts));
}

struct options *
options_new(void)
{
	struct options *opts = malloc(sizeof(*opts));

	if (opts == NULL || options_init(opts) != 0) {
		free(opts);
		return NULL;
	}
	atomic_init(&opts->refs, 1);
	return opts;
}

const struct options *
options_ref(const struct options *opts)
{
	struct options *counted = (struct options *)(uintptr_t)opts;

	atomic_fetch_add(&counted->refs, 1);
	return opts;
}

void
options_unref(const struct options *opts)
{
	struct options *counted = (struct options *)(uintptr_t)opts;

	if (opts != NULL && atomic_fetch_sub(&counted->refs, 1) == 1) {
		options_free(counted);
		free(counted);
	}
}

static void
usage(FILE *out)
{
	fprintf(out,
	    "Usage: vmmibd [OPTION]...\n"
	    "Serve VM-MIB (RFC 7666) for libvirt's virtual machines by way of "
	    "snmpd.\n\n"
	    "  -f                 stay in the foreground\n"
	    "  -c FILE            read this configuration file, and no other\n"
	    "  -u URI             connect to this hypervisor, whatever the "
	    "file says\n"
	    "  -x ADDRESS         AgentX address of snmpd, as in snmpd(8)\n"
	    "  -S DIRECTORY       keep state here (%s)\n"
	    "  -D TOKEN[,...]     debug output, as in snmpd(8)\n"
	    "  -L OPTIONS         where to log, as in snmpd(8)\n"
	    "      --once         print what would be served (one sample, so no "
	    "rates), and exit\n"
	    "      --check-config check the configuration, and exit\n"
	    "  -V, --version      print the version, and exit\n"
	    "  -h, --help         print this, and exit\n\n"
	    "Configuration (vmmibd.conf):\n", VMMIBD_STATEDIR);
	for (size_t i = 0; options_token_name(i) != NULL; i++) {
		fprintf(out, "  %-18s %s\n", options_token_name(i),
		    options_token_help(i));
	}
}

static int
given_uri(struct options *opts, const char *uri, char *why)
{
	if (opts->uri_given) {
		return options_refuse(why, "-u is given twice");
	}
	opts->uri_given = true;
	return options_add_connection(opts, "-", uri, why);
}

static int
given_state_directory(struct options *opts, char *directory, char *why)
{
	opts->state_directory_given = false;
	if (options_set_state_directory(opts, &directory, why) != 0) {
		return -1;
	}
	opts->state_directory_given = true;
	return 0;
}

enum options_verdict
options_command_line(struct options *opts, int argc, char **argv,
    bool (*log_option)(char *arg, int argc, char *const *argv))
{
	enum { ONCE = 256, CHECK_CONFIG };
	static const struct option longs[] = {
		{ "once", no_argument, NULL, ONCE },
		{ "check-config", no_argument, NULL, CHECK_CONFIG },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	char why[OPTIONS_WHY];
	int c, failed = 0;

	while (!failed &&
	    (c = getopt_long(argc, argv, "fc:u:x:S:D:L:Vh", longs, NULL)) !=
	    -1) {
		why[0] = '\0';
		switch (c) {
		case 'f':
			opts->foreground = true;
			break;
		case 'c':
			opts->config_file = optarg;
			break;
		case 'u':
			failed = given_uri(opts, optarg, why);
			break;
		case 'x':
			opts->agentx = optarg;
			break;
		case 'S':
			failed = given_state_directory(opts, optarg, why);
			break;
		case 'D':
			opts->debug_tokens = optarg;
			break;
		case 'L':
			failed = !log_option(optarg, argc, argv) &&
			    options_refuse(why, "bad -L option");
			break;
		case ONCE:
			opts->once = true;
			break;
		case CHECK_CONFIG:
			opts->check_config = true;
			break;
		case 'V':
			printf("vmmibd %s\n", VMMIBD_VERSION);
			return OPTIONS_EXIT;
		case 'h':
			usage(stdout);
			return OPTIONS_EXIT;
		default: /* getopt_long has said why */
			failed = 1;
			why[0] = '\0';
		}
	}
	if (!failed && optind < argc) {
		failed = options_refuse(why, "unexpected argument '%s'",
		    argv[optind]);
	}
	if (failed) {
		fprintf(stderr, "%s%s%s%s", why[0] ? "vmmibd: " : "", why,
		    why[0] ? "\n" : "", "Try 'vmmibd --help'.\n");
	}
	return failed ? OPTIONS_BAD : OPTIONS_RUN;
}

int
options_finish(struct options *opts, char why[OPTIONS_WHY])
{
	if (opts->stale_after_s < opts->refresh_interval_s) {
		return options_refuse(why, "staleAfter (%d s) is below "
		    "refreshInterval (%d s): every value would be stale",
		    opts->stale_after_s, opts->refresh_interval_s);
	}
	/* It is an order to the guest's balloon driver, not a question. */
	if (opts->memory_stats_period_s > 0 && !opts->read_write) {
		return options_refuse(why, "memoryStatsPeriod needs access "
		    "read-write");
	}
	if (opts->n_connections == 0) {
		return options_add_connection(opts, "-", NULL, why);
	}
	return 0;
}

bool
options_domain_wanted(const struct options *opts, const char *name)
{
	/* A list that begins with "include" names all that is wanted. */
	bool wanted = opts->n_filters == 0 || !opts->filters[0].include;

	for (size_t i = 0; i < opts->n_filters; i++) {
		if (fnmatch(opts->filters[i].glob, name, 0) == 0) {
			wanted = opts->filters[i].include;
		}
	}
	return wanted;
}
