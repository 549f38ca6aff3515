"""Small networks in whole numbers, so that they answer the same everywhere: a few thousand weights, fitted once.

Weights are multiples of 1/1024, activations of 1/256; all sums stay below 2**53, where float64 is exact in any order.
natlib/data/ear.weights holds the weights; natlib/data/README.md says what they were fitted to, and how.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from .numerics import Array

WEIGHT, ONE = 1024, 256  # what stands for 1, in weights and in activations
FILE = Path(__file__).parents[2] / "data/ear.weights"


@cache
def tables() -> dict[str, Array]:
    """The arrays of the file, whole numbers: "notes.0.weight", (inputs, outputs), "notes.0.bias", (outputs,) …"""
    from safetensors.numpy import load_file

    return {name: table.astype(np.float64) for name, table in load_file(FILE).items()}


class Layer:
    """A layer of a network: products with its weights, its bias, and nothing below 0 unless it is the last."""

    def __init__(self, name: str, last: bool = False):
        self.weight, self.bias = (tables()[f"{name}.{part}"] for part in ("weight", "bias"))
        self.last = last

    def __call__(self, values: Array) -> Array:
        """Whole numbers, (..., inputs), to whole numbers, (..., outputs)."""
        result = values @ self.weight
        result += self.bias
        result /= WEIGHT
        np.rint(result, out=result)
        return result if self.last else np.maximum(result, 0, out=result)


def logistic(values: Array) -> Array:
    """1 / (1 + exp(-x)) of activations, to whole thousandths."""
    return np.asarray(SIGMOID[np.clip(np.rint(values / 8), -256, 256).astype(np.int64) + 256])


SIGMOID = np.rint(1000 / (1 + np.exp(-np.arange(-256, 257) * (8 / ONE))))
