# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""probes.py PROJECT INFERD: what the kubelet would make of a pod, through its whole life.

The running binary, with the flags of deploy/kubernetes/base, is asked what the Deployment's probes ask, by the kubelet's own
prober code and by grpc-health-probe, one after the other all the time, before it listens, while it loads, while it serves, and
from SIGTERM to its end; each verdict is held against what the probe is there for. With TLS the same over HTTPS, and
grpc-health-probe over TLS. The last line is `RESULT probes=N failed=N`: N verdicts that were compared.
"""

import os
import pathlib
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.path.append(os.environ["PYTHONPATH"])
sys.path.append(str(pathlib.Path(__file__).parents[1] / "e2e"))
import yaml  # noqa: E402
from certificates import Authority  # noqa: E402
from cluster import free_port  # noqa: E402

TOOLS = pathlib.Path(os.environ["DEPLOY_TOOLS"])
MODELS, PAUSE_MS, WAIT_SECONDS = 400, 2500, 60


def kubelet(port, service):
    return subprocess.run([TOOLS / "bin/probe", "127.0.0.1", str(port), service], capture_output=True).returncode == 0


def health_probe(port, service, *flags):
    command = [TOOLS / "bin/grpc-health-probe", f"-addr=127.0.0.1:{port}", f"-service={service}", "-connect-timeout=1s",
               "-rpc-timeout=1s", *flags]
    return subprocess.run(command, capture_output=True).returncode == 0


class Pod:
    """The binary as the Deployment starts it, on a port that is known beforehand: probes come before it listens."""

    def __init__(self, inferd, container, repository, *flags):
        self.port, self.http = free_port(), free_port()
        given = {"model-repository": repository, "port": self.port, "rest-api-port": self.http, "metrics-port": 0,
                 "drain-pause-millis": PAUSE_MS}
        self.arguments = [re.sub(r"^--([a-z-]+)=.*", lambda found: f"--{found[1]}={given[found[1]]}" if found[1] in given else found[0],
                                 argument) for argument in container["args"]]
        named = {flag.split("=")[0] for flag in flags}  # the Secret's files lie elsewhere here
        self.arguments = [argument for argument in self.arguments if argument.split("=")[0] not in named]
        self.command = [inferd, *self.arguments, "--grpc-address=127.0.0.1", "--http-address=127.0.0.1", *flags]
        self.log = tempfile.TemporaryFile("w+")
        self.probes = {kind: container[f"{kind}Probe"] for kind in ("startup", "readiness", "liveness")}

    def start(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stderr=self.log)

    def says(self, text):
        self.log.seek(0)
        return text in self.log.read()

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(WAIT_SECONDS)
        self.log.close()


class Verdicts:
    def __init__(self):
        self.compared = self.failed = 0

    def expect(self, when, who, verdict, right):
        self.compared += 1
        if verdict != right:
            self.failed += 1
            print(f"failed {when}: {who} says {'success' if verdict else 'failure'}")


def ask_grpc(pod):
    """(probe, prober) -> verdict"""
    services = {kind: probe["grpc"].get("service", "") for kind, probe in pod.probes.items()}
    return {(kind, prober.__name__): prober(pod.port, service) for kind, service in services.items() for prober in (kubelet, health_probe)}


def ask_https(pod, context):
    def get(path):
        try:
            return urllib.request.urlopen(f"https://127.0.0.1:{pod.http}{path}", timeout=1, context=context).status == 200
        except (urllib.error.URLError, OSError):
            return False
    return {(kind, "https"): get(probe["httpGet"]["path"]) for kind, probe in pod.probes.items()}


def life(pod, ask, verdicts):
    """Each round of probes is compared only where the log, before and after it, says that nothing changed meanwhile."""
    def phase():
        if pod.process is None or not pod.says("event=listening"):
            return "not listening"
        if pod.says("event=drained") or pod.process.poll() is not None:
            return "ended"
        if pod.says("event=draining"):
            return "draining"
        return "ready" if pod.says("event=ready") else "loading"
    right = {"not listening": (False, False), "loading": (False, True), "ready": (True, True), "draining": (False, True)}
    rounds = dict.fromkeys(right, 0)
    pod.process = None

    def round_of_probes():
        before = phase()
        answers = ask(pod)
        after = phase()
        if before == after and before in right:
            rounds[before] += 1
            ready, alive = right[before]
            for (kind, who), verdict in answers.items():
                verdicts.expect(before, f"{kind} by {who}", verdict, alive if kind == "liveness" else ready)
        return after
    round_of_probes()
    pod.start()
    end = time.monotonic() + WAIT_SECONDS
    while round_of_probes() != "ready":
        assert time.monotonic() < end and pod.process.poll() is None, "it does not become ready"
    for _ in range(3):
        round_of_probes()
    begin = time.monotonic()
    pod.process.send_signal(signal.SIGTERM)
    while round_of_probes() != "ended":
        assert time.monotonic() < end, "it does not end"
    assert pod.process.wait(WAIT_SECONDS) == 0
    assert time.monotonic() - begin >= PAUSE_MS / 1000, "it stopped listening before endpoints could know"
    assert rounds["ready"] and rounds["draining"], rounds
    return rounds


def container_of(project, path):
    return next(container for document in yaml.safe_load_all((project / path).read_text())
                for container in document["spec"]["template"]["spec"]["containers"])


def main():
    project, inferd = pathlib.Path(sys.argv[1]), sys.argv[2]
    verdicts = Verdicts()
    base = container_of(project, "deploy/kubernetes/base/deployment.yaml")
    secure = container_of(project, "deploy/kubernetes/overlays/tls/deployment.yaml")
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        for number in range(MODELS):  # enough that loading takes a while
            (work / f"models/m{number}/1").mkdir(parents=True)
            shutil.copy(project / "deploy/samples/models/digits/1/model.onnx", work / f"models/m{number}/1/model.onnx")
        authority = Authority(work, "ca")
        pair = authority.issue_server("server")
        context = ssl.create_default_context(cafile=authority.pem)
        over_tls = ("-tls", f"-tls-ca-cert={authority.pem}", "-tls-server-name=localhost")

        def ask_secure(pod):
            services = {kind: probe["grpc"].get("service", "") for kind, probe in base_probes.items()}
            return ask_https(pod, context) | {(kind, "grpc-health-probe over TLS"): health_probe(pod.port, service, *over_tls)
                                              for kind, service in services.items()}
        base_probes = {kind: base[f"{kind}Probe"] for kind in ("startup", "readiness", "liveness")}
        for name, container, ask, flags in (
                ("plain", base, ask_grpc, ()),
                ("TLS", secure, ask_secure, (f"--tls-cert={pair[0]}", f"--tls-key={pair[1]}"))):
            pod = Pod(inferd, container, work / "models", "--num-load-threads=1", *flags)
            try:
                print(f"{name}: rounds of probes {life(pod, ask, verdicts)}")
            finally:
                pod.stop()
    print(f"RESULT probes={verdicts.compared} failed={verdicts.failed}")
    return 1 if verdicts.failed else 0


sys.exit(main())
