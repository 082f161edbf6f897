#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""check_plugin.py BUILD: what of the built plugin can be told without running it.

One exported name; the libraries it needs and no other; only the expected undefined names; and the PTX of every kernel: no
calls, no static shared memory above 48 KiB, no double arithmetic outside those listed, local memory only where the math
library's argument reduction uses it. Spills fail the compilation itself (-warn-spills with warnings as errors).
"""

import pathlib
import re
import subprocess
import sys

NEEDED = {"libcudart.so.13", "libcublasLt.so.13", "libcudnn.so.9", "libm.so.6", "libc.so.6", "ld-linux-x86-64.so.2"}
UNDEFINED = re.compile(r"^(cuda|__cuda|cublasLt|cudnn|_ITM_|__gmon_start__|__cxa_finalize|.*@GLIBC)")
# sin, cos and tan of large arguments, and resize's table of taps
LOCAL = re.compile(r"Unary_(SIN|COS|TAN)|resize")
# casts to and from double; whole numbers' roots and logarithms; fmod's and sin's own steps
DOUBLE = re.compile(r"cast|Reduce_(L2|LOG_SUM)|Unary_(SIN|COS|TAN)")
SHARED_MAX = 48 * 1024


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def main():
    build = pathlib.Path(sys.argv[1])
    plugin = str(build / "cuda" / "libinferd_cuda.so")
    wrong = []
    exported = [line.split()[-1] for line in run("nm", "-D", "--defined-only", plugin).splitlines()]
    if exported != ["inferd_device_api"]:
        wrong.append(f"exports {exported}")
    for line in run("nm", "-D", "--undefined-only", plugin).splitlines():
        name = line.split()[-1]
        if not UNDEFINED.match(name):
            wrong.append(f"needs {name}")
    needed = set(re.findall(r"NEEDED.*\[(.*)\]", run("readelf", "-d", plugin)))
    if not needed <= NEEDED:
        wrong.append(f"links {sorted(needed - NEEDED)}")
    kernels = 0
    for path in sorted((build / "cuda").glob("*.ptx")):
        for body in re.split(r"(?=\.visible \.entry )", path.read_text(encoding="utf-8"))[1:]:
            name = re.match(r"\.visible \.entry (\w+)", body).group(1)
            kernels += 1
            if re.search(r"\bcall\b", body):
                wrong.append(f"{name} calls")
            if ".local" in body and not LOCAL.search(name):
                wrong.append(f"{name} uses local memory")
            if re.search(r"\b(add|sub|mul|div|fma)\.\S*f64", body) and not DOUBLE.search(name):
                wrong.append(f"{name} computes in double")
            shared = sum(int(size) for size in re.findall(r"\.shared[^;]*\[(\d+)\];", body))
            if shared > SHARED_MAX:
                wrong.append(f"{name} has {shared} bytes of shared memory")
    print("\n".join(wrong))
    print(f"kernels={kernels} wrong={len(wrong)}")
    return 1 if wrong or kernels == 0 else 0


sys.exit(main())
