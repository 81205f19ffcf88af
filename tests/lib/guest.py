# SPDX-License-Identifier: BSD-2-Clause
"""Real guests under emulation: tests drive them through their serial consoles.

    guest = Guest(hv, "vm1").define()
    guest.start().wait_booted()
    guest.command("write vda 1048576")

The words of commands are in ../guest/init.
"""

import contextlib
import os
import re
import socket
import subprocess
import time

import guestxml
from hypervisor import libvirt
from rundir import TIMEOUT_SCALE, TimedOut
from tap import Skip, diag

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(HERE, "..", "guest", "build-guest")
BOOT_TIMEOUT = 60
BOOT_TRIES = 3

LIVE, CONFIG = libvirt.VIR_DOMAIN_AFFECT_LIVE, libvirt.VIR_DOMAIN_AFFECT_CONFIG


class CommandFailed(AssertionError):
    """The guest could not do what it was told."""


def cache_directory():
    default = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"vmmibd-guest-{os.getuid()}")
    return os.environ.get("VMMIBD_GUEST_CACHE") or default


def build():
    """Directory with kernel and initrd, for images(); needs a network the first time, so call it
    before enter_namespaces()."""
    cache = os.path.abspath(cache_directory())
    done = subprocess.run([BUILD, cache], capture_output=True, text=True, check=False)
    if done.returncode == 77:
        raise Skip(done.stderr.strip())
    if done.returncode:
        raise RuntimeError(f"build-guest: {done.stderr}")
    return cache


def have_tap():
    """Why there can be no tap devices here, or None."""
    try:
        os.close(os.open("/dev/net/tun", os.O_RDWR))
    except OSError as error:
        return f"/dev/net/tun: {error.strerror}"
    return None


class _Line:
    """Connection to a guest's serial port."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(5)
        self.socket.connect(path)
        self.socket.setblocking(False)
        self.poked = self.sent = time.monotonic()
        self.line = b"\n"

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.socket.close()

    def send(self, data):
        """poke() will send it again: the guest knows what it has obeyed already."""
        self.line = data
        self.sent = time.monotonic()
        self.socket.sendall(data)

    def poke(self):
        """To be called while waiting: reads what nobody needs, and sends an empty line now and then.

        An emulated port at times raises no interrupt for what came in or is to go out on a busy
        machine; the next character that arrives sets both going again.  At times it loses some.
        """
        with contextlib.suppress(BlockingIOError):
            while self.socket.recv(4096):
                pass
        now = time.monotonic()
        if now - self.poked < 1:
            return
        again = now - self.sent >= 10
        self.poked = now
        if again:
            self.sent = now
        with contextlib.suppress(BlockingIOError):
            self.socket.send(self.line if again else b"\n")


class Guest:
    """One domain; the keyword arguments go to guestxml.domain()."""

    def __init__(self, hv, name, images=None, nic=None, **options):
        self.hv, self.run, self.name = hv, hv.run, name
        self.connection = hv.connect()
        self.directory = self.run.mkdir("guests", name)
        # short, as the run directory already is part of a socket address
        self.console = self.run.join("guests", f"{name}.s")
        self.log = self.run.join("guests", f"{name}.console")
        self.mark = 0
        self.commands = 0
        images = images or cache_directory()
        for file in ("kernel", "initrd"):
            if not os.path.exists(f"{images}/{file}"):
                raise Skip(f"no guest {file}: run tests/guest/build-guest {images}")
        if nic is None:
            nic = "user" if have_tap() else "bridge"
        self.xml = guestxml.domain(name, directory=self.directory, console=self.console,
                                   log=self.log, images=images, nic=nic, **options)
        self.domain = None

    def again(self):
        """Looks the domain up over a new connection, for when libvirtd was restarted."""
        self.connection = self.hv.connect()
        self.domain = self.connection.lookupByName(self.name)
        return self

    # life

    def make_disk(self, name, size=64 << 20, kind="raw"):
        """An image file in the guest's directory; raw ones are sparse."""
        path = os.path.join(self.directory, name)
        if kind == "raw":
            with open(path, "ab") as image:
                image.truncate(size)
        else:
            subprocess.run(["qemu-img", "create", "-q", "-f", kind, path, str(size)], check=True)
        return path

    def define(self):
        self.make_disk("disk.raw")
        self.make_disk("disk.qcow2", kind="qcow2")
        self.domain = self.connection.defineXML(self.xml)
        return self

    def start(self, flags=0):
        if os.path.exists(self.log):
            self.mark = os.path.getsize(self.log)
        self.domain.createWithFlags(flags)
        return self

    def state(self):
        return tuple(self.domain.state())

    def wait_state(self, state, timeout=60):
        self.run.wait_until(lambda: self.state()[0] == state, timeout,
                            f"{self.name} to be in state {state}")
        return self

    def wait_booted(self, timeout=BOOT_TIMEOUT, tries=BOOT_TRIES):
        """Until init is ready; what was on the console before start() does not count.

        Emulated guests at times hang while they boot on a busy machine; such a one is reset.
        """
        try:
            with self._line() as line:
                self.run.wait_until(lambda: line.poke() or b"@ready" in self._console_text(),
                                    timeout, f"{self.name} to boot")
        except TimedOut:
            if tries <= 1:
                raise
            diag(f"{self.name} hangs while it boots: {self._console_text()[-200:]!r}; reset")
            self.mark = os.path.getsize(self.log)
            self.domain.reset()
            self.wait_booted(timeout, tries - 1)
        return self

    def shutdown(self, timeout=60):
        """Presses the power button, again and again, for a guest that has just booted may miss
        it, and waits."""
        until = time.monotonic() + timeout * TIMEOUT_SCALE
        while True:
            with contextlib.suppress(libvirt.libvirtError):  # it is off by now
                self.domain.shutdownFlags(libvirt.VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN)
            try:
                return self.wait_state(libvirt.VIR_DOMAIN_SHUTOFF, 10)
            except TimedOut:
                if time.monotonic() > until:
                    raise

    def destroy(self):
        if self.domain is not None and self.domain.isActive():
            self.domain.destroy()

    def save(self):
        """To a file of the run; restore() continues from there."""
        self.domain.save(os.path.join(self.directory, "saved"))

    def restore(self):
        self.connection.restore(os.path.join(self.directory, "saved"))

    def undefine(self):
        self.domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE |
                                  libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA)
        self.domain = None

    @property
    def qemu_pid(self):
        return self.hv.qemu_pid(self.name)

    # console

    def _line(self):
        return _Line(self.console)

    def _console_text(self):
        try:
            with open(self.log, "rb") as log:
                log.seek(self.mark)
                return log.read()
        except FileNotFoundError:
            return b""

    def reboot(self):
        """By the guest itself; follow it with wait_booted()."""
        self.command("reboot")
        self.mark = os.path.getsize(self.log)
        return self

    def command(self, words, timeout=60):
        """Has the guest do something; returns what it answers."""
        self.commands += 1
        label = f"{os.getpid()}.{self.commands}"
        # answers are read from the log: QEMU drops what it writes while nobody is connected
        pattern = re.compile(rb"^@%s (\d+) (.*)\r?\n" % re.escape(label.encode()), re.MULTILINE)
        with self._line() as line:
            # a line that a former connection could not finish is to end first
            line.send(f"\n{label} {words}\n".encode())
            found = self.run.wait_until(
                lambda: line.poke() or pattern.search(self._console_text()), timeout,
                f"{self.name} to answer '{words}'")
        status, text = int(found.group(1)), found.group(2).decode("utf-8", "replace").strip()
        if status:
            raise CommandFailed(f"{self.name}: {words}: status {status} {text}")
        return text

    # hotplug

    def attach_disk(self, target, size=32 << 20, kind="raw", flags=LIVE):
        path = self.make_disk(f"{target}.{kind}", size, kind)
        self.domain.attachDeviceFlags(guestxml.disk(path, target, kind), flags)
        return path

    def detach_disk(self, target, kind="raw", flags=LIVE):
        """Asks; wait_gone() waits until the guest has let it go."""
        path = os.path.join(self.directory, f"{target}.{kind}")
        self.domain.detachDeviceFlags(guestxml.disk(path, target, kind), flags)

    def attach_nic(self, mac, flags=LIVE, **options):
        self.domain.attachDeviceFlags(guestxml.nic(mac=mac, **options), flags)

    def detach_nic(self, mac, flags=LIVE, **options):
        self.domain.detachDeviceFlags(guestxml.nic(mac=mac, **options), flags)

    def wait_gone(self, text, timeout=60):
        """Until the live XML does not contain the text any more."""
        self.run.wait_until(lambda: text not in self.domain.XMLDesc(), timeout,
                            f"{text} to leave {self.name}")

    def stats(self, groups=0):
        """What virDomainListGetStats says of it."""
        return self.connection.domainListGetStats([self.domain], groups)[0][1]
