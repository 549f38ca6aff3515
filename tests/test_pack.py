"""nat-pack: every encoding of every token stream comes back bit for bit; the lines say what they should."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import orjson
import pytest
from helpers import records, sh, stream
from hypothesis import given, settings
from hypothesis import strategies as st

from natlib.wire import Head, Reader

LAYERS = [
    {"name": f"{s}{i}", "type": t, "vocab": 128} for s, t in (("S", "semantic"), ("A", "acoustic")) for i in range(4)
]
ENCODINGS = ["delta", "rle", "dense", "S=rle", "A=dense,S0=rle", "S=rle,A=rle", "A3=dense"]


def tokens(codes: np.ndarray, rate: float = 12.5, block: int = 8, end: Head | None = None) -> bytes:
    """A token stream of one item from codes, shape (frames, layers)."""
    layers = [{**LAYERS[j % 8], "name": LAYERS[j]["name"] if j < 8 else f"X{j}"} for j in range(codes.shape[1])]
    header = {
        "event": "header",
        "kind": "tokens",
        "name": "a.wav",
        "frame_rate": rate,
        "block": block,
        "layers": layers,
    }
    blocks = [
        ({"event": "data"}, codes[first : first + block].astype("<u2").tobytes())
        for first in range(0, len(codes), block)
    ]
    return stream(header, *blocks, end or {"event": "end", "frames": len(codes)}, {"event": "close"})


def walk(frames: int, layers: int = 8, seed: int = 1) -> np.ndarray:
    """Codes that change now and then, as real ones do."""
    rng = np.random.default_rng(seed)
    moves = rng.integers(-3, 4, (frames, layers)) * (rng.random((frames, layers)) < 0.3)
    return np.clip(64 + moves.cumsum(0), 0, 127)


def lines(ndjson: bytes) -> list[Head]:
    return [orjson.loads(line) for line in ndjson.splitlines()]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    "rate, block",
    [(12.5, 8), (21.533203125, 14), *(pytest.param(*more, marks=pytest.mark.slow) for more in ((5, 3), (50, 32)))],
)
def test_every_encoding_comes_back_bit_for_bit(encoding: str, rate: float, block: int) -> None:
    data = tokens(walk(331), rate, block)
    done = sh(f"nat-pack --encoding {encoding} | nat-pack --unpack", data)
    assert done.stdout == data


@pytest.mark.parametrize("encoding", ["delta", "rle", "dense"])
def test_short_items_too(encoding: str) -> None:
    sizes = (0, 1, 7, 8, 9, 62, 63, 64)
    line = f"nat-pack --encoding {encoding} --keyframe-interval 0 | nat-pack --unpack"
    found = [
        (r.event, r.payload)
        for r in records(sh(line, b"".join(tokens(walk(frames)) for frames in sizes)).stdout)
        if r.event != "close"
    ]
    assert found == [
        (r.event, r.payload) for frames in sizes for r in records(tokens(walk(frames))) if r.event != "close"
    ]


ROWS = st.lists(st.lists(st.integers(0, 65535), min_size=3, max_size=3), max_size=40)
ITEMS = st.tuples(ROWS, st.sampled_from([12.5, 1 / 3, 7, 49.9, 499.7]), st.integers(1, 9))


@settings(max_examples=4, deadline=None)
@given(
    st.lists(ITEMS, min_size=15, max_size=15),
    st.sampled_from(["delta", "rle", "dense", "S0=rle,S1=dense"]),
    st.sampled_from(["0", "0.3", "5"]),
)
def test_random_and_adversarial_codes(items: list, encoding: str, interval: str) -> None:
    streams = [tokens(np.array(rows, dtype=np.int64).reshape(-1, 3), rate, block) for rows, rate, block in items]
    line = f"nat-pack --encoding {encoding} --keyframe-interval {interval} | nat-pack --unpack"
    unpacked = [(r.event, r.payload) for r in records(sh(line, b"".join(streams)).stdout) if r.event != "close"]
    assert unpacked == [(r.event, r.payload) for one in streams for r in records(one) if r.event != "close"]


def test_the_same_lines_however_the_tokens_arrive() -> None:
    data = tokens(walk(700))
    drip = "import os, time\nwhile data := os.read(0, 777): os.write(1, data); time.sleep(0.01)"
    assert sh(f"python3 -c '{drip}' | nat-pack", data).stdout == sh("nat-pack", data).stdout


def test_delta_lines_state_what_changes_and_keyframes_state_all() -> None:
    codes = np.repeat([[5] * 8, [5] * 7 + [6]], [10, 60], axis=0)
    got = [line for line in lines(sh("nat-pack", tokens(codes)).stdout) if "t" in line]
    everything = {layer["name"]: 5 for layer in LAYERS}
    assert got == [
        {"t": 0.0, "kf": True, **everything},
        {"t": 0.8, "A3": 6},
        {"t": 4.96, "kf": True, **everything, "A3": 6},
    ]


def test_run_lines_state_their_length() -> None:
    codes = np.repeat([[5] * 8, [5] * 7 + [6]], [10, 60], axis=0)
    got = [
        line for line in lines(sh("nat-pack --encoding rle --keyframe-interval 0", tokens(codes)).stdout) if "t" in line
    ]
    assert [(line["t"], line["n"], line["A3"]) for line in got] == [(0.0, 10, 5), (0.8, 60, 6)]


def test_times_are_true_at_rates_that_do_not_divide() -> None:
    rate = 44100 / 2048
    got = [line["t"] for line in lines(sh("nat-pack --encoding dense", tokens(walk(500), rate)).stdout) if "t" in line]
    assert got == [round(frame / rate, 3) for frame in range(500)]


def test_tokens_without_measures_have_a_summary_without_them() -> None:
    done = sh("nat-pack", tokens(walk(40)))
    summary = next(line for line in lines(done.stdout) if line.get("event") == "summary")
    assert done.stderr == b"" and "pulse" not in summary and summary["codes"]


def test_end_counts() -> None:
    codes = np.array([[n // 4 % 2] + [0] * 7 for n in range(40)])
    stats = lines(sh("nat-pack", tokens(codes)).stdout)[-1]["stats"]["layers"]
    assert stats["S0"] == {
        "used": 2,
        "utilisation": 0.016,
        "entropy": 1.0,
        "changes_per_second": 2.81,
        "mean_run": 4.0,
    }
    assert stats["A0"]["entropy"] == 0.0 and stats["A0"]["changes_per_second"] == 0


def test_an_error_upstream_is_told_and_comes_back() -> None:
    whole = tokens(walk(16))
    parts = records(whole)
    error = {"event": "error", "stage": "nat-embed", "message": "no"}
    data = stream(
        *[(r.head, r.payload) if r.payload else r.head for r in parts[:3]], error, *[r.head for r in parts[-1:]]
    )
    packed = sh("nat-pack", data, status=1)
    assert b"1 of 1 items failed" not in packed.stderr  # standard output is a pipe: the last stage tells
    assert lines(packed.stdout)[-1] == {**error, "stats": {"frames": 16}}
    assert sh("nat-pack --unpack", packed.stdout, status=1).stdout == data


@pytest.mark.parametrize(
    "change, message",
    [
        ((b'"t":0.8', b'"t":0.801'), "expected a frame's time"),
        ((b'"t":0.8', b'"t":0.0'), "expected a frame's time, 0.08 s or later, got 0.0"),
        ((b'"kf":true,"S0":5,', b'"kf":true,'), "frames 0-61 (0.0-4.96 s) are missing: the codes before are repeated"),
        ((b'"A3":6', b'"A3":65536'), "expected a code from 0 to 65535 in A3 at 0.8 s, got 65536"),
        ((b'"A3":6', b'"A3":-1'), "expected a code"),
        ((b'"frames":70', b'"frames":7'), "expected at least"),
        ((b'"frame_rate":12.5', b'"frame_rate":0'), "expected a frame rate"),
        ((b'"frame_rate":12.5', b'"frame_rate":"x"'), "expected a frame rate"),
        ((b'"name":"S1"', b'"name":"S0"'), "layers with names of their own"),
    ],
)
def test_ndjson_that_does_not_add_up_is_refused(change: tuple[bytes, bytes], message: str) -> None:
    codes = np.repeat([[5] * 8, [5] * 7 + [6]], [10, 60], axis=0)
    packed = sh("nat-pack", tokens(codes)).stdout
    assert change[0] in packed
    done = sh("nat-pack --unpack", packed.replace(*change, 1), status=1)
    assert message in done.stderr.decode()
    assert "a.wav" in done.stderr.decode()


def rows_of(unpacked: bytes) -> np.ndarray:
    """The codes in a token stream of eight layers."""
    return np.frombuffer(b"".join(r.payload for r in Reader().feed(unpacked)), "<u2").reshape(-1, 8)


@pytest.mark.parametrize("encoding", ["delta", "rle", "dense"])
@pytest.mark.parametrize("cut", ["lines", "bytes"])
def test_ndjson_cut_in_the_middle_is_read_from_its_next_keyframe_on(cut: str, encoding: str) -> None:
    codes = walk(400)
    packed = sh(f"nat-pack --encoding {encoding} --keyframe-interval 2", tokens(codes)).stdout  # every 25 frames
    first, last = (packed.index(f'{{"t":{frame / 12.5}'.encode()) for frame in (110, 160))
    broken = packed[:first] + packed[last:] if cut == "lines" else packed[: first + 9] + packed[last + 5 :]
    done = sh("nat-pack --unpack", broken, status=1)
    got = rows_of(done.stdout)
    assert "damaged: frames" in done.stderr.decode() and "are missing" in done.stderr.decode()
    begin, end = map(int, re.search(r"frames (\d+)-(\d+) \(", done.stderr.decode()).groups())
    assert 100 < begin <= 110 and end in ([174] if encoding == "delta" else [159, 160])
    assert len(got) == 400 and (got[:begin] == codes[:begin]).all() and (got[end + 1 :] == codes[end + 1 :]).all()
    assert (got[begin : end + 1] == codes[begin - 1]).all()
    assert records(done.stdout)[-2].head["damaged"] is True


def test_ndjson_without_its_tail_gives_what_is_there() -> None:
    codes = walk(70)
    packed = sh("nat-pack", tokens(codes)).stdout
    done = sh("nat-pack --unpack", packed[: packed.index(b'{"t":4.96') + 30], status=1)
    assert "expected the end of item 0 (a.wav)" in done.stderr.decode()
    assert (rows_of(done.stdout) == codes[:62]).all()


def test_lines_that_are_missing_between_keyframes_are_noticed() -> None:
    packed = sh("nat-pack", tokens(walk(50))).stdout.splitlines(True)
    done = sh("nat-pack --unpack", b"".join([*packed[:20], *packed[22:]]), status=1)
    assert "damaged: 2 lines are missing" in done.stderr.decode()


def test_an_item_without_its_end_costs_no_other() -> None:
    packed = sh("nat-pack", tokens(walk(50))).stdout
    headless = b"".join(packed.splitlines(True)[1:])
    done = sh("nat-pack --unpack", packed[: packed.rindex(b'{"event":"end"')] + packed + headless + packed, status=1)
    heads = [r.head for r in records(done.stdout + b'{"event":"close","items":3}\n')]
    assert [h["message"] for h in heads if h["event"] == "error"] == ["the end of the item is missing"]
    assert [h["frames"] for h in heads if h["event"] == "end"] == [50, 50]
    assert "lines without the header" in done.stderr.decode()


def test_notes_that_are_not_ours_are_passed_on() -> None:
    notes = [
        {"event": "code", "words": "x"},
        {"event": "code", "layer": ["S0"], "code": {}},
        {"event": "mood", "is": 1},
    ]
    whole = records(tokens(walk(16)))
    heads = [(r.head, r.payload) if r.payload else r.head for r in whole]
    data = stream(heads[0], *notes, *heads[1:])
    for options in ("", "--budget 2000", "--legend header"):
        told = lines(sh(f"nat-pack {options}", data).stdout)
        assert [line for line in told if line.get("event") in ("code", "mood")] == notes


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_ndjson_is_read_and_written_in_another_encoding(encoding: str) -> None:
    data = tokens(walk(331))
    options = f"--encoding {encoding} --keyframe-interval 3"
    wanted = sh(f"nat-pack {options}", data).stdout
    assert sh(f"nat-pack --encoding rle | nat-pack {options}", data).stdout == wanted
    assert sh("nat-pack", wanted).stdout == sh("nat-pack", data).stdout
    assert sh("nat-pack --unpack", sh("nat-pack --layers S0,A0", wanted).stdout, status=1).stdout != data


def test_tokens_and_ndjson_are_told_apart_and_other_kinds_are_named(tmp_path: Path) -> None:
    data = tokens(walk(40))
    (tmp_path / "tokens").write_bytes(data)
    (tmp_path / "ndjson").write_bytes(sh("nat-pack", data).stdout)
    told = lines(sh("nat-pack ndjson tokens", cwd=tmp_path).stdout)
    assert [line["item"] for line in told if line.get("event") == "header"] == [0, 1]
    assert told[1 : len(told) // 2] == told[len(told) // 2 + 1 :]
    head = {"event": "header", "kind": "features", "name": "f", "streams": [{"name": "S", "width": 1}]}
    done = sh("nat-pack", stream(head, {"event": "end"}, {"event": "close"}), status=1)
    assert b"expected a tokens stream, got features (is nat-quantize missing before it?)" in done.stderr
    assert b"expected a ndjson stream, got tokens" in sh("nat-pack --unpack", data, status=1).stderr


@pytest.mark.parametrize("size", [1, 7, 100])
def test_ndjson_is_the_same_however_it_arrives(size: int) -> None:
    packed = sh("nat-pack", tokens(walk(100))).stdout
    assert sh(f"dd bs={size} status=none | nat-pack", packed).stdout == packed
    broken = packed.replace(b'{"t":2.', b'"t":2.', 1)
    assert (
        b"damaged: frames 25-61 (2.0-4.96 s) are missing"
        in sh(f"dd bs={size} status=none | nat-pack --view table", broken, status=1).stderr
    )


def test_ndjson_that_had_failed_before_passes() -> None:
    whole = records(tokens(walk(16)))
    error = {"event": "error", "stage": "nat-embed", "message": "no"}
    missing = {"event": "header", "kind": "bytes", "name": "x"}
    data = stream(*[(r.head, r.payload) if r.payload else r.head for r in whole[:3]], error, missing, error)
    packed = sh("nat-pack", data, status=1).stdout
    assert packed.count(b'"event":"error"') == 2
    assert sh("nat-pack", packed, status=1).stdout == packed


@pytest.mark.parametrize("options", ["", "--view table", "--view words", "--budget 500", "--prompt"])
def test_lines_of_other_programs_are_no_trouble(options: str) -> None:
    packed = sh("nat-pack", tokens(walk(40))).stdout
    odd = [
        b'{"t":0.1,"scene":{"dB":"x","pitch":7,"bands":[-3,null,"x"],"am":[1],"Hz":1e300,"new":[{}]}}',
        b'{"t":0.2,"scene":[]}',
        b'{"t":0.3,"scene":{"dB":99999,"pitch":"A4>H9","peak":"0>x","f0":-3,"notes":"?","vibrato":[0,0]}}',
        b'{"t":0.4,"sound":{"s":"x","dB":1}}',
        b'{"t":0.5,"sound":{"s":0,"dB":-1,"am":[3,1],"rise":null,"in":"x"}}',
        b'{"t":0.6,"bar":{"n":7}}',
        b'{"t":"x","scene":{}}',
        b'{"event":"code","layer":"S0","code":64,"means":7}',
        b'{"event":"summary","in_words":3,"sounds":[]}',
    ]
    first, rest = packed.split(b"\n", 1)
    first = first.replace(b'"pack":{', b'"pack":{"scene":0.48,"codes":{"S0":{"x":"y","64":"z"}},"left_out":"x",')
    done = sh(f"nat-pack {options}", b"\n".join([first, *odd, rest]), status=None)
    assert b"internal error" not in done.stderr, done.stderr


def test_names_are_not_told(tmp_path: Path) -> None:
    data = tokens(walk(40)).replace(b'"name":"a.wav"', b'"name":"/songs/Hum.wav","name_base64":"L3M="')
    for view in ("ndjson", "table", "words"):
        done = sh(f"nat-pack --anonymous --view {view}", data * 2)
        assert b"Hum" not in done.stdout and b"base64" not in done.stdout and b"sound 2" in done.stdout
    assert b"Hum" not in sh("nat-pack | nat-pack --anonymous --encoding rle", data).stdout
    (tmp_path / "known.ndjson").write_bytes(sh("nat-pack", data).stdout)
    text = sh("nat-pack --prompt --examples known.ndjson=hum --", data, cwd=tmp_path).stdout
    assert b"/songs" not in text and b"base64" not in text.rpartition(b"# The sound")[2]
    assert b"# The sound: Hum.wav\n" in text
    assert b"# The sound\n" in sh("nat-pack --prompt --anonymous", data).stdout


@pytest.mark.parametrize("encoding", ["", "zip", "S=zip", "S", "=rle", "S=rle,"])
def test_wrong_encodings_are_wrong_usage(encoding: str) -> None:
    assert b"expected delta, rle or dense" in sh(f"nat-pack --encoding '{encoding}'", status=2).stderr
