# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""The digits images: where they come from, how they are split, and the image files they are kept in.

scikit-learn carries 1797 hand-written digits of 8x8 pixels, values 0 to 16 (the test part of the UCI set "Optical
Recognition of Handwritten Digits"). Pixels are scaled once to whole numbers 0 to 255, and the model is trained and
tested on just those, so that a picture in a file and the same picture in the training set are equal to the last bit.
What the model sees is pixel / 255.
"""

import struct
import zlib

import numpy as np

HELD_OUT = 360      # images never trained on: a fifth
SPLIT_SEED = 20260101


def load_split():
    """Returns (train_pixels, train_labels, test_pixels, test_labels); pixels are uint8 [count, 8, 8]."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    pixels = np.floor(digits.images * (255.0 / 16.0) + 0.5).astype(np.uint8)
    labels = digits.target.astype(np.int64)
    # RandomState's stream is frozen by NumPy, so this order is the same in every version.
    order = np.random.RandomState(SPLIT_SEED).permutation(len(labels))
    test, train = order[:HELD_OUT], order[HELD_OUT:]
    return pixels[train], labels[train], pixels[test], labels[test]


def to_input(pixels):
    """uint8 [count, 8, 8] -> the model's input, float32 [count, 1, 8, 8] in 0..1."""
    return (pixels.astype(np.float32) / np.float32(255.0))[:, None, :, :]


def write_pgm(path, pixels):
    """Binary PGM (P5), one byte a pixel."""
    height, width = pixels.shape
    path.write_bytes(b"P5\n%d %d\n255\n" % (width, height) + pixels.tobytes())


def read_pgm(path):
    """Reads what write_pgm wrote; no comments, one byte a pixel."""
    magic, size, most, rest = path.read_bytes().split(b"\n", 3)
    width, height = (int(side) for side in size.split())
    if magic != b"P5" or most != b"255" or len(rest) != width * height:
        raise ValueError(f"{path}: not a PGM of this kind")
    return np.frombuffer(rest, np.uint8).reshape(height, width)


def write_png(path, pixels):
    """8-bit greyscale PNG, no filter, one chunk of data."""
    height, width = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    path.write_bytes(b"\x89PNG\r\n\x1a\n"
                     + _png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
                     + _png_chunk(b"IDAT", zlib.compress(rows, 9))
                     + _png_chunk(b"IEND", b""))


def read_png(path):
    """Reads what write_png wrote; other PNGs are refused."""
    data = path.read_bytes()
    chunks, at = {}, 8
    while at < len(data):
        length, = struct.unpack_from(">I", data, at)
        chunks[data[at + 4:at + 8]] = data[at + 8:at + 8 + length]
        at += 12 + length
    width, height, *kind = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, width + 1)
    if kind != [8, 0, 0, 0, 0] or rows[:, 0].any():
        raise ValueError(f"{path}: not a PNG of this kind")
    return rows[:, 1:]


def _png_chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
