#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compares the modules of mibs/ with the published ones (TAP).

The published modules are looked for in the directories that the environment
variable VMMIBD_PUBLISHED_MIBS lists, separated by colons, and then in
../shared/mibs beside the checkout.  What is not there is skipped.

Each module is compared twice.  The text is taken apart here, clause by
clause, which misses nothing but shows no more than that a clause differs.
smidump tells what the definitions amount to, object by object.  The stand-ins
in mibs/base may leave out definitions; those that they have must be right.
"""

import difflib
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

MODULES = ["VM-MIB", "UUID-TC-MIB", "IANA-STORAGE-MEDIA-TYPE-MIB"]
BASE_MODULES = ["SNMPv2-SMI", "SNMPv2-TC", "SNMPv2-CONF", "SNMPv2-MIB",
                "SNMP-FRAMEWORK-MIB", "IF-MIB", "HCNUM-TC"]
# libsmi knows these by itself and finds fault with their very text.
BUILT_IN = ["SNMPv2-SMI", "SNMPv2-CONF"]
SUFFIXES = ["", ".txt", ".mib", ".my"]

# A copied sentence shorter than this proves nothing: there are only so many
# ways to say that a value is in microseconds.
SENTENCE_MIN = 41


# The text of a module

TOKEN = re.compile(r'--[^\n]*|"[^"]*"|[A-Za-z][\w-]*|-?\d+|::=|\.\.|[^\s\w]')

MACROS = {"MODULE-IDENTITY", "OBJECT-IDENTITY", "OBJECT-TYPE",
          "NOTIFICATION-TYPE", "OBJECT-GROUP", "NOTIFICATION-GROUP",
          "MODULE-COMPLIANCE"}

PROSE = {"DESCRIPTION", "ORGANIZATION", "CONTACT-INFO"}


def squeeze(text):
    return " ".join(text.split())


def read(path):
    with open(path, encoding="ascii", errors="replace") as file:
        return file.read()


def tokens_of(text):
    """The tokens without comments and macros, prose emptied."""
    tokens = [squeeze(t) for t in TOKEN.findall(text)
              if not t.startswith("--")]
    kept = []
    i = 0
    while i < len(tokens):
        if tokens[i] == "REFERENCE":
            i += 2
        elif tokens[i] in PROSE:
            kept += [tokens[i], '""']
            i += 2
        elif tokens[i + 1:i + 2] == ["MACRO"]:
            i = tokens.index("END", i) + 1
        else:
            kept.append(tokens[i])
            i += 1
    return kept


def starts_definition(tokens, i):
    if not tokens[i][0].isalpha() or tokens[i] == "IDENTIFIER":
        return False
    following = tokens[i + 1:i + 4]
    return (following[0] == "::=" or following[0] in MACROS
            or following == ["OBJECT", "IDENTIFIER", "::="])


def definitions_of(text):
    """The clauses of a module: {name: tokens}, IMPORTS among the names."""
    tokens = tokens_of(text)
    definitions = {}
    i = tokens.index("BEGIN") + 1
    if tokens[i] == "IMPORTS":
        end = tokens.index(";", i)
        definitions["IMPORTS"] = tokens[i:end]
        i = end + 1
    current = []
    while i < len(tokens) - 1:      # the last one is END
        if starts_definition(tokens, i):
            current = definitions.setdefault(tokens[i], [])
        current.append(tokens[i])
        i += 1
    return definitions


def without_revisions(tokens):
    kept = []
    i = 0
    while i < len(tokens):
        if tokens[i] == "REVISION":
            i += 4                  # REVISION, date, DESCRIPTION, ""
        else:
            kept.append(tokens[i])
            i += 1
    return kept


def lines_of(tokens):
    """The tokens in lines, a clause or an item of a list in each."""
    text = " ".join(tokens)
    return re.sub(r" (?=[A-Z]+[A-Z-]* |::=)|(?<=[{,]) |(?= })", "\n",
                  text).splitlines()


def clause_differences(ours, theirs, subset):
    differences = []
    for name in sorted(set(ours) | set(theirs)):
        if subset and (name == "IMPORTS" or name not in ours):
            continue
        left, right = theirs.get(name, []), ours.get(name, [])
        if subset:
            left, right = without_revisions(left), without_revisions(right)
        if left != right:
            differences.append("%s:" % name)
            differences += [line for line in difflib.ndiff(
                lines_of(left), lines_of(right)) if line[0] in "-+"]
    if not subset and not differences and list(ours) != list(theirs):
        differences.append("the order of the definitions")
    return differences


# What smidump makes of a module

NAMED = {"typedef", "node", "scalar", "table", "row", "column",
         "notification", "group", "compliance", "capabilities"}
IGNORED = {"description", "reference", "organization", "contact", "imports"}


def is_definition(element):
    return element.tag in NAMED and "name" in element.attrib


def facts_of(element, path=""):
    """Every attribute and text below, as (path=value); not other objects."""
    facts = ["%s@%s=%s" % (path, k, v)
             for k, v in sorted(element.attrib.items())]
    if element.text and element.text.strip():
        facts.append("%s=%s" % (path, squeeze(element.text)))
    for child in element:
        if child.tag not in IGNORED and not is_definition(child):
            facts += facts_of(child, "%s/%s" % (path, child.tag))
    return facts


def structure_of(path, smi_path):
    """{(kind, name): facts} of the module in the file at path."""
    environment = dict(os.environ, SMIPATH=smi_path)
    run = subprocess.run(
        ["smidump", "-c", "/dev/null", "-q", "-f", "xml", path],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        check=False)
    if run.returncode != 0 or not run.stdout:
        raise ValueError("smidump %s: %s" % (
            path, run.stderr.decode(errors="replace").strip() or "no output"))
    root = ElementTree.fromstring(run.stdout)
    structure = {("module", e.get("name")): facts_of(e)
                 for e in root.iter("module")}
    for element in root.iter():
        if is_definition(element):
            structure[element.tag, element.get("name")] = facts_of(element)
    return structure


def structure_differences(ours, theirs, subset):
    differences = []
    for key in sorted(set(ours) | set(theirs)):
        if subset and (key not in ours or key[0] == "module"):
            continue
        left, right = theirs.get(key, []), ours.get(key, [])
        if left != right:
            differences.append("%s %s:" % key)
            differences += ["- published: %s" % f
                            for f in left if f not in right]
            differences += ["+ ours: %s" % f for f in right if f not in left]
            if sorted(left) == sorted(right):
                differences.append("the same in another order")
    return differences


# Whose words these are

def prose_of(text):
    """The descriptions and the comments of a module."""
    prose = re.findall(r'(?:DESCRIPTION|REFERENCE)\s+"([^"]*)"', text)
    comments = re.sub(r'"[^"]*"', '', text)
    prose.append("\n".join(line.partition("--")[2]
                           for line in comments.splitlines()))
    return prose


def sentences_of(text):
    for prose in prose_of(text):
        for paragraph in re.split(r"\n[ \t]*\n", prose):
            for sentence in re.split(r"(?<=[.;:])\s", squeeze(paragraph)):
                # what an enumeration item starts with is a name, not wording
                yield re.sub(r"^[\w-]+\(\d+\) ", "", sentence.strip())


def copied_sentences(ours, theirs):
    words = squeeze(re.sub(r"^\s*--", "", ours, flags=re.MULTILINE)).lower()
    return [s for s in sorted(set(sentences_of(theirs)))
            if len(s) >= SENTENCE_MIN and s.lower() in words]


# The tests

def find_module(name, directories):
    for directory in directories:
        for suffix in SUFFIXES:
            path = os.path.join(directory, name + suffix)
            if os.path.isfile(path):
                return path
    return None


class Comparison:
    """One of our modules and its published counterpart."""

    def __init__(self, name, ours, theirs, our_path, their_path, subset):
        self.name = name
        self.ours = ours
        self.theirs = theirs
        self.our_path = our_path
        self.their_path = their_path
        self.subset = subset

    def tests(self):
        subject = self.name + (", as far as it goes," if self.subset else "")
        yield ("%s is as published, clause by clause" % subject,
               self.clauses, None)
        if self.name not in BUILT_IN:
            yield ("%s is as published, object by object" % subject,
                   self.structure, "smidump")
        yield ("%s takes over no sentence" % self.name, self.copies, None)

    def clauses(self):
        ours = definitions_of(read(self.ours))
        theirs = definitions_of(read(self.theirs))
        return clause_differences(ours, theirs, self.subset)

    def structure(self):
        ours = structure_of(self.ours, self.our_path)
        theirs = structure_of(self.theirs, self.their_path)
        return structure_differences(ours, theirs, self.subset)

    def copies(self):
        return copied_sentences(read(self.ours), read(self.theirs))


def comparisons():
    top = os.environ.get("srcdir_top") or os.path.join(
        os.path.dirname(os.path.abspath(__file__)), "..", "..")
    mibs = os.path.join(os.path.abspath(top), "mibs")
    base = os.path.join(mibs, "base")
    published = os.environ.get("VMMIBD_PUBLISHED_MIBS", "").split(":")
    published.append(os.path.join(os.path.abspath(top), "..", "shared",
                                  "mibs"))
    published = [os.path.abspath(p) for p in published if p]
    for directory, names in ((mibs, MODULES), (base, BASE_MODULES)):
        for name in names:
            yield Comparison(name, os.path.join(directory, name + ".txt"),
                             find_module(name, published),
                             base + ":" + mibs, ":".join(published),
                             directory == base)


def differences_of(test):
    try:
        return test()
    except (OSError, ValueError, IndexError, ElementTree.ParseError) as error:
        return ["%s: %s" % (type(error).__name__, error)]


def main():
    tests = [(comparison, test) for comparison in comparisons()
             for test in comparison.tests()]
    print("1..%d" % len(tests))
    for number, (comparison, (text, test, tool)) in enumerate(tests, 1):
        if comparison.theirs is None:
            print("ok %d - %s # SKIP no published %s here"
                  % (number, text, comparison.name))
        elif tool and not shutil.which(tool):
            print("ok %d - %s # SKIP %s is not installed"
                  % (number, text, tool))
        else:
            differences = differences_of(test)
            print("%s %d - %s" % ("not ok" if differences else "ok", number,
                                  text))
            for line in "\n".join(differences).splitlines():
                print("# " + line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
