"""The fit of lead sheets: what is drawn is as its truth says, and the whole recipe works on very little."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from bench.ear.additive import additive
from bench.ear.rooms import RATE
from bench.leadsheet import clicks, examples, measures, sure
from bench.leadsheet.styles import PROGRESSIONS, free, tables

from natlib.network import MUSIC
from natlib.pack.music.steps import RATE as STEPS

HEARD = 40.0  # seconds of a piece


def piece(seed: str, file: Path) -> None:
    """A piece of a drawn style, its notes as plain sines; its measures are left in a file."""
    draw = random.Random(seed)
    one = free(draw)
    while one.tempo < 90 or not (one.truth["chords"] and one.truth["bass"] and one.truth["tune"]):
        one = free(draw)
    notes = [entry for entry in one.truth["notes"] if entry[0] < HEARD - 1]
    sound = additive(notes, HEARD, draw)
    measures.keep(file, sound / np.abs(sound).max(), RATE, one.truth | {"kind": "piece"}, seed)


def metronome(seed: str, file: Path) -> None:
    sound, truth = clicks.metronome(random.Random(seed))
    measures.keep(file, sound, RATE, truth, seed)


@pytest.mark.parametrize("compound", [False, True])
def test_styles_are_drawn_with_all_that_a_piece_needs(compound):
    for seed in range(20):
        there = tables(random.Random(seed), compound)
        style = there.styles["free"]
        for name in style.kits or ():
            parts = (3 if compound else 4) * style.meter
            assert all(len(pattern) == parts and set(pattern) <= {"1", "."} for _, _, pattern in there.drums[name])
        assert all(len(some) == PROGRESSIONS for some in there.progressions.values())
        one, other = free(random.Random(seed), compound), free(random.Random(seed), compound)
        assert (one.notes, one.truth) == (other.notes, other.truth)
        assert one.notes and one.truth["beats"] and (one.truth["compound"] or not compound)
        assert (one.truth["key"] is None) == (not one.truth["notes"])


def test_a_metronome_is_where_its_truth_says():
    sound, truth = clicks.metronome(random.Random("1"))
    quiet = np.abs(sound).max() / 10
    loud = np.flatnonzero(np.abs(sound) > quiet) / RATE
    begins = loud[np.diff(loud, prepend=-1) > 0.15]
    assert len(begins) == len(truth["beats"])
    assert np.abs(begins - truth["beats"]).max() < 0.01
    assert {clicks.again(random.Random(seed))[1]["kind"] for seed in range(12)} == {"none", "regular"}


def test_examples_lie_at_the_beats_of_the_truth(tmp_path):
    file = tmp_path / "piece.npz"
    piece("one", file)
    assert measures.kept(file, "one") and not measures.kept(file, "other")
    truth = measures.measured(file).truth
    told = examples.beaten(file)
    assert told is not None
    places = np.flatnonzero(told.right[:, 0] == 1)
    assert places.tolist() == sorted({int(beat * STEPS) for beat in truth["beats"] if beat < len(told.steps) / STEPS})
    pairs = examples.example(file)
    assert pairs is not None
    assert set(pairs) == {"chords", "bass", "melody", "bars", "division"}
    beats = sum(beat < HEARD - 0.3 for beat in truth["beats"])
    assert beats - 2 <= len(pairs["bars"][1]) <= beats
    assert pairs["bars"][1].sum() == -(-len(pairs["bars"][1]) // truth["meter"])
    for name, (seen, right) in pairs.items():
        assert len(seen) == len(right) and (right >= 0).all(), name


def test_a_bar_is_right_if_it_begins_and_ends_with_one_of_the_truth():
    from natlib.pack.music.leadsheet import Bar

    def bar(start: float, end: float) -> Bar:
        return Bar(start, end, 0, True, [start], [], [], [], {}, -20.0, "even", [])

    firsts = np.array([1.0, 3.0, 5.0])
    for start, end, right in ((1.02, 3.05, True), (1.1, 3.0, False), (1, 5, False), (5, 6.5, True), (2, 4, False)):
        assert sure.right(bar(start, end), firsts) is right, (start, end)
    assert not sure.right(bar(1, 3), np.array([]))


@pytest.mark.slow
def test_the_recipe_fits_all_networks_on_very_little(tmp_path):
    pytest.importorskip("torch", reason="torch is not installed: make setup-neural")
    from bench.leadsheet.fitting import tables as fitted
    from safetensors.numpy import load_file

    for number in range(4):
        piece(f"piece {number}", tmp_path / f"piece {number}.npz")
    for number in range(2):
        metronome(f"metronome {number}", tmp_path / f"metronome {number}.npz")
    files = sorted(tmp_path.glob("*.npz"))
    found, shipped = fitted(files, 60), load_file(MUSIC)
    assert {name: table.shape for name, table in found.items()} == {
        name: table.shape for name, table in shipped.items()
    }
    assert all(np.abs(table).max() > 0 for name, table in found.items() if name.endswith("weight"))
