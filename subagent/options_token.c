/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines of the configuration: a token and its words each. */
#include "options_token.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_CONNECTIONS 64

int
options_refuse(char *why, const char *format, ...)
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
		return options_refuse(why, "out of memory");
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
		return options_refuse(why, "'%.80s' is not a number of seconds from %d "
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
		return options_refuse(why, "connection name '%.80s' is neither '-' nor "
		    "at most 32 letters, digits, '-', '_' and '.'", name);
	}
	return 0;
}

int
options_add_connection(struct options *opts, const char *name, const char *uri,
    char *why)
{
	struct options_connection *array;

	if (check_name(name, why) != 0) {
		return -1;
	}
	for (size_t i = 0; i < opts->n_connections; i++) {
		if (strcasecmp(opts->connections[i].name, name) == 0) {
			return options_refuse(why, "connection '%s' is given twice",
			    name);
		}
	}
	if (opts->n_connections == MAX_CONNECTIONS) {
		return options_refuse(why, "more than %d connections",
		    MAX_CONNECTIONS);
	}
	array = grow(opts->connections, &opts->n_connections, sizeof(*array));
	if (array == NULL) {
		return options_refuse(why, "out of memory");
	}
	opts->connections = array;
	array += opts->n_connections++;
	array->name = strdup(name);
	array->uri = uri != NULL ? strdup(uri) : NULL;
	if (array->name == NULL || (uri != NULL && array->uri == NULL)) {
		return options_refuse(why, "out of memory");
	}
	return 0;
}

static int
set_connection(struct options *opts, char *const *words, char *why)
{
	/* Anything else may be an alias, which only libvirt can tell. */
	if (words[1][0] == '\0') {
		return options_refuse(why, "connection '%.80s' has an empty URI",
		    words[0]);
	}
	return opts->uri_given ? check_name(words[0], why) :
	    options_add_connection(opts, words[0], words[1], why);
}

static int
set_access(struct options *opts, char *const *words, char *why)
{
	bool read_write = strcasecmp(words[0], "read-write") == 0;

	if (!read_write && strcasecmp(words[0], "read-only") != 0) {
		return options_refuse(why, "'%.80s' is neither read-only nor "
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
		return options_refuse(why, "'%.80s' is neither yes nor no", words[0]);
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
set_call_timeout(struct options *opts, char *const *words, char *why)
{
	return set_seconds(&opts->call_timeout_s, 1, 3600, words, why);
}

/* libvirtd has twenty workers in all, for everybody. */
static int
set_max_hung_calls(struct options *opts, char *const *words, char *why)
{
	char *end;
	long value = strtol(words[0], &end, 10);

	if (end == words[0] || *end != '\0' || value < 1 || value > 20) {
		return options_refuse(why, "'%.80s' is not a number of calls from 1 to "
		    "20", words[0]);
	}
	opts->max_hung_calls = (int)value;
	return 0;
}

static int
set_domains(struct options *opts, char *const *words, char *why)
{
	struct options_filter *array;
	bool include = strcasecmp(words[0], "include") == 0;

	if (!include && strcasecmp(words[0], "exclude") != 0) {
		return options_refuse(why, "'%.80s' is neither include nor exclude",
		    words[0]);
	}
	array = grow(opts->filters, &opts->n_filters, sizeof(*array));
	if (array == NULL) {
		return options_refuse(why, "out of memory");
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
		return options_refuse(why, "out of memory");
	}
	opts->rules = array;
	array += opts->n_rules++;
	array->ns = strdup(words[0]);
	array->xpath = strdup(words[1]);
	if (array->ns == NULL || array->xpath == NULL) {
		return options_refuse(why, "out of memory");
	}
	return 0;
}

static int
set_memory_stats_period(struct options *opts, char *const *words, char *why)
{
	return set_seconds(&opts->memory_stats_period_s, 1, 86400, words, why);
}

static int
set_notifications(struct options *opts, char *const *words, char *why)
{
	static const struct {
		const char *word;
		bool per_vm;
		bool bulk;
	} modes[] = {
		{ "per-vm", true, false },
		{ "bulk", false, true },
		{ "both", true, true },
		{ "off", false, false },
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcasecmp(words[0], modes[i].word) == 0) {
			opts->notify_per_vm = modes[i].per_vm;
			opts->notify_bulk = modes[i].bulk;
			return 0;
		}
	}
	return options_refuse(why, "'%.80s' is none of per-vm, bulk, both and off",
	    words[0]);
}

/* N/SECONDS */
static int
set_notification_burst(struct options *opts, char *const *words, char *why)
{
	char *slash, *end;
	long max, seconds;

	errno = 0;
	max = strtol(words[0], &slash, 10);
	seconds = *slash == '/' ? strtol(slash + 1, &end, 10) : 0;
	if (errno != 0 || slash == words[0] || *slash != '/' ||
	    end == slash + 1 || *end != '\0' || max < 0 || max > 1000000 ||
	    seconds < 1 || seconds > 3600) {
		return options_refuse(why, "'%.80s' is not N/SECONDS with N from 0 to "
		    "1000000 and SECONDS from 1 to 3600", words[0]);
	}
	opts->burst.burst_max = (uint32_t)max;
	opts->burst.burst_ms = seconds * 1000;
	return 0;
}

int
options_set_state_directory(struct options *opts, char *const *words, char *why)
{
	if (words[0][0] != '/') {
		return options_refuse(why, "'%.80s' is not an absolute path",
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
	{ "callTimeout", 1, "SECONDS", set_call_timeout },
	{ "maxHungCalls", 1, "N", set_max_hung_calls },
	{ "domains", 2, "include|exclude GLOB", set_domains },
	{ "directAnswers", 1, "yes|no", set_direct_answers },
	{ "metadata", 2, "NAMESPACE-URI XPATH", set_metadata },
	{ "memoryStatsPeriod", 1, "SECONDS", set_memory_stats_period },
	{ "notifications", 1, "per-vm|bulk|both|off", set_notifications },
	{ "notificationBurst", 1, "N/SECONDS", set_notification_burst },
	{ "stateDirectory", 1, "DIRECTORY", options_set_state_directory },
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
			return options_refuse(why, "%s takes %s", tokens[i].name,
			    tokens[i].help);
		}
		return tokens[i].set(opts, words, why);
	}
	return options_refuse(why, "unknown token '%.80s'", token);
}
