#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""Fetches the source archive of a current gRPC C-core into the cache, once, and prints its folder.

The C-core is published inside grpcio's source archive, which pip gets from the configured index and checks by its hash;
nothing of it is built or run but its metadata step. The folder is renamed into place when it is complete. Exit 77 when it
is neither cached nor to be had; the reason goes to stderr.
"""

import hashlib
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile

VERSION = "1.85.1"
SHA256 = "5f530287d5de5f7f66089ead81de44f6787162944dab3922efa65dfdff108a1d"
NAME = f"grpcio-{VERSION}"


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(base) / "inferd"


def fetch(folder):
    """The archive, by a pip of its own: Debian's refuses this archive's metadata."""
    python = folder / "venv/bin/python"
    subprocess.run(["/usr/bin/python3", "-m", "venv", folder / "venv"], check=True, stdout=sys.stderr)
    pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"]
    subprocess.run(pip + ["install", "--upgrade", "pip", "setuptools", "wheel"], check=True, stdout=sys.stderr)
    wanted = folder / "wanted.txt"
    wanted.write_text(f"grpcio=={VERSION} --hash=sha256:{SHA256}\n")
    subprocess.run(pip + ["download", "--no-binary", ":all:", "--no-deps", "--no-build-isolation", "--require-hashes",
                          "--dest", folder, "--requirement", wanted], check=True, stdout=sys.stderr)
    archive = folder / f"{NAME}.tar.gz"
    if hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
        raise OSError(f"{archive.name} has another hash")
    return archive


class Unobtainable(Exception):
    """Neither cached nor to be had."""


def obtain():
    """The folder of the unpacked archive."""
    target = cache_folder() / NAME
    if not target.exists():
        cache_folder().mkdir(parents=True, exist_ok=True)
        try:
            with tempfile.TemporaryDirectory(prefix=f"{NAME}.", dir=cache_folder()) as folder:
                folder = pathlib.Path(folder)
                with tarfile.open(fetch(folder)) as archive:
                    archive.extractall(folder / "sources")
                (folder / "sources" / NAME).rename(target)
        except (subprocess.CalledProcessError, OSError) as error:
            if not target.exists():  # else another run was quicker
                raise Unobtainable(str(error)) from error
    return target


def main():
    try:
        print(obtain())
    except Unobtainable as error:
        print(f"fetch_grpc_core: {error}", file=sys.stderr)
        return 77
    return 0


if __name__ == "__main__":
    sys.exit(main())
