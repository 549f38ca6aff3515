"""Notes, and how keys spell them."""

from __future__ import annotations

import pytest

from natlib import notes


@pytest.mark.parametrize("tonic, mode, own", [
    ("Bb", "major", "Bb C D Eb F G A"), ("E", "major", "E F# G# A B C# D#"), ("Eb", "minor", "Eb F Gb Ab Bb Cb Db"),
    ("F#", "minor", "F# G# A B C# D E E#"), ("Db", "major", "Db Eb F Gb Ab Bb C"), ("D", "minor", "D E F G A Bb C C#"),
    ("F#", "major", "F# G# A# B C# D# E#"), ("C#", "minor", "C# D# E F# G# A B B#"),
])  # fmt: skip
def test_a_key_spells_its_own_notes(tonic: str, mode: str, own: str) -> None:
    assert set(own.split()) <= set(notes.spelling(notes.CLASSES[tonic], mode))


def test_every_note_comes_back_from_every_spelling() -> None:
    for tonic in range(12):
        for mode in ("major", "minor"):
            names = notes.spelling(tonic, mode)
            assert [notes.CLASSES[name] for name in names] == list(range(12))
            for midi in range(128):
                text = notes.spelled(notes.name(notes.frequency(midi)), names)
                assert notes.parse(text) == midi
    assert notes.spelled(["A#3", "x", 7], notes.spelling(10, "major")) == ["Bb3", "x", 7]
    assert notes.parse("H4") is None and notes.parse("Cb4") == notes.parse("B3")
