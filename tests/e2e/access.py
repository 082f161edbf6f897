#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""Who may do what: access.py INFERD SOURCES. A matrix of every method and route of the server's own tables against
principals and models, each cell against the policy as written down here; tokens that must not be good; certificates;
changes of the files while we serve; Triton's restricted parts of the API."""

import base64
import hashlib
import hmac
import http.client
import json
import pathlib
import re
import ssl
import sys
import tempfile
import time

import grpc

from certificates import Authority
from grpcio_support import Server, field
from tokens import Key, encode

MODELS = ("digits", "two_layer")
ISSUER, AUDIENCE = "https://issuer.example", "inferd"

# Each way in, by the end of its name: the action, and how a request names a model.
EXAMPLES = field(2, field(1, field(1, b"")))
METHODS = [("Predict", "infer", lambda m: field(1, field(1, m))),
           ("Classify", "infer", lambda m: field(1, field(1, m)) + EXAMPLES),
           ("Regress", "infer", lambda m: field(1, field(1, m)) + EXAMPLES),
           ("MultiInference", "infer", lambda m: field(1, field(1, field(1, m)) + field(2, "tensorflow/serving/classify")) + EXAMPLES),
           ("ModelInfer", "infer", lambda m: field(1, m)), ("ModelStreamInfer", "infer", lambda m: field(1, m)),
           ("GetModelMetadata", "metadata", lambda m: field(1, field(1, m)) + field(2, "signature_def")),
           ("GetModelStatus", "status", lambda m: field(1, field(1, m))),
           ("HandleReloadConfigRequest", "reload", None),
           ("ServerLive", "health", None), ("ServerReady", "health", None),
           ("ModelReady", "ready", lambda m: field(1, m)), ("ServerMetadata", "server", None),
           ("ModelMetadata", "metadata", lambda m: field(1, m)), ("ModelConfig", "config", lambda m: field(1, m)),
           ("ModelStatistics", "statistics", lambda m: field(1, m)), ("RepositoryIndex", "index", None),
           ("RepositoryModelLoad", "load", lambda m: field(2, m)),
           ("RepositoryModelUnload", "unload", lambda m: field(2, m)), ("TraceSetting", "trace", lambda m: field(2, m)),
           ("LogSettings", "log", None), ("MemoryStatus", "shared_memory", None),
           ("MemoryRegister", "shared_memory", None), ("MemoryUnregister", "shared_memory", None),
           ("Check", "health", None), ("Health/List", "index", None), ("Watch", "health", None),
           ("ServerReflectionInfo", "server", None)]
ROUTES = [(r"^/v1/models/\*.*:(predict|classify|regress)$", "infer"), (r"^/v1/models/\*.*/metadata$", "metadata"),
          (r"^/v1/models/\*(/(versions|labels)/[#@])?$", "status"), (r"^/v[12]/models$", "index"),
          (r"^/v2/models/\*.*/(infer|generate|generate_stream)$", "infer"), (r"^/v2/models/\*.*/ready$", "ready"),
          (r"^/v2/models/\*.*/config$", "config"), (r"^/v2/models/(.*/)?stats$", "statistics"),
          (r"trace/setting$", "trace"), (r"^/v2/logging$", "log"), (r"sharedmemory/", "shared_memory"),
          (r"^/v2/models/\*(/versions/#)?$", "metadata"), (r"/load$", "load"), (r"/unload$", "unload"),
          (r"^/v2/repository/.*index$", "index"), (r"^/v2/?$", "server"), (r"^/(v2/health/|livez|readyz)", "health"),
          (r"^/(metrics|monitoring/)", "metrics"), (r"^/(console/\*)?$", "console"),
          (r"^/console/models/.*/graph$", "config"), (r"^/console/models/\*$", "status")]
RULES = [{"principals": ["jwt:ci"], "actions": ["infer", "metadata"], "models": ["dig*"]},
         {"principals": ["cert:*"], "actions": ["infer", "server"]},
         {"principals": ["token:operator"], "actions": ["*"]},
         {"principals": ["anonymous"], "actions": ["server"]},
         {"principals": ["token:reader"], "actions": ["status", "ready", "statistics", "index", "load", "unload"],
          "models": ["two_layer"]}]
REFUSED = (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED, 401, 403)


def fits(pattern, text):
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text) is not None


def allowed(principal, action, model):
    return action in ("health", "console") or any(
        any(fits(p, principal) for p in rule["principals"]) and ("*" in rule["actions"] or action in rule["actions"]) and
        any(fits(m, model) for m in rule.get("models", ["*"])) for rule in RULES)


def call(server, path, body, token=None, headers=()):
    metadata = list(headers) + ([("authorization", f"Bearer {token}")] if token else [])
    with grpc.insecure_channel(server.target) as channel:
        try:
            if path.endswith(("Watch", "ServerReflectionInfo", "ModelStreamInfer")):
                answers = channel.stream_stream(path)(iter([body]), timeout=5, metadata=metadata)
                first = next(answers, b"")
                answers.cancel()
                if b"you may not infer" in first:  # a stream of inferences goes on after one that fails
                    return grpc.StatusCode.PERMISSION_DENIED
            else:
                channel.unary_unary(path)(body, timeout=5, metadata=metadata)
            return grpc.StatusCode.OK
        except grpc.RpcError as error:
            return error.code()


def ask(server, method, path, token=None, headers=None, body=b"{}"):
    port = int(re.search(r" port=(\d+)", server.wait("protocol=http ")).group(1))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body if method == "POST" else None,
                           {**(headers or {}), **({"Authorization": f"Bearer {token}"} if token else {})})
        reply = connection.getresponse()
        reply.read()
        return reply.status
    finally:
        connection.close()


def table(sources, path, pattern):
    return re.findall(pattern, (pathlib.Path(sources) / path).read_text())


def test_matrix(server, sources, principals):
    """Every way in x every principal x both models."""
    cells = 0
    for path in table(sources, "server/rpc/method_table.c", r'"(/[a-z].*?/\w+)"'):
        end, action, request = next(row for row in METHODS if path.endswith(row[0]))
        for principal, token in principals.items():
            for model in MODELS:
                code = call(server, path, request(model) if request else b"", token)
                right = allowed(principal, action, model if request else "")
                assert (code not in REFUSED) == right, (path, principal, model, code)
                cells += 1
    for line in table(sources, "server/rest/route_table.c", r'^    \w+\((.*)'):
        pattern = re.search(r'"(/[^"]*)"', line)[1]
        method = "POST" if re.search(r"infer|predict|classify|regress|/index|load|generate", line) else "GET"
        action = next(action for expression, action in ROUTES if re.search(expression, pattern))
        for principal, token in principals.items():
            for model in MODELS:
                path = pattern.replace("*", model).replace("#", "1").replace("@", "stable")
                code = ask(server, method, path, token)
                right = allowed(principal, action, model if "*" in pattern else "")
                assert (code not in REFUSED) == right, (pattern, principal, model, code)
                cells += 1
    for token in (None, principals["token:reader"]):  # no way in at all
        assert call(server, "/inference.GRPCInferenceService/Nothing", b"", token) in REFUSED
        assert ask(server, "GET", "/v2/nothing", token) in REFUSED
    print(f"{cells} cells")


def test_tokens(server, keys, others):
    now = int(time.time())
    good = {"sub": "ci", "iss": ISSUER, "aud": AUDIENCE, "exp": now + 600}

    def code(token):
        codes = [call(server, "/inference.GRPCInferenceService/ModelMetadata", field(1, "digits"), token),
                 ask(server, "GET", "/v2/models/digits", token)]
        assert (codes[0] == grpc.StatusCode.OK) == (codes[1] == 200), (token[:80], codes)
        assert codes[0] in (grpc.StatusCode.OK, grpc.StatusCode.UNAUTHENTICATED), (token[:80], codes)
        return codes[0] == grpc.StatusCode.OK

    rsa, ec, ed = keys
    for key in keys:
        assert code(key.token(good)), key.algorithm
        assert code(key.token({**good, "aud": ["x", AUDIENCE]}))
        assert code(key.token({**good, "exp": now - 30})) and code(key.token({**good, "nbf": now + 30}))  # skew
        for change in ({"exp": now - 600}, {"exp": "soon"}, {"exp": None}, {"exp": -1}, {"nbf": now + 600},
                       {"iss": "other"}, {"aud": "other"}, {"aud": ["x"]}, {"aud": {}}, {"sub": ""}, {"sub": 1}):
            assert not code(key.token({**good, **change})), (key.algorithm, change)
        for name in good:
            assert not code(key.token({k: v for k, v in good.items() if k != name})), name
        for header in ({"alg": key.algorithm, "kid": "nobody"}, {"alg": "none", "kid": key.name}, {"kid": key.name},
                       {"alg": key.algorithm, "kid": key.name, "crit": ["exp"]}, {"alg": key.algorithm.lower(), "kid": key.name},
                       {"alg": "HS256", "kid": key.name}, {"alg": "RS256" if key is not rsa else "ES256", "kid": key.name}):
            assert not code(key.token(good, header)), header
        assert code(key.token(good, {"alg": key.algorithm}))  # the only key of its kind
        head, payload, signature = key.token(good).split(".")
        other = encode({**good, "sub": "root"})
        raw = base64.urlsafe_b64decode(signature + "==")
        for token in (f"{head}.{other}.{signature}", f"{head}.{payload}.", f"{head}.{payload}", f"{head}.{payload}.{signature}.",
                      f"{head}.{payload}.{signature}=", f"{head}.{payload}.{encode(raw[:-1])}",
                      f"{head}.{payload}.{encode(bytes(len(raw)))}", f"{head}.{payload}.{encode(raw + b'x')}",
                      f"{head}..{signature}", "..", ".", "x", "a" * 6000, f"{encode(b'[]')}.{payload}.{signature}"):
            assert not code(token), token[:80]
        raw_head = encode(b'{"alg":"%s","alg":"%s","kid":"%s"}' % ((key.algorithm.encode(),) * 2 + (key.name.encode(),)))
        assert not code(f"{raw_head}.{payload}.{signature}")
    for key in others:  # right names, other keys
        assert not code(key.token(good)), key.algorithm
    # A public key is no shared secret.
    text = f"{encode({'alg': 'HS256', 'kid': rsa.name})}.{encode(good)}"
    for secret in (rsa.public, b"", json.dumps(rsa.jwk()).encode()):
        assert not code(f"{text}.{encode(hmac.new(secret, text.encode(), hashlib.sha256).digest())}")
    assert not code(f"{encode({'alg': 'none'})}.{encode(good)}.")
    for scheme in ("Basic eDp5", "Bearer", "Bearer  ", "bearer x y"):
        assert ask(server, "GET", "/v2/models/digits", headers={"Authorization": scheme}) == 401


def change(server, path, text, event):
    before = len(server.lines)
    path.with_suffix(".new").write_text(text)
    path.with_suffix(".new").rename(path)
    with server.changed:
        server.changed.wait_for(lambda: any(event in line for line in server.lines[before:]), 20)
        assert any(event in line for line in server.lines[before:]), event


def test_reload(server, folder, principals):
    index = "/inference.GRPCInferenceService/RepositoryIndex"
    operator = principals["token:operator"]
    assert call(server, index, b"", operator) == grpc.StatusCode.OK
    policy, tokens = folder / "policy.json", folder / "tokens"
    before = tokens.read_text()
    change(server, policy, "{", "event=access_reload_failed")
    assert call(server, index, b"", operator) == grpc.StatusCode.OK
    change(server, policy, '{"rules":[]}', "event=access_reloaded")
    assert call(server, index, b"", operator) == grpc.StatusCode.PERMISSION_DENIED
    change(server, policy, json.dumps({"rules": RULES}), "event=access_reloaded")
    assert call(server, index, b"", operator) == grpc.StatusCode.OK
    change(server, tokens, "# nobody\n", "event=access_reloaded")
    assert call(server, index, b"", operator) == grpc.StatusCode.UNAUTHENTICATED
    change(server, tokens, before, "event=access_reloaded")


def test_certificates(inferd, samples, folder):
    ca = Authority(folder, "ca")
    pem, key = ca.issue_server("server")
    client = ca.issue("client", "/CN=alice", "URI:spiffe://prod/alice,DNS:alice.prod")
    named = ca.issue("named", "/CN=bob")
    (folder / "cert.json").write_text(json.dumps({"rules": [
        {"principals": ["cert:spiffe://prod/*"], "actions": ["*"]}, {"principals": ["cert:bob"], "actions": ["index"]}]}))
    server = Server(inferd, f"--model-repository={samples}/models", "--http-port=0", "--http-address=127.0.0.1",
                    f"--tls-cert={pem}", f"--tls-key={key}", f"--tls-client-ca={ca.pem}",
                    f"--policy-file={folder}/cert.json")
    port = int(re.search(r" port=(\d+)", server.wait("protocol=https")).group(1))
    for pair, metadata_allowed, index_allowed in ((client, True, True), (named, False, True), (None, False, False)):
        credentials = grpc.ssl_channel_credentials(ca.pem.read_bytes(), *[p.read_bytes() for p in reversed(pair or ())])
        context = ssl.create_default_context(cafile=ca.pem)
        if pair:
            context.load_cert_chain(*pair)
        for body, method, path, right in ((field(1, "digits"), "ModelMetadata", "/v2/models/digits", metadata_allowed),
                                          (b"", "RepositoryIndex", "/v2/models", index_allowed)):
            with grpc.secure_channel(f"localhost:{server.port}", credentials) as channel:
                try:
                    channel.unary_unary(f"/inference.GRPCInferenceService/{method}")(body, timeout=10)
                    code = grpc.StatusCode.OK
                except grpc.RpcError as error:
                    code = error.code()
            connection = http.client.HTTPSConnection("localhost", port, context=context, timeout=10)
            connection.request("GET", path)
            status = connection.getresponse().status
            connection.close()
            assert (code == grpc.StatusCode.OK) == (status == 200) == right, (pair, method, code, status)
    server.stop()


def test_restricted(inferd, samples):
    server = Server(inferd, f"--model-repository={samples}/models", "--http-port=0", "--http-address=127.0.0.1",
                    "--grpc-restricted-protocol=model-repository,metadata:Admin=secret",
                    "--grpc-restricted-protocol=statistics:stats=two", "--http-restricted-api=health,metadata:x-key=value")
    prefix = "/inference.GRPCInferenceService/"
    opened = [("triton-grpc-protocol-admin", "secret")]
    rows = [("RepositoryIndex", (), False), ("RepositoryIndex", opened, True), ("ServerMetadata", (), False),
            ("ServerMetadata", [("triton-grpc-protocol-admin", "secre")], False), ("ServerMetadata", opened, True),
            ("ModelStatistics", opened, False), ("ModelStatistics", [("triton-grpc-protocol-stats", "two")], True),
            ("ServerLive", (), True)]
    for method, headers, right in rows:
        code = call(server, prefix + method, b"", headers=headers)
        assert (code == grpc.StatusCode.OK) == right and (right or code == grpc.StatusCode.UNAVAILABLE), (method, code)
    for path, headers, right in (("/v2/health/live", {}, 403), ("/v2/health/live", {"X-Key": "value"}, 200),
                                 ("/v2/models/digits", {"x-key": "valu"}, 403), ("/v2/models/digits", {"x-key": "value"}, 200),
                                 ("/v2/models/stats", {}, 200)):
        assert ask(server, "GET", path, headers=headers) == right, path
    server.stop()


def main(inferd, sources):
    samples = f"{sources}/deploy/samples"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        keys = [Key(folder, f"key-{algorithm}", algorithm) for algorithm in ("RS256", "ES256", "EdDSA")]
        (folder / "strangers").mkdir()
        others = [Key(folder / "strangers", key.name, key.algorithm) for key in keys]
        (folder / "jwks.json").write_text(json.dumps({"keys": [key.jwk() for key in keys] + [
            keys[0].jwk(kid="encryption", use="enc"), {"kty": "oct", "k": "c2VjcmV0", "kid": "shared"}]}))
        (folder / "tokens").write_text("# name hash\n" + "".join(
            f"{who} {hashlib.sha256(f'secret of {who}'.encode()).hexdigest()}\n" for who in ("operator", "reader")))
        (folder / "policy.json").write_text(json.dumps({"rules": RULES}))
        claims = {"sub": "ci", "iss": ISSUER, "aud": AUDIENCE, "exp": int(time.time()) + 3600}
        principals = {"anonymous": None, "token:operator": "secret of operator", "token:reader": "secret of reader",
                      "jwt:ci": keys[1].token(claims)}
        server = Server(inferd, f"--model-repository={samples}/models", "--http-port=0", "--http-address=127.0.0.1",
                        f"--tokens-file={folder}/tokens", f"--jwks-file={folder}/jwks.json", f"--jwt-issuer={ISSUER}",
                        f"--jwt-audience={AUDIENCE}", f"--policy-file={folder}/policy.json")
        test_matrix(server, sources, principals)
        test_tokens(server, keys, others)
        test_reload(server, folder, principals)
        server.stop()
        text = "".join(server.lines)
        assert "secret of" not in text and principals["jwt:ci"] not in text
        test_certificates(inferd, samples, folder)
        test_restricted(inferd, samples)


main(*sys.argv[1:])
