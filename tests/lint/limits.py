#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""Fails on what STYLE section 8 limits: length of a file and of a function, the head of a file, line comments, and on
sources in a folder that its meson.build does not list."""

import os
import re
import subprocess
import sys

FILE_LINES, FUNCTION_LINES = 500, 60
SPDX = ("SPDX-FileCopyrightText: 2026 The inferd authors", "SPDX-License-Identifier: Apache-2.0")


def functions(lines):
    """(name, first line, length) of each function body that opens at column 0."""
    start = name = None
    for number, line in enumerate(lines, 1):
        if start is None and line.rstrip().endswith("{") and not line.startswith((" ", "\t", "#", "}")) and "(" in line:
            start, name = number, line.split("(")[0].split()[-1]
        elif start is None and re.match(r"^ .*\) \{$", line) and number > 1 and lines[number - 2][:1].strip():
            start, name = number, lines[number - 2].split("(")[0].split()[-1]
        elif start is not None and line.startswith("}"):
            yield name, start, number - start + 1
            start = None


def without_text(line):
    return re.sub(r'"(\\.|[^"\\])*"', '""', line)


def check(path):
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    head = "\n".join(lines[:4])
    if not all(text in head for text in SPDX):
        yield f"{path}:1: the two SPDX lines are missing"
    if not path.endswith((".c", ".h")):
        return
    if len(lines) > FILE_LINES:
        yield f"{path}:{FILE_LINES}: {len(lines)} lines, {FILE_LINES} allowed"
    for number, line in enumerate(lines, 1):
        if re.search(r"(^|[^:])//", without_text(line)) and not line.lstrip().startswith(("*", "/*")):
            yield f"{path}:{number}: a // is a leftover"
        if re.search(r"\bTODO(?!\(#\d+\))", line):
            yield f"{path}:{number}: a TODO carries an issue number"
    if path.endswith(".c"):
        for name, number, length in functions(lines):
            if length > FUNCTION_LINES:
                yield f"{path}:{number}: {name} has {length} lines, {FUNCTION_LINES} allowed"


def unlisted(paths):
    """Sources of what is shipped that no meson.build of their top folder names."""
    for top in ("runtime", "cuda", "server", "clients"):
        builds = subprocess.run(["git", "grep", "-h", "", "--", f"{top}/meson.build", f"{top}/**/meson.build"],
                                check=True, capture_output=True, text=True).stdout
        listed = set(re.findall(r"['/]([\w]+\.c)'", builds))
        for path in paths:
            if path.startswith(top + "/") and path.endswith(".c") and os.path.basename(path) not in listed:
                yield f"{path}:1: no meson.build lists it"


def main():
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.c", "*.h", "*.py", "*.sh",
                             "meson.build", "*/meson.build", "dev", "tools/*", ".ci/run", "tests/*/run*"],
                            check=True, capture_output=True, text=True).stdout.split()
    found = [message for path in sorted(set(listed)) for message in check(path)]
    found += unlisted(sorted(set(listed)))
    print("\n".join(found) if found else f"limits: {len(set(listed))} files in order")
    sys.exit(1 if found else 0)


main()
