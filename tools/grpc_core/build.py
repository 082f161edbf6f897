#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""Builds the pinned gRPC C-core as one static library, in the cache, once per set of pins.

The key is the archive's hash, the list of sources, the flags and the compiler; what is built is libgrpc.a, the public
headers and the licence texts. It takes 8 to 15 minutes on two cores, and seconds when the cache has it. Sources of one
folder are compiled together, a few at a time, on a precompiled header; those that clash stand alone in sources.txt.

    build.py [--key | --folder | --flags] [--copy LIBRARY]

--flags prints what a C++ file of ours needs that sees the core's own headers; --key prints the key, --folder the folder in the cache (built or not); --copy puts the library where it is wanted.
Exit 77 when the archive is neither cached nor to be had.
"""

import argparse
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import fetch_grpc_core as archive  # noqa: E402

# The system's OpenSSL, zlib and c-ares are patched by the distribution; the archive's own are not built.
FLAGS = ["-O2", "-DNDEBUG", "-w", "-fPIC", "-fvisibility=hidden", "-ffunction-sections", "-fdata-sections",
         "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2", "-DGRPC_NO_XDS", "-DGRPC_NO_RLS", "-DGRPC_ARES=1",
         "-DOPENSSL_SUPPRESS_DEPRECATED"]
CXX_FLAGS = ["-std=c++17", "-fno-exceptions"]
C_FLAGS = ["-std=gnu11"]
INCLUDES = ["include", ".", "third_party/abseil-cpp", "third_party/address_sorting/include", "third_party/upb",
            "src/core/ext/upb-gen", "src/core/ext/upbdefs-gen", "third_party/utf8_range", "third_party/xxhash"]
TOGETHER = {"core": 5, "third_party": 10, "c": 20}  # files in one compilation
PARTS = ["abseil-cpp", "address_sorting", "upb", "utf8_range", "xxhash"]  # with licences of their own


def compiler(name, default):
    return os.environ.get(name, default).split()


def plain_lines(name):
    return [line for line in (HERE / name).read_text().splitlines() if not line.startswith("#")]


def read_sources():
    """(path, alone) of each source, in the order of the list."""
    rows = [line.split() for line in plain_lines("sources.txt") if line]
    return [(row[0], row[1:] == ["alone"]) for row in rows]


def key():
    version = subprocess.run(compiler("CXX", "g++") + ["--version"], check=True, capture_output=True).stdout
    parts = [archive.SHA256.encode(), version.splitlines()[0], repr((FLAGS, CXX_FLAGS, C_FLAGS, TOGETHER)).encode(),
             repr(read_sources()).encode(), (HERE / "precompiled.inc").read_bytes()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def group_of(path):
    names = path.split("/")
    if path.endswith(".c"):
        return ("c", *names[:3])
    if names[0] == "third_party":
        return ("third_party", *names[:4])
    return ("core", *names[:5 if names[2] in ("ext", "lib") else 3])


def units(sources):
    """Lists of sources that are compiled together."""
    groups = {}
    for path, alone in sources:
        groups.setdefault((path,) if alone else group_of(path), []).append(path)
    for name, paths in groups.items():
        size = TOGETHER.get(name[0], 1)
        count = -(-len(paths) // size)
        for i in range(count):
            yield paths[i * len(paths) // count:(i + 1) * len(paths) // count]


def write_if_new(path, text):
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def write_ninja(sources, folder):
    flags = " ".join(FLAGS + [f"-I{sources / name}" for name in INCLUDES])
    cxx, cc = " ".join(compiler("CXX", "g++") + CXX_FLAGS), " ".join(compiler("CC", "gcc") + C_FLAGS)
    lines = [f"flags = {flags}",
             f"rule header\n command = {cxx} $flags -x c++-header $in -o $out",
             f"rule cxx\n command = {cxx} $flags $first -MMD -MF $out.d -c $in -o $out\n description = $out\n depfile = $out.d\n deps = gcc",
             f"rule cc\n command = {cc} $flags -MMD -MF $out.d -c $in -o $out\n description = $out\n depfile = $out.d\n deps = gcc",
             "rule ar\n command = rm -f $out && ar crs $out @$out.rsp\n rspfile = $out.rsp\n rspfile_content = $in",
             "build precompiled.h.gch: header precompiled.h"]
    write_if_new(folder / "precompiled.h", (HERE / "precompiled.inc").read_text())
    objects = []
    for paths in units(read_sources()):
        name = paths[0].replace("/", "_")
        source = sources / paths[0]
        if len(paths) > 1:
            source = folder / f"together_{name}"
            write_if_new(source, "".join(f'#include "{sources / path}"\n' for path in paths))
        rule = "cc" if name.endswith(".c") else "cxx"
        ours = rule == "cxx" and not name.startswith("third_party")
        lines.append(f"build {name}.o: {rule} {source}" + (" | precompiled.h.gch\n first = -include precompiled.h" if ours else ""))
        objects.append(f"{name}.o")
    lines.append(f"build libgrpc.a: ar {' '.join(objects)}")
    lines.append("default libgrpc.a")
    write_if_new(folder / "build.ninja", "\n".join(lines) + "\n")


def notice(path):
    """The comment that a file opens with, if it is about rights."""
    kept = []
    for line in path.read_text(errors="replace").splitlines():
        text = line.strip()
        if not text.startswith(("//", "/*", "*")) or "-----" in text or "File:" in text:
            break
        kept.append(text.removesuffix("*/").lstrip("/*").rstrip())
        if text.endswith("*/") and "copyright" in "\n".join(kept).lower():
            break
    text = "\n".join(kept).strip("\n")
    return text if "copyright" in text.lower() else None


def licences(sources):
    """The archive brings one LICENSE; its parts keep their terms in the heads of their files, so those are collected."""
    texts = [(sources / "LICENSE").read_text()]
    for part in PARTS:
        found = sorted({text for path in sorted((sources / "third_party" / part).rglob("*"))
                        if path.suffix in (".h", ".c", ".cc", ".inc") and (text := notice(path))})
        texts.append(f"third_party/{part}\n\n" + "\n\n--\n\n".join(found))
    texts.append("The MIT-style licence that third_party/utf8_range names\n\n" + "\n".join(plain_lines("mit.txt")))
    return ("\n\n" + "=" * 78 + "\n\n").join(texts) + "\n"


def build(target):
    sources = archive.obtain()
    work = target.with_name(target.name + ".build")
    work.mkdir(parents=True, exist_ok=True)
    write_ninja(sources, work)
    print(f"building the gRPC core {archive.VERSION} into the cache: 8 to 15 minutes, once", flush=True)
    jobs = os.environ.get("GRPC_CORE_JOBS", str(len(os.sched_getaffinity(0))))
    subprocess.run(["nice", "-n", "10", "ninja", "-C", work, "-j", jobs], check=True)
    done = work / "done"
    shutil.rmtree(done, ignore_errors=True)
    done.mkdir()
    shutil.copytree(sources / "include", done / "include")
    (work / "libgrpc.a").rename(done / "libgrpc.a")
    (done / "LICENCES").write_text(licences(sources))
    (done / "VERSION").write_text(archive.VERSION + "\n")
    done.rename(target)
    shutil.rmtree(work)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--key", action="store_true")
    parser.add_argument("--folder", action="store_true")
    parser.add_argument("--flags", action="store_true")
    parser.add_argument("--copy", type=pathlib.Path)
    wanted = parser.parse_args()
    if wanted.flags:
        sources = archive.obtain()
        print("\n".join(FLAGS + CXX_FLAGS[1:] + [f"-I{sources / name}" for name in INCLUDES]))
        return 0
    target = archive.cache_folder() / f"grpc-core-{archive.VERSION}-{key()}"
    if wanted.key or wanted.folder:
        print(key() if wanted.key else target)
        return 0
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target.with_name(target.name + ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two builds of ours at once would each take the whole time
        if not target.exists():
            try:
                build(target)
            except archive.Unobtainable as error:
                print(f"grpc_core: {error}", file=sys.stderr)
                return 77
    if wanted.copy:
        shutil.copyfile(target / "libgrpc.a", wanted.copy)
    else:
        print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
