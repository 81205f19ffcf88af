/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads and writes the small notations found in domain XML. */
#include "domxml_value.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void
domxml_add(struct domxml_line *line, const char *format, ...)
{
	size_t room = sizeof(line->text) - line->len;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line->text + line->len, room, format, args);
	va_end(args);
	if (n > 0) {
		line->len += (size_t)n < room ? (size_t)n : room - 1;
	}
}

bool
domxml_number(const char *text, int base, uint64_t *number)
{
	uint64_t value;
	char *end;

	if (text == NULL) {
		return false;
	}
	text += strspn(text, " \t\r\n");
	/* strtoull() would take "-1" for a very large number. */
	if (!isdigit((unsigned char)*text)) {
		return false;
	}
	errno = 0;
	value = strtoull(text, &end, base);
	if (errno != 0 || end[strspn(end, " \t\r\n")] != '\0') {
		return false;
	}
	*number = value;
	return true;
}

/* Bytes in one of libvirt's units, in any case; 0: no such unit. */
static uint64_t
unit_bytes(const char *unit)
{
	static const char prefixes[] = "kmgtpe";
	const char *prefix;
	uint64_t base, bytes = 1;
	ptrdiff_t power;

	if (strcasecmp(unit, "b") == 0 || strcasecmp(unit, "byte") == 0 ||
	    strcasecmp(unit, "bytes") == 0) {
		return 1;
	}
	prefix = strchr(prefixes, tolower((unsigned char)unit[0]));
	if (prefix == NULL || *prefix == '\0') {
		return 0;
	}
	if (unit[1] == '\0' || strcasecmp(unit + 1, "iB") == 0) {
		base = 1024;
	} else if (strcasecmp(unit + 1, "B") == 0) {
		base = 1000;
	} else {
		return 0;
	}
	for (power = prefix - prefixes + 1; power > 0; power--) {
		bytes *= base;
	}
	return bytes;
}

uint64_t
domxml_kib(const char *text, const char *unit)
{
	uint64_t bytes, scale = unit != NULL ? unit_bytes(unit) : 1024;

	if (!domxml_number(text, 10, &bytes) || scale == 0 ||
	    __builtin_mul_overflow(bytes, scale, &bytes)) {
		return SNAP_NO_U64;
	}
	return bytes / 1024 + (bytes % 1024 != 0);
}

struct snap_mac
domxml_mac(const char *text)
{
	static const struct snap_mac none;
	struct snap_mac mac = { 0 };
	char *end;

	while (text != NULL && mac.len < sizeof(mac.octets)) {
		if (!isxdigit((unsigned char)text[0])) {
			return none;
		}
		mac.octets[mac.len++] = (uint8_t)strtoul(text, &end, 16);
		if (end - text > 2) {
			return none;
		}
		if (*end == '\0') {
			return mac;
		}
		if (*end != ':' && *end != '-') {
			return none;
		}
		text = end + 1;
	}
	return none;
}

void
domxml_add_host(struct domxml_line *line, const char *name, const char *port)
{
	if (name != NULL) {
		domxml_add(line, strchr(name, ':') != NULL ? "[%s]" : "%s",
		    name);
	}
	if (port != NULL) {
		domxml_add(line, ":%s", port);
	}
}

bool
domxml_add_pci(struct domxml_line *line, const char *const parts[4])
{
	uint64_t numbers[4] = { 0 };
	size_t i;

	for (i = 0; i < 4; i++) {
		if (i == 0 && parts[i] == NULL) {
			continue;
		}
		if (!domxml_number(parts[i], 0, &numbers[i]) ||
		    numbers[i] > UINT32_MAX) {
			return false;
		}
	}
	domxml_add(line, "%04x:%02x:%02x.%x", (unsigned)numbers[0],
	    (unsigned)numbers[1], (unsigned)numbers[2], (unsigned)numbers[3]);
	return true;
}
