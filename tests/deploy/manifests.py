# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""manifests.py INFERD PROJECT: renders every kustomization of deploy/kubernetes and holds it against the published schemas.

Strict: a field that the schema does not have is an error. Also: every flag that a manifest gives is one that this inferd
has, ports agree between probes, services and flags, and a planted error is found (else the check itself is broken).
The last line is `RESULT manifests=N failed=N`.
"""

import copy
import pathlib
import re
import subprocess
import sys

import kubernetes_validate
import yaml

VERSIONS = ("1.27", "1.31", "1.35")
WITHOUT_SCHEMA = ("monitoring.coreos.com/", "serving.kserve.io/")  # custom resources: only their flags are checked
KUBECTL = pathlib.Path(sys.executable).with_name("kubectl")


def render(folder):
    run = subprocess.run([KUBECTL, "kustomize", str(folder)], capture_output=True, text=True)
    if run.returncode:
        raise ValueError(run.stderr.strip())
    return [document for document in yaml.safe_load_all(run.stdout) if document]


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


def check(documents, flags):
    for document in documents:
        try:
            check_schema(document)
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


def main():
    inferd, project = sys.argv[1], pathlib.Path(sys.argv[2])
    flags = known_flags(inferd)
    sources = sorted(path.parent for path in project.glob("deploy/kubernetes/**/kustomization.yaml"))
    sets = [(folder.relative_to(project), lambda folder=folder: render(folder)) for folder in sources]
    sets += [(path.relative_to(project), lambda path=path: list(yaml.safe_load_all(path.read_text())))
             for path in sorted(project.glob("deploy/kubernetes/kserve/*.yaml"))]
    manifests, failed = 0, 0
    for name, load in sets:
        try:
            documents = load()
            check(documents, flags)
            manifests += len(documents)
            print(f"{name}: {len(documents)} in order")
        except ValueError as error:
            failed += 1
            print(f"{name}: {error}")
    for broken in planted_errors(render(project / "deploy/kubernetes/base")):
        try:
            check(broken, flags)
            failed += 1
            print("a planted error was not found")
        except ValueError as error:
            print(f"planted: {str(error).splitlines()[0][:120]}")
    print(f"RESULT manifests={manifests} failed={failed}")
    return 1 if failed else 0


sys.exit(main())
