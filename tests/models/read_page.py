# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""read_page.py INFERD: a page of text is drawn, and read by the running server with the two PP-OCRv4 models.

The detection model says where lines are, the recognition model reads each of them, all in one batch; both are asked
over HTTP with binary tensors; how is the example's (clients/examples/python/read_page.py). The text must be that of the page, letter by letter.
"""

import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.request

import numpy as np
import onnx
import sources
from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "clients/examples/python"))
from read_page import read as read_lines  # noqa: E402

PAGE = ["Every plan is compiled once", "and kept while it is used", "A batch closes when it is full", "Rollback takes 25 seconds",
        "All 1905 cases were tried"]
RAPID = "rapidocr_onnxruntime/models/"
FILES = {"detection": "ch_PP-OCRv4_det_infer.onnx", "recognition": "ch_PP-OCRv4_rec_infer.onnx"}


class Server:
    def __init__(self, binary: str, folder: str):
        self.process = subprocess.Popen([binary, "--port=0", "--grpc-address=127.0.0.1", "--http-port=0", "--http-address=127.0.0.1",
                                         f"--model-repository={folder}"], stderr=subprocess.PIPE, text=True)
        self.port = None
        for line in self.process.stderr:
            found = re.search(r"event=listening protocol=http port=(\d+)", line)
            self.port = int(found[1]) if found else self.port
            if "event=ready" in line:
                break
        self.reader = threading.Thread(target=self.process.stderr.read)
        self.reader.start()

    def infer(self, model: str, array: np.ndarray) -> np.ndarray:
        data = np.ascontiguousarray(array, np.float32).tobytes()
        head = json.dumps({"inputs": [{"name": "x", "datatype": "FP32", "shape": array.shape,
                                       "parameters": {"binary_data_size": len(data)}}],
                           "parameters": {"binary_data_output": True}}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/v2/models/{model}/infer", head + data,
                                         {"Inference-Header-Content-Length": str(len(head))})
        with urllib.request.urlopen(request, timeout=120) as reply:
            body, length = reply.read(), int(reply.headers["Inference-Header-Content-Length"])
        output = json.loads(body[:length])["outputs"][0]
        return np.frombuffer(body[length:], np.float32).reshape(output["shape"])

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        self.reader.join()
        return code


def draw_page() -> np.ndarray:
    """[height, width, 3], sides a multiple of 32."""
    page = Image.new("RGB", (640, 64 + 64 * len(PAGE)), "white")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(30)
    for number, line in enumerate(PAGE):
        pen.text((40, 40 + 64 * number), line, "black", font)
    return np.asarray(page)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        for name, file in FILES.items():
            target = pathlib.Path(folder) / name / "1"
            target.mkdir(parents=True)
            (target / "model.onnx").write_bytes(sources.read("rapidocr-onnxruntime", RAPID + file))
            (target.parent / "config.pbtxt").write_text(f"max_batch_size: {len(PAGE)}\n")
        model = onnx.load(pathlib.Path(folder) / "recognition" / "1" / "model.onnx")
        letters = next(item.value for item in model.metadata_props if item.key == "character").split("\n") + [" "]
        page = draw_page()
        server = Server(sys.argv[1], folder)
        try:
            read = read_lines(server.infer, page, letters)
        finally:
            code = server.stop()
    for line in read:
        print(f"read: {line}")
    print(f"RESULT lines={len(PAGE)} read={sum(a == b for a, b in zip(read, PAGE))}")
    return 0 if read == PAGE and code == 0 else 1


sys.exit(main())
