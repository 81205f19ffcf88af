#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The documents: that what they point to is there."""

import os
import re

import tap

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.abspath(os.environ.get("srcdir_top", os.path.join(HERE, "..", "..")))
BUILT_PARTS = {"objects_intro.md"}  # part of another page

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def pages():
    """{path: text without code}"""
    doc = os.path.join(TOP, "doc")
    names = [os.path.join(TOP, "README.md")]
    names += [os.path.join(doc, name) for name in sorted(os.listdir(doc))
              if name.endswith(".md") and not name.endswith(".built.md")]
    found = {}
    for name in names:
        with open(name, encoding="utf-8") as page:
            found[name] = page.read()
    return found


def anchors(text):
    """As the usual renderers make them of headings."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        words = re.sub(r"[^\w\- ]", "", heading.lower())
        found.add(words.replace(" ", "-"))
    return found


def links(text):
    """Those to other pages; list items are indented like code, and have links."""
    return [link for link in LINK.findall(re.sub(r"`[^`\n]*`", "", text))
            if not re.match(r"[a-z]+:", link)]


def test_links():
    "every link leads to a file of the source, and to a heading of it"
    checked = 0
    texts = pages()
    for path, text in texts.items():
        for link in links(text):
            place, _, anchor = link.partition("#")
            target = os.path.normpath(os.path.join(os.path.dirname(path), place)) if place else path
            where = f"{os.path.relpath(path, TOP)}: {link}"
            tap.check(os.path.exists(target), f"{where}: no such file")
            if anchor and target in texts:
                tap.check(anchor in anchors(texts[target]), f"{where}: no such heading")
            checked += 1
    tap.check(checked > 30, f"{checked} links")


def test_found():
    "every page can be reached from README.md"
    texts = pages()
    reached, ahead = set(), [os.path.join(TOP, "README.md")]
    while ahead:
        path = ahead.pop()
        if path in reached or path not in texts:
            continue
        reached.add(path)
        ahead += [os.path.normpath(os.path.join(os.path.dirname(path), link.partition("#")[0]))
                  for link in links(texts[path])]
    lost = {os.path.basename(path) for path in set(texts) - reached}
    tap.equal(lost - BUILT_PARTS, set(), "pages that nothing points to")


def test_installed():
    "every page is installed"
    with open(os.path.join(TOP, "doc", "Makefile.am"), encoding="utf-8") as rules:
        listed = set(re.findall(r"^\t([\w.]+\.md)", rules.read().partition("dist_doc_DATA")[2],
                                re.MULTILINE))
    there = {os.path.basename(path) for path in pages()} - {"README.md"} - BUILT_PARTS
    tap.equal(listed, there, "pages in dist_doc_DATA")


if __name__ == "__main__":
    tap.main([test_links, test_found, test_installed])
