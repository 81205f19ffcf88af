/* SPDX-License-Identifier: BSD-2-Clause */
/* Serves a region's tables from a connection's newest snapshot. */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <net-snmp/agent/agent_sysORTable.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "exchange.h"
#include "log.h"
#include "mib_serve.h"
#include "mib_tree.h"
#include "rfc7666.h"

struct source {
	struct source *next;
	const struct mib_region *region;
	const char *context; /* "" for the default one */
	struct exchange *ex;
	struct mib_view view;
};

static struct source *sources;

static void
answer_get(const struct source *source, netsnmp_agent_request_info *info,
    netsnmp_request_info *request)
{
	netsnmp_variable_list *vb = request->requestvb;
	struct mib_value value;

	switch (mib_get(source->region, &source->view, vb->name,
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
answer_next(const struct source *source, netsnmp_request_info *request)
{
	netsnmp_variable_list *vb = request->requestvb;
	struct mib_value value;
	oid found[MAX_OID_LEN];
	size_t found_len;

	/* At the end the varbind stays as it is, and the agent goes on. */
	if (mib_next(source->region, &source->view, vb->name, vb->name_length,
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
	(void)reg;
	for (; requests != NULL; requests = requests->next) {
		if (requests->processed) {
			continue;
		}
		if (info->mode == MODE_GET) {
			answer_get(handler->myvoid, info, requests);
		} else if (info->mode == MODE_GETNEXT) {
			answer_next(handler->myvoid, requests);
		}
	}
	return SNMP_ERR_NOERROR;
}

/* What is served before anything is known: vmNumber 0 and no rows. */
static const struct snapshot *
empty_snapshot(void)
{
	struct snap_host *host = snap_host_new(NULL, NULL);
	struct snapshot *snap = NULL;

	if (host != NULL) {
		snap = snapshot_new(host, 0);
		snap_host_unref(host);
	}
	if (snap != NULL) {
		snap->stale_at_ms = INT64_MAX;
	}
	return snap;
}

/* Net-SNMP frees what it is given along with the registration. */
static netsnmp_handler_registration *
new_registration(const struct source *source)
{
	const struct mib_region *region = source->region;
	netsnmp_handler_registration *reg;

	reg = netsnmp_create_handler_registration(region->name, answer,
	    region->root, region->root_len, HANDLER_CAN_RONLY);
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

int
mib_serve_register(const struct mib_region *region, const char *context,
    struct exchange *ex)
{
	struct source *source = calloc(1, sizeof(*source));
	netsnmp_handler_registration *reg = NULL;

	if (source != NULL) {
		source->region = region;
		source->context = strcmp(context, "-") != 0 ? context : "";
		source->ex = ex;
		source->view.snap = empty_snapshot();
		reg = new_registration(source);
	}
	if (reg == NULL || source->view.snap == NULL ||
	    netsnmp_register_handler(reg) != MIB_REGISTERED_OK) {
		log_error("cannot register %s in context %s", region->name,
		    context);
		if (source != NULL) {
			snapshot_unref(source->view.snap);
		}
		free(source);
		return -1;
	}
	source->next = sources;
	sources = source;
	return 0;
}

void
mib_serve_announce(const struct mib_region *region, const char *descr)
{
	/* The module's own OID, one above its objects. */
	size_t len = region->root_len - 1;
	oid module[MAX_OID_LEN];

	memcpy(module, region->root, len * sizeof(oid));
	register_sysORTable(module, len, descr);
}

static void
replace(struct source *source, const struct snapshot *snap)
{
	snapshot_unref(source->view.snap);
	source->view.snap = snap;
}

/*
 * Whether values are too old is judged here and not by the collector: that may
 * be hanging in the very call that would have renewed them.
 */
void
mib_serve_adopt(void)
{
	int64_t now_ms = clock_boot_ms();

	for (struct source *s = sources; s != NULL; s = s->next) {
		const struct snapshot *newest = exchange_take(s->ex);

		if (newest != NULL) {
			replace(s, newest);
		}
		if (now_ms >= s->view.snap->stale_at_ms) {
			newest = rfc7666_stale(s->view.snap);
			if (newest != NULL) {
				replace(s, newest);
				log_warn("context \"%s\": nothing new for too "
				    "long, showing stale rows", s->context);
			}
		}
		s->view.now_ms = now_ms;
	}
}

const struct mib_view *
mib_serve_find(const char *context, size_t context_len, const oid *name,
    size_t name_len, const struct mib_region **region)
{
	for (struct source *s = sources; s != NULL; s = s->next) {
		if (name_len >= s->region->root_len &&
		    memcmp(name, s->region->root,
			s->region->root_len * sizeof(oid)) == 0 &&
		    strlen(s->context) == context_len &&
		    (context_len == 0 ||
			memcmp(s->context, context, context_len) == 0)) {
			*region = s->region;
			return &s->view;
		}
	}
	return NULL;
}

void
mib_serve_free(void)
{
	while (sources != NULL) {
		struct source *gone = sources;

		sources = gone->next;
		snapshot_unref(gone->view.snap);
		free(gone);
	}
}
