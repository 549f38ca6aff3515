"""The benchmark of music: a seed gives the same notes as ever, answers are read, plain pieces have plain answers."""

from __future__ import annotations

import hashlib
import json
import random
from itertools import pairwise

import numpy as np
import pytest
import soundfile
from bench.music import frames, hear, ndjson, score, timing
from bench.music.pieces import Piece, compose
from helpers import noise, stream

RATE = 44100


def test_the_same_seed_gives_the_same_notes_as_ever():
    pieces = [compose(seed, number) for seed in (1, 2) for number in range(1, 11)]
    told = json.dumps([[piece.notes, piece.programs, piece.tempo, piece.unit, piece.truth] for piece in pieces])
    assert hashlib.sha256(told.encode()).hexdigest()[:16] == "c7fb38470c9d5f20"


@pytest.mark.parametrize("change", [timing.drifted, timing.live])
def test_the_truth_follows_the_notes_to_other_times(change):
    piece = compose(1, 2)
    before = json.dumps(piece.truth)
    other = change(piece, random.Random("1"))
    assert json.dumps(piece.truth) == before
    truth, starts = other.truth, sorted(note[0] for note in other.truth["notes"])
    for name in ("tune", "bass"):
        assert len(truth[name]) == len(piece.truth[name]) > 0
        assert all(score.close(start, starts, 0.02) and start < end for start, end, _ in truth[name])
    assert all(0.2 < after - before < 0.7 for before, after in pairwise(truth["beats"]))
    assert len({round(after - before, 3) for before, after in pairwise(truth["beats"])}) > 5
    assert truth["downbeats"] == truth["beats"][:: truth["meter"]]
    assert abs(truth["tempo"] / piece.truth["tempo"] - 1) < 0.1


def test_measures_on_the_wire_are_read_by_name():
    names = ["polyphony", "note_0", "note_1", "note_onset_0", "note_onset_1", "stroke_0", "stroke_1", "stroke_2"]
    names += ["stroke_time_0", "stroke_time_1", "stroke_time_2", "voice"]
    steps = [0.01 if name in ("note_0", "note_1", "voice") else 1 for name in names]
    none = float("nan")
    rows = [
        [1, 6001, none, 20, none, 30, none, none, 7, none, none, 50],
        [2, 6000, 6400, none, 0, none, none, 12, none, none, 60, none],
        [1, 6400, none, none, none, none, none, none, none, none, none, 90],
        [1, 6400, none, 40, none, none, none, none, none, none, none, 90],
    ]
    body = np.array([[0.5, *row] for row in rows], "<f4").tobytes()
    measures = [{"name": name, "unit": "", "step": step} for name, step in zip(names, steps, strict=True)]
    head = {"event": "header", "kind": "features", "name": "x", "frame_rate": 12.5, "measures": measures}
    head["streams"] = [{"name": "A", "type": "acoustic", "width": 1}]
    told = hear.measured(*hear.columns(stream(head, ({"event": "data"}, body), {"event": "end"}, {"event": "close"})))
    assert told["frames"]["notes"] == [[60.01], [60.0, 64.0], [64.0], [64.0]]
    assert told["frames"]["polyphony"] == [1, 2, 1, 1]
    assert told["frames"]["voice"] == [0.5, None, 0.9, 0.9]
    assert "lead" not in told["frames"]
    assert told["notes"] == [[0.02, 0.16, 60.01], [0.08, 0.24, 64.0], [0.28, 0.32, 64.0]]
    assert told["onsets"] == [0.02, 0.08, 0.28]
    assert told["drums"] == [[0.007, "low"], [0.14, "high"]]


def test_what_the_wire_does_not_tell_is_absent():
    assert hear.measured(12.5, {"level": np.zeros(3)}) == {"frames": {"rate": 12.5, "count": 3}}


def test_the_summary_and_bars_are_read():
    lines = [
        {"t": 1.0, "bar": {"n": 1, "beats": 4, "chords": [["Am", 2], ["F", 2]], "bass": ["A1", None, "F1", "F1"]}},
        {"t": 3.0, "bar": {"n": 2, "beats": 4, "chords": [["Bb", 4]], "melody": ["E5", "E5", None, "Bb4"]}},
        {"event": "summary", "tempo": {"bpm": 119.8, "alternative_bpm": 59.9}, "key": {"tonic": "Bb", "mode": "minor"}},
        {"event": "end", "seconds": 6.0},
    ]
    told = ndjson.told(lines)
    assert (told["tempo"], told["tempo_other"], told["key"], told["meter"]) == (119.8, 59.9, "A# minor", 4)
    assert (told["downbeats"], told["beats"]) == ([1.0, 3.0], [1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5])
    assert told["chords"] == [[1.0, 2.0, "Am"], [2.0, 3.0, "F"], [3.0, 5.0, "Bb"]]
    assert told["bass"] == [[1.0, 1.5, 33], [2.0, 3.0, 29]]
    assert told["tune"] == [[3.0, 4.0, 76], [4.5, 5.0, 70]]
    assert "form" not in told and "swing" not in told


def test_a_border_of_the_form_may_lie_a_bar_off():
    truth = {"meter": 4, "tempo": 120, "sections": [[0, 8, "A"], [8, 16, "B"], [16, 24, "A"]]}
    told = {"sections": [[0, 4, "C"], [4, 9.9, "C"], [9.9, 14.1, "D"], [14.1, 30, "C"]]}
    assert score.of_form(truth, told) == {"form_letters": 1, "form": 1}
    told["sections"][1][1] = told["sections"][2][0] = 10.1
    assert score.of_form(truth, told) == {"form_letters": 1, "form": 0}
    assert all(np.isnan(value) for value in score.of_form(truth, {}).values())


def played(piece: Piece) -> np.ndarray:
    """A piece by plain means: eight harmonics that fade, and bursts of noise. Full scale 1, mono."""
    seconds = max(note.at + note.length for note in piece.notes) * piece.second + 0.5
    sound = np.zeros(round(seconds * RATE))
    for place, note in enumerate(piece.notes):
        drum = note.channel == 9
        length = 0.1 if drum else note.length * piece.second
        time = np.arange(round(length * RATE)) / RATE
        fade = np.exp(-(40 if drum else 2) * time) * np.minimum(1, np.minimum(time, length - time) / 0.005)
        if drum:
            tone = noise(length, RATE, 1, place)[: len(time)]
        else:
            hertz = 440 * 2 ** ((note.note - 69) / 12)
            tone = sum(np.sin(2 * np.pi * k * hertz * time) / k for k in range(1, 9) if k * hertz < 16000)
        start = round(note.at * piece.second * RATE)
        sound[start : start + len(time)] += 10 ** ((note.velocity - 127) / 40) * 0.2 * fade * tone
    return sound


@pytest.fixture(scope="module", params=[(1, "pop"), (2, "waltz"), (3, "march")], ids=lambda param: param[1])
def plain(request, tmp_path_factory) -> tuple[Piece, ndjson.Answer]:
    """A plain piece, and what is heard of it."""
    seed, style = request.param
    piece = next(piece for piece in (compose(seed, k) for k in range(1, 200)) if piece.truth["style"] == style)
    folder = tmp_path_factory.mktemp(style)
    soundfile.write(folder / "piece.wav", played(piece), RATE)
    return piece, hear.hear(folder / "piece.wav", folder / "piece.ndjson")


def test_a_plain_piece_has_a_plain_tempo_and_key(plain):
    piece, told = plain
    assert any(score.near(told[name], piece.truth) for name in ("tempo", "tempo_other"))
    assert told["key"] == piece.truth["key"]


def test_a_plain_piece_has_plain_notes(plain):
    piece, told = plain
    rate, count, heard = (told["frames"][name] for name in ("rate", "count", "notes"))
    wanted = frames.sounding(piece.truth["notes"], rate, count)
    hits = sum(
        any(abs(note - each) <= score.SAME for each in row)
        for notes, row in zip(wanted, heard, strict=True)
        for note in notes
    )
    assert score.f_of(hits, sum(map(len, heard)), sum(map(len, wanted))) > 0.7
    assert score.of_lowest(wanted, heard) > 0.8
