# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""What a row of a contract is, and how an answer is held against it."""

import dataclasses
import json
import typing

from google.protobuf import text_format


@dataclasses.dataclass
class Rpc:
    """A call: the method's short name, and its request as protobuf text, a message or bytes."""
    method: str
    request: object
    metadata: tuple = ()
    timeout: float = 60

    def show(self):
        text = self.request if isinstance(self.request, str) else "(bytes)" if isinstance(self.request, bytes) else \
            text_format.MessageToString(self.request, as_one_line=True)
        return f"{self.method} {text}"


@dataclasses.dataclass
class Stream:
    """A ModelStreamInfer of these requests (protobuf text); its answers are a list."""
    requests: list
    metadata: tuple = ()

    def show(self):
        return "ModelStreamInfer " + "; ".join(self.requests)


@dataclasses.dataclass
class Rest:
    """A request over HTTP: a body of bytes, text, or what becomes JSON."""
    method: str
    path: str
    body: object = None
    headers: dict = dataclasses.field(default_factory=dict)

    def show(self):
        body = self.body if isinstance(self.body, (str, type(None))) else \
            f"({len(self.body)} bytes)" if isinstance(self.body, bytes) else json.dumps(self.body, ensure_ascii=False)
        return f"{self.method} {self.path}" + (f" {body}" if body else "")


@dataclasses.dataclass
class Row:
    section: str
    fact: str
    ask: typing.Union[Rpc, Rest, Stream]
    code: object        # "OK", "NOT_FOUND", 200 ...
    want: object = ""   # see matches()
    differs: str = ""   # the other server's answer, and why ours is another
    on: str = "main"    # which server: see scene.SERVERS
    changes: bool = False  # the state that other rows see


def rows_of(section, *rows, **common):
    """Rows of one section: (fact, ask, code[, want[, more]])"""
    made = []
    for row in rows:
        fact, ask, code = row[:3]
        more = dict(common, **(row[4] if len(row) > 4 else {}))
        made.append(Row(section, fact, ask, code, row[3] if len(row) > 3 else "", **more))
    return made


class Part(dict):
    """A JSON object of which only these members matter."""


def json_matches(want, got):
    if isinstance(want, Part):
        return isinstance(got, dict) and all(key in got and json_matches(value, got[key]) for key, value in want.items())
    if isinstance(want, dict):
        return isinstance(got, dict) and want.keys() == got.keys() and \
            all(json_matches(value, got[key]) for key, value in want.items())
    if isinstance(want, list):
        return isinstance(got, list) and len(want) == len(got) and all(map(json_matches, want, got))
    if callable(want):
        return bool(want(got))
    return want == got and isinstance(want, bool) == isinstance(got, bool) or want != want and got != got


def message_matches(want, got):
    """Every field that is set in want is the same in got."""
    for field, value in want.ListFields():
        theirs = getattr(got, field.name)
        if field.message_type and field.message_type.GetOptions().map_entry:
            for key, item in value.items():
                if key not in theirs or not one_matches(item, theirs[key]):
                    return False
        elif field.label == field.LABEL_REPEATED:
            if len(value) != len(theirs) or not all(map(one_matches, value, theirs)):
                return False
        elif not one_matches(value, theirs):
            return False
    return True


def one_matches(want, got):
    if hasattr(want, "ListFields"):
        return message_matches(want, got)
    return want == got or want != want and got != got
