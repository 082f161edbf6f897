# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""KServe's Python clients, gRPC and REST: kserve_client.py GRPC_PORT HTTP_PORT."""

import asyncio
import sys

import numpy as np
from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest, RESTConfig

ONE, TWO = np.arange(16, dtype=np.int32).reshape(1, 16), np.full((1, 16), 3, dtype=np.int32)


def request():
    inputs = []
    for name, data in (("INPUT0", ONE), ("INPUT1", TWO)):
        inputs.append(InferInput(name, list(data.shape), "INT32"))
        inputs[-1].set_data_from_numpy(data, binary_data=False)
    return InferRequest(model_name="simple", infer_inputs=inputs, request_id="seven")


def check(reply):
    outputs = {output.name: output.as_numpy() for output in reply.outputs}
    assert (outputs["OUTPUT0"] == ONE + TWO).all() and (outputs["OUTPUT1"] == ONE - TWO).all(), outputs


async def main():
    client = InferenceGRPCClient(f"127.0.0.1:{sys.argv[1]}")
    assert await client.is_server_live() and await client.is_server_ready() and await client.is_model_ready("simple")
    check(await client.infer(request()))
    print("ok   gRPC")
    await client.close()

    base = f"http://127.0.0.1:{sys.argv[2]}"
    client = InferenceRESTClient(RESTConfig(protocol="v2"))
    assert await client.is_server_live(base) and await client.is_server_ready(base)
    assert await client.is_model_ready(base, "simple")
    check(await client.infer(base, request(), model_name="simple"))
    print("ok   REST v2")
    client = InferenceRESTClient(RESTConfig(protocol="v1"))
    reply = await client.infer(base, {"instances": [2.0, 4.0]}, model_name="default")
    assert reply == {"predictions": [3.0, 4.0]}, reply
    print("ok   REST v1")


if __name__ == "__main__":
    asyncio.run(main())
