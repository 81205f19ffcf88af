/* SPDX-License-Identifier: BSD-2-Clause */
/* What the operator asked for: command line and configuration tokens. */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_CONNECTIONS 64

static int refuse(char *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int
refuse(char *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, OPTIONS_WHY, format, args);
	va_end(args);
	return -1;
}

/* Replaces a string by a copy. */
static int
set_string(char **where, const char *text, char *why)
{
	char *copy = strdup(text);

	if (copy == NULL) {
		return refuse(why, "out of memory");
	}
	free(*where);
	*where = copy;
	return 0;
}

/* Room for one more element at the end of an array, zeroed. */
static void *
grow(void *array, size_t *n, size_t size)
{
	char *bigger = reallocarray(array, *n + 1, size);

	if (bigger != NULL) {
		memset(bigger + *n * size, 0, size);
	}
	return bigger;
}

static int
set_seconds(int *where, int min, int max, char *const *words, char *why)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(words[0], &end, 10);
	if (errno != 0 || end == words[0] || *end != '\0' || value < min ||
	    value > max) {
		return refuse(why, "'%.80s' is not a number of seconds from %d "
		    "to %d", words[0], min, max);
	}
	*where = (int)value;
	return 0;
}

/* A connection's name becomes an SNMP context and a directory. */
static bool
name_ok(const char *name)
{
	size_t len = strlen(name);

	if (strcmp(name, "-") == 0) {
		return true;
	}
	if (len == 0 || len > 32 || !isalnum((unsigned char)name[0])) {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)name[i]) &&
		    strchr("-_.", name[i]) == NULL) {
			return false;
		}
	}
	return true;
}

static int
check_name(const char *name, char *why)
{
	if (!name_ok(name)) {
		return refuse(why, "connection name '%.80s' is neither '-' nor "
		    "at most 32 letters, digits, '-', '_' and '.'", name);
	}
	return 0;
}

static int
add_connection(struct options *opts, const char *name, const char *uri,
    char *why)
{
	struct options_connection *array;

	if (check_name(name, why) != 0) {
		return -1;
	}
	for (size_t i = 0; i < opts->n_connections; i++) {
		if (strcasecmp(opts->connections[i].name, name) == 0) {
			return refuse(why, "connection '%s' is given twice",
			    name);
		}
	}
	if (opts->n_connections == MAX_CONNECTIONS) {
		return refuse(why, "more than %d connections",
		    MAX_CONNECTIONS);
	}
	array = grow(opts->connections, &opts->n_connections, sizeof(*array));
	if (array == NULL) {
		return refuse(why, "out of memory");
	}
	opts->connections = array;
	array += opts->n_connections++;
	array->name = strdup(name);
	array->uri = uri != NULL ? strdup(uri) : NULL;
	if (array->name == NULL || (uri != NULL && array->uri == NULL)) {
		return refuse(why, "out of memory");
	}
	return 0;
}

static int
set_connection(struct options *opts, char *const *words, char *why)
{
	/* Anything else may be an alias, which only libvirt can tell. */
	if (words[1][0] == '\0') {
		return refuse(why, "connection '%.80s' has an empty URI",
		    words[0]);
	}
	return opts->uri_given ? check_name(words[0], why) :
	    add_connection(opts, words[0], words[1], why);
}

static int
set_access(struct options *opts, char *const *words, char *why)
{
	bool read_write = strcasecmp(words[0], "read-write") == 0;

	if (!read_write && strcasecmp(words[0], "read-only") != 0) {
		return refuse(why, "'%.80s' is neither read-only nor "
		    "read-write", words[0]);
	}
	opts->read_write = read_write;
	return 0;
}

static int
set_direct_answers(struct options *opts, char *const *words, char *why)
{
	opts->direct_answers = strcasecmp(words[0], "yes") == 0;
	if (!opts->direct_answers && strcasecmp(words[0], "no") != 0) {
		return refuse(why, "'%.80s' is neither yes nor no", words[0]);
	}
	return 0;
}

static int
set_refresh_interval(struct options *opts, char *const *words, char *why)
{
	return set_seconds(&opts->refresh_interval_s, 1, 3600, words, why);
}

static int
set_stale_after(struct options *opts, char *const *words, char *why)
{
	return set_seconds(&opts->stale_after_s, 1, 86400, words, why);
}

static int
set_domains(struct options *opts, char *const *words, char *why)
{
	struct options_filter *array;
	bool include = strcasecmp(words[0], "include") == 0;

	if (!include && strcasecmp(words[0], "exclude") != 0) {
		return refuse(why, "'%.80s' is neither include nor exclude",
		    words[0]);
	}
	array = grow(opts->filters, &opts->n_filters, sizeof(*array));
	if (array == NULL) {
		return refuse(why, "out of memory");
	}
	opts->filters = array;
	array += opts->n_filters++;
	array->include = include;
	return set_string(&array->glob, words[1], why);
}

/* The rule is appended before it has its strings, as options_free() expects. */
static int
set_metadata(struct options *opts, char *const *words, char *why)
{
	struct domxml_rule *array;

	if (!domxml_rule_valid(words[0], words[1], why, OPTIONS_WHY)) {
		return -1;
	}
	array = grow(opts->rules, &opts->n_rules, sizeof(*array));
	if (array == NULL) {
		return refuse(why, "out of memory");
	}
	opts->rules = array;
	array += opts->n_rules++;
	array->ns = strdup(words[0]);
	array->xpath = strdup(words[1]);
	if (array->ns == NULL || array->xpath == NULL) {
		return refuse(why, "out of memory");
	}
	return 0;
}

static int
set_memory_stats_period(struct options *opts, char *const *words, char *why)
{
	return set_seconds(&opts->memory_stats_period_s, 1, 86400, words, why);
}

static int
set_state_directory(struct options *opts, char *const *words, char *why)
{
	if (words[0][0] != '/') {
		return refuse(why, "'%.80s' is not an absolute path",
		    words[0]);
	}
	return opts->state_directory_given ? 0 :
	    set_string(&opts->state_directory, words[0], why);
}

static const struct token {
	const char *name;
	int n_words;
	const char *help;
	int (*set)(struct options *opts, char *const *words, char *why);
} tokens[] = {
	{ "connection", 2, "NAME URI", set_connection },
	{ "access", 1, "read-only|read-write", set_access },
	{ "refreshInterval", 1, "SECONDS", set_refresh_interval },
	{ "staleAfter", 1, "SECONDS", set_stale_after },
	{ "domains", 2, "include|exclude GLOB", set_domains },
	{ "directAnswers", 1, "yes|no", set_direct_answers },
	{ "metadata", 2, "NAMESPACE-URI XPATH", set_metadata },
	{ "memoryStatsPeriod", 1, "SECONDS", set_memory_stats_period },
	{ "stateDirectory", 1, "DIRECTORY", set_state_directory },
};

#define N_TOKENS (sizeof(tokens) / sizeof(tokens[0]))

const char *
options_token_name(size_t i)
{
	return i < N_TOKENS ? tokens[i].name : NULL;
}

const char *
options_token_help(size_t i)
{
	return i < N_TOKENS ? tokens[i].help : NULL;
}

int
options_token(struct options *opts, const char *token, int n_words,
    char *const *words, char why[OPTIONS_WHY])
{
	for (size_t i = 0; i < N_TOKENS; i++) {
		if (strcasecmp(tokens[i].name, token) != 0) {
			continue;
		}
		if (n_words != tokens[i].n_words) {
			return refuse(why, "%s takes %s", tokens[i].name,
			    tokens[i].help);
		}
		return tokens[i].set(opts, words, why);
	}
	return refuse(why, "unknown token '%.80s'", token);
}

int
options_init(struct options *opts)
{
	memset(opts, 0, sizeof(*opts));
	opts->refresh_interval_s = 10;
	opts->stale_after_s = 60;
	opts->direct_answers = true;
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
	for (size_t i = 0; i < N_TOKENS; i++) {
		fprintf(out, "  %-18s %s\n", tokens[i].name, tokens[i].help);
	}
}

static int
given_uri(struct options *opts, const char *uri, char *why)
{
	if (opts->uri_given) {
		return refuse(why, "-u is given twice");
	}
	opts->uri_given = true;
	return add_connection(opts, "-", uri, why);
}

static int
given_state_directory(struct options *opts, char *directory, char *why)
{
	opts->state_directory_given = false;
	if (set_state_directory(opts, &directory, why) != 0) {
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
			    refuse(why, "bad -L option");
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
		failed = refuse(why, "unexpected argument '%s'", argv[optind]);
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
		return refuse(why, "staleAfter (%d s) is below refreshInterval "
		    "(%d s): every value would be stale",
		    opts->stale_after_s, opts->refresh_interval_s);
	}
	/* It is an order to the guest's balloon driver, not a question. */
	if (opts->memory_stats_period_s > 0 && !opts->read_write) {
		return refuse(why, "memoryStatsPeriod needs access read-write");
	}
	if (opts->n_connections == 0) {
		return add_connection(opts, "-", NULL, why);
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
