"""Every encoding of every token stream comes back bit for bit; lines state what they should."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import records, sh
from hypothesis import given, settings
from hypothesis import strategies as st
from packing import LAYERS, coded, lines, walk

ENCODINGS = ["delta", "rle", "dense", "S=rle", "A=dense,S0=rle", "S=rle,A=rle", "A3=dense"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    "rate, block",
    [(12.5, 8), (21.533203125, 14), *(pytest.param(*more, marks=pytest.mark.slow) for more in ((5, 3), (50, 32)))],
)
def test_every_encoding_comes_back_bit_for_bit(encoding: str, rate: float, block: int) -> None:
    data = coded(walk(331), rate, block)
    done = sh(f"nat-pack --encoding {encoding} | nat-pack --unpack", data)
    assert done.stdout == data


@pytest.mark.parametrize("encoding", ["delta", "rle", "dense"])
def test_short_items_too(encoding: str) -> None:
    sizes = (0, 1, 7, 8, 9, 62, 63, 64)
    line = f"nat-pack --encoding {encoding} --keyframe-interval 0 | nat-pack --unpack"
    found = [
        (r.event, r.payload)
        for r in records(sh(line, b"".join(coded(walk(frames)) for frames in sizes)).stdout)
        if r.event != "close"
    ]
    assert found == [
        (r.event, r.payload) for frames in sizes for r in records(coded(walk(frames))) if r.event != "close"
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
    streams = [coded(np.array(rows, dtype=np.int64).reshape(-1, 3), rate, block) for rows, rate, block in items]
    line = f"nat-pack --encoding {encoding} --keyframe-interval {interval} | nat-pack --unpack"
    unpacked = [(r.event, r.payload) for r in records(sh(line, b"".join(streams)).stdout) if r.event != "close"]
    assert unpacked == [(r.event, r.payload) for one in streams for r in records(one) if r.event != "close"]


def test_the_same_lines_however_the_tokens_arrive() -> None:
    data = coded(walk(700))
    drip = "import os, time\nwhile data := os.read(0, 777): os.write(1, data); time.sleep(0.01)"
    assert sh(f"python3 -c '{drip}' | nat-pack", data).stdout == sh("nat-pack", data).stdout


def test_delta_lines_state_what_changes_and_keyframes_state_all() -> None:
    codes = np.repeat([[5] * 8, [5] * 7 + [6]], [10, 60], axis=0)
    got = [line for line in lines(sh("nat-pack", coded(codes)).stdout) if "t" in line]
    everything = {layer["name"]: 5 for layer in LAYERS}
    assert got == [
        {"t": 0.0, "kf": True, **everything},
        {"t": 0.8, "A3": 6},
        {"t": 4.96, "kf": True, **everything, "A3": 6},
    ]


def test_run_lines_state_their_length() -> None:
    codes = np.repeat([[5] * 8, [5] * 7 + [6]], [10, 60], axis=0)
    got = [
        line for line in lines(sh("nat-pack --encoding rle --keyframe-interval 0", coded(codes)).stdout) if "t" in line
    ]
    assert [(line["t"], line["n"], line["A3"]) for line in got] == [(0.0, 10, 5), (0.8, 60, 6)]


def test_times_are_true_at_rates_that_do_not_divide() -> None:
    rate = 44100 / 2048
    got = [line["t"] for line in lines(sh("nat-pack --encoding dense", coded(walk(500), rate)).stdout) if "t" in line]
    assert got == [round(frame / rate, 3) for frame in range(500)]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_ndjson_is_read_and_written_in_another_encoding(encoding: str) -> None:
    data = coded(walk(331))
    options = f"--encoding {encoding} --keyframe-interval 3"
    wanted = sh(f"nat-pack {options}", data).stdout
    assert sh(f"nat-pack --encoding rle | nat-pack {options}", data).stdout == wanted
    assert sh("nat-pack", wanted).stdout == sh("nat-pack", data).stdout
    assert sh("nat-pack --unpack", sh("nat-pack --layers S0,A0", wanted).stdout, status=1).stdout != data


@pytest.mark.parametrize("encoding", ["", "zip", "S=zip", "S", "=rle", "S=rle,"])
def test_wrong_encodings_are_wrong_usage(encoding: str) -> None:
    assert b"expected delta, rle or dense" in sh(f"nat-pack --encoding '{encoding}'", status=2).stderr
