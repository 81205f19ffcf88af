# SPDX-License-Identifier: BSD-2-Clause
"""The temporary directory of one test run, with the processes that were started in it."""

import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import tap

# Slow machines and valgrind stretch every timeout by this factor.
TIMEOUT_SCALE = float(os.environ.get("TIMEOUT_SCALE", "1"))

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class TimedOut(AssertionError):
    """What was waited for did not happen."""


def die_with_parent(sig=signal.SIGKILL):
    """Has the kernel end this process when the thread that made it ends."""
    _libc.prctl(PR_SET_PDEATHSIG, int(sig), 0, 0, 0)


def free_port(kind=socket.SOCK_DGRAM):
    """A port of 127.0.0.1 that nobody has now, from the kernel."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def tail(path, lines=15):
    try:
        with open(path, "rb") as log:
            log.seek(max(0, os.fstat(log.fileno()).st_size - 20000))
            text = log.read().decode("utf-8", "replace").splitlines()
    except OSError as error:
        return f"({error})"
    return "\n".join(text[-lines:])


def make_directory():
    """A new private directory whose name leaves room for sockets (108 bytes at most)."""
    parent = os.environ.get("TMPDIR", "/tmp")
    # /run is replaced inside the namespaces, and a long name would not fit a socket address
    if len(parent) > 40 or (parent + "/").startswith("/run/"):
        parent = "/tmp"
    return tempfile.mkdtemp(prefix="vmmibd.", dir=parent)


def remove_directory(path):
    if os.environ.get("KEEP") == "1":
        tap.diag(f"kept {path}")
        return
    shutil.rmtree(path, ignore_errors=True)
    if os.path.exists(path):
        tap.diag(f"could not remove {path}")


class Child:
    """One process that this run started, with its output in a log file."""

    def __init__(self, name, argv, log, env, cwd):
        self.name, self.argv, self.log = name, argv, log
        with open(log, "ab") as out:
            self.process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env, cwd=cwd,
                start_new_session=True, preexec_fn=die_with_parent)
        self.pid = self.process.pid

    def running(self):
        return self.process.poll() is None

    def signal(self, number):
        """Sends a signal, unless the process has ended (its pid may be another's by now)."""
        if self.running():
            self.process.send_signal(number)

    def kill(self):
        self.signal(signal.SIGKILL)
        return self.process.wait()

    def stop(self, timeout=20):
        """Ends it politely, then by force; returns the exit status as Popen gives it."""
        self.signal(signal.SIGTERM)
        self.signal(signal.SIGCONT)
        try:
            return self.process.wait(timeout * TIMEOUT_SCALE)
        except subprocess.TimeoutExpired:
            tap.diag(f"{self.name} did not end on SIGTERM")
            return self.kill()

    def text(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()


class RunDir:
    """A directory that is gone after the run, unless KEEP=1 is in the environment.

    Use it with `with`.  Processes still running at the end are ended in reverse order.  Inside
    namespaces (see namespaces.py) the directory belongs to the process outside, which removes it.
    """

    def __init__(self, path=None):
        self._owner = path is None
        self.path = path or make_directory()
        self.children = []

    def __enter__(self):
        signal.signal(signal.SIGTERM, _stop_once)
        signal.signal(signal.SIGINT, _stop_once)
        return self

    def __exit__(self, *_):
        for child in reversed(self.children):
            child.stop()
        if self._owner:
            remove_directory(self.path)

    def join(self, *parts):
        return os.path.join(self.path, *parts)

    def mkdir(self, *parts):
        path = self.join(*parts)
        os.makedirs(path, exist_ok=True)
        return path

    def write(self, name, text):
        path = self.join(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def start(self, name, argv, env=None, cwd=None):
        """Starts a process with its output in NAME.log; env is added to the environment."""
        log = self.join(re.sub(r"[^\w.-]", "_", name) + ".log")
        child = Child(name, argv, log, {**os.environ, **(env or {})}, cwd or self.path)
        self.children.append(child)
        return child

    def logs(self):
        found = sorted(name for name in os.listdir(self.path) if name.endswith(".log"))
        return "\n".join(f"--- {name}\n{tail(self.join(name))}" for name in found)

    def wait_until(self, predicate, timeout, what, alive=None, ignore=()):
        """Polls until the predicate gives something true, and returns that.

        `alive` is a Child that must not end meanwhile, `ignore` the exceptions that mean "not
        yet".  Failing raises TimedOut with the ends of all logs of the run.
        """
        start, pause, last = time.monotonic(), 0.01, None
        while True:
            try:
                value = predicate()
                if value:
                    return value
            except ignore as error:
                last = error
            if alive is not None and not alive.running():
                raise TimedOut(f"{alive.name} ended (status {alive.process.returncode}) while "
                               f"waiting for {what}\n{self.logs()}")
            if time.monotonic() - start > timeout * TIMEOUT_SCALE:
                raise TimedOut(f"waited {timeout * TIMEOUT_SCALE:g} s for {what}"
                               f"{f' ({last})' if last else ''}\n{self.logs()}")
            time.sleep(pause)
            pause = min(pause * 1.5, 0.25)


def _stop_once(number, _frame):
    # only the first one: a second would interrupt the cleaning up
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise SystemExit(128 + number)
