#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""embed.py OUTPUT FILE...: the console's files as C arrays."""

import pathlib
import sys

TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


def main():
    output, *files = map(pathlib.Path, sys.argv[1:])
    text, rows = ['#include "server/console/console_files.h"', ""], []
    for number, file in enumerate(sorted(files, key=lambda file: file.name)):
        data = file.read_bytes()
        text.append(f"static const unsigned char FILE_{number}[] = {{ {', '.join(map(str, data))} }};")
        rows.append(f'    {{ "{file.name}", "{TYPES[file.suffix]}", FILE_{number}, sizeof FILE_{number} }},')
    text += ["", "const ConsoleFile CONSOLE_FILES[] = {", *rows, "};",
             f"const size_t CONSOLE_FILE_COUNT = {len(rows)};"]
    output.write_text("\n".join(text) + "\n")


main()
