"""Sections and what is in them, voices, character, and prompts that hold a song or look where a question does."""

from __future__ import annotations

import re

import numpy as np
import orjson
import pytest
from bench.music.pieces import Note, Piece
from helpers import AUDIO, needs, needs_audio, noise, sh, tone, wav
from packing import lines, summary
from test_music import RATE, played

from natlib.pack.budget import size
from natlib.pack.focus import Focus
from natlib.pack.measures import Table
from natlib.pack.music.form import MOST, Form, Part, Section, ended, labelled, opened, whole
from natlib.pack.music.leadsheet import Bar
from natlib.pack.music.likeness import Likeness, Unit, borders, spread
from natlib.pack.music.units import Colours, parted
from natlib.pack.summary.character import Harmony
from natlib.pack.summary.contents import same_chords
from natlib.pack.summary.course import k_weight
from natlib.pack.summary.sections import turned

PIPE = "nat-split | nat-decode | nat-embed | nat-quantize"
CHORDS = {  # notes of four bars
    "A": ((48, 52, 55), (43, 47, 50), (45, 48, 52), (41, 45, 48)),
    "B": ((50, 53, 57), (48, 52, 55), (46, 50, 53), (45, 49, 52)),
}
TUNES = {
    "A": ((76, 72, 79, 76), (74, 71, 74, 79), (76, 81, 72, 76), (77, 72, 69, 72)),
    "B": ((81, 77, 74, 77), (79, 76, 84, 79), (77, 74, 82, 77), (76, 81, 73, 69)),
}
BEAT = 0.6  # seconds, at 100 a minute
BAR = 4 * BEAT


def song(form: str, quieter: str = "") -> Piece:
    """Sections of four bars: chords, a bass and a tune; drums in A."""
    made: list[Note] = []
    for bar in range(4 * len(form)):
        letter = form[bar // 4]
        chords, tunes = CHORDS[letter], TUNES[letter]
        soft = 40 if letter in quieter else 0
        for beat in range(4):
            start, chord = 16 * bar + 4 * beat, chords[bar % 4]
            made += [Note(start, 15, 1, note + 12, 64 - soft // 2) for note in chord if beat == 0]
            made += [Note(start, 4, 2, chord[0] - 12, 90 - soft), Note(start, 4, 0, tunes[bar % 4][beat], 100 - soft)]
            made += [Note(start + part, 1, 9, 42, 110 - 10 * part) for part in (0, 2) if letter == "A"]
    return Piece(made, [None] * len(made), {}, 100, 4, {})


@pytest.fixture(scope="module")
def tokens() -> bytes:
    return sh(PIPE, wav(played(song("AABBA", "B")), RATE)).stdout


@pytest.fixture(scope="module")
def told(tokens: bytes) -> list[dict]:
    return lines(sh("nat-pack", tokens).stdout)


def test_a_form_has_its_letters_and_borders_lie_on_bars(told: list[dict]) -> None:
    found = summary(told)
    assert found["form"] == "A B A"
    starts = [section["t"] for section in found["sections"]]
    assert starts[0] == 0 and np.allclose(starts[1:], [8 * BAR, 16 * BAR], atol=0.3)
    assert [section["end"] for section in found["sections"][:-1]] == starts[1:]


def test_sections_say_what_is_new_and_stand_before_the_summary(told: list[dict]) -> None:
    one, two, three = [line["section"] for line in told if "section" in line]
    place = told.index(next(line for line in told if "section" in line))
    assert {line.get("event", "section") for line in told[place:]} == {"section", "how_to_read", "summary", "end"}
    assert "Am" in " ".join(one["chord_loop"]) and one["bars"] == 8
    assert {"Dm", "Bb"} & {*"-".join(two["chord_loop"]).split("-")} and "strokes" not in two and two["leaves"]
    assert 6 <= one["loudness"] - two["loudness"] <= 25
    assert set(one["strokes"]) and all(set(pattern) <= {"x", "-"} for pattern in one["strokes"].values())
    assert three["like"] == 1 and three["label"] == "A" and "chord_loop" not in three and three["enters"]


def test_ndjson_read_again_tells_the_same_sections(tokens: bytes) -> None:
    once = sh("nat-pack", tokens).stdout
    assert [line for line in lines(sh("nat-pack", once).stdout) if "section" in line] == [
        line for line in lines(once) if "section" in line
    ]
    for bad in (
        {"n": 1},
        {"n": "x", "label": "A"},
        [],
        {"n": 2, "label": 5},
        {"n": 3, "label": "A", "strokes": {"low": 4}},
    ):
        line = orjson.dumps({"t": 1.0, "section": bad}) + b"\n"
        first, rest = once.split(b"\n", 1)
        assert sh("nat-pack --view words", first + b"\n" + line + rest).stderr == b""


def test_a_bar_may_end_long_after_the_sound() -> None:
    names = ["level", *(f"{kind}_{i}" for kind in ("treble_chroma", "bass_chroma") for i in range(12))]
    colours = Colours(Table([{"name": name} for name in names]), 12.5)
    colours.feed(np.full((63, len(names)), -20.0))
    bars = [Bar(start, start + 2, 0, True, [start], [0], [None], [], {}, -20, "", []) for start in (0.0, 2.0, 4.0)]
    assert [(unit.start, unit.end) for unit in colours.units(bars)] == [(0, 2), (2, 4), (4, 6)]


@pytest.mark.parametrize("view", ["ndjson", "words", "table"])
def test_prompts_tell_the_whole_first_then_sections_then_bars(tokens: bytes, view: str) -> None:
    texts = {
        budget: sh(f"nat-pack --prompt --view {view} --budget {budget}", tokens).stdout.decode()
        for budget in (500, 2000, 8000)
    }
    for budget, text in texts.items():
        assert size(text) <= budget and "Tempo 100" in text
    section = re.compile(r'"section"|section [123], [AB]\b')
    bar = re.compile(r'"bar"|\d \| |^\|', re.M)
    assert len(section.findall(texts[2000])) == len(section.findall(texts[8000])) == 3
    assert len(bar.findall(texts[500])) == 0 < len(bar.findall(texts[8000]))
    assert texts[8000].index("Tempo 100") < section.search(texts[8000]).start() < bar.search(texts[8000]).start()


def test_a_question_about_a_time_is_answered_from_there(tokens: bytes) -> None:
    def times(ask: str) -> list[float]:
        text = sh(f"nat-pack --prompt --view words --budget 1100 --ask '{ask}'", tokens).stdout.decode()
        return [float(time) for time in re.findall(r"^([0-9.]+)(?: \([0-9:]+\))? \| ", text, re.M)]

    near, far = times("What happens at 0:12?"), times("And what at 40 s?")
    assert near and far and abs(np.median(near) - 12) < 6 and abs(np.median(far) - 40) < 6


def test_times_in_questions() -> None:
    assert Focus.of("what happens at 2:10?").stretches == [(130, 130)]
    assert Focus.of("from 1:02:10 to 1:02:30").stretches == [(3730, 3750)]
    assert Focus.of("between 70 s and 90 seconds, or at 3 min").stretches == [(70, 90), (180, 180)]
    assert not Focus.of("what is its mood in 4/4?") and not Focus.of(None)
    focus = Focus.of("at 0:20 and 1:00-1:10")
    assert [focus.distance(*when) for when in ((10, 15), (19, 21), (65, 65), (80, 90))] == [5, 0, 0, 10]


def test_an_hour_of_music_is_told_by_sections_of_many_bars() -> None:
    """Units are joined: neither time nor memory grow with the square of the length."""
    kinds = [(np.eye(48, dtype=np.int64)[12 * i] * 256, np.full(30, 400 * i)) for i in range(3)]
    units = [
        Unit(2.0 * i, 2.0 * i + 2, *kinds[(i // 64) % 3], [8 * ((i // 64) % 3)], [], [], {}) for i in range(4 * MOST)
    ]
    found = Form()(units)
    assert [found[0].begin, found[-1].end] == [0, len(units)] and len({section.label for section in found}) == 3
    assert all(abs(section.begin - 64 * round(section.begin / 64)) <= 4 for section in found)


def test_parts_of_a_form() -> None:
    new, again = Part(0, 8, 0, 0), Part(8, 12, 8, 0)
    assert opened([new, again]) == [Part(0, 4, 0, 0), Part(4, 8, 0, 0), again]
    assert labelled(opened([new, again])) == [Section(0, 4, 0), Section(4, 8, 1), Section(8, 12, 0)]
    looped = Part(0, 8, 0, 4)
    assert labelled(opened([looped, again])) == [Section(0, 12, 0)]
    assert whole([0, 0, 0, 1, 2, 2]) == [0, 0, 0, 0, 2, 2]
    assert ended([Section(0, 8, 0), Section(8, 9, 1)]) == [Section(0, 9, 0)]
    assert ended([Section(0, 8, 0), Section(8, 12, 1)]) == [Section(0, 8, 0), Section(8, 12, 1)]


def test_likeness_is_one_with_itself_and_borders_stand_where_units_change() -> None:
    rng = np.random.default_rng(2)
    kinds = [(rng.integers(0, 256, 48), rng.integers(0, 900, 30)) for _ in range(2)]
    units = [Unit(i, i + 1, *kinds[i >= 6], [0], [40], [60, None], {"low": "x---"}) for i in range(12)]
    likeness = Likeness(units)
    rows = np.array([likeness.row(i) for i in range(12)])
    assert (rows[0, 1, :3] >= 255).all() and rows[0, 1, 11:].tolist() == [0, 0]
    assert (rows == rows.transpose(1, 0, 2)).all()
    assert borders(rows)[:, 0].argmax() == 6
    assert spread([1, None]) == [1] * 12 + [-1] * 12 and spread([]) == [-1] * 24


def test_stretches_without_bars_are_cut_where_chords_change() -> None:
    assert [*parted(0, 8, [2, 4.1, 5.9], 2)] == [(0, 2), (2, 4.1), (4.1, 5.9), (5.9, 8)]
    assert [*parted(0, 8, [4], 2)] == [(0, 2), (2, 4), (4, 6), (6, 8)]
    assert [*parted(1, 3, [1.2, 2.9], 2)] == [(1, 3)]


def test_a_turn_in_the_midst_of_a_bar_moves_a_border_but_a_near_bar_stays() -> None:
    assert turned([0, 10, 20], [12.5]) == [0, 12.5, 20]
    assert turned([0, 10, 20], [10.4]) == [0, 10, 20]
    assert turned([0, 10, 20], [27]) == [0, 10, 20]


def test_what_is_no_music_has_sections_too() -> None:
    loud, soft = noise(20, amplitude=0.3), noise(20, amplitude=0.02)
    told = lines(sh(f"{PIPE} | nat-pack", wav(np.concatenate((loud, soft, loud)))).stdout)
    sections = [line["section"] for line in told if "section" in line]
    assert [section["label"] for section in sections] == ["A", "B", "A"]
    assert "bars" not in sections[0] and "onset_rate" in sections[0] and sections[2]["like"] == 1
    assert abs(sections[0]["loudness"] - sections[1]["loudness"] - 20 * np.log10(15)) < 1
    assert not any("section" in line for line in lines(sh(f"{PIPE} | nat-pack", wav(tone(440, 3))).stdout))


@needs_audio
@pytest.mark.parametrize(("one", "other"), [("brahms_hungarian_dance_5", "fishin_folk_pop_vocal"),
    ("vibe_ace_jazz", "nutcracker_sugar_plum"), ("fishin_folk_pop_vocal", "vibe_ace_jazz")])  # fmt: skip
def test_two_recordings_joined_have_a_border_where_they_meet(one: str, other: str) -> None:
    import soundfile

    parts = [
        soundfile.read(AUDIO / f"music/{name}.ogg", always_2d=True)[0].mean(axis=1)[: 30 * RATE]
        for name in (one, other)
    ]
    found = summary(lines(sh(f"{PIPE} | nat-pack", wav(np.concatenate(parts), RATE)).stdout))
    assert min(abs(section["t"] - len(parts[0]) / RATE) for section in found["sections"]) <= 1


@needs("espeak-ng")
def test_a_voice_over_a_band_is_told_when_it_is_there_and_no_other_time(tmp_path) -> None:
    band = played(song("AAAA"))
    words = "we go along the river every evening and we sing of what we have seen there"
    sh(f"espeak-ng -w said.wav -s 130 '{words}'", cwd=tmp_path)
    import soundfile
    import soxr

    said, rate = soundfile.read(tmp_path / "said.wav")
    said = np.tile(soxr.resample(said, rate, RATE), 4)[: 12 * RATE]
    mixed = band.copy()
    mixed[10 * RATE : 22 * RATE] += said / np.abs(said).max() * np.abs(band).max() * 1.5
    alone, both = (summary(lines(sh(f"{PIPE} | nat-pack", wav(each / 3, RATE)).stdout)) for each in (band, mixed))
    assert alone.get("voice", {"percent": 0})["percent"] <= 5
    voice = both["voice"]
    inside = sum(max(0, min(b, 22) - max(a, 10)) for a, b in voice["spans"])
    assert inside >= 8 and sum(b - a for a, b in voice["spans"]) - inside <= 2
    assert 1 <= voice["syllable_rate"] <= 7 and voice["sibilance"] < -3
    assert re.search(r"Voice-like \d+ % of the time, ", both["in_words"])


def test_character_of_a_piece(told: list[dict]) -> None:
    found = summary(told)
    assert 40 <= found["harmony"]["major_percent"] <= 90 and 0.5 <= found["harmony"]["changes_per_bar"] <= 1.3
    assert found["rubato_percent"] <= 3 and 50 <= found["legato_percent"] <= 100
    assert {"mid_register", "high_register"} & found["playing"].keys()
    assert "of the chords major" in found["in_words"] and "beats even to" in found["in_words"]


def test_harmony_counts_beats() -> None:
    harmony = Harmony(Table([]), 12.5)
    for chords in ([0, 0, 9, 9], [0, 2, 0, 2], [8, 8, 8, 8], [0, 0, 0, 0]):  # C, C#m; C, C7; C#
        harmony.bar(Bar(0, 1, 0, True, [0, 0.25, 0.5, 0.75], chords, [], [], {}, -20, "even", []), True)
    assert harmony.result() == {"harmony": {"major_percent": 88, "plain_percent": 88, "changes_per_bar": 1.8}}


def test_small_rules() -> None:
    assert same_chords(["C", "G", "F"], ["C", "G", "Am", "F"]) and not same_chords(["C", "F"], ["G", "F"])
    assert abs(10 * np.log10(k_weight(997) / k_weight(100)) - 1.8) < 0.4  # BS.1770: 0.69 and -1.1 dB
