"""WAV, whose lengths are wrong in so many ways."""

from __future__ import annotations

import itertools

import pytest
from splitting import ALIEN, FMT, LIST, SAMPLES, SEPARATORS, SYNTHETIC, chunk, files, riff, split

DATA = chunk(b"data", SAMPLES)
ODD = chunk(b"data", SAMPLES[:101], pad=False)


@pytest.mark.parametrize(
    "file",
    {
        "chunks after the data": riff(FMT, DATA, LIST, chunk(b"id3 ", b"ID3\3\0\0\0\0\0\0")),
        "a pad byte": riff(FMT, ODD + b"\0", LIST),
        "no pad byte": riff(FMT, ODD, LIST),
        "no pad byte at the end": riff(FMT, ODD),
        "a pad byte at the end": riff(FMT, ODD + b"\0"),
        "a pad byte that is not counted": riff(FMT, ODD + b"\0", size=4 + len(FMT + ODD)),
        "a pad byte that is counted and not there": riff(FMT, ODD, size=5 + len(FMT + ODD)),
        "size 0": riff(FMT, DATA, size=0),
        "size too small": riff(FMT, DATA, size=len(SAMPLES) // 2),
        "size of the header alone": riff(FMT, DATA, size=36),
        "size too large by 8": riff(FMT, DATA, size=12 + len(FMT + DATA)),
        "size much too large": riff(FMT, DATA, LIST, size=50_000),
        "data too large": riff(FMT, chunk(b"data", SAMPLES, len(SAMPLES) + 1_000_000)),
        "data without a size": riff(FMT, chunk(b"data", SAMPLES, 0x7FFFFFFF)),
        "data of size 0": riff(FMT, chunk(b"data", SAMPLES, 0)),
        "no data": riff(FMT, chunk(b"data", b"")),
        "no data, then a chunk": riff(FMT, chunk(b"data", b""), LIST),
        "two chunks of data": riff(FMT, DATA, DATA),
        "data before the format": riff(DATA, FMT),
        "a chunk nobody knows": riff(chunk(b"Zoo!", b"12345"), FMT, DATA),
        "sox": riff(FMT, chunk(b"data", SAMPLES, 0x7FFFF000), size=0x7FFFF024),
        "ffmpeg": riff(FMT, chunk(b"data", SAMPLES, 0xFFFFFFFF), size=0xFFFFFFFF),
        "ffmpeg RF64": b"RF64" + riff(chunk(b"ds64", bytes(28)), FMT, chunk(b"data", SAMPLES, -1 % 2**32), size=0)[4:],
        "an unfinished recording": riff(FMT, chunk(b"data", SAMPLES, 0), size=0),
    }.items(),
    ids=lambda file: file[0],
)
def test_wav(file: tuple[str, bytes]) -> None:
    data = file[1]
    for between, (_, other) in itertools.product(SEPARATORS, SYNTHETIC.items()):
        if (between, other) != (b"", SYNTHETIC["quicktime"]):
            assert files(data + between + other) == [data, other], (between, other[:16])
    assert files(data) == [data]


@pytest.mark.parametrize("size", [None, 0, 12 + len(FMT + DATA)])
def test_a_complete_data_chunk_outranks_the_size_of_the_whole(size: int | None) -> None:
    data = riff(FMT, DATA, size=size)
    assert split(data + ALIEN) == [("wav", "exact", data), ("unknown", "end-of-input", ALIEN)]


def test_a_declared_length_is_trusted_and_not_searched() -> None:
    inside = riff(FMT, chunk(b"data", SYNTHETIC["flac"] + SYNTHETIC["wav"] + b"\x1c" + b"text " * 20))
    assert files(inside + inside) == [inside, inside]


def test_a_truncated_declared_length_takes_from_the_next() -> None:
    short = SYNTHETIC["wav"][:-500]
    first, second = SYNTHETIC["flac"], SYNTHETIC["ogg"]
    assert files(short + first + second)[-1] == second
