/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests lv_host.c with libvirt's test driver in this process. */
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
#include "lv_host.h"
#include "lv_test.h"
#include "snapshot.h"

static int
set_up(void **state)
{
	static struct lv_conn lc;

	domxml_init();
	memset(&lc, 0, sizeof(lc));
	lv_test_open(&lc, false);
	*state = &lc;
	return 0;
}

static int
tear_down(void **state)
{
	lv_conn_close(*state);
	return 0;
}

/* The driver's machine is made up: 2 nodes of 2 sockets, 2 cores, 2 threads. */
static void
facts(void **state)
{
	struct lv_conn *lc = *state;
	const struct snap_host *host = lv_host_read(lc, 4711, true);
	static const uint32_t libvirt[] = { 1, 3, 6, 1, 4, 1, 36957 };
	char *name = virConnectGetHostname(lc->conn);
	unsigned long version;
	char text[32];

	assert_non_null(host);
	assert_int_equal(virConnectGetLibVersion(lc->conn, &version), 0);
	snprintf(text, sizeof(text), "%lu.%lu.%lu", version / 1000000,
	    version / 1000 % 1000, version % 1000);
	assert_string_equal(host->software, "TEST");
	assert_string_equal(host->version, "0.0.2");
	assert_string_equal(host->libvirt_version, text);
	assert_string_equal(host->uri, "test:///default");
	assert_string_equal(host->name, name);
	assert_string_equal(host->cpu_model, "i686");
	assert_true(host->topology.mhz == 1400);
	assert_true(host->topology.numa_nodes == 2);
	assert_true(host->topology.sockets == 2);
	assert_true(host->topology.cores == 2);
	assert_true(host->topology.threads == 2);
	assert_true(host->topology.cpus == 16);
	assert_true(host->memory_bytes == UINT64_C(3145728) * 1024);
	assert_true(host->n_cpus > 0 && host->n_cpus == lc->n_cpus);
	assert_int_equal(host->object_id.len, 7);
	assert_memory_equal(host->object_id.ids, libvirt, sizeof(libvirt));
	/* It is not this machine, so its boot time is not known. */
	assert_false(host->local);
	assert_int_equal(host->started_ms, 4711);
	assert_int_equal(atomic_load(&host->refs), 1);
	snap_host_unref(host);
	free(name);
}

/* This very machine's clock began when it booted. */
static void
local_machine(void **state)
{
	struct lv_conn *lc = *state;
	const struct snap_host *host;

	lc->local = true;
	host = lv_host_read(lc, 4711, true);
	assert_non_null(host);
	assert_true(host->local);
	assert_int_equal(host->started_ms, 0);
	snap_host_unref(host);
}

static void
assert_load(const struct snap_load *load)
{
	/* the driver gives nanoseconds, and bytes of free memory */
	assert_true(load->memory_free_bytes == 3145728);
	assert_true(load->user_us == 9797400);
	assert_true(load->system_us == UINT64_C(34678723400));
	assert_true(load->idle_us == 87264900);
	assert_true(load->iowait_us == 763600);
}

static void
load(void **state)
{
	struct lv_conn *lc = *state;
	struct snap_load load = { 0 };
	uint64_t calls = lc->calls;
	const uint64_t busy = UINT64_C(9797400) + UINT64_C(34678723400);

	lv_host_measure(&load, lc, 0);
	assert_load(&load);
	assert_true(load.busy_rate.count == busy);
	assert_true(load.total_rate.count == busy + 87264900 + 763600);
	assert_int_equal(load.busy_rate.span_ms, 0); /* the first sample */
	assert_int_equal(load.total_rate.span_ms, 0);
	/* It lacks statistics of memory, and is asked for them just once. */
	assert_true(lc->lacks[LV_CALL_NODE_MEMORY]);
	assert_int_equal(lc->calls - calls, 4);
	usleep(20000);
	calls = lc->calls;
	lv_host_measure(&load, lc, 0);
	assert_int_equal(lc->calls - calls, 3);
	assert_load(&load);
	assert_true(load.busy_rate.span_ms >= 20);
	assert_int_equal(load.busy_rate.span_ms, load.total_rate.span_ms);
	assert_int_equal(load.busy_rate.delta, 0); /* it stands still */
}

/* Growth is told from what the last look left. */
static void
rates(void **state)
{
	struct lv_conn *lc = *state;
	struct snap_load load = { 0 };

	lv_host_measure(&load, lc, 0);
	load.busy_rate.count -= 500;
	load.total_rate.count -= 2000;
	usleep(10000);
	lv_host_measure(&load, lc, 0);
	assert_int_equal(load.busy_rate.delta, 500);
	assert_int_equal(load.total_rate.delta, 2000);
	/* A machine that booted meanwhile counts from 0 again. */
	load.busy_rate.count += 1;
	load.total_rate.count += 1;
	usleep(10000);
	lv_host_measure(&load, lc, 0);
	assert_int_equal(load.busy_rate.span_ms, 0);
	assert_int_equal(load.total_rate.span_ms, 0);
}

/* A driver without CPU times: unknown, and not asked for. */
static void
no_cpu_times(void **state)
{
	struct lv_conn *lc = *state;
	struct snap_load load = { 0 };
	uint64_t calls;

	lc->lacks[LV_CALL_NODE_CPU] = true;
	lc->lacks[LV_CALL_NODE_MEMORY] = true;
	calls = lc->calls;
	lv_host_measure(&load, lc, 0);
	assert_int_equal(lc->calls - calls, 1);
	assert_true(load.memory_free_bytes == 3145728);
	assert_true(load.user_us == SNAP_NO_U64);
	assert_true(load.system_us == SNAP_NO_U64);
	assert_true(load.idle_us == SNAP_NO_U64);
	assert_true(load.iowait_us == SNAP_NO_U64);
	assert_int_equal(load.busy_rate.at_ms, 0);
	assert_int_equal(load.total_rate.at_ms, 0);
}

#define TEST(function)                                                        \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(facts),
		TEST(local_machine),
		TEST(load),
		TEST(rates),
		TEST(no_cpu_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
