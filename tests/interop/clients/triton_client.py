# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""Triton's Python client, all four of its faces: triton_client.py GRPC_PORT HTTP_PORT. Prints a line a check."""

import asyncio
import queue
import sys

import numpy as np
import tritonclient.grpc as grpc_client
import tritonclient.grpc.aio as grpc_aio
import tritonclient.http as http_client
import tritonclient.http.aio as http_aio
from tritonclient.utils import InferenceServerException

GRPC, HTTP = f"127.0.0.1:{sys.argv[1]}", f"127.0.0.1:{sys.argv[2]}"
ONE, TWO = np.arange(16, dtype=np.int32).reshape(1, 16), np.full((1, 16), 3, dtype=np.int32)


def tensors(face, one=ONE, two=TWO):
    made = []
    for name, data in (("INPUT0", one), ("INPUT1", two)):
        made.append(face.InferInput(name, list(data.shape), "INT32"))
        made[-1].set_data_from_numpy(data)
    return made


def check_sums(result, one=ONE, two=TWO):
    assert (result.as_numpy("OUTPUT0") == one + two).all(), result.as_numpy("OUTPUT0")
    assert (result.as_numpy("OUTPUT1") == one - two).all(), result.as_numpy("OUTPUT1")


def expect_error(text, ask, *arguments, **named):
    try:
        ask(*arguments, **named)
    except InferenceServerException as error:
        assert text in error.message(), error.message()
        return
    raise AssertionError(f"no error with '{text}'")


def check_control(face, client):
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("simple")
    assert not client.is_model_ready("nope") if face is http_client else True
    metadata = client.get_model_metadata("simple")
    names = [t["name"] for t in metadata["inputs"]] if isinstance(metadata, dict) else [t.name for t in metadata.inputs]
    assert names == ["INPUT0", "INPUT1"], names
    index = client.get_model_repository_index()
    found = [m["name"] for m in index] if isinstance(index, list) else [m.name for m in index.models]
    assert "simple" in found, found
    statistics = client.get_inference_statistics("simple")
    assert statistics["model_stats"] if isinstance(statistics, dict) else statistics.model_stats
    expect_error("is not found", client.get_model_metadata, "nope")


def check_infer(face, client):
    check_sums(client.infer("simple", tensors(face)))
    batch = np.tile(ONE, (4, 1)), np.tile(TWO, (4, 1))
    check_sums(client.infer("simple", tensors(face, *batch), model_version="1", request_id="seven"), *batch)
    only = client.infer("simple", tensors(face), outputs=[face.InferRequestedOutput("OUTPUT1")])
    assert only.as_numpy("OUTPUT0") is None and (only.as_numpy("OUTPUT1") == ONE - TWO).all()
    expect_error("expected 2 inputs but got 1", client.infer, "simple", tensors(face)[:1])
    expect_error("unknown model", client.infer, "nope", tensors(face))


def check_strings(face, client):
    data = np.array([["a", "\u00e4\u20ac", ""]], dtype=np.object_)
    tensor = face.InferInput("x", [1, 3], "BYTES")
    tensor.set_data_from_numpy(data)
    got = client.infer("texts", [tensor]).as_numpy("y")
    assert [v.decode() for v in got.flatten()] == list(data.flatten()), got


def check_async(face, client):
    if face is http_client:
        waiting = [client.async_infer("simple", tensors(face)) for _ in range(20)]
        for one in waiting:
            check_sums(one.get_result())
        return
    answers = queue.Queue()
    for _ in range(20):
        client.async_infer("simple", tensors(face), lambda result, error: answers.put((result, error)))
    for _ in range(20):
        result, error = answers.get(timeout=30)
        assert error is None, error
        check_sums(result)


def check_json(client):
    inputs = tensors(http_client)
    for tensor, data in zip(inputs, (ONE, TWO)):
        tensor.set_data_from_numpy(data, binary_data=False)
    outputs = [http_client.InferRequestedOutput(name, binary_data=False) for name in ("OUTPUT0", "OUTPUT1")]
    check_sums(client.infer("simple", inputs, outputs=outputs))
    for coding in ("gzip", "deflate"):
        check_sums(client.infer("simple", inputs, outputs=outputs, request_compression_algorithm=coding,
                                response_compression_algorithm=coding))


def check_compression(client):
    for coding in ("gzip", "deflate"):
        check_sums(client.infer("simple", tensors(grpc_client), compression_algorithm=coding))


async def check_aio():
    for face, address in ((grpc_aio, GRPC), (http_aio, HTTP)):
        client = face.InferenceServerClient(address)
        assert await client.is_server_live()
        results = await asyncio.gather(*(client.infer("simple", tensors(face)) for _ in range(20)))
        for result in results:
            check_sums(result)
        await client.close()


def check_stream(client):
    answers = queue.Queue()
    client.start_stream(lambda result, error: answers.put((result, error)))
    for number in range(20):
        client.async_stream_infer("simple", tensors(grpc_client), request_id=str(number))
    for number in range(20):
        result, error = answers.get(timeout=30)
        assert error is None, error
        assert result.get_response().id == str(number), "order"
        check_sums(result)
    client.stop_stream()


def check_sequence(client):
    """An accumulator: each answer is what was sent plus the sequence's START flag."""
    for number, value in enumerate((5, 6, 7)):
        tensor = grpc_client.InferInput("INPUT", [1, 1], "INT32")
        tensor.set_data_from_numpy(np.array([[value]], dtype=np.int32))
        got = client.infer("sequence", [tensor], sequence_id=7, sequence_start=number == 0, sequence_end=number == 2)
        assert got.as_numpy("OUTPUT")[0][0] == value + (number == 0), got.as_numpy("OUTPUT")


def check_shared_memory(face, client):
    import tritonclient.utils.shared_memory as shm
    handle = shm.create_shared_memory_region("in", "/inferd_interop_in", 128)
    try:
        shm.set_shared_memory_region(handle, [ONE, TWO])
        client.register_system_shared_memory("in", "/inferd_interop_in", 128)
        inputs = [face.InferInput(f"INPUT{i}", [1, 16], "INT32") for i in range(2)]
        for i, tensor in enumerate(inputs):
            tensor.set_shared_memory("in", 64, offset=64 * i)
        check_sums(client.infer("simple", inputs))
        client.unregister_system_shared_memory("in")
    finally:
        shm.destroy_shared_memory_region(handle)


def main():
    checks = [("aio", lambda: asyncio.run(check_aio()))]
    for face, address in ((grpc_client, GRPC), (http_client, HTTP)):
        name, client = face.__name__.split(".")[-1], face.InferenceServerClient(address, **(
            {"concurrency": 4} if face is http_client else {}))
        for check in (check_control, check_infer, check_strings, check_async, check_shared_memory):
            checks.append((f"{name} {check.__name__[6:]}", lambda check=check, face=face, client=client: check(face, client)))
        if face is http_client:
            checks.append((f"{name} json", lambda client=client: check_json(client)))
        else:
            checks += [(f"{name} {check.__name__[6:]}", lambda check=check, client=client: check(client))
                       for check in (check_compression, check_stream, check_sequence)]
    failed = 0
    for name, run in checks:
        try:
            run()
            print(f"ok   {name}")
        except Exception as error:  # every check is told
            failed += 1
            print(f"FAIL {name}: {type(error).__name__} {error}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
