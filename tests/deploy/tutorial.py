# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""tutorial.py PROJECT [PAGE]: types the tutorial, from its text, into a shell, and compares what it says.

Of each block ```console the lines behind `$ ` are typed, here-documents with what belongs to them, one command after the other into
one bash in a home of its own; the lines that follow must be what comes out but for blanks at their ends, `...` in a line standing for anything, a line `...` for
any lines. A block with `file=NAME` becomes that file. A real API server stands behind kubectl and helm. Ports 8500 and 8501 are
replaced by free ones where the shell and those files have them. Every status must be 0. The last line is
`RESULT tutorial_commands=N failed=N`.
"""

import os
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

from cluster import Cluster, free_port

LIMIT_SECONDS = 1500  # of one command: the first of all may build the server
STORAGE = '[storage]\ndriver = "vfs"\ngraphroot = "{0}/storage"\nrunroot = "{0}/run"\n'


def blocks_of(text):
    """(language, attributes, lines) of each fenced block."""
    for found in re.finditer(r"^```(\w+)([^\n]*)\n(.*?)^```$", text, re.M | re.S):
        yield found[1], dict(re.findall(r"(\w+)=(\S+)", found[2])), found[3].splitlines()


def commands_of(lines):
    """(command, lines expected)"""
    commands = []
    ending = None
    for line in lines:
        if ending:
            commands[-1][0] += f"\n{line}"
            ending = None if line == ending else ending
        elif line.startswith("$ "):
            commands.append([line[2:], []])
            here = re.search(r"<<'(\w+)'", line)
            ending = here and here[1]
        else:
            assert commands, f"nothing was typed before {line!r}"
            commands[-1][1].append(line)
    return commands


def pattern_of(expected):
    parts = [r"(?:.*\n)*?" if line == "..." else ".*".join(map(re.escape, line.split("..."))) + r"\n" for line in expected]
    return re.compile("".join(parts))


class Shell:
    def __init__(self, environment, folder):
        self.mark = secrets.token_hex(16)
        self.process = subprocess.Popen(["bash", "--norc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, errors="replace", cwd=folder, env=environment, start_new_session=True)

    def type(self, command):
        """(status, what it said)"""
        self.process.stdin.write(f"{{ {command}\n}} </dev/null 2>&1; printf '\\n%s %d\\n' {self.mark} $?\n")
        self.process.stdin.flush()
        guard = threading.Timer(LIMIT_SECONDS, self.kill)
        guard.start()
        said = []
        try:
            for line in self.process.stdout:
                if line.startswith(self.mark):
                    text = "".join(said)
                    return int(line.split()[1]), text[:-1] if text.endswith("\n") else text
                said.append(line)
        finally:
            guard.cancel()
        return -1, "".join(said) + "\n(the shell has ended)"

    def kill(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def close(self):
        self.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def environment_of(cluster, tools, work):
    home, bin_folder = work / "home", work / "bin"
    home.mkdir(), bin_folder.mkdir()
    (bin_folder / "kubectl").symlink_to(os.environ["KUBECTL"])
    (bin_folder / "helm").symlink_to(tools / "bin/helm")
    if not shutil.which("sudo") and os.geteuid() == 0:  # nobody else is there to ask
        (bin_folder / "sudo").write_text('#!/bin/sh\nexec "$@"\n')
        (bin_folder / "sudo").chmod(0o755)
    (work / "storage.conf").write_text(STORAGE.format(work / "containers"))
    cache = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "MAKEFLAGS", "ASAN_OPTIONS", "LSAN_OPTIONS")}
    return kept | {"HOME": str(home), "PATH": f"{bin_folder}:{os.environ['PATH']}", "KUBECONFIG": str(cluster.config),
                   "XDG_CACHE_HOME": cache, "CONTAINERS_STORAGE_CONF": str(work / "storage.conf"), "DEBIAN_FRONTEND": "noninteractive",
                   "LC_ALL": "C.UTF-8", "CCACHE_DIR": os.environ.get("CCACHE_DIR", os.path.join(cache, "ccache"))}


def follow(page, shell, ports):
    """(commands typed, of them failed); the first failure ends it, since the rest rests on it."""
    typed, here = 0, None

    def local(text):
        for known, port in ports.items():
            text = re.sub(rf"\b{known}\b", str(port), text)
        return text
    for language, attributes, lines in blocks_of(page.read_text()):
        if "file" in attributes:
            status, said = shell.type("pwd")
            here = pathlib.Path(said.strip())
            (here / attributes["file"]).write_text(local("\n".join(lines)) + "\n")
            continue
        assert language == "console", f"a block of {language} is neither typed nor a file"
        for command, expected in commands_of(lines):
            typed += 1
            uses_port = re.search(r"inferd --model|127\.0\.0\.1", command)
            status, said = shell.type(local(command) if uses_port else command)
            said = "".join(f"{line.rstrip()}\n" for line in said.splitlines())
            if status != 0 or not pattern_of(expected).fullmatch(said):
                print(f"failed: $ {command}\nstatus {status}, expected:\n" + "\n".join(expected) + f"\nsaid:\n{said[-4000:]}")
                return typed, 1
            print(f"ok $ {command.splitlines()[0][:110]}", flush=True)
    return typed, 0


def main():
    project = pathlib.Path(sys.argv[1])
    page = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else project / "docs/tutorial/README.md"
    if os.geteuid() != 0:
        print("skipped: the tutorial installs packages and builds an image, as root here")
        return 77
    tools = pathlib.Path(os.environ["DEPLOY_TOOLS"])
    with tempfile.TemporaryDirectory() as folder, Cluster(tools, os.environ["KUBECTL"], folder) as cluster:
        work = pathlib.Path(folder)
        shell = Shell(environment_of(cluster, tools, work), project)
        try:
            typed, failed = follow(page, shell, {"8500": free_port(), "8501": free_port()})
        finally:
            shell.close()
            subprocess.run(["umount", "-R", work / "containers"], capture_output=True, check=False)
    print(f"RESULT tutorial_commands={typed} failed={failed}")
    return failed


sys.exit(main())
