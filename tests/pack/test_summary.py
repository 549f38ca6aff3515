"""The summary line and its words: loudness, sounds, tones, tempo, key, sections."""

from __future__ import annotations

import re

import numpy as np
import pytest
from helpers import sh
from packing import lines, row, scenes_of, sounds_of, summary_of

from natlib import demo as synth
from natlib import notes
from natlib.pack import wording
from natlib.pack.measures import Table
from natlib.pack.sentences import swelling, tell
from natlib.pack.summary.line import Summary


def test_the_summary_of_lines_clicks_and_modulation() -> None:
    measured = [
        row(level=-20, peak_0=240 if k % 2 else 3000, clicks=k % 5 == 0, am_rate=17, am_depth=5, tonality=0.8)
        for k in range(100)
    ]
    got = summary_of(measured)
    assert got["spectral_lines"] == [[240, 50], [3000, 50]]
    assert got["click_rate"] == 2.5 and got["polyphony"] == {"one": 0, "several": 100}
    assert (got["am_percent"], got["am"]) == (100, [17.0, 5])
    said = tell(got, 8.0)
    assert "Lasting spectral lines at 240 Hz, 3000 Hz. Mostly several tones at once. Modulated at 17 Hz by 5 dB" in said


def test_the_summary_of_swell() -> None:
    table = Table([{"name": name} for name in ("level", *(f"band_{i}" for i in range(6)))])

    def swell(levels: list[float], bands: tuple[float, ...]) -> list[int] | None:
        summary = Summary(table, 12.5)
        summary.feed(np.array([[level, *bands] for level in levels]))
        found: list[int] | None = summary.head().get("swell")
        return found

    even, cut = (-8.0,) * 6, (-6.0,) * 4 + (np.nan,) * 2
    assert swell([-20] * 100, even) == [0, 0, 0]
    assert swell([-40 + 10 * (k // 25) for k in range(100)], even) == [30, 30, 30]
    assert swell([-40 + 10 * (k // 25) for k in range(100)], cut) == [30, 30]  # of a recording that ends at 2500 Hz
    assert swell([-20] * 30, even) is None  # too short to be told
    assert swell([200] * 100, (299.0,) * 6) == [0, 0, 0]
    assert swelling([0, 2]) == "steady: half seconds lie within 2 dB everywhere"
    said = "half seconds lie within 2 dB in the lows (steady), 7 dB in the mids, 21 dB in the highs"
    assert swelling([2, 7, 21]) == said
    assert swelling([4, 5, 4]).startswith("nearly steady: half seconds lie within 4 dB in the lows")


def test_a_rough_tone_is_no_noise() -> None:
    buzz = {"level": -20, "tonality": 0.1, "centroid": 1500, "periodicity": 0.38, "f0": 240}
    measured = [row(**buzz)] * 100
    scene = scenes_of(measured[:6], 6)[0]
    assert scene == {"level": -20, "centroid": 1500, "tonality": 10, "periodicity": 38, "f0": 240}
    assert wording.describe(scene) == "rough tone around 1600 Hz, f0 240 Hz"
    got = summary_of(measured)
    assert (got["f0_percent"], got["f0_median"], got["f0_quartiles"]) == (100, 240, [240, 240])
    said = tell(got, 8.0)
    assert "Rough tone around 1600 Hz" in said and "F0 100 % of the time, mostly 240 Hz" in said
    [(_, _, sound)] = sounds_of(
        [row(level=-70)] * 3 + [row(**buzz, onset_strength=20)] + measured[:5] + [row(level=-70)] * 5
    )
    assert sound["periodicity"] == 38 and sound["f0"] == 240
    faint = [row(**buzz | {"periodicity": 0.2})] * 2 + [row(level=-20, periodicity=0.1)] * 4
    assert scenes_of(faint, 6)[0]["f0"] == 240
    faint = tell(summary_of([row(**buzz | {"periodicity": 0.2})] * 100), 8.0)
    assert "Rough tone" in faint  # it holds its frequency
    wild = [row(**buzz | {"periodicity": 0.2, "f0": 240 + 5 * k}) for k in range(100)]
    assert "oise around 1600 Hz" in tell(summary_of(wild), 8.0)
    assert "Unsteady tone" in tell(summary_of([row(**buzz | {"periodicity": 0.6})] * 100), 8.0)
    assert "periodicity" not in scenes_of([row(level=-20, f0=240)] * 6, 6)[0]
    sung = {**buzz, "pitch": 240, "salience": 0.9}
    assert "f0_percent" not in summary_of([row(**sung)] * 100)  # a pitch is said as such


def test_what_a_noise_has_not_is_said() -> None:
    hiss = {"level": -20, "band_0": -3, "tonality": 0.1}
    quiet = summary_of([row(**hiss, clicks=0)] * 100)
    assert quiet["click_rate"] == 0
    assert tell(quiet, 8.0).endswith("No clicks. No regular pulse or modulation.")
    one = summary_of([row(**hiss, clicks=k == 9) for k in range(100)])
    assert "Hardly a click." in tell(one, 8.0)
    beating = summary_of([row(**hiss, clicks=0, pulse=4, pulse_clarity=0.9)] * 100)
    assert "Regular pulse at 4.0 Hz" in tell(beating, 8.0) and "No regular" not in tell(beating, 8.0)
    late = tell(summary_of([row(**hiss, clicks=k == 9) for k in range(600)]), 48.0)
    assert "Hardly a click." in late  # one in 48 s
    told = tell(summary_of([row(**hiss)] * 100), 8.0)
    assert "click" not in told  # that was not measured
    assert "No regular" not in tell(summary_of([row(**hiss, clicks=0)] * 20), 1.6)  # too short to tell
    strokes = ([row(**hiss, clicks=0, onset_strength=20)] + [row(**hiss, clicks=0)] * 5 + [row(level=-60)] * 6) * 8
    assert "No regular" not in tell(summary_of(strokes), 7.7)
    assert "click" not in tell(summary_of([row(level=-20, tonality=0.9, clicks=0)] * 100), 8.0)


def test_the_summary_of_a_rhythm() -> None:
    low = {"onset_strength_0": 30, "onset_strength_1": 0}
    high = {"onset_strength_0": 0, "onset_strength_1": 30}
    measured = []
    for k in range(16):
        gaps = 5 if k % 3 else 10
        measured += [row(level=-12, onset_strength=20, onset_time=0, **(low if k % 4 == 0 else high))] + [
            row(level=-30)
        ] * gaps
    sounds = summary_of(measured)["sounds"]
    assert sounds["count"] == 16 and sounds["low_band"]["count"] == 4 and sounds["high_band"]["count"] == 12
    assert summary_of([frame for k in range(12) for frame in measured[:6] * (1 + k % 2)])["sounds"]["count"] == 18


def test_pitch_and_attacks_of_the_whole() -> None:
    measured = [
        row(level=-12, pitch=440, salience=0.9),
        row(level=-12, onset_strength=20, onset_time=0),
        *[row(level=-12)] * 2,
    ] * 20
    got = summary_of(measured)
    assert (got["pitch_percent"], got["pitch_range"], got["pitch_median"]) == (25, ["A4", "A4"], "A4")
    rhythm = {"count": 20, "duration": 0.32, "ioi": 0.32, "ioi_sd": 0.0}
    assert got["sounds"] == {**rhythm, "onset_strength": 20, "level_sd": 0, "pattern": 20 * "a"}
    assert (got["levels"], got["quiet_percent"], got["cut"]) == ([-12, -12, -12], 0, ["end"])


def test_notes_are_counted_that_begin_without_an_attack() -> None:
    hertz = [440, 494, 523, 440]
    held = [row(level=-12, pitch=hz, salience=0.9) for hz in hertz for _ in range(8)]
    held[0] = row(level=-12, pitch=440, salience=0.9, onset_strength=20)
    got = summary_of([row(level=-50)] * 5 + held + [row(level=-50)] * 5)
    assert got["pitched_sounds"] == 4 and got["sounds"]["count"] == 1
    assert ", 4 sounds with a pitch" in tell(got, 3.0)


def chord(*classes: int, level: int = -20) -> list[int]:
    """A frame in which these pitch classes sound, the first one in the bass."""
    treble = {f"treble_chroma_{i}": 0.9 if i in classes else 0.02 for i in range(12)}
    return row(level=level, **treble, **{f"bass_chroma_{i}": 0.9 if i == classes[0] else 0.02 for i in range(12)})


@pytest.mark.parametrize("tonic", range(12))
@pytest.mark.parametrize("mode", ["major", "minor"])
def test_key(tonic: int, mode: str) -> None:
    third = 4 if mode == "major" else 3
    steps = [(0, third), (5, third), (7, 4), (0, third)]  # I IV V I, i iv V i
    chords = [[(tonic + root + step) % 12 for step in (0, own, 7)] for root, own in steps]
    measured = [chord(*classes) for _ in range(3) for classes in chords for _ in range(25)]
    key = summary_of(measured)["key"]
    assert (notes.CLASSES[key["tonic"]], key["mode"]) == (tonic, mode) and key["confidence"] > 0.4


def test_a_key_that_changes() -> None:
    def cadence(tonic: int) -> list[list[int]]:
        chords = [[(tonic + root + step) % 12 for step in (0, 4, 7)] for root in (0, 5, 7, 0)]
        return [chord(*classes) for _ in range(5) for classes in chords for _ in range(25)]

    got = summary_of(cadence(0) + cadence(6))
    [change] = got["key_changes"]
    assert change["t"] == pytest.approx(40, abs=8) and notes.CLASSES[change["tonic"]] == 6
    assert "key_changes" not in summary_of(cadence(0) * 2)


def test_no_key_where_all_pitch_classes_are_alike() -> None:
    alike = {f"{kind}_chroma_{i}": 0.5 for kind in ("treble", "bass") for i in range(12)}
    assert "key" not in summary_of([row(level=-20, **alike)] * 300)
    assert "key" not in summary_of([row(level=-20) for _ in range(300)])


@pytest.mark.parametrize("form", ["ABA", "ABAB", "AABA", "ABCA"])
def test_sections_of_synthetic_pieces(form: str) -> None:
    rng = np.random.default_rng(2)
    kinds = {
        "A": {"level": -30, "centroid": 500, "band_0": -2, "tonality": 0.9},
        "B": {"level": -12, "centroid": 3000, "band_0": -15, "tonality": 0.3},
        "C": {"level": -20, "centroid": 200, "band_0": 0, "tonality": 0.1},
    }
    measured = []
    for letter in form:
        for _ in range(round(12 * 12.5)):
            measured.append(
                row(**{name: value * (1 + 0.05 * rng.standard_normal()) for name, value in kinds[letter].items()})
            )
    got = summary_of(measured)
    merged = re.sub(r"(.)\1+", r"\1", form)
    assert got["form"].replace(" ", "") == merged
    starts = [12 * i for i, letter in enumerate(form) if i == 0 or form[i - 1] != letter]
    assert all(abs(section["t"] - start) <= 1 for section, start in zip(got["sections"], starts, strict=True))


def test_no_sections_in_what_stays_the_same() -> None:
    rng = np.random.default_rng(3)
    measured = [row(level=-20 + rng.standard_normal(), centroid=900 + 50 * rng.standard_normal()) for _ in range(800)]
    assert "sections" not in summary_of(measured)


def test_the_demo_s_form_and_tempo_are_told(piece: bytes) -> None:
    summary = next(line for line in lines(sh("nat-pack", piece).stdout) if line.get("event") == "summary")
    assert summary["form"] == "A B A"
    assert [abs(section["t"] - start) <= 1 for section, start in zip(summary["sections"], (0, 8, 16), strict=True)] == [
        True
    ] * 3
    tempo = summary["tempo"]
    assert any(abs(value / synth.TEMPO - 1) < 0.04 for value in (tempo["bpm"], tempo["alternative_bpm"]))
