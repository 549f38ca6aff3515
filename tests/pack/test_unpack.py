"""The way back from NDJSON of which a part is missing, or does not add up."""

from __future__ import annotations

import re

import numpy as np
import pytest
from helpers import records, sh, stream
from packing import coded, lines, walk

from natlib.wire import Reader


def test_an_error_upstream_is_told_and_comes_back() -> None:
    whole = coded(walk(16))
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
    packed = sh("nat-pack", coded(codes)).stdout
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
    packed = sh(f"nat-pack --encoding {encoding} --keyframe-interval 2", coded(codes)).stdout  # every 25 frames
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
    packed = sh("nat-pack", coded(codes)).stdout
    done = sh("nat-pack --unpack", packed[: packed.index(b'{"t":4.96') + 30], status=1)
    assert "expected the end of item 0 (a.wav)" in done.stderr.decode()
    assert (rows_of(done.stdout) == codes[:62]).all()


def test_lines_that_are_missing_between_keyframes_are_noticed() -> None:
    packed = sh("nat-pack", coded(walk(50))).stdout.splitlines(True)
    done = sh("nat-pack --unpack", b"".join([*packed[:20], *packed[22:]]), status=1)
    assert "damaged: 2 lines are missing" in done.stderr.decode()


def test_an_item_without_its_end_costs_no_other() -> None:
    packed = sh("nat-pack", coded(walk(50))).stdout
    headless = b"".join(packed.splitlines(True)[1:])
    done = sh("nat-pack --unpack", packed[: packed.rindex(b'{"event":"end"')] + packed + headless + packed, status=1)
    heads = [r.head for r in records(done.stdout + b'{"event":"close","items":3}\n')]
    assert [h["message"] for h in heads if h["event"] == "error"] == ["the end of the item is missing"]
    assert [h["frames"] for h in heads if h["event"] == "end"] == [50, 50]
    assert "lines without the header" in done.stderr.decode()
