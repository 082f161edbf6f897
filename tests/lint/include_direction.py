#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""Fails on an #include that points the wrong way between folders, or at a library that its folder may not use.

ALLOWED: for each folder, the project folders it may include (itself always). LIBRARIES: for each library, recognised by
its headers, the folders that may use it. The longest matching folder counts.
"""

import os
import re
import subprocess
import sys

BASE = ["runtime/base"]
TENSOR = BASE + ["runtime/tensor"]
GRAPH = TENSOR + ["runtime/graph"]
DEVICE = GRAPH + ["runtime/device"]
MODEL = DEVICE + ["runtime/onnx", "runtime/passes", "runtime/plan", "runtime/config", "runtime/exec", "runtime/model"]

ALLOWED = {
    "proto": [],
    "runtime/base": [],
    "runtime/tensor": BASE,
    "runtime/json": TENSOR,
    "runtime/graph": TENSOR,
    "runtime/device": GRAPH,
    "runtime/onnx": GRAPH,
    "runtime/passes": DEVICE,
    "runtime/plan": GRAPH,
    "runtime/config": TENSOR,
    "runtime/cpu": DEVICE + ["runtime/plan"],
    "runtime/exec": DEVICE + ["runtime/onnx", "runtime/passes", "runtime/plan"],
    "runtime/model": MODEL,
    "runtime/schedule": MODEL,
    "runtime/trust": TENSOR + ["runtime/json"],
    "runtime/repo": MODEL + ["runtime/schedule", "runtime/trust"],
    "cuda": DEVICE + ["runtime/plan"],
    "server": ["runtime", "proto"],
    "server/access": ["server", "runtime", "proto"],
    "server/wire": ["runtime", "proto"],
    "server/rpc": ["server", "runtime", "proto"],
    "server/rest": ["server", "runtime", "proto"],
    "clients/c": BASE + ["proto"],
    "clients/inferctl": ["clients/c", "clients/load", "runtime"],
    "clients/load": ["clients/c"] + BASE,
    "tools": ["runtime", "server"],
    "tests": ["runtime", "cuda", "server", "clients", "proto", "tests"],
}

LIBRARIES = {
    r"grpc/": ["server/rpc", "server/main.c", "clients/c", "clients/load", "tests"],
    r"(oneapi/)?dnnl": ["runtime/cpu", "tests/unit/runtime/cpu"],
    r"cuda_|cublas|cudnn": ["cuda", "tests/cuda"],
    r"openssl/": ["runtime/trust", "server", "tests/unit/runtime/trust"],
    r"event2/": ["server/rest", "tests"],
    r"http_parser\.h": ["server/rest"],
    r"jansson\.h": ["server", "clients/inferctl"],
    r"png\.h": ["clients/inferctl"],
    r"ares\.h": ["clients/c", "clients/inferctl"],
    r"zlib\.h": ["server", "tests"],
    r"protobuf-c/|.*\.pb-c\.h": ["proto", "runtime/config", "server", "clients/c", "tests"],
}

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')


def folder_of(path, folders):
    inside = [folder for folder in folders if path == folder or path.startswith(folder + "/")]
    return max(inside, key=len, default=None)


def may_include(source, target):
    home = folder_of(source, ALLOWED)
    if home is None:
        return False
    return any(target.startswith(folder + "/") for folder in [home] + ALLOWED[home])


def check(source):
    with open(source, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            quote, target = match.groups()
            for library, users in LIBRARIES.items():
                if re.match(library, target) and folder_of(source, users) is None:
                    yield f"{source}:{number}: {target} may be included by {', '.join(users)} only"
            if quote == '"' and os.path.exists(target) and not may_include(source, target):
                yield f"{source}:{number}: {source.rsplit('/', 1)[0]} must not include {target}"
            elif quote == '"' and not os.path.exists(target) and not target.endswith(".pb-c.h"):
                yield f"{source}:{number}: includes are written from the root, and there is no {target}"


def main():
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.c", "*.h"],
                            check=True, capture_output=True, text=True).stdout.split()
    found = [message for source in listed if os.path.exists(source) for message in check(source)]
    print("\n".join(found) if found else f"include directions: {len(listed)} files in order")
    sys.exit(1 if found else 0)


main()
