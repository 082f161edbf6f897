#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""find_cuda.py [TOOLKIT]: where the parts of a CUDA toolkit are, as key=value lines; exit 1 and a reason when none fits.

TOOLKIT is a toolkit's prefix, or the python or the folder of an environment that holds NVIDIA's wheels. Without it: CUDA_PATH,
CUDA_HOME, the nvcc on PATH. Libraries are given as whole file names, since wheels have no unversioned ones.
"""

import glob
import os
import pathlib
import re
import shutil
import subprocess
import sys

# What comes in wheels of their own, and that nvcc misses without a clear word.
PARTS = {"nvvm/bin/cicc": "nvidia-nvvm", "include/crt/host_config.h": "nvidia-cuda-crt",
         "include/cccl/nv/target": "nvidia-cuda-cccl"}


def prefixes(named):
    if named:
        folder = pathlib.Path(named)
        folder = folder.parent.parent if folder.name.startswith("python") else folder
        wheels = sorted(folder.glob("lib/python3*/site-packages/nvidia/cu1[3-9]"), reverse=True)
        return wheels or [folder]
    found = [os.environ[name] for name in ("CUDA_PATH", "CUDA_HOME") if os.environ.get(name)]
    nvcc = shutil.which("nvcc")
    if nvcc:
        found.append(os.path.dirname(os.path.dirname(os.path.realpath(nvcc))))
    return [pathlib.Path(folder) for folder in dict.fromkeys(found)]


def first(pattern, folders):
    for folder in folders:
        for name in sorted(glob.glob(str(folder / pattern)), key=len):
            return os.path.abspath(name)
    return None


def number(header, names):
    text = pathlib.Path(header).read_text(encoding="utf-8")
    return [int(re.search(rf"#define {name}\s+(\d+)", text).group(1)) for name in names]


def inspect(prefix):
    """(parts, None) or (None, why not)"""
    wheel = prefix.parent.name == "nvidia"
    beside = [prefix.parent / "cudnn"] if wheel else []
    includes = [folder / "include" for folder in [prefix] + beside]
    libraries = [folder / name for folder in [prefix] + beside for name in ("lib64", "lib")]
    if not wheel:
        includes += [pathlib.Path("/usr/include"), pathlib.Path("/usr/include/x86_64-linux-gnu")]
        libraries += [pathlib.Path("/usr/lib/x86_64-linux-gnu")]
    parts = {"nvcc": shutil.which("nvcc", path=str(prefix / "bin")), "root": str(prefix)}
    for key, pattern in (("cudart", "libcudart.so*"), ("cublasLt", "libcublasLt.so*"), ("cudnn", "libcudnn.so*")):
        parts[key] = first(pattern, libraries)
    for key, header in (("include", "cuda_runtime_api.h"), ("cublas_include", "cublasLt.h"),
                        ("cudnn_include", "cudnn_version.h")):
        name = first(header, includes)
        parts[key] = name and os.path.dirname(name)
    missing = [key for key, value in parts.items() if not value]
    missing += [wheel_name for name, wheel_name in PARTS.items() if wheel and not (prefix / name).exists()]
    if missing:
        return None, "lacks " + ", ".join(missing)
    version, = number(os.path.join(parts["include"], "cuda_runtime_api.h"), ["CUDART_VERSION"])
    parts["version"] = f"{version // 1000}.{version % 1000 // 10}"
    told = subprocess.run([parts["nvcc"], "--version"], capture_output=True, text=True, check=False).stdout
    release = re.search(r"release (\d+\.\d+)", told)
    if not release or release.group(1) != parts["version"]:
        return None, f"nvcc {release and release.group(1)} with headers of {parts['version']}: one release for all parts"
    parts["cudnn_version"] = ".".join(map(str, number(os.path.join(parts["cudnn_include"], "cudnn_version.h"),
                                                      ["CUDNN_MAJOR", "CUDNN_MINOR", "CUDNN_PATCHLEVEL"])))
    parts["libdirs"] = ":".join(dict.fromkeys(os.path.dirname(parts[key]) for key in ("cudart", "cublasLt", "cudnn")))
    return parts, None


def main():
    candidates = prefixes(sys.argv[1] if len(sys.argv) > 1 else "")
    for prefix in candidates:
        parts, why = inspect(prefix)
        if parts:
            print("\n".join(f"{key}={value}" for key, value in parts.items()))
            return 0
        print(f"find_cuda: {prefix}: {why}", file=sys.stderr)
    if not candidates:
        print("find_cuda: no toolkit: neither -Dgpu_toolkit, CUDA_PATH, CUDA_HOME nor nvcc on PATH", file=sys.stderr)
    return 1


sys.exit(main())
