"""What is said once: scenes that say what the last one said, sounds that are like an earlier one."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import sh, wav
from packing import lines, row, tokens

from natlib.pack.once import Repeats, Scene, Sound, alike, expanded, filled, same
from natlib.repeats import moments
from natlib.wire import Head

CLICK: Head = {"duration": 0.08, "max_level": -12, "onset_strength": 30, "centroid": 2000, "decay": 300}


def told(times: list[float], levels: list[int] | None = None, patience: float = 5.0) -> list[Sound]:
    """The lines for clicks at these times."""
    repeats, found = Repeats(patience), []
    for i, time in enumerate(times):
        fields = {**CLICK, "max_level": levels[i]} if levels else CLICK
        found += repeats.take(Sound(int(12.5 * time), time, fields))
    return found + list(repeats.finish())


def test_alike_sounds_are_one_line_with_their_count_and_spacing() -> None:
    first, rest = told([round(0.16 * i, 2) for i in range(1, 30)])
    assert (first.kind, first.fields, rest.kind) == ("sound", CLICK, "repeats")
    assert rest.fields == {"of": 0.16, "count": 28, "ioi": 0.16, "until": 4.64} and rest.start == 0.32
    _, rest = told([1.0, 1.2, 1.9, 2.0], [-12, -12, -6, -12])
    assert rest.fields == {"of": 1.0, "count": 3, "times": [1.2, 1.9, 2.0], "max_levels": [-12, -6, -12]}
    _, single = told([1.0, 1.2])
    assert single.fields == {"of": 1.0, "count": 1} and single.start == 1.2


def test_who_listens_live_need_not_wait_for_the_end_of_a_run() -> None:
    lines_of = told([round(0.5 * i, 2) for i in range(60)])
    assert [line.kind for line in lines_of[:3]] == ["sound", "repeats", "repeats"] and len(lines_of) > 4
    assert len(told([round(0.5 * i, 2) for i in range(60)], patience=1e9)) == 2
    assert sum(line.number for line in lines_of) == 60


def test_what_was_told_once_is_had_again() -> None:
    times = [0.5, 0.66, 0.82, 0.98, 1.5, 2.9]
    levels = [-12, -12, -20, -12, -12, -11]
    again = expanded(told(times, levels), lambda time: int(12.5 * time))
    assert [sound.start for sound in again] == times
    assert [sound.fields["max_level"] for sound in again] == levels
    assert moments(1.0, {"of": 0.5, "count": 10**15, "until": 2.0})[-1] == 2.0


@pytest.mark.parametrize("change", [
    {"pitch": "A4"}, {"max_level": -30}, {"onset_strength": 10}, {"duration": 0.6}, {"centroid": 4000},
    {"centroid_contour": [2000, 500], "centroid": None},
])  # fmt: skip
def test_what_sounds_otherwise_is_no_repetition(change: Head) -> None:
    other = {name: value for name, value in {**CLICK, **change}.items() if value is not None}
    assert alike(CLICK, CLICK) and not alike(other, CLICK)


def test_a_scene_that_says_nothing_new_is_left_out_and_had_again() -> None:
    last = {"level": -20, "centroid": 1000, "tonality": 40, "pitch": "A4"}
    assert same({**last, "level": -18, "centroid": 1100, "tonality": 47}, last)
    for change in ({"level": -15}, {"centroid": 2000}, {"pitch": "B4"}, {"onsets": 1}, {"peak": 300}, {"tonality": 60}):
        assert not same({**last, **change}, last), change
    scenes = filled([Scene(0, {**last, "onsets": 2}), Scene(18, {"level": -40})], 6, 30)
    assert [scene.frame for scene in scenes] == [0, 6, 12, 18, 24]
    assert scenes[1].fields == last and scenes[4].fields == {"level": -40}


def test_steady_sound_is_told_once_and_every_tells_all() -> None:
    data = tokens([row(level=-20, centroid=900, tonality=0.9, pitch=440, salience=0.9)] * 100)
    assert [line["t"] for line in lines(sh("nat-pack", data).stdout) if "scene" in line] == [0]
    assert len([line for line in lines(sh("nat-pack --every", data).stdout) if "scene" in line]) == 17
    packed = sh("nat-pack", data).stdout
    for options in ("--prompt", "--view table", "--budget 1500", "--every"):
        assert sh(f"nat-pack {options}", packed).stdout.count(b"440") == sh(f"nat-pack {options}", data).stdout.count(
            b"440"
        )


def test_thirty_clicks_are_one_line(tmp_path: object) -> None:
    sound = np.zeros(44100 * 6)
    for i in range(33):
        at = int(44100 * (0.5 + 0.16 * i))
        sound[at : at + 200] = np.hanning(200) * np.sin(np.arange(200)) * (0.9 if i in (10, 18) else 0.4)
    heard = sh("nat-split | nat-decode | nat-embed | nat-quantize", wav(sound)).stdout
    out = lines(sh("nat-pack", heard).stdout)
    assert sum("sound" in line for line in out) <= 3
    repeated = [line["repeats"] for line in out if "repeats" in line]
    assert 28 <= sum(fields["count"] for fields in repeated) + sum("sound" in line for line in out) <= 34
    assert any(abs(fields.get("ioi", 0) - 0.16) < 0.005 for fields in repeated)
    every = lines(sh("nat-pack --every", heard).stdout)
    assert sum("sound" in line for line in every) >= 30 and not any("repeats" in line for line in every)
    words = sh("nat-pack --view words", heard).stdout.decode()
    assert "every 0.16 s until" in words
