/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads what a test needs to know out of a MIB module's text. */
#include "mib_text.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The words of a module, without comments and with texts as empty words. */
struct words {
	size_t n;
	char (*list)[MIB_TEXT_WORD];
};

static char *
read_all(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (file == NULL) {
		return NULL;
	}
	if (getdelim(&text, &size, '\0', file) < 0) {
		free(text);
		text = NULL;
	}
	fclose(file);
	return text;
}

/* The end of the word at p, which is neither blank nor a comment. */
static const char *
word_end(const char *p)
{
	const char *end = p;

	if (*p == '"') {
		end = strchr(p + 1, '"');
		return end != NULL ? end + 1 : p + strlen(p);
	}
	while (isalnum((unsigned char)*end) ||
	    (*end == '-' && end[1] != '-')) {
		end++;
	}
	if (end == p) {
		end += strncmp(p, "::=", 3) == 0 ? 3 : 1;
	}
	return end;
}

static const char *
skip_blank(const char *p)
{
	for (;;) {
		p += strspn(p, " \t\r\n");
		if (strncmp(p, "--", 2) != 0) {
			return p;
		}
		p += strcspn(p, "\n");
	}
}

static void
split(struct words *words, const char *text)
{
	const char *p = skip_blank(text), *end;

	for (; *p != '\0'; p = skip_blank(end)) {
		end = word_end(p);
		words->list = reallocarray(words->list, words->n + 1,
		    sizeof(words->list[0]));
		assert_non_null(words->list);
		if (*p == '"') {
			words->list[words->n][0] = '\0';
		} else {
			assert_true(end - p < MIB_TEXT_WORD);
			memcpy(words->list[words->n], p, (size_t)(end - p));
			words->list[words->n][end - p] = '\0';
		}
		words->n++;
	}
}

/* The word number i, "" past the last. */
static const char *
word(const struct words *words, size_t i)
{
	return i < words->n ? words->list[i] : "";
}

static int
is(const struct words *words, size_t i, const char *text)
{
	return strcmp(word(words, i), text) == 0;
}

/* From the word after SYNTAX on. */
static void
parse_syntax(struct mib_text_syntax *syntax, const struct words *words,
    size_t i)
{
	strcpy(syntax->type, word(words, i));
	if (!is(words, i, "INTEGER") || !is(words, i + 1, "{")) {
		return;
	}
	for (i += 2; i < words->n && !is(words, i - 1, "}"); i += 5) {
		struct mib_text_label *label =
		    &syntax->labels[syntax->n_labels++];

		assert_true(syntax->n_labels <= MIB_TEXT_LABELS);
		assert_true(is(words, i + 1, "(") && is(words, i + 3, ")"));
		strcpy(label->name, word(words, i));
		label->value = strtoul(word(words, i + 2), NULL, 10);
	}
}

static size_t
count_indices(const struct words *words, size_t i)
{
	size_t n = 1;

	for (; i < words->n && !is(words, i, "}"); i++) {
		n += is(words, i, ",") != 0;
	}
	return n;
}

/* From the word after OBJECTS on, as a notification has them. */
static void
parse_objects(struct mib_text_node *node, const struct words *words, size_t i)
{
	assert_true(is(words, i, "{"));
	for (; i < words->n && !is(words, i, "}"); i += 2) {
		assert_true(node->n_objects < MIB_TEXT_OBJECTS);
		strcpy(node->objects[node->n_objects++], word(words, i + 1));
	}
}

/* What follows "{ parent": numbers, each perhaps behind a name for it. */
static void
parse_numbers(struct mib_text_node *node, const struct words *words, size_t i)
{
	for (; i < words->n && !is(words, i, "}"); i++) {
		if (isdigit((unsigned char)word(words, i)[0])) {
			assert_true(node->n_numbers < MIB_TEXT_NUMBERS);
			node->numbers[node->n_numbers++] =
			    strtoul(word(words, i), NULL, 10);
		}
	}
}

/* What begins at the word i: a definition's name, macro and clauses. */
static void
parse_node(struct mib_text *text, const struct words *words, size_t i)
{
	int type = is(words, i + 1, "::=");
	struct mib_text_node *node;

	text->nodes = reallocarray(text->nodes, text->n + 1, sizeof(*node));
	assert_non_null(text->nodes);
	node = &text->nodes[text->n++];
	memset(node, 0, sizeof(*node));
	strcpy(node->name, word(words, i));
	i += type ? 2 : 1;
	strcpy(node->macro, word(words, i));
	for (; i < words->n && !is(words, i, "::="); i++) {
		if (is(words, i, "SYNTAX")) {
			parse_syntax(&node->syntax, words, i + 1);
		} else if (is(words, i, "MAX-ACCESS")) {
			strcpy(node->access, word(words, i + 1));
		} else if (is(words, i, "OBJECTS")) {
			parse_objects(node, words, i + 1);
		} else if (is(words, i, "INDEX")) {
			node->n_indices = count_indices(words, i);
		} else if (is(words, i, "AUGMENTS")) {
			strcpy(node->augments, word(words, i + 2));
		}
		if (type && node->syntax.type[0] != '\0') {
			return;
		}
	}
	strcpy(node->parent, word(words, i + 2));
	parse_numbers(node, words, i + 3);
}

int
mib_text_read(struct mib_text *text, const char *path)
{
	struct words words = { 0, NULL };
	char *all = read_all(path);
	size_t i = 0;

	if (all == NULL) {
		return -1;
	}
	split(&words, all);
	free(all);
	/* The imports, which come first, end at the first of these. */
	while (i < words.n && !is(&words, i, ";")) {
		i++;
	}
	for (; i < words.n; i++) {
		if (is(&words, i + 1, "MODULE-IDENTITY") ||
		    is(&words, i + 1, "OBJECT-TYPE") ||
		    is(&words, i + 1, "NOTIFICATION-TYPE") ||
		    (is(&words, i + 1, "OBJECT") &&
			is(&words, i + 2, "IDENTIFIER") &&
			!is(&words, i, "SYNTAX")) ||
		    is(&words, i + 2, "TEXTUAL-CONVENTION")) {
			parse_node(text, &words, i);
		}
	}
	free(words.list);
	return 0;
}

/* Where configure was given a number of its own, make has a module with it. */
static int
read_virt_module(struct mib_text *text, const char *top)
{
	const char *built = getenv("builddir_top");
	char path[4096];

	snprintf(path, sizeof(path), "%s/mibs/enterprise/VM-LIBVIRT-MIB.txt",
	    built != NULL ? built : ".");
	if (mib_text_read(text, path) == 0) {
		return 0;
	}
	snprintf(path, sizeof(path), "%s/mibs/VM-LIBVIRT-MIB.txt", top);
	return mib_text_read(text, path);
}

int
mib_text_read_all(struct mib_text *text)
{
	static const char *const modules[] = {
		"VM-MIB", "IANA-STORAGE-MEDIA-TYPE-MIB",
	};
	const char *top = getenv("srcdir_top");
	char path[4096];

	top = top != NULL ? top : TEST_SRCDIR "/..";
	if (read_virt_module(text, top) != 0) {
		print_error("cannot read VM-LIBVIRT-MIB\n");
		return -1;
	}
	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
		snprintf(path, sizeof(path), "%s/mibs/%s.txt", top,
		    modules[i]);
		if (mib_text_read(text, path) != 0) {
			print_error("cannot read %s\n", path);
			return -1;
		}
	}
	return 0;
}

void
mib_text_free(struct mib_text *text)
{
	free(text->nodes);
	memset(text, 0, sizeof(*text));
}

const struct mib_text_node *
mib_text_find(const struct mib_text *text, const char *name)
{
	for (size_t i = 0; i < text->n; i++) {
		if (strcmp(text->nodes[i].name, name) == 0) {
			return &text->nodes[i];
		}
	}
	return NULL;
}

const struct mib_text_node *
mib_text_notification(const struct mib_text *text, const char *name)
{
	const struct mib_text_node *node = mib_text_find(text, name);

	return node != NULL && strcmp(node->macro, "NOTIFICATION-TYPE") == 0 ?
	    node : NULL;
}

/* The numbers of what the modules take from SNMPv2-SMI; how many. */
static size_t
known_numbers(const char *name, unsigned long *numbers)
{
	static const unsigned long mib_2[] = { 1, 3, 6, 1, 2, 1 };
	static const unsigned long enterprises[] = { 1, 3, 6, 1, 4, 1 };

	if (strcmp(name, "mib-2") == 0) {
		memcpy(numbers, mib_2, sizeof(mib_2));
		return sizeof(mib_2) / sizeof(mib_2[0]);
	}
	if (strcmp(name, "enterprises") == 0) {
		memcpy(numbers, enterprises, sizeof(enterprises));
		return sizeof(enterprises) / sizeof(enterprises[0]);
	}
	return 0;
}

size_t
mib_text_numbers(const struct mib_text *text, const char *name,
    unsigned long numbers[MIB_TEXT_NUMBERS])
{
	const struct mib_text_node *node = mib_text_find(text, name);
	size_t n = known_numbers(name, numbers);

	if (n > 0 || node == NULL || node->parent[0] == '\0') {
		return n;
	}
	n = mib_text_numbers(text, node->parent, numbers);
	if (n == 0 || n + node->n_numbers > MIB_TEXT_NUMBERS) {
		return 0;
	}
	memcpy(numbers + n, node->numbers,
	    node->n_numbers * sizeof(numbers[0]));
	return n + node->n_numbers;
}

size_t
mib_text_indices(const struct mib_text *text, const char *name)
{
	const struct mib_text_node *node = mib_text_find(text, name);

	if (node == NULL) {
		return 0;
	}
	return node->augments[0] != '\0' ?
	    mib_text_indices(text, node->augments) : node->n_indices;
}
