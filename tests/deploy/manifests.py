# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""manifests.py PROJECT INFERD: renders every kustomization of deploy/kubernetes, and the Helm chart with several values, and holds
it against the published schemas and a real kube-apiserver.

Strict: a field that the schema does not have is an error. Also: every flag that a manifest gives is one that this inferd
has, ports agree between probes, services and flags, the grace period covers the drain, and a planted error is found (else the check
itself is broken). The API server takes each set into a namespace of its own that enforces Pod Security "restricted", pods of its
templates too, custom resources by their own definitions; it refuses what is planted there. The chart's schema of values refuses
what does not fit. The last line is `RESULT manifests=N failed=N`.
"""

import copy
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from cluster import Cluster

# Of the environment that run_with_tools makes.
sys.path.append(os.environ["PYTHONPATH"])
import kubernetes_validate  # noqa: E402
import yaml  # noqa: E402

VERSIONS = ("1.27", "1.31", "1.35")
WITHOUT_SCHEMA = ("monitoring.coreos.com/", "serving.kserve.io/")  # custom resources: only their flags are checked
KUBECTL, TOOLS = os.environ["KUBECTL"], pathlib.Path(os.environ["DEPLOY_TOOLS"])
HELM = TOOLS / "bin/helm"
CHART_VALUES = {  # what else the chart can make, beside its defaults
    "defaults": {},
    "tls-and-access": {"tls": {"secretName": "inferd-tls", "clientCa": True}, "access": {"secretName": "inferd-access"}},
    "init-image": {"models": {"image": "registry.example/models:7", "claim": ""}, "autoscaling": {"enabled": False}, "replicas": 3},
    "monitoring": {"serviceMonitor": {"enabled": True}, "prometheusRule": {"enabled": True},
                   "autoscaling": {"waitingRequests": 8, "latencySeconds": 0.25},
                   "networkPolicy": {"clientNamespaces": ["web"]}, "args": ["--log-verbose=1"],
                   "podAnnotations": {"a": "b"}, "nodeSelector": {"kubernetes.io/arch": "amd64"},
                   "tolerations": [{"key": "k", "operator": "Exists"}], "priorityClassName": "system-cluster-critical"},
}
BAD_VALUES = ({"replica": 3}, {"replicas": "3"}, {"drain": {"pauseSeconds": -1}}, {"models": {"claim": ""}}, {"args": ["-x"]},
              {"image": {"pullPolicy": "Sometimes"}}, {"autoscaling": {"cpuPercent": 101}})


def render(folder):
    run = subprocess.run([KUBECTL, "kustomize", str(folder)], capture_output=True, text=True)
    if run.returncode:
        raise ValueError(run.stderr.strip())
    return [document for document in yaml.safe_load_all(run.stdout) if document]


def helm(project, values, release="demo"):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(values, file)
        file.flush()
        run = subprocess.run([HELM, "template", release, project / "deploy/helm/inferd", "-f", file.name, "--kube-version", "1.31.4"],
                             capture_output=True, text=True)
    if run.returncode:
        raise ValueError(run.stderr.strip())
    return [document for document in yaml.safe_load_all(run.stdout) if document]


def check_chart(project):
    """Its version is the project's; it lints; what does not fit is refused."""
    version = re.search(r"version: '([^']+)'", (project / "meson.build").read_text())[1]
    chart = yaml.safe_load((project / "deploy/helm/inferd/Chart.yaml").read_text())
    assert chart["version"] == chart["appVersion"] == version, (chart["version"], version)
    subprocess.run([HELM, "lint", "--strict", project / "deploy/helm/inferd"], check=True, capture_output=True)
    for values in BAD_VALUES:
        try:
            helm(project, values)
        except ValueError as error:
            print(f"planted: {values}: {str(error).splitlines()[-1][:100]}")
        else:
            raise AssertionError(f"the chart takes {values}")


def check_schema(document):
    if document["apiVersion"].startswith(WITHOUT_SCHEMA):
        return
    for version in VERSIONS:
        kubernetes_validate.validate(document, version, strict=True)


def containers(document):
    """Every container anywhere in the document."""
    if isinstance(document, list):
        for item in document:
            yield from containers(item)
    elif isinstance(document, dict):
        for key, value in document.items():
            if key == "containers":
                yield from value
            else:
                yield from containers(value)


def known_flags(inferd):
    text = subprocess.run([inferd, "--help"], check=True, capture_output=True, text=True).stdout
    return set(re.findall(r"--([a-z][a-z0-9-]+)", text))


def flag(container, name):
    values = [argument.split("=", 1)[1] for argument in container.get("args", ()) if argument.startswith(f"--{name}=")]
    return values[0] if values else None


def check_container(container, flags):
    if container["name"] not in ("inferd", "kserve-container"):
        return
    for argument in container.get("args", ()):
        name = argument.removeprefix("--").split("=")[0]
        if name not in flags:
            raise ValueError(f"container {container['name']}: inferd has no flag --{name}")
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        asked = container.get(probe, {}).get("grpc", {}).get("port")
        if asked and str(asked) != flag(container, "port"):
            raise ValueError(f"{probe} asks port {asked}, --port is {flag(container, 'port')}")
    for port_name, name in (("grpc", "port"), ("http", "rest-api-port"), ("metrics", "metrics-port")):
        if port_name in ports and str(ports[port_name]) != flag(container, name):
            raise ValueError(f"port {port_name} is {ports[port_name]}, --{name} is {flag(container, name)}")


def check_grace(document):
    """SIGKILL comes after the pause and the calls in progress, not before."""
    spec = document.get("spec", {}).get("template", {}).get("spec", {})
    for container in spec.get("containers", ()):
        pause, calls = flag(container, "drain-pause-millis"), flag(container, "exit-timeout-secs")
        if pause and int(pause) / 1000 + int(calls) + 5 > spec["terminationGracePeriodSeconds"]:
            raise ValueError(f"the grace period of {spec['terminationGracePeriodSeconds']} s is shorter than the drain")


def check(documents, flags):
    for document in documents:
        try:
            check_schema(document)
            check_grace(document)
            for container in containers(document):
                check_container(container, flags)
        except Exception as error:
            raise ValueError(f"{document['kind']} {document['metadata']['name']}: {error}") from error


def planted_errors(documents):
    """Documents that must not pass: a misspelt field, a flag that is not ours, a probe that asks a wrong port."""
    for change in (lambda c: c.update(readinesProbe=c["readinessProbe"]),
                   lambda c: c["args"].append("--modelrepository=/x"),
                   lambda c: c["readinessProbe"]["grpc"].update(port=8501)):
        broken = copy.deepcopy(documents)
        change(next(container for document in broken for container in containers(document)))
        yield broken


# --- the real API ---

CLUSTER_WIDE = ("ClusterServingRuntime",)


def pods_of(documents):
    for document in documents:
        template = document.get("spec", {}).get("template") if document["kind"] == "Deployment" else None
        if template:
            yield {"apiVersion": "v1", "kind": "Pod", "metadata": template["metadata"] | {"name": document["metadata"]["name"]},
                   "spec": template["spec"]}


def apply(cluster, namespace, documents):
    """Everything as `kubectl apply` would, and pods of the templates, which admission is about."""
    cluster.kubectl("create", "namespace", namespace)
    cluster.kubectl("create", "serviceaccount", "default", "-n", namespace)  # a controller does it elsewhere
    cluster.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
    cluster.kubectl("apply", "--server-side", "--validate=strict", "-n", namespace, "-f", "-", text=yaml.safe_dump_all(documents))
    for document in documents:
        got = json.loads(cluster.kubectl("get", "-n", namespace, "-o", "json", document["kind"], document["metadata"]["name"]))
        assert got["metadata"]["uid"], document["kind"]
    for pod in pods_of(documents):
        cluster.kubectl("create", "--validate=strict", "-n", namespace, "-f", "-", text=yaml.safe_dump(pod))


def planted_in_cluster(documents):
    """What only a real API refuses: a name that cannot be, two probes in one, a pod with privileges."""
    broken = copy.deepcopy(documents)
    broken[0]["metadata"]["name"] = "In_ferd"
    yield broken
    broken = copy.deepcopy(documents)
    container = next(container for document in broken for container in containers(document))
    container["readinessProbe"]["httpGet"] = {"path": "/", "port": 1}
    yield broken
    broken = copy.deepcopy(documents)
    next(container for document in broken for container in containers(document))["securityContext"]["allowPrivilegeEscalation"] = True
    yield broken


def apply_all(sets, base):
    failed = 0
    with tempfile.TemporaryDirectory() as work, Cluster(TOOLS, KUBECTL, work) as cluster:
        for crd in sorted((TOOLS / "crds").glob("*.yaml")):
            cluster.kubectl("apply", "--server-side", "-f", crd)
            name = yaml.safe_load(crd.read_text())["metadata"]["name"]
            cluster.kubectl("wait", "--for=jsonpath={.status.acceptedNames.kind}", "--timeout=60s", "crd", name)
            cluster.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", name)
        for number, (name, documents) in enumerate(sets):
            try:
                apply(cluster, f"set-{number}", documents)
                print(f"{name}: applied")
            except (ValueError, AssertionError) as error:
                failed += 1
                print(f"{name}: the API server says: {error}")
        for number, broken in enumerate(planted_in_cluster(base)):
            try:
                apply(cluster, f"planted-{number}", broken)
                failed += 1
                print("an error planted in the cluster was not found")
            except ValueError as error:
                print(f"planted in the cluster: {str(error).splitlines()[0][:120]}")
    return failed


def main():
    project, inferd = pathlib.Path(sys.argv[1]), sys.argv[2]
    flags = known_flags(inferd)
    check_chart(project)
    sources = sorted(path.parent for path in project.glob("deploy/kubernetes/**/kustomization.yaml"))
    sets = [(str(folder.relative_to(project)), lambda folder=folder: render(folder)) for folder in sources]
    sets += [(str(path.relative_to(project)), lambda path=path: list(yaml.safe_load_all(path.read_text())))
             for path in sorted(project.glob("deploy/kubernetes/kserve/*.yaml"))]
    sets += [(f"helm with {name}", lambda values=values: helm(project, values)) for name, values in CHART_VALUES.items()]
    manifests, failed, good = 0, 0, []
    for name, load in sets:
        try:
            documents = load()
            check(documents, flags)
            manifests += len(documents)
            good.append((name, documents))
            print(f"{name}: {len(documents)} in order")
        except ValueError as error:
            failed += 1
            print(f"{name}: {error}")
    base = render(project / "deploy/kubernetes/base")
    for broken in planted_errors(base):
        try:
            check(broken, flags)
            failed += 1
            print("a planted error was not found")
        except ValueError as error:
            print(f"planted: {str(error).splitlines()[0][:120]}")
    failed += apply_all(good, base)
    print(f"RESULT manifests={manifests} failed={failed}")
    return 1 if failed else 0


sys.exit(main())
