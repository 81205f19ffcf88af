/* SPDX-License-Identifier: BSD-2-Clause */
/* A hypervisor whose guests hang as a test says: libvirt's test driver. */
#include "lv_inquiry_test.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "domxml.h"
#include "lv_errand.h"
#include "lv_hang.h"
#include "lv_host.h"
#include "lv_inbox.h"
#include "lv_inquiry.h"
#include "lv_pool.h"
#include "lv_refresh.h"
#include "lv_test.h"
#include "vm_index.h"

struct guest guests[N_GUESTS];
atomic_bool errands_fail;

/* What became of the errand that was sent last. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static const struct lv_errand *current;
static enum progress { GIVEN, HANGS, RETURNED } progress_made;

void __real_lv_errand_run(struct lv_errand *errand, struct lv_conn *lc,
    lv_errand_progress *progress, void *arg);
void __wrap_lv_errand_run(struct lv_errand *errand, struct lv_conn *lc,
    lv_errand_progress *progress, void *arg);
void __real_lv_worker_give(struct lv_worker *w, struct lv_errand *errand);
void __wrap_lv_worker_give(struct lv_worker *w, struct lv_errand *errand);
void __real_lv_worker_wait(struct lv_worker *w, int64_t until_ms);
void __wrap_lv_worker_wait(struct lv_worker *w, int64_t until_ms);
int __real_virDomainGetInfo(virDomainPtr dom, virDomainInfoPtr info);
int __wrap_virDomainGetInfo(virDomainPtr dom, virDomainInfoPtr info);
int __wrap_virDomainGetControlInfo(virDomainPtr dom,
    virDomainControlInfoPtr info, unsigned flags);

static struct guest *
guest_of(const struct snap_uuid *uuid)
{
	return &guests[uuid->octets[0] == 0x76 ? uuid->octets[15] : 0];
}

static struct guest *
guest_of_domain(virDomainPtr dom)
{
	struct snap_uuid uuid = { { 0 } };

	(void)virDomainGetUUID(dom, uuid.octets);
	return guest_of(&uuid);
}

static void
report(const struct lv_errand *errand, enum progress progress)
{
	pthread_mutex_lock(&lock);
	if (errand == current) {
		progress_made = progress;
		pthread_cond_broadcast(&changed);
	}
	pthread_mutex_unlock(&lock);
}

void
__wrap_lv_worker_give(struct lv_worker *w, struct lv_errand *errand)
{
	pthread_mutex_lock(&lock);
	current = errand;
	progress_made = GIVEN;
	pthread_mutex_unlock(&lock);
	__real_lv_worker_give(w, errand);
}

/* The time that the collector waits for a call that hangs just passes. */
void
__wrap_lv_worker_wait(struct lv_worker *w, int64_t until_ms)
{
	bool hangs;

	pthread_mutex_lock(&lock);
	while (progress_made == GIVEN) {
		pthread_cond_wait(&changed, &lock);
	}
	hangs = progress_made == HANGS;
	pthread_mutex_unlock(&lock);
	if (hangs) {
		hang_set_ms(until_ms);
	} else {
		__real_lv_worker_wait(w, FOREVER);
	}
}

/* One call about all of its guests, which hangs if one of them does. */
void
__wrap_lv_errand_run(struct lv_errand *errand, struct lv_conn *lc,
    lv_errand_progress *progress, void *arg)
{
	unsigned gate = 0;

	for (size_t i = 0; i < errand->n; i++) {
		struct guest *guest = guest_of(&errand->questions[i].uuid);

		guest->asked++;
		gate = gate == 0 ? guest->gate : gate;
	}
	if (gate != 0) {
		if (!progress(arg, 0, errand->n)) {
			return;
		}
		report(errand, HANGS);
		hang_at(gate);
	}
	if (errands_fail) {
		errand->failed = true;
		strcpy(errand->why, "no way");
	} else {
		__real_lv_errand_run(errand, lc, progress, arg);
	}
	report(errand, RETURNED);
}

/* The test driver gives the time of day, so that all seem to live. */
int
__wrap_virDomainGetInfo(virDomainPtr dom, virDomainInfoPtr info)
{
	struct guest *guest = guest_of_domain(dom);
	int rc = __real_virDomainGetInfo(dom, info);

	guest->cpu_ns += guest->lives;
	info->cpuTime = guest->cpu_ns;
	return rc;
}

int
__wrap_virDomainGetControlInfo(virDomainPtr dom, virDomainControlInfoPtr info,
    unsigned flags)
{
	int ms = guest_of_domain(dom)->occupied_ms;

	(void)flags;
	*info = (virDomainControlInfo){ .state = ms > 0 ?
	    VIR_DOMAIN_CONTROL_OCCUPIED : VIR_DOMAIN_CONTROL_OK,
	    .stateTime = (unsigned long long)ms };
	return 0;
}

static virDomainPtr
define(struct fixture *f, unsigned n)
{
	char xml[512];
	virDomainPtr dom;

	snprintf(xml, sizeof(xml), "<domain type='test'><name>vm%u</name>"
	    "<uuid>76000000-0000-0000-0000-00000000%04x</uuid>"
	    "<memory>65536</memory><vcpu>1</vcpu><os><type>hvm</type></os>"
	    "</domain>", n, n);
	dom = virDomainDefineXML(f->hv.lc.conn, xml);
	assert_non_null(dom);
	return dom;
}

static void
start(virDomainPtr dom)
{
	assert_int_equal(virDomainCreate(dom), 0);
	virDomainFree(dom);
}

static void
open_hypervisor(struct fixture *f)
{
	strcpy(f->dir, "/tmp/vmmibd-test-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/indices", f->dir);
	f->hv.opts = &f->opts;
	f->hv.shown = "test";
	f->hv.ix = vm_index_open(f->path);
	assert_non_null(f->hv.ix);
	lv_test_open(&f->hv.lc, true);
	f->inbox = lv_inbox_new();
	f->hv.pool = lv_pool_new(&f->opts, LV_TEST_URI, f->inbox);
	assert_true(f->inbox != NULL && f->hv.pool != NULL);
	lv_pool_place(f->hv.pool, LV_TEST_URI, f->hv.lc.conn);
	f->hv.host = lv_host_read(&f->hv.lc, 0, false);
	assert_non_null(f->hv.host);
}

int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	hang_begin();
	memset(guests, 0, sizeof(guests));
	errands_fail = false;
	domxml_init();
	assert_int_equal(options_init(&f->opts), 0);
	open_hypervisor(f);
	for (unsigned n = 1; n < OFF; n++) {
		start(define(f, n));
	}
	virDomainFree(define(f, OFF));
	assert_int_equal(lv_refresh_all(&f->hv), 0);
	assert_int_equal(f->hv.n_domains, N_GUESTS);
	assert_true(f->hv.pool->timeout_ms == TIMEOUT_MS);
	*state = f;
	return 0;
}

int
tear_down(void **state)
{
	struct fixture *f = *state;

	lv_conn_close(&f->hv.lc);
	lv_hv_free(&f->hv);
	lv_inbox_free(f->inbox);
	for (unsigned gate = 1; gate < HANG_GATES; gate++) {
		hang_open(gate);
	}
	assert_true(lv_worker_all_ended(FOREVER));
	options_free(&f->opts);
	unlink(f->path);
	rmdir(f->dir);
	free(f);
	return 0;
}

struct lv_domain *
domain(struct fixture *f, unsigned n)
{
	for (size_t i = 0; i < f->hv.n_domains; i++) {
		if (guest_of(&f->hv.domains[i]->uuid) == &guests[n]) {
			return f->hv.domains[i];
		}
	}
	fail_msg("no guest %u", n);
	return NULL;
}

void
refresh_at(struct fixture *f, int64_t now_ms)
{
	hang_set_ms(now_ms);
	assert_int_equal(lv_refresh_all(&f->hv), 0);
	assert_true(clock_boot_ms() <= now_ms + LV_INQUIRY_PATIENCE_MS);
}

void
inquire_at(struct fixture *f, int64_t now_ms)
{
	hang_set_ms(now_ms);
	(void)lv_inquire(&f->hv, now_ms + LV_INQUIRY_PATIENCE_MS);
}

void
inquire_when_due(struct fixture *f)
{
	int64_t due_ms = lv_inquiry_due(&f->hv);

	assert_true(due_ms != FOREVER);
	inquire_at(f, due_ms);
}

void
let_go(unsigned gate)
{
	pthread_mutex_lock(&lock);
	progress_made = progress_made == HANGS ? GIVEN : progress_made;
	pthread_mutex_unlock(&lock);
	hang_open(gate);
}

void
await_late(struct fixture *f)
{
	struct lv_batch batch;

	while (f->hv.pool->n_hung > 0) {
		lv_inbox_wait(f->inbox, FOREVER, &batch);
		inquire_at(f, clock_boot_ms());
	}
}

void
await_next(struct fixture *f)
{
	unsigned serial = f->hv.pool->serial;
	struct lv_batch batch;

	while (f->hv.pool->serial == serial) {
		lv_inbox_wait(f->inbox, FOREVER, &batch);
		inquire_at(f, clock_boot_ms());
	}
}

void
restart_at(struct fixture *f, unsigned n, int64_t now_ms)
{
	struct lv_notice notice = { .uuid = domain(f, n)->uuid,
		.dirty = LV_DIRTY_STATE, .started_ms = SNAP_NO_TIME };
	struct lv_batch batch = { .notices = &notice, .n = 1 };
	virDomainPtr dom = virDomainLookupByUUID(f->hv.lc.conn,
	    domain(f, n)->uuid.octets);

	assert_non_null(dom);
	assert_int_equal(virDomainDestroy(dom), 0);
	start(dom);
	hang_set_ms(now_ms);
	assert_int_equal(lv_refresh_batch(&f->hv, &batch), 0);
}
