# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""read_page.py TARGET PAGE.png LETTERS [CA.pem]: the text of a page, by the two PP-OCRv4 models.

"detection" says where lines are, "recognition" reads all of them in one batch. LETTERS has a letter a line, as the
recognition model counts them.
"""

import pathlib
import sys

import numpy as np
from PIL import Image
from scipy import ndimage

HEIGHT = 48  # of a line, as recognition wants it


def as_input(picture):
    """[1, 3, height, width] around 0, blue first."""
    return ((picture[..., ::-1].astype(np.float32) / 255 - 0.5) / 0.5).transpose(2, 0, 1)[None]


def find_lines(chances):
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


def cut_lines(page, boxes):
    """All lines at one height, as wide as the widest, filled up with grey."""
    lines = []
    for top, bottom, left, right in boxes:
        part = Image.fromarray(page[top:bottom, left:right])
        lines.append(as_input(np.asarray(part.resize((max(round(part.width * HEIGHT / part.height), 1), HEIGHT), Image.BILINEAR))))
    batch = np.zeros((len(lines), 3, HEIGHT, max(line.shape[3] for line in lines)), np.float32)
    for number, line in enumerate(lines):
        batch[number, :, :, :line.shape[3]] = line
    return batch


def spell(chances, letters):
    """The likeliest letter of each column; repeated ones count once, 0 is none."""
    best = chances.argmax(1)
    kept = [index for place, index in enumerate(best) if index and (place == 0 or best[place - 1] != index)]
    return "".join(letters[index - 1] for index in kept).strip()


def read(infer, page, letters):
    """The page's lines. infer(model, array) asks a server for the model's one output; sides are a multiple of 32."""
    boxes = find_lines(infer("detection", as_input(page))[0, 0])
    rows = infer("recognition", cut_lines(page, boxes)) if boxes else []
    return [spell(row, letters) for row in rows]


def main():
    from serving import Server  # here, so that read() can be used with any transport
    target, path, letters, *ca = sys.argv[1:]
    page = np.asarray(Image.open(path).convert("RGB"))
    page = np.pad(page, ((0, -page.shape[0] % 32), (0, -page.shape[1] % 32), (0, 0)), constant_values=255)
    with Server(target, *ca) as server:
        def infer(model, array):
            return next(iter(server.infer(model, {"x": array}).values()))
        print("\n".join(read(infer, page, pathlib.Path(letters).read_text().split("\n"))))


if __name__ == "__main__":
    main()
