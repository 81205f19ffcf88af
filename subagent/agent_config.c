/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads vmmibd.conf by way of Net-SNMP's configuration files. */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent_config.h"
#include "log.h"
#include "options.h"

#define WORDS_MAX 8
#define WORD_SIZE 1024

/* Net-SNMP's parser callbacks take no argument of ours. */
static struct options *reading;
static int mistakes;
static FILE *complaints; /* where mistakes are told */

/* One line of the file; Net-SNMP adds where it was. */
static void
on_token(const char *token, char *line)
{
	char words[WORDS_MAX][WORD_SIZE];
	char *pointers[WORDS_MAX];
	char why[OPTIONS_WHY];
	int n = 0;

	while (line != NULL && *line != '\0' && n < WORDS_MAX) {
		line = copy_nword(line, words[n], WORD_SIZE);
		if (strlen(words[n]) == WORD_SIZE - 1) {
			config_perror("a word is too long");
			return;
		}
		pointers[n] = words[n];
		n++;
	}
	if (options_token(reading, token, n, pointers, why) != 0) {
		config_perror(why);
	}
}

/* snmp.conf is for all programs: a mistake there must not stop this one. */
static bool
is_shared_file(const char *path, size_t len)
{
	static const char *const names[] = { "/snmp.conf", "/snmp.local.conf" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = strlen(names[i]);

		if (len >= n && memcmp(path + len - n, names[i], n) == 0) {
			return true;
		}
	}
	return false;
}

/*
 * Net-SNMP reports mistakes only to its log, as "FILE: line N: Error: text".
 * Shows them as "FILE:N: text" and counts those of our own file.
 */
static int
on_log(int major, int minor, void *message, void *arg)
{
	const struct snmp_log_message *log = message;
	const char *at = strstr(log->msg, ": line ");
	const char *text;
	int line;

	(void)major;
	(void)minor;
	(void)arg;
	if (at == NULL || sscanf(at, ": line %d:", &line) != 1) {
		fputs(log->msg, complaints);
		return SNMP_ERR_NOERROR;
	}
	text = strchr(at + 7, ':') + 1;
	text += strspn(text, " ");
	if (strncmp(text, "Error: ", 7) == 0) {
		text += 7;
	} else if (strncmp(text, "Warning: ", 9) == 0) {
		text += 9; /* an unknown token, which is an error here */
	}
	fprintf(complaints, "%.*s:%d: %s", (int)(at - log->msg), log->msg, line,
	    text);
	mistakes += !is_shared_file(log->msg, (size_t)(at - log->msg));
	return SNMP_ERR_NOERROR;
}

/* Turns all handlers that -L made off or on again. */
static void
enable_log_handlers(int on)
{
	netsnmp_log_handler *handler;

	for (handler = get_logh_head(); handler != NULL;
	     handler = handler->next) {
		handler->enabled = on;
	}
}

static int
check_readable(const char *path)
{
	FILE *file = fopen(path, "re");

	/* A directory can be opened, but not read. */
	if (file == NULL || (fgetc(file) == EOF && ferror(file))) {
		fprintf(complaints, "%s:0: %s\n", path, strerror(errno));
		if (file != NULL) {
			fclose(file);
		}
		return -1;
	}
	fclose(file);
	return 0;
}

/* Net-SNMP passes over files that it may not read, without a word. */
static int
check_search_path(void)
{
	const char *from = netsnmp_getenv("SNMPCONFPATH");
	char *dirs = strdup(from != NULL ? from :
	    get_configuration_directory());
	char *save, path[4096];
	int rc = dirs != NULL ? 0 : -1;

	for (char *dir = strtok_r(dirs, ENV_SEPARATOR, &save); dir != NULL;
	     dir = strtok_r(NULL, ENV_SEPARATOR, &save)) {
		snprintf(path, sizeof(path), "%s/vmmibd.conf", dir);
		if (access(path, F_OK) == 0 && check_readable(path) != 0) {
			rc = -1;
		}
	}
	free(dirs);
	return rc;
}

static int
choose_files(const struct options *opts)
{
	if (opts->config_file == NULL) {
		return check_search_path();
	}
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID,
	    NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	netsnmp_ds_set_string(NETSNMP_DS_LIBRARY_ID,
	    NETSNMP_DS_LIB_OPTIONALCONFIG, opts->config_file);
	return check_readable(opts->config_file);
}

/* Has read() do it, with mistakes noticed. */
static int
read_files(struct options *opts, void (*read)(const struct options *opts))
{
	netsnmp_log_handler *handler;
	char why[OPTIONS_WHY];

	mistakes = 0;
	if (choose_files(opts) != 0) {
		return -1;
	}
	reading = opts;
	enable_log_handlers(0);
	handler = netsnmp_register_loghandler(NETSNMP_LOGHANDLER_CALLBACK,
	    LOG_DEBUG);
	snmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING,
	    on_log, NULL);
	read(opts);
	snmp_unregister_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING,
	    on_log, NULL, 0);
	netsnmp_remove_loghandler(handler);
	enable_log_handlers(1);
	reading = NULL;
	if (mistakes == 0 && options_finish(opts, why) != 0) {
		fprintf(complaints, "%s:0: %s\n", opts->config_file != NULL ?
		    opts->config_file : "vmmibd.conf", why);
		mistakes++;
	}
	return mistakes == 0 ? 0 : -1;
}

static void
read_first(const struct options *opts)
{
	(void)opts;
	init_snmp("vmmibd");
}

int
agent_config_read(struct options *opts)
{
	for (size_t i = 0; options_token_name(i) != NULL; i++) {
		register_app_config_handler(options_token_name(i), on_token,
		    NULL, options_token_help(i));
	}
	complaints = stderr;
	return read_files(opts, read_first);
}

/*
 * Without the callbacks that the library's own way to do this has in the end:
 * they would have it connect to snmpd once more.
 */
static void
read_again(const struct options *opts)
{
	if (opts->config_file != NULL) {
		read_config_with_type(opts->config_file, "vmmibd");
	} else {
		read_config_files(NORMAL_CONFIG);
	}
}

/* What the library takes from the file while it runs, but is not to. */
static const struct {
	const char *token;
	int id;
} fixed[] = {
	{ "agentXPingInterval", NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL },
	{ "agentXTimeout", NETSNMP_DS_AGENT_AGENTX_TIMEOUT },
	{ "agentXRetries", NETSNMP_DS_AGENT_AGENTX_RETRIES },
};

#define N_FIXED (sizeof(fixed) / sizeof(fixed[0]))

static int
read_again_fixed(struct options *opts)
{
	int before[N_FIXED];
	int rc;

	for (size_t i = 0; i < N_FIXED; i++) {
		before[i] = netsnmp_ds_get_int(NETSNMP_DS_APPLICATION_ID,
		    fixed[i].id);
	}
	rc = read_files(opts, read_again);
	for (size_t i = 0; i < N_FIXED; i++) {
		if (netsnmp_ds_get_int(NETSNMP_DS_APPLICATION_ID,
		    fixed[i].id) != before[i]) {
			netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID,
			    fixed[i].id, before[i]);
			log_warn("%s takes a restart to change",
			    fixed[i].token);
		}
	}
	return rc;
}

int
agent_config_reread(struct options *opts)
{
	char *text = NULL, *save = NULL;
	size_t size = 0;
	int rc;

	complaints = open_memstream(&text, &size);
	if (complaints == NULL) {
		log_error("out of memory");
		return -1;
	}
	rc = read_again_fixed(opts);
	/* Only now do messages reach the log again. */
	fclose(complaints);
	complaints = stderr;
	for (char *line = text != NULL ? strtok_r(text, "\n", &save) : NULL;
	     line != NULL; line = strtok_r(NULL, "\n", &save)) {
		log_error("%s", line);
	}
	free(text);
	return rc;
}
