# SPDX-License-Identifier: BSD-2-Clause
"""A second libvirtd beside the one of hypervisor.py, on what it takes for another host: guests can
migrate between the two.

    with Neighbour(run, hv) as other:
        domain.migrate3(other.connect(), other.parameters(), flags)
"""

import shutil

import rundir
from hypervisor import LIBVIRTD_CONF, QEMU_CONF, SBIN, libvirt
from tap import Skip

HOST_NAME = "neighbour.example.org"
HOST_UUID = "6e656967-6862-4f75-b200-6e6569676862"
DIRECTORIES = ["etc/libvirt", "var/lib/libvirt", "var/log/libvirt", "var/cache/libvirt",
               "run/libvirt"]

# its directories over those of the first one, in a mount namespace of its own
START = """set -e
hostname {name}
for directory in {directories}; do
    mount --bind "{root}/$directory" "/$directory"
done
exec {program} -f /etc/libvirt/libvirtd.conf -p /run/libvirt/libvirtd.pid
"""


class Neighbour:
    def __init__(self, run, hv):
        self.run, self.hv = run, hv
        self.root = run.join("neighbour")
        self.child = None
        self._connections = []

    def __enter__(self):
        unshare = shutil.which("unshare", path=SBIN)
        if not unshare:
            raise Skip("no unshare: install util-linux")
        for directory in DIRECTORIES:
            self.run.mkdir("neighbour", directory)
        self.run.write("neighbour/etc/libvirt/qemu.conf", QEMU_CONF)
        self.run.write("neighbour/etc/libvirt/libvirtd.conf",
                       LIBVIRTD_CONF.format(level=3) + f'host_uuid = "{HOST_UUID}"\n')
        script = START.format(name=HOST_NAME, directories=" ".join(DIRECTORIES), root=self.root,
                              program=self.hv.program)
        self.child = self.run.start(
            "neighbour", [unshare, "--mount", "--uts", "sh", "-c", script],
            env={"PATH": SBIN, "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/run/no-bus"})
        self.run.wait_until(self.connect, 60, "the second libvirtd to answer", alive=self.child,
                            ignore=libvirt.libvirtError)
        return self

    def __exit__(self, *_):
        for connection in self._connections:
            try:
                connection.close()
            except libvirt.libvirtError:
                pass  # the daemon has gone before
        self.child.stop()

    def uri(self):
        return f"qemu+unix:///system?socket={self.root}/run/libvirt/libvirt-sock"

    def connect(self):
        connection = libvirt.open(self.uri())
        self._connections.append(connection)
        return connection

    @staticmethod
    def parameters(**more):
        """For migrate3(), in either direction."""
        port = rundir.free_port(rundir.socket.SOCK_STREAM)
        return {libvirt.VIR_MIGRATE_PARAM_URI: f"tcp://127.0.0.1:{port}", **more}

    def qemu_pid(self, name):
        with open(f"{self.root}/run/libvirt/qemu/{name}.pid", encoding="ascii") as pid:
            return int(pid.read())
