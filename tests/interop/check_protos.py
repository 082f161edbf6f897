#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""Compares proto/ with the contracts inside published Python clients, field by field.

    pip download --no-deps -d WHEELS tritonclient tensorflow-serving-api tensorboard \\
        min-tfs-client grpcio-health-checking grpcio-reflection
    tests/interop/check_protos.py WHEELS

Descriptors are read out of the *_pb2.py text; nothing of a wheel is imported or run. tensorboard
carries TensorFlow's messages under its own package, min-tfs-client (old) the few that no newer
small wheel has. Prints each difference; exit status 1 if one is not in ACCEPTED, or if a message
of ours is in no wheel.
"""

import ast
import pathlib
import subprocess
import sys
import tempfile
import zipfile

from google.protobuf import descriptor_pb2

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto"
ROOTS = [PROTO / "inference", PROTO]

# Wheel, its package, ours; subpackages go along. The first row that holds a message decides, so
# newer wheels come first.
WHEELS = [
    ("tritonclient-*.whl", "inference", "inference"),
    ("tensorflow_serving_api-*.whl", "tensorflow.serving", "tensorflow.serving"),
    ("tensorboard-*.whl", "tensorboard", "tensorflow"),
    ("grpcio_health_checking-*.whl", "grpc.health.v1", "grpc.health.v1"),
    ("grpcio_reflection-*.whl", "grpc.reflection.v1alpha", "grpc.reflection.v1alpha"),
    ("grpcio_reflection-*.whl", "grpc.reflection.v1alpha", "grpc.reflection.v1"),
    ("min_tfs_client-*.whl", "tensorflow", "tensorflow"),
]

# Prefix of a difference -> why it stands.
ACCEPTED = {
    "tensorflow.serving.BatchingParameters.8:": "newer than the only wheel with this message",
    "tensorflow.serving.BatchingParameters.9:": "newer than the only wheel with this message",
}


def published_files(wheel):
    """Yields the FileDescriptorProto inside each *_pb2.py of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith("_pb2.py"):
                for data in serialized_descriptors(ast.parse(archive.read(name))):
                    yield descriptor_pb2.FileDescriptorProto.FromString(data)


def serialized_descriptors(tree):
    """Generated code calls AddSerializedFile(b'') or FileDescriptor(serialized_pb=_b(''))."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        value = None
        if node.func.attr == "AddSerializedFile":
            value = node.args[0]
        elif node.func.attr == "FileDescriptor":
            value = next((k.value for k in node.keywords if k.arg == "serialized_pb"), None)
        if isinstance(value, ast.Call):
            value = value.args[0]
        if isinstance(value, ast.Constant):
            data = value.value
            yield data if isinstance(data, bytes) else data.encode("latin1")


def our_files():
    names = []
    for path in sorted(PROTO.rglob("*.proto")):
        root = next(root for root in ROOTS if path.is_relative_to(root))
        names.append(path.relative_to(root).as_posix())
    with tempfile.NamedTemporaryFile() as out:
        roots = [f"--proto_path={root}" for root in ROOTS]
        subprocess.run(["protoc", *roots, f"--descriptor_set_out={out.name}", *names], check=True)
        return descriptor_pb2.FileDescriptorSet.FromString(out.read()).file


def facts(files, old="", new=""):
    """{full name of a message, enum or service: {member: what the wire or a stub depends on}}."""
    found = {}

    def rename(name):
        name = name.removeprefix(".")
        return new + name[len(old):] if name == old or name.startswith(old + ".") else name

    def add_enum(enum, scope):
        found[f"{scope}.{enum.name}"] = {value.number: value.name for value in enum.value}

    def add_message(message, scope):
        full = f"{scope}.{message.name}"
        found[full] = {field.number: describe(field, message) for field in message.field}
        for enum in message.enum_type:
            add_enum(enum, full)
        for nested in message.nested_type:
            add_message(nested, full)

    def describe(field, message):
        oneof = None
        if field.HasField("oneof_index") and not field.proto3_optional:
            oneof = message.oneof_decl[field.oneof_index].name
        return {
            "name": field.name,
            "json_name": field.json_name or json_name(field.name),
            "type": rename(field.type_name) or field.Type.Name(field.type),
            "label": field.Label.Name(field.label),
            "optional": field.proto3_optional,
            "oneof": oneof,
            "unpacked": field.options.HasField("packed") and not field.options.packed,
            "map": message.options.map_entry,
        }

    for file in files:
        scope = rename(file.package)
        for enum in file.enum_type:
            add_enum(enum, scope)
        for message in file.message_type:
            add_message(message, scope)
        for service in file.service:
            found[f"{scope}.{service.name}"] = {
                method.name: (rename(method.input_type), method.client_streaming,
                              rename(method.output_type), method.server_streaming)
                for method in service.method
            }
    return found


def json_name(name):
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def compare(ours, theirs, full):
    for key in sorted(ours.keys() | theirs.keys(), key=str):
        if key not in ours:
            yield f"{full}.{key}: only published, {theirs[key]}"
        elif key not in theirs:
            yield f"{full}.{key}: only ours, {ours[key]}"
        elif ours[key] != theirs[key]:
            yield f"{full}.{key}: ours {ours[key]}, published {theirs[key]}"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    ours = facts(our_files())
    unseen = set(ours)
    differences = []
    for pattern, old, new in WHEELS:
        wheels = sorted(pathlib.Path(sys.argv[1]).glob(pattern))
        if not wheels:
            sys.exit(f"no {pattern} in {sys.argv[1]}")
        files = [file for file in published_files(wheels[-1]) if file.package.startswith(old)]
        theirs = facts(files, old, new)
        for full in sorted(unseen & theirs.keys()):
            differences += compare(ours[full], theirs[full], full)
        unseen -= theirs.keys()

    differences += [f"{full}: in no wheel" for full in sorted(unseen)]
    open_differences = 0
    for difference in differences:
        reason = next((why for key, why in ACCEPTED.items() if difference.startswith(key)), None)
        open_differences += reason is None
        print(f"accepted ({reason})" if reason else "DIFFERENT", difference)
    print(f"{len(ours)} messages, enums and services compared, {open_differences} differences")
    sys.exit(1 if open_differences else 0)


if __name__ == "__main__":
    main()
