#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""venv.py REQUIREMENTS: a virtual environment in the cache with exactly these packages, all of them with hashes.

Prints its python. Made once; another list of packages is another environment. Exit 77 when it cannot be had.
"""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys


def main() -> int:
    requirements = pathlib.Path(sys.argv[1])
    base = pathlib.Path(os.environ.get("INFERD_CACHE") or
                        pathlib.Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "inferd")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    key = hashlib.sha256(requirements.read_bytes() + version.encode()).hexdigest()[:12]
    folder = base / f"venv-{requirements.stem}-{key}"
    python = folder / "bin" / "python"
    complete = folder / "complete"
    if not complete.exists():
        try:
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, stdout=sys.stderr)
            subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
                            "--only-binary=:all:", "--require-hashes", "-r", str(requirements)], check=True, stdout=sys.stderr)
            complete.touch()
        except (subprocess.CalledProcessError, OSError) as error:
            print(f"venv: {error}", file=sys.stderr)
            return 77
    print(python)
    return 0


sys.exit(main())
