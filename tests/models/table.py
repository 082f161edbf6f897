# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""The real, trained models: where each comes from and what it is asked. One row a model."""

import dataclasses
import typing

import numpy as np
import sources

random = np.random.default_rng(20260)


def image(*dims):
    return lambda: random.uniform(-1, 1, dims).astype(np.float32)


def page(*dims):
    """White with dark strokes, where detection finds something."""
    def make():
        picture = np.ones(dims, np.float32)
        for left in range(40, dims[3] - 60, 12):
            picture[:, :, 60:84, left:left + 4] = -1
        return picture
    return make


def sound(*dims):
    """A tone with noise."""
    def make():
        steps = np.arange(dims[-1]) / 16000
        return (0.3 * np.sin(2 * np.pi * 440 * steps) + random.normal(0, 0.05, dims)).astype(np.float32)
    return make


def loud(*dims):
    """Samples as 16-bit numbers, which the mel front end wants."""
    return lambda: (sound(*dims)() * 32767).astype(np.float32)


def zeros(*dims):
    return lambda: np.zeros(dims, np.float32)


def rate(value):
    return lambda: np.array(value, np.int64)


def tokens(count, length):
    def make():
        ids = random.integers(1000, 30000, (count, length))
        ids[:, 0], ids[:, -1] = 101, 102
        return ids
    return make


def mask(count, length):
    return lambda: np.tile(np.arange(length) < length - 2, (count, 1)).astype(np.int64)


@dataclasses.dataclass
class Model:
    name: str
    source: typing.Callable[[], bytes]
    inputs: list  # one list of makers for each request, in the order of the model's inputs
    relative: float = 1e-3


RAPID = "rapidocr-onnxruntime", "rapidocr_onnxruntime/models/"
WAKE = "openwakeword", "openwakeword/resources/models/"
VAD = "silero-vad", "silero_vad/data/"


def file(package, name):
    return lambda: sources.read(package[0], package[1] + name)


MODELS = [
    Model("ppocr_v4_detection", file(RAPID, "ch_PP-OCRv4_det_infer.onnx"),
          [[page(1, 3, 320, 320)], [page(1, 3, 160, 448)]]),
    Model("ppocr_v4_recognition", file(RAPID, "ch_PP-OCRv4_rec_infer.onnx"),
          [[image(1, 3, 48, 320)], [image(3, 3, 48, 192)]]),
    Model("ppocr_v2_angle", file(RAPID, "ch_ppocr_mobile_v2.0_cls_infer.onnx"), [[image(1, 3, 48, 192)], [image(4, 3, 48, 192)]]),
    Model("wake_melspectrogram", file(WAKE, "melspectrogram.onnx"), [[loud(1, 16000)], [loud(1, 12400)]]),
    Model("wake_embedding", file(WAKE, "embedding_model.onnx"), [[image(1, 76, 32, 1)], [image(5, 76, 32, 1)]]),
    Model("wake_alexa", file(WAKE, "alexa_v0.1.onnx"), [[image(1, 16, 96)]]),
    Model("wake_hey_jarvis", file(WAKE, "hey_jarvis_v0.1.onnx"), [[image(1, 16, 96)]]),
    Model("wake_hey_marvin", file(WAKE, "hey_marvin_v0.1.onnx"), [[image(1, 16, 96)]]),
    Model("wake_hey_mycroft", file(WAKE, "hey_mycroft_v0.1.onnx"), [[image(1, 16, 96)], [image(3, 16, 96)]]),
    Model("wake_timer", file(WAKE, "timer_v0.1.onnx"), [[image(1, 34, 96)]]),
    Model("wake_weather", file(WAKE, "weather_v0.1.onnx"), [[image(1, 22, 96)]]),
    Model("wake_silero_vad", file(WAKE, "silero_vad.onnx"), [[sound(1, 1536), rate(16000), zeros(2, 1, 64), zeros(2, 1, 64)]]),
    Model("silero_vad", file(VAD, "silero_vad.onnx"),
          [[sound(1, 576), zeros(2, 1, 128), rate(16000)], [sound(1, 288), zeros(2, 1, 128), rate(8000)]]),
    Model("silero_vad_op15", file(VAD, "silero_vad_16k_op15.onnx"), [[sound(1, 576), zeros(2, 1, 128), rate(16000)]]),
    Model("silero_vad_sequence", file(VAD, "silero_vad_16k_sequence.onnx"), [[sound(9, 576), zeros(1, 1, 128), zeros(1, 1, 128)]]),
    Model("silero_vad_half", file(VAD, "silero_vad_half.onnx"), [[sound(1, 576), zeros(2, 1, 128)]]),
    Model("silero_vad_ifless", file(VAD, "silero_vad_op18_ifless.onnx"), [[sound(1, 576), rate(16000), zeros(2, 1, 128)]]),
    Model("silero_vad_openvino", file(VAD, "silero_vad_openvino_16k.onnx"), [[sound(1, 576), zeros(2, 1, 128)]]),
    Model("minilm_l6_v2", sources.minilm, [[tokens(1, 16), mask(1, 16)], [tokens(3, 40), mask(3, 40)]]),
    Model("efficientnet_lite0", sources.efficientnet, [[image(1, 3, 224, 224)], [image(2, 3, 192, 160)]]),
] + [Model(name, make, [[rows]]) for name, make, rows in sources.classical()]
