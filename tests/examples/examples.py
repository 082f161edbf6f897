#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""The examples of clients/examples, built as their READMEs say and run: examples.py BUILD [LANGUAGE ...].

Every language asks a server in the open and one over TLS, in both protocols and over a stream; Python also runs the worked
examples (a photo, a page of text, sentences). Toolchains are the system's; modules and models come pinned, once, into the
cache. A language that cannot be had here is skipped with the reason. The last line is RESULT languages= examples= failed=.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/e2e"), str(ROOT / "tests/interop")]

from certificates import Authority  # noqa: E402
from grpcio_support import Server  # noqa: E402
from interop import CACHE, Skip, install, once, run, system  # noqa: E402

EXAMPLES, SAMPLES = ROOT / "clients/examples", ROOT / "deploy/samples"
WORK = CACHE / "examples"
PAGE = """Every plan is compiled once
and kept while it is used
A batch closes when it is full
Rollback takes 25 seconds
All 1905 cases were tried
"""


def build(command, folder, **environment):
    """A failure is one of the example, not of what is installed here."""
    done = subprocess.run([str(part) for part in command], cwd=folder, env=dict(os.environ, **environment), capture_output=True,
                          text=True, errors="replace", timeout=900)
    if done.returncode:
        raise AssertionError(f"{command[0]} ended with {done.returncode}:\n{(done.stderr + done.stdout)[-3000:]}")


def python_of(name):
    """The environment of a list of packages."""
    done = subprocess.run([sys.executable, ROOT / "tools/venv.py", name], capture_output=True, text=True)
    if done.returncode:
        raise Skip("the packages of requirements-examples.txt cannot be installed here")
    return done.stdout.strip()


def digits(scene, command, **environment):
    """One program, asked for two digits, in the open and over TLS."""
    for digit in (3, 7):
        picture = SAMPLES / "digits" / f"{digit}.pgm"
        for target, *ca in (("127.0.0.1:%d" % scene.plain.port,), ("localhost:%d" % scene.secure.port, scene.authority.pem)):
            said = run([*command, target, picture, *ca], env=dict(os.environ, INFERD_PROTO=str(ROOT / "proto"), **environment))
            for way in ("inference", "tensorflow", "stream"):
                if not any(line.startswith(f"{way} {digit} 0.") for line in said.splitlines()):
                    raise AssertionError(f"no '{way} {digit} 0.9' in:\n{said[-2000:]}")
            scene.count += 1


def python(scene):
    folder, made = EXAMPLES / "python", WORK / "models-3"
    interpreter = python_of(folder / "requirements-examples.txt")
    digits(scene, [interpreter, folder / "digits.py"])
    install([interpreter, str(ROOT / "tests/examples/make_models.py"), str(made)], WORK)
    inputs = made / "inputs"
    server = Server(scene.binary, f"--model-repository={made / 'models'}")
    try:
        run([interpreter, folder / "classify_photo.py", server.target, inputs / "flower.png", inputs / "classes.txt"], "daisy")
        run([interpreter, folder / "read_page.py", server.target, inputs / "page.png", inputs / "letters.txt"], PAGE)
        run([interpreter, folder / "similarity.py", server.target, inputs / "tokenizer.json", "A man is eating food.",
             "A monkey is playing drums.", "A man is eating a piece of bread."], "0.7553  A man is eating a piece of bread.\n")
        scene.count += 3
    finally:
        server.stop()


def c(scene):
    """Against the library as it is installed: header, pkg-config and shared object of a folder of its own."""
    system("pkg-config", "pkg-config")
    system("make", "make")
    prefix, folder = scene.folder / "prefix", scene.folder / "c"
    install(["meson", "install", "-C", str(scene.build), "--no-rebuild", "--quiet", "--destdir", str(prefix)], scene.folder)
    shutil.copytree(EXAMPLES / "c", folder)
    packages = next(prefix.rglob("inferd-client.pc")).parent
    library = next(prefix.rglob("libinferd-client.so")).parent
    build(["make", "-B"], folder, PKG_CONFIG_PATH=str(packages), PKG_CONFIG_SYSROOT_DIR=str(prefix))
    digits(scene, [folder / "digits"], LD_LIBRARY_PATH=str(library))
    flags = run(["pkg-config", "--static", "--libs", "inferd-client"],
                env=dict(os.environ, PKG_CONFIG_PATH=str(packages), PKG_CONFIG_SYSROOT_DIR=str(prefix))).split()
    build(["cc", "-o", "digits-static", "digits.c", f"-I{next(prefix.rglob('inferd_client.h')).parent}",
             str(library / "libinferd-client.a"), *(flag for flag in flags if flag != "-linferd-client")], folder)
    digits(scene, [folder / "digits-static"])


def go(scene):
    folder, tools = WORK / "go", WORK / "go-tools"
    for module in ("google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12", "google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2"):
        once(tools / module.split("/")[-1], ["go", "install", module], GOBIN=str(tools))
    shutil.copytree(EXAMPLES / "go", folder, dirs_exist_ok=True)
    path = f"{tools}:{os.environ['PATH']}"
    install(["go", "mod", "download"], folder)
    build([folder / "generate", ROOT / "proto"], folder, PATH=path)
    build(["go", "build", "-o", "digits", "."], folder)
    digits(scene, [folder / "digits"])


def java(scene):
    system("java", "openjdk-17-jdk-headless")
    folder = WORK / "java"
    shutil.copytree(EXAMPLES / "java", folder, dirs_exist_ok=True)
    maven = ["mvn", "-q", "-B", f"-Dproto={ROOT / 'proto'}"]
    once(folder, [*maven, "dependency:resolve", "dependency:resolve-plugins"])
    build([*maven, "package"], folder)
    digits(scene, ["java", "-cp", f"{folder}/target/classes:{folder}/target/dependency/*", "Digits"])


def node(scene):
    folder = WORK / "node"
    shutil.copytree(EXAMPLES / "node", folder, dirs_exist_ok=True)
    once(folder, ["npm", "install", "--silent"])
    digits(scene, ["node", folder / "digits.js"])


def rust(scene):
    folder = WORK / "rust"
    shutil.copytree(EXAMPLES / "rust", folder, dirs_exist_ok=True)
    install(["cargo", "fetch", "--quiet"], folder)
    build(["cargo", "build", "--quiet"], folder, INFERD_PROTO=str(ROOT / "proto"), CARGO_TARGET_DIR=str(folder / "target"))
    digits(scene, [folder / "target/debug/digits"])


LANGUAGES = [("c", c), ("python", python), ("go", go), ("java", java), ("node", node), ("rust", rust)]


class Scene:
    """Two servers of the samples: one in the open, one over TLS."""

    def __init__(self, build, folder):
        self.build, self.folder, self.count = pathlib.Path(build).resolve(), pathlib.Path(folder), 0
        self.binary = str(self.build / "server/inferd")
        repository = f"--model-repository={SAMPLES / 'models'}"
        self.authority = Authority(self.folder, "ca")
        certificate, key = self.authority.issue_server("server")
        self.plain = Server(self.binary, repository)
        self.secure = Server(self.binary, repository, "--grpc-use-ssl=true", f"--grpc-server-cert={certificate}",
                             f"--grpc-server-key={key}")

    def stop(self):
        self.plain.stop()
        self.secure.stop()


def main():
    build, *names = sys.argv[1:]
    unknown = set(names) - {name for name, _ in LANGUAGES}
    if unknown:
        sys.exit(f"no such language: {', '.join(unknown)}")
    WORK.mkdir(parents=True, exist_ok=True)
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    with tempfile.TemporaryDirectory() as folder:
        scene = Scene(build, folder)
        for name, language in LANGUAGES:
            if names and name not in names:
                continue
            try:
                language(scene)
                outcome, why = "passed", ""
            except Skip as reason:
                outcome, why = "skipped", f": {reason}"
            except (AssertionError, subprocess.TimeoutExpired) as error:
                outcome, why = "failed", f": {error}"
            counts[outcome] += 1
            print(f"{outcome:7s} {name}{why}", flush=True)
        scene.stop()
    print(", ".join(f"{count} {name}" for name, count in counts.items()))
    print(f"RESULT languages={counts['passed']} examples={scene.count} failed={counts['failed']}")
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
