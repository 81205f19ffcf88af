# SPDX-License-Identifier: BSD-2-Clause
"""Receivers of notifications for every version of SNMP that has them.

    with Sinks(run) as sinks, Snmpd(run, traps=sinks.traps, extra=sinks.conf) as snmpd:
        sinks.listeners()        # {"v1": Listener, "v3": ..., "inform": ...}
"""

import contextlib

import notifications
from listener import Listener
from snmp import Traps
from varbinds import oid, parse

ENGINE = "0x80001f8804766d6d696264"
USER = "sender SHA authauthauth AES privprivpriv"
SECRETS = "-v3 -u sender -l authPriv -a SHA -A authauthauth -x AES -X privprivpriv"

V1_FORM = "BEGIN\\nv1 %N %w %q %T\\n%V\\n%v\\nEND\\n"
ENTERPRISE_SPECIFIC = "6"


def parse_v1(text):
    """(OID that SNMPv2 would have, sysUpTime, [VarBind]); None for a generic trap."""
    head, _, rest = text.partition("\n")
    _, enterprise, generic, specific, uptime = head.split()
    if generic != ENTERPRISE_SPECIFIC:
        return None
    # RFC 3584, 3.1: the enterprise is the OID without its last two numbers, the first of them 0
    return oid(enterprise) + (0, int(specific.strip("."))), int(uptime), parse(rest)


def read_v1(found):
    kind = notifications.KINDS.get(found[0]) if found else None
    return notifications.read_objects(kind, *found[1:]) if kind else None


class Sinks:
    def __init__(self, run):
        self.traps = Traps(run)
        self.v1 = Traps(run, "v1", form=V1_FORM)
        self.v3 = Traps(run, "v3", conf=f"createUser -e {ENGINE} {USER}\n")
        self.inform = Traps(run, "inform", conf=f"createUser {USER}\n")
        self.conf = (f"exactEngineID {ENGINE}\n"
                     f"trapsess -v1 -c public {self.v1.address}\n"
                     f"trapsess {SECRETS} -e {ENGINE} {self.v3.address}\n"
                     f"trapsess -Ci {SECRETS} {self.inform.address}\n")
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        # an inform that snmpd sends is answered, or snmpd waits
        with contextlib.ExitStack() as stack:
            for one in (self.traps, self.v1, self.v3, self.inform):
                stack.enter_context(one)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    def listeners(self):
        return {"v1": Listener(self.v1, read_v1, parse_v1), "v3": Listener(self.v3),
                "inform": Listener(self.inform)}
