# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""console.py INFERD SAMPLES [SCREENSHOTS]: the web console in a real browser, used as people use it.

Every page with a mouse, by keyboard alone, on a phone, light and dark; against the server's own answers. What the page may
not do is tried as well: load or call anything elsewhere, run a script that is not a file of the console, do what a policy
denies. Skipped (77) where there is no Chromium. The last line is `RESULT console_checks=N failed=N requests_elsewhere=N`.
"""

import hashlib
import json
import pathlib
import shutil
import sys
import tempfile
import threading
import traceback
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "e2e"))
from browser import Browser, find_program  # noqa: E402
from grpcio_support import Server  # noqa: E402
from http_support import ask, http_port  # noqa: E402

X = {"instances": [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]]}
ROWS = "[...document.querySelectorAll('tbody tr')].map(r => r.innerText)"
TABS = ("charts", "ports", "try", "network", "versions")
FILES = ("", *(f"console/{name}" for name in ("console.js", "console.css", "api.js", "charts.js", "dom.js", "graph.js",
                                              "icon.svg", "metrics.js", "model.js", "overview.js", "tryit.js", "index.html")))
# Relative luminance and contrast as WCAG has them, over every text that is shown.
CONTRAST = """(() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => { const [r, g, b] = rgb.map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = (node) => { for (; node; node = node.parentElement) { const c = parse(getComputedStyle(node).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  let worst = [21, ""];
  for (const node of document.querySelectorAll("body *:not(svg *):not(script)")) {
    if (![...node.childNodes].some(c => c.nodeType === 3 && c.textContent.trim()) || !node.checkVisibility()) continue;
    const a = light(parse(getComputedStyle(node).color).slice(0, 3)), b = light(behind(node).slice(0, 3));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst[0]) worst = [ratio, node.outerHTML.slice(0, 100)];
  }
  return worst;
})()"""
RULES = {"rules": [{"principals": ["token:operator"], "actions": ["*"], "models": ["*"]},
                   {"principals": ["token:reader"], "actions": ["server", "index", "status", "metadata", "metrics"], "models": ["*"]}]}


class Scene:
    """The server, its repository and the browser, and traffic while a test wants it."""

    def __init__(self, inferd, samples, work, shots):
        self.samples, self.work, self.shots = samples, work, shots
        repository = work / "models"
        shutil.copytree(samples / "models", repository)
        (repository / "broken/1").mkdir(parents=True)
        (repository / "broken/1/model.onnx").write_bytes(b"no model")
        self.inferd, self.repository = inferd, repository
        self.server = Server(inferd, f"--model-repository={repository}", "--http-port=0", "--http-address=127.0.0.1",
                             "--allow-label-changes")
        self.port = http_port(self.server)
        self.base = f"http://127.0.0.1:{self.port}/"
        self.browser = Browser(find_program())
        self.browser.look(1280, 900)
        self.elsewhere = 0

    def close(self):
        self.browser.close()
        self.server.stop()

    def page(self, fragment="", ready="document.querySelectorAll('tbody tr').length > 0"):
        self.browser.open("about:blank")
        self.browser.open(f"{self.base}{fragment}")
        self.browser.until(ready)

    def shot(self, name):
        if self.shots:
            self.shots.mkdir(parents=True, exist_ok=True)
            self.browser.screenshot(self.shots / f"{name}.png")

    def traffic(self):
        """A context in which two_layer is asked, now and then wrongly."""
        scene = self

        class Traffic:
            def __enter__(self):
                self.stop = threading.Event()
                self.thread = threading.Thread(target=self.run)
                self.thread.start()

            def run(self):
                while not self.stop.wait(0.02):
                    ask(scene.port, "POST", "/v1/models/two_layer:predict", X)
                    ask(scene.port, "POST", "/v1/models/two_layer:predict", {"instances": [[1]]})

            def __exit__(self, *_):
                self.stop.set()
                self.thread.join()
        return Traffic()


# --- what is shown ---

def test_overview_has_states_and_reasons(scene):
    scene.page()
    rows = scene.browser.run(ROWS)
    assert any("digits" in row and "READY" in row for row in rows), rows
    broken = next(row for row in rows if "broken" in row)
    assert "UNAVAILABLE" in broken, broken
    index = ask(scene.port, "POST", "/v2/repository/index", {})[1]
    reason = next(one for one in index if one["name"] == "broken")["reason"]
    assert "model.onnx" in reason and reason in broken, (broken, index)
    scene.browser.run("document.getElementById('filter').focus()")
    scene.browser.type("digi")
    scene.browser.until(f"{ROWS}.length === 1")


def test_charts_follow_the_traffic(scene):
    with scene.traffic():
        scene.page()
        for title, at_least in (("Requests per second", 1), ("Errors per second", 1), ("Rows per batch", 1)):
            scene.browser.until("[...document.querySelectorAll('figure')].some(f => f.innerText.startsWith(" + json.dumps(title) +
                                f") && parseFloat(f.querySelector('.key').innerText.match(/[\\d.]+/)) >= {at_least})")
        latency = scene.browser.run("[...document.querySelectorAll('figure')].find(f => f.innerText.startsWith('Latency')).innerText")
        assert all(name in latency for name in ("p50", "p95", "p99")) and "s" in latency, latency
        scene.browser.until("[...document.querySelectorAll('figure path.s0')].some(p => (p.getAttribute('d') || '').includes('L'))")
        scene.shot("overview")


def test_ports(scene):
    scene.page("#/model/digits/1/ports")
    text = scene.browser.text()
    assert "image" in text and "[any, 1, 8, 8]" in text and "probabilities" in text and "max_batch_size" in text, text
    scene.shot("ports")


# --- trying it ---

def send(scene):
    scene.browser.run("[...document.querySelectorAll('main button')].find(b => b.innerText === 'Send').click()")


def test_try_json(scene):
    scene.page("#/model/two_layer/2/try", "document.querySelector('#request') && document.querySelector('#request').value !== ''")
    request = json.loads(scene.browser.run("document.querySelector('#request').value"))
    assert request["inputs"][0]["shape"] == [1, 10], request
    request["inputs"][0]["data"] = X["instances"][0]
    scene.browser.run("document.querySelector('#request').select()")
    scene.browser.type(json.dumps(request))
    send(scene)
    scene.browser.until("document.querySelector('.columns pre')")
    shown = json.loads(scene.browser.run("document.querySelector('.columns pre').innerText"))
    right = ask(scene.port, "POST", "/v2/models/two_layer/versions/2/infer", request)[1]["outputs"][0]["data"]
    assert shown == right, (shown, right)
    scene.browser.run("document.querySelector('#request').value = '{\"inputs\": []}'")
    send(scene)
    scene.browser.until("document.querySelector('main .problem')")
    said = scene.browser.run("document.querySelector('main .problem').innerText")
    assert said == ask(scene.port, "POST", "/v2/models/two_layer/versions/2/infer", {"inputs": []})[1]["error"], said


def test_try_pictures(scene):
    for give in ("drop_file", "choose_file"):
        scene.page("#/model/digits/1/try", "document.querySelector('#picture')")
        getattr(scene.browser, give)(".drop" if give == "drop_file" else "#picture", scene.samples / "digits/3.png")
        scene.browser.until("document.body.innerText.includes('3.png, 8 by 8')")
        send(scene)
        scene.browser.until("document.querySelector('.bars')")
        assert scene.browser.run("document.querySelector('.bars').innerText").startswith("#3"), "it is a three"
    scene.shot("try")


# --- the network ---

def test_network(scene):
    scene.page("#/model/digits/1/network", "document.querySelectorAll('.network g.node').length > 0")
    graph = ask(scene.port, "GET", "/console/models/digits/versions/1/graph")[1]
    assert scene.browser.run("document.querySelectorAll('.network g.node').length") == len(graph["nodes"])
    assert scene.browser.run("document.querySelectorAll('.network path.edge').length") >= len(graph["nodes"])
    conv = [node for node in graph["nodes"] if node["op"] == "Conv"]
    assert len(conv) == 3 and all(node["us"] > 0 and node["kernel"] for node in conv), graph
    assert abs(sum(node["us"] for node in graph["nodes"]) - graph["total_us"]) < 0.01, graph["total_us"]
    made = {port["value"] for port in graph["inputs"]} | {output["value"] for node in graph["nodes"] for output in node["outputs"]}
    assert all(value in made for node in graph["nodes"] for value in node["inputs"]), "an edge begins nowhere"
    scene.browser.run("document.querySelector('.network g[tabindex=\"0\"]').focus()")
    for _ in range(2):
        scene.browser.press("ArrowDown")
    assert scene.browser.run("document.activeElement.getAttribute('aria-label')").startswith(graph["nodes"][1]["op"])
    scene.shot("network")
    assert ask(scene.port, "GET", "/console/models/nope/graph")[0] == 404
    assert ask(scene.port, "GET", "/console/models/digits/versions/7/graph")[0] in (400, 404)


def test_measuring_leaves_answers_alone(scene):
    """While networks are measured all the time, requests are answered, the same as ever."""
    right = ask(scene.port, "POST", "/v1/models/two_layer:predict", X)
    codes = []

    def measure():
        for _ in range(6):
            codes.append(ask(scene.port, "GET", "/console/models/digits/graph")[0])
    threads = [threading.Thread(target=measure) for _ in range(3)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert ask(scene.port, "POST", "/v1/models/two_layer:predict", X) == right
    for thread in threads:
        thread.join()
    assert 200 in codes and set(codes) <= {200, 503}, codes


# --- labels ---

def test_rollback_by_keyboard(scene):
    """Nothing but Tab, arrows, Enter and letters, from the first page on."""
    browser = scene.browser
    scene.page()
    browser.press("Tab")
    assert browser.run("document.activeElement.innerText") == "Skip to content"

    def tab_to(what, most=80):
        for _ in range(most):
            if browser.run(f"Boolean(document.activeElement.matches({json.dumps(what)}))"):
                outline = browser.run("getComputedStyle(document.activeElement).outlineStyle")
                assert outline != "none", f"{what} does not show that it has the focus"
                return
            browser.press("Tab")
        raise AssertionError(f"{what} cannot be reached by Tab")
    tab_to("a[href='#/model/two_layer/1/charts']")
    browser.press("Enter")
    browser.until("document.querySelector('nav.tabs')")
    tab_to("nav.tabs a[href$='/versions']")
    browser.press("Enter")
    browser.until("document.querySelector('#label')")
    for version, first in (("2", 10.0), ("1", None)):
        tab_to("#label")
        browser.run("document.activeElement.select()")
        browser.type("stable")
        tab_to("#label-version")
        browser.press(version)
        tab_to("form.row button")
        browser.press("Enter")
        browser.until(f"document.body.innerText.includes(\"'stable' is version {version} now.\")")
        code, reply = ask(scene.port, "POST", "/v1/models/two_layer/labels/stable:predict", X)
        alone = ask(scene.port, "POST", f"/v1/models/two_layer/versions/{version}:predict", X)
        assert (code, reply) == alone, (reply, alone)
        assert first is None or abs(reply["predictions"][0][0] - first) < 0.01
        assert ask(scene.port, "GET", "/console/models/two_layer")[1]["labels"] == {"stable": int(version)}
    assert browser.run("document.querySelector('tbody code').innerText") == "stable"
    scene.shot("versions")


# --- who may ---

def test_a_policy_holds(scene):
    tokens = {"operator": "op-token-1", "reader": "read-token-1"}
    (scene.work / "tokens").write_text("".join(f"{name} {hashlib.sha256(token.encode()).hexdigest()}\n" for name, token in tokens.items()))
    (scene.work / "policy.json").write_text(json.dumps(RULES))
    server = Server(scene.inferd, f"--model-repository={scene.samples / 'models'}", "--http-port=0", "--http-address=127.0.0.1",
                    "--allow-label-changes", f"--tokens-file={scene.work / 'tokens'}", f"--policy-file={scene.work / 'policy.json'}")
    browser, port = scene.browser, http_port(server)
    try:
        assert ask(port, "GET", "/console/models/digits/graph")[0] == 401
        assert ask(port, "GET", "/console/models/digits")[0] == 401
        assert ask(port, "GET", "/console/models/digits/graph", headers={"Authorization": f"Bearer {tokens['reader']}"})[0] == 403
        browser.open(f"http://127.0.0.1:{port}/")
        browser.until("!document.querySelector('#problem').hidden")
        assert "credentials" in browser.text(), browser.text()

        def use(token):
            browser.run("document.querySelector('#token').select()")
            browser.type(token)
            browser.press("Enter")
        use(tokens["reader"])
        browser.until(f"{ROWS}.length > 0")
        browser.run("location.hash = '#/model/two_layer/1/versions'")
        browser.until("document.querySelector('#label')")
        browser.run("document.querySelector('#label').form.requestSubmit()")
        browser.until("document.querySelector('p.bad')")
        assert "you may not load this" in browser.text(), browser.text()
        use(tokens["operator"])
        browser.run("document.querySelector('#label').form.requestSubmit()")
        browser.until("document.body.innerText.includes(\"'stable' is version\")")
        assert tokens["operator"] not in browser.run("JSON.stringify({...localStorage}) + JSON.stringify({...sessionStorage}) + location + document.cookie")
    finally:
        browser.open("about:blank")
        server.stop()


def test_nothing_comes_from_elsewhere(scene):
    for path in FILES:
        with urllib.request.urlopen(scene.base + path) as reply:
            policy = reply.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy, policy
            assert reply.headers["X-Content-Type-Options"] == "nosniff"
            text = reply.read().decode()
        assert "//" not in text.replace("http://www.w3.org/2000/svg", "").replace("://", "") or path.endswith(".js"), path
    assert ask(scene.port, "GET", "/console/nope")[0] == 404
    with urllib.request.urlopen(
            urllib.request.Request(scene.base, headers={"Accept-Encoding": "gzip"})) as reply:
        assert reply.headers["Content-Encoding"] == "gzip" and "default-src" in reply.headers["Content-Security-Policy"]
    scene.page()
    other = f"http://127.0.0.2:{scene.port}/livez"
    assert scene.browser.run(f"fetch({json.dumps(other)}, {{mode: 'no-cors'}}).then(() => 'sent', () => 'refused')") == "refused"
    scene.browser.run("(() => { const s = document.createElement('script'); s.textContent = 'window.planted = 1'; document.body.append(s); })()")
    assert scene.browser.run("window.planted === undefined")
    scene.browser.requests = [one for one in scene.browser.requests if "127.0.0.2" not in one]
    scene.browser.messages.clear()  # those two


# --- how it looks ---

def test_phones_and_themes(scene):
    seen = {}
    for width, height, phone in ((390, 844, True), (1280, 900, False)):
        for dark in (False, True):
            scene.browser.look(width, height, dark, phone)
            for fragment in ("", *(f"#/model/digits/1/{tab}" for tab in TABS)):
                scene.page(fragment, "document.querySelector('main .card') && !document.body.innerText.includes('Measuring')")
                wide = scene.browser.run("document.scrollingElement.scrollWidth - innerWidth")
                assert wide <= 0, f"{fragment} is {wide} pixels too wide at {width}"
                ratio, where = scene.browser.run(CONTRAST)
                assert ratio >= 4.5, f"{fragment}: contrast {ratio:.2f} in {'dark' if dark else 'light'}: {where}"
                nameless = scene.browser.run("[...document.querySelectorAll('input, select, textarea, button')].filter(n => !n.innerText && "
                                             "!(n.labels && n.labels.length)).map(n => n.outerHTML)")
                assert not nameless, nameless
                scene.shot(f"{'phone' if phone else 'desk'}-{'dark' if dark else 'light'}-{fragment.split('/')[-1] or 'overview'}")
            seen[dark] = scene.browser.run("getComputedStyle(document.body).backgroundColor")
    assert seen[False] != seen[True]
    scene.browser.look(1280, 900)


def test_it_can_be_turned_off(scene):
    server = Server(scene.inferd, f"--model-repository={scene.samples / 'models'}", "--http-port=0", "--console=false")
    try:
        for path in ("/", "/console/console.js", "/console/models/digits", "/console/models/digits/graph"):
            assert ask(http_port(server), "GET", path)[0] == 404, path
        assert ask(http_port(server), "GET", "/v2")[0] == 200
    finally:
        server.stop()


def main():
    inferd, samples = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    shots = pathlib.Path(sys.argv[3]) if len(sys.argv) > 3 else None
    if not find_program():
        print("skipped console: there is no Chromium (apt: chromium-headless-shell)")
        return 77
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        scene = Scene(inferd, samples, pathlib.Path(folder), shots)
        try:
            for name, test in tests:
                scene.browser.exceptions.clear()
                try:
                    test(scene)
                    assert not scene.browser.exceptions, scene.browser.exceptions
                    print(f"ok {name}", flush=True)
                except Exception:
                    failed += 1
                    print(f"failed {name}\n{traceback.format_exc()}", flush=True)
            elsewhere = [one for one in scene.browser.requests if not one.startswith(("http://127.0.0.1:", "about:", "blob:", "data:"))]
        finally:
            scene.close()
    print(*elsewhere, sep="\n", end="")
    print(f"RESULT console_checks={len(tests)} failed={failed} requests_elsewhere={len(elsewhere)}")
    return 1 if failed or elsewhere else 0


sys.exit(main())
