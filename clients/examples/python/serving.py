# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""What the examples share: a server as a channel, arrays in, arrays out. The contracts are compiled when they are imported."""

import os
import pathlib
import sys

import grpc
import numpy as np

PROTO = pathlib.Path(os.environ.get("INFERD_PROTO") or pathlib.Path(__file__).resolve().parents[3] / "proto")
sys.path += [str(PROTO / "inference"), str(PROTO)]
inference, inference_stubs = grpc.protos_and_services("grpc_service.proto")
_, prediction_stubs = grpc.protos_and_services("tensorflow_serving/apis/prediction_service.proto")
requests = grpc.protos("tensorflow_serving/apis/predict.proto")

# Names of element types in each protocol.
DATATYPES = {"float32": "FP32", "int64": "INT64", "uint8": "UINT8"}
DTYPES = {"float32": 1, "uint8": 4, "int64": 9}
TYPED = {1: ("float_val", np.float32), 4: ("int_val", np.uint8), 9: ("int64_val", np.int64)}
ARRAYS = {name: np.dtype(kind) for kind, name in DATATYPES.items()}
# round_robin: all addresses behind a name take turns. Answers may be large.
OPTIONS = [("grpc.lb_policy_name", "round_robin"), ("grpc.max_receive_message_length", -1)]


class Server:
    """TARGET is host:port; with the certificate of who signed the server's, over TLS."""

    def __init__(self, target, ca=None, timeout=30):
        if ca:
            credentials = grpc.ssl_channel_credentials(pathlib.Path(ca).read_bytes())
            self.channel = grpc.secure_channel(target, credentials, OPTIONS)
        else:
            self.channel = grpc.insecure_channel(target, OPTIONS)
        self.timeout = timeout
        self.inference = inference_stubs.GRPCInferenceServiceStub(self.channel)
        self.prediction = prediction_stubs.PredictionServiceStub(self.channel)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()

    # --- Open Inference Protocol: Triton's, KServe's ---

    @staticmethod
    def _request(model, inputs):
        request = inference.ModelInferRequest(model_name=model)
        for name, array in inputs.items():
            request.inputs.add(name=name, datatype=DATATYPES[array.dtype.name], shape=array.shape)
            request.raw_input_contents.append(np.ascontiguousarray(array).tobytes())
        return request

    @staticmethod
    def _arrays(reply):
        return {output.name: np.frombuffer(raw, ARRAYS[output.datatype]).reshape(output.shape)
                for output, raw in zip(reply.outputs, reply.raw_output_contents)}

    def infer(self, model, inputs):
        return self._arrays(self.inference.ModelInfer(self._request(model, inputs), timeout=self.timeout))

    def stream(self, model, many):
        """Answers come as they are ready, while later requests are still being made."""
        for answer in self.inference.ModelStreamInfer((self._request(model, inputs) for inputs in many), timeout=self.timeout):
            if answer.error_message:
                raise RuntimeError(answer.error_message)
            yield self._arrays(answer.infer_response)

    # --- TensorFlow Serving ---

    def predict(self, model, inputs):
        request = requests.PredictRequest()
        request.model_spec.name = model
        for name, array in inputs.items():
            tensor = request.inputs[name]
            tensor.dtype = DTYPES[array.dtype.name]
            for size in array.shape:
                tensor.tensor_shape.dim.add(size=size)
            tensor.tensor_content = np.ascontiguousarray(array).tobytes()
        reply = self.prediction.Predict(request, timeout=self.timeout)
        return {name: self._array(tensor) for name, tensor in reply.outputs.items()}

    @staticmethod
    def _array(tensor):
        """Answers come in the field of their type; tensor_content is for requests."""
        field, kind = TYPED[tensor.dtype]
        return np.array(getattr(tensor, field), kind).reshape([dim.size for dim in tensor.tensor_shape.dim])
