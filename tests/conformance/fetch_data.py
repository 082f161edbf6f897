#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""Fetch the official ONNX test data into the cache, once.

The Python wheel onnx 1.22.0 carries all test cases and the nine light networks; pip fetches it from the configured
index, checked by its hash. Prints the data folder. Exit 77 when it is neither cached nor to be had.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

VERSION = "1.22.0"
WHEEL = f"onnx-{VERSION}-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl"
SHA256 = "1d0a2bdb15eb2b3cb65c438f3423d9620d14fdce32f92380e6bb1b2e09568ef5"
PREFIX = "onnx/backend/test/data/"
KINDS = ("node", "simple", "pytorch-converted", "pytorch-operator", "light")


def cache_folder() -> pathlib.Path:
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(base) / "inferd"


def pip() -> list[str]:
    """A pip: of this Python, or of a virtual environment made for it."""
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0:
        return [sys.executable, "-m", "pip"]
    venv = cache_folder() / "fetch-venv"
    if not (venv / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True, capture_output=True)
    return [str(venv / "bin" / "python"), "-m", "pip"]


def fetch(folder: pathlib.Path) -> pathlib.Path:
    wheel = folder / WHEEL
    if wheel.exists():
        return wheel
    folder.mkdir(parents=True, exist_ok=True)
    wanted = folder / "onnx-data.txt"
    wanted.write_text(f"onnx=={VERSION} --hash=sha256:{SHA256}\n")
    subprocess.run(
        pip() + ["download", "--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:", "--python-version", "3.11",
                 "--implementation", "cp", "--abi", "cp311", "--platform", "manylinux_2_28_x86_64",
                 "--platform", "manylinux_2_27_x86_64", "-d", str(folder), "-r", str(wanted)],
        check=True, stdout=sys.stderr)
    return wheel


def unpack(wheel: pathlib.Path, folder: pathlib.Path) -> None:
    """Into a folder beside, renamed when it is complete."""
    partial = folder.with_name(f"{folder.name}.{os.getpid()}")
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            relative = name.removeprefix(PREFIX)
            if name == relative or not relative.startswith(KINDS) or name.endswith("/"):
                continue
            target = partial / relative
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(name) as source, open(target, "wb") as copy:
                shutil.copyfileobj(source, copy)
    if folder.exists():
        shutil.rmtree(partial)
    else:
        partial.rename(folder)


def main() -> int:
    data = cache_folder() / f"onnx-{VERSION}-data"
    if not data.exists():
        try:
            unpack(fetch(cache_folder() / "wheels"), data)
        except (subprocess.CalledProcessError, OSError) as error:
            print(f"fetch_data: {error}", file=sys.stderr)
            return 77
    print(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
