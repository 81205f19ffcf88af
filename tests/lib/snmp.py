# SPDX-License-Identifier: BSD-2-Clause
"""A private snmpd, the tools that ask it, and a receiver of its notifications."""

import os
import shutil
import subprocess

import rundir
from tap import Skip
from varbinds import OUTPUT, dotted, oid, parse

SYS_UPTIME, TRAP_OID = oid("1.3.6.1.2.1.1.3.0"), oid("1.3.6.1.6.3.1.1.4.1.0")

SNMPD_CONF = """\
agentaddress udp:127.0.0.1:{port}
rwcommunity public 127.0.0.1
rocommunity readonly 127.0.0.1
createUser tester
view everything included .1
rwuser tester noauth -V everything *
master agentx
agentXSocket {agentx}
agentXPerms 0777 0777
dontLogTCPWrappersConnects yes
{extra}
"""


class SnmpError(AssertionError):
    """A tool said that the agent refused; `reason` is the error status, such as notWritable."""

    def __init__(self, text):
        super().__init__(text)
        reason = text.partition("Reason: ")[2].split()
        self.reason = reason[0].strip("()") if reason else ""


class SnmpTimeout(SnmpError):
    """The agent did not answer in time."""


def _program(name, package):
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        raise Skip(f"no {name}: install {package}")
    return path


def environment(run):
    """Nothing is read from or written to places outside the run."""
    home = run.mkdir("snmp")
    return {"SNMPCONFPATH": home, "SNMP_PERSISTENT_DIR": run.mkdir("snmp", "persistent"),
            "MIBS": "", "MIBDIRS": "", "HOME": home}


class Client:
    """The Net-SNMP tools towards one address; lists of VarBind come back."""

    def __init__(self, run, address, timeout=10):
        self.run, self.address, self.timeout = run, address, timeout
        self.env = {**os.environ, **environment(run)}

    def tool(self, name, *words, version="2c", community="public", context=None, options=()):
        """Output of a tool; `context` makes it an SNMPv3 request in that context."""
        if context is None:
            who = [f"-v{version}", "-c", community]
        else:
            who = ["-v3", "-l", "noAuthNoPriv", "-u", "tester", "-n", context]
        limit = self.timeout * rundir.TIMEOUT_SCALE
        argv = [_program(name, "snmp (Debian), net-snmp-utils (Fedora)"), *who, OUTPUT, "-r0",
                f"-t{limit:g}", *options, self.address, *words]
        done = subprocess.run(argv, env=self.env, capture_output=True, text=True, check=False)
        said = done.stderr.strip()
        if "Timeout" in said:
            raise SnmpTimeout(f"{name} {' '.join(words)}: {said}")
        if done.returncode or "Error in packet" in done.stdout + said:
            raise SnmpError(f"{name} {' '.join(words)}: {said or done.stdout.strip()}")
        return done.stdout

    def get(self, *oids, **how):
        return parse(self.tool("snmpget", *map(dotted, oids), **how))

    def getnext(self, *oids, **how):
        return parse(self.tool("snmpgetnext", *map(dotted, oids), **how))

    def getbulk(self, *oids, repetitions=10, non_repeaters=0, **how):
        options = [f"-Cn{non_repeaters}", f"-Cr{repetitions}"]
        return parse(self.tool("snmpbulkget", *map(dotted, oids), options=options, **how))

    def walk(self, root, **how):
        """By GETNEXT; empty when there is nothing below."""
        return self._below(root, parse(self.tool("snmpwalk", dotted(root), **how)))

    def bulkwalk(self, root, repetitions=10, **how):
        options = [f"-Cr{repetitions}"]
        return self._below(root, parse(self.tool("snmpbulkwalk", dotted(root), options=options,
                                                 **how)))

    @staticmethod
    def _below(root, found):
        # a walk that finds nothing tries the root itself, or reports the end of the MIB
        return [vb for vb in found if vb.value is not None and vb.oid[:len(oid(root))] == oid(root)]

    def value(self, name, **how):
        """The value of one object, None when there is no such."""
        return self.get(name, **how)[0].value

    def column(self, name, **how):
        """{index tuple: value} of one column."""
        return {vb.oid[len(oid(name)):]: vb.value for vb in self.bulkwalk(name, **how)}

    def table(self, entry, **how):
        """{index tuple: {column number: value}} of what is below the OID of a table's entry."""
        rows = {}
        for vb in self.bulkwalk(entry, **how):
            number, *index = vb.oid[len(oid(entry)):]
            rows.setdefault(tuple(index), {})[number] = vb.value
        return rows

    def set(self, name, kind, value, **how):
        """kind is a letter of snmpset(1): i u s x d o t a b."""
        return parse(self.tool("snmpset", dotted(name), kind, str(value), **how))


class Snmpd(Client):
    """with Snmpd(run) as snmpd: ... snmpd.agentx is what `vmmibd -x` is given."""

    def __init__(self, run, agentx="unix", traps=None, extra=""):
        port = rundir.free_port()
        super().__init__(run, f"udp:127.0.0.1:{port}")
        if agentx == "unix":
            self.agentx = f"unix:{run.join('agentx.sock')}"
        else:
            self.agentx = f"tcp:127.0.0.1:{rundir.free_port(rundir.socket.SOCK_STREAM)}"
        if traps:
            extra += f"\ntrap2sink {traps.address} public\n"
        self.conf = run.write("snmp/private.conf", SNMPD_CONF.format(
            port=port, agentx=self.agentx, extra=extra))
        self.child = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        # -C: no other configuration; -r: an ordinary user is good enough
        program = _program("snmpd", "snmpd (Debian), net-snmp (Fedora)")
        self.child = self.run.start("snmpd", [program, "-f", "-Le", "-r", "-C", "-c", self.conf],
                                    env=environment(self.run))
        # impatient, as the first request may come before snmpd listens
        quick = Client(self.run, self.address, timeout=0.2)
        self.run.wait_until(lambda: quick.value(SYS_UPTIME) is not None, 30, "snmpd to answer",
                            alive=self.child, ignore=SnmpTimeout)

    def stop(self):
        if self.child:
            self.child.stop()

    def kill(self):
        self.child.kill()


class Traps:
    """snmptrapd; every notification is a list of VarBind.

    `conf` are further lines of its configuration.  `form` is how it prints what it receives: one
    varbind per line; the marks cannot be part of a value, as strings are in hex.  Of hundreds at
    once some are lost by UDP, the `transport`.
    """

    def __init__(self, run, name="snmptrapd", conf="", form="BEGIN\\n%V\\n%v\\nEND\\n",
                 transport="udp"):
        self.run, self.name, self.conf, self.form = run, name, conf, form
        kind = rundir.socket.SOCK_STREAM if transport == "tcp" else rundir.socket.SOCK_DGRAM
        self.address = f"{transport}:127.0.0.1:{rundir.free_port(kind)}"
        self.child = None

    def __enter__(self):
        conf = self.run.write(f"snmp/{self.name}.conf", "disableAuthorization yes\n" + self.conf)
        # an engine of its own, should there be several
        env = {**environment(self.run),
               "SNMP_PERSISTENT_DIR": self.run.mkdir("snmp", f"{self.name}.persistent")}
        self.child = self.run.start(
            self.name, [_program("snmptrapd", "snmptrapd (Debian), net-snmp (Fedora)"), "-f",
                        "-Lo", "-C", "-c", conf, OUTPUT, "-F", self.form, self.address],
            env=env)
        self.run.wait_until(lambda: "NET-SNMP version" in self.child.text(), 30,
                            "snmptrapd to listen", alive=self.child)
        return self

    def __exit__(self, *_):
        self.child.stop()

    def all(self):
        """Those that have arrived so far, oldest first."""
        parts = self.child.text().split("BEGIN\n")[1:]
        return [parse(part.partition("\nEND\n")[0]) for part in parts if "\nEND\n" in part]

    def named(self, name):
        """Those with this notification's OID."""
        wanted = oid(name)
        return [trap for trap in self.all()
                if any(vb.oid == TRAP_OID and vb.value == wanted for vb in trap)]

    def wait_for(self, name, count=1, timeout=30):
        """Until that many of them have arrived; returns them."""
        return self.run.wait_until(
            lambda: len(self.named(name)) >= count and self.named(name), timeout,
            f"{count} notifications {dotted(name)}")
