"""Small networks in whole numbers, so that they answer the same everywhere: a few thousand weights, fitted once.

Weights are multiples of 1/1024, activations of 1/256; all sums stay below 2**53, where float64 is exact in any order.
natlib/data/README.md says what each file of weights was fitted to, and how.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

WEIGHT, ONE = 1024, 256  # what stands for 1, in weights and in activations
EAR, MUSIC = (Path(__file__).parent / f"data/{name}.weights" for name in ("ear", "music"))


@cache
def tables(file: Path = EAR) -> dict[str, Array]:
    """The arrays of a file, whole numbers: "notes.0.weight", (inputs, outputs), "notes.0.bias", (outputs,) …"""
    import numpy as np
    from safetensors.numpy import load_file

    return {name: table.astype(np.float64) for name, table in load_file(file).items()}


class Layer:
    """A layer of a network: products with its weights, its bias, and nothing below 0 unless it is the last."""

    def __init__(self, name: str, last: bool = False, file: Path = EAR):
        self.weight, self.bias = (tables(file)[f"{name}.{part}"] for part in ("weight", "bias"))
        self.last = last

    def __call__(self, values: Array) -> Array:
        """Whole numbers, (..., inputs), to whole numbers, (..., outputs)."""
        import numpy as np

        result = values @ self.weight
        result += self.bias
        result /= WEIGHT
        np.rint(result, out=result)
        return result if self.last else np.maximum(result, 0, out=result)


@cache
def depth(name: str, file: Path) -> int:
    """How many layers NAME.0, NAME.1 … a file has."""
    return sum(key.startswith(f"{name}.") for key in tables(file)) // 2  # weight and bias of each


class Layers:
    """The layers NAME.0, NAME.1 … of a file, one after the other."""

    def __init__(self, name: str, file: Path):
        count = depth(name, file)
        self.layers = [Layer(f"{name}.{number}", number == count - 1, file) for number in range(count)]

    def __call__(self, values: Any) -> Array:
        """Whole numbers, (..., inputs), to whole numbers, (..., outputs)."""
        import numpy as np

        result: Array = np.asarray(values, np.float64)
        for layer in self.layers:
            result = layer(result)
        return result


def logistic(values: Array) -> Array:
    """1 / (1 + exp(-x)) of activations, to whole thousandths."""
    import numpy as np

    return sigmoid()[np.clip(np.rint(values / 8), -256, 256).astype(np.int64) + 256]


@cache
def sigmoid() -> Array:
    """The logistic function at every 8/256 from -8 to 8, in thousandths."""
    import numpy as np

    return np.asarray(np.rint(1000 / (1 + np.exp(-np.arange(-256, 257) * (8 / ONE)))))
