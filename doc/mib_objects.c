/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints the objects of MIB modules as the tables of objects.md. */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Net-SNMP's parser reads the modules, so the document says what its tools
 * will make of them.  Nothing here is ever freed: the tree is the library's.
 */

#define SOURCE_PREFIX "libvirt: "

static const char *const base_types[] = {
	[TYPE_OBJID] = "OBJECT IDENTIFIER",
	[TYPE_OCTETSTR] = "OCTET STRING",
	[TYPE_INTEGER] = "INTEGER",
	[TYPE_IPADDR] = "IpAddress",
	[TYPE_COUNTER] = "Counter32",
	[TYPE_GAUGE] = "Gauge32",
	[TYPE_TIMETICKS] = "TimeTicks",
	[TYPE_COUNTER64] = "Counter64",
	[TYPE_UNSIGNED32] = "Unsigned32",
	[TYPE_INTEGER32] = "Integer32",
	[TYPE_NOTIFTYPE] = "notification",
};

static const char *
base_type_of(const struct tree *node)
{
	size_t n = sizeof(base_types) / sizeof(base_types[0]);

	return node->type >= 0 && (size_t)node->type < n ?
	    base_types[node->type] : NULL;
}

/* An object or notification; no node above one, no group. */
static bool
is_listed(const struct tree *node)
{
	return node->child_list == NULL && base_type_of(node) != NULL;
}

/* The first child beyond the number after; -1 comes before all. */
static const struct tree *
child_after(const struct tree *parent, long after)
{
	const struct tree *best = NULL;
	const struct tree *node;

	for (node = parent->child_list; node != NULL; node = node->next_peer) {
		if ((long)node->subid > after &&
		    (best == NULL || node->subid < best->subid)) {
			best = node;
		}
	}
	return best;
}

/* In a cell a line break would end the table, a bar the cell. */
static void
print_text(const char *text, size_t len)
{
	bool space = false;
	size_t i;

	for (i = 0; i < len; i++) {
		if (strchr(" \t\r\n", text[i]) != NULL) {
			space = true;
			continue;
		}
		if (space) {
			putchar(' ');
			space = false;
		}
		if (strchr("|*<>\\", text[i]) != NULL) {
			putchar('\\');
		}
		putchar(text[i]);
	}
}

/* A sentence ends at a full stop before the end, a line break or two spaces. */
static void
print_first_sentence(const char *text)
{
	const char *p = text;

	while ((p = strchr(p, '.')) != NULL) {
		p++;
		if (*p == '\0' || *p == '\n' || strncmp(p, "  ", 2) == 0) {
			break;
		}
	}
	print_text(text, p != NULL ? (size_t)(p - text) : strlen(text));
}

static void
print_type(const struct tree *node)
{
	const char *type = NULL;

	if (node->tc_index >= 0) {
		type = get_tc_descriptor(node->tc_index);
	}
	printf("%s", type != NULL ? type : base_type_of(node));
	if (node->access == MIB_ACCESS_NOACCESS) {
		printf(", index");
	} else if (node->access == MIB_ACCESS_NOTIFY) {
		printf(", in notifications only");
	} else if (node->access == MIB_ACCESS_READWRITE) {
		printf(", read-write");
	}
}

static void
print_source(const struct tree *node)
{
	const char *source = node->reference;

	if (source == NULL && node->type == TYPE_NOTIFTYPE) {
		return;
	}
	if (source == NULL || strncmp(source, SOURCE_PREFIX,
	    strlen(SOURCE_PREFIX)) != 0) {
		printf("vmmibd");
		return;
	}
	source += strlen(SOURCE_PREFIX);
	print_text(source, strlen(source));
}

/* The numbers from the root, which is not part of them, down to the node. */
static void
print_oid(const struct tree *node, const struct tree *root)
{
	if (node == NULL || node == root) {
		return;
	}
	print_oid(node->parent, root);
	printf("%s%lu", node->parent == root ? "" : ".", node->subid);
}

/* The objects of a notification, in the order in which it has them. */
static void
print_varbinds(const struct tree *node)
{
	const struct varbind_list *varbind;

	for (varbind = node->varbinds; varbind != NULL;
	    varbind = varbind->next) {
		printf("%s%s", varbind->vblabel,
		    varbind->next != NULL ? ", " : "");
	}
}

/* A notification has no type and no unit, but objects. */
static void
print_head(const struct tree *first)
{
	if (first->type == TYPE_NOTIFTYPE) {
		printf("| name | OID | objects | source | meaning |\n"
		    "|---|---|---|---|---|\n");
	} else {
		printf("| name | OID | type | unit | source | meaning |\n"
		    "|---|---|---|---|---|---|\n");
	}
}

static void
print_row(const struct tree *node, const struct tree *root)
{
	printf("| %s | ", node->label);
	print_oid(node, root);
	printf(" | ");
	if (node->type == TYPE_NOTIFTYPE) {
		print_varbinds(node);
	} else {
		print_type(node);
		printf(" | %s", node->units != NULL ? node->units : "");
	}
	printf(" | ");
	print_source(node);
	printf(" | ");
	if (node->description != NULL) {
		print_first_sentence(node->description);
	}
	printf(" |\n");
}

/* The values of a type with a name are in the module that has the type. */
static void
print_values(const struct tree *node)
{
	const struct enum_list *value;

	if (!is_listed(node) || node->enums == NULL || node->tc_index >= 0) {
		return;
	}
	printf("\n%s:", node->label);
	for (value = node->enums; value != NULL; value = value->next) {
		printf(" %s(%d)%s", value->label, value->value,
		    value->next != NULL ? "," : "\n");
	}
}

static void
print_rows_of(const struct tree *entry)
{
	const struct index_list *index;
	const struct tree *base;

	if (entry->augments != NULL) {
		base = find_tree_node(entry->augments, -1);
		printf("Rows: those of %s.\n",
		    base != NULL ? base->parent->label : entry->augments);
	} else if (entry->indexes != NULL) {
		printf("Rows: one for each ");
		for (index = entry->indexes; index != NULL;
		    index = index->next) {
			printf("%s%s", index->ilabel,
			    index->next != NULL ? ", " : ".\n");
		}
	}
}

/* What is directly below parent: scalars, columns or notifications. */
static void
print_section(const struct tree *parent, const struct tree *root)
{
	const struct tree *node = child_after(parent, -1);
	bool is_entry = parent->augments != NULL || parent->indexes != NULL;
	bool started = false;

	for (; node != NULL; node = child_after(parent, (long)node->subid)) {
		if (!is_listed(node)) {
			continue;
		}
		if (!started) {
			printf("\n### %s\n\n",
			    is_entry ? parent->parent->label : parent->label);
			if (is_entry) {
				print_rows_of(parent);
				printf("\n");
			}
			print_head(node);
			started = true;
		}
		print_row(node, root);
	}
	for (node = child_after(parent, -1); node != NULL;
	    node = child_after(parent, (long)node->subid)) {
		print_values(node);
	}
}

static void
print_below(const struct tree *parent, const struct tree *root)
{
	const struct tree *node = child_after(parent, -1);

	print_section(parent, root);
	for (; node != NULL; node = child_after(parent, (long)node->subid)) {
		print_below(node, root);
	}
}

static bool
print_module(const char *identity)
{
	const struct tree *root = find_tree_node(identity, -1);
	char name[SNMP_MAXBUF_SMALL];

	if (root == NULL || root->type != TYPE_MODID) {
		fprintf(stderr, "mib_objects: no module %s\n", identity);
		return false;
	}
	printf("\n## %s\n\n%s is ", module_name(root->modid, name), identity);
	print_oid(root, NULL);
	printf(".\n");
	print_below(root, root);
	return true;
}

/* Only the given directories are to matter, whatever the user's settings. */
static void
read_modules(const char *dirs)
{
	unsetenv("MIBFILES");
	setenv("MIBS", "ALL", 1);
	setenv("MIBDIRS", dirs, 1);
	setenv("SNMPCONFPATH", "/dev/null", 1);
	setenv("SNMP_PERSISTENT_DIR", "/dev/null", 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID,
	    NETSNMP_DS_LIB_SAVE_MIB_DESCRS, 1);
	netsnmp_init_mib();
}

int
main(int argc, char **argv)
{
	int i;

	if (argc < 3) {
		fprintf(stderr, "usage: mib_objects DIRECTORY[:DIRECTORY]... "
		    "MODULE-IDENTITY...\n");
		return 1;
	}
	read_modules(argv[1]);
	for (i = 2; i < argc; i++) {
		if (!print_module(argv[i])) {
			return 1;
		}
	}
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
