#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The manual pages: that they are sound, and say what vmmibd has."""

import contextlib
import os
import re
import shutil
import subprocess

import tap
from daemon import check_config, program
from rundir import RunDir

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.environ.get("srcdir_top", os.path.join(HERE, "..", ".."))
PAGES = {name: os.path.join(TOP, "doc", name) for name in ("vmmibd.8", "vmmibd.conf.5")}

# what depends on which other pages the machine has
NOT_OURS = "referenced manual not found", "outdated mandoc.db"

# what else a file needs that has the token
NEEDED = {"memoryStatsPeriod": "access read-write\n", "refreshInterval": "staleAfter 86400\n",
          "staleAfter": "refreshInterval 1\n"}


class Fixture:
    def __init__(self, run):
        self.run = run
        self.pages = {}
        for name, path in PAGES.items():
            with open(path, encoding="ascii") as page:
                self.pages[name] = page.read()
        self.help = subprocess.run([program(), "--help"], capture_output=True, text=True,
                                   check=True).stdout

    def tokens(self):
        """{name: words} of --help"""
        lines = self.help.partition("Configuration (vmmibd.conf):\n")[2].splitlines()
        return dict(line.split(None, 1) for line in lines)

    def options(self):
        """{name: argument} of --help"""
        lines = self.help.partition("Configuration")[0].splitlines()
        found = {}
        for line in lines:
            option = re.match(r"  +(-[-\w]+)(?:, (--[-\w]+))?(?: ([A-Z][A-Z,.\[\]]*))? ",
                              f"{line} ")
            if option:
                for name in filter(None, option.group(1, 2)):
                    found[name] = bool(option.group(3))
        return found

    def section(self, page, title):
        return re.search(rf"^\.Sh {title}\n(.*?)(?=^\.Sh |\Z)", self.pages[page],
                         re.MULTILINE | re.DOTALL).group(1)

    def items(self):
        """{token: (words, text)} of vmmibd.conf(5)"""
        parts = re.split(r"^\.It Ic (\w+) (.*)\n", self.section("vmmibd.conf.5", "TOKENS"),
                         flags=re.MULTILINE)[1:]
        return {name: (plain(words), text)
                for name, words, text in zip(parts[::3], parts[1::3], parts[2::3])}


def plain(macros):
    """Ar A Ns | Ns Ar B as A|B"""
    return re.sub(r" Ns (\S) Ns ", r"\1", re.sub(r"\bAr ", "", macros))


@contextlib.contextmanager
def fixture():
    with RunDir() as run:
        yield Fixture(run)


def test_lint(fix):
    "mandoc, or else man, has nothing to say of them"
    for name, path in PAGES.items():
        if shutil.which("mandoc"):
            words = ["mandoc", "-Tlint", "-Wstyle", path]
        elif shutil.which("man"):
            words = ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", path]
        else:
            raise tap.Skip("neither mandoc nor man: install mandoc")
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              env={**os.environ, "MANROFFSEQ": "", "LC_ALL": "C.UTF-8"},
                              check=False)
        said = done.stderr if words[0] == "man" else done.stdout + done.stderr
        tap.equal([line for line in said.splitlines() if not any(of in line for of in NOT_OURS)],
                  [], f"of {name}")
    tap.diag(f"by {words[0]}")


def test_options(fix):
    "vmmibd(8) has the options of --help, and no other"
    text = fix.section("vmmibd.8", "OPTIONS")
    found = {}
    for line in re.findall(r"^\.It (Fl .*)$", text, re.MULTILINE):
        for name, argument in re.findall(r"Fl (Fl [-\w]+|\w)( Ar)?", line):
            found[name.replace("Fl ", "--") if " " in name else f"-{name}"] = bool(argument)
    tap.check(len(found) > 8, f"{found}")
    tap.equal(found, fix.options(), "options, and which have an argument")
    usage = fix.section("vmmibd.8", "SYNOPSIS")
    tap.equal({f"--{long}" if long else f"-{short}"
               for long, short in re.findall(r"Fl (?:Fl ([-\w]+)|(\w)\b)", usage)},
              set(found), "options in the synopsis")


def test_tokens(fix):
    "vmmibd.conf(5) has the tokens of --help with their words, and no other"
    tap.check(len(fix.tokens()) > 8, f"{fix.tokens()}")
    tap.equal({name: words for name, (words, _) in fix.items().items()}, fix.tokens(), "tokens")
    for name, (_, text) in fix.items().items():
        tap.check("\nDefault: " in text, f"{name} has no default")


def accepted(fix, name, words):
    _, done = check_config(fix.run, NEEDED.get(name, "") + f"{name} {words}\n")
    return done.returncode == 0


def test_ranges(fix):
    "numbers are accepted as far as vmmibd.conf(5) says, and no further"
    checked = 0
    for name, (_, text) in fix.items().items():
        for low, high in re.findall(r"^A number from (\d+) to (\d+)", text, re.MULTILINE):
            for value, good in ((int(low), True), (int(high), True), (int(low) - 1, False),
                                (int(high) + 1, False)):
                tap.equal(accepted(fix, name, value), good, f"{name} {value}")
            checked += 1
    tap.equal(checked, 5, "tokens that are numbers")
    text = fix.items()["notificationBurst"][1]
    (low, high), (least, most) = re.findall(r"from (\d+) to (\d+)", text)
    for words, good in ((f"{low}/{least}", True), (f"{high}/{most}", True),
                        (f"{int(high) + 1}/{least}", False), (f"{low}/{int(most) + 1}", False),
                        (f"{low}/{int(least) - 1}", False)):
        tap.equal(accepted(fix, "notificationBurst", words), good, words)


def test_defaults(fix):
    "defaults are accepted as they are written"
    for name, (_, text) in fix.items().items():
        default = re.search(r"^Default: (\S+)\.$", text, re.MULTILINE)
        if default and default.group(1) not in ("all", "none"):
            tap.check(accepted(fix, name, default.group(1)), f"{name} {default.group(1)}")


def test_examples(fix):
    "the examples of vmmibd.conf(5) and README.md are good configurations"
    found = re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", fix.section("vmmibd.conf.5", "EXAMPLES"),
                       re.MULTILINE | re.DOTALL)
    tap.check(len(found) > 3, f"{len(found)} examples")
    with open(os.path.join(TOP, "README.md"), encoding="utf-8") as page:
        section = page.read().partition("## Configure\n")[2].partition("\n## ")[0]
    example = "".join(re.findall(r"^ {4}.*\n", section, re.MULTILINE))
    tap.check("connection" in example, "no example in README.md")
    for text in found + [example]:
        _, done = check_config(fix.run, text)
        tap.equal((done.returncode, done.stderr), (0, ""), f"of {text}")


if __name__ == "__main__":
    tap.main([test_lint, test_options, test_tokens, test_ranges, test_defaults, test_examples],
             fixture)
