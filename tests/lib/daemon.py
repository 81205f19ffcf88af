# SPDX-License-Identifier: BSD-2-Clause
"""Starts vmmibd for a test; a sanitizer's complaint or a bad exit status fails the test."""

import os
import re
import shlex
import subprocess

from rundir import TIMEOUT_SCALE
from snmp import SnmpTimeout
from tap import Skip

VM_NUMBER = "1.3.6.1.2.1.236.1.2.0"

COMPLAINTS = re.compile(
    r"ERROR: (Address|Thread|Leak|Memory)Sanitizer|WARNING: ThreadSanitizer|runtime error:"
    r"|SUMMARY: \w+Sanitizer|ERROR SUMMARY: [1-9]")

LEAK = re.compile(r"^(?:Direct|Indirect) leak of .*\n(?:\s+#\d+ .*\n)+", re.MULTILINE)
LEAKS = re.compile(r".*LeakSanitizer.*|SUMMARY: AddressSanitizer: .* leaked .*")


def complaint(text):
    """What a sanitizer has to say of vmmibd.

    Net-SNMP loses an address when snmpd dies with something unread (netsnmp_unix_recv): what the
    library itself allocates and leaks is its own.
    """
    leaks = LEAK.findall(text)
    if leaks and all(re.search(r"#1 .*libnetsnmp\.so", leak) for leak in leaks):
        text = LEAKS.sub("", text)
    return COMPLAINTS.search(text)


def program():
    """Path of vmmibd, from $VMMIBD."""
    path = os.environ.get("VMMIBD")
    if not path:
        raise Skip("VMMIBD is not set to the program to test")
    if not os.access(path, os.X_OK):
        raise Skip(f"VMMIBD={path} is not a program")
    return os.path.abspath(path)


def check_config(run, text):
    """Path of a file with that text, and what `vmmibd --check-config` made of it."""
    path = run.write("check.conf", text)
    home = run.mkdir("home")
    env = {**os.environ, "SNMPCONFPATH": home, "SNMP_PERSISTENT_DIR": home, "HOME": home}
    return path, subprocess.run(
        [program(), "--check-config", "-c", path], env=env, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=20 * TIMEOUT_SCALE, check=False)


class Daemon:
    """with Daemon(run, snmpd, uri=hv.uri()) as daemon: ...

    `config` is the text of a configuration file and then replaces `uri`; `options` are further
    words of the command line, `env` is added to its environment.  $VMMIBD_WRAPPER, such as
    "valgrind -q --error-exitcode=9", goes in front of the command.
    """

    def __init__(self, run, snmpd, uri=None, config=None, options=(), env=None, name="vmmibd"):
        self.run, self.snmpd, self.name = run, snmpd, name
        self.state_directory = run.mkdir(f"{name}.state")
        self.config = run.join(f"{name}.conf")
        self.uri, self.options, self.env = uri, list(options), env or {}
        self.has_config = config is not None
        if self.has_config:
            self.configure(config)
        self.child = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            if self.child:
                self.child.kill()
            raise
        return self

    def __exit__(self, kind, *_):
        if not self.child:
            return
        if kind is None:
            self.stop()
        else:
            # the test has failed already, and says why
            self.child.stop()

    def configure(self, text):
        """Writes the configuration file; reload() makes it count."""
        self.run.write(os.path.basename(self.config), text)

    def command(self):
        words = shlex.split(os.environ.get("VMMIBD_WRAPPER", ""))
        words += [program(), "-f", "-Le", "-x", self.snmpd.agentx, "-S", self.state_directory]
        words += ["-c", self.config] if self.has_config else ["-u", self.uri]
        return words + self.options

    def start(self, wait=True):
        # no configuration of the host or the user counts
        home = self.run.mkdir(f"{self.name}.home")
        env = {"SNMPCONFPATH": home, "SNMP_PERSISTENT_DIR": home, "HOME": home,
               "ASAN_OPTIONS": "abort_on_error=0:" + os.environ.get("ASAN_OPTIONS", ""),
               # complaint() judges leaks
               "LSAN_OPTIONS": "exitcode=0:" + os.environ.get("LSAN_OPTIONS", ""),
               **self.env}
        self.child = self.run.start(self.name, self.command(), env=env)
        if wait:
            self.wait_serving()

    def wait_serving(self, timeout=30):
        """Until vmNumber answers; returns it."""
        return self.run.wait_until(
            lambda: [vb for vb in self.snmpd.get(VM_NUMBER) if vb.value is not None], timeout,
            f"{self.name} to serve vmNumber", alive=self.child, ignore=SnmpTimeout)[0].value

    def wait_number(self, number, timeout=60):
        """Until vmNumber has that value."""
        self.run.wait_until(lambda: self.snmpd.value(VM_NUMBER) == number, timeout,
                            f"vmNumber to become {number}", alive=self.child, ignore=SnmpTimeout)

    def reload(self):
        self.child.signal(1)

    def log(self):
        return self.child.text()

    def stop(self, status=0):
        """Ends it by SIGTERM and checks how it ends."""
        child, self.child = self.child, None
        running = child.running()
        ended = child.stop()
        text = child.text()
        found = complaint(text)
        if found:
            raise AssertionError(f"{self.name}: {found.group(0)}\n{text[-6000:]}")
        if not running:
            raise AssertionError(f"{self.name} had ended before, status {ended}\n{text[-3000:]}")
        if ended != status:
            raise AssertionError(f"{self.name}: exit status {ended}, not {status}\n{text[-3000:]}")

    def restart(self):
        self.stop()
        self.start()

    def kill(self):
        """kill -9, as a crash would end it."""
        self.child.kill()
        self.child = None
