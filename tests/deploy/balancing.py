# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""balancing.py PROJECT INFERD: calls spread over replicas, and replicas that are replaced while calls go on.

Two replicas, one after the other stopped as Kubernetes does it and started again on its address, under clients without a retry of
their own: once through a real Envoy with deploy/kubernetes/envoy/envoy.yaml (only addresses changed; the file as it is must pass
Envoy's own validation), once with gRPC's round_robin and health checking
over both addresses, as a headless Service's name gives them: health says NOT_SERVING before the port closes. No call may
fail, and no replica may do more than 70 % of the work. The last line is `RESULT calls=N failed=N`.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

sys.path.append(os.environ["PYTHONPATH"])
sys.path.append(str(pathlib.Path(__file__).parents[1] / "e2e"))
import grpc  # noqa: E402
import yaml  # noqa: E402
from cluster import free_port  # noqa: E402
from grpcio_support import die_with_parent, field  # noqa: E402

WAIT_SECONDS, PAUSE_MS = 60, 2500
INFER = "/inference.GRPCInferenceService/ModelInfer"
BODY = (field(1, "two_layer") + field(5, field(1, "x") + field(2, "FP32") + field(3, 1) + field(3, 10)) + field(7, bytes(40)))
SERVICE_CONFIG = {"loadBalancingConfig": [{"round_robin": {}}], "healthCheckConfig": {"serviceName": ""}}
ROUND_ROBIN = [("grpc.service_config", json.dumps(SERVICE_CONFIG)), ("grpc.enable_retries", 0)]


class Replica:
    def __init__(self, project, inferd, port):
        self.port, self.command = port, [inferd, f"--model-repository={project / 'deploy/samples/models'}", f"--port={port}",
                                         "--grpc-address=127.0.0.1", f"--drain-pause-millis={PAUSE_MS}", "--http-port=0",
                                         "--http-address=127.0.0.1"]

    def start(self):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stderr=self.log, preexec_fn=die_with_parent)
        with grpc.insecure_channel(f"127.0.0.1:{self.port}") as channel:
            check = channel.unary_unary("/grpc.health.v1.Health/Check")
            assert check(b"", timeout=WAIT_SECONDS, wait_for_ready=True) is not None
            end = time.monotonic() + WAIT_SECONDS
            while check(b"", timeout=5) != b"\x08\x01":
                assert time.monotonic() < end

    def http(self):
        self.log.seek(0)
        line = next(line for line in self.log if "event=listening protocol=http" in line)
        return line.split(" port=")[1].split()[0]

    def answered(self):
        """Requests that this process has answered."""
        page = urllib.request.urlopen(f"http://127.0.0.1:{self.http()}/metrics").read().decode()
        return sum(int(line.split()[-1]) for line in page.splitlines() if line.startswith("nv_inference_request_success{"))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(WAIT_SECONDS)
        self.log.close()
        assert code == 0, code


class Envoy:
    def __init__(self, project, work, ports):
        source = project / "deploy/kubernetes/envoy/envoy.yaml"
        program = os.environ["ENVOY"]
        checked = subprocess.run([program, "--mode", "validate", "-c", source], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stderr[-2000:]
        document, self.port, admin = yaml.safe_load(source.read_text()), free_port(), free_port()
        document["admin"]["address"]["socket_address"]["port_value"] = admin
        static = document["static_resources"]
        static["listeners"][0]["address"]["socket_address"] = {"address": "127.0.0.1", "port_value": self.port}
        endpoints = static["clusters"][0]["load_assignment"]["endpoints"][0]
        endpoints["lb_endpoints"] = [{"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}}
                                     for port in ports]
        (work / "envoy.yaml").write_text(yaml.safe_dump(document))
        self.log = open(work / "envoy.log", "w", encoding="utf-8")
        self.process = subprocess.Popen([program, "-c", work / "envoy.yaml", "--concurrency", "1", "--use-dynamic-base-id"],
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, preexec_fn=die_with_parent)
        end = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                text = urllib.request.urlopen(f"http://127.0.0.1:{admin}/clusters").read().decode()
                if text.count("health_flags::healthy") == len(ports):
                    return
            except OSError:
                pass
            assert time.monotonic() < end and self.process.poll() is None, (work / "envoy.log").read_text()[-3000:]

    def close(self):
        self.process.terminate()
        self.process.wait(WAIT_SECONDS)
        self.log.close()


class Caller:
    """One call after the other, and what became of them."""

    def __init__(self, target, options):
        self.calls, self.failures, self.stopping = 0, [], threading.Event()
        self.channel = grpc.insecure_channel(target, options)
        self.threads = [threading.Thread(target=self.run) for _ in range(4)]
        for thread in self.threads:
            thread.start()

    def run(self):
        infer = self.channel.unary_unary(INFER)
        while not self.stopping.wait(0.002):
            try:
                infer(BODY, timeout=10)
            except grpc.RpcError as error:
                self.failures.append(f"{error.code().name}: {error.details()}")
            self.calls += 1

    def until(self, more):
        goal, end = self.calls + more, time.monotonic() + WAIT_SECONDS
        while self.calls < goal:
            assert time.monotonic() < end, "calls have stopped"
            self.stopping.wait(0.01)

    def close(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        self.channel.close()


def roll(name, replicas, target, options):
    before = [replica.answered() for replica in replicas]
    caller = Caller(target, options)
    try:
        caller.until(1000)
        shares = [replica.answered() - count for replica, count in zip(replicas, before)]
        assert max(shares) <= 0.7 * sum(shares), f"{name}: one replica did most of the work: {shares}"
        for replica in replicas:
            replica.stop()
            replica.start()
            caller.until(500)
            end = time.monotonic() + WAIT_SECONDS
            while replica.answered() == 0:  # it is found again
                assert time.monotonic() < end, f"{name}: a replica that came back gets no calls"
    finally:
        caller.close()
    print(f"{name}: {caller.calls} calls, {len(caller.failures)} failed, first shares {shares}")
    for failure in sorted(set(caller.failures))[:5]:
        print("  ", failure)
    return caller.calls, len(caller.failures)


def main():
    project, inferd = pathlib.Path(sys.argv[1]), sys.argv[2]
    replicas = [Replica(project, inferd, free_port()) for _ in range(2)]
    for replica in replicas:
        replica.start()
    ports = [replica.port for replica in replicas]
    try:
        with tempfile.TemporaryDirectory() as folder:
            envoy = Envoy(project, pathlib.Path(folder), ports)
            try:
                through_envoy = roll("Envoy", replicas, f"127.0.0.1:{envoy.port}", [("grpc.enable_retries", 0)])
            finally:
                envoy.close()
        addresses = ",".join(f"127.0.0.1:{port}" for port in ports)
        alone = roll("round_robin", replicas, f"ipv4:{addresses}", ROUND_ROBIN)
    finally:
        for replica in replicas:
            replica.stop()
    failed = through_envoy[1] + alone[1]
    print(f"RESULT calls={through_envoy[0] + alone[0]} failed={failed}")
    return 1 if failed else 0


sys.exit(main())
