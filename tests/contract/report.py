# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""docs/COMPATIBILITY.md from the rows of the contracts."""

import json

TITLES = {"tensorflow": "TensorFlow Serving", "inference": "The Open Inference Protocol and Triton's extensions"}
HEAD = """# Compatibility

Generated from `tests/contract` by `./dev docs`: do not edit. Every line below the differences is a request that
`./dev test contract` sends to the real binary, and what must come back. {counts}.

## Deliberate differences

What an existing client can notice, and why it is so. All else is meant to be as there; what is not listed and differs is a bug.

"""


def cut(text, limit):
    text = " ".join(str(text).split())
    return text if len(text) <= limit else text[:limit - 3] + "..."


def code(text, limit=110):
    text = cut(text, limit).replace("|", "\\|")
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def show_want(want):
    if callable(want):
        return cut(want.__doc__ or "", 110)
    if isinstance(want, bytes):
        return f"{len(want)} bytes"
    if isinstance(want, (dict, list)):
        return code(json.dumps(strip(want), ensure_ascii=False))
    return code(want) if want else ""


def strip(value):
    """Without what JSON has no text for."""
    if isinstance(value, dict):
        return {key: strip(item) for key, item in value.items()}
    if isinstance(value, list):
        return [strip(item) for item in value]
    return "..." if callable(value) else value


def differences(tables, notes):
    lines = ["| where | there, and why it is otherwise here |", "|---|---|"]
    for name, rows in tables.items():
        lines += [f"| {TITLES[name].split(' and ')[0]}: {where} | {why} |" for where, why in notes[name]]
        lines += [f"| {TITLES[name].split(' and ')[0]}, {row.section}: {row.fact} | {row.differs} |"
                  for row in rows if row.differs]
    return lines


def sections(rows):
    lines, names = [], []
    for row in rows:
        if row.section not in names:
            names.append(row.section)
    for name in names:
        lines += ["", f"### {name}", "", "| fact | asked | answer |", "|---|---|---|"]
        lines += [f"| {row.fact} | {code(row.ask.show())} | {row.code} {show_want(row.want)} |".replace("  |", " |")
                  for row in rows if row.section == name]
    return lines


def make_report(tables):
    import inference_rows
    import tensorflow_rows
    notes = {"tensorflow": tensorflow_rows.NOTES, "inference": inference_rows.NOTES}
    counts = ", ".join(f"{len(rows)} rows for {TITLES[name]}" for name, rows in tables.items())
    lines = HEAD.format(counts=counts).rstrip("\n").splitlines() + [""] + differences(tables, notes)
    for name, rows in tables.items():
        lines += ["", f"## {TITLES[name]}"] + sections(rows)
    return "\n".join(lines) + "\n"
