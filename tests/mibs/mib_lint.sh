#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Checks that MIB tools read the modules of mibs/ without complaint (TAP).
#
# srcdir_top is the source directory; builddir_top, if set, is where further
# modules may have been generated.  The base modules are those of mibs/base,
# whatever the system has, so that the outcome is the same everywhere.
#
# shellcheck disable=SC2317 # the functions run by way of check

: "${srcdir_top:=$(dirname "$0")/../..}"
if ! top=$(cd "$srcdir_top" && pwd) || ! work=$(mktemp -d); then
	echo "Bail out! no source or no temporary directory"
	exit 0
fi
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

generated=
set -- "$top"/mibs/*.txt
if [ -n "$builddir_top" ] && [ -d "$builddir_top/mibs" ] &&
	build=$(cd "$builddir_top/mibs" && pwd) &&
	[ "$build" != "$top/mibs" ]; then
	for file in "$build"/*.txt; do
		if [ -f "$file" ]; then
			set -- "$@" "$file"
			generated=:$build
		fi
	done
fi
dirs=$top/mibs/base:$top/mibs$generated

# Settings of whoever runs this must not decide the outcome.
unset MIBS MIBFILES MIBDIRS
export SNMPCONFPATH="$work" SNMP_PERSISTENT_DIR="$work/persistent"

number=0

# check TOOL TEXT COMMAND...: one result; after a failure, what the command left
# in $work/out.
check()
{
	tool=$1 text=$2
	shift 2
	number=$((number + 1))
	if ! command -v "$tool" >/dev/null; then
		echo "ok $number - $text # SKIP $tool is not installed"
	elif "$@"; then
		echo "ok $number - $text"
	else
		echo "not ok $number - $text"
		sed 's/^/# /' "$work/out"
	fi
}

# smilint may exit with 0 whatever it found, so silence is required too.
lint()
{
	unused=
	# Nothing in a module refers to its types if it has only types.
	grep -q OBJECT-TYPE "$1" || unused="-i type-unref"
	# shellcheck disable=SC2086 # two words or none
	SMIPATH=$dirs smilint -c /dev/null -m -l 6 $unused "$1" \
		>"$work/out" 2>&1 && [ ! -s "$work/out" ]
}

translate()
{
	snmptranslate -M "$dirs" -m ALL "$@"
}

loads_all()
{
	translate -Td VM-MIB::vmMIB >/dev/null 2>"$work/out" &&
		[ ! -s "$work/out" ]
}

# translates NAME OID: the one gives the other.  Net-SNMP's exit status does not
# tell, for an OID without a name is no error to it.
translates()
{
	{
		translate -On "$1"
		translate "$2"
	} >"$work/out" 2>&1
	printf '%s\n%s\n' "$2" "$1" | cmp -s - "$work/out"
}

# identity FILE: the name at the root of the module
identity()
{
	awk '$2 == "DEFINITIONS" { module = $1 }
	     $2 == "MODULE-IDENTITY" { print module "::" $1; exit }' "$1"
}

has_identity()
{
	name=$(identity "$1")
	translates "$name" "$(translate -On "$name" 2>&1)"
}

# moves OID: VM-LIBVIRT-MIB below another OID is a good module, too.
moves()
{
	moved=$work/$1
	mkdir "$moved" || return
	"${TEST_AWK:-awk}" -v oid="$1" -f "$top/mibs/virt_oid.awk" \
		"$top/mibs/VM-LIBVIRT-MIB.txt" >"$moved/VM-LIBVIRT-MIB.txt"
	lint "$moved/VM-LIBVIRT-MIB.txt" || return
	command -v snmptranslate >/dev/null || return 0
	printf '.%s.1.3.1.2.7\n' "$1" >"$work/expected"
	# the last directory wins
	snmptranslate -M "$dirs:$moved" -m ALL -On \
		VM-LIBVIRT-MIB::virtDomainReason.7 >"$work/out" 2>&1
	cmp -s "$work/expected" "$work/out"
}

# details NAME TEXT: the definition as Net-SNMP prints it contains TEXT
details()
{
	translate -Td "$1" >"$work/out" 2>&1 && grep -qF -e "$2" "$work/out"
}

echo "1..$((2 * $# + 25))"

for file in "$@"; do
	check smilint "smilint -l 6 has nothing to say of ${file##*/}" \
		lint "$file"
done

if command -v snmptranslate >/dev/null; then
	# The first run reports the directories that it creates.
	snmptranslate -m '' .1 >/dev/null 2>&1
fi
check snmptranslate "all modules load in silence" loads_all
for file in "$@"; do
	check snmptranslate "Net-SNMP knows ${file##*/}" has_identity "$file"
done
while read -r name oid; do
	check snmptranslate "$name is $oid" translates "$name" "$oid"
done <<END
VM-MIB::vmHvUpTime.0 .1.3.6.1.2.1.236.1.1.4.0
VM-MIB::vmOperState.1 .1.3.6.1.2.1.236.1.4.1.6.1
VM-MIB::vmCpuAffinity.1.2.196608 .1.3.6.1.2.1.236.1.6.1.3.1.2.196608
VM-MIB::vmStorageWriteLatency.1.1 .1.3.6.1.2.1.236.1.7.1.18.1.1
VM-MIB::vmDeleted .1.3.6.1.2.1.236.0.10
VM-LIBVIRT-MIB::virtConnState.0 .1.3.6.1.4.1.8072.9999.9999.7666.1.1.2.0
VM-LIBVIRT-MIB::virtHostMemoryOvercommit.0 .1.3.6.1.4.1.8072.9999.9999.7666.1.2.29.0
VM-LIBVIRT-MIB::virtDomainReason.1 .1.3.6.1.4.1.8072.9999.9999.7666.1.3.1.2.1
VM-LIBVIRT-MIB::virtDiskWriteLatency.1.1 .1.3.6.1.4.1.8072.9999.9999.7666.1.6.1.32.1.1
VM-LIBVIRT-MIB::virtIfAddressSource.1.2 .1.3.6.1.4.1.8072.9999.9999.7666.1.7.1.26.1.2
VM-LIBVIRT-MIB::virtMetadataValue.1.3 .1.3.6.1.4.1.8072.9999.9999.7666.1.8.1.3.1.3
VM-LIBVIRT-MIB::virtNotifyFolded.0 .1.3.6.1.4.1.8072.9999.9999.7666.1.9.7.0
VM-LIBVIRT-MIB::virtBulk .1.3.6.1.4.1.8072.9999.9999.7666.0.16
SNMPv2-MIB::snmpTrapOID.0 .1.3.6.1.6.3.1.1.4.1.0
END
while read -r name text; do
	check snmptranslate "$name has $text" details "$name" "$text"
done <<END
VM-MIB::vmStorageMediaType floppyDisk(5)
VM-MIB::vmUUID "4x-2x-2x-1x1x-6x"
VM-MIB::vmPerVMNotificationsEnabled {true(1), false(2)}
VM-LIBVIRT-MIB::virtDomainReason pausedIoError(305)
VM-LIBVIRT-MIB::virtDomainCpuUtilization "hundredths of a percent"
VM-LIBVIRT-MIB::virtMemRss CounterBasedGauge64
VM-LIBVIRT-MIB::virtDiskEntry { vmStorageEntry }
VM-LIBVIRT-MIB::virtBulk { virtNotifyFolded, vmAffectedVMs }
END
for oid in 1.3.6.1.4.1.99999 1.3.6.1.4.1.2147483647.1.20; do
	check smilint "VM-LIBVIRT-MIB can be below $oid" moves "$oid"
done
exit 0
