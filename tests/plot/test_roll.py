"""Piano rolls: of the bars that NDJSON tells, of the notes that frames measure."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from drawn import BARS, CLOSE, FRAMES, HEARD, ITEMS, NOTES, STREAMS, VOICES, image, one, view
from helpers import sh, stream, wav
from PIL import Image

from natlib import demo
from natlib.plot.bars import KNOWN, WAITING, Bar, Bars, tones
from natlib.plot.drawing import Drawing
from natlib.plot.features import Features
from natlib.plot.grid import KEPT, Grid, apart
from natlib.plot.ndjson import Ndjson
from natlib.plot.roll import EXACT, Spans
from natlib.plot.score import BASS, CHORDS, MELODY, STROKES, Score
from natlib.plot.sounding import ALL, LEAD, Sounding
from natlib.plot.tokens import Tokens
from natlib.wire import Head

FULL: Head = {"n": 7, "beats": 4, "level": -18, "chords": [["Am", 2], [None, 1], ["F", 1]],
              "bass": ["A1", None, "F1", "F1"], "melody": ["E5", "E5", None, "C5"],
              "strokes": {"low": "x---x---", "high": "-x-x-x-x"}}  # fmt: skip


def bars(*lines: Head, start: float = 0.0, until: float = 100.0) -> list[Bar]:
    """The bars that lines give."""
    found: list[Bar] = []
    taking = Bars(found.append)
    for line in lines:
        taking.add(line["t"] - start, line["bar"], start)
    taking.finish(until)
    return found


def heard(*more: Head) -> bytes:
    """NDJSON with more lines in it, the first of which are out of the order of their times."""
    return stream(*HEARD[:-2], *more, *HEARD[-2:])


def said(picture: bytes) -> str:
    """The words of a PNG."""
    return str(Image.open(io.BytesIO(picture)).info["Description"])


def test_bars_are_where_and_what_their_lines_say() -> None:
    lines: list[Head] = [
        {"t": 4.0, "bar": {"n": 8, "like": 7, "melody": ["G5", None], "end": 5.5}},  # before the one that it is like
        {"t": 2.0, "bar": FULL},
        {"t": 6.0, "bar": {"n": 9, "like": 8}},  # which is told only by being like another one
    ]
    first, second, third = bars(*lines)
    assert [(bar.start, bar.end) for bar in (first, second, third)] == [(2.0, 4.0), (4.0, 5.5), (6.0, 7.5)]
    assert [*first.line("bass")] == [(33, 2.0, 2.5), (29, 3.0, 4.0)]
    assert [*first.line("melody")] == [(76, 2.0, 3.0), (72, 3.5, 4.0)]
    assert [*first.chords()] == [("Am", 2.0, 3.0), ("F", 3.5, 4.0)]
    assert [*first.strokes()][:2] == [(0, 2.0, 2.25), (0, 3.0, 3.25)] and {row for row, *_ in first.strokes()} == {0, 2}
    assert [*second.line("melody")] == [(79, 4.0, 4.75)] and [*second.line("bass")][0] == (33, 4.0, 4.375)
    assert [*third.line("melody")] == [(79, 6.0, 6.75)]
    assert [bar.start for bar in bars(*lines, start=1.5)] == [0.5, 2.5, 4.5] and bars(*lines, start=1.5)[1].end == 4.0
    assert bars({"t": 3.0, "bar": {"n": 1}}, until=9.0) == [Bar(3.0, 9.0, 1, {"n": 1})]


def test_chords_are_spelled_out() -> None:
    for name, notes in (("Am", [9, 12, 16]), ("Bb", [10, 14, 17]), ("F#dim", [6, 9, 12]), ("Gsus4", [7, 12, 14]),
                        ("E5", [4, 11]), ("Cmaj7", [0, 4, 7, 11]), ("D7", [2, 6, 9, 12]), ("Cadd9", [])):  # fmt: skip
        assert tones(name) == notes


@pytest.mark.parametrize("bar", [
    {}, {"n": "7"}, {"n": 7.5}, {"n": True}, {"n": -1}, {**FULL, "beats": 0}, {**FULL, "beats": "4"},
    {**FULL, "end": "x"},
    {**FULL, "beats": 10**9}, {**FULL, "bass": ["A1"]}, {**FULL, "bass": {}}, {**FULL, "melody": []},
    {**FULL, "melody": ["E5"] * 9999}, {**FULL, "melody": ["H2"]}, {**FULL, "melody": [["E5"]]}, {**FULL, "melody": 7},
    {**FULL, "chords": "Am"}, {**FULL, "chords": [["Am"]]}, {**FULL, "chords": [["Am", 5]]}, {**FULL, "like": "7"},
    {**FULL, "chords": [[7, 2]]}, {**FULL, "chords": [["Am", "2"]]}, {**FULL, "chords": [["Am", -1]]},
    {**FULL, "chords": [["A\n", 1]]}, {**FULL, "chords": [["x", 1]]}, {**FULL, "strokes": ["x"]},
    {**FULL, "strokes": {"low": 7}}, {**FULL, "strokes": {"low": ""}}, {**FULL, "end": -3},
    {"n": 7, "bass": ["A1"] * 99},
])  # fmt: skip
def test_a_bar_that_makes_no_sense_is_skipped(bar: Head) -> None:
    before: Head = {"t": 1.0, "bar": {**FULL, "n": 6}}
    found = bars(before, {"t": 3.0, "bar": bar}, {"t": 6.0, "bar": {**FULL, "n": 8}})
    assert [(each.number, each.start, each.end) for each in found] == [(6, 1.0, 3.0), (8, 6.0, 8.0)]


def test_a_bar_that_is_like_none_has_only_borders() -> None:
    found = bars({"t": 1.0, "bar": {"n": 2, "like": 99}}, {"t": 2.0, "bar": {"n": 3, "like": 3}})
    assert [(bar.start, bar.end, bar.beats) for bar in found] == [(1.0, 2.0, 0), (2.0, 3.0, 0)]
    for bar in found:
        assert not [*bar.line("melody"), *bar.chords(), *bar.strokes()]
    score = Score()
    for time in (1.0, 2.0):
        score.bars.add(time, {"n": int(time), "like": 99})
    score.finish(5.0)
    assert "notes" in score.roll.panels() and not Score().roll.panels()


def test_lines_of_others_are_drawn_without_a_word() -> None:
    odd: list[Head] = [{"t": 1.0, "bar": 7}, {"t": 1e300, "bar": FULL}, {"t": "x", "bar": FULL}, {"t": -1, "bar": FULL},
                       {"t": 2.0, "bar": {"n": 9, "melody": ["H2"]}}, {"t": 3.0, "bar": {"n": None}}]  # fmt: skip
    done = sh("nat-plot --what notes", heard(*odd, *BARS))
    assert done.stderr == b""
    assert "Gsus4" not in said(done.stdout) and "; F; E7; " in said(done.stdout)
    assert sh("nat-plot", heard(*odd)).stderr == b""


def test_the_bars_of_music_become_a_roll() -> None:
    text = sh("nat-split | nat-decode | nat-embed | nat-quantize | nat-pack", wav(demo.piece())).stdout
    made = view(text)
    assert isinstance(made, Ndjson)
    told = text.count(b'"bar":{')
    assert len(made.score.grid.bars) == told > 8
    exact = made.score.roll.spans.exact
    assert exact is not None
    melody = exact[exact[:, 0] == MELODY]
    assert np.isin([69, 72, 76], melody[:, 1]).all() and 45 in exact[exact[:, 0] == BASS, 1]
    whole = said(sh("nat-plot", text).stdout)
    for words in ("chord; bass; melody", "Am; "):
        assert words in whole
    assert re.search(r"\b1; 2; 3; 4; 5", whole)
    assert list(made.panels())[:5] == ["sections", "level", "scenes", "notes", "layers"]


def test_without_bars_nothing_is_added() -> None:
    assert "notes" not in view(stream(*HEARD)).panels()
    assert "notes" not in view(stream(*ITEMS["tokens"], CLOSE)).panels()


def test_bars_come_in_order_however_late_their_lines() -> None:
    late = [{"t": 2.0 * place, "bar": {"n": place, "like": place + 1}} for place in range(3 * WAITING)]
    for first in range(0, len(late), 50):
        late[first : first + 50] = reversed(late[first : first + 50])
    late += [{"t": 6.0 * WAITING, "bar": {**FULL, "n": 3 * WAITING}}]
    found = bars(*late)
    assert [bar.number for bar in found] == [*range(3 * WAITING + 1)]
    assert found[-2].fields["melody"] == FULL["melody"]


def test_a_hundred_thousand_bars_need_no_minutes_and_no_more_memory() -> None:
    score = Score()
    for number in range(100_000):
        score.bars.add(2.0 * number, {**FULL, "n": number} if number % 2 else {"n": number, "like": 1})
    score.finish(200_000.0)
    assert score.roll.spans.exact is None and score.roll.spans.shares.nbytes < 1 << 24
    assert len(score.grid.bars) <= KEPT and len(score.bars._known) <= KNOWN
    shares = score.roll.spans.shares[MELODY]
    used = int(200_000 / score.roll.spans.width)
    assert np.allclose(shares[76, : used - 1], 0.5, atol=0.02) and np.allclose(shares[72, : used - 1], 0.25, atol=0.02)
    assert not shares[:, used + 1 :].any()
    assert len(score.grid.numbers(Drawing("light", None, 100, None))) > 5


def test_many_spans_are_the_share_of_time_that_they_take() -> None:
    random = np.random.default_rng(5)
    starts = random.uniform(-1, 3000, 3 * EXACT)
    ends = starts + random.exponential(0.5, len(starts))
    notes = random.integers(0, 128, len(starts))
    spans = Spans()
    for first in range(0, len(starts), 1000):
        part = slice(first, first + 1000)
        spans.add(CHORDS, zip(notes[part].tolist(), starts[part].tolist(), ends[part].tolist(), strict=True))
    spans.finish()
    assert spans.exact is None and spans.rows(CHORDS).size == 128 and not spans.rows(STROKES).size
    total = (ends - np.maximum(starts, 0))[ends > 0].sum()
    assert np.isclose(spans.shares.sum() * spans.width, total, rtol=1e-3)
    column, here = 1000, notes == 60
    low, high = column * spans.width, (column + 1) * spans.width
    expected = (np.minimum(ends, high) - np.maximum(starts, low)).clip(0)[here].sum() / spans.width
    assert np.isclose(spans.shares[CHORDS, 60, column], expected, atol=1e-3)


def test_few_chords_of_many_are_not_named() -> None:
    drawing = Drawing("light", None, 100, None)
    for count, named in ((8, True), (2000, False)):
        grid = Grid()
        for number in range(count):
            chords = [["Am", 2], ["F", 2]]
            grid.add(Bar(2.0 * number, 2.0 * number + 2, number + 1, {"n": number + 1, "beats": 4, "chords": chords}))
        grid.duration = 2.0 * count
        assert bool(grid.names(drawing)) == named and grid.numbers(drawing)
    assert apart([3.0, 1.0, 1.2, 2.0], 0.5) == [1.0, 2.0, 3.0]


def test_measured_notes_are_where_they_sound() -> None:
    for kind in ("tokens", "features"):
        if kind == "tokens":
            made = view(stream(*ITEMS["notes"], CLOSE))
        else:
            grid = np.where(NOTES == -32768, np.nan, NOTES.astype("<f4"))
            rows = np.hstack([np.zeros((FRAMES, 5)), grid]).astype("<f4")
            made = view(stream(*one(kind, rows.tobytes(), frame_rate=12.5, streams=STREAMS, measures=VOICES), CLOSE))
        assert isinstance(made, Tokens | Features)
        assert next(iter(made.panels())) == "notes"
        exact = made.sounding.roll.spans.exact
        assert exact is not None
        found = {
            part: sorted(map(tuple, exact[exact[:, 0] == part, 1:].round(3).tolist())) for part in (ALL, BASS, LEAD)
        }
        again = 50 / 12.5 + 0.04
        assert found[BASS] == [(45, 0.84, again), (45, again, 6.4)]
        assert found[ALL] == [*found[BASS], (64, 2.0, 6.4), (72, 7.2, 8.0)]
        assert found[LEAD] == [(64, 2.0, 6.4), (72, 7.2, 8.0)]


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_measured_notes_are_the_same_for_every_cutting(size: int) -> None:
    rows = np.where(NOTES == -32768, np.nan, NOTES * np.array([0.01, 0.01, 0.01, 1, 0.01, 0.01])).astype(np.float32)
    whole, cut = Sounding(VOICES, 12.5), Sounding(VOICES, 12.5)
    whole.add(rows)
    for first in range(0, FRAMES, size):
        cut.add(rows[first : first + size])
    for each in (whole, cut):
        each.finish()
    assert whole.roll.spans.exact is not None and cut.roll.spans.exact is not None
    assert np.array_equal(*(np.unique(each.roll.spans.exact, axis=0) for each in (whole, cut)))


def test_measures_that_are_no_notes_are_no_roll() -> None:
    entries: list[Head] = [{"name": "note_0"}, {"name": "bass", "unit": "dB"}, {"name": "lead", "unit": "MIDI note"}]
    rows = np.array([[60, 40, np.inf], [60, 40, -3e38], [60, 40, 500]], np.float32)
    made = Sounding(entries, 12.5)
    made.add(rows)
    made.finish()
    assert not made.panels()


def test_a_roll_is_drawn_in_every_form() -> None:
    for kind in ("bars", "notes"):
        text = stream(*ITEMS[kind], CLOSE)
        plain = sh("nat-plot --what notes --format svg", text)
        assert plain.stderr == b""
        for name in (b"bass", b"C5", *((b"Gsus4", b"low", b"melody") if kind == "bars" else (b"lead", b"notes"))):
            assert (b"<!-- %s -->" % name in plain.stdout) == (name != b"Gsus4"), name
        assert image(sh("nat-plot --theme dark --size 4x6", text).stdout).size == (600, 900)
