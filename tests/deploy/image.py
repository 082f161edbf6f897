# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""image.py INFERD PROJECT: builds the container image without a daemon and runs it without privileges.

buildah (chroot isolation) takes deploy/container/Containerfile; its build stage is replaced by what stage_root makes of
this build's own binary. Then: the compressed size, no shell and nothing that may be written, one user; runc starts it
read-only, without capabilities, as 65532, told what to serve by MODEL_NAME alone, and Health/Check, a prediction and the
metrics are asked of it; SIGTERM ends it with 0. Skipped (77) without buildah and runc or without root.
The last line is `RESULT images=1 image_mb=N failed=0`.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import urllib.request

import grpc  # Debian's

COMPRESSED_LIMIT_BYTES = 40 * 1000 * 1000
IMAGE = "localhost/inferd:test"
WAIT_SECONDS = 60  # from SIGTERM to the end


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def skip(reason):
    print(reason)
    sys.exit(77)


class Image:
    """Built in folders of its own; mounted at .root."""

    def __init__(self, inferd, project, work):
        self.work = work
        self.environment = os.environ | {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}
        run(project / "deploy/container/stage_root", inferd, work / "staged/root")
        self.buildah("bud", "--quiet", "--build-context", f"build={work}", "-f",
                     project / "deploy/container/Containerfile", "-t", IMAGE, work)
        self.buildah("push", "--quiet", IMAGE, f"oci:{work}/oci:test")
        self.config = json.loads(self.buildah("inspect", "--type", "image", IMAGE))["OCIv1"]["config"]
        self.root = pathlib.Path(self.buildah("mount", self.buildah("from", "--quiet", IMAGE).strip()).strip())

    def buildah(self, *command):
        return run("buildah", "--root", self.work / "storage", "--runroot", self.work / "run", *command,
                   env=self.environment)

    def compressed_bytes(self):
        return sum(path.stat().st_size for path in (self.work / "oci/blobs/sha256").iterdir())


def check_content(root):
    """Nothing to run but inferd and the loader, nothing that its user could write but /tmp."""
    programs = sorted(path.name for path in (root / "usr/bin").iterdir())
    assert programs == ["inferd", "tensorflow_model_server", "tritonserver"], programs
    for path in root.rglob("*"):
        mode = path.lstat().st_mode
        assert path == root / "tmp" or stat.S_ISLNK(mode) or not mode & stat.S_IWOTH, f"{path} may be written by anybody"
        assert not mode & (stat.S_ISUID | stat.S_ISGID) or path == root / "tmp", f"{path} has more rights than its user"
    packages = json.loads((root / "usr/share/doc/sbom.spdx.json").read_text())["packages"]
    for package in packages[1:]:
        assert (root / "usr/share/doc" / package["name"] / "copyright").exists(), package["name"]
    return len(packages)


def bundle_config(image, project):
    spec = json.loads((image.work / "bundle/config.json").read_text())
    uid, gid = map(int, image.config["User"].split(":"))
    ports = ["--port=0", "--rest-api-port=0", "--metrics-port=0"]
    spec["process"] |= {
        "terminal": False, "user": {"uid": uid, "gid": gid}, "cwd": "/", "noNewPrivileges": True,
        "args": [image.config["Entrypoint"][0], *ports], "env": [*image.config["Env"], "MODEL_NAME=digits"],
        "capabilities": {kind: [] for kind in ("bounding", "effective", "permitted", "ambient")},
    }
    spec["root"] = {"path": str(image.root), "readonly": True}
    spec["mounts"] = [mount for mount in spec["mounts"] if mount["type"] != "cgroup"] + [
        {"destination": "/models", "source": str(project / "deploy/samples/models"), "type": "bind",
         "options": ["rbind", "ro"]}]
    spec["linux"].pop("resources", None)
    spec["linux"]["namespaces"] = [one for one in spec["linux"]["namespaces"] if one["type"] not in ("network", "cgroup")]
    return spec


def read_ports(log):
    """gRPC's, REST's and the metrics' port, once the server says that it is ready."""
    ports = {}
    for line in log:
        sys.stdout.write(line)
        if found := re.search(r"event=listening (?:protocol=(\w+) )?port=(\d+)", line):
            ports[found[1] or "grpc"] = found[2]
        if "event=ready" in line:
            return ports
    raise AssertionError("the server ended before it was ready")


def get(port, path, body=None):
    return urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", body, timeout=10).read().decode()


def ask(ports):
    with grpc.insecure_channel(f"127.0.0.1:{ports['grpc']}") as channel:
        check = channel.unary_unary("/grpc.health.v1.Health/Check")
        assert check(b"\x0a\x06digits", timeout=10) == b"\x08\x01"
        assert check(b"\x0a\x0finferd.Liveness", timeout=10) == b"\x08\x01"
    body = json.dumps({"instances": [[[[0.5] * 8] * 8]]}).encode()
    reply = json.loads(get(ports["http"], "/v1/models/digits:predict", body))
    assert len(reply["predictions"][0]) == 10, reply
    assert 'model="digits"' in get(ports["metrics"], "/metrics")


def run_container(image, project):
    (image.work / "bundle").mkdir()
    run("runc", "spec", cwd=image.work / "bundle")
    (image.work / "bundle/config.json").write_text(json.dumps(bundle_config(image, project)))
    name = f"inferd-test-{os.getpid()}"
    command = ["runc", "--root", str(image.work / "runc"), "run", "--bundle", str(image.work / "bundle"), name]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        ask(read_ports(process.stderr))
        state = json.loads(run("runc", "--root", image.work / "runc", "state", name))
        lines = pathlib.Path(f"/proc/{state['pid']}/status").read_text().splitlines()
        facts = dict(line.split(":", 1) for line in lines)
        assert facts["Uid"].split() == ["65532"] * 4, facts["Uid"]
        assert int(facts["CapEff"], 16) == 0 and facts["NoNewPrivs"].strip() == "1"
        os.kill(state["pid"], signal.SIGTERM)
        assert process.wait(WAIT_SECONDS) == 0, process.returncode
    finally:
        if process.poll() is None:
            subprocess.run(["runc", "--root", str(image.work / "runc"), "kill", name, "KILL"], check=False)
            process.wait(WAIT_SECONDS)
        subprocess.run(["runc", "--root", str(image.work / "runc"), "delete", "--force", name], check=False,
                       stderr=subprocess.DEVNULL)


def main():
    inferd, project = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    for tool in ("buildah", "runc"):
        if not shutil.which(tool):
            skip(f"{tool} is not installed")
    if os.geteuid() != 0:
        skip("an image is built and started by root here")
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        image = Image(inferd, project, work)
        size = image.compressed_bytes()
        assert size <= COMPRESSED_LIMIT_BYTES, f"{size} bytes compressed, at most {COMPRESSED_LIMIT_BYTES} wanted"
        print(f"{check_content(image.root)} packages, {size / 1e6:.1f} MB compressed")
        run_container(image, project)
        image.buildah("umount", "--all")
        print(f"RESULT images=1 image_mb={size / 1e6:.1f} failed=0")


main()
