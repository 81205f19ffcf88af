/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests lv_survey.c with libvirt's test driver in this process. */
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
#include "lv_domain.h"
#include "lv_errand.h"
#include "lv_survey.h"
#include "lv_test.h"
#include "options.h"
#include "vm_index.h"

/* What the driver says of every domain, whatever it is. */
#define HOST_CPU 15

static const char xml[] =
    "<domain type='test'><name>guest</name>"
    "<uuid>76000000-0000-0000-0000-000000000001</uuid>"
    "<memory>65536</memory><vcpu current='3'>4</vcpu>"
    "<os><type>hvm</type></os><devices>"
    "<disk type='file'><source file='/a'/><target dev='vda'/></disk>"
    "<disk type='file'><source file='/b'/><target dev='vdb'/></disk>"
    "<disk type='file' device='cdrom'><target dev='hdc'/></disk>"
    "<interface type='network'><mac address='52:54:00:00:00:0a'/>"
    "<source network='default'/></interface>"
    "<interface type='user'><mac address='52:54:00:00:00:0b'/></interface>"
    "</devices></domain>";

struct fixture {
	struct options opts;
	struct lv_conn lc;
	struct vm_index *ix;
	virDomainPtr dom;
	struct lv_domain *d;
	char dir[32];
	char path[64];
};

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct snap_uuid uuid;

	assert_non_null(f);
	domxml_init();
	assert_int_equal(options_init(&f->opts), 0);
	strcpy(f->dir, "/tmp/vmmibd-test-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/indices", f->dir);
	f->ix = vm_index_open(f->path);
	assert_non_null(f->ix);
	lv_test_open(&f->lc, true);
	f->dom = virDomainCreateXML(f->lc.conn, xml, 0);
	assert_non_null(f->dom);
	assert_int_equal(virDomainGetUUID(f->dom, uuid.octets), 0);
	f->d = lv_domain_new(&uuid, vm_index_vm(f->ix, &uuid));
	assert_non_null(f->d);
	f->d->id = (int)virDomainGetID(f->dom);
	lv_domain_read_def(f->d, &f->lc, f->dom, f->ix, &f->opts);
	assert_non_null(f->d->def);
	assert_int_equal(f->d->def->n_disks, 3);
	assert_int_equal(f->d->def->n_nics, 2);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	lv_domain_free(f->d);
	virDomainFree(f->dom);
	lv_conn_close(&f->lc);
	vm_index_close(f->ix);
	options_free(&f->opts);
	unlink(f->path);
	rmdir(f->dir);
	free(f);
	return 0;
}

static void
survey(struct fixture *f)
{
	struct lv_survey *disks = lv_survey_new(f->d->def);

	lv_survey_domain(f->d, &f->lc, f->dom);
	assert_non_null(disks);
	if (f->d->owed & LV_WANT_DISKS) {
		disks->job_under_way = f->d->survey->job_under_way;
		lv_survey_disks(disks, f->d->def, &f->lc, f->dom);
		lv_survey_take_disks(f->d, f->d->def, disks, false);
	}
	f->d->owed = 0;
	lv_survey_free(disks);
}

static void
assert_address(const struct lv_nic_survey *nic, const char *network,
    int32_t source)
{
	assert_memory_equal(nic->addresses, network, strlen(network));
	assert_string_equal(strrchr(nic->addresses, '/'), "/24");
	assert_null(strchr(nic->addresses, ' '));
	assert_int_equal(nic->source, source);
}

static void
what_the_driver_tells(void **state)
{
	struct fixture *f = *state;
	const struct lv_survey *s;

	assert_null(f->d->survey);
	f->d->survey_due = true;
	survey(f);
	s = f->d->survey;
	assert_non_null(s);
	assert_false(f->d->survey_due);
	assert_int_equal(s->n_host_cpus, 4);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(s->host_cpus[i], HOST_CPU);
	}
	assert_int_equal(s->host_cpus[3], SNAP_NO_I32); /* not plugged in */
	/* the driver has its errors go round */
	assert_int_equal(s->disks[0].error_state,
	    VIR_DOMAIN_DISK_ERROR_UNSPEC + 1);
	assert_int_equal(s->disks[1].error_state,
	    VIR_DOMAIN_DISK_ERROR_NO_SPACE + 1);
	assert_int_equal(s->disks[2].error_state,
	    VIR_DOMAIN_DISK_ERROR_UNSPEC + 1);
	assert_address(&s->nics[0], "192.168.122.", 1);
	assert_address(&s->nics[1], "192.168.", 1);
	/* It has no block jobs, and says so when first asked. */
	assert_true(f->lc.lacks[LV_CALL_BLOCK_JOB]);
	assert_false(s->job_under_way);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(s->disks[i].job, SNAP_NO_I32);
		assert_true(s->disks[i].job_done == SNAP_NO_U64);
	}
}

/* Leases are asked first; the neighbors about whom they do not know. */
static void
where_addresses_come_from(void **state)
{
	struct fixture *f = *state;

	f->d->address_tries = 5;
	survey(f);
	assert_int_equal(f->d->address_tries, 0); /* all found */
	f->lc.lacks[LV_CALL_LEASES] = true;
	f->d->survey_due = true;
	survey(f);
	assert_address(&f->d->survey->nics[0], "192.168.122.", 2);
	f->lc.lacks[LV_CALL_ARP] = true;
	f->d->address_tries = 2;
	survey(f);
	assert_string_equal(f->d->survey->nics[0].addresses, "");
	assert_int_equal(f->d->survey->nics[0].source, SNAP_NO_I32);
	assert_int_equal(f->d->address_tries, 1);
	survey(f);
	survey(f);
	assert_int_equal(f->d->address_tries, 0);
}

/* A driver that can do nothing leaves everything unknown. */
static void
nothing_without_calls(void **state)
{
	struct fixture *f = *state;
	const struct lv_survey *s;
	uint64_t calls;

	for (int i = 0; i < LV_CALL_MAX; i++) {
		f->lc.lacks[i] = true;
	}
	calls = f->lc.calls;
	survey(f);
	s = f->d->survey;
	assert_non_null(s);
	assert_true(f->lc.calls == calls);
	for (size_t i = 0; i < s->n_host_cpus; i++) {
		assert_int_equal(s->host_cpus[i], SNAP_NO_I32);
	}
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(s->disks[i].error_state, SNAP_NO_I32);
		assert_int_equal(s->disks[i].job, SNAP_NO_I32);
		assert_true(s->disks[i].job_done == SNAP_NO_U64);
	}
	assert_int_equal(s->nics[0].source, SNAP_NO_I32);
	assert_string_equal(s->nics[1].addresses, "");
}

static void
not_of_inactive_domains(void **state)
{
	struct fixture *f = *state;
	uint64_t calls = f->lc.calls;

	f->d->id = -1;
	f->d->survey_due = true;
	survey(f);
	assert_true(f->lc.calls == calls);
	assert_null(f->d->survey);
	assert_false(f->d->survey_due);
}

/* The domain has gone since: nothing of before may look like now. */
static void
what_fails_is_unknown(void **state)
{
	struct fixture *f = *state;
	const struct lv_survey *s;

	survey(f);
	assert_int_equal(virDomainDestroy(f->dom), 0);
	f->d->survey_due = true;
	survey(f);
	s = f->d->survey;
	assert_non_null(s);
	assert_string_equal(s->nics[0].addresses, "");
	assert_int_equal(s->nics[0].source, SNAP_NO_I32);
	assert_false(s->job_under_way);
	assert_int_equal(s->disks[0].error_state, SNAP_NO_I32);
	assert_int_equal(s->disks[1].error_state, SNAP_NO_I32);
	assert_int_equal(s->host_cpus[0], SNAP_NO_I32);
}

static void
into_a_record(void **state)
{
	static const uint32_t ids[] = { 0, 2, 3, 4, 4000000000u };
	struct fixture *f = *state;
	struct snap_domain *rec = snap_domain_new(f->d->def, ids, 5);
	struct lv_survey *s;

	assert_non_null(rec);
	lv_survey_fill(rec, NULL);
	assert_int_equal(rec->vcpus[0].host_cpu, SNAP_NO_I32);
	assert_int_equal(rec->disks[0].error_state, SNAP_NO_I32);
	assert_string_equal(rec->nics[0].addresses, "");
	survey(f);
	s = f->d->survey;
	s->host_cpus[2] = 7;
	s->disks[1].job = SNAP_DISK_JOB_PULL;
	s->disks[1].job_done = 1234;
	lv_survey_fill(rec, s);
	assert_int_equal(rec->vcpus[0].host_cpu, HOST_CPU);
	assert_int_equal(rec->vcpus[1].host_cpu, 7);
	/* one that is not plugged in, and two that there cannot be */
	assert_int_equal(rec->vcpus[2].host_cpu, SNAP_NO_I32);
	assert_int_equal(rec->vcpus[3].host_cpu, SNAP_NO_I32);
	assert_int_equal(rec->vcpus[4].host_cpu, SNAP_NO_I32);
	assert_int_equal(rec->disks[0].job, SNAP_NO_I32);
	assert_int_equal(rec->disks[1].job, SNAP_DISK_JOB_PULL);
	assert_true(rec->disks[1].job_done == 1234);
	assert_int_equal(rec->disks[1].error_state,
	    VIR_DOMAIN_DISK_ERROR_NO_SPACE + 1);
	assert_string_equal(rec->nics[0].addresses, s->nics[0].addresses);
	assert_int_equal(rec->nics[1].address_source, 1);
	snap_domain_unref(rec);
}

/* Other devices make what was found of the last ones worthless, no others. */
static void
new_definition(void **state)
{
	struct fixture *f = *state;

	survey(f);
	lv_domain_read_def(f->d, &f->lc, f->dom, f->ix, &f->opts);
	assert_non_null(f->d->survey);
	assert_false(f->d->survey_due);
	f->d->def->disks[1].source = "/another/medium";
	lv_domain_read_def(f->d, &f->lc, f->dom, f->ix, &f->opts);
	assert_null(f->d->survey);
	assert_true(f->d->survey_due);
	survey(f);
	assert_non_null(f->d->survey);
}

static void
when_it_is_due(void **state)
{
	struct fixture *f = *state;
	struct lv_domain *d = f->d;

	survey(f);
	assert_true(d->survey->has_error); /* as the driver has it */
	assert_true(lv_survey_is_due(d));
	d->survey->has_error = false;
	assert_false(lv_survey_is_due(d));
	d->survey_due = true;
	assert_true(lv_survey_is_due(d));
	d->survey_due = false;
	d->address_tries = 1;
	assert_true(lv_survey_is_due(d));
	d->address_tries = 0;
	d->survey->job_under_way = true;
	assert_true(lv_survey_is_due(d));
	d->survey->job_under_way = false;
	d->state.state = VIR_DOMAIN_PAUSED;
	d->state.reason = VIR_DOMAIN_PAUSED_USER;
	assert_false(lv_survey_is_due(d));
	/* an error may go, but not while it has the guest stopped */
	d->survey->has_error = true;
	assert_true(lv_survey_is_due(d));
	d->state.reason = VIR_DOMAIN_PAUSED_IOERROR;
	assert_false(lv_survey_is_due(d));
	d->survey_due = true;
	d->id = -1;
	assert_false(lv_survey_is_due(d));
}

#define TEST(function)                                                        \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_the_driver_tells),
		TEST(where_addresses_come_from),
		TEST(nothing_without_calls),
		TEST(not_of_inactive_domains),
		TEST(what_fails_is_unknown),
		TEST(into_a_record),
		TEST(new_definition),
		TEST(when_it_is_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
