"""Separators and text."""

from __future__ import annotations

import random
import struct

import pytest
from splitting import FMT, SYNTHETIC, chunk, files, riff, split


def test_separators() -> None:
    one, two = SYNTHETIC["wav"], SYNTHETIC["flac"]
    for between in (b"\x1c", b"\x1c\n"):
        assert files(one + between + two + between) == [one, two]
        assert files(one + between + between + two) == [one, b"", two]
        assert files(between + one) == [b"", one]
    assert files(b"") == files(b"\x1c") == [b""]
    assert files(one + b"\x1c\x1c") == [one, b""]


def test_text() -> None:
    assert files("grün\x1crot\x1c\nblau\x1c".encode()) == ["grün".encode(), b"rot", b"blau"]
    assert files(b"a line\nanother\t\r\n" * 9) == [b"a line\nanother\t\r\n" * 9]
    assert files(b"text" + SYNTHETIC["wav"]) == [b"text", SYNTHETIC["wav"]]


@pytest.mark.parametrize(
    "after, cuts",
    [
        (b"x" * 64, True), (b"x" * 63 + b"\1", False), ("ä".encode() * 40, True),
        (("größer als süß, " * 9).encode(), True),
        (b"short", True), (b"short\xff", False), (b"", False), (b"\xc3", False), ("\x85".encode() + b"x" * 70, False),
        (b"tab\tand\nnewline" * 5, True),
    ],
)  # fmt: skip
def test_what_has_no_length_ends_at_an_fs_before_text(after: bytes, cuts: bool) -> None:
    data = SYNTHETIC["wav without a length"]
    parts = split(data + b"\x1c" + after)
    assert parts == (
        [("wav", "separator", data), ("unknown", "end-of-input", after)]
        if cuts
        else [("wav", "end-of-input", data + b"\x1c" + after)]
    )


def test_a_slow_wave_is_no_text() -> None:
    """The high bytes of its samples stay the same for a while, and the low ones can be any."""
    samples = b"".join(struct.pack("<h", 0x4720 + number * 7 % 90) for number in range(2000))
    data = riff(FMT, chunk(b"data", bytes(9) + b"\x1c" + samples, 0), size=0)
    assert files(data) == [data]


def test_bytes_of_no_format_are_cut_at_fs() -> None:
    data = random.Random(5).randbytes(100_000)
    assert len(files(data)) > 300 and b"".join(files(data)) == data.replace(b"\x1c\n", b"").replace(b"\x1c", b"")
