/* SPDX-License-Identifier: BSD-2-Clause */
/* What the operator asked for: command line and configuration tokens. */
#ifndef VMMIBD_OPTIONS_H
#define VMMIBD_OPTIONS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "domxml_metadata.h"
#include "notify.h"

#define OPTIONS_WHY 256 /* room for a reason */

struct options_connection {
	char *name; /* "-": the default SNMP context */
	char *uri;  /* NULL: libvirt's default */
};

struct options_filter {
	bool include;
	char *glob; /* fnmatch(3) pattern over domain names */
};

struct options {
	/* command line */
	bool foreground;
	bool once;
	bool check_config;
	const char *config_file; /* borrowed from argv, as the next two */
	const char *agentx;
	const char *debug_tokens;
	bool uri_given; /* -u: connections of the file are ignored */
	bool state_directory_given;

	/* configuration */
	struct options_connection *connections;
	size_t n_connections;
	struct options_filter *filters;
	size_t n_filters;
	struct domxml_rule *rules; /* with strings of their own */
	size_t n_rules;
	bool read_write;
	bool direct_answers; /* see mib_direct.h */
	int refresh_interval_s;
	int stale_after_s;
	int call_timeout_s; /* a libvirt call older than this is given up on */
	int max_hung_calls; /* of each connection, left hanging in libvirtd */
	bool notify_per_vm; /* vmPerVMNotificationsEnabled at the start, */
	bool notify_bulk;   /* vmBulkNotificationsEnabled likewise */
	struct notify_limits burst;
	int memory_stats_period_s; /* 0: guests are left as they are */
	char *state_directory;

	atomic_uint refs; /* of options_new() */
};

/* Defaults.  0, or -1 when out of memory. */
int options_init(struct options *opts);
void options_free(struct options *opts);

/*
 * The same in memory of its own, counted by reference, for threads may still
 * work by them when the configuration was read again.  NULL: out of memory.
 */
struct options *options_new(void);
const struct options *options_ref(const struct options *opts);
void options_unref(const struct options *opts); /* NULL is allowed */

enum options_verdict {
	OPTIONS_RUN,
	OPTIONS_EXIT, /* -h or -V: answered, exit 0 */
	OPTIONS_BAD,  /* reason is on standard error, exit 1 */
};

/*
 * Reads the command line.  log_option takes the argument of -L, and may use
 * the words after it as snmp_log_options() does; false refuses it.
 */
enum options_verdict options_command_line(struct options *opts, int argc,
    char **argv, bool (*log_option)(char *arg, int argc, char *const *argv));

/* Configuration tokens, for whoever reads the file; NULL past the last. */
const char *options_token_name(size_t i);
const char *options_token_help(size_t i);

/*
 * Applies one line of the configuration: a token and its words.
 * 0, or -1 and a reason in why.
 */
int options_token(struct options *opts, const char *token, int n_words,
    char *const *words, char why[OPTIONS_WHY]);

/* Completes and checks the whole once everything is read; as above. */
int options_finish(struct options *opts, char why[OPTIONS_WHY]);

/* Whether the filters let a domain through; the last that matches decides. */
bool options_domain_wanted(const struct options *opts, const char *name);

#endif
