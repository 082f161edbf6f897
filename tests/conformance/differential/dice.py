# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""Seeded chance: shapes, arrays and attributes for the table of operators."""

import dataclasses
import typing

import ml_dtypes
import numpy as np

F16, F32, F64, BF16 = np.float16, np.float32, np.float64, ml_dtypes.bfloat16
FLOATS = (F32, F32, F32, F64, F16)  # the first is drawn most
SIGNED = (np.int32, np.int64, np.int8)
INTEGERS = (np.int32, np.int64, np.uint8, np.int8)
NUMBERS = FLOATS + (np.int32, np.int64)
ANY = NUMBERS + (np.uint8, np.bool_)


@dataclasses.dataclass
class Case:
    """One node with its data. An input that is None is left out."""

    inputs: list
    attributes: dict = dataclasses.field(default_factory=dict)
    outputs: int = 1
    constant: tuple = ()  # inputs that must be initializers; of the others some are
    relative: float = 1e-3
    absolute: float = 1e-5


class Dice:
    def __init__(self, seed: typing.Sequence[int]):
        self.random = np.random.default_rng(seed)

    def int(self, low: int, high: int) -> int:
        """low..high, both included."""
        return int(self.random.integers(low, high + 1))

    def one(self, items: typing.Sequence):
        return items[self.int(0, len(items) - 1)]

    def chance(self, share: float) -> bool:
        return bool(self.random.random() < share)

    def some(self, items: typing.Sequence, least: int = 0) -> list:
        """A random part of items, in order."""
        count = self.int(least, len(items))
        return [items[i] for i in sorted(self.random.permutation(len(items))[:count])]

    def order(self, count: int) -> list[int]:
        return [int(i) for i in self.random.permutation(count)]

    def dims(self, least: int = 1, most: int = 4, high: int = 7) -> list[int]:
        """Ranks least..most; now and then a dim of 1, seldom of 0."""
        dims = [1 if self.chance(0.15) else self.int(1, high) for _ in range(self.int(least, most))]
        if dims and self.chance(0.02):
            dims[self.int(0, len(dims) - 1)] = 0
        return dims

    def full_dims(self, least: int = 1, most: int = 4, high: int = 7) -> list[int]:
        return [max(1, dim) for dim in self.dims(least, most, high)]

    def array(self, dims: typing.Sequence[int], dtype=F32, low: float = -3.0, high: float = 3.0) -> np.ndarray:
        if dtype == np.bool_:
            return self.random.random(dims) < 0.5
        if np.issubdtype(dtype, np.integer):
            low = max(low, np.iinfo(dtype).min)
            return self.random.integers(int(low), int(high) + 1, dims).astype(dtype)
        return np.asarray(self.random.uniform(low, high, dims)).astype(dtype)

    def axis(self, rank: int) -> int:
        return self.int(-rank, rank - 1)

    def axes(self, rank: int, least: int = 0) -> list[int]:
        return [axis - rank if self.chance(0.3) else axis for axis in self.some(range(rank), least)]

    def narrowed(self, dims: typing.Sequence[int]) -> list[int]:
        """A shape that broadcasts to dims."""
        dims = [1 if self.chance(0.25) else dim for dim in dims]
        return dims[self.int(0, len(dims)) if self.chance(0.3) else 0:]
