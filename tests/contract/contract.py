#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""The contracts of both servers, a row a fact: contract.py INFERD MESSAGES [REPORT].

Every row of tensorflow_rows.py and inference_rows.py is a real request to the real binary, with the code and the text or
document that it must give. Rows whose answer is not the other server's say why; docs/COMPATIBILITY.md is made of the same
rows (contract.py --report MESSAGES > docs/COMPATIBILITY.md), and REPORT, the file as it is, must be that.

The last line is RESULT tensorflow_rows= inference_rows= failed=.
"""

import concurrent.futures
import pathlib
import sys
import tempfile

REPORT_ONLY = sys.argv[1] == "--report"
sys.path.insert(0, sys.argv[2])
sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "e2e"))

import inference_manage_rows  # noqa: E402
import inference_rows  # noqa: E402
import tensorflow_manage_rows  # noqa: E402
import tensorflow_rows  # noqa: E402
from report import make_report  # noqa: E402
from scene import Scene, make_repository  # noqa: E402

TABLES = {"tensorflow": tensorflow_rows.ROWS + tensorflow_manage_rows.ROWS,
          "inference": inference_rows.ROWS + inference_manage_rows.ROWS}


def run_rows(scene, rows):
    """Failures in order. Rows that change the server run alone and in order, after the others, which run beside each other."""
    quiet, loud = [r for r in rows if not r.changes], [r for r in rows if r.changes]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        failures = list(pool.map(scene.run, quiet))
    return [failure for failure in failures + [scene.run(row) for row in loud] if failure]


def main():
    report = make_report(TABLES)
    if REPORT_ONLY:
        print(report, end="")
        return 0
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        make_repository(folder)
        scene = Scene(sys.argv[1], folder)
        for name, rows in TABLES.items():
            failures += [f"{name}: {failure}" for failure in run_rows(scene, rows)]
        scene.stop()
    if len(sys.argv) > 3 and pathlib.Path(sys.argv[3]).read_text(encoding="utf-8") != report:
        failures.append(f"{sys.argv[3]} is not what the rows say; run ./dev docs")
    for failure in failures:
        print(f"failed {failure}")
    print(f"RESULT tensorflow_rows={len(TABLES['tensorflow'])} inference_rows={len(TABLES['inference'])} "
          f"failed={len(failures)}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
