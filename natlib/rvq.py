"""Residual vector quantization, exact: the same features give the same tokens on every machine.

A stream of features (say `S`, of `width` numbers a frame) becomes `layers` code numbers a frame:

    x = round(features * 2**grid)                 whole numbers
    z = floor((x - mean) @ projection / 2**shift + 1/2)    whole numbers, at most 32 of them
    code 0 = nearest codeword of layer 0 to z;    code 1 = nearest codeword of layer 1 to what is left; and so on

mean, projection and codewords are whole numbers, bounded so that every sum stays below 2**53. Such sums are exact in
float64 in whatever order a BLAS, a SIMD unit or a number of threads adds them, and ties go to the lower code: nothing
is left that could round differently elsewhere.

The projection is a principal component analysis, each component divided by its variance to the power WHITEN: between
plain PCA (0), where a few loud components decide alone, and whitening (0.5), where noise counts as much as they do.
Codewords are found by k-means (Lloyd 1982) from k-means++ seeds (Arthur & Vassilvitskii 2007), and the layers one
after the other, each on what the layers before left (Juang & Gray 1982).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

Array = NDArray[Any]

FORMAT = "1.0"  # of the codebook file
SIZES = {"semantic": (128, 64, 64, 64)}  # codes of each layer, by type of stream
OTHER_SIZES = (256, 128, 128, 128)
MAX_CODES = 1000  # of a layer: three digits
MAX_DIMS = 32  # numbers left of a frame after the projection
MAX_FILE = 1 << 28  # bytes of a codebook file
WHITEN = 0.35
RESTARTS = 6  # of k-means
TRIAL_ROUNDS, ROUNDS = 8, 200
ENOUGH = 1e-5  # relative gain of a round below which k-means has converged
FEATURE_LIMIT = 2.0**20  # |x|; beyond, features are clipped
POINT_LIMIT = 2.0**18  # |z| and codewords
SLICE = 4096  # frames worked on at a time


class CodebookError(ValueError):
    """A codebook that can't be read or does not fit the stream, or features that none can be fitted on."""


@dataclass
class Quantizer:
    """The quantizer of one stream: `width` features to one code in each layer."""

    name: str  # of the stream
    type: str
    grid: int  # features are multiples of 2**-grid
    shift: int
    mean: Array  # (width,) whole float64
    projection: Array  # (width, dims) whole float64
    codewords: list[Array]  # of each layer, (vocab, dims) whole float64
    holds: list[float] = field(default_factory=list)  # distortion of each layer: the unit of `hold`
    measures: list[Array] = field(default_factory=list)  # of each layer, (vocab, measures) float32 in units; NaN absent

    def __post_init__(self) -> None:
        self._norms = [np.sum(words * words, axis=1) for words in self.codewords]
        self._turned = [-2.0 * words.T for words in self.codewords]

    @property
    def width(self) -> int:
        return len(self.mean)

    def project(self, features: Array) -> Array:
        """Features (frames, width), finite, to points (frames, dims), whole float64."""
        x = np.rint(features.astype(np.float64) * 2.0**self.grid)
        np.clip(x, -FEATURE_LIMIT, FEATURE_LIMIT, out=x)
        x -= self.mean
        z = np.floor(x @ self.projection * 2.0**-self.shift + 0.5)
        return np.clip(z, -POINT_LIMIT, POINT_LIMIT, out=z)

    def encode(self, features: Array) -> Array:
        """Features (frames, width), finite, to codes (frames, layers), uint16."""
        rest = self.project(features)
        codes = np.empty((len(rest), len(self.codewords)), np.uint16)
        for layer, words in enumerate(self.codewords):
            best = np.argmin(rest @ self._turned[layer] + self._norms[layer], axis=1)
            codes[:, layer] = best
            rest -= words[best]
        return codes


class Codebook:
    """What turns rows of features into rows of tokens: a quantizer for each stream, and what is known about it."""

    def __init__(self, streams: list[Quantizer], meta: dict[str, Any], raw: bytes = b""):
        self.streams = streams
        self.meta = meta  # "name", "model", "model_version", "layers", "measures", …
        self.raw = raw or self._dump()
        self.sha256 = hashlib.sha256(self.raw).hexdigest()

    @classmethod
    def load(cls, raw: bytes) -> Codebook:
        """The codebook in the bytes of a safetensors file. Raises CodebookError."""
        import safetensors
        from safetensors.numpy import load

        try:
            tensors = load(raw)
            head = orjson.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
            meta = orjson.loads(head["__metadata__"]["nat"])
            streams = [_quantizer(entry, meta, tensors) for entry in meta["streams"]]
        except CodebookError:
            raise
        except (safetensors.SafetensorError, KeyError, TypeError, ValueError) as error:
            raise CodebookError(f"not a codebook of nat-quantize ({type(error).__name__}: {error})") from None
        return cls(streams, meta, raw)

    def _dump(self) -> bytes:
        """The bytes of its file: the same ones for the same codebook (safetensors keeps several entries in any order)."""
        from safetensors.numpy import save

        tensors: dict[str, Array] = {}
        for stream in self.streams:
            tensors[f"{stream.name}.mean"] = stream.mean.astype(np.int32)
            tensors[f"{stream.name}.projection"] = np.ascontiguousarray(stream.projection, np.int32)
            for layer, words in enumerate(stream.codewords):
                tensors[f"{stream.name}{layer}.codewords"] = np.ascontiguousarray(words, np.int32)
                if self.meta["measures"]:
                    tensors[f"{stream.name}{layer}.measures"] = np.ascontiguousarray(stream.measures[layer], np.float32)
        return save(tensors, {"nat": orjson.dumps(self.meta).decode()})

    def check(self, head: dict[str, Any]) -> None:
        """Does it fit the features stream with the header `head`? Raises CodebookError."""
        wanted, got = describe(self.meta), describe(head)
        if wanted != got:
            raise CodebookError(f"codebook {self.meta['name']} is for {wanted}, got {got} (--fit makes another)")

    def encode(self, rows: Array) -> Array:
        """Rows of features (frames, at least the widths) to codes (frames, layers), uint16."""
        codes, start = [], 0
        for stream in self.streams:
            codes.append(stream.encode(rows[:, start : start + stream.width]))
            start += stream.width
        return np.concatenate(codes, axis=1)


def describe(head: dict[str, Any]) -> str:
    """What must agree between a codebook and a stream: model, version, and the streams with their widths."""
    streams = " ".join(f"{stream.get('name')}:{stream.get('width')}" for stream in head["streams"])
    return f"{head.get('model', 'an unnamed model')} {head.get('model_version', '')} with streams {streams}".replace("  ", " ")


def _quantizer(entry: dict[str, Any], meta: dict[str, Any], tensors: dict[str, Array]) -> Quantizer:
    """One stream's quantizer from the file's tensors. Raises CodebookError where sums could become inexact."""
    name = entry["name"]
    layers = [layer for layer in meta["layers"] if layer["stream"] == name]
    mean = tensors[f"{name}.mean"].astype(np.float64)
    projection = tensors[f"{name}.projection"].astype(np.float64)
    words = [tensors[f"{layer['name']}.codewords"].astype(np.float64) for layer in layers]
    dims = projection.shape[1]
    largest = float(np.max(np.sum(np.abs(projection), axis=0), initial=0)) * 2 * FEATURE_LIMIT
    if projection.shape != (entry["width"], dims) or mean.shape != (entry["width"],) or not 1 <= dims <= MAX_DIMS:
        raise CodebookError(f"stream {name}: expected a projection of width {entry['width']}, got {projection.shape}")
    if largest >= 2.0**53 or np.max(np.abs(mean)) > FEATURE_LIMIT:
        raise CodebookError(f"stream {name}: projection too large for exact sums")
    for layer, array in zip(layers, words, strict=True):
        if array.shape != (layer["vocab"], dims) or not 1 <= len(array) <= 65535:
            raise CodebookError(f"layer {layer['name']}: expected {layer['vocab']} codewords of {dims}, got {array.shape}")
        if np.max(np.abs(array)) > POINT_LIMIT:
            raise CodebookError(f"layer {layer['name']}: codewords too large for exact sums")
    measures = [tensors[f"{layer['name']}.measures"] for layer in layers] if meta["measures"] else []
    holds = [layer["mean_square"] for layer in layers]
    return Quantizer(name, entry["type"], entry["grid"], entry["shift"], mean, projection, words, holds, measures)


class Reservoir:
    """A uniform sample of at most `limit` rows of all that went in, and of at most `share` of any one item.

    Each row gets a random number as it arrives, and those with the smallest stay: the same ones for the same input
    and seed, however the input was cut. Memory: twice the limit.
    """

    def __init__(self, width: int, limit: int, share: int, seed: int):
        self.limit, self.share = limit, share
        self.items = self.frames = 0
        self._random = np.random.PCG64(seed)
        self._kept = _Sample(limit, np.empty((0, width), np.float32))
        self._item = _Sample(share, np.empty((0, width), np.float32))
        self._item_frames = 0

    def add(self, rows: Array) -> None:
        """Rows (frames, width), float32, of the item being read."""
        self._item_frames += len(rows)
        self._item.add(rows, self._random.random_raw(len(rows)))

    def end(self, keep: bool = True) -> None:
        """The item is over, and counts (or failed, and does not)."""
        sample, keys = self._item.take()
        if keep:
            self.items += 1
            self.frames += self._item_frames
            self._kept.add(sample, self._random.random_raw(len(keys)))
        self._item_frames = 0

    def sample(self) -> Array:
        """The rows (rows, width), float32."""
        return self._kept.take()[0]


class _Sample:
    def __init__(self, limit: int, empty: Array):
        self.limit = limit
        self._empty = empty
        self._rows, self._keys, self._size = [empty], [np.empty(0, np.uint64)], 0

    def add(self, rows: Array, keys: Array) -> None:
        self._rows.append(rows)
        self._keys.append(keys)
        self._size += len(rows)
        if self._size > 2 * self.limit:
            self._shrink()

    def _shrink(self) -> None:
        rows, keys = np.concatenate(self._rows), np.concatenate(self._keys)
        chosen = np.sort(np.argsort(keys, kind="stable")[: self.limit])
        self._rows, self._keys, self._size = [rows[chosen]], [keys[chosen]], len(chosen)

    def take(self) -> tuple[Array, Array]:
        self._shrink()
        result = self._rows[0], self._keys[0]
        self._rows, self._keys, self._size = [self._empty], [np.empty(0, np.uint64)], 0
        return result


def fit(
    head: dict[str, Any],
    rows: Array,
    sizes: dict[str, Sequence[int]],
    seed: int = 1,
    corpus: dict[str, Any] | None = None,
    progress: Callable[[str], None] = lambda text: None,
) -> Codebook:
    """A codebook for the features stream with the header `head`, fitted on `rows` (frames, widths and measures).

    `sizes` has the codes of each layer by stream, where they shall not be those of SIZES. The same rows and seed give
    the same codebook. Raises CodebookError where there is nothing to fit on.
    """
    if not len(rows):
        raise CodebookError("no frames to fit a codebook on")
    random = np.random.PCG64(seed)
    entries, layers, streams, start = [], [], [], 0
    widths = sum(stream["width"] for stream in head["streams"])
    steps = np.array([measure.get("step", 1) for measure in head.get("measures", [])])
    heard = rows[:, widths:].astype(np.float64) * steps
    for stream in head["streams"]:
        name, kind = stream["name"], stream.get("type", "other")
        features = rows[:, start : start + stream["width"]]
        start += stream["width"]
        quantizer = _projection(name, kind, features)
        points = np.concatenate([quantizer.project(features[i]) for i in _slices(len(rows))])
        variance = float(np.mean(np.sum((points - np.rint(points.mean(axis=0))) ** 2, axis=1)))
        rest_heard = heard.copy()
        for number, wanted in enumerate(sizes.get(name) or SIZES.get(kind, OTHER_SIZES)):
            progress(f"layer {name}{number}")
            words = kmeans(points, min(wanted, MAX_CODES), random)
            means = _means(rest_heard, nearest(points, words)[0], len(words))
            order = ordinal(words, _axis(head, means) if not number else None)
            words, means = words[order], means[order]
            codes, distances = nearest(points, words)
            points -= words[codes]
            rest_heard -= np.nan_to_num(means)[codes] if number else means[codes]
            quantizer.codewords.append(words)
            quantizer.measures.append(means.astype(np.float32))
            left = float(np.mean(distances))
            layers.append({"name": f"{name}{number}", "type": kind, "vocab": len(words), "stream": name,
                           **usage(codes, len(words)), "distortion": round(left / variance, 4) if variance else 0.0,
                           "mean_square": left, "order": order_quality(words)})  # fmt: skip
        entries.append({"name": name, "type": kind, "width": stream["width"], "grid": quantizer.grid, "shift": quantizer.shift})
        streams.append(quantizer)
    model = {key: head[key] for key in ("model", "model_version", "frame_rate") if key in head}
    name = "-".join(str(head[key]) for key in ("model", "model_version") if key in head) or "unnamed"
    meta = {"format": FORMAT, "name": name, **model, "streams": entries, "layers": layers,
            "measures": head.get("measures", []), "corpus": {**(corpus or {}), "rows": len(rows), "seed": seed}}  # fmt: skip
    return Codebook.load(Codebook(streams, meta).raw)


def _slices(count: int) -> Iterator[slice]:
    return (slice(first, first + SLICE) for first in range(0, count, SLICE))


def _projection(name: str, kind: str, features: Array) -> Quantizer:
    """A quantizer without layers yet: grid, mean and projection for `features` (frames, width)."""
    size = float(np.sqrt(np.mean(np.square(features, dtype=np.float64)))) or 1.0
    whole = all(np.array_equal(features[i], np.rint(features[i])) for i in _slices(len(features)))
    grid = 0 if whole and size < FEATURE_LIMIT / 16 else 12 - math.frexp(size)[1]
    width = features.shape[1]
    plain = Quantizer(name, kind, grid, 0, np.zeros(width), np.zeros((width, 0)), [])
    def whole_features(i: slice) -> Array:
        x = np.rint(features[i].astype(np.float64) * 2.0**grid)
        return np.clip(x, -FEATURE_LIMIT, FEATURE_LIMIT)
    mean = np.rint(sum(whole_features(i).sum(axis=0) for i in _slices(len(features))) / len(features))
    covariance = np.zeros((width, width))
    for i in _slices(len(features)):
        x = whole_features(i) - mean
        covariance += x.T @ x
    values, vectors = np.linalg.eigh(covariance / len(features))
    values, vectors = values[::-1][:MAX_DIMS], vectors[:, ::-1][:, :MAX_DIMS]
    kept = values > max(values[0], 1.0) * 1e-6 if values[0] > 0 else np.arange(len(values)) < 1
    values, vectors = np.maximum(values[kept], 1.0), vectors[:, kept]
    vectors = vectors * np.where(vectors[np.argmax(np.abs(vectors), axis=0), np.arange(vectors.shape[1])] < 0, -1.0, 1.0)
    scaled = vectors * values**-WHITEN * (2.0**12 / values[0] ** (0.5 - WHITEN))
    room = 2.0**51 / FEATURE_LIMIT / float(np.max(np.sum(np.abs(scaled), axis=0)))
    shift = min(math.frexp(room)[1] - 1, 24)
    plain.mean, plain.shift, plain.projection = mean, shift, np.rint(scaled * 2.0**shift)
    return plain


def nearest(points: Array, words: Array) -> tuple[Array, Array]:
    """The nearest codeword of each point, and its squared distance; whole numbers, ties to the lower code."""
    codes, distances = np.empty(len(points), np.intp), np.empty(len(points))
    turned, norms = -2.0 * words.T, np.sum(words * words, axis=1)
    for i in _slices(len(points)):
        scores = points[i] @ turned
        scores += norms
        best = codes[i] = np.argmin(scores, axis=1)
        distances[i] = scores[np.arange(len(best)), best] + np.einsum("ij,ij->i", points[i], points[i])
    return codes, distances


def kmeans(points: Array, count: int, random: np.random.PCG64) -> Array:
    """`count` codewords (fewer, where there are fewer different points) for `points` (n, dims), whole numbers.

    RESTARTS times from other seeds for a few rounds, then on with the best of them until nothing is gained.
    """
    count = min(count, len(np.unique(points, axis=0)))
    tries = [_lloyd(points, _seeds(points, count, random), TRIAL_ROUNDS) for _ in range(RESTARTS)]
    return _lloyd(points, min(tries, key=lambda run: run[1])[0], ROUNDS)[0]


def _lloyd(points: Array, words: Array, rounds: int) -> tuple[Array, float]:
    """At most `rounds` rounds of k-means. The best codewords, and the sum of the squared distances to them."""
    best, least = words, math.inf
    for _ in range(rounds):
        codes, distances = nearest(points, words)
        total = float(distances.sum())
        if total >= least * (1 - ENOUGH):
            break
        best, least = words, total
        words = _update(points, codes, distances, words)
    return best, least


def _uniform(random: np.random.PCG64) -> float:
    return (random.random_raw() >> 11) * 2.0**-53


def _seeds(points: Array, count: int, random: np.random.PCG64) -> Array:
    """k-means++: each next seed is drawn with a chance that grows with its squared distance to those before."""
    words = np.empty((count, points.shape[1]))
    words[0] = points[int(_uniform(random) * len(points))]
    distances = np.sum((points - words[0]) ** 2, axis=1)
    for code in range(1, count):
        sums = np.cumsum(distances)
        words[code] = points[np.searchsorted(sums, _uniform(random) * sums[-1], side="right")]
        np.minimum(distances, np.sum((points - words[code]) ** 2, axis=1), out=distances)
    return words


def _update(points: Array, codes: Array, distances: Array, words: Array) -> Array:
    """The means of the points of each code, rounded; a dead code takes the point that is worst off."""
    counts = np.bincount(codes, minlength=len(words))
    sums = np.stack([np.bincount(codes, column, len(words)) for column in points.T], axis=1)
    new = np.rint(sums / np.maximum(counts, 1)[:, None])
    dead = np.flatnonzero(counts == 0)
    new[dead] = points[np.argsort(-distances, kind="stable")[: len(dead)]]
    return new


def usage(codes: Array, count: int) -> dict[str, float]:
    """Utilisation (share of codes in use) and entropy, in bits and as a share of the largest possible."""
    counts = np.bincount(codes, minlength=count)
    shares = [float(n) / len(codes) for n in counts if n]
    entropy = -sum(share * math.log2(share) for share in shares)
    return {"utilisation": round(len(shares) / count, 4), "entropy": round(entropy, 4),
            "entropy_share": round(entropy / math.log2(count), 4) if count > 1 else 1.0}  # fmt: skip


def _means(heard: Array, codes: Array, count: int) -> Array:
    """Averages of the measures (n, m) over the frames of each code; NaN where most frames lack the measure."""
    frames = np.bincount(codes, minlength=count)
    means = np.full((count, heard.shape[1]), np.nan)
    for column, values in enumerate(heard.T):
        there = ~np.isnan(values)
        counts = np.bincount(codes[there], minlength=count)
        sums = np.bincount(codes[there], values[there], count)
        known = (counts * 2 >= frames) & (counts > 0)
        means[known, column] = sums[known] / counts[known]
    return means


def _axis(head: dict[str, Any], means: Array) -> Array | None:
    """From quiet and dark to loud and bright: a number for each code, from its mean level and centroid."""
    columns = {measure["name"]: column for column, measure in enumerate(head.get("measures", []))}
    if "level" not in columns or "centroid" not in columns:
        return None
    level, centroid = means[:, columns["level"]], means[:, columns["centroid"]]
    level = np.where(np.isnan(level), -120.0, level)
    octaves = np.log2(np.where(np.isnan(centroid), 20.0, np.maximum(centroid, 20.0)))
    return np.asarray(level / 6 + 2 * octaves)


def ordinal(words: Array, axis: Array | None) -> Array:
    """The order in which codewords (vocab, dims) are numbered: a path on which neighbours lie close."""
    key = words[:, 0] if axis is None else axis
    return np.argsort(key, kind="stable")


def order_quality(words: Array) -> dict[str, float]:
    """How ordinal the numbering is."""
    if len(words) < 3:
        return {"neighbours": 1.0, "rank": 1.0}
    far = np.sqrt(np.maximum(np.sum((words[:, None] - words[None]) ** 2, axis=2), 0))
    i, j = np.triu_indices(len(words), 1)
    steps, apart = (j - i).astype(np.float64), far[i, j]
    return {"neighbours": round(float(np.mean(np.diagonal(far, 1)) / apart.mean()), 4), "rank": round(_rank_correlation(steps, apart), 4)}


def _rank_correlation(a: Array, b: Array) -> float:
    """Spearman's."""
    ranks = [np.unique(x, return_inverse=True, return_counts=True) for x in (a, b)]
    centred = []
    for _, inverse, counts in ranks:
        rank = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
        centred.append(rank - rank.mean())
    x, y = centred
    return float(np.sum(x * y) / math.sqrt(float(np.sum(x * x) * np.sum(y * y)) or 1.0))
