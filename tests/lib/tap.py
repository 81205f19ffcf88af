# SPDX-License-Identifier: BSD-2-Clause
"""A small producer of the Test Anything Protocol.

A test script is a list of functions:

    import tap

    def test_something(fix):
        "what is claimed"                 # first line of the docstring is the test's name
        tap.equal(fix.snmp.value(OID), 5, "vmNumber")

    if __name__ == "__main__":
        tap.main([test_something], fixture)

`fixture` is a context manager; what it yields is handed to every function.  Skip raised in a
test skips that test, raised in the fixture it skips the script.  The exit status is 0, 1 when a
test failed, 77 when nothing but skips happened (automake's sign for it).
"""

import contextlib
import sys
import time
import traceback


class Skip(Exception):
    """This cannot be tested here; the message says why."""


def diag(*words):
    """Prints a diagnostic; every line of it is marked, so that no text can pass for a result."""
    for line in " ".join(str(w) for w in words).splitlines() or [""]:
        print("# " + line)
    sys.stdout.flush()


@contextlib.contextmanager
def timed(what):
    """Prints how long the block took."""
    start = time.monotonic()
    yield
    diag(f"{what}: {time.monotonic() - start:.2f} s")


def equal(got, want, what="value"):
    if got != want:
        raise AssertionError(f"{what}: got {got!r}, want {want!r}")


def check(condition, message):
    if not condition:
        raise AssertionError(message)


def _clean(text):
    # '#' would start a directive, a newline another result
    return " ".join(str(text).replace("#", "\\#").split())


def _name(test):
    doc = (test.__doc__ or "").strip().splitlines()
    return _clean(doc[0] if doc else test.__name__.replace("_", " "))


class _Report:
    def __init__(self):
        self.count = self.failed = self.skipped = 0

    def line(self, good, name, directive=""):
        self.count += 1
        print(f"{'ok' if good else 'not ok'} {self.count} - {name}{directive}")
        sys.stdout.flush()

    def ok(self, name, seconds):
        self.line(True, name)
        diag(f"  took {seconds:.2f} s")

    def skip(self, name, reason):
        self.skipped += 1
        self.line(True, name, f" # SKIP {_clean(reason)}")

    def not_ok(self, name):
        """The reason's first line is part of the name: some show only the lines of the results."""
        self.failed += 1
        kind, error, _where = sys.exc_info()
        reason = _clean((str(error).splitlines() or [""])[0])[:200]
        self.line(False, f"{name}: {kind.__name__}: {reason}")
        diag(traceback.format_exc())

    def status(self):
        if self.failed:
            return 1
        return 77 if self.count == self.skipped else 0


def _run(report, tests, args):
    for test in tests:
        name, start = _name(test), time.monotonic()
        try:
            test(*args)
            report.ok(name, time.monotonic() - start)
        except Skip as reason:
            report.skip(name, reason)
        except Exception:
            report.not_ok(name)


def run(tests, fixture=None):
    """Runs the tests and prints their results; returns the exit status."""
    report = _Report()
    try:
        if fixture is None:
            _run(report, tests, ())
        else:
            with fixture() as value:
                _run(report, tests, (value,))
    except Skip as reason:
        if not report.count:
            print(f"1..0 # SKIP {_clean(reason)}")
            return 77
        report.not_ok("cleaning up")
    except Exception:
        report.not_ok("setting up" if not report.count else "cleaning up")
    print(f"1..{report.count}")
    return report.status()


def skip_all(reason):
    """Ends a script that has not begun yet."""
    print(f"1..0 # SKIP {_clean(reason)}")
    sys.exit(77)


def main(tests, fixture=None):
    """Runs the tests that the command line names (all without one) and exits."""
    wanted = sys.argv[1:]
    chosen = [t for t in tests if not wanted or t.__name__ in wanted]
    unknown = set(wanted) - {t.__name__ for t in tests}
    if unknown:
        sys.exit(f"no such test: {' '.join(sorted(unknown))}")
    status = run(chosen, fixture)
    sys.stdout.flush()
    sys.exit(status)
