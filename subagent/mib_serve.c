/* SPDX-License-Identifier: BSD-2-Clause */
/* Serves all tables from each connection's newest snapshot. */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "exchange.h"
#include "log.h"
#include "mib_notify.h"
#include "mib_register.h"
#include "mib_serve.h"
#include "mib_set.h"
#include "mib_tree.h"
#include "notify.h"
#include "rfc7666.h"

/* The first connection and refresh may take so long. */
#define FIRST_WITHIN_MS 10000

struct mib_source {
	struct mib_source *next;
	bool registered[MIB_N_REGIONS];
	const char *context; /* "" for the default one */
	struct exchange *ex;
	struct mib_view view;
	struct mib_switches switches; /* what can be set */
	struct mib_notifier *notifier;
	bool stale; /* what the view shows is too old, and the log says so */
};

static struct mib_source *sources;
static struct mib_wire wire; /* to snmpd, shared by all sources */
static netsnmp_session *live; /* with snmpd; NULL: none */

static const struct mib_region *
region_of(const oid *name, size_t name_len)
{
	for (size_t i = 0; i < MIB_N_REGIONS; i++) {
		const struct mib_region *region = mib_regions[i];

		if (name_len >= region->root_len &&
		    memcmp(name, region->root,
			region->root_len * sizeof(oid)) == 0) {
			return region;
		}
	}
	return NULL;
}

static void
answer_get(const struct mib_region *region, const struct mib_source *source,
    netsnmp_agent_request_info *info, netsnmp_request_info *request)
{
	netsnmp_variable_list *vb = request->requestvb;
	struct mib_value value;

	switch (mib_get(region, &source->view, vb->name,
	    vb->name_length, &value)) {
	case MIB_FOUND:
		snmp_set_var_typed_value(vb, value.type, value.data,
		    value.len);
		break;
	case MIB_NO_INSTANCE:
		netsnmp_set_request_error(info, request, SNMP_NOSUCHINSTANCE);
		break;
	default:
		netsnmp_set_request_error(info, request, SNMP_NOSUCHOBJECT);
	}
}

static void
answer_next(const struct mib_region *region, const struct mib_source *source,
    netsnmp_request_info *request)
{
	netsnmp_variable_list *vb = request->requestvb;
	struct mib_value value;
	oid found[MAX_OID_LEN];
	size_t found_len;

	/* At the end the varbind stays as it is, and the agent goes on. */
	if (mib_next(region, &source->view, vb->name, vb->name_length,
	    request->inclusive != 0, found, &found_len, &value) == MIB_FOUND) {
		snmp_set_var_objid(vb, found, found_len);
		snmp_set_var_typed_value(vb, value.type, value.data,
		    value.len);
	}
}

static int
answer(netsnmp_mib_handler *handler, netsnmp_handler_registration *reg,
    netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
	const struct mib_region *region = region_of(reg->rootoid,
	    reg->rootoid_len);
	struct mib_source *source = handler->myvoid;

	for (; requests != NULL; requests = requests->next) {
		if (requests->processed) {
			continue;
		}
		if (info->mode == MODE_GET) {
			answer_get(region, source, info, requests);
		} else if (info->mode == MODE_GETNEXT) {
			answer_next(region, source, requests);
		} else {
			mib_set(&source->switches, info, requests);
		}
	}
	return SNMP_ERR_NOERROR;
}

/* Net-SNMP frees what it is given along with the registration. */
static netsnmp_handler_registration *
new_registration(const struct mib_region *region, const struct mib_source *source)
{
	netsnmp_handler_registration *reg;

	reg = netsnmp_create_handler_registration(region->name, answer,
	    region->root, region->root_len, HANDLER_CAN_RWRITE);
	if (reg == NULL) {
		return NULL;
	}
	reg->handler->myvoid = (void *)(uintptr_t)source;
	if (source->context[0] != '\0') {
		reg->contextName = strdup(source->context);
		if (reg->contextName == NULL) {
			netsnmp_handler_registration_free(reg);
			reg = NULL;
		}
	}
	return reg;
}

static bool
register_region(const struct mib_region *region,
    const struct mib_source *source)
{
	netsnmp_handler_registration *reg = new_registration(region, source);

	if (reg == NULL ||
	    netsnmp_register_handler(reg) != MIB_REGISTERED_OK) {
		log_error("cannot register %s in context %s", region->name,
		    source->context);
		return false;
	}
	return true;
}

static void
tell_snmpd(const struct mib_source *source)
{
	for (size_t i = 0; i < MIB_N_REGIONS; i++) {
		mib_register_send(live, mib_regions[i], source->context);
	}
}

static bool
register_all(struct mib_source *source)
{
	bool ok = true;

	for (size_t i = 0; i < MIB_N_REGIONS && ok; i++) {
		ok = register_region(mib_regions[i], source);
		source->registered[i] = ok;
	}
	if (ok && live != NULL) {
		tell_snmpd(source);
	}
	return ok;
}

/* Not by the registration, of which the library uses names it has freed. */
static void
unregister_region(const struct mib_region *region,
    const struct mib_source *source)
{
	oid root[MAX_OID_LEN];

	memcpy(root, region->root, region->root_len * sizeof(oid));
	unregister_mib_context(root, region->root_len, DEFAULT_MIB_PRIORITY,
	    0, 0, source->context);
}

static void
unregister_all(struct mib_source *source)
{
	for (size_t i = 0; i < MIB_N_REGIONS; i++) {
		if (!source->registered[i]) {
			continue;
		}
		unregister_region(mib_regions[i], source);
		if (live != NULL) {
			mib_register_withdraw(live, mib_regions[i],
			    source->context);
		}
	}
}

static void
free_source(struct mib_source *source)
{
	snapshot_unref(source->view.snap);
	mib_notify_free(source->notifier);
	free(source);
}

/* Connecting, until a collector says more, or fails to for too long. */
static const struct snapshot *
first_snapshot(void)
{
	struct snapshot *snap = snapshot_new(NULL, 0);

	if (snap != NULL) {
		snap->collector.link_since_ms = clock_boot_ms();
		snap->collector.due_ms = clock_boot_ms() + FIRST_WITHIN_MS;
	}
	return snap;
}

struct mib_source *
mib_serve_register(const char *context, struct exchange *ex,
    struct notify *notify)
{
	struct mib_source *source = calloc(1, sizeof(*source));

	if (source == NULL) {
		log_error("cannot register context %s: out of memory",
		    context);
		return NULL;
	}
	source->context = strcmp(context, "-") != 0 ? context : "";
	source->ex = ex;
	source->view.snap = first_snapshot();
	source->view.notify = notify_status(notify);
	source->switches.notify = notify;
	source->notifier = mib_notify_new(source->context, context, notify,
	    &wire);
	if (source->view.snap == NULL || source->notifier == NULL ||
	    !register_all(source)) {
		unregister_all(source);
		free_source(source);
		return NULL;
	}
	source->next = sources;
	sources = source;
	return source;
}

void
mib_serve_unregister(struct mib_source *source)
{
	struct mib_source **at = &sources;

	while (*at != NULL && *at != source) {
		at = &(*at)->next;
	}
	if (*at == NULL) {
		return;
	}
	*at = source->next;
	unregister_all(source);
	free_source(source);
}

void
mib_serve_switch(struct mib_source *source, struct exchange *ex)
{
	struct note_list notes;
	uint64_t lost;

	note_list_init(&notes);
	lost = exchange_hear(source->ex, &notes);
	if (lost > 0) {
		exchange_lose(ex, lost);
	}
	exchange_tell(ex, &notes);
	source->ex = ex;
}

static void
replace(struct mib_source *source, const struct snapshot *snap)
{
	snapshot_unref(source->view.snap);
	source->view.snap = snap;
}

/* A collector that is new shows what the one before it saw until it has seen. */
static const struct snapshot *
follow(const struct mib_source *source, const struct snapshot *newest)
{
	const struct snapshot *both = snapshot_follow(newest,
	    source->view.snap);

	snapshot_unref(newest);
	return both;
}

/*
 * Whether values are too old is judged here and not by the collector: that may
 * be hanging in the very call that would have renewed them.
 */
static void
judge_age(struct mib_source *source, int64_t now_ms)
{
	const struct snapshot *stale;

	if (now_ms < source->view.snap->stale_at_ms) {
		return;
	}
	stale = rfc7666_stale(source->view.snap);
	if (stale == NULL) {
		return;
	}
	replace(source, stale);
	if (!source->stale) {
		log_warn("context \"%s\": nothing new for too long, showing "
		    "stale rows", source->context);
	}
	source->stale = true;
}

/* Notes first: the snapshots that show what they tell were there before. */
static void
adopt(struct mib_source *source, int64_t now_ms)
{
	struct note_list notes;
	const struct snapshot *newest;
	uint64_t lost;

	note_list_init(&notes);
	lost = exchange_hear(source->ex, &notes);
	newest = exchange_take(source->ex);
	if (newest != NULL && newest->host == NULL &&
	    source->view.snap->host != NULL) {
		newest = follow(source, newest);
	}
	if (newest != NULL) {
		replace(source, newest);
		source->stale = source->stale && now_ms >= newest->stale_at_ms;
	}
	judge_age(source, now_ms);
	source->view.now_ms = now_ms;
	if (lost > 0) {
		notify_lose(source->switches.notify, lost);
	}
	mib_notify_run(source->notifier, &notes, &source->view, live);
}

void
mib_serve_adopt(void)
{
	int64_t now_ms = clock_boot_ms();

	for (struct mib_source *s = sources; s != NULL; s = s->next) {
		adopt(s, now_ms);
	}
}

int64_t
mib_serve_idle_ms(void)
{
	int64_t now_ms = clock_boot_ms(), idle_ms = 3600000;

	for (const struct mib_source *s = sources; s != NULL; s = s->next) {
		int64_t left_ms = mib_notify_due(s->notifier, now_ms) - now_ms;

		if (left_ms < idle_ms) {
			idle_ms = left_ms > 0 ? left_ms : 0;
		}
	}
	return idle_ms;
}

void
mib_serve_disconnect(bool gone)
{
	live = NULL;
	for (struct mib_source *s = sources; s != NULL; s = s->next) {
		mib_notify_disconnect(s->notifier, gone);
	}
}

void
mib_serve_connect(netsnmp_session *session, bool same)
{
	live = session;
	mib_register_mute(live, true);
	for (size_t i = 0; i < MIB_N_REGIONS; i++) {
		mib_register_announce(live, mib_regions[i]);
	}
	for (struct mib_source *s = sources; s != NULL; s = s->next) {
		tell_snmpd(s);
		mib_notify_connect(s->notifier, same);
	}
}

const struct mib_view *
mib_serve_find(const char *context, size_t context_len, const oid *name,
    size_t name_len, const struct mib_region **region)
{
	*region = region_of(name, name_len);
	for (struct mib_source *s = sources; s != NULL && *region != NULL;
	     s = s->next) {
		if (strlen(s->context) == context_len && (context_len == 0 ||
		    memcmp(s->context, context, context_len) == 0)) {
			return &s->view;
		}
	}
	return NULL;
}

void
mib_serve_free(void)
{
	while (sources != NULL) {
		struct mib_source *gone = sources;

		sources = gone->next;
		free_source(gone);
	}
}
