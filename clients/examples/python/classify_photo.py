# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""classify_photo.py TARGET PHOTO LABELS [CA.pem]: what is on it, by EfficientNet-Lite0: the five likeliest of 1000 classes.

LABELS has a class a line.
"""

import pathlib
import sys

import numpy as np
from PIL import Image
from serving import Server

SIDE, CROP = 256, 224


def prepare(path):
    """As the model was trained: the shorter side to 256, the middle 224 x 224, pixels around 0 in units of 128."""
    photo = Image.open(path).convert("RGB")
    scale = SIDE / min(photo.size)
    photo = photo.resize((round(photo.width * scale), round(photo.height * scale)), Image.BICUBIC)
    left, top = (photo.width - CROP) // 2, (photo.height - CROP) // 2
    pixels = np.asarray(photo.crop((left, top, left + CROP, top + CROP)), np.float32)
    return ((pixels - 127) / 128).transpose(2, 0, 1)[None]


def softmax(logits):
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


def main():
    target, photo, labels, *ca = sys.argv[1:]
    names = pathlib.Path(labels).read_text().splitlines()
    with Server(target, *ca) as server:
        scores = softmax(server.infer("efficientnet", {"image": prepare(photo)})["logits"][0])
    for index in scores.argsort()[::-1][:5]:
        print(f"{scores[index]:.4f}  {names[index]}")


main()
