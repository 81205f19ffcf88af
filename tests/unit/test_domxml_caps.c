/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests what is read out of libvirt's capabilities. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "domxml.h"
#include "domxml_caps.h"

static char model[16];

static bool
read_model(const char *xml)
{
	memset(model, 'x', sizeof(model));
	return domxml_caps_cpu_model(xml, strlen(xml), model, sizeof(model));
}

static void
test_model(void **state)
{
	(void)state;
	assert_true(read_model("<capabilities><host><uuid>u</uuid><cpu>"
	    "<arch>x86_64</arch><model>EPYC-Rome</model><vendor>AMD</vendor>"
	    "</cpu></host><guest><arch><model>none</model></arch></guest>"
	    "</capabilities>"));
	assert_string_equal(model, "EPYC-Rome");
}

static void
test_model_is_cut_to_size(void **state)
{
	(void)state;
	assert_true(read_model("<capabilities><host><cpu><model>"
	    "0123456789abcdefghij</model></cpu></host></capabilities>"));
	assert_string_equal(model, "0123456789abcde");
}

static void
test_no_model(void **state)
{
	static const char *const without[] = {
		"", "<", "<capabilities/>",
		"<capabilities><host/></capabilities>",
		"<capabilities><host><cpu/></host></capabilities>",
		"<capabilities><host><cpu><model/></cpu></host></capabilities>",
		"<capabilities><cpu><model>m</model></cpu></capabilities>",
		"<domain><host><cpu><model>m</model></cpu></host></domain>",
		"<capabilities><host><cpu><model>m</model></cpu></host>",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
		if (read_model(without[i])) {
			fail_msg("a model in %s", without[i]);
		}
	}
}

/* As domain XML is: what libvirt never writes is not looked at. */
static void
test_refused(void **state)
{
	static const char nul[] = "<capabilities><host><cpu><model>m</model>"
	    "</cpu></host></capabilities>\0";

	(void)state;
	assert_true(read_model(nul));
	assert_false(domxml_caps_cpu_model(nul, sizeof(nul) - 1, model,
	    sizeof(model)));
	assert_false(read_model("<!DOCTYPE capabilities><capabilities><host>"
	    "<cpu><model>m</model></cpu></host></capabilities>"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_model_is_cut_to_size),
		cmocka_unit_test(test_no_model),
		cmocka_unit_test(test_refused),
	};

	domxml_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
