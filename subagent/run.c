/* SPDX-License-Identifier: BSD-2-Clause */
/* What vmmibd does once it knows its options. */
#include "run.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "clock.h"
#include "domxml.h"
#include "exchange.h"
#include "log.h"
#include "lv_collect.h"
#include "lv_conn.h"
#include "lv_events.h"
#include "mib_once.h"
#include "mib_serve.h"
#include "notify.h"
#include "options.h"
#include "snapshot.h"
#include "told.h"

/* How long a hanging libvirt call may hold up an orderly end. */
#define STOP_WITHIN_MS 1500

/* One connection: its collector, and the way from it to the managers. */
struct line {
	struct exchange *ex;
	struct lv_collector *collector;
	struct told *told;
	struct notify *notify;
};

enum run_status
run_once(const struct options *opts)
{
	const struct notify_status notify = {
		.per_vm = opts->notify_per_vm ? SNAP_TRUE : SNAP_FALSE,
		.bulk = opts->notify_bulk ? SNAP_TRUE : SNAP_FALSE,
	};
	bool all = true;

	domxml_init();
	lv_conn_init();
	for (size_t i = 0; i < opts->n_connections; i++) {
		const struct options_connection *where = &opts->connections[i];
		struct exchange *ex = exchange_new(NULL);
		const struct snapshot *snap;

		if (ex != NULL && lv_collect_once(opts, where, ex) == 0 &&
		    (snap = exchange_take(ex)) != NULL) {
			if (opts->n_connections > 1) {
				printf("context %s\n\n", where->name);
			}
			mib_once_print(stdout, snap, &notify);
			snapshot_unref(snap);
		} else {
			all = false;
		}
		exchange_free(ex);
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		log_error("standard output: %s", strerror(errno));
		all = false;
	}
	return all ? RUN_STOPPED : RUN_CANNOT_START;
}

static bool
make_line(struct line *line, const struct options *opts,
    const struct options_connection *where)
{
	line->ex = exchange_new(agent_wake);
	if (line->ex == NULL) {
		return false;
	}
	line->collector = lv_collect_new(opts, where, line->ex, &line->told);
	if (line->collector == NULL) {
		return false;
	}
	line->notify = notify_new(&opts->burst, opts->notify_per_vm,
	    opts->notify_bulk, line->told);
	return line->notify != NULL &&
	    mib_serve_register(where->name, line->ex, line->notify) == 0;
}

/* False when a collector hangs in libvirt and still uses what it was given. */
static bool
stop_lines(struct line *lines, size_t n)
{
	int64_t deadline_ms = clock_boot_ms() + STOP_WITHIN_MS;
	bool all = true;

	for (size_t i = 0; i < n; i++) {
		if (lines[i].collector != NULL) {
			lv_collect_stop(lines[i].collector);
		}
	}
	for (size_t i = 0; i < n; i++) {
		if (lines[i].collector != NULL &&
		    lv_collect_join(lines[i].collector, deadline_ms) != 0) {
			all = false;
		}
	}
	return all;
}

static void
free_lines(struct line *lines, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		lv_collect_free(lines[i].collector);
		exchange_free(lines[i].ex);
		notify_free(lines[i].notify);
		told_close(lines[i].told);
	}
	free(lines);
}

/* From here on threads run, so it comes after going to the background. */
static enum run_status
serve(const struct options *opts, struct line *lines)
{
	enum run_status status = RUN_STOPPED;

	if (lv_events_start() != 0) {
		return RUN_CANNOT_START;
	}
	for (size_t i = 0; i < opts->n_connections && status == RUN_STOPPED;
	     i++) {
		if (lv_collect_start(lines[i].collector) != 0) {
			status = RUN_CANNOT_START;
		}
	}
	if (status == RUN_STOPPED) {
		log_notice("vmmibd %s started", VMMIBD_VERSION);
		if (agent_run() != 0) {
			status = RUN_CANNOT_START;
		}
		log_notice("vmmibd stopped");
	}
	if (!stop_lines(lines, opts->n_connections)) {
		/* Its memory cannot be freed, so end without freeing any. */
		log_warn("a libvirt call hangs; not waiting for it");
		log_flush();
		_exit((int)status);
	}
	lv_events_stop();
	return status;
}

/* What can fail for a reason that a script should learn of. */
static bool
prepare(const struct options *opts, struct line *lines)
{
	domxml_init();
	lv_conn_init();
	for (size_t i = 0; i < opts->n_connections; i++) {
		if (!make_line(&lines[i], opts, &opts->connections[i])) {
			return false;
		}
	}
	mib_serve_announce();
	return agent_begin(opts) == 0;
}

enum run_status
run_daemon(const struct options *opts)
{
	struct line *lines = calloc(opts->n_connections, sizeof(*lines));
	enum run_status status = RUN_CANNOT_START;

	if (lines == NULL) {
		return status;
	}
	if (prepare(opts, lines)) {
		status = serve(opts, lines);
	}
	agent_end();
	free_lines(lines, opts->n_connections);
	return status;
}
