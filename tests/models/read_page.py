# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""read_page.py INFERD: a page of text is drawn, and read by the running server with the two PP-OCRv4 models.

The detection model says where lines are, the recognition model reads each of them, all in one batch; both are asked
over HTTP with binary tensors. The text must be that of the page, letter by letter.
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
from scipy import ndimage

PAGE = ["Every plan is compiled once", "and kept while it is used", "A batch closes when it is full", "Rollback takes 25 seconds",
        "All 1905 cases were tried"]
RAPID = "rapidocr_onnxruntime/models/"
FILES = {"detection": "ch_PP-OCRv4_det_infer.onnx", "recognition": "ch_PP-OCRv4_rec_infer.onnx"}
HEIGHT = 48  # of a line, as recognition wants it


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


def as_input(picture: np.ndarray) -> np.ndarray:
    """[1, 3, height, width] around 0, blue first."""
    return ((picture[..., ::-1].astype(np.float32) / 255 - 0.5) / 0.5).transpose(2, 0, 1)[None]


def find_lines(chances: np.ndarray) -> list:
    """Boxes (top, bottom, left, right) from top to bottom; the model marks the core of a line."""
    marks, _ = ndimage.label(chances > 0.3)
    boxes = []
    for rows, columns in ndimage.find_objects(marks):
        high, wide = rows.stop - rows.start, columns.stop - columns.start
        if high < 5:
            continue
        grow = int(np.ceil(high * wide * 1.6 / (2 * (high + wide))))
        boxes.append((max(rows.start - grow, 0), rows.stop + grow, max(columns.start - grow, 0), columns.stop + grow))
    return sorted(boxes)


def cut_lines(page: np.ndarray, boxes: list) -> np.ndarray:
    """All lines at one height, as wide as the widest, filled up with grey."""
    lines = []
    for top, bottom, left, right in boxes:
        part = Image.fromarray(page[top:bottom, left:right])
        lines.append(as_input(np.asarray(part.resize((max(round(part.width * HEIGHT / part.height), 1), HEIGHT), Image.BILINEAR))))
    batch = np.zeros((len(lines), 3, HEIGHT, max(line.shape[3] for line in lines)), np.float32)
    for number, line in enumerate(lines):
        batch[number, :, :, :line.shape[3]] = line
    return batch


def spell(chances: np.ndarray, letters: list) -> str:
    """The likeliest letter of each column; repeated ones count once, 0 is none."""
    best = chances.argmax(1)
    kept = [index for place, index in enumerate(best) if index and (place == 0 or best[place - 1] != index)]
    return "".join(letters[index - 1] for index in kept)


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
            boxes = find_lines(server.infer("detection", as_input(page))[0, 0])
            rows = server.infer("recognition", cut_lines(page, boxes)) if boxes else []
        finally:
            code = server.stop()
    read = [spell(row, letters).strip() for row in rows]
    for line in read:
        print(f"read: {line}")
    print(f"RESULT lines={len(PAGE)} read={sum(a == b for a, b in zip(read, PAGE))}")
    return 0 if read == PAGE and code == 0 else 1


sys.exit(main())
