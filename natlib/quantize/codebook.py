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
Codewords are found by k-means (Lloyd 1982) from k-means++ seeds (Arthur and Vassilvitskii 2007), the layers one after
the other, each on what those before left over (Juang and Gray 1982). Then they are numbered so that near numbers sound
near (`ordinal`). Fitting is exact too, but for the PCA, whose result is rounded far above the noise of a LAPACK.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from ..wire import Head, show

Array = NDArray[Any]

FORMAT = "1.0"  # of the codebook file
SIZES = {"semantic": (128, 32, 32, 32)}  # codes of each layer, by the type of the stream
OTHER_SIZES = (256, 128, 128, 128)
MAX_CODES = 1000  # of a layer that is fitted: three digits
MAX_DIMS = 32  # numbers left of a frame after the projection, in any codebook
DIMS = 24  # in those that are fitted; with 16, the pitch of single notes was worse told from the codes
MAX_FILE = 1 << 28  # bytes of a codebook file
FEATURE_LIMIT = 2.0**20  # |x|; beyond, features are clipped
POINT_LIMIT = 2.0**18  # |z| and codewords
SLICE = 4096  # frames worked on at a time

WHITEN = 0.2
SPREAD = 2.0**12  # standard deviation of the first component of z
RESTARTS = 6  # of k-means
TRIAL_ROUNDS, ROUNDS = 8, 200
ENOUGH = 1e-5  # relative gain of a round below which k-means has converged
FRAMES_A_CODE = 4  # fewer codes where there are not so many frames for each


class CodebookError(ValueError):
    """A codebook that can't be read or does not fit the stream, or features that none can be fitted on."""


@dataclass
class Quantizer:
    """The quantizer of one stream: `width` features to one code in each layer."""

    name: str  # of the stream
    type: str
    grid: int  # features are rounded to multiples of 2**-grid
    shift: int
    mean: Array  # (width,) whole float64
    projection: Array  # (width, dims) whole float64
    codewords: list[Array] = field(default_factory=list)  # of each layer, (codes, dims) whole float64
    measures: list[Array] = field(default_factory=list)  # of each layer, (codes, measures) float32; NaN is absent
    distortions: list[float] = field(default_factory=list)  # mean squared distance to the codeword, in each layer

    def __post_init__(self) -> None:
        self._turned = [np.ascontiguousarray(-2.0 * words.T) for words in self.codewords]
        self._norms = [np.sum(words * words, axis=1) for words in self.codewords]

    @property
    def width(self) -> int:
        """Features a frame."""
        return len(self.mean)

    def whole(self, features: Array) -> Array:
        """Finite features (frames, width) on the grid, whole float64."""
        x = np.multiply(features, 2.0**self.grid, dtype=np.float64)
        return _whole(x, FEATURE_LIMIT)

    def project(self, features: Array) -> Array:
        """Finite features (frames, width) to points (frames, dims), whole float64."""
        x = self.whole(features)
        x -= self.mean
        z = x @ self.projection
        z *= 2.0**-self.shift
        return _whole(z, POINT_LIMIT)

    def encode(self, features: Array, hold: float = 0.0, last: Sequence[int] | None = None) -> Array:
        """Finite features (frames, width) to codes (frames, layers), uint16.

        With `hold`, a layer keeps the code of the frame before (`last` before the first one) while a new one would
        bring the point nearer by less than `hold` times the layer's mean distortion, in squared distance.
        """
        rest = self.project(features)
        codes = np.empty((len(rest), len(self.codewords)), np.uint16)
        for layer, words in enumerate(self.codewords):
            scores = rest @ self._turned[layer]
            scores += self._norms[layer]  # the squared distance, less that of the point to the origin
            best = scores.argmin(axis=1)
            if hold:
                _hold(best, scores, hold * self.distortions[layer], None if last is None else last[layer])
            codes[:, layer] = best
            rest -= words[best]
        return codes


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
            if meta["format"].split(".")[0] != FORMAT.split(".")[0]:
                raise CodebookError(f"expected a codebook of format {FORMAT}, got {show(meta['format'])}")
            streams = [_quantizer(entry, meta, tensors) for entry in meta["streams"]]
        except CodebookError:
            raise
        except (SafetensorError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise CodebookError(f"not a codebook of nat-quantize ({type(error).__name__}: {error})") from None
        return cls(streams, meta, raw)

    @classmethod
    def make(cls, streams: list[Quantizer], meta: Head) -> Codebook:
        """The codebook of these quantizers, as if loaded from its file.

        The file's bytes are a function of its content: C order, which safetensors takes for granted, and one metadata
        entry, for several come in any order.
        """
        from safetensors.numpy import save

        tensors: dict[str, Array] = {}
        for stream in streams:
            tensors[f"{stream.name}.mean"] = np.ascontiguousarray(stream.mean, np.int32)
            tensors[f"{stream.name}.projection"] = np.ascontiguousarray(stream.projection, np.int32)
            for layer, (words, measures) in enumerate(zip(stream.codewords, stream.measures, strict=True)):
                tensors[f"{stream.name}{layer}.codewords"] = np.ascontiguousarray(words, np.int32)
                if meta["measures"]:
                    tensors[f"{stream.name}{layer}.measures"] = np.ascontiguousarray(measures, np.float32)
        return cls.load(save(tensors, {"nat": orjson.dumps(meta).decode()}))

    def check(self, head: Head) -> None:
        """Does it fit the features stream with the header `head`? Raises CodebookError."""
        wanted, got = describe(self.meta), describe(head)
        if wanted != got:
            raise CodebookError(f"codebook {self.meta['name']} is for {wanted}, got {got} (--fit makes another)")

    def encode(self, rows: Array, hold: float = 0.0, last: Sequence[int] | None = None) -> Array:
        """Rows (frames, at least the widths), their features finite, to codes (frames, layers), uint16.

        `hold` and `last` (a code for each layer) as in Quantizer.encode.
        """
        codes, width, layers = [], 0, 0
        for stream in self.streams:
            before = None if last is None else last[layers : layers + len(stream.codewords)]
            codes.append(stream.encode(rows[:, width : width + stream.width], hold, before))
            width += stream.width
            layers += len(stream.codewords)
        return np.concatenate(codes, axis=1)


def describe(head: Head) -> str:
    """What a codebook and a stream must agree on: model, its version, and the streams with their widths."""
    model = " ".join(str(head[key]) for key in ("model", "model_version") if key in head) or "an unnamed model"
    streams = " ".join(f"{stream.get('name')}:{stream.get('width')}" for stream in head["streams"])
    return f"{model} with streams {streams}"


def _quantizer(entry: Head, meta: Head, tensors: dict[str, Array]) -> Quantizer:
    """One stream's quantizer from the file's tensors. Raises CodebookError where sums could become inexact."""
    name, width = entry["name"], entry["width"]
    layers = [layer for layer in meta["layers"] if layer["stream"] == name]
    mean = tensors[f"{name}.mean"].astype(np.float64)
    projection = tensors[f"{name}.projection"].astype(np.float64)
    dims = projection.shape[-1]
    if mean.shape != (width,) or projection.shape != (width, dims) or not 1 <= dims <= MAX_DIMS or not layers:
        raise CodebookError(f"stream {name}: expected layers, a mean of {width} and a projection of {width} to at most "
                            f"{MAX_DIMS}, got {len(layers)}, {mean.shape} and {projection.shape}")  # fmt: skip
    if not (_at_most(mean, FEATURE_LIMIT) and _at_most(np.abs(projection).sum(axis=0), 2.0**52 / FEATURE_LIMIT / 2)):
        raise CodebookError(f"stream {name}: mean or projection too large for exact sums")
    codewords, measures = [], []
    for layer in layers:
        title = layer["name"]
        words = tensors[f"{title}.codewords"].astype(np.float64)
        if words.shape != (layer["vocab"], dims) or not 1 <= len(words) <= 65536 or not _at_most(words, POINT_LIMIT):
            raise CodebookError(f"layer {title}: expected {layer['vocab']} codewords of {dims} whole numbers up to "
                                f"{POINT_LIMIT:.0f}, got {words.shape}")  # fmt: skip
        codewords.append(words)
        shape = (len(words), len(meta["measures"]))
        measures.append(tensors[f"{title}.measures"] if shape[1] else np.empty(shape, np.float32))
        if measures[-1].shape != shape:
            raise CodebookError(f"layer {title}: expected measures {shape}, got {measures[-1].shape}")
    left = [float(layer["mean_square"]) for layer in layers]
    return Quantizer(name, entry["type"], entry["grid"], entry["shift"], mean, projection, codewords, measures, left)


def _at_most(array: Array, limit: float) -> bool:
    return bool((np.abs(array) <= limit).all())


class Reservoir:
    """A random sample of at most `limit` rows of all that went in, and at most `share` of any one item.

    Each row gets a number from the seeded generator, and those with the smallest stay: the same ones for the same
    input, however it was cut. Memory: twice the limit.
    """

    def __init__(self, width: int, limit: int, share: int, seed: int):
        self.items = self.frames = 0
        self._random = np.random.PCG64(seed)
        self._all = _Lowest(width, limit)
        self._item = _Lowest(width, share)
        self._item_frames = 0

    def add(self, rows: Array) -> None:
        """Rows (frames, width), float32, of the item being read."""
        self._item_frames += len(rows)
        self._item.add(rows, self._random.random_raw(len(rows)))

    def end(self, keep: bool = True) -> None:
        """The item is over, and counts (or failed, and does not)."""
        rows = self._item.take()
        if keep:
            self.items += 1
            self.frames += self._item_frames
            self._all.add(rows, self._random.random_raw(len(rows)))
        self._item_frames = 0

    def sample(self) -> Array:
        """The rows (rows, width), float32, and none are left."""
        return self._all.take()


class _Lowest:
    """The `limit` rows with the lowest keys, in the order in which they came."""

    def __init__(self, width: int, limit: int):
        self.width, self.limit = width, limit
        self._clear()

    def _clear(self) -> None:
        self._rows, self._keys = [np.empty((0, self.width), np.float32)], [np.empty(0, np.uint64)]
        self._size = 0

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

    def take(self) -> Array:
        self._shrink()
        rows = self._rows[0]
        self._clear()
        return rows


def fit(
    head: Head,
    rows: Array,
    sizes: Mapping[str, Sequence[int]],
    seed: int,
    corpus: Head,
    progress: Callable[[str], None] = lambda text: None,
) -> Codebook:
    """A codebook for the features stream with the header `head`, fitted on `rows` (frames, widths and measures).

    `sizes` has the codes of each layer by stream, where they shall not be those of SIZES; `corpus` is kept in the
    metadata. The same rows and seed give the same bytes. Raises CodebookError where nothing can be fitted.
    """
    widths = [stream["width"] for stream in head["streams"]]
    names = [stream.get("name") for stream in head["streams"]]
    if not len(rows):
        raise CodebookError("no frames to fit a codebook on")
    if len(set(names)) < len(names) or not all(isinstance(name, str) and name for name in names) or not min(widths):
        raise CodebookError(f"expected streams with names and widths of their own, got {show(head['streams'])}")
    if unknown := sorted(set(sizes) - set(names)):
        raise CodebookError(f"expected codes for the streams {' '.join(names)}, got {' '.join(unknown)}")
    random = np.random.PCG64(seed)
    measures: list[Head] = head.get("measures", [])
    heard = rows[:, sum(widths) :].astype(np.float64) * [measure.get("step", 1) for measure in measures]
    streams, layers, start = [], [], 0
    for stream in head["streams"]:
        name, kind = stream["name"], stream.get("type", "other")
        quantizer = _projection(name, kind, rows[:, start : start + stream["width"]])
        points = np.concatenate([quantizer.project(rows[i, start : start + stream["width"]]) for i in _slices(rows)])
        start += stream["width"]
        variance = float(np.mean(np.sum((points - np.rint(points.mean(axis=0))) ** 2, axis=1)))
        unsaid = heard.copy()
        for number, wanted in enumerate(sizes.get(name) or SIZES.get(kind, OTHER_SIZES)):
            progress(f"fitting layer {name}{number} on {len(rows)} frames")
            words = kmeans(points, min(wanted, max(1, len(points) // FRAMES_A_CODE)), random)
            means = _averages(unsaid, nearest(points, words)[0], len(words))
            order = ordinal(words, _brightness(measures, means))
            words, means = words[order], means[order]
            codes, distances = nearest(points, words)
            points -= words[codes]
            unsaid -= np.nan_to_num(means)[codes] if number else means[codes]
            quantizer.codewords.append(words)
            quantizer.measures.append(means)
            left = float(np.mean(distances))
            layers.append({"name": f"{name}{number}", "type": kind, "vocab": len(words), "stream": name,
                           **usage(codes, len(words)), "distortion": round(left / variance, 4) if variance else 0.0,
                           "mean_square": left, "order": order_quality(words)})  # fmt: skip
        streams.append(quantizer)
    model: Head = {key: head[key] for key in ("model", "model_version", "frame_rate") if key in head}
    meta: Head = {
        "format": FORMAT,
        "name": "-".join(str(head[key]) for key in ("model", "model_version") if key in head) or "unnamed",
        **model,
        "streams": [{key: getattr(q, key) for key in ("name", "type", "width", "grid", "shift")} for q in streams],
        "layers": layers,
        "measures": measures,
        "corpus": {**corpus, "rows": len(rows), "seed": seed},
    }
    return Codebook.make(streams, meta)


def _slices(rows: Array) -> Iterator[slice]:
    return (slice(first, first + SLICE) for first in range(0, len(rows), SLICE))


def _projection(name: str, kind: str, features: Array) -> Quantizer:
    """A quantizer without layers: grid, mean and projection for finite `features` (frames, width)."""
    width = features.shape[1]
    size = math.sqrt(float(np.mean([np.mean(np.square(features[i], dtype=np.float64)) for i in _slices(features)])))
    whole = all(np.array_equal(features[i], np.rint(features[i])) for i in _slices(features))
    grid = 0 if whole and size < FEATURE_LIMIT / 16 else 12 - math.frexp(size)[1]
    result = Quantizer(name, kind, grid, 0, np.zeros(width), np.empty((width, 0)))
    result.mean = np.rint(sum(result.whole(features[i]).sum(axis=0) for i in _slices(features)) / len(features))
    covariance = np.zeros((width, width))
    for i in _slices(features):
        x = result.whole(features[i]) - result.mean
        covariance += x.T @ x
    values, vectors = np.linalg.eigh(covariance / len(features))  # ascending
    values, vectors = np.maximum(values[::-1][:DIMS], 1.0), vectors[:, ::-1][:, :DIMS]
    vectors = vectors[:, values >= values[0] * 1e-6]
    values = values[: vectors.shape[1]]
    largest = vectors[np.argmax(np.abs(vectors), axis=0), np.arange(len(values))]
    scaled = vectors * np.sign(largest) * values**-WHITEN * (SPREAD / values[0] ** (0.5 - WHITEN))
    # To 14 bits: a LAPACK's last digits, which differ between processors, are far below.
    result.shift = 14 - math.frexp(float(np.max(np.abs(scaled))))[1]
    result.projection = np.rint(scaled * 2.0**result.shift)
    return result


def nearest(points: Array, words: Array) -> tuple[Array, Array]:
    """The nearest codeword of each point, and its squared distance; whole numbers, ties to the lower code."""
    codes, distances = np.empty(len(points), np.intp), np.empty(len(points))
    turned, norms = -2.0 * words.T, np.sum(words * words, axis=1)
    for i in _slices(points):
        scores = points[i] @ turned
        scores += norms
        best = codes[i] = np.argmin(scores, axis=1)
        distances[i] = scores[np.arange(len(best)), best] + np.sum(points[i] * points[i], axis=1)
    return codes, distances


def kmeans(points: Array, count: int, random: np.random.PCG64) -> Array:
    """`count` codewords (fewer, where there are fewer different points) for `points` (n, dims), whole numbers.

    RESTARTS times from other seeds for a few rounds, then on with the best of them until nothing is gained.
    """
    count = min(count, len(np.unique(points, axis=0)))
    tries = [_lloyd(points, _seeds(points, count, random), TRIAL_ROUNDS) for _ in range(RESTARTS)]
    return _lloyd(points, min(tries, key=lambda found: found[1])[0], ROUNDS)[0]


def _lloyd(points: Array, words: Array, rounds: int) -> tuple[Array, float]:
    """At most `rounds` rounds of k-means: the best codewords, and the sum of the squared distances to them."""
    best, least = words, math.inf
    for _ in range(rounds):
        codes, distances = nearest(points, words)
        total = float(distances.sum())
        if total >= least * (1 - ENOUGH):
            break
        best, least = words, total
        counts = np.bincount(codes, minlength=len(words))
        sums = np.stack([np.bincount(codes, column, len(words)) for column in points.T], axis=1)
        words = np.rint(sums / np.maximum(counts, 1)[:, None])
        dead = np.flatnonzero(counts == 0)  # they take the points that are worst off
        words[dead] = points[np.argsort(-distances, kind="stable")[: len(dead)]]
    return best, least


def _seeds(points: Array, count: int, random: np.random.PCG64) -> Array:
    """k-means++: each next seed is drawn with a chance that grows with its squared distance to those before."""
    words = np.empty((count, points.shape[1]))
    distances = np.ones(len(points))
    for code in range(count):
        sums = np.cumsum(distances)
        draw = (random.random_raw() >> 11) * 2.0**-53 * sums[-1]
        words[code] = points[np.searchsorted(sums, draw, side="right")]
        apart = np.sum((points - words[code]) ** 2, axis=1)
        distances = np.minimum(distances, apart) if code else apart
    return words


def ordinal(words: Array, start: Array | None) -> Array:
    """The order in which to number codewords (codes, dims), so that numbers are near where codewords are.

    A quadratic assignment: the sum over all pairs of their distance, divided by a power of the difference of their
    numbers, is brought down by swapping the pair that gains most while any does; first with a low power, for the whole
    range, then with higher ones, for the neighbours. It starts from `start`, a number for each codeword, or from their
    first component, and stays near it.
    """
    order = np.argsort(words[:, 0] if start is None else start, kind="stable")
    numbers = np.arange(len(words))
    steps = np.abs(numbers[:, None] - numbers)
    later = numbers[:, None] < numbers
    for power in (0.5, 1, 2):
        weights = np.rint(4096.0 / np.maximum(steps, 1) ** power) * (steps > 0)
        far = _distances(words[order])
        product = weights @ far
        while True:
            own = np.diagonal(product)
            gains = (product + product.T - own[:, None] - own + 2 * weights * far) * later  # of swapping i and j
            i, j = divmod(int(np.argmin(gains)), len(words))
            if gains[i, j] >= 0:
                break
            product += np.outer(weights[:, i] - weights[:, j], far[j] - far[i])
            product[:, [i, j]] = product[:, [j, i]]
            far[[i, j]] = far[[j, i]]
            far[:, [i, j]] = far[:, [j, i]]
            order[[i, j]] = order[[j, i]]
    return order


def _distances(words: Array) -> Array:
    """Distances between all pairs of codewords, rounded: their sums are exact."""
    squares = np.sum(words * words, axis=1)
    return np.asarray(np.rint(np.sqrt(squares[:, None] + squares - 2 * words @ words.T)))


def order_quality(words: Array) -> Head:
    """How ordinal the numbering of codewords (codes, dims) is, and how it would be if they were shuffled.

    "neighbours": the mean distance of neighbours in number, in that of all pairs. "rank": Spearman's rank correlation
    of the difference in number with the distance.
    """
    if len(words) < 3:
        return {}
    shuffled = np.argsort(np.random.PCG64(1).random_raw(len(words)), kind="stable")
    i, j = np.triu_indices(len(words), 1)
    ranks = _ranks(j - i)

    def quality(far: Array) -> Head:
        apart = _ranks(far[i, j])
        correlation = float(ranks @ apart) / math.sqrt(float(ranks @ ranks) * float(apart @ apart) or 1.0)
        nearby = float(np.diagonal(far, 1).mean()) / (float(far[i, j].mean()) or 1.0)
        return {"neighbours": round(nearby, 3), "rank": round(correlation, 3)}

    far = _distances(words)
    return {**quality(far), "shuffled": quality(far[np.ix_(shuffled, shuffled)])}


def _ranks(values: Array) -> Array:
    """The rank of each value, the mean of theirs for equal ones, less the mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[inverse] - (len(values) + 1) / 2)


def usage(codes: Array, count: int) -> Head:
    """Utilisation (the share of codes in use) and entropy in bits, and as a share of the largest possible."""
    shares = [float(used) / len(codes) for used in np.bincount(codes, minlength=count) if used]
    entropy = -sum(share * math.log2(share) for share in shares)
    return {"utilisation": round(len(shares) / count, 4), "entropy": round(entropy, 3),
            "entropy_share": round(entropy / math.log2(count), 4) if count > 1 else 1.0}  # fmt: skip


def _averages(heard: Array, codes: Array, count: int) -> Array:
    """The average of each measure (frames, measures) over the frames of each code; NaN where most frames lack it."""
    frames = np.bincount(codes, minlength=count)
    averages = np.full((count, heard.shape[1]), np.nan)
    for column, values in enumerate(heard.T):
        there = ~np.isnan(values)
        counts = np.bincount(codes[there], minlength=count)
        known = (counts > 0) & (2 * counts >= frames)
        averages[known, column] = (np.bincount(codes[there], values[there], count)[known]) / counts[known]
    return averages


def _brightness(measures: list[Head], averages: Array) -> Array | None:
    """From quiet and dark to loud and bright: a number for each code, its rank in level and in centroid."""
    names = [measure.get("name") for measure in measures]
    if "level" not in names or "centroid" not in names:
        return None
    return np.asarray(sum(_ranks(np.nan_to_num(averages[:, names.index(name)], nan=-np.inf if name == "level" else 0.0))
                          for name in ("level", "centroid")))  # fmt: skip
