#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Sees that each part of subagent/ keeps to its room (TAP).
#
# usage: rooms.sh        (from make check; by hand: set srcdir_top)

set -u
cd "${srcdir_top:-$(dirname "$0")/../..}" || exit 1
: "${TEST_CC:=cc}"
: "${TEST_CPPFLAGS:=$(pkg-config --cflags netsnmp-agent libvirt libxml-2.0 zlib 2>/dev/null)}"

count=0

# verdict NAME OFFENDERS: one result; it is good if there are no offenders.
verdict() {
	count=$((count + 1))
	if [ -z "$2" ]; then
		echo "ok $count - $1"
	else
		echo "not ok $count - $1"
		echo "$2" | sed 's/^/#   /'
	fi
}

# includes DIRECTORY ROOM...: lines that include a header of DIRECTORY in files
# of subagent/ that are not of the rooms (shell patterns).
includes() {
	header=$1
	shift
	for file in subagent/*.[ch]; do
		for room in "$@"; do
			case ${file#subagent/} in $room) continue 2 ;; esac
		done
		grep -n "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]$header/" "$file" |
		    sed "s|^|$file:|"
	done
}

# Prints the program without comments and blank lines.
code() {
	awk '{
		line = $0
		out = ""
		while (line != "") {
			if (inside) {
				end = index(line, "*/")
				if (!end)
					break
				line = substr(line, end + 2)
				inside = 0
			} else if ((start = index(line, "/*"))) {
				out = out substr(line, 1, start - 1)
				line = substr(line, start + 2)
				inside = 1
			} else {
				out = out line
				line = ""
			}
		}
		if (out ~ /[^ \t]/)
			print out
	}' "$1"
}

# above LIMIT FILTER FILE...: the files of which FILTER prints more lines.
above() {
	limit=$1
	filter=$2
	shift 2
	for file in "$@"; do
		[ -e "$file" ] || continue
		lines=$(($($filter "$file" | wc -l)))
		[ "$lines" -le "$limit" ] || echo "$file: $lines lines"
	done
}

# The model is for everybody, so it must not bring anybody's library along.
foreign_model_includes() {
	grep -n '^[[:space:]]*#[[:space:]]*include' subagent/clock.h subagent/snap*.h |
	    grep -v -E '<(stdatomic|stdbool|stddef|stdint|time)\.h>|"snap_[a-z]*\.h"'
}

# One header after the other as if it were a program.
dependent_headers() {
	for file in subagent/*.h; do
		echo "#include \"${file#subagent/}\"" |
		    $TEST_CC $TEST_CPPFLAGS -Isubagent -fsyntax-only -x c - 2>&1 |
		    sed "s|^|$file: |"
	done
}

# The first line names the licence, the comment after it says what this is.
without_licence() {
	find bench subagent tests -name '*.[ch]' -exec sh -c '
		for file; do
			head -n 1 "$file" |
			    grep -q "^/\* SPDX-License-Identifier: BSD-2-Clause \*/$" ||
			    echo "$file: line 1 does not name the licence"
			sed -n 2p "$file" | grep -q "^/\*" ||
			    echo "$file: line 2 does not begin a comment"
		done' sh {} +
	find configure.ac check demo autogen.sh packages.txt .ci bench mibs packaging subagent \
	    integrations tests \
	    \( -name '*.sh' -o -name '*.py' -o -name '*.am' -o -name '*.ac' -o -perm -u+x \) \
	    -type f 2>/dev/null | while read -r file; do
		head -n 2 "$file" | grep -q '^# SPDX-License-Identifier: BSD-2-Clause$' ||
		    echo "$file: lines 1 and 2 do not name the licence"
	done
}

unfinished() {
	mark='TO''DO|FIX''ME|X''XX'
	grep -n -E -w -r "$mark" --include='*.[ch]' --include='*.py' --include='*.sh' \
	    --include='*.am' --include='*.ac' --include='*.txt' \
	    configure.ac Makefile.am packages.txt bench integrations mibs packaging subagent tests
}

few=
[ "$(ls subagent/*.[ch] | wc -l)" -ge 10 ] || few="no sources in $(pwd)/subagent"
verdict 'there are sources to look at' "$few"
verdict 'libvirt is used in lv_* only' "$(includes libvirt 'lv_*')"
verdict 'libxml2 is used in domxml* only' "$(includes libxml 'domxml*')"
verdict 'Net-SNMP is used in agent*.c and mib_* only' "$(includes net-snmp 'agent*.c' 'mib_*')"
verdict 'the model needs libc only' "$(foreign_model_includes)"
verdict 'every header compiles alone' "$(dependent_headers)"
verdict 'a header has at most 100 lines of declarations' "$(above 100 code subagent/*.h)"
verdict 'main.c has at most 120 lines' "$(above 120 cat subagent/main.c)"
verdict 'a source file has at most 500 lines' "$(above 500 cat subagent/*.[ch])"
verdict 'every file names its licence and says what it is' "$(without_licence)"
verdict 'nothing is marked as unfinished' "$(unfinished)"
echo "1..$count"
