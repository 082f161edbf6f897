# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""A real kube-apiserver over a real etcd, for as long as a test takes. Nothing schedules pods: what can be seen is whether the
API takes objects, with its own validation, defaults, admission and custom resources.

    with Cluster(tools, kubectl, work) as cluster:
        cluster.kubectl("apply", "-f", path)
"""

import os
import pathlib
import shutil
import socket
import subprocess
import time

WAIT_SECONDS = 60
CONFIG = """apiVersion: v1
kind: Config
clusters: [{{name: test, cluster: {{server: "https://127.0.0.1:{port}", insecure-skip-tls-verify: true}}}}]
users: [{{name: test, user: {{token: {token}}}}}]
contexts: [{{name: test, context: {{cluster: test, user: test}}}}]
current-context: test
"""


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Cluster:
    def __init__(self, tools, kubectl, work):
        self.tools, self.program, self.work = pathlib.Path(tools), str(kubectl), pathlib.Path(work) / "cluster"
        self.processes, self.config = [], self.work / "kubeconfig"

    def start(self, name, *command):
        log = open(self.work / f"{name}.log", "w", encoding="utf-8")
        self.processes.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.work))
        log.close()

    def __enter__(self):
        self.work.mkdir(parents=True)
        etcd, peer, port, token = free_port(), free_port(), free_port(), os.urandom(16).hex()
        (self.work / "tokens.csv").write_text(f'{token},admin,admin,"system:masters"\n')
        subprocess.run(["openssl", "genrsa", "-out", self.work / "account.key", "2048"], check=True, capture_output=True)
        self.config.write_text(CONFIG.format(port=port, token=token))
        urls = f"http://127.0.0.1:{etcd}", f"http://127.0.0.1:{peer}"
        self.start("etcd", shutil.which("etcd"), "--data-dir=etcd", f"--listen-client-urls={urls[0]}",
                   f"--advertise-client-urls={urls[0]}", f"--listen-peer-urls={urls[1]}",
                   f"--initial-advertise-peer-urls={urls[1]}", f"--initial-cluster=default={urls[1]}", "--unsafe-no-fsync")
        self.start("apiserver", self.tools / "bin/kube-apiserver", f"--etcd-servers={urls[0]}", f"--secure-port={port}",
                   "--bind-address=127.0.0.1", "--cert-dir=certificates", "--token-auth-file=tokens.csv",
                   "--authorization-mode=RBAC", "--service-cluster-ip-range=192.0.2.0/24",
                   "--service-account-key-file=account.key", "--service-account-signing-key-file=account.key",
                   "--service-account-issuer=https://kubernetes.default.svc")
        end = time.monotonic() + WAIT_SECONDS
        try:
            while self.run("get", "--raw", "/readyz").returncode:
                assert time.monotonic() < end and all(one.poll() is None for one in self.processes), self.logs()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(WAIT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def logs(self):
        return "\n".join(f"{path.name}: {path.read_text()[-2000:]}" for path in sorted(self.work.glob("*.log")))

    def run(self, *command, text=None):
        return subprocess.run([self.program, f"--kubeconfig={self.config}", *map(str, command)], input=text, capture_output=True,
                              text=True, check=False)

    def kubectl(self, *command, text=None):
        done = self.run(*command, text=text)
        if done.returncode:
            raise ValueError((done.stderr or done.stdout).strip())
        return done.stdout
