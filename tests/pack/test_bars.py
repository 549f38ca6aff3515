"""Bars, tempo, metre, key and chords: of music, of clicks, of what is no music; how lines tell them."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import pairwise

import numpy as np
import orjson
import pytest
from bench.music import ndjson
from bench.music.pieces import Note, Piece, Truth, compose
from helpers import HANGS, needs, noise, records, sh, stream, wav
from packing import lines
from test_music import RATE, played

from natlib import notes
from natlib.pack import contours, wording
from natlib.pack.measures import Table
from natlib.pack.music.leadsheet import Bar
from natlib.pack.music.told import BEGINS, HOLDS, REMEMBERED, Numbered, Sure, described, sound, spelled
from natlib.pack.summary.bars import ChordLoop
from natlib.wire import Head

PIPE = "nat-split | nat-decode | nat-embed | nat-quantize"
NEEDED = ["level", "lead", "voice", "note_0", "note_onset_1", "note_level_2", "stroke_1", "stroke_time_2", "tone_onset"]
PIECES = {3: "beats of three parts", 5: "a band", 9: "a guitar"}  # of seed 5


@pytest.fixture(scope="module")
def heard() -> dict[int, tuple[Truth, bytes]]:
    """Pieces: their truth, and their tokens."""
    found = {}
    for number in PIECES:
        piece = compose(5, number)
        found[number] = piece.truth, sh(PIPE, wav(played(piece), RATE)).stdout
    return found


LOOP = {"C": (48, 52, 55), "G": (43, 47, 50), "Am": (45, 48, 52), "F": (41, 45, 48)}  # I V vi IV
TUNE = ((76, 72, 79, 76), (74, 71, 74, 79), (76, 81, 72, 76), (77, 72, 69, 72))
BEAT = 0.6  # seconds, at 100 a minute


def looped(bars: int) -> np.ndarray:
    """Four chords again and again, at 100 beats a minute: a note a beat in tune and bass, drums."""
    made: list[Note] = []
    for bar in range(bars):
        for beat in range(4):
            start, chord = 16 * bar + 4 * beat, [*LOOP.values()][bar % 4]
            made += [Note(start, 15, 1, note + 12, 64) for note in chord if beat == 0]
            made += [Note(start, 4, 2, chord[0] - 12, 90), Note(start, 4, 0, TUNE[bar % 4][beat], 100)]
            made += [Note(start + part, 1, 9, 42, 110 - 10 * part) for part in (0, 2)]
    return played(Piece(made, [None] * len(made), {}, 100, 4, {}))


@pytest.fixture(scope="module")
def loop() -> bytes:
    """Sixteen bars of it, 38.4 s, as tokens."""
    return sh(PIPE, wav(looped(16), RATE)).stdout


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


def test_four_chords_again_and_again(loop: bytes) -> None:
    told = lines(sh("nat-pack", loop).stdout)
    starts = [line["t"] for line in told if "bar" in line]
    assert starts == pytest.approx([4 * BEAT * number for number in range(16)], abs=0.07)
    [summary] = [line for line in told if line.get("event") == "summary"]
    assert summary["tempo"]["bpm"] == pytest.approx(100, rel=0.02)
    assert {**summary["meter"], "confidence": 1} == {"beats": 4, "compound": False, "swing": False, "confidence": 1}
    assert (summary["key"]["tonic"], summary["key"]["mode"]) == ("C", "major") and "key_changes" not in summary
    assert summary["chord_loop"] == [*LOOP] and summary["chord_loop_percent"] >= 75
    assert all(0.3 < summary[name]["confidence"] <= 1 for name in ("tempo", "meter", "key"))
    assert "Tempo 100 BPM (or 50). 4 beats in a bar. Key C major. Chords C G Am F again" in summary["in_words"]
    bars = [line["bar"] for line in told if "bar" in line]
    assert [each["n"] for each in bars] == [*range(1, 17)]
    assert sum("like" in each for each in bars) >= 10 and all(each.get("like", 0) < each["n"] for each in bars)
    assert ["end" in each for each in bars] == 15 * [False] + [True]


def test_bars_in_a_table_and_in_words(loop: bytes) -> None:
    bars = [line for line in lines(sh("nat-pack", loop).stdout) if "bar" in line]
    for view, mark in (("table", "|{:g} "), ("words", "{:g} | ")):
        told = sh(f"nat-pack --view {view}", loop).stdout.decode()
        want = [mark.format(line["t"]) + wording.bar(line["bar"]) for line in bars]
        assert re.fullmatch(r"\S+ (\| )?1: C \. \. \. \| C2 \. \. \. \| E5 .*", want[0])
        assert [line for line in told.splitlines() if line in want] == want
        assert told.index("as on a lead sheet") < told.index(want[0]) and told.count("as on a lead sheet") == 1


def test_bars_end_where_the_beat_ends() -> None:
    """The last one is told while it is silent, and nothing after it."""
    told = lines(sh(f"{PIPE} | nat-pack", wav(np.append(looped(8), np.zeros(20 * RATE)), RATE)).stdout)
    bars = [line for line in told if "bar" in line]
    assert bars[-1]["bar"]["end"] == pytest.approx(8 * 4 * BEAT, abs=0.1) and len(bars) == 8
    behind = [line["t"] for line in told[told.index(bars[-1]) :] if "S0" in line or "A0" in line]
    assert behind and min(behind) < bars[-1]["bar"]["end"] + 12


def test_times_of_bars_are_those_of_the_recording() -> None:
    line = "nat-split | nat-decode --start 4.8 | nat-embed | nat-quantize | nat-pack --tag"
    bars = [line for line in lines(sh(line, wav(looped(8), RATE)).stdout) if "bar" in line]
    assert [each["t"] for each in bars] == pytest.approx([4 * BEAT * number for number in range(2, 8)], abs=0.07)
    assert all([*each] == ["t", "name", "bar"] for each in bars)


def test_bars_come_with_scenes_and_by_item(loop: bytes) -> None:
    assert not [line for line in lines(sh("nat-pack --scene 0", loop).stdout) if "bar" in line]
    told = [line for line in lines(sh("nat-pack", 2 * loop).stdout) if "bar" in line]
    assert len(told) == 32
    assert told[16:] == [{"t": line["t"], "item": 1, "bar": line["bar"]} for line in told[:16]]


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


def test_bars_are_told_from_a_sure_one_to_an_unsure_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sure, "odds", lambda _, bar: bar.evidence[0])
    sure = Sure()

    def told(odds: int, follows: bool = True) -> tuple[bool, bool]:
        found, last = sure(bar(evidence=[odds], follows=follows))
        return found, found and last

    assert told(BEGINS - 1) == (False, False)
    assert told(BEGINS) == told(HOLDS) == (True, False)
    assert told(HOLDS - 1) == (True, True)
    assert told(BEGINS - 1) == (False, False)  # not until one is sure again
    assert told(BEGINS, follows=False) == (True, True)
    assert told(BEGINS - 1) == (False, False)


def test_the_loop_of_chords() -> None:
    c, g, am, f = [0] * 4, [56] * 4, [73] * 4, [40] * 4

    def found(*bars: list[int], told: bool = True) -> Head:
        collector = ChordLoop(Table([]), 12.5)
        for chords in bars:
            collector.bar(bar(chords=chords), told)
        return collector.result()

    assert found(*[c, g, am, f] * 4) == {"chord_loop": ["C", "G", "Am", "F"], "chord_loop_percent": 100}
    assert found(*[c, f] * 4) == {"chord_loop": ["C", "F"], "chord_loop_percent": 100}
    assert found(*[[73, 73, 40, 40], g] * 3) == {"chord_loop": ["Am-F", "G"], "chord_loop_percent": 100}
    assert found(*[c, g, am, f] * 2, am, am, am, am) == {
        "chord_loop": ["C", "G", "Am", "F"], "chord_loop_percent": 67,
    }  # fmt: skip
    for bars in ([c] * 8, [c, g, am, f], [c, g, am, f, g, c, f, f], [[96] * 4, c] * 4, []):
        assert found(*bars) == {}
    assert found(*[c, g, am, f] * 4, told=False) == {}
    flats = contours.spelled({"chord_loop": ["Bbm-F", "Eb"]}, notes.spelling(11, "major"))
    assert flats == {"chord_loop": ["A#m-F", "D#"]}


@pytest.mark.parametrize("options", ["", "--view words", "--budget 3000"])
def test_measures_of_other_ears_have_bars_or_none(loop: bytes, options: str) -> None:
    """Whatever they measure, and however many frames a second there are: no trouble."""
    rng = np.random.default_rng(6)
    measures = records(loop)[0].head["measures"]
    data = b""
    for number in range(24):
        kept = [each for each in measures if number % 2 or each["name"] not in rng.choice(NEEDED, 2)]
        frames = int(rng.choice([1, 2, 7, 200]))
        low, high = [(-32768, 32767), (-40, 900), (0, 100)][number % 3]
        rows = rng.integers(low, high, (frames, 1 + len(kept)))
        rows[rng.random(rows.shape) < rng.choice([0, 0.9])] = -32768
        rows[:, 0] = 0
        header = {"event": "header", "kind": "tokens", "name": "a", "frame_rate": float(rng.choice([0.3, 12.5, 99]))}
        header |= {"layers": [{"name": "S0"}], "measures": kept}
        data += stream(header, ({"event": "data"}, rows.astype("<i2").tobytes()), {"event": "end"}, {"event": "close"})
    assert sh(f"nat-pack {options}", data).stderr == b""


@pytest.mark.parametrize("options", ["", "--view table", "--view words", "--budget 3000", "--prompt"])
def test_nonsense_in_bars_is_left_out(piece: bytes, options: str) -> None:
    told = sh("nat-pack", piece).stdout.splitlines(keepends=True)
    nonsense: list[object] = [{}, [], 7, {"n": "x"}, {"n": 99, "like": 98, "chords": 5, "bass": {}, "melody": [[1]]},
                              {"n": 9876, "beats": "xyzzy", "strokes": {"low": None}, "level": []},
                              {"n": 5, "chords": [["C", 1e10]], "bass": ["H9", "?"]}]  # fmt: skip
    extra = b"".join(orjson.dumps({"t": 3.0, "bar": each}) + b"\n" for each in nonsense)
    out = sh(f"nat-pack {options}", b"".join([*told[:-2], extra, *told[-2:]])).stdout
    assert b"xyzzy" not in out


def test_words_of_a_bar() -> None:
    fields: Head = {"n": 7, **TOLD, "end": 4.5}
    assert wording.bar(fields) == "7: Am . F - | A2 . F2 - | E5 . - D5 | low x---x---x---x--- | -18 dB | ends at 4.5"
    assert wording.bar({"n": 8, "like": 7}) == "8 = 7"
    assert wording.bar({"n": 1, "beats": 3}) == "1"
    assert wording.going(["Am", "Am", None, None, "Am"]) == "Am . - - Am"
    assert wording.bar({"n": 9, "like": 7, "melody": [None, "A4", "A4"]}) == "9 = 7: - A4 ."


def test_a_budget_takes_bars_that_are_no_others_first(heard: dict[int, tuple[Truth, bytes]]) -> None:
    tokens = heard[5][1]
    all_bars = [line["bar"] for line in lines(sh("nat-pack", tokens).stdout) if "bar" in line]
    part = lines(sh("nat-pack --budget 1700", tokens).stdout)
    told = [line["bar"] for line in part if "bar" in line]
    assert 0 < len(told) < len(all_bars) and not [each for each in told if "like" in each]
    assert f"bars ({len(told)} of {len(all_bars)} are told)" in part[0]["pack"]["left_out"]
    starts = [line["t"] for line in part if "bar" in line]
    assert starts == sorted(starts) and bisect_right(starts, 0.0) <= 1
