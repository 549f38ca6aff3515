"""The piano roll of bar lines, and what NDJSON says over a spectrogram."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from drawn import CLOSE, HEARD, TOKENS, image, sound, view
from helpers import sh, stream, wav
from PIL import Image

from natlib import demo, wire
from natlib.plot.marks import read
from natlib.plot.ndjson import Ndjson
from natlib.plot.roll import MOST, Bars, tones
from natlib.wire import Head

FULL: Head = {"n": 7, "beats": 4, "chords": [["Am", 2], [None, 1], ["F", 1]], "bass": ["A1", None, "F1", "F1"],
              "melody": ["E5", "E5", None, "C5"], "strokes": {"low": "x---x---", "high": "-x-x-x-x"}}  # fmt: skip
LINES: list[Head] = [
    {"t": 4.0, "bar": {"n": 8, "like": 7, "melody": ["G5", None], "end": 5.5}},  # known before the one that it is like
    {"t": 2.0, "bar": FULL},
]
WRONG: list[object] = [7, {"n": "x"}, {"n": 9, "beats": 10**9, "melody": ["H2"] * 3, "bass": {}, "strokes": [1]},
                       {"n": 10, "like": 99, "chords": [[1, 2], ["Am", "x"], []], "melody": ["E5"] * 9999}]  # fmt: skip


def heard(*more: Head) -> bytes:
    return stream(*HEARD[:-2], *more, *HEARD[-2:])


def test_bars_are_where_and_what_their_lines_say() -> None:
    bars = Bars()
    for line in reversed(LINES):
        bars.add(line["t"], line["bar"])
    first, second = bars.bars()
    assert (first.start, first.end, second.start, second.end) == (2.0, 4.0, 4.0, 5.5)
    assert [*first.line("bass")] == [(2.0, 2.5, 33), (3.0, 4.0, 29)]
    assert [*first.line("melody")] == [(2.0, 3.0, 76), (3.5, 4.0, 72)]
    assert [*first.chords()] == [(2.0, 3.0, "Am"), (3.5, 4.0, "F")]
    assert first.strokes("low") == [2.0, 3.0] and first.strokes("mid") == []
    assert [*second.line("melody")] == [(4.0, 4.75, 79)] and [*second.line("bass")][0] == (4.0, 4.375, 33)
    assert [note for *_, note in tones(first.chords())] == [57, 48, 52, 53, 57, 48]


def test_the_roll_of_music() -> None:
    text = sh("nat-split | nat-decode | nat-embed | nat-quantize | nat-pack", wav(demo.piece())).stdout
    made = view(text)
    assert isinstance(made, Ndjson) and len(made.bars.bars()) > 8
    picture = sh("nat-plot --what bars --format svg", text)
    assert picture.stderr == b""
    for said in (b"<!-- melody -->", b"<!-- bass -->", b"<!-- chord -->", b"<!-- Am -->", b"<!-- C5 -->"):
        assert said in picture.stdout, said
    assert image(sh("nat-plot", text).stdout).height > 900


def test_bars_of_others_are_drawn_as_far_as_they_make_sense() -> None:
    odd = [{"t": 1.0 + place, "bar": each} for place, each in enumerate(WRONG)]
    done = sh("nat-plot --format svg", heard(*LINES, *odd))
    assert done.stderr == b"" and b"<!-- melody -->" in done.stdout
    assert sh("nat-plot", heard({"t": 1e300, "bar": FULL}, {"t": "x", "bar": FULL})).stderr == b""


def test_a_hundred_thousand_bars_are_no_trouble() -> None:
    bars = Bars()
    for number in range(100_000):
        bars.add(2.0 * number, {**FULL, "n": number})
    assert len(bars.bars()) == MOST and bars.more == 100_000 - MOST
    many = heard(*({"t": 0.001 * number, "bar": {**FULL, "n": number}} for number in range(5000)))
    assert sh("nat-plot --what bars", many, timeout=120).stderr == b""


def test_marks_lie_over_the_spectrogram(tmp_path: Path) -> None:
    marks = tmp_path / "heard.ndjson"
    marks.write_bytes(heard({"t": 0.1, "bar": {**FULL, "end": 0.9}}))
    plain = sh("nat-plot --what spectrogram", stream(*sound(), CLOSE)).stdout
    marked = sh(f"nat-plot --what spectrogram --marks {marks}", stream(*sound(), CLOSE)).stdout
    assert np.asarray(image(plain)).shape == np.asarray(image(marked)).shape and plain != marked
    said = Image.open(io.BytesIO(marked)).info["Description"]
    assert "Am" in said and "; A;" in said  # a chord, a section


def test_marks_know_when_a_recording_starts(tmp_path: Path) -> None:
    header, *rest = HEARD
    marks = tmp_path / "heard.ndjson"
    marks.write_bytes(stream({**header, "t0": 60.0}, {"t": 61.0, "bar": FULL}, *rest[-1:]))
    [item] = read(str(marks))
    assert [bar.start for bar in item.moved(item.start - 58.0)] == [3.0]


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", b"expected NDJSON of nat-pack, got an empty file"),
        (b"# words\n", b'line 1: expected a JSON object, got "# words'),
        (b'{"t":1}\n', b"line 1: expected a header of nat-pack, got"),
        (TOKENS[:3000], b'line 1: expected NDJSON of nat-pack, got a header of "tokens"'),
        (None, b"No such file or directory"),
    ],
)
def test_marks_that_are_none(content: bytes | None, message: bytes, tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    if content is not None:
        marks.write_bytes(content)
    done = sh(f"nat-plot --marks {marks}", stream(*sound(), CLOSE), status=1)
    assert message in done.stderr and str(marks).encode() in done.stderr


def test_marks_of_other_items(tmp_path: Path) -> None:
    marks = tmp_path / "heard.ndjson"
    marks.write_bytes(heard())
    two = stream(*sound(), *sound("two"), CLOSE)
    done = sh(f"nat-plot --marks {marks}", two, status=1)
    assert b"two: " in done.stderr and b"expected marks of item 1, got 1 item" in done.stderr
    assert b"expected a pcm stream with --marks, got tokens" in sh(f"nat-plot --marks {marks}", TOKENS, status=1).stderr
    assert wire.MAX_LINE < 1 << 20  # no line of the file is held longer
