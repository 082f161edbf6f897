#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""hardening.py PROGRAM ... [--release]: fails on a program whose ELF file lacks what makes it hard to take over.

Position independent, relocations read-only and bound at start, a stack that is not executable, no writable code, no
search path of its own; a release also checks its stack and its copies.
"""

import re
import subprocess
import sys


def readelf(*arguments):
    return subprocess.run(["readelf", "-W", *arguments], check=True, capture_output=True, text=True).stdout


def faults(path, release):
    head, segments, dynamic = readelf("-h", path), readelf("-l", path), readelf("-d", path)
    symbols = readelf("--dyn-syms", path)
    stack = re.search(r"GNU_STACK.* (R\w*) ", segments)
    checks = {
        "position independent": re.search(r"Type:\s+DYN", head),
        "relocations read-only": "GNU_RELRO" in segments,
        "bound at start": re.search(r"BIND_NOW|FLAGS.*NOW", dynamic),
        "no executable stack": stack and "E" not in stack[1],
        "no writable code": not re.search(r"LOAD.*RWE", segments),
        "no relocations in code": "TEXTREL" not in dynamic,
        "no search path": not re.search(r"\((RPATH|RUNPATH)\)", dynamic) or not release,
    }
    if release:
        checks["stack is checked"] = "__stack_chk_fail" in symbols
        checks["copies are checked"] = re.search(r"__(memcpy|snprintf|vsnprintf|read|fprintf)_chk", symbols)
    return [name for name, good in checks.items() if not good]


def main():
    release = "--release" in sys.argv
    failed = False
    for path in [argument for argument in sys.argv[1:] if argument != "--release"]:
        found = faults(path, release)
        failed = failed or bool(found)
        print(f"{path}: {'missing: ' + ', '.join(found) if found else 'good'}")
    sys.exit(1 if failed else 0)


main()
