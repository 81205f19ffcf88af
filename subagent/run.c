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
#include "lv_worker.h"
#include "mib_once.h"
#include "notify.h"
#include "options.h"
#include "options_change.h"
#include "run_line.h"
#include "snapshot.h"

/* How long hanging calls may hold up an orderly end, from the signal on. */
#define STOP_WITHIN_MS 1500
/* Workers that do not hang end at once. */
#define WORKERS_WITHIN_MS 200

struct daemon {
	const struct options *opts; /* those in force; with a reference */
	struct line **lines;
	size_t n;
	int64_t look_ms; /* when to look at the lines; INT64_MAX: no need */
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
		exchange_unref(ex);
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		log_error("standard output: %s", strerror(errno));
		all = false;
	}
	if (!lv_worker_all_ended(clock_boot_ms() + WORKERS_WITHIN_MS)) {
		_exit(all ? RUN_STOPPED : RUN_CANNOT_START);
	}
	return all ? RUN_STOPPED : RUN_CANNOT_START;
}

/* Takes the line over; false: out of memory, and it is freed. */
static bool
add_line(struct daemon *d, struct line *line)
{
	struct line **more = reallocarray(d->lines, d->n + 1, sizeof(*more));

	if (more == NULL) {
		log_error("out of memory");
		line_free(line);
		return false;
	}
	d->lines = more;
	d->lines[d->n++] = line;
	return true;
}

static bool
make_line(struct daemon *d, const struct options *opts,
    const struct options_connection *where)
{
	struct line *line = line_new(opts, where);

	return line != NULL && add_line(d, line);
}

/* False when a collector hangs in libvirt and still uses what it was given. */
static bool
stop_lines(struct daemon *d)
{
	int64_t asked_ms = agent_stop_asked_ms();
	int64_t deadline_ms = STOP_WITHIN_MS +
	    (asked_ms != 0 ? asked_ms : clock_boot_ms());
	bool all = !lv_collect_leaves_threads();

	for (size_t i = 0; i < d->n; i++) {
		line_stop(d->lines[i]);
	}
	for (size_t i = 0; i < d->n; i++) {
		all = line_join(d->lines[i], deadline_ms) && all;
	}
	return all;
}

static void
free_lines(struct daemon *d)
{
	for (size_t i = 0; i < d->n; i++) {
		line_free(d->lines[i]);
	}
	free(d->lines);
}

static struct line *
find_line(const struct daemon *d, const char *name)
{
	for (size_t i = 0; i < d->n; i++) {
		if (strcmp(line_name(d->lines[i]), name) == 0) {
			return d->lines[i];
		}
	}
	return NULL;
}

static unsigned
remove_lines(struct daemon *d, const struct options *now)
{
	unsigned n = 0;

	for (size_t i = 0; i < d->n; i++) {
		struct line *line = d->lines[i];

		if (!line_is_removed(line) &&
		    options_find(now, line_name(line)) == NULL) {
			line_remove(line);
			n++;
		}
	}
	return n;
}

/* True: there is one more connection, which is collected. */
static bool
begin_line(struct daemon *d, const struct options *now,
    const struct options_connection *where)
{
	return make_line(d, now, where) &&
	    line_start(d->lines[d->n - 1]) == 0;
}

static void
reload(void *arg)
{
	struct daemon *d = arg;
	const struct options *now = agent_reload();
	unsigned added = 0, changed = 0, removed;

	if (now == NULL) {
		log_error("the configuration stays as it was");
		return;
	}
	removed = remove_lines(d, now);
	for (size_t i = 0; i < now->n_connections; i++) {
		const struct options_connection *where = &now->connections[i];
		struct line *line = find_line(d, where->name);
		bool returns = line != NULL && line_is_removed(line);

		if (line == NULL) {
			added += begin_line(d, now, where);
			continue;
		}
		if (line_change(line, now, where)) {
			added += returns;
			changed += !returns;
		}
		line_notify(line, now, d->opts);
	}
	options_unref(d->opts);
	d->opts = now;
	d->look_ms = 0;
	log_notice("configuration read again: %u connections added, "
	    "%u changed, %u removed", added, changed, removed);
}

/* Lines that are over are freed. */
static int64_t
look(void *arg)
{
	struct daemon *d = arg;
	int64_t now_ms = d->look_ms == INT64_MAX ? 0 : clock_boot_ms();
	size_t left = 0;

	if (now_ms < d->look_ms) {
		return d->look_ms == INT64_MAX ? INT64_MAX :
		    d->look_ms - now_ms;
	}
	d->look_ms = INT64_MAX;
	for (size_t i = 0; i < d->n; i++) {
		struct line *line = d->lines[i];
		int64_t due_ms = line_look(line, now_ms);

		if (due_ms < 0) {
			line_free(line);
			continue;
		}
		d->lines[left++] = line;
		d->look_ms = due_ms < d->look_ms ? due_ms : d->look_ms;
	}
	d->n = left;
	return d->look_ms == INT64_MAX ? INT64_MAX :
	    d->look_ms > now_ms ? d->look_ms - now_ms : 0;
}

static bool
start_lines(struct daemon *d)
{
	for (size_t i = 0; i < d->n; i++) {
		if (line_start(d->lines[i]) != 0) {
			return false;
		}
	}
	return true;
}

/* From here on threads run, so it comes after going to the background. */
static enum run_status
serve(struct daemon *d)
{
	struct agent_work work = { .reload = reload, .look = look, .arg = d };
	enum run_status status = RUN_CANNOT_START;

	if (lv_events_start() != 0) {
		return status;
	}
	if (start_lines(d)) {
		log_notice("vmmibd %s started", VMMIBD_VERSION);
		if (agent_run(&work) == 0) {
			status = RUN_STOPPED;
		}
		log_notice("vmmibd stopped");
	}
	if (!stop_lines(d)) {
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
prepare(struct daemon *d)
{
	domxml_init();
	lv_conn_init();
	for (size_t i = 0; i < d->opts->n_connections; i++) {
		if (!make_line(d, d->opts, &d->opts->connections[i])) {
			return false;
		}
	}
	return agent_begin(d->opts) == 0;
}

enum run_status
run_daemon(const struct options *opts)
{
	struct daemon d = { .opts = options_ref(opts), .look_ms = INT64_MAX };
	enum run_status status = RUN_CANNOT_START;

	if (prepare(&d)) {
		status = serve(&d);
	}
	agent_end();
	free_lines(&d);
	options_unref(d.opts);
	if (!lv_worker_all_ended(clock_boot_ms() + WORKERS_WITHIN_MS)) {
		_exit((int)status); /* they hang, and use libraries */
	}
	return status;
}
