# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""digits.py TARGET PICTURE.pgm [CA.pem]: which digit is it? Asked in both protocols and over a stream."""

import sys

import numpy as np
from serving import Server
from PIL import Image


def show(way, scores):
    print(way, scores.argmax(), f"{scores.max():.4f}")


def main():
    target, picture, *ca = sys.argv[1:]
    image = (np.asarray(Image.open(picture), np.float32) / 255).reshape(1, 1, 8, 8)
    with Server(target, *ca) as server:
        show("inference", server.infer("digits", {"image": image})["probabilities"])
        show("tensorflow", server.predict("digits", {"image": image})["probabilities"])
        for answer in server.stream("digits", ({"image": image} for _ in range(3))):
            scores = answer["probabilities"]
        show("stream", scores)


main()
