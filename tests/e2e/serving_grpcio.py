#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""serving_grpcio.py INFERD MESSAGES SAMPLES: the server as Python's grpcio sees it.

MESSAGES is where the build put protoc's Python; what is called through reflection is called without it, from the
descriptors that the server gives, as grpcurl does.
"""

import concurrent.futures
import json
import pathlib
import struct
import sys
import tempfile
import unittest

import grpc
import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

BINARY, MESSAGES, SAMPLES = sys.argv[1:4]
sys.path.insert(0, MESSAGES)
sys.path.insert(0, str(pathlib.Path(__file__).parent))

import grpc_service_pb2 as inference  # noqa: E402
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2, predict_pb2  # noqa: E402
from grpcio_support import Server, add_model, field, identity_model, parse  # noqa: E402

TOLERANCE = 1e-5  # float32 over three small layers against double precision: the samples' own

# name, ONNX element type, numpy type, Open Inference datatype and contents field, TensorFlow type and field
TYPES = [
    ("f32", 1, np.float32, "FP32", "fp32_contents", 1, "float_val"),
    ("u8", 2, np.uint8, "UINT8", "uint_contents", 4, "int_val"),
    ("i8", 3, np.int8, "INT8", "int_contents", 6, "int_val"),
    ("u16", 4, np.uint16, "UINT16", "uint_contents", 17, "int_val"),
    ("i16", 5, np.int16, "INT16", "int_contents", 5, "int_val"),
    ("i32", 6, np.int32, "INT32", "int_contents", 3, "int_val"),
    ("i64", 7, np.int64, "INT64", "int64_contents", 9, "int64_val"),
    ("bool", 9, np.bool_, "BOOL", "bool_contents", 10, "bool_val"),
    ("f16", 10, np.float16, "FP16", None, 19, "half_val"),
    ("f64", 11, np.float64, "FP64", "fp64_contents", 2, "double_val"),
    ("u32", 12, np.uint32, "UINT32", "uint_contents", 22, "uint32_val"),
    ("u64", 13, np.uint64, "UINT64", "uint64_contents", 23, "uint64_val"),
    ("bf16", 16, None, "BF16", None, 14, "half_val"),
]
TEXTS = [b"", b"one", "zw\u00f6lf".encode(), b"\x00\xff" * 40, b"x" * 5000, b"last"]


def values_of(numpy_type):
    """2 x 3 values with the extremes of the type; bfloat16 as its bits."""
    if numpy_type is None:
        return np.array([[0x3F80, 0xBF80, 0x7F80], [0x0001, 0x8000, 0x7FC1]], np.uint16)
    if numpy_type is np.bool_:
        return np.array([[True, False, True], [False, False, True]])
    limits = np.finfo(numpy_type) if np.issubdtype(numpy_type, np.floating) else np.iinfo(numpy_type)
    return np.array([[limits.min, limits.max, 0], [1, 2, 100]], numpy_type)


def unary(channel, path, request, response_type, timeout=60):
    call = channel.unary_unary(path, request_serializer=lambda message: message.SerializeToString(),
                               response_deserializer=response_type.FromString)
    return call(request, timeout=timeout)


def predict(channel, request):
    return unary(channel, "/tensorflow.serving.PredictionService/Predict", request, predict_pb2.PredictResponse)


def infer(channel, request):
    return unary(channel, "/inference.GRPCInferenceService/ModelInfer", request, inference.ModelInferResponse)


def predict_request(model, name, dtype, shape):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = model
    tensor = request.inputs[name]
    tensor.dtype = dtype
    for size in shape:
        tensor.tensor_shape.dim.add().size = size
    return request, tensor


def infer_request(model, name, datatype, shape):
    request = inference.ModelInferRequest(model_name=model, id="42")
    tensor = request.inputs.add(name=name, datatype=datatype, shape=shape)
    return request, tensor


class Samples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(BINARY, f"--model-repository={SAMPLES}/models")
        cls.channel = grpc.insecure_channel(cls.server.target)
        digits = json.loads(pathlib.Path(SAMPLES, "digits/expected.json").read_text())
        cls.digits = [(np.frombuffer(pathlib.Path(SAMPLES, "digits", one["file"]).read_bytes()[-64:], np.uint8)
                       .astype(np.float32).reshape(1, 1, 8, 8) / np.float32(255),
                       np.array(one["probabilities"])) for one in digits["images"] if one["file"].endswith(".pgm")]

    @classmethod
    def tearDownClass(cls):
        cls.channel.close()
        cls.server.stop()

    def test_digits_in_both_protocols(self):
        for image, expected in self.digits:
            request, tensor = predict_request("digits", "image", 1, image.shape)
            tensor.tensor_content = image.tobytes()
            answer = predict(self.channel, request)
            np.testing.assert_allclose(answer.outputs["probabilities"].float_val, expected, rtol=0, atol=TOLERANCE)
            self.assertEqual(answer.model_spec.version.value, 1)
            self.assertEqual(answer.model_spec.signature_name, "serving_default")
            request, tensor = infer_request("digits", "image", "FP32", image.shape)
            tensor.contents.fp32_contents.extend(image.ravel())
            answer = infer(self.channel, request)
            got = np.frombuffer(answer.raw_output_contents[0], np.float32)
            np.testing.assert_allclose(got, expected, rtol=0, atol=TOLERANCE)
            self.assertEqual((answer.id, list(answer.outputs[0].shape)), ("42", [1, 10]))

    def test_many_clients_at_once(self):
        def ask(index):
            image, expected = self.digits[index % 10]
            with grpc.insecure_channel(self.server.target, [("grpc.use_local_subchannel_pool", 1)]) as channel:
                for _ in range(20):
                    request, tensor = predict_request("digits", "image", 1, image.shape)
                    tensor.tensor_content = image.tobytes()
                    got = predict(channel, request).outputs["probabilities"].float_val
                    np.testing.assert_allclose(got, expected, rtol=0, atol=TOLERANCE)
            return True
        with concurrent.futures.ThreadPoolExecutor(16) as threads:
            self.assertTrue(all(threads.map(ask, range(16))))

    def test_metadata_and_status(self):
        request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
        request.model_spec.name = "two_layer"
        answer = unary(self.channel, "/tensorflow.serving.PredictionService/GetModelMetadata", request,
                       get_model_metadata_pb2.GetModelMetadataResponse)
        signatures = get_model_metadata_pb2.SignatureDefMap()
        self.assertTrue(answer.metadata["signature_def"].Unpack(signatures))
        signature = signatures.signature_def["serving_default"]
        self.assertEqual([dim.size for dim in signature.inputs["x"].tensor_shape.dim], [-1, 10])
        self.assertEqual(answer.model_spec.version.value, 2)
        request = get_model_status_pb2.GetModelStatusRequest()
        request.model_spec.name = "two_layer"
        answer = unary(self.channel, "/tensorflow.serving.ModelService/GetModelStatus", request,
                       get_model_status_pb2.GetModelStatusResponse)
        self.assertEqual([(one.version, one.state) for one in answer.model_version_status], [(2, 30), (1, 30)])
        prefix = "/inference.GRPCInferenceService/"
        server = unary(self.channel, prefix + "ServerMetadata", inference.ServerMetadataRequest(),
                       inference.ServerMetadataResponse)
        self.assertEqual(server.name, "inferd")
        model = unary(self.channel, prefix + "ModelMetadata", inference.ModelMetadataRequest(name="digits"),
                      inference.ModelMetadataResponse)
        self.assertEqual((model.name, list(model.versions), list(model.inputs[0].shape)),
                         ("digits", ["1"], [-1, 1, 8, 8]))
        ready = unary(self.channel, prefix + "ModelReady", inference.ModelReadyRequest(name="digits"),
                      inference.ModelReadyResponse)
        self.assertTrue(ready.ready)

    def test_a_deadline_that_has_passed(self):
        image, _ = self.digits[0]
        request, tensor = predict_request("digits", "image", 1, image.shape)
        tensor.tensor_content = image.tobytes()
        with self.assertRaises(grpc.RpcError) as raised:
            unary(self.channel, "/tensorflow.serving.PredictionService/Predict", request,
                  predict_pb2.PredictResponse, timeout=0)
        self.assertEqual(raised.exception.code(), grpc.StatusCode.DEADLINE_EXCEEDED)

    def test_gzip(self):
        image, expected = self.digits[3]
        request, tensor = predict_request("digits", "image", 1, image.shape)
        tensor.tensor_content = image.tobytes()
        with grpc.insecure_channel(self.server.target, compression=grpc.Compression.Gzip) as channel:
            got = predict(channel, request).outputs["probabilities"].float_val
        np.testing.assert_allclose(got, expected, rtol=0, atol=TOLERANCE)


class Types(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        for name, element_type, *_ in TYPES:
            add_model(cls.folder.name, name, identity_model(element_type))
        add_model(cls.folder.name, "text", identity_model(8))
        cls.server = Server(BINARY, f"--model-repository={cls.folder.name}")
        cls.channel = grpc.insecure_channel(cls.server.target)

    @classmethod
    def tearDownClass(cls):
        cls.channel.close()
        cls.server.stop()
        cls.folder.cleanup()

    def test_predict_with_typed_fields_and_with_content(self):
        for name, _, numpy_type, _, _, dtype, list_name in TYPES:
            values = values_of(numpy_type)
            bits = values.view(np.uint16) if dtype in (14, 19) else values
            for typed in (False, True):
                with self.subTest(type=name, typed=typed):
                    request, tensor = predict_request(name, "x", dtype, values.shape)
                    if typed:
                        getattr(tensor, list_name).extend(bits.ravel().tolist())
                    else:
                        tensor.tensor_content = values.tobytes()
                    output = predict(self.channel, request).outputs["y"]
                    self.assertEqual(output.dtype, dtype)
                    got = np.array(list(getattr(output, list_name)), bits.dtype)
                    self.assertEqual(got.tobytes(), bits.tobytes())
                    self.assertEqual([dim.size for dim in output.tensor_shape.dim], [2, 3])

    def test_infer_with_contents_and_raw(self):
        for name, _, numpy_type, datatype, list_name, _, _ in TYPES:
            values = values_of(numpy_type)
            for typed in (False, True):
                if typed and not list_name:
                    continue  # the protocol has no field for it
                with self.subTest(type=name, typed=typed):
                    request, tensor = infer_request(name, "x", datatype, values.shape)
                    if typed:
                        getattr(tensor.contents, list_name).extend(values.ravel().tolist())
                    else:
                        request.raw_input_contents.append(values.tobytes())
                    answer = infer(self.channel, request)
                    self.assertEqual((answer.outputs[0].datatype, list(answer.outputs[0].shape)), (datatype, [2, 3]))
                    self.assertEqual(answer.raw_output_contents[0], values.tobytes())

    def test_texts(self):
        request, tensor = predict_request("text", "x", 7, (2, 3))
        tensor.string_val.extend(TEXTS)
        output = predict(self.channel, request).outputs["y"]
        self.assertEqual((output.dtype, list(output.string_val)), (7, TEXTS))
        raw = b"".join(struct.pack("<I", len(text)) + text for text in TEXTS)
        for typed in (False, True):
            request, tensor = infer_request("text", "x", "BYTES", (2, 3))
            if typed:
                tensor.contents.bytes_contents.extend(TEXTS)
            else:
                request.raw_input_contents.append(raw)
            answer = infer(self.channel, request)
            self.assertEqual((answer.outputs[0].datatype, answer.raw_output_contents[0]), ("BYTES", raw))


class Reflected:
    """What a client knows that has only the address: descriptors from reflection, and calls made of them."""

    def __init__(self, channel, version):
        self.channel = channel
        self.stream = channel.stream_stream(f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo")
        self.pool = descriptor_pool.DescriptorPool()
        self.services = [parse(one)[1][0].decode() for one in parse(self.ask(field(7, "")))[6][0:1]
                         for one in parse(one)[1]]
        self.added = set()
        for service in self.services:
            self.add(self.ask(field(4, service)))
        self.factory = message_factory.MessageFactory(self.pool)

    def ask(self, request):
        return next(iter(self.stream(iter([request]), timeout=60)))

    def add(self, response):
        fields = parse(response)
        if 7 in fields:
            raise AssertionError(f"reflection: {parse(fields[7][0])}")
        for data in parse(fields[4][0])[1]:
            file = descriptor_pb2.FileDescriptorProto.FromString(data)
            if file.name in self.added:
                continue
            self.added.add(file.name)
            for needed in file.dependency:
                if needed not in self.added:
                    self.add(self.ask(field(3, needed)))
            self.pool.Add(file)

    def method(self, name):
        service, _, method = name.partition("/")
        return self.pool.FindServiceByName(service).methods_by_name[method]

    def call(self, name, request, timeout=60):
        """request and answer as grpcurl has them: JSON."""
        method = self.method(name)
        message = json_format.ParseDict(request, self.factory.GetPrototype(method.input_type)(),
                                        descriptor_pool=self.pool)
        output = self.factory.GetPrototype(method.output_type)
        if name.endswith("/Watch"):
            stream = self.channel.unary_stream(f"/{name}")(message.SerializeToString(), timeout=timeout)
            return (json_format.MessageToDict(output.FromString(one)) for one in stream)
        data = self.channel.unary_unary(f"/{name}")(message.SerializeToString(), timeout=timeout)
        return json_format.MessageToDict(output.FromString(data), descriptor_pool=self.pool)


class Reflection(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(BINARY, f"--model-repository={SAMPLES}/models")
        cls.channel = grpc.insecure_channel(cls.server.target)
        cls.versions = [Reflected(cls.channel, version) for version in ("v1", "v1alpha")]

    @classmethod
    def tearDownClass(cls):
        cls.channel.close()
        cls.server.stop()

    def test_services_are_listed(self):
        for reflected in self.versions:
            for service in ("grpc.health.v1.Health", "inference.GRPCInferenceService",
                            "tensorflow.serving.PredictionService", "tensorflow.serving.ModelService",
                            "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"):
                self.assertIn(service, reflected.services)

    def test_every_method_can_be_called_without_contracts(self):
        shape = {"dim": [{"size": 1}, {"size": 10}]}
        x = json.loads(pathlib.Path(SAMPLES, "two_layer/expected.json").read_text())
        expected = x["versions"][1]["y"]
        tensor = {"name": "x", "datatype": "FP32", "shape": [1, 10], "contents": {"fp32Contents": x["x"]}}
        spec = {"name": "two_layer"}
        for reflected in self.versions:
            call = reflected.call
            answer = call("tensorflow.serving.PredictionService/Predict", {
                "modelSpec": spec, "inputs": {"x": {"dtype": "DT_FLOAT", "tensorShape": shape, "floatVal": x["x"]}}})
            np.testing.assert_allclose(answer["outputs"]["y"]["floatVal"], expected, rtol=0, atol=TOLERANCE)
            answer = call("tensorflow.serving.PredictionService/GetModelMetadata",
                          {"modelSpec": spec, "metadataField": ["signature_def"]})
            self.assertIn("serving_default", answer["metadata"]["signature_def"]["signatureDef"])
            answer = call("tensorflow.serving.ModelService/GetModelStatus", {"modelSpec": spec})
            self.assertEqual([one["state"] for one in answer["model_version_status"]], ["AVAILABLE"] * 2)
            answer = call("inference.GRPCInferenceService/ModelInfer", {"modelName": "two_layer", "inputs": [tensor]})
            self.assertEqual(answer["outputs"][0]["shape"], ["1", "10"])
            for method in ("ServerLive", "ServerReady"):
                self.assertTrue(all(call(f"inference.GRPCInferenceService/{method}", {}).values()))
            self.assertTrue(call("inference.GRPCInferenceService/ModelReady", {"name": "digits"})["ready"])
            self.assertEqual(call("inference.GRPCInferenceService/ServerMetadata", {})["name"], "inferd")
            answer = call("inference.GRPCInferenceService/ModelMetadata", {"name": "digits"})
            self.assertEqual(answer["inputs"][0]["datatype"], "FP32")

    def test_health(self):
        for reflected in self.versions[:1]:
            check = reflected.call("grpc.health.v1.Health/Check", {"service": "digits"})
            self.assertEqual(check["status"], "SERVING")
            statuses = reflected.call("grpc.health.v1.Health/List", {})["statuses"]
            self.assertEqual(statuses["two_layer"]["status"], "SERVING")
            self.assertEqual(next(reflected.call("grpc.health.v1.Health/Watch", {}))["status"], "SERVING")
            with self.assertRaises(grpc.RpcError) as raised:
                reflected.call("grpc.health.v1.Health/Check", {"service": "nobody"})
            self.assertEqual(raised.exception.code(), grpc.StatusCode.NOT_FOUND)

    def test_unknown_symbols_are_not_found(self):
        reflected = self.versions[0]
        error = parse(parse(reflected.ask(field(4, "nobody.Nothing")))[7][0])
        self.assertEqual(error[1][0], grpc.StatusCode.NOT_FOUND.value[0])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
