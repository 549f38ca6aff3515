"""Bars, tempo, metre, key and chords: of music, of clicks, of what is no music; how lines tell them."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import pairwise

import numpy as np
import pytest
from bench.music import ndjson
from bench.music.pieces import Truth, compose
from helpers import HANGS, needs, noise, sh, wav
from packing import lines
from test_music import RATE, played

from natlib import notes
from natlib.pack import wording
from natlib.pack.music.leadsheet import Bar
from natlib.pack.music.told import REMEMBERED, Numbered, described, sound, spelled
from natlib.wire import Head

PIPE = "nat-split | nat-decode | nat-embed | nat-quantize"
PIECES = {3: "beats of three parts", 5: "a band", 9: "a guitar"}  # of seed 5


@pytest.fixture(scope="module")
def heard() -> dict[int, tuple[Truth, bytes]]:
    """Pieces: their truth, and their tokens."""
    found = {}
    for number in PIECES:
        piece = compose(5, number)
        found[number] = piece.truth, sh(PIPE, wav(played(piece), RATE)).stdout
    return found


def at(entries: list[list[object]], time: float) -> object:
    """What of [from, to, what] is there at a time."""
    return next((what for start, end, what in entries if start <= time < end), None)


def triad(name: object) -> object:
    """A chord's root and third: Am7 and Am are alike."""
    found = re.fullmatch(r"([A-G][#b]?)(m(?!aj)|dim)?.*", name) if isinstance(name, str) else None
    return found and (notes.CLASSES[found[1]], bool(found[2]))


@pytest.mark.parametrize("number", PIECES, ids=PIECES.values())
def test_a_piece_is_written_down(heard: dict[int, tuple[Truth, bytes]], number: int) -> None:
    truth, tokens = heard[number]
    told = ndjson.told(lines(sh("nat-pack", tokens).stdout))
    assert told["tempo"] == pytest.approx(truth["tempo"], rel=0.02)
    assert (told["meter"], told["compound"], told["swing"]) == (truth["meter"], truth["compound"], truth["swing"])
    assert told["key"] == truth["key"]
    for name in ("downbeats", "beats"):
        near = [min(abs(time - other) for other in told[name]) < 0.07 for time in truth[name]]
        assert np.mean(near) > 0.9 and len(told[name]) < 1.1 * len(truth[name]), name
    middles = [(a + b) / 2 for a, b in pairwise(truth["beats"])]
    chords = [(at(truth["chords"], time), at(told["chords"], time)) for time in middles]
    assert np.mean([triad(a) == triad(b) for a, b in chords]) > 0.9
    for name, least in (("bass", 0.9), ("tune", 0.8)):
        asked = [start + 0.4 * (end - start) for start, end, _ in truth[name]]
        assert np.mean([at(truth[name], time) == at(told[name], time) for time in asked]) > least, name


def test_drums_stand_on_the_grid(heard: dict[int, tuple[Truth, bytes]]) -> None:
    truth, tokens = heard[5]
    bars = {line["t"]: line["bar"] for line in lines(sh("nat-pack", tokens).stdout) if "bar" in line}
    patterns = [bar["strokes"]["high"] for bar in bars.values() if "high" in bar.get("strokes", {})]
    first = [time - truth["downbeats"][0] for time, region in truth["drums"] if region == "high"]
    part = 60 / truth["tempo"] / 4
    wanted = {round(time / part) for time in first if time < 16 * part - 0.01}
    assert {place for place, sign in enumerate(patterns[0]) if sign == "x"} == wanted


def test_bars_do_not_depend_on_how_tokens_arrive(heard: dict[int, tuple[Truth, bytes]]) -> None:
    tokens = heard[5][1]
    whole = sh("nat-pack", tokens).stdout
    slow = "(for i in 0 1 2 3 4 5 6 7; do head -c 9000; sleep 0.2; done; cat) | nat-pack"
    assert sh(slow, tokens, timeout=HANGS).stdout == whole
    assert sh("nat-pack", whole).stdout == whole  # from NDJSON, the same lines in the same places
    for options in ("--view table", "--view words", "--prompt", "--budget 3000"):
        assert sh(f"nat-pack {options}", whole).stdout == sh(f"nat-pack {options}", tokens).stdout, options


def test_a_bar_comes_twelve_seconds_after_its_end_at_the_latest(heard: dict[int, tuple[Truth, bytes]]) -> None:
    latest, starts, late = 0.0, [], []
    for line in lines(sh("nat-pack", heard[5][1]).stdout):
        if "bar" in line:
            starts.append(line["t"])
            late.append(latest)
        elif "S0" in line or "A0" in line:
            latest = line["t"]
    ends = starts[1:]
    waits = [now - end for now, end in zip(late, ends, strict=False)]
    assert len(waits) > 10 and max(waits) < 9  # and three seconds in nat-embed and in blocks


def test_where_bars_are_told_scenes_say_less(heard: dict[int, tuple[Truth, bytes]]) -> None:
    told = lines(sh("nat-pack", heard[5][1]).stdout)
    scenes = [line for line in told if "scene" in line]
    assert any("notes" in line["scene"] for line in scenes if line["t"] < 5)
    assert not [line for line in scenes if 15 < line["t"] < 25 and line["scene"].keys() & {"notes", "pulse"}]


def clicks(times: list[float], seconds: float, drawn: list[float] | None = None) -> np.ndarray:
    sound = np.zeros(round(seconds * RATE))
    for place, time in enumerate(times):
        length = drawn[place] if drawn else 0.03
        click = noise(length, RATE, 0.5, place) * np.exp(-np.arange(round(length * RATE)) / RATE * 120)
        start = round(time * RATE)
        sound[start : start + len(click)] += click[: len(sound) - start]
    return sound


@pytest.mark.parametrize("bpm", [40, 66, 75, 80, 120, 174, 220])
def test_a_metronome(bpm: int) -> None:
    times = np.arange(0.3, 19.9, 60 / bpm).tolist()
    [summary] = [line for line in lines(sh(f"{PIPE} | nat-pack", wav(clicks(times, 20), RATE)).stdout)
                 if line.get("event") == "summary"]  # fmt: skip
    assert summary["tempo"]["bpm"] == pytest.approx(bpm, rel=0.02)
    assert summary["tempo"]["alternative_bpm"] in (pytest.approx(bpm / 2, rel=0.02), pytest.approx(2 * bpm, rel=0.02))


def test_nothing_of_it_where_there_is_no_beat() -> None:
    sounds = {
        "noise": noise(20, RATE, 0.3, 1),
        "a tone": 0.3 * np.sin(2 * np.pi * 440 * np.arange(20 * RATE) / RATE),
        "silence": np.zeros(20 * RATE),
    }
    for name, samples in sounds.items():
        told = lines(sh(f"{PIPE} | nat-pack", wav(samples, RATE)).stdout)
        assert not [line for line in told if "bar" in line], name
        [summary] = [line for line in told if line.get("event") == "summary"]
        assert not summary.keys() & {"tempo", "meter", "key", "chord_loop"}, name


def test_clicks_at_random_times_have_no_bars_and_hardly_a_tempo() -> None:
    tempi = 0
    for seed in range(5):
        rng = np.random.default_rng(seed)
        times = np.sort(rng.uniform(0.2, 19.8, 30)).tolist()
        samples = clicks(times, 20, rng.uniform(0.01, 0.2, 30).tolist())
        told = lines(sh(f"{PIPE} | nat-pack", wav(samples, RATE)).stdout)
        assert not [line for line in told if "bar" in line]
        tempi += any("tempo" in line for line in told)
    assert tempi <= 1


@needs("espeak-ng")
def test_speech_has_no_bars() -> None:
    text = "The north wind and the sun were disputing which was the stronger, when a traveler came along. " * 2
    told = lines(sh(f'espeak-ng --stdout "{text}" | {PIPE} | nat-pack').stdout)
    assert not [line for line in told if "bar" in line]


# What the lines say.


def bar(**told: object) -> Bar:
    fields = {"start": 0.0, "end": 2.0, "known": 9, "follows": True, "beats": [0, 0.5, 1, 1.5], "level": -18.2,
              "division": "even", "evidence": [], "melody": [76, 76, None, 74], "bass": [45, 45, 41, None],
              "strokes": {"low": "x---x---x---x---"}, "chords": [73, 73, 40, 96]}  # fmt: skip
    return Bar(**{**fields, **told})


TOLD = {"beats": 4, "level": -18, "chords": [["Am", 2], ["F", 1], [None, 1]], "bass": ["A2", "A2", "F2", None],
        "melody": ["E5", "E5", None, "D5"], "strokes": {"low": "x---x---x---x---"}}  # fmt: skip


def test_a_bar_in_names() -> None:
    assert described(bar()) == TOLD
    bare = described(bar(chords=[96] * 4, bass=[None] * 4, melody=[None] * 8, strokes={}))
    assert bare == {"beats": 4, "level": -18}
    flats = spelled({"n": 1, "chords": [["Bbm7", 4]], "melody": ["Eb5", None]}, notes.spelling(11, "major"))
    assert flats == {"n": 1, "chords": [["A#m7", 4]], "melody": ["D#5", None]}
    assert notes.chord_spelled("N.C.", notes.NAMES) == "N.C."


def test_like_an_earlier_bar() -> None:
    numbered = Numbered()
    assert numbered(dict(TOLD)) == {"n": 1, **TOLD}
    assert numbered(dict(TOLD)) == {"n": 2, "like": 1}
    assert numbered({**TOLD, "level": -14, "melody": ["C5"]}) == {"n": 3, "like": 1, "level": -14, "melody": ["C5"]}
    nearly = {**TOLD, "strokes": {"low": "x---x---x-------"}}
    assert numbered(nearly) == {"n": 4, "like": 1}  # a stroke more or less is the same pattern
    other = {"beats": 3, "level": -18, "chords": [["E7", 3]], "bass": ["E2", "E2", "E2"]}
    assert numbered(other) == {"n": 5, **other}
    shorter = {key: value for key, value in TOLD.items() if key != "strokes"}
    assert "like" not in numbered(shorter)  # nothing says that no stroke is heard
    for place in range(REMEMBERED):
        numbered({"beats": 4, "level": -18, "bass": [notes.note_name(20 + place % 90)], "melody": [f"C{place}"]})
    assert "like" not in numbered(other)  # long past


def test_bars_of_other_programs() -> None:
    assert sound({"n": 1, "chords": [["Am", 4]], "strokes": {"low": "x"}}) == {
        "n": 1, "chords": [["Am", 4]], "strokes": {"low": "x"},
    }  # fmt: skip
    assert sound({"n": 1, "chords": [["Am"]], "strokes": {"low": 3}}) == {"n": 1}
    assert sound({"beats": 4}) == {} and sound({"n": True, "beats": 4}) == {}


@pytest.mark.parametrize("options", ["", "--view table", "--view words", "--budget 3000", "--prompt"])
def test_nonsense_in_bars_is_left_out(piece: bytes, options: str) -> None:
    told = sh("nat-pack", piece).stdout.splitlines(keepends=True)
    nonsense: list[object] = [{}, [], 7, {"n": "x"}, {"n": 99, "like": 98, "chords": 5, "bass": {}, "melody": [[1]]},
                              {"n": 9876, "beats": "xyzzy", "strokes": {"low": None}, "level": []}]  # fmt: skip
    import orjson

    extra = b"".join(orjson.dumps({"t": 3.0, "bar": each}) + b"\n" for each in nonsense)
    out = sh(f"nat-pack {options}", b"".join([*told[:-2], extra, *told[-2:]])).stdout
    assert b"xyzzy" not in out


def test_words_of_a_bar() -> None:
    fields: Head = {"n": 7, **TOLD, "end": 4.5}
    assert wording.bar(fields) == "7: Am . F - | A2 . F2 - | E5 . - D5 | low x---x---x---x--- | -18 dB | ends at 4.5"
    assert wording.bar({"n": 8, "like": 7}) == "8 = 7"
    assert wording.bar({"n": 9, "like": 7, "melody": [None, "A4", "A4"]}) == "9 = 7: - A4 ."


def test_a_budget_takes_bars_that_are_no_others_first(heard: dict[int, tuple[Truth, bytes]]) -> None:
    tokens = heard[5][1]
    all_bars = [line["bar"] for line in lines(sh("nat-pack", tokens).stdout) if "bar" in line]
    part = lines(sh("nat-pack --budget 2200", tokens).stdout)
    told = [line["bar"] for line in part if "bar" in line]
    assert 0 < len(told) < len(all_bars) and not [each for each in told if "like" in each]
    assert f"bars ({len(told)} of {len(all_bars)} are told)" in part[0]["pack"]["left_out"]
    starts = [line["t"] for line in part if "bar" in line]
    assert starts == sorted(starts) and bisect_right(starts, 0.0) <= 1
