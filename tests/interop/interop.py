#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""Clients that others wrote, against the real binary: interop.py INFERD [CLIENT ...].

Each is installed once, pinned, into a folder of its own below the cache, through its own package manager; one that cannot be
installed is skipped with the reason. Without names all are run. The last line is
RESULT clients_passed= clients_failed= clients_skipped=.
"""

import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import urllib.request

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from grpcio_support import Server, add_model, field, identity_model  # noqa: E402
from http_support import INT32, STRING, http_port, model, node, port, scalar  # noqa: E402

CACHE = pathlib.Path(os.environ.get("INFERD_CACHE") or pathlib.Path(
    os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "inferd")
CLIENTS = HERE / "clients"
INSTALL_SECONDS, RUN_SECONDS = 900, 180


class Skip(Exception):
    """Cannot be installed here, and why."""


# --- installing ---

def install(command, folder, **environment):
    """Runs a package manager; its failure is a reason to skip."""
    if not shutil.which(command[0]):
        raise Skip(f"{command[0]} is not here")
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(command, cwd=folder, env=dict(os.environ, **environment), capture_output=True, text=True,
                          errors="replace", timeout=INSTALL_SECONDS)
    if done.returncode:
        said = (done.stderr + done.stdout).strip().splitlines()
        raise Skip(f"{' '.join(map(str, command[:3]))} failed: {said[-1][:200] if said else done.returncode}")


def once(folder, *commands, **environment):
    """Runs the commands in the folder unless that was done before with the same commands."""
    stamp, wanted = folder / ".installed", repr(commands)
    if not stamp.exists() or stamp.read_text() != wanted:
        for command in commands:
            install([str(part) for part in command], folder, **environment)
        stamp.write_text(wanted)
    return folder


def venv(name, *packages):
    folder = CACHE / "interop" / name
    pip = folder / "bin/pip"
    once(folder, ["python3", "-m", "venv", folder], [pip, "install", "-q", *packages])
    return folder / "bin/python"


def go_tool(name, module, version):
    once(CACHE / "interop" / name, ["go", "install", f"{module}@{version}"], GOBIN=str(CACHE / "interop" / name))
    return CACHE / "interop" / name / name


def system(name, package):
    if not shutil.which(name):
        raise Skip(f"{name} is not installed (apt-get install {package})")
    return name


# --- running ---

def run(command, text="", **more):
    """Its output, which must have the text and end in status 0."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, errors="replace",
                          timeout=RUN_SECONDS, **more)
    said = done.stdout + done.stderr
    if done.returncode or text not in said:
        raise AssertionError(f"status {done.returncode}, looked for '{text}' in:\n{said[-3000:]}")
    return said


def ints(value):
    return struct.pack("<16i", *(value(i) for i in range(16)))


def infer_message():
    tensors = b"".join(field(5, field(1, f"INPUT{i}") + field(2, "INT32") + field(3, 1) + field(3, 16)) for i in range(2))
    return field(1, "simple") + tensors + field(7, ints(lambda i: i)) + field(7, ints(lambda i: 3))


def triton(scene):
    python = venv("tritonclient", "tritonclient[grpc,http]==2.73.0", "grpcio==1.85.1")
    return run([python, CLIENTS / "triton_client.py", scene.grpc, scene.http])


def tensorflow(scene):
    python = venv("tensorflow", "tensorflow-cpu==2.21.0", "tensorflow-serving-api==2.21.0")
    return run([python, CLIENTS / "tensorflow_client.py", scene.grpc])


def kserve(scene):
    return run([venv("kserve", "kserve==0.21.0"), CLIENTS / "kserve_client.py", scene.grpc, scene.http])


def perf_analyzer(scene):
    """A wheel for a newer C library than Debian 12's: unpacked into a chroot of Debian 13, where that can be made."""
    chroot, wheels = CACHE / "interop" / "trixie", CACHE / "interop" / "perf_analyzer"
    if os.geteuid() != 0:
        raise Skip("a chroot needs root")
    once(wheels, ["python3", "-m", "pip", "download", "-q", "--no-deps", "--platform", "manylinux_2_38_x86_64",
                  "--only-binary=:all:", "-d", wheels, "perf-analyzer==2.60.0"])
    if not (chroot / "usr/lib").exists():
        install([system("debootstrap", "debootstrap"), "--variant=minbase", "trixie", str(chroot)], chroot.parent)
    shutil.unpack_archive(next(wheels.glob("*.whl")), chroot / "perf", "zip")
    binary = "/perf/perf_analyzer/bin/perf_analyzer"
    (chroot / binary[1:]).chmod(0o755)
    said = run(["chroot", chroot, binary, "-m", "simple", "-i", "grpc", "-u", f"127.0.0.1:{scene.grpc}",
                "--concurrency-range", "1:4:1", "-p", "1000", "-s", "100", "-r", "20"], "Inferences/Second vs. Client")
    rows = re.findall(r"Concurrency: \d+, throughput: [1-9][\d.]* infer/sec", said)
    server = re.findall(r"Inference count: [1-9]\d*[\s\S]{0,300}?queue \d+ usec[\s\S]{0,100}?compute infer \d+ usec", said)
    if len(rows) < 4 or len(server) < 4:
        raise AssertionError(f"{len(rows)} points, {len(server)} server-side breakdowns of 4:\n{said[-3000:]}")
    return said


def grpcurl(scene):
    """Every method, through reflection; starts a server of its own."""
    once(CACHE / "interop" / "grpcurl", [ROOT / "tools/install_grpcurl", CACHE])
    if not (CACHE / "bin/grpcurl").exists():
        raise Skip("grpcurl needs Go, which is not here")
    return run([HERE / "grpcurl.sh", scene.binary, ROOT / "deploy/samples"], env=dict(os.environ, INFERD_CACHE=str(CACHE)))


def ghz(scene):
    tool = go_tool("ghz", "github.com/bojand/ghz/cmd/ghz", "v0.93.0")
    body = scene.file("ghz.bin", infer_message())
    said = run([tool, "--insecure", "--proto", ROOT / "proto/inference/grpc_service.proto", "-i", ROOT / "proto/inference",
                "--call", "inference.GRPCInferenceService/ModelInfer", "-B", body, "-n", "2000", "-c", "16", f"127.0.0.1:{scene.grpc}"])
    if not re.search(r"\[OK\]\s+2000 responses", said):
        raise AssertionError(said)
    return said


def health_probe(scene):
    tool = go_tool("grpc-health-probe", "github.com/grpc-ecosystem/grpc-health-probe", "v0.4.61")
    run([tool, f"-addr=127.0.0.1:{scene.grpc}"], "status: SERVING")
    return run([tool, f"-addr=127.0.0.1:{scene.grpc}", "-service=simple"], "status: SERVING")


def grpc_js(scene):
    folder = once(CACHE / "interop" / "grpc-js", ["npm", "install", "--silent", "@grpc/grpc-js@1.14.7", "@grpc/proto-loader@0.8.0"])
    return run(["node", CLIENTS / "grpc_js.js", scene.grpc, ROOT / "proto"], env=dict(os.environ, NODE_PATH=folder / "node_modules"))


def grpc_java(scene):
    folder = CACHE / "interop" / "grpc-java"
    source = (CLIENTS / "grpc-java/src/main/java/Interop.java").read_text()
    proto = folder / "proto"
    proto.mkdir(parents=True, exist_ok=True)
    shutil.copytree(CLIENTS / "grpc-java", folder, dirs_exist_ok=True)
    for name in ("grpc_service.proto", "model_config.proto"):
        shutil.copy(ROOT / "proto/inference" / name, proto / name)
    once(folder, ["mvn", "-q", "-B", f"-Dproto={proto}", "package"], ["true", str(hash_of(source))])
    return run(["java", "-cp", f"{folder}/target/classes:{folder}/target/dependency/*", "Interop", scene.grpc])


def hash_of(text):
    return sum(ord(c) * (i % 997 + 1) for i, c in enumerate(text))


def tonic(scene):
    folder = CACHE / "interop" / "tonic"
    shutil.copytree(CLIENTS / "tonic", folder, dirs_exist_ok=True)
    install(["cargo", "build", "--quiet"], folder, INFERD_PROTO=str(ROOT / "proto"), CARGO_TARGET_DIR=str(folder / "target"))
    return run([folder / "target/debug/interop", scene.grpc])


def curl(scene):
    tool, base = system("curl", "curl"), f"http://127.0.0.1:{scene.http}"
    run([tool, "-sf", f"{base}/v2/health/ready"])
    run([tool, "-sf", f"{base}/v1/models/default"], '"AVAILABLE"')
    run([tool, "-sf", "--compressed", "-d", '{"instances": [2.0]}', f"{base}/v1/models/default:predict"], '{"predictions":[3.0]}')
    head = b'{"inputs":[{"name":"x","shape":[1,2],"datatype":"BYTES","parameters":{"binary_data_size":10}}]}'
    body = scene.file("binary", head + b"\1\0\0\0a\1\0\0\0b")
    run([tool, "-sf", "-H", f"Inference-Header-Content-Length: {len(head)}", "--data-binary", f"@{body}",
         f"{base}/v2/models/texts/infer"], '"data":["a","b"]')
    return run([tool, "-s", "-X", "DELETE", f"{base}/v1/models/default"], "Malformed request")


def h2load(scene):
    """HTTP/2 without any gRPC library on the other side; and HTTP/1.1."""
    tool, message = system("h2load", "nghttp2-client"), infer_message()
    body = scene.file("h2load.bin", b"\0" + struct.pack(">I", len(message)) + message)
    said = run([tool, "-n", "5000", "-c", "4", "-m", "16", "-H", "content-type: application/grpc", "-H", "te: trailers", "-d", body,
                f"http://127.0.0.1:{scene.grpc}/inference.GRPCInferenceService/ModelInfer"], "5000 succeeded, 0 failed, 0 errored")
    body = scene.file("h2load.json", b'{"instances": [2.0]}')
    run([tool, "--h1", "-n", "5000", "-c", "4", "-m", "4", "-d", body, f"http://127.0.0.1:{scene.http}/v1/models/default:predict"],
        "5000 succeeded, 0 failed, 0 errored")
    statistics = urllib.request.urlopen(f"http://127.0.0.1:{scene.http}/v2/models/simple/stats").read().decode()
    if '"success":{"count":' not in statistics:
        raise AssertionError(statistics)
    return said


TABLE = [
    ("tritonclient", triton), ("tensorflow-serving-api", tensorflow), ("kserve", kserve), ("perf_analyzer", perf_analyzer),
    ("grpcurl", grpcurl), ("ghz", ghz), ("grpc-health-probe", health_probe), ("grpc-js", grpc_js), ("grpc-java", grpc_java),
    ("tonic", tonic), ("curl", curl), ("h2load", h2load),
]


# --- the server ---

def add_sub():
    ports = [(11, "INPUT0"), (11, "INPUT1"), (12, "OUTPUT0"), (12, "OUTPUT1")]
    return model(node("Add", ["INPUT0", "INPUT1"], "OUTPUT0") + node("Sub", ["INPUT0", "INPUT1"], "OUTPUT1") +
                 b"".join(port(number, name, ["N", 16], INT32) for number, name in ports))


def half_plus_two(dims):
    return model(node("Mul", ["x", "a"], "m") + node("Add", ["m", "b"], "y") + scalar("a", 0.5) + scalar("b", 2.0) +
                 port(11, "x", dims) + port(12, "y", dims))


SEQUENCE = """max_batch_size: 4
input { name: "INPUT" data_type: TYPE_INT32 dims: 1 }
output { name: "OUTPUT" data_type: TYPE_INT32 dims: 1 }
sequence_batching { control_input { name: "START" control { kind: CONTROL_SEQUENCE_START int32_false_true: [0, 1] } } }
"""


class Scene:
    def __init__(self, binary, folder):
        self.binary, self.folder = pathlib.Path(binary).resolve(), pathlib.Path(folder)
        repository = self.folder / "models"
        add_model(repository, "simple", add_sub(), "max_batch_size: 8\n")
        add_model(repository, "default", half_plus_two(["N"]))
        add_model(repository, "column", half_plus_two(["N", 1]))
        add_model(repository, "texts", identity_model(STRING))
        add_model(repository, "sequence", model(
            node("Add", ["INPUT", "START"], "OUTPUT") + port(11, "INPUT", ["N", 1], INT32) + port(11, "START", ["N", 1], INT32) +
            port(12, "OUTPUT", ["N", 1], INT32)), SEQUENCE)
        self.server = Server(binary, f"--model-repository={repository}", "--http-port=0", "--http-address=127.0.0.1",
                             "--allow-client-shm=true")
        self.grpc, self.http = str(self.server.port), str(http_port(self.server))

    def file(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        return path


def main():
    binary, *names = sys.argv[1:]
    unknown = set(names) - {name for name, _ in TABLE}
    if unknown:
        sys.exit(f"no such client: {', '.join(unknown)}")
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    with tempfile.TemporaryDirectory() as folder:
        scene = Scene(binary, folder)
        for name, client in TABLE:
            if names and name not in names:
                continue
            try:
                client(scene)
                outcome, why = "passed", ""
            except Skip as reason:
                outcome, why = "skipped", f": {reason}"
            except (AssertionError, subprocess.TimeoutExpired) as error:
                outcome, why = "failed", f": {error}"
            counts[outcome] += 1
            print(f"{outcome:7s} {name}{why}", flush=True)
        scene.server.stop()
    print(", ".join(f"{count} {name}" for name, count in counts.items()))
    print("RESULT " + " ".join(f"clients_{name}={count}" for name, count in counts.items()))
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
