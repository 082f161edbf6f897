# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""package.py BUILD PROJECT: makes the Debian package twice (the same bytes), unpacks it and uses what is in it.

Its inferd checks the sample repository; its man pages format without a warning and name every flag; its completions
complete; its unit starts what is in the package with flags that exist. Nothing is installed. Skipped (77) where there is
no dpkg-shlibdeps.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

COMPLETE = 'source "$1"; COMP_WORDS=({words}); COMP_CWORD={last}; {function}; printf "%s\\n" "${{COMPREPLY[@]}}"'


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def complete(script, *words):
    text = COMPLETE.format(words=" ".join(words), last=len(words) - 1, function=f"_{words[0]}")
    return run("bash", "-c", text, "bash", script).split()


def check_man(root, name, section, flags):
    file = root / f"usr/share/man/man{section}/{name}.{section}.gz"
    shown = subprocess.run(["man", "--warnings", "-E", "utf-8", "-l", file], check=True, capture_output=True, text=True,
                           env=os.environ | {"MANWIDTH": "200"})
    assert not shown.stderr.strip(), shown.stderr
    page = shown.stdout
    missing = [flag for flag in flags if flag not in page]
    assert not missing, f"{name}({section}) does not name {missing}"


def check_unit(root):
    unit = (root / "usr/lib/systemd/system/inferd.service").read_text()
    program = re.search(r"ExecStart=(\S+)", unit)[1]
    assert (root / program.lstrip("/")).exists(), program
    flags = re.search(r'INFERD_FLAGS="([^"]*)"', unit)[1].split()
    run(root / "usr/bin/inferd", *flags, "--version")  # an unknown flag would be refused


def main():
    build, project = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    if not shutil.which("dpkg-shlibdeps"):
        print("dpkg-dev is not installed")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        packages = [pathlib.Path(run(project / "deploy/debian/make_deb", build, work / name).strip()) for name in "ab"]
        assert packages[0].read_bytes() == packages[1].read_bytes(), "the same build gives other bytes"
        root = work / "root"
        run("dpkg-deb", "-x", packages[0], root)
        text = run(root / "usr/bin/inferd", "--help")
        flags = set(re.findall(r"^  (--[a-z0-9-]+)", text, flags=re.MULTILINE))
        assert len(flags) > 50
        run(root / "usr/bin/inferd", f"--model-repository={project}/deploy/samples/models", "--check")
        if shutil.which("man"):
            check_man(root, "inferd", 8, flags)
            check_man(root, "inferctl", 1, ["predict", "--token-file"])
        completions = root / "usr/share/bash-completion/completions"
        assert "--model-repository" in complete(completions / "inferd", "inferd", "--model-r")
        assert complete(completions / "inferctl", "inferctl", "pred") == ["predict"]
        assert "--outstanding" in complete(completions / "inferctl", "inferctl", "bench", "--out")
        check_unit(root)
        print(f"{packages[0].name}: {packages[0].stat().st_size / 1e6:.1f} MB, {len(flags)} flags in the manual")


main()
