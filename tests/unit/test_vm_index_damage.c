/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests vm_index: what is saved from a damaged file. */
#include "vm_index_test.h"

#include <errno.h>
#include <zlib.h>

/* What the file says, read with other code than that under test. */
struct said {
	size_t start; /* of the line */
	size_t end;   /* past the line feed */
	char kind;    /* v, d, n; 0: neither */
	unsigned vm;
	unsigned index;
};

static size_t
read_said(const char *text, struct said *said)
{
	size_t n = 0;

	for (const char *line = text; *line != '\0'; n++) {
		const char *end = strchr(line, '\n') + 1;

		memset(&said[n], 0, sizeof(said[n]));
		said[n].start = (size_t)(line - text);
		said[n].end = (size_t)(end - text);
		if (sscanf(line, "vm %u", &said[n].vm) == 1)
			said[n].kind = 'v';
		else if (sscanf(line, "disk %u %u", &said[n].vm,
		             &said[n].index) == 2)
			said[n].kind = 'd';
		else if (sscanf(line, "nic %u %u", &said[n].vm,
		             &said[n].index) == 2)
			said[n].kind = 'n';
		line = end;
	}
	return n;
}

static bool
is_said(const struct said *said, size_t n, char kind, unsigned n_vm,
    unsigned index)
{
	for (size_t i = 0; i < n; i++) {
		if (said[i].kind == kind && said[i].vm == n_vm &&
		    said[i].index == index)
			return true;
	}
	return false;
}

/*
 * Asserts that the table holds exactly what is said.  A device that is not
 * known gets a number that no other has; make_index() gave device i of a VM
 * the number i + 1, so a wrong number would show as one that is not i + 1.
 */
static void
check_devices(struct vm_index *ix, uint32_t n_vm, char kind,
    const char *const *keys, size_t n_keys, const struct said *said, size_t n)
{
	uint32_t got[4];

	assert_int_equal(devices(ix, n_vm,
			     kind == 'd' ? VM_INDEX_DISK : VM_INDEX_NIC, keys,
			     n_keys, got, NOW + 3),
	    0);
	for (uint32_t i = 0; i < n_keys; i++) {
		if (is_said(said, n, kind, n_vm, i + 1))
			assert_int_equal(got[i], i + 1);
		for (uint32_t j = 0; j < n_keys; j++) {
			if (i != j && is_said(said, n, kind, n_vm, j + 1))
				assert_int_not_equal(got[i], j + 1);
		}
	}
}

static void
check_table(struct vm_index *ix, const struct said *said, size_t n)
{
	for (uint32_t v = 1; v <= N_VMS; v++) {
		bool known = is_said(said, n, 'v', v, 0);

		assert_int_equal(find(ix, v), known && v != 2 ? v : 0);
		if (!known)
			continue;
		assert_int_equal(vm(ix, v), v);
		check_devices(ix, v, 'd', disks, v + 1, said, n);
		check_devices(ix, v, 'n', nics, 4, said, n);
	}
}

/* Opens text as the file; it must be found damaged, reported and set aside. */
static struct vm_index *
open_damaged(const char *text, size_t len)
{
	char aside[128];
	size_t aside_len;

	n_logged = 0;
	write_file(path, text, len);

	struct vm_index *ix = open_index();

	assert_int_equal(n_logged, 1);
	assert_non_null(strstr(last_logged, path));
	assert_non_null(strstr(last_logged, "damaged at line "));
	snprintf(aside, sizeof(aside), "%s.corrupt-1", path);

	char *kept = read_file(aside, &aside_len);

	assert_int_equal(aside_len, len);
	assert_memory_equal(kept, text, len);
	free(kept);
	unlink(aside);
	return ix;
}

static size_t
recovered(void)
{
	size_t entries;
	const char *at = strstr(last_logged, "line ");

	assert_non_null(at);
	assert_int_equal(sscanf(at, "line %*u, %zu entries", &entries), 1);
	return entries;
}

static size_t
blamed_line(void)
{
	size_t line;
	const char *at = strstr(last_logged, "line ");

	assert_non_null(at);
	assert_int_equal(sscanf(at, "line %zu", &line), 1);
	return line;
}

static void
torn_file_is_salvaged(void **state)
{
	struct said said[64];
	size_t len;
	char *text = make_file(&len);

	(void)state;
	assert_true(read_said(text, said) > 20);
	for (size_t cut = 0; cut < len; cut++) {
		struct vm_index *ix = open_damaged(text, cut);
		size_t whole = 0;
		size_t entries = 0;

		for (; said[whole].end <= cut; whole++)
			entries += said[whole].kind != 0;
		assert_int_equal(recovered(), entries);
		assert_int_equal(blamed_line(), whole + 1);
		check_table(ix, said, whole);
		vm_index_close(ix);
		/* What was salvaged is already in a good file. */
		n_logged = 0;
		ix = open_index();
		assert_int_equal(n_logged, 0);
		check_table(ix, said, whole);
		vm_index_close(ix);
	}
	free(text);
}

/* Lines that touch the octet at offset at are lost; no others are. */
static void
flip_and_check(char *text, size_t len, size_t at, char mask,
    const struct said *said, size_t n_said)
{
	struct said left[64];
	size_t n_left = 0;
	bool vm_lost[N_VMS + 1] = { false };

	text[at] = (char)(text[at] ^ mask);

	struct vm_index *ix = open_damaged(text, len);

	text[at] = (char)(text[at] ^ mask);
	for (size_t i = 0; i < n_said; i++) {
		bool lost = (at >= said[i].start && at < said[i].end) ||
		    (said[i].start > 0 && at == said[i].start - 1);

		if (lost && said[i].kind == 'v')
			vm_lost[said[i].vm] = true;
		if (!lost && !(said[i].kind != 0 && vm_lost[said[i].vm]))
			left[n_left++] = said[i];
	}

	size_t entries = 0;

	for (size_t i = 0; i < n_left; i++)
		entries += left[i].kind != 0;
	assert_int_equal(recovered(), entries);
	check_table(ix, left, n_left);
	vm_index_close(ix);
}

static void
flipped_bits_are_noticed(void **state)
{
	struct said said[64];
	size_t len;
	char *text = make_file(&len);
	size_t n_said = read_said(text, said);

	(void)state;
	for (size_t at = 0; at < len; at++) {
		for (int bit = 0; bit < 8; bit++)
			flip_and_check(text, len, at, (char)(1 << bit), said,
			    n_said);
	}
	free(text);
}

static void
missing_line_is_noticed(void **state)
{
	struct said said[64];
	char without[8192];
	size_t len;
	char *text = make_file(&len);
	size_t n_said = read_said(text, said);

	(void)state;
	for (size_t i = 0; i < n_said; i++) {
		memcpy(without, text, said[i].start);
		memcpy(without + said[i].start, text + said[i].end,
		    len - said[i].end);

		struct vm_index *ix =
		    open_damaged(without, len - (said[i].end - said[i].start));

		vm_index_close(ix);
	}
	free(text);
}

static void
text_after_the_end_is_noticed(void **state)
{
	size_t len;
	char *text = make_file(&len);

	(void)state;
	strcpy(text + len, "\n");
	vm_index_close(open_damaged(text, len + 1));
	strcpy(text + len, "x");
	vm_index_close(open_damaged(text, len + 1));
	vm_index_close(open_damaged(text, len + 2)); /* the NUL, too */
	memcpy(text + len - 1, "\0x\n", 3);
	vm_index_close(open_damaged(text, len + 2));
	free(text);
}

/* Ends a line that starts at offset start, turning each @ into a NUL. */
static size_t
end_line(char *text, size_t start, size_t len)
{
	for (size_t i = start; i < len; i++) {
		if (text[i] == '@')
			text[i] = '\0';
	}
	if (start == 0)
		return len + (size_t)sprintf(text + len, "\n");
	return len + (size_t)sprintf(text + len, " %08lx\n",
	           crc32_z(0, (const unsigned char *)text + start, len - start));
}

/* Completes lines to a file that is as it should be, except for what they say. */
static size_t
make_text_with(const char *header, char *text, const char *const *lines)
{
	size_t n = 1;
	size_t len = end_line(text, 0, (size_t)sprintf(text, "%s", header));

	for (; *lines != NULL; lines++, n++)
		len = end_line(text, len,
		    len + (size_t)sprintf(text + len, "%s", *lines));
	return len + (size_t)sprintf(text + len, "end %zu %08lx\n", n,
	           crc32_z(0, (const unsigned char *)text, len));
}

static size_t
make_text(char *text, const char *const *lines)
{
	return make_text_with("vmmibd vm-index 1", text, lines);
}

#define UUID1 "00000000-0000-0000-0000-000000000001"
#define UUID2 "00000000-0000-0000-0000-000000000002"
#define UUID3 "00000000-0000-0000-0000-000000000003"

static uint32_t
find_number(const struct vm_index *ix, uint8_t n)
{
	struct snap_uuid uuid = { .octets = { [15] = n } };

	return vm_index_find(ix, &uuid);
}

static void
duplicates_are_dropped(void **state)
{
	static const char *const lines[] = {
		"vm 1 " UUID1 " 0",
		"vm 2 " UUID1 " 0", /* the UUID */
		"vm 1 " UUID2 " 0", /* the number */
		"vm 3 " UUID3 " 0",
		"disk 1 1 1 a 0",
		"disk 1 2 1 a 0", /* the key */
		"disk 1 1 1 b 0", /* the number */
		"disk 3 1 1 a 0",
		"nic 1 1 1 a 0",
		NULL,
	};
	static const char *const keys[] = { "b", "a" };
	struct snap_uuid uuid = { .octets = { [15] = 1 } };
	char text[2048];
	uint32_t i[2];
	size_t len = make_text(text, lines);

	(void)state;

	struct vm_index *ix = open_damaged(text, len);

	assert_int_equal(blamed_line(), 3);
	assert_int_equal(recovered(), 5);
	assert_int_equal(find_number(ix, 1), 1);
	assert_int_equal(find_number(ix, 2), 0);
	assert_int_equal(find_number(ix, 3), 3);
	vm_index_devices(ix, &uuid, VM_INDEX_DISK, keys, 2, i, NOW);
	assert_true(i[0] == 2 && i[1] == 1);
	vm_index_close(ix);
}

static void
wrong_lines_are_dropped(void **state)
{
	static const char *const wrong[] = {
		"",
		"vm",
		"vm 0 " UUID1 " 0",
		"vm 01 " UUID1 " 0",
		"vm +1 " UUID1 " 0",
		"vm -1 " UUID1 " 0",
		"vm 2147483647 " UUID1 " 0",
		"vm 2147483648 " UUID1 " 0",
		"vm 4294967297 " UUID1 " 0",
		"vm 18446744073709551617 " UUID1 " 0",
		"vm 1 " UUID1,
		"vm 1 " UUID1 " ",
		"vm 1 " UUID1 " -1",
		"vm 1 " UUID1 " 9223372036854775808",
		"vm 1 " UUID1 " 0 0",
		"vm 1  " UUID1 " 0",
		"vm 1 00000000-0000-0000-0000-00000000000A 0",
		"vm 1 00000000-0000-0000-0000-00000000000 0",
		"vm 1 00000000-0000-0000-0000-0000000000000 0",
		"vm 1 00000000000000000000000000000001 0",
		"vm 1 " UUID1 " 0@",
		"vm 1 " UUID1 " 0@junk",
		"VM 1 " UUID1 " 0",
		"host 1 " UUID1 " 0",
		"disk 2 1 1 a 0",         /* no such VM */
		"disk 9 1 1 a",
		"disk 9 1 1 a 0 0",
		"disk 9 1 1 %00 0",
		"disk 9 1 1 %4 0",
		"disk 9 1 1 % 0",
		"disk 9 1 1 %4g 0",
		"disk 9 1 0 a 0",
		"disk 9 0 1 a 0",
		"disk 9 999999999 1 a 0",
		"end 3 00000000",
		"vmmibd vm-index 1",
	};
	const char *lines[3] = { "vm 9 " UUID3 " 0" };
	char text[2048];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		lines[1] = wrong[i];

		size_t len = make_text(text, lines);
		struct vm_index *ix = open_damaged(text, len);

		assert_int_equal(blamed_line(), 3);
		assert_int_equal(recovered(), 1);
		assert_int_equal(find_number(ix, 3), 9);
		vm_index_close(ix);
	}
}

static void
wrong_header_is_noticed(void **state)
{
	static const char *const lines[] = { "vm 9 " UUID3 " 0", NULL };
	static const char *const headers[] = {
		"",
		" vmmibd vm-index 1",
		"vmmibd vm-index 2",
		"vmmibd vm-index 10",
		"vmmibd vm-index 1@0",
	};
	char text[2048];

	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		size_t len = make_text_with(headers[i], text, lines);
		struct vm_index *ix = open_damaged(text, len);

		assert_int_equal(blamed_line(), 1);
		assert_int_equal(recovered(), 1);
		assert_int_equal(find_number(ix, 3), 9);
		vm_index_close(ix);
	}
}

/* As the format is described: a file written by hand, in another order. */
static void
good_file_is_good(void **state)
{
	static const char *const lines[] = {
		"nic 262144 7 1 %25%20%C3 9223372036854775807",
		"vm 3 " UUID3 " 9223372036854775807",
		"vm 262144 " UUID1 " 0",
		"vm 2 " UUID2 " 1",
		NULL,
	};
	static const char *const keys[] = { "x", "% \xc3" };
	struct snap_uuid uuid = { .octets = { [15] = 1 } };
	char text[2048];
	uint32_t i[2];
	size_t len = make_text(text, lines);

	(void)state;
	write_file(path, text, len);

	struct vm_index *ix = open_index();

	assert_int_equal(n_logged, 0);
	assert_int_equal(find_number(ix, 1), 262144);
	assert_int_equal(find_number(ix, 2), 0);
	vm_index_devices(ix, &uuid, VM_INDEX_NIC, keys, 2, i, NOW);
	assert_true(i[0] == 1 && i[1] == 7);
	assert_int_equal(vm(ix, 9), 1);
	assert_int_equal(vm(ix, 10), 4);
	delete(ix, 99, NOW);
	assert_int_equal(vm(ix, 11), 2);
	vm_index_close(reopen(ix));
}

static void
some_damaged_files_are_kept(void **state)
{
	char name[128];
	size_t len;

	(void)state;
	for (int n = 1; n <= 13; n++) {
		char text[32];

		snprintf(text, sizeof(text), "damage %d", n);
		write_file(path, text, strlen(text));
		vm_index_close(open_index());
	}
	assert_false(exists_with(".corrupt-0"));
	assert_false(exists_with(".corrupt-11"));
	for (int n = 1; n <= 10; n++) {
		int expected = n < 10 ? n : 13;
		int number;

		snprintf(name, sizeof(name), "%s.corrupt-%d", path, n);

		char *text = read_file(name, &len);

		assert_int_equal(sscanf(text, "damage %d", &number), 1);
		assert_int_equal(number, expected);
		free(text);
	}
	/* The lowest number that is free is the next. */
	snprintf(name, sizeof(name), "%s.corrupt-4", path);
	unlink(name);
	write_file(path, "x", 1);
	vm_index_close(open_index());
	assert_true(exists(name));
}

static void
damaged_file_that_stays_is_not_overwritten(void **state)
{
	char name[128];
	size_t len;

	(void)state;
	for (int n = 1; n <= 10; n++) {
		snprintf(name, sizeof(name), "%s.corrupt-%d", path, n);
		assert_int_equal(mkdir(name, 0700), 0);
	}
	write_file(path, "precious", 8);

	struct vm_index *ix = open_index();

	assert_int_equal(n_logged, 1);
	assert_non_null(strstr(last_logged, strerror(EISDIR)));
	assert_int_equal(vm(ix, 1), 1);
	assert_int_equal(vm_index_save(ix), -1);

	char *text = read_file(path, &len);

	assert_string_equal(text, "precious");
	free(text);
	assert_int_equal(rmdir(name), 0);
	assert_int_equal(vm_index_save(ix), 0);
	text = read_file(name, &len);
	assert_string_equal(text, "precious");
	free(text);
	vm_index_close(ix);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		dir_test(torn_file_is_salvaged),
		dir_test(flipped_bits_are_noticed),
		dir_test(missing_line_is_noticed),
		dir_test(text_after_the_end_is_noticed),
		dir_test(duplicates_are_dropped),
		dir_test(wrong_lines_are_dropped),
		dir_test(wrong_header_is_noticed),
		dir_test(good_file_is_good),
		dir_test(some_damaged_files_are_kept),
		dir_test(damaged_file_that_stays_is_not_overwritten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
