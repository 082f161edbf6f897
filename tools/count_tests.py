#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""count_tests.py LOG SUITE: one line `SUITE: P passed, F failed, S skipped` from meson's testlog.json.

A skipped program's reason (its last line of output) is printed before that, so that no skip is silent.
A suite that ran nothing counts as one failure: a lost test must not look like success.
"""

import json
import sys

OUTCOME = {"OK": "passed", "EXPECTEDFAIL": "passed", "SKIP": "skipped"}


def main(path, suite):
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            test = json.loads(line)
            outcome = OUTCOME.get(test["result"], "failed")
            counts[outcome] += 1
            if outcome == "skipped":
                said = (test.get("stdout") or test.get("stderr") or "").strip().splitlines()
                print(f"skipped {test['name']}: {said[-1] if said else 'no reason given'}", file=sys.stderr)
            elif outcome == "failed":
                print(f"failed {test['name']}: {test['result']}", file=sys.stderr)
    if not any(counts.values()):
        counts["failed"] = 1
        print(f"suite {suite} ran no test", file=sys.stderr)
    print(f"{suite}: " + ", ".join(f"{count} {name}" for name, count in counts.items()))


main(sys.argv[1], sys.argv[2])
