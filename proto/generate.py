#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""Runs protoc for proto/meson.build.

messages     one contract -> C. The C plugin refuses proto3 `optional`, so it is given a copy of
             the contract without the keyword; presence of those few scalars is lost in C alone.
descriptors  all contracts as published, `optional` included -> one C array for reflection.
stamp        an empty header, for ordering.

Roots are searched in the given order; a contract's name is its path below the first root
that holds it, and that is also how it is imported.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

OPTIONAL = re.compile(r"^(\s*)optional (?=[\w.]+ \w+ = \d+)", re.MULTILINE)
BYTES_PER_LINE = 16


def contract_name(path, roots):
    """The name under which `path` is imported, with forward slashes."""
    for root in roots:
        if path.is_relative_to(root):
            return path.relative_to(root).as_posix()
    sys.exit(f"generate.py: {path} is under none of the roots")


def run_protoc(options, arguments):
    command = [options.protoc, *arguments]
    result = subprocess.run(command, check=False)
    if result.returncode:
        sys.exit(result.returncode)


def generate_messages(options):
    source = pathlib.Path(options.input).resolve()
    name = contract_name(source, options.root)
    generated = name.removesuffix(".proto") + ".pb-c.c"
    if not options.output.endswith(generated):
        sys.exit(f"generate.py: {options.output} does not end in {generated}")
    out_dir = options.output.removesuffix(generated)

    with tempfile.TemporaryDirectory() as scratch:
        copy = pathlib.Path(scratch) / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(OPTIONAL.sub(r"\1", source.read_text("utf-8")), "utf-8")
        run_protoc(options, [
            f"--plugin=protoc-gen-c={options.plugin}",
            f"--proto_path={scratch}",
            *(f"--proto_path={root}" for root in options.root),
            f"--c_out={out_dir}",
            str(copy),
        ])


def generate_descriptors(options):
    names = [contract_name(pathlib.Path(path).resolve(), options.root) for path in options.input]
    with tempfile.TemporaryDirectory() as scratch:
        descriptor_set = pathlib.Path(scratch) / "descriptor_set"
        run_protoc(options, [
            *(f"--proto_path={root}" for root in options.root),
            "--include_imports",
            f"--descriptor_set_out={descriptor_set}",
            *names,
        ])
        data = descriptor_set.read_bytes()

    lines = [
        '#include "proto/descriptor_set.h"',
        f"const size_t descriptor_set_length = {len(data)};",
        f"const unsigned char descriptor_set_bytes[{len(data)}] = {{",
    ]
    for start in range(0, len(data), BYTES_PER_LINE):
        lines.append(",".join(str(byte) for byte in data[start:start + BYTES_PER_LINE]) + ",")
    lines.append("};\n")
    pathlib.Path(options.output).write_text("\n".join(lines), "utf-8")


def generate_stamp(options):
    pathlib.Path(options.output).write_text("#pragma once\n", "utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--protoc", required=True)
    parser.add_argument("--plugin", required=True, help="path of protoc-gen-c")
    parser.add_argument("--root", action="append", type=pathlib.Path, required=True)
    commands = parser.add_subparsers(required=True)

    messages = commands.add_parser("messages")
    messages.add_argument("input")
    messages.add_argument("output")
    messages.set_defaults(run=generate_messages)

    descriptors = commands.add_parser("descriptors")
    descriptors.add_argument("output")
    descriptors.add_argument("input", nargs="+")
    descriptors.set_defaults(run=generate_descriptors)

    stamp = commands.add_parser("stamp")
    stamp.add_argument("output")
    stamp.set_defaults(run=generate_stamp)

    options = parser.parse_args()
    options.root = [root.resolve() for root in options.root]
    options.run(options)


if __name__ == "__main__":
    main()
