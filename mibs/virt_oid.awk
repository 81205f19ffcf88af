# SPDX-License-Identifier: BSD-2-Clause
#
# Copies VM-LIBVIRT-MIB.txt, with oid (dotted numbers below 1.3.6.1.4.1) as the
# root of the module.  What lies between gets names, as smilint asks for them.

/::= \{ enterprises / {
	n = split(oid, number, ".")
	value = "    ::= { enterprises"
	for (i = 7; i < n; i++)
		value = value "\n          virtRoot" i - 6 "(" number[i] ")"
	print value (n > 7 ? "\n          " : " ") number[n] " }"
	skipping = !/}/
	next
}
skipping {
	skipping = !/}/
	next
}
{ print }
