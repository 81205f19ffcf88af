#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""integrations/snmpd/vms.conf in a real snmpd: who reads what by it, and that nobody writes."""

import contextlib
import os
import re
import stat

import tap
import testdriver
import virtmib
import vmmib
from daemon import Daemon, program
from rundir import RunDir
from snmp import Snmpd, SnmpError, SnmpTimeout
from varbinds import dotted

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.environ.get("srcdir_top", os.path.join(HERE, "..", ".."))
NAME = "integrations/snmpd/vms.conf"
DEFAULT_OID = "1.3.6.1.4.1.8072.9999.9999.7666"
NOBODY = 65534

# As Debian has it, and one community for which there are no limits
MAIN = """\
agentaddress udp:127.0.0.1:{port}
agentXSocket {agentx}
view systemonly included .1.3.6.1.2.1.1
rocommunity public default -V systemonly
rocommunity everything 127.0.0.1
rwuser tester noauth -V systemonly
dontLogTCPWrappersConnects yes
includeDir {directory}
"""

HERE_ONLY, MANAGER, OTHER = "vms", "change-me-1", "change-me-2"
KEYS = ["-l", "authPriv", "-a", "SHA", "-A", "change me, please", "-x", "AES",
        "-X", "change me as well"]
SOON = {"options": ["-t1"]}  # an unknown community gets no answer
UNENCRYPTED = ["-l", "authNoPriv", "-a", "SHA", "-A", "change me, please"]


def shipped():
    """As make install has it."""
    with open(os.path.join(TOP, NAME), encoding="utf-8") as found:
        return found.read().replace(DEFAULT_OID, dotted(virtmib.ROOT)[1:])


def with_examples(text):
    """What is left when somebody takes the # away, for a manager on this host."""
    return re.sub(r"^#(?=\w)", "", text, flags=re.MULTILINE).replace("192.0.2.10", "127.0.0.1")


def with_owner(text, user, group):
    return text.replace("vmmibd vmmibd\n", f"{user} {group}\n")


class DropIn(Snmpd):
    """snmpd with the drop-in in its snmpd.conf.d."""

    def __init__(self, run, text, name):
        super().__init__(run)
        self.agentx = f"unix:{run.join(name, 'agentx', 'master')}"
        directory = run.mkdir(name, "snmpd.conf.d")
        run.write(f"{name}/snmpd.conf.d/vms.conf", text)
        self.conf = run.write(f"{name}/private.conf", MAIN.format(
            port=self.address.rpartition(":")[2], agentx=self.agentx, directory=directory))

    def tool(self, *words, community="everything", **how):
        return super().tool(*words, community=community, **how)

    def socket(self):
        return self.agentx.partition(":")[2]


class Fixture:
    def __init__(self, run, snmpd, daemon):
        self.run, self.snmpd, self.daemon = run, snmpd, daemon


def user(name, context="", keys=KEYS):
    return {"context": context, "options": ["-u", name, *keys]}


def config(run):
    path = run.write("kvm2.xml", testdriver.node(map(testdriver.plain, ("two", "three"))))
    return f"connection - test:///default\nconnection kvm2 {testdriver.uri(path)}\n"


@contextlib.contextmanager
def fixture():
    with RunDir() as run:
        text = with_owner(with_examples(shipped()), os.getuid() or NOBODY, os.getgid() or NOBODY)
        with DropIn(run, text, "examples") as snmpd, \
                Daemon(run, snmpd, config=config(run)) as daemon:
            run.wait_until(lambda: names(snmpd, community=OTHER) and
                           names(snmpd, community=MANAGER), 30, "both hypervisors",
                           ignore=SnmpTimeout)
            yield Fixture(run, snmpd, daemon)


def names(snmpd, **how):
    return sorted(vb.value.decode() for vb in snmpd.walk(vmmib.prefix("vmName"), **how))


def compare_view(snmpd, **how):
    """Both modules to their last object, and no other."""
    def compared():
        # values that come late are in the second walk only
        seen = [vb.oid for vb in snmpd.walk("1", **how)]
        every = [vb.oid for root in (vmmib.ROOT, virtmib.ROOT) for vb in snmpd.walk(root)]
        tap.check(set(seen) <= set(every), f"seen: {set(seen) - set(every)}")
        return seen == every and every
    every = snmpd.run.wait_until(compared, 20, "a view of both modules")
    for root in vmmib.ROOT, virtmib.ROOT:
        tap.check(sum(oid[:len(root)] == root for oid in every) > 20, f"objects below {root}")


def test_as_shipped(fix):
    "as it is, it lets this host's community see both modules and nothing else"
    with DropIn(fix.run, shipped(), "shipped") as snmpd, \
            Daemon(fix.run, snmpd, uri="test:///default", name="asis"):
        compare_view(snmpd, community=HERE_ONLY)
        # nothing of it is open by the examples
        for how in {"community": MANAGER, **SOON}, {"community": OTHER, **SOON}, user("monitor"):
            with contextlib.suppress(SnmpError):
                tap.equal(names(snmpd, **how), [], f"what {how} sees")


def test_views(fix):
    "community and user of the examples see both modules and nothing else"
    for how in {"community": MANAGER}, user("monitor"):
        compare_view(fix.snmpd, **how)


def test_version_1(fix):
    "SNMPv1 reads by it what has no 64 bits"
    every = fix.snmpd.walk(vmmib.ROOT)
    tap.equal([vb.oid for vb in fix.snmpd.walk(vmmib.ROOT, community=MANAGER, version="1")],
              [vb.oid for vb in every if vb.type != vmmib.COUNTER64], "what is seen")


def test_contexts(fix):
    "a hypervisor's context is read by its community and by SNMPv3, and by nobody who has another"
    default, kvm2 = ["test"], ["three", "two"]
    for how, wanted in (
            ({"community": MANAGER}, default), ({"community": OTHER}, kvm2),
            (user("monitor"), default), (user("monitor", "kvm2"), kvm2),
            (user("tenant", "kvm2"), kvm2)):
        tap.equal(names(fix.snmpd, **how), wanted, f"what {how} sees")
    for how in user("tenant"), user("monitor", "kvm2", UNENCRYPTED), user("nobody", "kvm2"):
        with contextlib.suppress(SnmpError):
            tap.equal(names(fix.snmpd, **how), [], f"what {how} sees")


def test_read_only(fix):
    "SET is refused to all of them, and changes nothing"
    switch = vmmib.instance("vmBulkNotificationsEnabled")
    name = vmmib.instance("vmName", 1)
    for how in ({"community": HERE_ONLY}, {"community": MANAGER}, {"community": OTHER},
                user("monitor"), user("monitor", "kvm2"), user("tenant", "kvm2")):
        before = fix.snmpd.value(switch, **how)
        for what, kind, value in (switch, "i", virtmib.TRUE), (name, "s", "other"):
            try:
                fix.snmpd.set(what, kind, value, **how)
            except SnmpError as error:
                tap.equal(error.reason, "noAccess", f"{what} by {how}")
            else:
                raise AssertionError(f"{what} was set by {how}")
        tap.equal((before, fix.snmpd.value(switch, **how)), (virtmib.FALSE,) * 2, f"switch, {how}")


def test_others(fix):
    "snmpd's own community sees no more than before"
    seen = fix.snmpd.walk("1", community="public")
    tap.check(seen and all(vb.oid[:7] == (1, 3, 6, 1, 2, 1, 1) for vb in seen), f"{seen[-1:]}")


def reachable(path):
    while path != "/":
        path = os.path.dirname(path)
        if not os.stat(path).st_mode & stat.S_IXOTH:
            return False
    return True


def test_ordinary_user(fix):
    "agentXPerms of the examples gives the socket to a vmmibd that an ordinary user runs"
    found = os.stat(fix.snmpd.socket())
    tap.equal((stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid),
              (0o660, os.getuid() or NOBODY, os.getgid() or NOBODY), "mode and owners")
    directory = os.stat(os.path.dirname(fix.snmpd.socket()))
    tap.equal(stat.S_IMODE(directory.st_mode), 0o755, "the directory's mode")
    if os.getuid() != 0:
        return  # that was what the others have been using
    if not reachable(program()):
        raise tap.Skip(f"an ordinary user cannot reach {program()}")
    fix.daemon.stop()
    os.chmod(fix.run.path, 0o711)
    for name in "vmmibd.state", "vmmibd.home":
        for place, inner, files in os.walk(fix.run.join(name)):
            for one in ["."] + inner + files:
                os.chown(os.path.join(place, one), NOBODY, NOBODY)
    before = os.environ.get("VMMIBD_WRAPPER")
    os.environ["VMMIBD_WRAPPER"] = f"setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups"
    try:
        fix.daemon.start(wait=False)
        fix.run.wait_until(lambda: names(fix.snmpd, community=MANAGER) == ["test"], 30,
                           "vmmibd to serve", alive=fix.daemon.child, ignore=SnmpTimeout)
    finally:
        os.environ["VMMIBD_WRAPPER"] = before or ""


if __name__ == "__main__":
    tap.main([test_as_shipped, test_views, test_version_1, test_contexts, test_read_only,
              test_others, test_ordinary_user], fixture)
