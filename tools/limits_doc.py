#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""limits_doc.py INFERD SOURCES [--check]: the table of limits in docs/SECURITY.md, out of the program and its sources.

Flags and defaults are what the program itself prints (its table of options), constants what the headers say. --check
fails when the page says something else; without it the page is rewritten between its two marks.
"""

import pathlib
import re
import subprocess
import sys

BEGIN, END = "<!-- limits: ./dev docs -->", "<!-- /limits -->"

# Limits without a flag: what they are of, where the constant stands, its name.
CONSTANTS = [
    ("request line and headers over HTTP", "server/rest/http_internal.h", "HTTP_HEADER_BYTES_MAX"),
    ("path over HTTP", "server/rest/http_internal.h", "HTTP_PATH_BYTES_MAX"),
    ("one header over HTTP", "server/rest/http_internal.h", "HTTP_VALUE_BYTES_MAX"),
    ("a whole head over HTTP, ns", "server/rest/http_internal.h", "HTTP_HEADER_NS"),
    ("an idle connection over HTTP, ns", "server/rest/http_internal.h", "HTTP_IDLE_NS"),
    ("a body over HTTP, bytes a second after its head start", "server/rest/http_internal.h", "HTTP_BODY_RATE"),
    ("a reply of which nothing is read over HTTP, ns", "server/rest/http_internal.h", "HTTP_WRITE_NS"),
    ("metadata of a gRPC call (bundled: refused above twice that)", "server/rpc/channel_args.c", "METADATA_BYTES"),
    ("calls that wait for the rpc thread (bundled: refused above)", "server/rpc/channel_args.c", "PENDING_CALLS"),
    ("nesting of JSON", "runtime/json/json_reader.h", "JSON_DEPTH_MAX"),
    ("a signed token", "server/access/jwt.h", "JWT_BYTES_MAX"),
    ("keys of a JWKS", "server/access/jwks.h", "JWKS_KEYS_MAX"),
    ("rules of a policy", "server/access/policy.h", "POLICY_RULES_MAX"),
    ("rank of a tensor", "runtime/tensor/shape.h", "SHAPE_MAX_RANK"),
]
# Which metric tells how near a limit is.
METRICS = {"http-max-connections": "inferd_http_connections", "http-max-peer-connections": "inferd_http_connections_refused",
           "memory-limit-bytes": "inferd_memory_level, process_resident_memory_bytes", "max-live-calls": "inferd_live_calls",
           "memory-bytes": "inferd_receive_bytes, inferd_output_bytes"}
MORE_FLAGS = ["max-streams", "grpc-handshake-timeout", "grpc-keepalive-time", "grpc-keepalive-timeout", "max-queue-requests",
              "max-queue-bytes"]


def flags(inferd):
    """(names, help, default) of the limits among the flags."""
    text = subprocess.run([inferd, "--help"], check=True, capture_output=True, text=True).stdout
    section = None
    entries = re.findall(r"^(\S[^\n]*)$|^  (--[^\n]+)\n +([^\n]+)$", text, re.M)
    for title, names, told in entries:
        section = title or section
        plain = [name.lstrip("-") for name in names.split(", ")]
        if names and (section.startswith("Limits") or plain[0] in MORE_FLAGS):
            match = re.fullmatch(r"(.*?)(?: \[(.*)\])?", told)
            yield plain, match[1], match[2] or "none"


def constant(sources, path, name):
    text = (pathlib.Path(sources) / path).read_text()
    found = re.search(rf"\b{name}\b *(?:=|\s) *(?:UINT64_C\()?([0-9][0-9 <]*)", text)
    if not found:
        raise SystemExit(f"{path} has no {name}")
    return found[1].strip()


def table(inferd, sources):
    rows = ["| limit | default | metric | what |", "|---|---|---|---|"]
    for names, told, default in flags(inferd):
        rows.append(f"| `--{names[0]}` | {default} | {METRICS.get(names[0], '')} | {told} |")
    for what, path, name in CONSTANTS:
        rows.append(f"| `{name}` | {constant(sources, path, name)} | | {what} |")
    return "\n".join(rows)


def main(inferd, sources, *more):
    page = pathlib.Path(sources) / "docs/SECURITY.md"
    text = page.read_text()
    before, rest = text.split(BEGIN)
    new = f"{before}{BEGIN}\n\n{table(inferd, sources)}\n\n{END}{rest.split(END)[1]}"
    if "--check" in more and new != text:
        raise SystemExit("docs/SECURITY.md does not tell the limits as they are: run ./dev docs")
    if "--check" not in more:
        page.write_text(new)


main(*sys.argv[1:])
