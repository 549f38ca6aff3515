"""Residual vector quantization, exact: the same features give the same tokens on every machine.

A stream of features (say `S`, of `width` numbers a frame) becomes one code in each of its layers:

    x = round(features * 2**grid)                           whole numbers
    z = round((x - mean) @ projection / 2**shift)           whole numbers, at most MAX_DIMS of them
    code 0 = the codeword of layer 0 nearest to z;  code 1 = the one of layer 1 nearest to what is left;  and so on

mean, projection and codewords are whole numbers, bounded so that every sum stays below 2**53. Such sums are exact in
float64 in whatever order a BLAS, a SIMD unit or a number of threads adds them, and ties go to the lower code: nothing
is left that could round differently elsewhere.

The projection is a principal component analysis, each component divided by its variance to the power WHITEN: between
plain PCA (0), where a few loud components decide alone, and whitening (0.5), where noise counts as much as they do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from .. import former
from ..wire import Head, show

Array = NDArray[Any]

FORMAT = "2.0"  # of the codebook file; 1.0 has other names for measures
MAX_DIMS = 32  # numbers left of a frame after the projection, in any codebook
MAX_FILE = 1 << 28  # bytes of a codebook file
FEATURE_LIMIT = 2.0**20  # |x|; beyond, features are clipped
POINT_LIMIT = 2.0**18  # |z| and codewords
SLICE = 4096  # frames worked on at a time


class CodebookError(ValueError):
    """A codebook that can't be read or does not fit the stream, or features that no codebook can be fitted on."""


@dataclass(frozen=True, eq=False)
class Projection:
    """Maps `width` features to a point of a few dimensions, in whole numbers."""

    grid: int  # features are rounded to multiples of 2**-grid
    shift: int
    mean: Array  # (width,) whole float64
    matrix: Array  # (width, dims) whole float64

    def whole(self, features: Array) -> Array:
        """Finite features (frames, width) on the grid, whole float64."""
        return on_grid(features, self.grid)

    def points(self, features: Array) -> Array:
        """Finite features (frames, width) to points (frames, dims), whole float64."""
        x = self.whole(features)
        x -= self.mean
        z = x @ self.matrix
        z *= 2.0**-self.shift
        return _whole(z, POINT_LIMIT)


@dataclass(frozen=True, eq=False)
class Layer:
    """The codes of one layer."""

    codewords: Array  # (codes, dims) whole float64
    measures: Array  # (codes, measures) float32, what each code measures like; NaN is absent
    mean_square: float = 0.0  # mean squared distance to the codeword, when it was fitted


class Quantizer:
    """The quantizer of one stream: `width` features to one code in each layer."""

    def __init__(self, name: str, kind: str, projection: Projection, layers: Sequence[Layer]):
        self.name = name  # of the stream
        self.type = kind
        self.projection = projection
        self.layers = tuple(layers)
        self._turned = [np.ascontiguousarray(-2.0 * layer.codewords.T) for layer in self.layers]
        self._norms = [np.sum(layer.codewords * layer.codewords, axis=1) for layer in self.layers]

    @property
    def width(self) -> int:
        """Features a frame."""
        return len(self.projection.mean)

    def encode(self, features: Array, hold: float = 0.0, last: Sequence[int] | None = None) -> Array:
        """Finite features (frames, width) to codes (frames, layers), uint16.

        With `hold`, a layer keeps the code of the frame before (for the first frame, `last`) as long as a new one
        is nearer by less than `hold` times the layer's mean distortion, in squared distance.
        """
        rest = self.projection.points(features)
        codes = np.empty((len(rest), len(self.layers)), np.uint16)
        for number, layer in enumerate(self.layers):
            scores = rest @ self._turned[number]
            scores += self._norms[number]  # the squared distance, less that of the point to the origin
            best = scores.argmin(axis=1)
            if hold:
                _hold(best, scores, hold * layer.mean_square, None if last is None else last[number])
            codes[:, number] = best
            rest -= layer.codewords[best]
        return codes


def on_grid(features: Array, grid: int) -> Array:
    """Finite features, rounded to multiples of 2**-grid, as whole float64."""
    return _whole(np.multiply(features, 2.0**grid, dtype=np.float64), FEATURE_LIMIT)


def _whole(numbers: Array, limit: float) -> Array:
    """`numbers` rounded (halves to even) and clipped to ±`limit`, in place."""
    np.rint(numbers, out=numbers)
    np.minimum(numbers, limit, out=numbers)
    return np.asarray(np.maximum(numbers, -limit, out=numbers))


def _hold(codes: Array, scores: Array, least: float, last: int | None) -> None:
    for frame, code in enumerate(codes.tolist()):
        if last is not None and code != last and scores[frame, last] - scores[frame, code] < least:
            codes[frame] = last
        else:
            last = code


class Codebook:
    """What turns rows of features into rows of codes: a quantizer for each stream, and what is known about them."""

    def __init__(self, streams: list[Quantizer], meta: Head, raw: bytes):
        self.streams = streams
        self.meta = meta  # "name", "model", "model_version", "layers", "measures", …
        self.raw = raw  # the file's bytes
        self.sha256 = hashlib.sha256(raw).hexdigest()

    @classmethod
    def load(cls, raw: bytes) -> Codebook:
        """The codebook in the bytes of a safetensors file. Raises CodebookError."""
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            tensors = load(raw)
            head = orjson.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
            meta = orjson.loads(head["__metadata__"]["nat"])
            if (major := meta["format"].split(".")[0]) not in ("1", FORMAT.split(".")[0]):
                raise CodebookError(f"expected a codebook of format {FORMAT} or 1.0, got {show(meta['format'])}")
            if major == "1":
                meta["measures"] = former.header(meta)["measures"]
            streams = [_quantizer(entry, meta, tensors) for entry in meta["streams"]]
        except CodebookError:
            raise
        except (SafetensorError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise CodebookError(f"not a codebook of nat-quantize ({type(error).__name__}: {error})") from None
        return cls(streams, meta, raw)

    @classmethod
    def make(cls, streams: list[Quantizer], meta: Head) -> Codebook:
        """The codebook of these quantizers, as if loaded from its file.

        The file's bytes depend on its content alone: arrays are in C order, which safetensors takes for granted, and
        there is one metadata entry, since several would come in any order.
        """
        from safetensors.numpy import save

        tensors: dict[str, Array] = {}
        for stream in streams:
            tensors[f"{stream.name}.mean"] = np.ascontiguousarray(stream.projection.mean, np.int32)
            tensors[f"{stream.name}.projection"] = np.ascontiguousarray(stream.projection.matrix, np.int32)
            for number, layer in enumerate(stream.layers):
                tensors[f"{stream.name}{number}.codewords"] = np.ascontiguousarray(layer.codewords, np.int32)
                if meta["measures"]:
                    tensors[f"{stream.name}{number}.measures"] = np.ascontiguousarray(layer.measures, np.float32)
        return cls.load(save(tensors, {"nat": orjson.dumps(meta).decode()}))

    def check(self, head: Head) -> None:
        """Raises CodebookError if it does not fit the features stream with the header `head`."""
        wanted, got = describe(self.meta), describe(head)
        if wanted != got:
            raise CodebookError(f"codebook {self.meta['name']} is for {wanted}, got {got} (--fit makes another)")

    def encode(self, rows: Array, hold: float = 0.0, last: Sequence[int] | None = None) -> Array:
        """Rows (frames, at least the widths) with finite features to codes (frames, layers), uint16.

        `hold` and `last` (a code for each layer) as in Quantizer.encode.
        """
        codes, width, layers = [], 0, 0
        for stream in self.streams:
            before = None if last is None else last[layers : layers + len(stream.layers)]
            codes.append(stream.encode(rows[:, width : width + stream.width], hold, before))
            width += stream.width
            layers += len(stream.layers)
        return np.concatenate(codes, axis=1)


def describe(head: Head) -> str:
    """What a codebook and a stream must agree on: model, its version, and the streams with their widths."""
    model = " ".join(str(head[key]) for key in ("model", "model_version") if key in head) or "an unnamed model"
    streams = " ".join(f"{stream.get('name')}:{stream.get('width')}" for stream in head["streams"])
    return f"{model} with streams {streams}"


def _quantizer(entry: Head, meta: Head, tensors: dict[str, Array]) -> Quantizer:
    """One stream's quantizer from the file's tensors. Raises CodebookError if sums could become inexact."""
    name, width = entry["name"], entry["width"]
    told = [layer for layer in meta["layers"] if layer["stream"] == name]
    mean = tensors[f"{name}.mean"].astype(np.float64)
    projection = tensors[f"{name}.projection"].astype(np.float64)
    dims = projection.shape[-1]
    if mean.shape != (width,) or projection.shape != (width, dims) or not 1 <= dims <= MAX_DIMS or not told:
        raise CodebookError(f"stream {name}: expected layers, a mean of {width} and a projection of {width} to at most "
                            f"{MAX_DIMS}, got {len(told)}, {mean.shape} and {projection.shape}")  # fmt: skip
    if not (_at_most(mean, FEATURE_LIMIT) and _at_most(np.abs(projection).sum(axis=0), 2.0**52 / FEATURE_LIMIT / 2)):
        raise CodebookError(f"stream {name}: mean or projection too large for exact sums")
    layers = []
    for layer in told:
        title = layer["name"]
        words = tensors[f"{title}.codewords"].astype(np.float64)
        if words.shape != (layer["vocab"], dims) or not 1 <= len(words) <= 65536 or not _at_most(words, POINT_LIMIT):
            raise CodebookError(f"layer {title}: expected {layer['vocab']} codewords of {dims} whole numbers up to "
                                f"{POINT_LIMIT:.0f}, got {words.shape}")  # fmt: skip
        shape = (len(words), len(meta["measures"]))
        measures = tensors[f"{title}.measures"] if shape[1] else np.empty(shape, np.float32)
        if measures.shape != shape:
            raise CodebookError(f"layer {title}: expected measures {shape}, got {measures.shape}")
        layers.append(Layer(words, measures, float(layer["mean_square"])))
    return Quantizer(name, entry["type"], Projection(entry["grid"], entry["shift"], mean, projection), layers)


def _at_most(array: Array, limit: float) -> bool:
    return bool((np.abs(array) <= limit).all())
