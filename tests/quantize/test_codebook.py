"""The quantizer itself: exact, deterministic, and refusing what would not be."""

import numpy as np
import orjson
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from natlib.quantize.codebook import Codebook, CodebookError, Layer, Projection, Quantizer
from natlib.quantize.fit import fit, nearest, usage
from natlib.quantize.ordinal import order_quality, ordinal
from natlib.quantize.reservoir import Reservoir

HEAD = {
    "model": "test", "model_version": "1", "frame_rate": 12.5,
    "streams": [{"name": "S", "type": "semantic", "width": 6}, {"name": "A", "type": "acoustic", "width": 5}],
    "measures": [{"name": "level", "unit": "dBFS", "step": 0.5}, {"name": "pitch", "unit": "Hz", "step": 2}],
}  # fmt: skip


def walk(frames: int = 600, width: int = 13, seed: int = 1) -> np.ndarray:
    """Rows that wander, as features do: whole numbers, float32, shape (frames, width)."""
    steps = np.random.default_rng(seed).normal(0, 40, (frames, width))
    return np.rint(np.cumsum(steps, axis=0) % 2000).astype(np.float32)


@pytest.fixture(scope="module")
def codebook() -> Codebook:
    return fit(HEAD, walk(), {"S": (40, 20, 10), "A": (60, 30)}, 1, {})


def reference(quantizer: Quantizer, features: np.ndarray) -> list[list[int]]:
    """What Quantizer.encode should give, in Python's integers."""
    how = quantizer.projection
    mean, projection = how.mean.astype(int).tolist(), how.matrix.astype(int).tolist()
    result = []
    for row in features.tolist():
        x = [max(-(2**20), min(2**20, round(value * 2.0**how.grid))) for value in row]
        x = [value - middle for value, middle in zip(x, mean, strict=True)]
        sums = [sum(a * line[k] for a, line in zip(x, projection, strict=True)) for k in range(len(projection[0]))]
        rest = [max(-(2**18), min(2**18, round(total * 2.0**-how.shift))) for total in sums]
        codes = []
        for layer in quantizer.layers:
            words = layer.codewords.astype(int).tolist()
            far = [sum((a - b) ** 2 for a, b in zip(rest, word, strict=True)) for word in words]
            codes.append(far.index(min(far)))
            rest = [a - b for a, b in zip(rest, words[codes[-1]], strict=True)]
        result.append(codes)
    return result


def test_encode_is_exact(codebook: Codebook) -> None:
    rows = np.concatenate([walk(40, seed=2), 1e7 * walk(3, seed=3), np.full((1, 13), np.float32(-3e38))])
    wanted = [a + b for a, b in zip(reference(codebook.streams[0], rows[:, :6]),
                                    reference(codebook.streams[1], rows[:, 6:11]), strict=True)]  # fmt: skip
    assert codebook.encode(rows).tolist() == wanted


@given(st.integers(0, 2**32), st.integers(1, 9), st.sampled_from([1e-4, 1.0, 300.0]))
def test_encode_is_exact_whatever_the_features_are(seed: int, width: int, size: float) -> None:
    features = (np.random.default_rng(seed).standard_normal((30, width)) * size).astype(np.float32)
    head = {"streams": [{"name": "X", "width": width}]}
    book = fit(head, features, {"X": (5, 3)}, 1, {})
    assert book.encode(features).tolist() == reference(book.streams[0], features)


def test_ties_go_to_the_lower_code() -> None:
    words = np.array([[4.0], [-4.0], [4.0], [0.0]])
    quantizer = Quantizer(
        "X", "other", Projection(0, 0, np.zeros(1), np.ones((1, 1))), [Layer(words, np.empty((4, 0)))]
    )
    assert quantizer.encode(np.array([[2.0], [-2.0], [5.0], [0.0]], np.float32)).ravel().tolist() == [0, 1, 0, 3]


def test_the_file_holds_what_was_fitted(codebook: Codebook) -> None:
    """What the metadata says of the fit is found again with the loaded file, so nothing was lost or turned in it."""
    loaded = Codebook.load(codebook.raw)
    codes = loaded.encode(walk())
    for layer, column in zip(loaded.meta["layers"], codes.T, strict=True):
        assert usage(column, layer["vocab"]).items() <= layer.items()
    points = loaded.streams[1].projection.points(walk()[:, 6:11])
    assert np.mean(nearest(points, loaded.streams[1].layers[0].codewords)[1]) == loaded.meta["layers"][3]["mean_square"]


def test_every_layer_is_used_and_lowers_the_distortion(codebook: Codebook) -> None:
    for stream in ("S", "A"):
        layers = [layer for layer in codebook.meta["layers"] if layer["stream"] == stream]
        left = [1.0] + [layer["distortion"] for layer in layers]
        assert left == sorted(left, reverse=True) and len(set(left)) == len(left)
        assert all(layer["utilisation"] == 1 and layer["entropy_share"] > 0.85 for layer in layers)


def test_a_seed_makes_the_fit() -> None:
    books = [fit(HEAD, walk(300), {}, seed, {}).raw for seed in (1, 1, 2)]
    assert books[0] == books[1] != books[2]


def test_numbers_are_near_where_codewords_are() -> None:
    line = np.rint(np.random.default_rng(5).permutation(64))[:, None] * np.array([[30.0, 40.0]])
    order = ordinal(line, None)
    assert line[order][:, 0].tolist() == sorted(line[:, 0].tolist())
    assert order_quality(line[order])["rank"] == 1.0
    cloud = np.rint(np.random.default_rng(6).normal(0, 1000, (100, 8)))
    assert sorted(ordinal(cloud, None).tolist()) == list(range(100))
    quality = order_quality(cloud[ordinal(cloud, None)])
    assert quality["neighbours"] < 0.85 < 0.9 < quality["shuffled"]["neighbours"]
    assert quality["rank"] > 0.3 > 0.1 > abs(quality["shuffled"]["rank"])


def test_the_first_axis_runs_from_quiet_and_dark_to_loud_and_bright() -> None:
    random = np.random.default_rng(7)
    loud = random.random((800, 1))
    features = np.concatenate([-3000 * loud, random.normal(0, 400, (800, 7))], axis=1)
    rows = np.concatenate([features, -200 + 200 * loud, 100 + 4000 * loud], axis=1)
    measures = [{"name": "level", "unit": "dBFS", "step": 0.5}, {"name": "centroid", "unit": "Hz", "step": 1}]
    head = {"streams": [{"name": "X", "width": 8}], "measures": measures}
    book = fit(head, np.rint(rows).astype(np.float32), {"X": (32,)}, 1, {})
    for means in book.streams[0].layers[0].measures.T:
        assert np.corrcoef(np.arange(32), means)[0, 1] > 0.8


def test_introductions_are_averages_and_differences() -> None:
    """Four places far apart, each with a small offset one way or the other: two layers, known to the last digit."""
    place, offset = np.divmod(np.arange(160) % 8, 2)
    features = np.stack([place * 1000.0, offset * 10.0], axis=1)
    level = place * 20 - 100 + offset * 6  # in steps of half a decibel
    pitch = np.where(place == 0, np.nan, 110.0)
    rows = np.concatenate([features, np.stack([level, pitch], axis=1)], axis=1).astype(np.float32)
    head = {"streams": [{"name": "X", "width": 2}], "measures": HEAD["measures"]}
    book = fit(head, rows, {"X": (4, 2)}, 1, {})
    first, second = (layer.measures for layer in book.streams[0].layers)
    assert sorted(first[:, 0].tolist()) == [-48.5, -38.5, -28.5, -18.5]
    assert sorted(second[:, 0].tolist()) == [-1.5, 1.5]
    silent = first[:, 0] == -48.5
    assert np.isnan(first[silent, 1]).all() and (first[~silent, 1] == 220).all()
    assert (second[:, 1] == 0).all()


def test_few_frames_make_few_codes() -> None:
    same = np.repeat(walk(1), 50, axis=0)
    book = fit(HEAD, same, {}, 1, {})
    assert {layer["vocab"] for layer in book.meta["layers"]} == {1}
    assert not book.encode(same).any()
    assert max(layer["vocab"] for layer in fit(HEAD, walk(40), {}, 1, {}).meta["layers"]) == 10


def test_hold_keeps_codes_still(codebook: Codebook) -> None:
    rows = walk(200, seed=9)
    changes = [np.count_nonzero(np.diff(codebook.encode(rows, hold).astype(int), axis=0)) for hold in (0, 0.5, 5, 100)]
    assert changes == sorted(changes, reverse=True) and changes[0] > 1.5 * changes[2] > 3 * changes[3]
    assert (codebook.encode(rows, 1e-300) == codebook.encode(rows)).all()
    whole = codebook.encode(rows, 0.5)
    last, parts = None, []
    for first in range(0, len(rows), 8):
        parts.append(codebook.encode(rows[first : first + 8], 0.5, last))
        last = parts[-1][-1].tolist()
    assert (np.concatenate(parts) == whole).all()


def test_fit_refuses(codebook: Codebook) -> None:
    cases = [
        (HEAD, walk(0), {}, "no frames"),
        (HEAD, walk(), {"B": (3,)}, "expected codes for the streams S A, got B"),
        ({**HEAD, "streams": [{"name": "S", "width": 6}, {"name": "S", "width": 5}]}, walk(), {}, "names and widths"),
        ({**HEAD, "streams": [{"name": "S", "width": 11}, {"name": "A", "width": 0}]}, walk(), {}, "names and widths"),
        ({**HEAD, "streams": [{"width": 11}]}, walk(), {}, "names and widths"),
    ]
    for head, rows, sizes, message in cases:
        with pytest.raises(CodebookError, match=message):
            fit(head, rows, sizes, 1, {})


def test_load_refuses(codebook: Codebook) -> None:
    def damaged(change: object = None, **tensors: np.ndarray | None) -> bytes:
        meta = orjson.loads(orjson.dumps(codebook.meta))
        if callable(change):
            change(meta)
        kept = {**safetensors.numpy.load(codebook.raw), **tensors}
        return safetensors.numpy.save({name: array for name, array in kept.items() if array is not None},
                                      {"nat": orjson.dumps(meta).decode()})  # fmt: skip

    assert Codebook.load(damaged()).sha256 == codebook.sha256
    large = np.full((6, 6), 2**31 - 1, np.int32)
    cases = [
        (b"", "not a codebook"),
        (codebook.raw[:-1], "not a codebook"),
        (codebook.raw[:100], "not a codebook"),
        (b"RIFF" * 100, "not a codebook"),
        (safetensors.numpy.save({"S.mean": np.zeros(6)}), "not a codebook"),
        (damaged(lambda meta: meta.update(format="3.0")), "format 2.0 or 1.0, got"),
        (damaged(lambda meta: meta.pop("layers")), "not a codebook"),
        (damaged(lambda meta: meta["layers"][0].update(vocab=41)), "layer S0: expected 41 codewords"),
        (damaged(**{"S0.codewords": None}), "not a codebook"),
        (damaged(**{"S0.codewords": np.full((40, 6), 2**18 + 1, np.int32)}), "layer S0"),
        (damaged(**{"S0.codewords": np.full((40, 6), np.nan, np.float32)}), "layer S0"),
        (damaged(**{"S.projection": large}), "too large for exact sums"),
        (damaged(**{"S.mean": np.zeros(5, np.int32)}), "stream S: expected"),
        (damaged(**{"A1.measures": np.zeros((30, 1), np.float32)}), "layer A1: expected measures"),
    ]
    for raw, message in cases:
        with pytest.raises(CodebookError, match=message):
            Codebook.load(raw)


def test_check_names_both_sides(codebook: Codebook) -> None:
    codebook.check(HEAD)
    for change in ({"model": "other"}, {"model_version": "2"}, {"streams": HEAD["streams"][::-1]}):
        with pytest.raises(CodebookError, match=r"is for test 1 with streams S:6 A:5, got "):
            codebook.check({**HEAD, **change})


def test_the_reservoir_does_not_see_how_its_input_was_cut() -> None:
    samples = []
    for cut in (1, 7, 1000):
        reservoir = Reservoir(13, 150, 100, 1)
        for item in range(4):
            rows = walk(250, seed=item)
            for first in range(0, 250, cut):
                reservoir.add(rows[first : first + cut])
            reservoir.end()
        assert (reservoir.items, reservoir.frames) == (4, 1000)
        samples.append(reservoir.sample())
    assert len(samples[0]) == 150
    assert (samples[0] == samples[1]).all() and (samples[0] == samples[2]).all()


def test_the_reservoir_is_fair_and_leaves_out_what_failed() -> None:
    reservoir = Reservoir(1, 1000, 50, 1)
    for item, frames in enumerate([20, 10000, 60, 300]):
        reservoir.add(np.full((frames, 1), item, np.float32))
        reservoir.end(item != 3)
    assert np.bincount(reservoir.sample().ravel().astype(int)).tolist() == [20, 50, 50]
    long = Reservoir(1, 1000, 1000, 1)
    long.add(np.arange(100000, dtype=np.float32)[:, None])
    long.end()
    assert np.histogram(long.sample(), 4, (0, 100000))[0].min() > 200
