"""Fitting a codebook on a sample of rows.

k-means (Lloyd 1982) finds the codewords, from k-means++ seeds (Arthur and Vassilvitskii 2007), one layer after the
other, each on what those before left over (Juang and Gray 1982). Then they are numbered so that near numbers sound near
(ordinal.py). Fitting is exact too, except for the PCA, whose result is rounded far above the noise of a LAPACK.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from ..stats import entropy
from ..wire import Head, show
from .codebook import (
    FEATURE_LIMIT,
    FORMAT,
    SLICE,
    Array,
    Codebook,
    CodebookError,
    Layer,
    Projection,
    Quantizer,
    on_grid,
)
from .ordinal import brightness, order_quality, ordinal

SIZES = {"semantic": (64, 64, 64, 64)}  # codes of each layer, by the type of the stream
OTHER_SIZES = (128, 128, 128, 128)  # with more, a clip has each of them too seldom to be known by it
DIMS = 32  # numbers left of a frame; with 16, the codes told less of the pitch of single notes
WHITEN = 0.35
SPREAD = 2.0**12  # standard deviation of the first component of z
RESTARTS = 6  # of k-means
TRIAL_ROUNDS, ROUNDS = 8, 200
ENOUGH = 1e-5  # relative gain of a round below which k-means has converged
# Measures whose mean over the frames of a code says nothing: of one note, of one moment, of one bin out of many
OF_ONE = (
    "note_", "stroke_", "onset_time", "attack_time", "tone_onset", "onset_envelope_", "low_onset_", "mid_onset_",
    "high_onset_", "peak_", "spectrum_", "harmonic_", "treble_chroma_", "bass_chroma_",
)  # fmt: skip
FRAMES_A_CODE = 4  # at least: a layer has fewer codes if frames are fewer


def fit(
    head: Head,
    rows: Array,
    sizes: Mapping[str, Sequence[int]],
    seed: int,
    corpus: Head,
    progress: Callable[[str], None] = lambda text: None,
) -> Codebook:
    """A codebook for the features stream with the header `head`, fitted on `rows` (frames, widths and measures).

    `sizes` has the number of codes in each layer, by stream, if not as in SIZES; `corpus` is kept in the metadata. The
    same rows and seed give the same bytes. Raises CodebookError if nothing can be fitted.
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
    every: list[Head] = head.get("measures", [])
    kept = [i for i, measure in enumerate(every) if not str(measure.get("name")).startswith(OF_ONE)]
    measures = [every[i] for i in kept]
    heard = rows[:, [sum(widths) + i for i in kept]].astype(np.float64) * [m.get("step", 1) for m in measures]
    streams, layers, start = [], [], 0
    for stream in head["streams"]:
        name, kind = stream["name"], stream.get("type", "other")
        features = rows[:, start : start + stream["width"]]
        start += stream["width"]
        projection = project(features)
        points = np.concatenate([projection.points(features[i]) for i in _slices(rows)])
        wanted = sizes.get(name) or SIZES.get(kind, OTHER_SIZES)
        found, told = _layers((name, kind), points, (heard, measures), wanted, random, progress)
        layers += told
        streams.append(Quantizer(name, kind, projection, found))
    model: Head = {key: head[key] for key in ("model", "model_version", "frame_rate") if key in head}
    meta: Head = {
        "format": FORMAT,
        "name": "-".join(str(head[key]) for key in ("model", "model_version") if key in head) or "unnamed",
        **model,
        "streams": [
            {"name": q.name, "type": q.type, "width": q.width, "grid": q.projection.grid, "shift": q.projection.shift}
            for q in streams
        ],
        "layers": layers,
        "measures": measures,
        "corpus": {**corpus, "rows": len(rows), "seed": seed},
    }
    return Codebook.make(streams, meta)


def _layers(
    stream: tuple[str, str],
    points: Array,
    heard: tuple[Array, list[Head]],
    sizes: Sequence[int],
    random: np.random.PCG64,
    progress: Callable[[str], None],
) -> tuple[list[Layer], list[Head]]:
    """The layers of a stream (name, type), each on what those before left of `points` (frames, dims), which it changes.

    And what the metadata says about each. `heard`: the frames' measures, (frames, measures), and their header entries.
    """
    name, kind = stream
    variance = float(np.mean(np.sum((points - np.rint(points.mean(axis=0))) ** 2, axis=1)))
    unsaid, measures = heard[0].copy(), heard[1]
    found, told = [], []
    for number, wanted in enumerate(sizes):
        progress(f"fitting layer {name}{number} on {len(points)} frames")
        words = kmeans(points, min(wanted, max(1, len(points) // FRAMES_A_CODE)), random)
        means = _averages(unsaid, nearest(points, words)[0], len(words))
        order = ordinal(words, brightness(measures, means))
        words, means = words[order], means[order]
        codes, distances = nearest(points, words)
        points -= words[codes]
        unsaid -= np.nan_to_num(means)[codes] if number else means[codes]
        left = float(np.mean(distances))
        found.append(Layer(words, means, left))
        told.append({"name": f"{name}{number}", "type": kind, "vocab": len(words), "stream": name,
                     **usage(codes, len(words)), "distortion": round(left / variance, 4) if variance else 0.0,
                     "mean_square": left, "order": order_quality(words)})  # fmt: skip
    return found, told


def _slices(rows: Array) -> Iterator[slice]:
    return (slice(first, first + SLICE) for first in range(0, len(rows), SLICE))


def project(features: Array) -> Projection:
    """Grid, mean and principal components for finite `features` (frames, width)."""
    width = features.shape[1]
    size = math.sqrt(float(np.mean([np.mean(np.square(features[i], dtype=np.float64)) for i in _slices(features)])))
    whole = all(np.array_equal(features[i], np.rint(features[i])) for i in _slices(features))
    grid = 0 if whole and size < FEATURE_LIMIT / 16 else 12 - math.frexp(size)[1]
    mean = np.rint(sum(on_grid(features[i], grid).sum(axis=0) for i in _slices(features)) / len(features))
    covariance = np.zeros((width, width))
    for i in _slices(features):
        x = on_grid(features[i], grid) - mean
        covariance += x.T @ x
    values, vectors = np.linalg.eigh(covariance / len(features))  # ascending
    values, vectors = np.maximum(values[::-1][:DIMS], 1.0), vectors[:, ::-1][:, :DIMS]
    vectors = vectors[:, values >= values[0] * 1e-6]
    values = values[: vectors.shape[1]]
    largest = vectors[np.argmax(np.abs(vectors), axis=0), np.arange(len(values))]
    scaled = vectors * np.sign(largest) * values**-WHITEN * (SPREAD / values[0] ** (0.5 - WHITEN))
    # To 14 bits: a LAPACK's last digits, which differ between processors, are far below.
    shift = 14 - math.frexp(float(np.max(np.abs(scaled))))[1]
    return Projection(grid, shift, mean, np.rint(scaled * 2.0**shift))


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
    """`count` codewords (fewer if there are fewer different points) for `points` (n, dims), whole numbers.

    Tries RESTARTS sets of seeds for a few rounds each, then goes on with the best until nothing is gained.
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
    """k-means++: the chance of a point to be the next seed grows with its squared distance to those before."""
    words = np.empty((count, points.shape[1]))
    distances = np.ones(len(points))
    for code in range(count):
        sums = np.cumsum(distances)
        draw = (random.random_raw() >> 11) * 2.0**-53 * sums[-1]
        words[code] = points[np.searchsorted(sums, draw, side="right")]
        apart = np.sum((points - words[code]) ** 2, axis=1)
        distances = np.minimum(distances, apart) if code else apart
    return words


def usage(codes: Array, count: int) -> Head:
    """Utilisation (the share of codes in use), and entropy, in bits and as a share of the largest possible."""
    counts = np.bincount(codes, minlength=count)
    bits = entropy(counts.tolist())
    return {"utilisation": round(int(np.count_nonzero(counts)) / count, 4), "entropy": round(bits, 3),
            "entropy_share": round(bits / math.log2(count), 4) if count > 1 else 1.0}  # fmt: skip


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
