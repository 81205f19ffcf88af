/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads the file of a vm_index, trusting nothing in it. */
#include "vm_index_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "vm_index_format.h"

#define FIELDS_MAX 6
#define VM_LINE_MIN (sizeof("vm 1 01234567-89ab-cdef-0123-456789abcdef 0 01234567"))
#define DEVICE_LINE_MIN (sizeof("nic 1 1 1  0 01234567"))

static int
file_slurp_fd(struct vm_index_file *file, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0) {
		return errno;
	}
	if (S_ISDIR(st.st_mode)) {
		return EISDIR;
	}
	if (!S_ISREG(st.st_mode)) {
		return EINVAL;
	}
	if (st.st_size > VM_INDEX_FILE_MAX) {
		return EFBIG;
	}

	size_t size = (size_t)st.st_size;

	file->text = malloc(size + 1);
	if (file->text == NULL) {
		return ENOMEM;
	}
	while (file->len < size) {
		ssize_t n = read(fd, file->text + file->len, size - file->len);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return errno;
		}
		if (n == 0) {
			break;
		}
		file->len += (size_t)n;
	}
	file->text[file->len] = '\0';
	return 0;
}

static int
file_slurp(struct vm_index_file *file, const char *path)
{
	/* Not blocking: what stands there may turn out to be a FIFO. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0) {
		return errno;
	}

	int err = file_slurp_fd(file, fd);

	close(fd);
	return err;
}

/* A decimal number as it is written here: no sign, no leading zero. */
static bool
parse_number(const char *text, uint64_t max, uint64_t *number)
{
	uint64_t value = 0;

	if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0')) {
		return false;
	}
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9') {
			return false;
		}

		unsigned digit = (unsigned)(*text - '0');

		if (value > (max - digit) / 10) {
			return false;
		}
		value = value * 10 + digit;
	}
	*number = value;
	return true;
}

static bool
parse_index(const char *text, uint32_t *index)
{
	uint64_t value;

	if (!parse_number(text, VM_INDEX_LIMIT, &value) || value == 0) {
		return false;
	}
	*index = (uint32_t)value;
	return true;
}

static bool
parse_time(const char *text, int64_t *seconds)
{
	uint64_t value;

	if (!parse_number(text, INT64_MAX, &value)) {
		return false;
	}
	*seconds = (int64_t)value;
	return true;
}

static int
hex_digit(char c, const char *digits)
{
	const char *found = c == '\0' ? NULL : strchr(digits, c);

	return found == NULL ? -1 : (int)(found - digits);
}

static bool
parse_hex(const char *text, const char *digits, uint8_t *octet)
{
	int high = hex_digit(text[0], digits);
	int low = high < 0 ? -1 : hex_digit(text[1], digits);

	if (low < 0) {
		return false;
	}
	*octet = (uint8_t)(high << 4 | low);
	return true;
}

static bool
parse_crc(const char *text, uint32_t *crc)
{
	uint8_t octet;

	*crc = 0;
	for (int i = 0; i < 4; i++) {
		if (!parse_hex(text + 2 * i, LOWER_HEX, &octet)) {
			return false;
		}
		*crc = *crc << 8 | octet;
	}
	return text[8] == '\0';
}

static bool
parse_uuid(const char *text, struct snap_uuid *uuid)
{
	for (size_t i = 0; i < sizeof(uuid->octets); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10) {
			if (*text++ != '-') {
				return false;
			}
		}
		if (!parse_hex(text, LOWER_HEX, &uuid->octets[i])) {
			return false;
		}
		text += 2;
	}
	return *text == '\0';
}

/* Undoes the escapes, in place. */
static bool
parse_key(char *key)
{
	char *out = key;

	for (const char *in = key; *in != '\0'; in++) {
		uint8_t octet;

		if (*in != '%') {
			*out++ = *in;
			continue;
		}
		if (!parse_hex(in + 1, UPPER_HEX, &octet) || octet == 0) {
			return false;
		}
		*out++ = (char)octet;
		in += 2;
	}
	*out = '\0';
	return true;
}

/* The number of fields; more than FIELDS_MAX if there are too many. */
static size_t
split_fields(char *line, char *fields[FIELDS_MAX + 1])
{
	size_t n = 0;
	char *field;

	while (n <= FIELDS_MAX && (field = strsep(&line, " ")) != NULL) {
		fields[n++] = field;
	}
	return n;
}

static bool
parse_vm(struct vm_index_file *file, char **fields, size_t line)
{
	struct vm_index_vm_line vm = { .line = line };

	if (!parse_index(fields[1], &vm.index) ||
	    !parse_uuid(fields[2], &vm.uuid) ||
	    !parse_time(fields[3], &vm.deleted_s)) {
		return false;
	}
	file->vms[file->n_vms++] = vm;
	return true;
}

static bool
parse_device(struct vm_index_file *file, enum vm_index_kind kind,
    char **fields, size_t line)
{
	struct vm_index_device_line dev = {
		.line = line,
		.kind = kind,
		.key = fields[4],
	};

	if (!parse_index(fields[1], &dev.vm) ||
	    !parse_index(fields[2], &dev.index) ||
	    !parse_index(fields[3], &dev.occurrence) || !parse_key(dev.key) ||
	    !parse_time(fields[5], &dev.deleted_s)) {
		return false;
	}
	file->devices[file->n_devices++] = dev;
	return true;
}

/* Cuts the CRC off a line and tells whether it is right. */
static bool
line_is_intact(char *text, size_t len)
{
	uint32_t crc;

	if (len <= CRC_LEN || text[len - CRC_LEN] != ' ' ||
	    memchr(text, '\0', len) != NULL) {
		return false;
	}
	len -= CRC_LEN;
	if (!parse_crc(text + len + 1, &crc) || crc != text_crc(text, len)) {
		return false;
	}
	text[len] = '\0';
	return true;
}

static bool
parse_line(struct vm_index_file *file, char *text, size_t len, size_t line)
{
	char *fields[FIELDS_MAX + 1];

	if (line == 1) {
		return strcmp(text, HEADER) == 0 && len == strlen(HEADER);
	}
	if (!line_is_intact(text, len)) {
		return false;
	}

	size_t n = split_fields(text, fields);

	if (n == 4 && strcmp(fields[0], "vm") == 0) {
		return parse_vm(file, fields, line);
	}
	if (n == 6 && strcmp(fields[0], DISK_WORD) == 0) {
		return parse_device(file, VM_INDEX_DISK, fields, line);
	}
	if (n == 6 && strcmp(fields[0], NIC_WORD) == 0) {
		return parse_device(file, VM_INDEX_NIC, fields, line);
	}
	return false;
}

/* Whether text is the last line of a file with lines lines and CRC crc before. */
static bool
end_is_right(char *text, size_t len, size_t lines, uint32_t crc)
{
	char *fields[FIELDS_MAX + 1];
	uint64_t end_lines;
	uint32_t end_crc;

	return memchr(text, '\0', len) == NULL &&
	    split_fields(text, fields) == 3 && strcmp(fields[0], "end") == 0 &&
	    parse_number(fields[1], SIZE_MAX, &end_lines) &&
	    end_lines == lines && parse_crc(fields[2], &end_crc) &&
	    end_crc == crc;
}

/* Takes in the lines; what follows the last line feed is no line. */
static void
file_parse(struct vm_index_file *file)
{
	char *text = file->text;
	size_t left = file->len;
	size_t line = 1;
	uint32_t crc = 0;
	bool ended = false;
	char *feed;

	for (; (feed = memchr(text, '\n', left)) != NULL; line++) {
		size_t len = (size_t)(feed - text);
		uint32_t crc_after = text_crc_add(crc, text, len + 1);

		left -= len + 1;
		*feed = '\0';
		if (left == 0 && strncmp(text, "end ", 4) == 0) {
			ended = end_is_right(text, len, line - 1, crc);
		} else if (!parse_line(file, text, len, line)) {
			vm_index_file_blame(file, line);
		}
		text = feed + 1;
		crc = crc_after;
	}
	if (!ended) {
		vm_index_file_blame(file, line);
	}
}

static int
u32_compare(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

static int
list_compare(const struct vm_index_device_line *a,
    const struct vm_index_device_line *b)
{
	int order = u32_compare(a->vm, b->vm);

	return order != 0 ? order : u32_compare(a->kind, b->kind);
}

static int
number_compare(const struct vm_index_device_line *a,
    const struct vm_index_device_line *b)
{
	int order = list_compare(a, b);

	return order != 0 ? order : u32_compare(a->index, b->index);
}

static int
key_compare(const struct vm_index_device_line *a,
    const struct vm_index_device_line *b)
{
	int order = list_compare(a, b);

	if (order == 0) {
		order = strcmp(a->key, b->key);
	}
	return order != 0 ? order : u32_compare(a->occurrence, b->occurrence);
}

static int
number_then_line_compare(const void *a, const void *b)
{
	const struct vm_index_device_line *la = a;
	const struct vm_index_device_line *lb = b;
	int order = number_compare(la, lb);

	return order != 0 ? order : la->line < lb->line ? -1 : 1;
}

static int
key_then_line_compare(const void *a, const void *b)
{
	const struct vm_index_device_line *la = a;
	const struct vm_index_device_line *lb = b;
	int order = key_compare(la, lb);

	return order != 0 ? order : la->line < lb->line ? -1 : 1;
}

/* Of sorted lines that compare equal, keeps the first. */
static void
drop_duplicates(struct vm_index_file *file,
    int (*compare)(const struct vm_index_device_line *a,
	const struct vm_index_device_line *b))
{
	struct vm_index_device_line *lines = file->devices;
	size_t n = 0;

	for (size_t i = 0; i < file->n_devices; i++) {
		if (n > 0 && compare(&lines[n - 1], &lines[i]) == 0) {
			vm_index_file_blame(file, lines[i].line);
		} else {
			lines[n++] = lines[i];
		}
	}
	file->n_devices = n;
}

void
vm_index_file_sort_devices(struct vm_index_file *file)
{
	qsort(file->devices, file->n_devices, sizeof(*file->devices),
	    number_then_line_compare);
	drop_duplicates(file, number_compare);
	qsort(file->devices, file->n_devices, sizeof(*file->devices),
	    key_then_line_compare);
	drop_duplicates(file, key_compare);
}

int
vm_index_file_read(struct vm_index_file *file, const char *path)
{
	memset(file, 0, sizeof(*file));

	int err = file_slurp(file, path);

	if (err != 0) {
		return err;
	}
	file->vms = calloc(file->len / VM_LINE_MIN + 1, sizeof(*file->vms));
	file->devices =
	    calloc(file->len / DEVICE_LINE_MIN + 1, sizeof(*file->devices));
	if (file->vms == NULL || file->devices == NULL) {
		return ENOMEM;
	}
	file_parse(file);
	return 0;
}

void
vm_index_file_free(struct vm_index_file *file)
{
	free(file->text);
	free(file->vms);
	free(file->devices);
}

void
vm_index_file_blame(struct vm_index_file *file, size_t line)
{
	if (file->bad_line == 0 || line < file->bad_line) {
		file->bad_line = line;
	}
}
