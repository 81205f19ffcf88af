/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection to libvirt's test driver, for tests that include cmocka.h. */
#ifndef VMMIBD_TESTS_LV_TEST_H
#define VMMIBD_TESTS_LV_TEST_H

#include "lv_conn.h"

#define LV_TEST_URI "test:///default"

static inline void
lv_test_open(struct lv_conn *lc, bool read_write)
{
	const char *uri = LV_TEST_URI, *why;
	virConnectPtr conn;

	lv_conn_init();
	conn = lv_conn_dial(&uri, read_write, &why);
	assert_non_null(conn);
	lv_conn_adopt(lc, conn, NULL);
	assert_true(lc->in_process);
}

#endif
