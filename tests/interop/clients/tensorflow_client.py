# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""tensorflow-serving-api's own stubs: tensorflow_client.py GRPC_PORT.

Its messages are TensorFlow's, so that is installed too.
"""

import sys

import grpc
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis import (get_model_metadata_pb2, get_model_status_pb2, model_service_pb2_grpc, predict_pb2,
                                     prediction_service_pb2_grpc, regression_pb2)


def main():
    channel = grpc.insecure_channel(f"127.0.0.1:{sys.argv[1]}")
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "default"
    tensor = request.inputs["x"]
    tensor.dtype = types_pb2.DT_FLOAT
    tensor.tensor_shape.dim.add().size = 1
    tensor.float_val.append(2.0)
    reply = stub.Predict(request, timeout=20)
    assert list(reply.outputs["y"].float_val) == [3.0] and reply.outputs["y"].dtype == types_pb2.DT_FLOAT, reply
    assert (reply.model_spec.name, reply.model_spec.version.value, reply.model_spec.signature_name) == \
        ("default", 1, "serving_default"), reply
    print("ok   Predict")

    request.model_spec.name = "nope"
    try:
        stub.Predict(request, timeout=20)
        raise AssertionError("an unknown model answered")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.NOT_FOUND and "Servable not found" in error.details(), error
    print("ok   Predict, unknown model")

    request = regression_pb2.RegressionRequest()
    request.model_spec.name = "column"
    request.input.example_list.examples.add().features.feature["x"].float_list.value.append(80.0)
    assert stub.Regress(request, timeout=20).result.regressions[0].value == 42.0
    print("ok   Regress")

    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = "default"
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert stub.GetModelMetadata(request, timeout=20).metadata["signature_def"].Unpack(signatures)
    assert "x" in signatures.signature_def["serving_default"].inputs
    print("ok   GetModelMetadata")

    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "default"
    status = model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus(request, timeout=20)
    assert status.model_version_status[0].state == get_model_status_pb2.ModelVersionStatus.AVAILABLE
    print("ok   GetModelStatus")


if __name__ == "__main__":
    main()
