/* SPDX-License-Identifier: BSD-2-Clause */
/* Keeps what is read out of domain XML in the definition. */
#include "domxml_read.h"

#include "domxml_node.h"

const char *
domxml_keep(struct domxml_reading *reading, const char *text)
{
	const char *copy = snap_def_text(reading->def, text);

	if (text != NULL && copy == NULL) {
		reading->no_memory = true;
	}
	return copy;
}

const char *
domxml_keep_line(struct domxml_reading *reading, const struct domxml_line *line)
{
	return line->len > 0 ? domxml_keep(reading, line->text) : NULL;
}

void *
domxml_keep_array(struct domxml_reading *reading, size_t n, size_t size)
{
	void *array = snap_def_alloc(reading->def, n, size);

	if (array == NULL) {
		reading->no_memory = true;
	}
	return array;
}

uint64_t
domxml_number_or(const char *text, uint64_t none)
{
	uint64_t number;

	return domxml_number(text, 10, &number) ? number : none;
}

bool
domxml_add_address(struct domxml_line *line, const xmlNode *address)
{
	const char *const parts[4] = {
		domxml_attr(address, "domain"), domxml_attr(address, "bus"),
		domxml_attr(address, "slot"), domxml_attr(address, "function"),
	};

	return domxml_add_pci(line, parts);
}
