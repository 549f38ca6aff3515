"""Scene lines: what frames measure together, and scenes made longer."""

from __future__ import annotations

import math

from helpers import sh
from packing import lines, row, scenes_of

from natlib.pack import merge
from natlib.pack.once import Scene


def test_a_scene_measures_its_frames() -> None:
    steady = row(
        level=-20, band_0=-3, band_1=-9, centroid=1234, tonality=0.8, pitch=440, salience=0.9, modulation_0=1,
        modulation_1=7, grain=9,
    )  # fmt: skip
    rising = row(level=-20, band_0=-3, pitch=523.2, salience=0.9, onset_strength=12, pulse=3.14, pulse_clarity=0.9)
    [scene] = scenes_of([steady] * 3 + [rising] * 3, 6)
    assert scene == {
        "level": -20,
        "centroid": 1200,
        "tonality": 80,
        "pitch_contour": ["A4", "C5"],
        "onsets": 3,
        "pulse": 3.1,
        "bands": [-3, -9],
        "modulation": [1, 7],
    }
    assert scenes_of([row()], 6) == [{}]
    begun, again = scenes_of([row(level=-20, onset_strength=40), row(level=-20)] * 2, 2)
    assert "onsets" not in begun and again["onsets"] == 1  # the first was there before
    vague = row(level=-20, pitch=440, salience=0.2, pulse=3, pulse_clarity=0.1, grain=8)
    assert scenes_of([vague] * 3, 2) == [
        {"level": -20, "grain": 8, "vague_pitch": "A4"},
        {"level": -20, "grain": 8},
    ]  # two frames that agree, and one


def test_a_scene_says_what_has_no_pitch() -> None:
    chirp = row(level=-20, peak_0=4200, clicks=1, am_rate=31.2, am_depth=6)
    higher = row(level=-20, peak_0=5300, clicks=0, am_rate=31.5, am_depth=6)
    [scene] = scenes_of([chirp] * 3 + [higher] * 3, 6)
    assert scene == {"level": -20, "peak_contour": [4200, 5300], "clicks": 3, "am": [31.2, 6]}
    jumps = [row(level=-20, peak_0=hz) for hz in (300, 5000, 900)]
    assert scenes_of(jumps, 3) == [{"level": -20}]
    voice = row(level=-20, pitch=125, salience=0.5, am_rate=62.5, am_depth=6)  # its own subharmonic
    assert scenes_of([voice] * 3, 3) == [{"level": -20, "vague_pitch": "B2"}]


def test_scenes_come_twice_a_second_and_can_be_left_out(piece: bytes) -> None:
    times = [line["t"] for line in lines(sh("nat-pack --every", piece).stdout) if "scene" in line]
    assert times == [round(0.48 * n, 3) for n in range(len(times))] and len(times) == math.ceil(313 / 6)
    assert b'"scene":{' not in sh("nat-pack --scene 0", piece).stdout
    assert [line["t"] for line in lines(sh("nat-pack --scene 4 --every", piece).stdout) if "scene" in line][:3] == [
        0,
        4,
        8,
    ]


def test_scenes_are_merged_by_the_rules_by_which_they_were_made() -> None:
    first = {"level": -20, "centroid": 400, "tonality": 80, "pitch_contour": ["A4", "C5"], "pitch_classes": ["A", "E"],
             "lowest": "A1", "bands": [-3, None]}  # fmt: skip
    second = {"level": -20, "centroid": 600, "tonality": 60, "pitch": "C5", "pitch_classes": ["A", "C"], "lowest": "A1",
              "onsets": 2}  # fmt: skip
    assert merge.whole([{**first, "onsets": 1}, {**second, "bands": [-3, -9]}]) == {
        "level": -20, "centroid": 500, "tonality": 70, "pitch_contour": ["A4", "C5"], "pitch_classes": ["A", "E", "C"],
        "lowest": "A1", "onsets": 3, "bands": [-3, -9],
    }  # fmt: skip
    rough = {"level": -10, "tonality": 10, "grain": 4, "peak_contour": [300, 400], "periodicity": 40, "f0": 120,
             "am": [30.0, 6], "clicks": 2}  # fmt: skip
    plain = {"level": -90, "tonality": 20, "modulation": [2, 4, 0, 0], "pulse": 2.0, "vibrato": [5.0, 30]}
    assert merge.whole([rough, rough, plain]) == {
        "level": -12, "tonality": 13, "grain": 3, "peak_contour": [300, 400], "periodicity": 40, "f0": 120, "clicks": 4,
        "am": [30.0, 6], "modulation": [2, 4, 0, 0],
    }  # fmt: skip
    assert [scene.frame for scene in merge.Joined([Scene(6 * i, first) for i in range(8)], 0.48)(4)] == [
        0,
        12,
        24,
        36,
    ]
    said = [{"level": -20, "centroid": 1, "modulation": [7]}, {"level": -21, "centroid": 1}, {"level": -120},
            {"level": -20, "centroid": 1, "tonality": 3}]  # fmt: skip
    assert [fields for _, fields in merge.carried([Scene(i, fields) for i, fields in enumerate(said)])] == [
        said[0], {**said[1], "modulation": [7]}, {"level": -120}, {**said[3], "modulation": [7], "grain": 0},
    ]  # fmt: skip
