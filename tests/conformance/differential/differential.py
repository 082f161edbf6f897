# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""Compare every operator with ONNX Runtime on random shapes, types and attributes.

differential.py RUNNER [--cases N] [--seed N] [--only OPERATOR] [--edges] [--keep FOLDER]

Draws N cases per row of operators.py, writes each as a test in the official layout with ONNX Runtime's outputs, and
lets RUNNER (differential.c) run and compare them. A case that ONNX Runtime refuses is not a mismatch, whatever we say.

--edges draws cases whose attributes and integer inputs are at their edges; there the only question is whether we
refuse or answer: a crash, a hang or an internal error is a mismatch. It needs no ONNX Runtime. Run it on a build
with sanitizers.
"""

import argparse
import collections
import copy
import dataclasses
import json
import os
import pathlib
import pickle
import subprocess
import sys
import tempfile
import zlib

import numpy as np
import onnx
from dice import Case, Dice
from onnx import TensorProto, helper, numpy_helper
from operators import ROWS

OPSET = 23
HUGE = (0, -1, 1, 2, -2, 127, -(2 ** 31), 2 ** 31, 2 ** 32, 2 ** 62, 2 ** 63 - 1, -(2 ** 63))
ODD = (0.0, -1.0, float("nan"), float("inf"), -float("inf"), 1e-45, 3e38)


@dataclasses.dataclass
class Drawn:
    name: str
    domain: str
    op: str
    model: bytes = b""
    feeds: dict = dataclasses.field(default_factory=dict)
    verdict: str = ""


def edge(dice: Dice, case: Case) -> Case:
    """The case with one to three things at an edge."""
    case = copy.deepcopy(case)
    for _ in range(dice.int(1, 3)):
        whole = [i for i, x in enumerate(case.inputs) if x is not None and x.dtype.kind in "iu" and x.size]
        kind = dice.one(("attribute", "attribute", "attribute", "input", "shape", "shape", "drop"))
        if kind == "attribute" and case.attributes:
            name = dice.one(sorted(case.attributes))
            value = case.attributes[name]
            if isinstance(value, list) and value:
                value = list(value)
                index = dice.int(0, len(value) - 1)
                value[index] = dice.one(HUGE if isinstance(value[index], int) else ODD) if not isinstance(value[index], str) else "?"
                value = value if dice.chance(0.7) else value[:-1] if dice.chance(0.5) else value + value[-1:]
            elif isinstance(value, (int, np.integer)):
                value = dice.one(HUGE)
            elif isinstance(value, (float, np.floating)):
                value = dice.one(ODD)
            elif isinstance(value, str):
                value = dice.one(("", "?", value + "\0", value * 40))
            case.attributes[name] = value
        elif kind == "input" and whole:
            index = dice.one(whole)
            array = np.array(case.inputs[index])
            info = np.iinfo(array.dtype)
            array.reshape(-1)[dice.int(0, array.size - 1)] = min(max(dice.one(HUGE), info.min), info.max)
            case.inputs[index] = array
        elif kind == "shape":
            index = dice.int(0, len(case.inputs) - 1)
            if case.inputs[index] is not None:
                dims = list(case.inputs[index].shape)
                change = dice.one(("zero", "grow", "rank", "scalar"))
                if change == "zero" and dims:
                    dims[dice.int(0, len(dims) - 1)] = 0
                elif change == "grow" and dims:
                    dims[dice.int(0, len(dims) - 1)] += 1
                elif change == "rank":
                    dims = dims + [1] if dice.chance(0.5) else dims[1:]
                else:
                    dims = []
                case.inputs[index] = np.resize(case.inputs[index], dims).astype(case.inputs[index].dtype)
        elif kind == "drop" and len(case.inputs) > 1:
            case.inputs[dice.int(0, len(case.inputs) - 1)] = None
    return case


def build(drawn: Drawn, case: Case, dice: Dice) -> None:
    """Some inputs become initializers; some dims have names instead of sizes."""
    names, ports, initializers = [], [], []
    named_dims = dice.chance(0.3)
    for index, array in enumerate(case.inputs):
        if array is None:
            names.append("")
            continue
        name = f"x{index}"
        names.append(name)
        if index in case.constant or (index > 0 and dice.chance(0.3)):
            initializers.append(numpy_helper.from_array(np.ascontiguousarray(array) if array.ndim else array, name))
            continue
        shape = [f"d{index}_{i}" if named_dims and dice.chance(0.5) else size for i, size in enumerate(array.shape)]
        ports.append(helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), shape))
        drawn.feeds[name] = array
    outputs = [f"y{i}" for i in range(case.outputs)]
    node = helper.make_node(drawn.op, names, outputs, domain=drawn.domain)
    for key, value in case.attributes.items():
        if isinstance(value, str):
            value = value.encode("utf-8", "replace")
        if isinstance(value, list) and not value:
            node.attribute.append(helper.make_attribute(key, value, attr_type=onnx.AttributeProto.INTS))
        else:
            node.attribute.append(helper.make_attribute(key, value))
    graph = helper.make_graph([node], drawn.name, ports, [helper.make_empty_tensor_value_info(name) for name in outputs],
                              initializers)
    opsets = [helper.make_opsetid("", 24 if drawn.op == "Swish" else OPSET)]
    if drawn.domain:
        opsets.append(helper.make_opsetid(drawn.domain, 3 if drawn.domain == "ai.onnx.ml" else 1))
    drawn.model = helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()


def store(folder: pathlib.Path, drawn: Drawn, case: Case, outputs) -> None:
    target = folder / "node" / drawn.name
    (target / "test_data_set_0").mkdir(parents=True)
    (target / "model.onnx").write_bytes(drawn.model)
    (target / "data.json").write_text(json.dumps({"rtol": case.relative, "atol": case.absolute}))
    for index, array in enumerate(drawn.feeds.values()):
        (target / "test_data_set_0" / f"input_{index}.pb").write_bytes(numpy_helper.from_array(np.asarray(array)).SerializeToString())
    for index, array in enumerate(outputs or []):
        (target / "test_data_set_0" / f"output_{index}.pb").write_bytes(numpy_helper.from_array(np.asarray(array)).SerializeToString())


def ask_peer(drawn: Drawn):
    """ONNX Runtime's outputs, or why there are none."""
    import onnxruntime
    onnxruntime.set_default_logger_severity(4)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = onnxruntime.InferenceSession(drawn.model, options, providers=["CPUExecutionProvider"])
        outputs = session.run(None, drawn.feeds)
    except Exception as error:  # its own exception types share no base
        return None, str(error).splitlines()[0][:200]
    return outputs, ""


def draw_case(arguments, folder: pathlib.Path, domain: str, op: str, number: int, alone: bool) -> Drawn | None:
    """None: the edge cannot be written down. alone: without ONNX Runtime's answer."""
    label = f"{domain or 'onnx'}.{op}"
    dice = Dice([arguments.seed, number, zlib.crc32(label.encode())])
    case = ROWS[domain, op](dice)
    if arguments.edges:
        case = edge(dice, case)
    drawn = Drawn(f"test_{label}_{number}", domain, op)
    try:
        build(drawn, case, dice)
    except (ValueError, TypeError, OverflowError):
        return None
    outputs = None
    if not alone:
        outputs, why = ask_peer(drawn)
        drawn.verdict = f"refused: {why}" if outputs is None else ""
    store(folder, drawn, case, outputs)
    return drawn


def draw_numbers(arguments, folder: pathlib.Path, domain: str, op: str, numbers: range) -> list[Drawn]:
    """In a child, since ONNX Runtime may crash; returns those that were drawn before it ended."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        with os.fdopen(write_end, "wb") as pipe:
            for number in numbers:
                pickle.dump(draw_case(arguments, folder, domain, op, number, arguments.edges), pipe)
                pipe.flush()
        os._exit(0)
    os.close(write_end)
    drawn = []
    with os.fdopen(read_end, "rb") as pipe:
        try:
            while True:
                drawn.append(pickle.load(pipe))
        except (EOFError, pickle.UnpicklingError):
            pass
    os.waitpid(child, 0)
    return drawn


def draw_all(arguments, folder: pathlib.Path) -> list[Drawn]:
    drawn_cases = []
    for domain, op in sorted(ROWS):
        if arguments.only and arguments.only != op:
            continue
        number = 0
        while number < arguments.cases:
            drawn = draw_numbers(arguments, folder, domain, op, range(number, arguments.cases))
            number += len(drawn)
            if number < arguments.cases:  # it crashed on this one
                drawn.append(draw_case(arguments, folder, domain, op, number, True))
                drawn[-1].verdict = "refused: ONNX Runtime crashed"
                number += 1
            drawn_cases += [item for item in drawn if item]
    return drawn_cases


def is_mismatch(outcome: str, drawn: Drawn, edges: bool) -> bool:
    crashed = outcome.startswith(("ends by signal", "takes too long", "says nothing", "INTERNAL", "UNKNOWN"))
    if edges or drawn.verdict:
        return crashed
    return outcome != "pass"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("runner")
    parser.add_argument("--cases", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only")
    parser.add_argument("--edges", action="store_true")
    parser.add_argument("--keep")
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(arguments.keep or temporary)
        drawn_cases = draw_all(arguments, folder)
        run = subprocess.run([arguments.runner, str(folder)], stdout=subprocess.PIPE, text=True, errors="replace", check=False)
    outcomes = dict(line.split(" ", 1) for line in run.stdout.splitlines() if line.startswith("node/"))
    counts = collections.defaultdict(collections.Counter)
    mismatches = 0
    for drawn in drawn_cases:
        outcome = outcomes.get(f"node/{drawn.name}", "says nothing")
        count = counts[f"{drawn.domain + '.' if drawn.domain else ''}{drawn.op}"]
        count["agreed"] += outcome == "pass" and not drawn.verdict
        count["refused"] += bool(drawn.verdict) or (arguments.edges and outcome != "pass")
        if is_mismatch(outcome, drawn, arguments.edges):
            mismatches += 1
            count["mismatched"] += 1
            print(f"{drawn.name}: {outcome}")
        elif arguments.verbose and drawn.verdict:
            print(f"{drawn.name}: {drawn.verdict}; here: {outcome}")
    for name, count in sorted(counts.items()):
        print(f"{name:40} agreed {count['agreed']:4}  refused {count['refused']:4}  mismatched {count['mismatched']:4}")
    unproven = [name for name, count in counts.items() if not count["agreed"]]
    if unproven and not arguments.edges:
        print("without one agreed case:", " ".join(unproven))
    print(f"RESULT operators={len(counts)} cases={len(drawn_cases)} mismatches={mismatches}")
    return 1 if mismatches or not drawn_cases else 0


sys.exit(main())
