# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""observability.py PROJECT INFERD: the dashboard and the rules against what inferd tells.

A server is asked a little, well and badly; every metric and every label that a panel or a rule names must then be on its page,
a row of the metrics table, or a recording rule; every expression must parse (promtool); the rules' own tests must pass; panels must
lie side by side. A planted panel that names what does not exist must be found. Skipped (77) without promtool. The last line is
`RESULT rules=N panels=N failed=N`.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.append(os.environ["PYTHONPATH"])
sys.path.append(str(pathlib.Path(__file__).parents[1] / "e2e"))
import yaml  # noqa: E402
from grpcio_support import Server  # noqa: E402
from http_support import ask, http_port  # noqa: E402

OF_PROMETHEUS = {"up", "ALERTS"}
OF_TARGETS = {"namespace", "pod", "job", "instance", "le", "alertname", "alertstate"}
GRAFANA = (("$__rate_interval", "5m"), ("$namespace", ".*"), ("$job", ".*"), ("$model", ".*"))
WORDS = {"sum", "rate", "increase", "by", "without", "and", "or", "histogram_quantile", "max", "min", "time", "on", "bool", "unless"}


def table_rows(project):
    """Series -> its labels, of docs/METRICS.md, which is the server's own table."""
    rows = {}
    for name, kind, labels in re.findall(r"^\| `([^`]+)` \| (\w+) \|[^|]*\| ([^|]*) \|", (project / "docs/METRICS.md").read_text(), re.M):
        told = {label.strip() for label in labels.split(",")} - {""}
        for series in [name] if kind != "histogram" else [f"{name}_bucket", f"{name}_sum", f"{name}_count"]:
            rows[series] = told
    return rows


def names_of(expression):
    """Metrics that it names: words before a brace, a bracket or an operator, outside quotes and groupings."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    bare = re.sub(r"\{[^}]*\}", "{}", bare)
    bare = re.sub(r"\b(by|without|on)\s*\([^)]*\)", " ", bare)
    return {name for name in re.findall(r"(?<![\w:\[])[a-zA-Z_:][\w:]*", bare) if name not in WORDS and not re.fullmatch(r"\d+\w", name)}


def grouped_by(expression):
    bare = re.sub(r'"[^"]*"', '""', expression)
    groups = re.findall(r"\b(?:by|without)\s*\(([^)]*)\)", bare)
    return {label.strip() for group in groups for label in group.split(",")} - {""}


def matched(expression):
    """(metric, label) of each matcher."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    for name, group in re.findall(r"([a-zA-Z_:][\w:]*)\{([^}]*)\}", bare):
        for label in re.findall(r"(\w+)\s*[=!]~?", group):
            yield name, label


class Known:
    """What is told: metrics and their labels from the table, recording rules."""

    def __init__(self, project, page, rules):
        self.series = table_rows(project)
        self.recorded = {rule["record"] for group in rules["groups"] for rule in group["rules"] if "record" in rule}
        self.labels = OF_TARGETS.union(*self.series.values())
        told = {re.match(r"[\w:]+", line)[0] for line in page.splitlines() if line and line[0] != "#"}
        missing = told - set(self.series)
        assert not missing, f"the page tells what the table does not have: {missing}"

    def mistakes(self, expression):
        for name in sorted(names_of(expression) - set(self.series) - self.recorded - OF_PROMETHEUS):
            yield f"there is no metric {name}"
        for label in sorted(grouped_by(expression) - self.labels):
            yield f"there is no label {label}"
        for name, label in matched(expression):
            if label not in self.series.get(name, self.labels) | OF_TARGETS:
                yield f"{name} has no label {label}"


def page_of(project, inferd):
    """With failures, batches, a model that does not load."""
    with tempfile.TemporaryDirectory() as folder:
        repository = pathlib.Path(folder) / "models"
        shutil.copytree(project / "deploy/samples/models", repository)
        (repository / "broken/1").mkdir(parents=True)
        (repository / "broken/1/model.onnx").write_bytes(b"no model")
        server = Server(inferd, f"--model-repository={repository}", "--http-port=0", "--http-address=127.0.0.1")
        try:
            port = http_port(server)
            assert ask(port, "POST", "/v1/models/two_layer:predict", {"instances": [[1] * 10]})[0] == 200
            assert ask(port, "POST", "/v1/models/two_layer:predict", {"instances": [[1]]})[0] == 400
            return ask(port, "GET", "/metrics")[1].decode()
        finally:
            server.stop()


def panel_expressions(dashboard):
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]
    for annotation in dashboard["annotations"]["list"]:
        yield annotation["name"], annotation["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield f"${variable['name']}", re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"]["query"])[1]


def plain(expression):
    for name, value in GRAFANA:
        expression = expression.replace(name, value)
    return expression


def check_layout(dashboard):
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids), "two panels have one id"
    taken = set()
    for panel in dashboard["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken and at["x"] + at["w"] <= 24, f"{panel['title']} lies on another panel"
        taken |= cells


def check_parses(expressions, folder):
    rules = {"groups": [{"name": "panels", "rules": [{"record": f"panel:{number}", "expr": plain(expression)}
                                                     for number, (_, expression) in enumerate(expressions)]}]}
    (folder / "panels.yaml").write_text(yaml.safe_dump(rules))
    done = subprocess.run(["promtool", "check", "rules", folder / "panels.yaml"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def main():
    project, inferd = pathlib.Path(sys.argv[1]), sys.argv[2]
    if not shutil.which("promtool"):
        print("skipped: promtool is not installed (apt: prometheus)")
        return 77
    folder, failed = project / "deploy/prometheus", 0
    rules = yaml.safe_load((folder / "rules.yaml").read_text())
    dashboard = json.loads((project / "deploy/grafana/inferd.json").read_text())
    known = Known(project, page_of(project, inferd), rules)
    expressions = list(panel_expressions(dashboard))
    everything = expressions + [(rule.get("alert") or rule["record"], rule["expr"]) for group in rules["groups"] for rule in group["rules"]]
    for where, expression in everything:
        for mistake in known.mistakes(plain(expression)):
            failed += 1
            print(f"failed {where}: {mistake}")
    for planted in ('rate(inferd_request_total{model="m"}[5m])', "sum by (modle) (inferd_queue_requests)",
                    'inferd_queue_requests{reason="x"}'):
        if not list(known.mistakes(planted)):
            failed += 1
            print(f"failed: a planted mistake was not found: {planted}")
    check_layout(dashboard)
    with tempfile.TemporaryDirectory() as work:
        check_parses(expressions, pathlib.Path(work))
    done = subprocess.run(["promtool", "test", "rules", "rules_test.yaml"], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        failed += 1
        print(f"failed rules_test.yaml:\n{done.stdout}{done.stderr}")
    alerts = {rule["alert"] for group in rules["groups"] for rule in group["rules"] if "alert" in rule}
    tested = set(re.findall(r"alertname: (\w+)", (folder / "rules_test.yaml").read_text()))
    if alerts - tested:
        failed += 1
        print(f"failed: alerts without a test: {alerts - tested}")
    count = sum(len(group["rules"]) for group in rules["groups"])
    print(f"RESULT rules={count} panels={len([panel for panel in dashboard['panels'] if panel['type'] != 'row'])} failed={failed}")
    return 1 if failed else 0


sys.exit(main())
