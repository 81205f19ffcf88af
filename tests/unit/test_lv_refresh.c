/* SPDX-License-Identifier: BSD-2-Clause */
/* Refreshes from libvirt's test driver in this process, with domain churn. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <libvirt/libvirt.h>

#include "domxml.h"
#include "lv_glance.h"
#include "lv_host.h"
#include "lv_hv.h"
#include "lv_inbox.h"
#include "lv_pool.h"
#include "lv_refresh.h"
#include "lv_test.h"
#include "options.h"
#include "rfc7666.h"
#include "vm_index.h"

#define REFRESHES 250
#define CHURN 8

struct fixture {
	struct options opts;
	struct lv_hv hv;
	char dir[32];
	char path[64];
};

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	domxml_init();
	assert_int_equal(options_init(&f->opts), 0);
	strcpy(f->dir, "/tmp/vmmibd-test-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/indices", f->dir);
	f->hv.opts = &f->opts;
	f->hv.shown = "test";
	f->hv.ix = vm_index_open(f->path);
	assert_non_null(f->hv.ix);
	lv_test_open(&f->hv.lc, true);
	f->hv.pool = lv_pool_new(&f->opts, LV_TEST_URI, NULL);
	assert_non_null(f->hv.pool);
	lv_pool_place(f->hv.pool, LV_TEST_URI, f->hv.lc.conn);
	f->hv.host = lv_host_read(&f->hv.lc, 0, false);
	assert_non_null(f->hv.host);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	lv_conn_close(&f->hv.lc);
	lv_hv_free(&f->hv);
	options_free(&f->opts);
	unlink(f->path);
	rmdir(f->dir);
	free(f);
	return 0;
}

static void
uuid_of(unsigned n, struct snap_uuid *uuid)
{
	memset(uuid, 0, sizeof(*uuid));
	uuid->octets[0] = 0x76;
	uuid->octets[14] = (uint8_t)(n >> 8);
	uuid->octets[15] = (uint8_t)n;
}

static virDomainPtr
define(struct fixture *f, unsigned n)
{
	char xml[1024];
	virDomainPtr dom;

	snprintf(xml, sizeof(xml), "<domain type='test'><name>vm%u</name>"
	    "<uuid>76000000-0000-0000-0000-00000000%04x</uuid>"
	    "<memory>65536</memory><vcpu>2</vcpu><os><type>hvm</type></os>"
	    "<devices><disk type='file'><source file='/d%u'/>"
	    "<target dev='vda'/></disk><interface type='network'>"
	    "<mac address='52:54:00:00:%02x:%02x'/><source network='default'/>"
	    "</interface></devices></domain>", n, n, n, n >> 8, n & 255);
	dom = virDomainDefineXML(f->hv.lc.conn, xml);
	assert_non_null(dom);
	return dom;
}

static void
undefine(struct fixture *f, unsigned n)
{
	struct snap_uuid uuid;
	virDomainPtr dom;

	uuid_of(n, &uuid);
	dom = virDomainLookupByUUID(f->hv.lc.conn, uuid.octets);
	assert_non_null(dom);
	if (virDomainIsActive(dom) == 1) {
		assert_int_equal(virDomainDestroy(dom), 0);
	}
	assert_int_equal(virDomainUndefine(dom), 0);
	virDomainFree(dom);
}

static const struct snap_domain *
record_of(struct fixture *f, unsigned n)
{
	struct snap_uuid uuid;
	const struct lv_domain *d;

	uuid_of(n, &uuid);
	d = lv_hv_find(&f->hv, &uuid);
	return d != NULL ? d->record : NULL;
}

/* Readers hold on to old snapshots for a while, as the main thread does. */
static void
churn_leaves_nothing_behind(void **state)
{
	struct fixture *f = *state;
	const struct snapshot *held = NULL, *snap;

	for (unsigned i = 0; i < REFRESHES; i++) {
		virDomainPtr dom = define(f, i);

		if (i % 2 == 0) {
			assert_int_equal(virDomainCreate(dom), 0);
		}
		virDomainFree(dom);
		if (i >= CHURN) {
			undefine(f, i - CHURN);
		}
		assert_int_equal(lv_refresh_all(&f->hv), 0);
		assert_int_equal(vm_index_save(f->hv.ix), 0);
		snap = lv_hv_snapshot(&f->hv, 4711);
		assert_non_null(snap);
		assert_int_equal(snap->stale_at_ms, 4711);
		assert_int_equal(snap->n_domains,
		    1 + (i < CHURN ? i + 1 : CHURN));
		assert_non_null(record_of(f, i));
		assert_int_equal(record_of(f, i)->oper_state,
		    i % 2 == 0 ? OPER_RUNNING : OPER_SHUTDOWN);
		if (i >= CHURN) {
			assert_null(record_of(f, i - CHURN));
		}
		if (i % 3 == 0) {
			snapshot_unref(held);
			held = snapshot_ref(snap);
		}
		snapshot_unref(snap);
	}
	snapshot_unref(held);
}

/* A batch of events reads just what it names. */
static void
batch_reads_what_it_names(void **state)
{
	struct fixture *f = *state;
	struct lv_notice notices[2] = {
		{ .dirty = LV_DIRTY_STATE | LV_DIRTY_DEF | LV_DIRTY_STARTED,
		    .started_ms = 4711 },
		{ .dirty = LV_DIRTY_STATE, .started_ms = SNAP_NO_TIME },
	};
	struct lv_batch batch = { .notices = notices, .n = 2 };
	virDomainPtr one = define(f, 1), two = define(f, 2);

	assert_int_equal(lv_refresh_all(&f->hv), 0);
	assert_int_equal(record_of(f, 1)->oper_state, OPER_SHUTDOWN);
	assert_int_equal(virDomainCreate(one), 0);
	assert_int_equal(virDomainCreate(two), 0);
	uuid_of(1, &notices[0].uuid);
	uuid_of(9, &notices[1].uuid); /* exists no more */
	assert_int_equal(lv_refresh_batch(&f->hv, &batch), 0);
	assert_int_equal(record_of(f, 1)->oper_state, OPER_RUNNING);
	assert_int_equal(record_of(f, 1)->started_ms, 4711);
	assert_int_equal(record_of(f, 1)->persistent, TRI_YES);
	assert_int_equal(record_of(f, 2)->oper_state, OPER_SHUTDOWN);
	batch.overflow = true; /* everything may have changed */
	batch.n = 0;
	assert_int_equal(lv_refresh_batch(&f->hv, &batch), 0);
	assert_int_equal(record_of(f, 2)->oper_state, OPER_RUNNING);
	virDomainFree(one);
	virDomainFree(two);
}

static void
redefine_with_two_disks(struct fixture *f, unsigned n)
{
	char xml[1024];
	virDomainPtr dom;

	snprintf(xml, sizeof(xml), "<domain type='test'><name>vm%u</name>"
	    "<uuid>76000000-0000-0000-0000-00000000%04x</uuid>"
	    "<memory>65536</memory><vcpu>2</vcpu><os><type>hvm</type></os>"
	    "<devices><disk type='file'><source file='/a'/>"
	    "<target dev='vda'/></disk><disk type='file'>"
	    "<source file='/b'/><target dev='vdb'/></disk></devices>"
	    "</domain>", n, n);
	dom = virDomainDefineXML(f->hv.lc.conn, xml);
	assert_non_null(dom);
	virDomainFree(dom);
}

/* Where events were lost, definitions are read again without one. */
static void
lost_events_make_definitions_dirty(void **state)
{
	enum { N = 20 };
	struct fixture *f = *state;
	struct lv_batch overflow = { .overflow = true };

	for (unsigned i = 0; i < N; i++) {
		virDomainFree(define(f, i));
	}
	assert_int_equal(lv_refresh_all(&f->hv), 0);
	for (unsigned i = 0; i < N; i++) {
		redefine_with_two_disks(f, i);
	}
	assert_int_equal(lv_refresh_batch(&f->hv, &overflow), 0);
	for (unsigned i = 0; i < N; i++) {
		assert_int_equal(record_of(f, i)->n_disks, 2);
		assert_int_equal(record_of(f, i)->disks[0].index, 1);
		assert_int_equal(record_of(f, i)->disks[1].index, 2);
		assert_int_equal(record_of(f, i)->n_nics, 0);
	}
}

/* More notices than are worth reading one by one. */
static void
large_batch_keeps_start_times(void **state)
{
	enum { N = 100 };
	struct fixture *f = *state;
	struct lv_notice notices[N];
	struct lv_batch batch = { .notices = notices, .n = N };

	for (unsigned i = 0; i < N; i++) {
		virDomainPtr dom = define(f, i);

		assert_int_equal(virDomainCreate(dom), 0);
		virDomainFree(dom);
		uuid_of(i, &notices[i].uuid);
		notices[i].dirty = LV_DIRTY_STATE | LV_DIRTY_STARTED;
		notices[i].started_ms = 1000 + (int64_t)i;
	}
	assert_int_equal(lv_refresh_batch(&f->hv, &batch), 0);
	for (unsigned i = 0; i < N; i++) {
		assert_int_equal(record_of(f, i)->started_ms, 1000 + (int)i);
	}
}

static void
filters_hide_domains(void **state)
{
	struct fixture *f = *state;
	char *words[] = { (char *)(uintptr_t)"exclude",
		(char *)(uintptr_t)"vm1*" };
	char why[OPTIONS_WHY];

	assert_int_equal(options_token(&f->opts, "domains", 2, words, why), 0);
	virDomainFree(define(f, 1));
	virDomainFree(define(f, 2));
	virDomainFree(define(f, 10));
	assert_int_equal(lv_refresh_all(&f->hv), 0);
	assert_null(record_of(f, 1));
	assert_non_null(record_of(f, 2));
	assert_null(record_of(f, 10));
	assert_int_equal(f->hv.n_domains, 2); /* vm2, and the driver's own */
}

/* New domains are numbered by name, whatever order libvirt lists them in. */
static void
new_domains_are_numbered_by_name(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 9; i > 0; i--) {
		virDomainFree(define(f, i));
	}
	assert_int_equal(lv_refresh_all(&f->hv), 0);
	for (unsigned i = 1; i <= 9; i++) { /* after the driver's own, "test" */
		assert_int_equal(record_of(f, i)->index, i + 1);
	}
}

/* States are seen at once; what else a run brings, with the next refresh. */
static void
glance_sees_states(void **state)
{
	struct fixture *f = *state;
	virDomainPtr off = define(f, 1), on = define(f, 2), paused;
	const struct snap_domain *before;

	assert_int_equal(virDomainCreate(on), 0);
	assert_int_equal(lv_refresh_all(&f->hv), 0);
	before = record_of(f, 2);
	assert_true(before->cpu_time_us != SNAP_NO_U64);
	assert_int_equal(virDomainCreate(off), 0);
	assert_int_equal(virDomainDestroy(on), 0);
	paused = virDomainLookupByName(f->hv.lc.conn, "test");
	assert_int_equal(virDomainSuspend(paused), 0);
	virDomainFree(define(f, 3));
	assert_true(lv_glance(&f->hv));
	assert_int_equal(record_of(f, 1)->oper_state, OPER_RUNNING);
	assert_int_equal(record_of(f, 1)->active, SNAP_TRUE);
	assert_int_equal(record_of(f, 2)->oper_state, OPER_SHUTDOWN);
	assert_int_equal(record_of(f, 2)->reason,
	    VIR_DOMAIN_SHUTOFF_DESTROYED);
	assert_int_equal(record_of(f, 2)->id, -1);
	assert_true(record_of(f, 2)->cpu_time_us == SNAP_NO_U64);
	assert_null(record_of(f, 3));
	assert_int_equal(f->hv.domains[0]->record->oper_state, OPER_PAUSED);
	assert_true(f->hv.domains[0]->record->cpu_time_us != SNAP_NO_U64);
	assert_int_equal(lv_refresh_all(&f->hv), 0);
	assert_true(record_of(f, 1)->cpu_time_us != SNAP_NO_U64);
	assert_non_null(record_of(f, 3));
	virDomainFree(paused);
	virDomainFree(off);
	virDomainFree(on);
}

/* What an event said of a start holds for the run that is seen later. */
static void
put_off_keeps_start_times(void **state)
{
	struct fixture *f = *state;
	struct lv_notice notice = { .started_ms = 4711,
	    .dirty = LV_DIRTY_STATE | LV_DIRTY_DEF | LV_DIRTY_STARTED };
	struct lv_batch batch = { .notices = &notice, .n = 1 };
	virDomainPtr dom = define(f, 1);

	uuid_of(1, &notice.uuid);
	assert_false(lv_refresh_put_off(&f->hv, &batch)); /* not known yet */
	assert_int_equal(lv_refresh_all(&f->hv), 0);
	assert_int_equal(virDomainCreate(dom), 0);
	assert_true(lv_refresh_put_off(&f->hv, &batch));
	assert_int_equal(lv_refresh_all(&f->hv), 0);
	assert_int_equal(record_of(f, 1)->started_ms, 4711);
	batch.overflow = true;
	assert_false(lv_refresh_put_off(&f->hv, &batch));
	virDomainFree(dom);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(churn_leaves_nothing_behind,
		    set_up, tear_down),
		cmocka_unit_test_setup_teardown(batch_reads_what_it_names,
		    set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    lost_events_make_definitions_dirty, set_up, tear_down),
		cmocka_unit_test_setup_teardown(large_batch_keeps_start_times,
		    set_up, tear_down),
		cmocka_unit_test_setup_teardown(filters_hide_domains, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(glance_sees_states, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(put_off_keeps_start_times,
		    set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    new_domains_are_numbered_by_name, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
