# SPDX-License-Identifier: BSD-2-Clause
"""A private libvirtd, to be started inside the namespaces of namespaces.py.

It believes to be the system's one: qemu:///system reaches it from inside.  `uri()` names its
socket and so needs no look at /run.  Nothing of the host's configuration is read.
"""

import os
import shutil
import signal
import subprocess

from tap import Skip, skip_all

try:
    import libvirt
except ImportError:
    skip_all("no libvirt module for this Python: install python3-libvirt, use /usr/bin/python3")

QEMU_CONF = """\
user = "root"
group = "root"
swtpm_user = "root"
swtpm_group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
security_default_confined = 0
cgroup_controllers = []
namespaces = []
stdio_handler = "file"
"""

LIBVIRTD_CONF = """\
listen_tls = 0
listen_tcp = 0
auth_unix_ro = "none"
auth_unix_rw = "none"
unix_sock_group = "root"
unix_sock_ro_perms = "0777"
unix_sock_rw_perms = "0777"
log_outputs = "{level}:stderr"
"""

SBIN = "/usr/sbin:/sbin:/usr/bin:/bin:/usr/libexec"


def _quiet(_context, _error):
    """libvirt-python prints every error to stderr otherwise, polling ones included."""


libvirt.registerErrorHandler(_quiet, None)


def find_program(names, package):
    for name in names.split():
        path = shutil.which(name, path=SBIN)
        if path:
            return path
    raise Skip(f"no {names}: install {package}")


class Hypervisor:
    """libvirtd of the run, with connections to it that are closed at the end.

    with Hypervisor(run) as hv:
        hv.connect().lookupByName("vm1")
        hv.uri()                # for real guests (QEMU without acceleration)
        hv.uri("test+unix:///default")
    """

    def __init__(self, run, log_level=3, qemu=True):
        self.run = run
        self.program = find_program("libvirtd", "libvirt-daemon")
        if qemu:
            find_program("qemu-system-x86_64 qemu-kvm",
                         "qemu-system-x86 (Debian), qemu-kvm-core (Fedora)")
        # the same socket is at host/run/libvirt in the run directory, for those outside
        self.socket = "/run/libvirt/libvirt-sock"
        run.write("host/etc/libvirt/qemu.conf", QEMU_CONF)
        run.write("host/etc/libvirt/libvirtd.conf", LIBVIRTD_CONF.format(level=log_level))
        self.child = None
        self._connections = []

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def uri(self, base="qemu+unix:///system"):
        return f"{base}?socket={self.socket}"

    def start(self):
        """Starts libvirtd; guests of a former one are taken over."""
        # a killed daemon leaves its socket, which would look like a daemon that is up
        for name in ("libvirt-sock", "libvirt-sock-ro"):
            if os.path.exists(f"/run/libvirt/{name}"):
                os.unlink(f"/run/libvirt/{name}")
        self.child = self.run.start(
            "libvirtd", [self.program, "-f", "/etc/libvirt/libvirtd.conf"],
            env={"PATH": SBIN, "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/run/no-bus"})
        self.run.wait_until(lambda: self.connect("test+unix:///default"), 60,
                            "libvirtd to answer", alive=self.child, ignore=libvirt.libvirtError)

    def connect(self, base="qemu+unix:///system"):
        connection = libvirt.open(self.uri(base))
        self._connections.append(connection)
        return connection

    def pause(self):
        """Hangs libvirtd (SIGSTOP)."""
        self.child.signal(signal.SIGSTOP)

    def resume(self):
        self.child.signal(signal.SIGCONT)

    def kill(self):
        """Ends libvirtd with kill -9; its guests go on."""
        self.child.kill()

    def stop(self):
        """Closes the connections and ends libvirtd; guests go on until the namespaces end."""
        if self.child:
            self.resume()
        for connection in self._connections:
            try:
                connection.close()
            except libvirt.libvirtError:
                pass  # the daemon has gone before
        self._connections.clear()
        if self.child:
            self.child.stop()

    def virsh(self, *words, base="qemu+unix:///system"):
        """Output of virsh; a failure is an error with what it said."""
        done = subprocess.run(["virsh", "-c", self.uri(base), *words], capture_output=True,
                              text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"virsh {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def qemu_pid(self, name):
        """Process of a running guest, for tests that stop or kill it."""
        with open(f"/run/libvirt/qemu/{name}.pid", encoding="ascii") as pid:
            return int(pid.read())
