# SPDX-License-Identifier: BSD-2-Clause
"""Private namespaces for one test script, in which an ordinary user is root.

The script becomes three processes: the outer one, which only waits; an init, which reaps what
libvirtd leaves behind (libvirt takes a zombie for a QEMU that refuses to die); the script itself.
When the script ends, its init ends all that is left in the pid namespace, QEMUs included, and
removes the run directory.  Killing the outer process has the same effect.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys

import rundir
import seccomp
from tap import Skip

_libc = ctypes.CDLL(None, use_errno=True)

CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER = 0x00020000, 0x08000000, 0x10000000
CLONE_NEWPID, CLONE_NEWNET = 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18

BRIDGE, BRIDGE_ADDRESS = "vbr0", "10.77.0.1"
DEVICES = ["null", "zero", "full", "random", "urandom", "tty", "net/tun"]
PRIVATE = ["/etc/libvirt", "/var/lib/libvirt", "/var/log/libvirt", "/var/cache/libvirt"]

_run_path = None


def _call(name, *args):
    if getattr(_libc, name)(*args) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")


def _mount(source, target, kind, flags, options=None):
    try:
        _call("mount", *(a.encode() if a else None for a in (source, target, kind)), flags,
              options.encode() if options else None)
    except OSError as error:
        raise OSError(error.errno, f"mounting {target}: {os.strerror(error.errno)}") from error


def _tmpfs(target):
    _mount("tmpfs", target, "tmpfs", MS_NOSUID, "mode=755")


def mount_tmpfs(target, size, again=False):
    """A small file system, to fill it; `again`: with another size from now on."""
    _mount("tmpfs", target, "tmpfs", MS_REMOUNT if again else MS_NOSUID, f"size={size}")


def set_read_only(target):
    """A file system, of which nothing is open, cannot be written any more."""
    _mount("tmpfs", target, "tmpfs", MS_REMOUNT | MS_RDONLY)


def unmount(target):
    _call("umount2", target.encode(), 0)


def _bind(source, target):
    """Shows source at target, which is made when it is missing."""
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        open(target, "a", encoding="ascii").close()
    _mount(source, target, None, MS_BIND | MS_REC)


def _private_dev(stage):
    """A /dev without kvm: libvirt would probe it anew before each start where it does not work."""
    os.mkdir(stage)
    _tmpfs(stage)
    for name in DEVICES:
        if os.path.exists("/dev/" + name):
            _bind("/dev/" + name, f"{stage}/{name}")
    for name in ("pts", "shm", "mqueue"):
        if os.path.isdir("/dev/" + name):
            _bind("/dev/" + name, f"{stage}/{name}")
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"),
                         ("stderr", "fd/2"), ("ptmx", "pts/ptmx")):
        os.symlink(target, f"{stage}/{name}")
    _mount(stage, "/dev", None, MS_BIND | MS_REC)


def _make_room(parent, name, stage):
    """Makes PARENT/NAME possible where PARENT may not be written: a tmpfs with the old entries."""
    os.makedirs(stage)
    _mount(parent, stage, None, MS_BIND | MS_REC)
    entries = os.listdir(parent)
    _tmpfs(parent)
    for entry in entries:
        old, new = f"{stage}/{entry}", f"{parent}/{entry}"
        if os.path.islink(old):
            os.symlink(os.readlink(old), new)
        elif os.path.isdir(old) or os.path.isfile(old):
            _bind(old, new)
    os.mkdir(f"{parent}/{name}")


def _private_directories(run):
    """Bind-mounts directories of the run over libvirt's own."""
    _tmpfs("/run")  # hides the system's D-Bus as well, so that no guest is told to systemd
    for number, path in enumerate(PRIVATE):
        own = f"{run}/host{path}"
        os.makedirs(own)
        if not os.path.isdir(path):
            parent, name = os.path.split(path)
            _make_room(parent, name, f"/run/stage/{number}")
        _mount(own, path, None, MS_BIND)
    os.makedirs(f"{run}/host/run/libvirt")
    _bind(f"{run}/host/run/libvirt", "/run/libvirt")


def _private_accounts(run):
    """Accounts that libvirt looks up before it reads that none is to be used."""
    for path, line, names in (("/etc/passwd", "{}:x:0:0::/:/bin/false\n", ("libvirt-qemu", "qemu")),
                              ("/etc/group", "{}:x:0:\n", ("libvirt-qemu", "kvm", "qemu"))):
        with open(path, encoding="utf-8", errors="surrogateescape") as old:
            text = old.read()
        known = {entry.split(":")[0] for entry in text.splitlines()}
        text += "".join(line.format(name) for name in names if name not in known)
        own = f"{run}/host{path}"
        with open(own, "w", encoding="utf-8", errors="surrogateescape") as new:
            new.write(text)
        _mount(own, path, None, MS_BIND)


def _network():
    ip = shutil.which("ip", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if not ip:
        raise Skip("no ip(8): install iproute2 (Debian), iproute (Fedora)")
    for words in ("link set lo up", f"link add {BRIDGE} type bridge", f"link set {BRIDGE} up",
                  f"addr add {BRIDGE_ADDRESS}/16 dev {BRIDGE}"):
        done = subprocess.run([ip, *words.split()], capture_output=True, text=True, check=False)
        if done.returncode:
            raise Skip(f"ip {words}: {done.stderr.strip()}")


def _set_up(run):
    _mount(None, "/", None, MS_REC | MS_PRIVATE)
    _mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    # interfaces of this network namespace; also hides the control groups of the host
    _mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    _private_dev(f"{run}/dev")
    _private_directories(run)
    _private_accounts(run)
    _network()


def _map_user(uid, gid):
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as out:
            out.write(text)


def _unshare():
    uid, gid = os.geteuid(), os.getegid()
    try:
        if uid:
            _call("unshare", CLONE_NEWUSER)
            _map_user(uid, gid)
            seccomp.ignore_setgroups()
        _call("unshare", CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC)
    except OSError as error:
        raise Skip(f"{'an ordinary user' if uid else 'root'} may not make namespaces here "
                   f"({error}); see kernel.unprivileged_userns_clone, user.max_user_namespaces, "
                   "kernel.apparmor_restrict_unprivileged_userns, or the container's limits")


def _end_all():
    """Ends all other processes of the pid namespace, for its init."""
    try:
        os.kill(-1, signal.SIGKILL)
        while True:
            os.wait()
    except (ProcessLookupError, ChildProcessError):
        pass


def _wait_for(pid):
    """Reaps until that child has ended; returns its exit status as a shell would."""
    while True:
        try:
            ended, status = os.wait()
        except InterruptedError:
            continue
        if ended == pid:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _forward_signals(pid):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda n, _frame: os.kill(pid, signal.SIGTERM))


def _fork_below(death_signal):
    """Forks; the parent forwards signals, waits and returns the status, the child gets None."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        _forward_signals(pid)
        return _wait_for(pid)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    rundir.die_with_parent(death_signal)
    return None


def enter_namespaces():
    """Continues the script inside; call it first of all.  Returns the RunDir of the run."""
    global _run_path
    if _run_path is not None:
        return rundir.RunDir(_run_path)
    _unshare()
    path = rundir.make_directory()
    status = _fork_below(signal.SIGTERM)
    if status is not None:
        os._exit(status)
    status = _fork_below(signal.SIGKILL)
    if status is not None:
        _end_all()
        rundir.remove_directory(path)
        sys.stdout.flush()
        os._exit(status)
    try:
        _call("unshare", CLONE_NEWNS)
        _set_up(path)
    except OSError as error:
        raise Skip(f"cannot arrange private namespaces: {error}") from error
    _run_path = path
    os.environ["HOME"] = path
    for name in [n for n in os.environ if n.startswith(("XDG_", "LIBVIRT_"))]:
        del os.environ[name]
    return rundir.RunDir(path)
