#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""TLS of both ports: tls.py INFERD INFERCTL SAMPLES. Versions and ciphers, clients' certificates, the flags of both
servers whose users we mean to serve, and certificates that change while we answer, good pairs and bad ones."""

import concurrent.futures
import http.client
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import warnings

import grpc

from certificates import Authority
from grpcio_support import Server

LIVE = "/inference.GRPCInferenceService/ServerLive"
HTTPS = "protocol=https"


def ask_grpc(server, ca, pair=(None, None)):
    """True, or the code that the call ended with."""
    texts = [path.read_bytes() if path else None for path in (ca, *pair)]
    credentials = grpc.ssl_channel_credentials(texts[0], texts[2], texts[1])
    with grpc.secure_channel(f"localhost:{server.port}", credentials) as channel:
        try:
            return channel.unary_unary(LIVE)(b"", timeout=10) == b"\x08\x01"
        except grpc.RpcError as error:
            return error.code()


def context(ca, pair=(None, None), newest=None):
    made = ssl.create_default_context(cafile=ca)
    if pair[0]:
        made.load_cert_chain(*pair)
    if newest:
        warnings.simplefilter("ignore", DeprecationWarning)
        made.minimum_version = ssl.TLSVersion.TLSv1
        made.maximum_version = newest
        made.set_ciphers("ALL:@SECLEVEL=0")
    return made


def http_port(server):
    return int(re.search(r" port=(\d+)", server.wait(HTTPS)).group(1))


def ask_rest(server, ca, pair=(None, None), body=None):
    connection = http.client.HTTPSConnection("localhost", http_port(server), context=context(ca, pair), timeout=20)
    try:
        connection.request("POST" if body else "GET", "/v2/models/digits/infer" if body else "/v2/health/live", body)
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def serial(server, ca, port):
    with socket.create_connection(("localhost", port), 10) as plain:
        with context(ca).wrap_socket(plain, server_hostname="localhost") as secure:
            return secure.getpeercert()["serialNumber"]


def start(inferd, samples, *flags):
    return Server(inferd, f"--model-repository={samples}/models", "--http-port=0", "--http-address=127.0.0.1", *flags)


def test_versions(server, ca):
    def version(newest):
        with socket.create_connection(("localhost", http_port(server)), 10) as plain:
            with context(ca.pem, newest=newest).wrap_socket(plain, server_hostname="localhost") as secure:
                return secure.version()
    assert version(ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
    assert version(ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    try:
        raise AssertionError(f"TLS 1.1 was taken: {version(ssl.TLSVersion.TLSv1_1)}")
    except (ssl.SSLError, ConnectionError):
        pass


def test_both_ports(server, ca):
    assert ask_grpc(server, ca.pem) is True
    assert ask_rest(server, ca.pem)[0] == 200
    # A body of several TLS records.
    pixels = [0.123456789] * (64 * 64)
    body = ('{"inputs":[{"name":"image","datatype":"FP32","shape":[64,1,8,8],"data":%s}]}' % pixels).encode()
    code, reply = ask_rest(server, ca.pem, body=body)
    assert code == 200 and reply.count(b",") >= 640 - 1, (code, reply[:200])
    # In the open on a TLS port: refused, and nothing else is hurt.
    with socket.create_connection(("localhost", http_port(server)), 10) as plain:
        plain.sendall(b"GET /v2 HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            assert b"200" not in plain.recv(100)
        except ConnectionResetError:
            pass
    assert ask_rest(server, ca.pem)[0] == 200


def test_many_at_once(server, ca):
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert all(code == 200 for code, _ in pool.map(lambda _: ask_rest(server, ca.pem), range(200)))


def refresh(server, text, before):
    """Waits for a line after the first `before`."""
    with server.changed:
        server.changed.wait_for(lambda: any(text in line for line in server.lines[before:]), 20)
        assert any(text in line for line in server.lines[before:]), "".join(server.lines[-20:])


def replace(source, target):
    shutil.copy(source, f"{target}.new")
    os.rename(f"{target}.new", target)


def test_reload(server, ca, folder):
    """What is served changes with the files, and stays when they do not belong together."""
    def change(text, *steps):
        before = len(server.lines)
        for source, target in steps:
            replace(source, folder / target)
        refresh(server, text, before)
        assert ask_grpc(server, ca.pem) is True
        return serial(server, ca.pem, http_port(server))
    first = serial(server, ca.pem, http_port(server))
    pems, keys = zip(*(ca.issue_server(name) for name in ("second", "third")))
    (folder / "broken").write_text("not a certificate")
    assert change("event=tls_reload_failed", (pems[0], "now.pem")) == first  # its key is still the first one's
    second = change("event=tls_reloaded", (keys[0], "now.key"))
    assert second != first
    assert change("event=tls_reload_failed", (folder / "broken", "now.pem")) == second
    third = change("event=tls_reloaded", (keys[1], "now.key"), (pems[1], "now.pem"))
    assert third not in (first, second)


def test_mutual(inferd, samples, ca, stranger, folder):
    pair = ca.issue_server("mutual")
    client = ca.issue("client", "/CN=alice")
    other = stranger.issue("other", "/CN=mallory")
    server = start(inferd, samples, f"--grpc-server-cert={pair[0]}", f"--grpc-server-key={pair[1]}",
                   f"--grpc-root-cert={ca.pem}", "--grpc-use-ssl-mutual=true")
    assert ask_grpc(server, ca.pem, client) is True
    assert ask_grpc(server, ca.pem) == grpc.StatusCode.UNAVAILABLE
    assert ask_grpc(server, ca.pem, other) == grpc.StatusCode.UNAVAILABLE
    assert ask_rest(server, ca.pem, client)[0] == 200
    for pair_given in ((None, None), other):
        try:
            raise AssertionError(f"taken without a certificate of ours: {ask_rest(server, ca.pem, pair_given)}")
        except (ssl.SSLError, ConnectionError, http.client.HTTPException):
            pass
    server.stop()


def test_flags_of_others(inferd, samples, ca, folder):
    """--ssl_config_file and --grpc-use-ssl are about gRPC alone."""
    pem, key = ca.issue_server("others")
    quoted = [path.read_text().replace("\n", "\\n") for path in (key, pem)]
    config = folder / "ssl.config"
    config.write_text('server_key: "%s"\nserver_cert: "%s"\nclient_verify: false\n' % tuple(quoted))
    for flags in ([f"--ssl_config_file={config}"],
                  ["--grpc-use-ssl", f"--grpc-server-cert={pem}", f"--grpc-server-key={key}"]):
        server = start(inferd, samples, *flags)
        assert ask_grpc(server, ca.pem) is True, flags
        port = int(re.search(r" port=(\d+)", server.wait("protocol=http ")).group(1))
        connection = http.client.HTTPConnection("localhost", port, timeout=10)
        connection.request("GET", "/v2/health/live")
        assert connection.getresponse().status == 200, flags
        connection.close()
        server.stop()


def test_refused_at_start(inferd, samples, ca, stranger):
    pem, key = ca.issue_server("good")
    wrong = stranger.issue_server("wrong")
    rows = [([f"--tls-cert={pem}"], "both a certificate and its key"),
            ([f"--tls-cert={pem}", f"--tls-key={wrong[1]}"], "the key does not belong"),
            ([f"--tls-cert={key}", f"--tls-key={key}"], "the certificate cannot be used"),
            ([f"--tls-cert={pem}", f"--tls-key={key}", "--tls-mutual"], "no CA for them"),
            ([f"--tls-cert={pem}.none", f"--tls-key={key}"], "good.pem.none")]
    for flags, text in rows:
        run = subprocess.run([inferd, f"--model-repository={samples}/models", "--port=0", *flags], capture_output=True,
                             text=True, timeout=60, check=False)
        assert run.returncode == 1 and text in run.stderr, (flags, run.stderr)


def test_inferctl(server, inferctl, ca):
    def run(*flags):
        return subprocess.run([inferctl, "models", "--server", f"localhost:{server.port}", "--timeout", "5", *flags],
                              capture_output=True, text=True, timeout=60, check=False)
    good = run("--cacert", ca.pem)
    assert good.returncode == 0 and "digits" in good.stdout, good
    assert run("--tls").returncode == 1  # signed by none of the system's
    assert run().returncode == 1


def main(inferd, inferctl, samples):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        ca, stranger = Authority(folder, "ca"), Authority(folder, "stranger")
        pair = ca.issue_server("first")
        for part, path in zip(pair, (folder / "now.pem", folder / "now.key")):
            shutil.copy(part, path)
        server = start(inferd, samples, f"--tls-cert={folder}/now.pem", f"--tls-key={folder}/now.key")
        test_versions(server, ca)
        test_both_ports(server, ca)
        test_many_at_once(server, ca)
        test_inferctl(server, inferctl, ca)
        test_reload(server, ca, folder)
        server.stop()
        test_mutual(inferd, samples, ca, stranger, folder)
        test_flags_of_others(inferd, samples, ca, folder)
        test_refused_at_start(inferd, samples, ca, stranger)


main(*sys.argv[1:])
