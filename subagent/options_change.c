/* SPDX-License-Identifier: BSD-2-Clause */
/* What a configuration that is read again changes. */
#include "options_change.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "options_token.h"

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
copy_text(char **to, const char *from)
{
	char *copy = strdup(from);

	if (copy == NULL) {
		return false;
	}
	free(*to);
	*to = copy;
	return true;
}

struct options *
options_again(const struct options *before)
{
	struct options *opts = options_new();
	char why[OPTIONS_WHY];
	bool ok = opts != NULL;

	if (ok) {
		opts->foreground = before->foreground;
		opts->once = before->once;
		opts->check_config = before->check_config;
		opts->config_file = before->config_file;
		opts->agentx = before->agentx;
		opts->debug_tokens = before->debug_tokens;
		opts->uri_given = before->uri_given;
		opts->state_directory_given = before->state_directory_given;
	}
	if (ok && before->uri_given) {
		const struct options_connection *given = before->connections;

		ok = options_add_connection(opts, given->name, given->uri,
		    why) == 0;
	}
	if (ok && before->state_directory_given) {
		ok = copy_text(&opts->state_directory, before->state_directory);
	}
	if (!ok) {
		options_unref(opts);
		opts = NULL;
	}
	return opts;
}

bool
options_keep_fixed(struct options *opts, const struct options *before)
{
	if (same_text(opts->state_directory, before->state_directory)) {
		return true;
	}
	log_warn("stateDirectory %s takes a restart; it remains %s",
	    opts->state_directory, before->state_directory);
	return copy_text(&opts->state_directory, before->state_directory);
}

const struct options_connection *
options_find(const struct options *opts, const char *name)
{
	for (size_t i = 0; i < opts->n_connections; i++) {
		if (strcmp(opts->connections[i].name, name) == 0) {
			return &opts->connections[i];
		}
	}
	return NULL;
}

static bool
same_filters(const struct options *a, const struct options *b)
{
	bool same = a->n_filters == b->n_filters;

	for (size_t i = 0; same && i < a->n_filters; i++) {
		same = a->filters[i].include == b->filters[i].include &&
		    same_text(a->filters[i].glob, b->filters[i].glob);
	}
	return same;
}

static bool
same_rules(const struct options *a, const struct options *b)
{
	bool same = a->n_rules == b->n_rules;

	for (size_t i = 0; same && i < a->n_rules; i++) {
		same = same_text(a->rules[i].ns, b->rules[i].ns) &&
		    same_text(a->rules[i].xpath, b->rules[i].xpath);
	}
	return same;
}

bool
options_same_link(const struct options *a,
    const struct options_connection *a_where, const struct options *b,
    const struct options_connection *b_where)
{
	return same_text(a_where->uri, b_where->uri) &&
	    a->read_write == b->read_write;
}

bool
options_same_work(const struct options *a,
    const struct options_connection *a_where, const struct options *b,
    const struct options_connection *b_where)
{
	return same_text(a_where->name, b_where->name) &&
	    options_same_link(a, a_where, b, b_where) &&
	    a->refresh_interval_s == b->refresh_interval_s &&
	    a->stale_after_s == b->stale_after_s &&
	    a->call_timeout_s == b->call_timeout_s &&
	    a->max_hung_calls == b->max_hung_calls &&
	    a->memory_stats_period_s == b->memory_stats_period_s &&
	    same_filters(a, b) && same_rules(a, b);
}
