#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""Fails on text in a tracked file that belongs to one machine or one person: folders under a home or a work place,
hosts of package registries, addresses of private networks, keys and tokens."""

import re
import subprocess
import sys

FORBIDDEN = {
    "a folder of one machine": r"(?<![\w.}\])])/(?:work|root|home/\w+|Users/\w+|mnt/\w+)/\w",
    "a package registry's host": r"\b(?:pypi\.org|files\.pythonhosted\.org|registry\.npmjs\.org|crates\.io|proxy\.golang\.org"
                                 r"|deb\.debian\.org|rubygems\.org|index-url|extra-index|(?:\w+[.-])*(?:artifactory|nexus)\.\w+)",
    "an address of a private network": r"\b(?:10\.\d+|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d+\.\d+\b",
    "a key": r"-----BEGIN (?:\w+ )?PRIVATE KEY|\b(?:ghp|gho|ghs|glpat|xox[bp])[_-]\w{10}|\bAKIA[0-9A-Z]{16}\b"
             r"|(?i:\b(?:password|passwd|secret|api_?key|token)\b\s*[:=]\s*[\"'][^\"'\s]{6})",
}
ITSELF = "tests/lint/places.py"


def check(path):
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except UnicodeDecodeError:
        return  # a model, an image, a corpus
    for number, line in enumerate(lines, 1):
        for what, pattern in FORBIDDEN.items():
            match = re.search(pattern, line)
            if match:
                yield f"{path}:{number}: {what}: {match.group()}"


def main():
    listed = subprocess.run(["git", "ls-files", "-z"], check=True, capture_output=True, text=True).stdout
    paths = [path for path in listed.split("\0") if path and path != ITSELF]
    found = [message for path in paths for message in check(path)]
    print("\n".join(found) if found else f"places: {len(paths)} files in order")
    sys.exit(1 if found else 0)


main()
