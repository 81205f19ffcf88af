#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Checks that doc/objects.md is what the build makes of the MIB modules (TAP).
#
# srcdir_top is the source directory, builddir_top the one of the build.

: "${srcdir_top:=$(dirname "$0")/../..}"
: "${builddir_top:=$srcdir_top}"

committed=$srcdir_top/doc/objects.md
built=$builddir_top/doc/objects.built.md
text="doc/objects.md is up to date"

if [ ! -f "$built" ]; then
	echo "1..0 # SKIP this build made no doc/objects.built.md"
	exit 0
fi

# objects_of FILE...: the names of what has a meaning, in the MIB files
objects_of()
{
	awk '$2 == "OBJECT-TYPE" || $2 == "NOTIFICATION-TYPE" { name = $1 }
	     /^    SYNTAX .*SEQUENCE OF/ || $1 == "INDEX" || $1 == "AUGMENTS" {
	         name = "" }
	     $1 == "::=" && name != "" { print name; name = "" }' "$@" | sort
}

# rows_of FILE: the names in the first column of the tables
rows_of()
{
	awk '$1 == "|" && $2 != "name" { print $2 }' "$1" | sort
}

echo "1..2"
if difference=$(diff "$committed" "$built"); then
	echo "ok 1 - $text"
else
	echo "not ok 1 - $text"
	echo "# make -C $builddir_top/doc update-objects brings it up to date"
	echo "$difference" | sed 's/^/# /'
fi

text="doc/objects.md has all objects of VM-MIB and VM-LIBVIRT-MIB"
expected=$(objects_of "$srcdir_top/mibs/VM-MIB.txt" \
	"$srcdir_top/mibs/VM-LIBVIRT-MIB.txt")
if [ -n "$expected" ] && [ "$expected" = "$(rows_of "$committed")" ]; then
	echo "ok 2 - $text"
else
	echo "not ok 2 - $text"
	echo "$expected" | wc -l | sed 's/^/# objects in the modules: /'
	rows_of "$committed" | wc -l | sed 's/^/# rows in the document: /'
fi
exit 0
