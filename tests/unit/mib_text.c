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
		} else if (is(words, i, "INDEX")) {
			node->n_indices = count_indices(words, i);
		}
		if (type && node->syntax.type[0] != '\0') {
			return;
		}
	}
	strcpy(node->parent, word(words, i + 2));
	node->number = strtoul(word(words, i + 3), NULL, 10);
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
		    (is(&words, i + 1, "OBJECT") &&
			is(&words, i + 2, "IDENTIFIER")) ||
		    is(&words, i + 2, "TEXTUAL-CONVENTION")) {
			parse_node(text, &words, i);
		}
	}
	free(words.list);
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

size_t
mib_text_numbers(const struct mib_text *text, const char *name,
    unsigned long *numbers, size_t max)
{
	const struct mib_text_node *node = mib_text_find(text, name);
	size_t n;

	if (strcmp(name, "mib-2") == 0 || node == NULL ||
	    node->parent[0] == '\0') {
		return 0;
	}
	n = mib_text_numbers(text, node->parent, numbers, max);
	if (n == max || (n == 0 && strcmp(node->parent, "mib-2") != 0)) {
		return 0;
	}
	numbers[n] = node->number;
	return n + 1;
}
