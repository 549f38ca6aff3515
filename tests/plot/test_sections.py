"""The sections of NDJSON: in pictures, as marks, in a report."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest
from drawn import BARS, HEARD, ITEMS, SECTIONS, VOICE, image, sound, view
from helpers import sh, stream
from PIL import Image
from test_layout import boxes, faults
from test_marks import eight as eight_seconds
from test_report import Page

from natlib.plot import strip
from natlib.plot.drawing import Drawing
from natlib.plot.figure import compose
from natlib.plot.marks import Told
from natlib.plot.ndjson import Ndjson
from natlib.plot.pcm import Pcm
from natlib.plot.sections import KEPT, LETTERS, SPANS, WORDS, Sections
from natlib.wire import Head

ROWS = ["sections", "progression", "LUFS", "voice (%)", "change", "strokes"]
TEXT = stream(*ITEMS["sections"])

EVIL = "A\n|</td><b>"

ODD = (None, True, -1, 0, 7.5, 1e300, float("inf"), "", "x", EVIL, "9" * 999, [], {}, [None], ["x"] * 999,
       ["x" * 999], [["C"]], {"low": 7}, {"low": ""}, {"mid": "x" * 257}, {"high": "?" * 200}, {"other": "x-"},
       ["A1", "C5"], [1, 2], 10**18)  # fmt: skip


def said(picture: bytes) -> str:
    """The words of a PNG."""
    return str(Image.open(io.BytesIO(picture)).info["Description"])


def gathered(*lines: Head, start: float = 0.0, until: float = 100.0) -> Sections:
    """The sections of lines and summaries."""
    sections = Sections(start)
    for line in lines:
        if fields := line.get("section"):
            sections.line(line.get("t"), fields)
        else:
            sections.summary(line)
    sections.finish(until)
    return sections


def test_sections_are_drawn_with_what_is_new_in_them() -> None:
    done = sh("nat-plot --what sections", TEXT)
    assert done.stderr == b""
    words = said(done.stdout)
    for told in ("A; B; A", "|: Am F-C :|; Dm G7", "E; |: Am F-C :|", "−17; −12; −14", "0; 96; 0",
                 "+voice +notes from C5 on; −voice"):  # fmt: skip
        assert told in words, told
    svg = sh("nat-plot --format svg", TEXT).stdout.decode()
    assert all(f"<!-- {name} -->" in svg for name in ROWS)
    early = stream(
        HEARD[0], *SECTIONS, *ITEMS["sections"][1:-5], *ITEMS["sections"][-2:]
    )  # as collected NDJSON has them
    assert said(sh("nat-plot --what sections", early).stdout) == words


def test_lines_say_more_than_the_summary_and_stand_for_it() -> None:
    lined, listed = (view(stream(*ITEMS[kind], {"event": "close"})) for kind in ("sections", "bars"))
    assert isinstance(lined, Ndjson) and isinstance(listed, Ndjson)
    assert [section[:3] for section in lined.sections.found] == [(0, 3.21, "A"), (3.21, 6.4, "B"), (6.4, 8, "A")]
    assert [section[:3] for section in listed.sections.found] == [(0, 3.2, "A"), (3.2, 6.4, "B"), (6.4, 8, "A")]
    assert lined.borders == [3.21, 6.4] and listed.borders == [3.2, 6.4]
    assert strip.rows(lined.sections) == ROWS and strip.rows(listed.sections) == ["sections"]
    assert listed.panels()["sections"].height == 0.25 < lined.panels()["sections"].height
    assert "Sections" in lined.tables() and "Sections" not in listed.tables()


def test_a_section_has_what_the_one_has_that_it_is_like() -> None:
    last = {"t": 8.0, "section": {"n": 4, "label": "A", "like": 3, "end": 9.5, "progression": ["E"]}}
    first, _, third, fourth = gathered(*reversed([*SECTIONS, last])).found
    assert third.chords == ["|:", "Am", "F-C", ":|"] and not third.new("chords") and third.new("loudness")
    assert third.whole["strokes"] == first.whole["strokes"] and third.whole["loudness"] == -14.4
    assert fourth.chords == ["E"] and fourth.new("chords") and fourth.whole["loudness"] == -14.4
    assert "leaves" not in fourth.whole and fourth.end == 9.5
    for like in (9, 2, -3, "1", 1e300):
        (alone,) = gathered({"t": 1.0, "section": {"n": 2, "label": "A", "like": like}}).found
        assert not alone.chords and (alone.start, alone.end) == (1.0, 100.0)


def test_sections_end_where_the_next_one_begins() -> None:
    lines: list[Head] = [
        {"t": 0, "section": {"label": "A", "end": 9}}, {"t": 4, "section": {"label": "B", "end": 3}},
        {"t": 8, "section": {"label": "x", "end": 10}}, {"t": 8, "section": {"label": "C", "end": 10}},
        {"t": 20, "section": {"label": "D", "end": 1e5}}, {"t": 99, "section": {"label": "E"}},
    ]  # fmt: skip
    found = gathered(*lines, until=30).found
    assert [section[:3] for section in found] == [(0, 4, "A"), (4, 8, "B"), (8, 10, "C"), (20, 30, "D")]
    moved = gathered(*lines, {"voice": {"spans": [[1, 7], [9, 50], [3, 2], ["x", 3], [4]]}}, start=6, until=12)
    assert [section[:3] for section in moved.found] == [(0, 2, "B"), (2, 4, "C")]
    assert moved.voice == [(0, 1), (3, 12)]


def test_what_makes_no_sense_costs_nothing(tmp_path: Path) -> None:
    chance = random.Random(3)
    names = ["n", "like", "end", "label", "bars", "loudness", "level", "onsets_per_bar", "centroid", "register",
             "voice_percent", "chord_loop", "progression", "strokes", "enters", "leaves"]  # fmt: skip
    lines: list[Head] = [
        {"t": chance.choice([chance.uniform(0, 8), *ODD[:5]]), "section": {name: chance.choice(ODD) for name in names}}
        for _ in range(300)
    ]
    worst: Head = {"t": 7.9, "section": {"label": EVIL, "enters": [EVIL], "strokes": {"low": EVIL}}}
    spoiled: Head = {**VOICE, "voice": {"spans": [None, [1], ["x", 2], [2, 1], [1e300, 2], [0, 9e5]]}, "sections": 7}
    odd = stream(HEARD[0], *lines, *HEARD[1:-2], *BARS, {"t": 1, "section": 3}, worst, spoiled, HEARD[-1])
    (tmp_path / "odd").write_bytes(odd)
    for command in ("nat-plot", "nat-plot --what sections --size 4x3", "nat-plot --report page.html"):
        assert sh(command, odd, cwd=tmp_path).stderr == b""
    assert sh("nat-plot --marks odd", stream(*sound(), {"event": "close"}), cwd=tmp_path).stderr == b""
    assert "<b>" in Page(tmp_path / "page.html").text and not Page(tmp_path / "page.html").all("b")


def test_no_more_is_kept_than_is_drawn() -> None:
    words = {"enters": ["x" * 10**4] * 10**3, "label": "x" * 10**4, "n": 1}
    spans: Head = {"voice": {"spans": [[i, i + 0.5] for i in range(3 * SPANS)]}}
    sections = gathered(*({"t": i, "section": {**words}} for i in range(3 * KEPT)), spans, until=1e6)
    assert len(sections.found) == KEPT and len(sections.voice) == SPANS
    assert all(len(each.label) == LETTERS for each in sections.found)
    assert all([*map(len, each.whole["enters"])] == [LETTERS] * WORDS for each in sections.found)


def test_the_rows_that_have_room_are_drawn() -> None:
    shown = view(stream(*ITEMS["sections"], {"event": "close"}))
    for height, rows in ((1.1, 1), (1.5, 3), (3.0, 6)):
        figure = compose(Drawing("light", (6.0, height), 100, "sections"), [shown])
        drawn, printed = boxes(figure)
        assert len({text.get_text() for text, _ in printed} & {*ROWS}) == rows
        assert not list(faults(figure, drawn, printed))


@pytest.mark.parametrize("seconds", [30, 180])
def test_labels_of_a_song_have_room(seconds: int) -> None:
    step = seconds / 15
    told = [{**SECTIONS[i % 3]["section"], "n": i + 1, "end": step * (i + 1)} for i in range(15)]
    lines: list[Head] = [{"t": step * i, "section": fields} for i, fields in enumerate(told)]
    frames = [{"t": 0.0, "S0": 1}, {"event": "end", "frames": int(12.5 * seconds)}]
    made = view(stream(HEARD[0], frames[0], *lines, VOICE, frames[1], {"event": "close"}))
    for theme in ("light", "dark"):
        figure = compose(Drawing(theme, None, 100, None), [made])
        assert not list(faults(figure, *boxes(figure)))


def test_marks_show_sections_with_what_is_new_in_them(tmp_path: Path) -> None:
    (tmp_path / "heard").write_bytes(TEXT)
    (tmp_path / "old").write_bytes(stream(*ITEMS["bars"]))
    eight = stream(*eight_seconds(), {"event": "close"})
    plain, old, new = (sh(f"nat-plot {marks}", eight, cwd=tmp_path) for marks in ("", "--marks old", "--marks heard"))
    assert new.stderr == b""
    assert image(plain.stdout).height < image(old.stdout).height < image(new.stdout).height
    for told in ("|: Am F-C :|; Dm G7", "−17; −12; −14", "+voice", "Gsus4"):
        assert told in said(new.stdout) and told not in said(plain.stdout), told
    made = view(eight)
    assert isinstance(made, Pcm)
    made.marks = Told(str(tmp_path / "heard")).item(0, "one", 0.0, 8.0)
    for theme, size, rows in (("light", None, 6), ("dark", (4.0, 4.2), 3), ("light", (4.0, 3.6), 1)):
        figure = compose(Drawing(theme, size, 100, None), [made])
        drawn, printed = boxes(figure)
        assert {text.get_text() for text, _ in printed} & {*ROWS} == {*ROWS[:rows]}
        assert not list(faults(figure, drawn, printed))


def test_a_report_has_a_table_of_sections(tmp_path: Path) -> None:
    assert sh("nat-plot --report page.html", TEXT, cwd=tmp_path).stderr == b""
    page = Page(tmp_path / "page.html")
    for told in (
        "Sections",
        "loudness (LUFS)",
        "attacks a bar",
        "strokes of a typical bar",
        "0.0–3.2",
        "A1–C#5",
        "|: Am F-C :|",
        "−17.1",
        "1200",
        "high x-x-x-x-x-x-x-x-\nlow  x-------x-------",
        "voice, notes from C5",
    ):
        assert told in page.text, told
    assert "attacks a second" not in page.text  # a column that would be empty
    assert {cell.get("class") for cell in page.all("td")} >= {"faint", "tab", "tab faint", "whole", "whole faint"}
    assert sh("nat-plot --report old.html", stream(*ITEMS["bars"]), cwd=tmp_path).stderr == b""
    assert "loudness (LUFS)" not in Page(tmp_path / "old.html").text
