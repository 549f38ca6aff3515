"""Any bytes, cut anyhow: nothing is lost."""

from __future__ import annotations

import random
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st
from splitting import SEPARATORS, SYNTHETIC, files, split


@st.composite
def mixtures(draw: st.DrawFn) -> bytes:
    """Files, damaged, with bytes of any kind between them."""
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        data = bytearray(draw(st.sampled_from(sorted(SYNTHETIC.values()))))
        for _ in range(draw(st.integers(0, 3))):
            at = draw(st.integers(0, len(data)))
            data[at : at + draw(st.integers(0, 300))] = draw(st.binary(max_size=12))
        between = st.sampled_from((*SEPARATORS, b"\x1c\x1c", b"text " * 20)) | st.binary(max_size=40)
        parts += [bytes(data), draw(between)]
    return b"".join(parts)


def cuts(data: bytes, seed: int) -> Iterator[bytes]:
    chance = random.Random(seed)
    most = chance.choice((1, 5, 50, 3000))
    while data:
        size = chance.randint(1, most)
        yield data[:size]
        data = data[size:]


@settings(max_examples=100, deadline=None)
@given(mixtures() | st.binary(max_size=300), st.integers(0, 1000))
def test_nothing_is_lost_and_cutting_the_input_changes_nothing(data: bytes, seed: int) -> None:
    starts: list[int] = []
    parts = split(data, starts=starts)
    assert split(data, cuts(data, seed)) == parts
    reached = -1
    for start, (_, extent, part) in zip(starts, parts, strict=True):
        assert data.startswith(part, start) and extent in ("exact", "next-file", "separator", "end-of-input")
        between = data[max(reached, 0) : start]
        assert start <= reached or between in (*SEPARATORS, b"\n")  # what was cut short may hold others, and an FS
        reached = max(reached, start + len(part))
    assert data[reached:] in SEPARATORS and starts == sorted(set(starts))


@settings(max_examples=60, deadline=None)
@given(mixtures(), st.sampled_from(["wav", "flac", "ogg", "mp3 xing"]))
def test_what_comes_before_is_whole(data: bytes, name: str) -> None:
    assert files(SYNTHETIC[name] + b"\x1c" + data)[0] == SYNTHETIC[name]
