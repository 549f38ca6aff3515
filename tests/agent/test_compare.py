"""Two sounds: the same samples, or but for what, and what differs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import noise, tone, wav

from natlib import demo
from natlib.agent.compare import compare
from natlib.agent.samples import aligned, relation, said
from natlib.agent.sound import parse
from natlib.agent.work import Work

RATE = 44100
PIECE = demo.piece()[: 12 * RATE].astype("<f4")


def same(other: np.ndarray) -> str:
    return said(PIECE, other.astype("<f4"), RATE)


def test_the_null_test_names_what_it_is_but_for() -> None:
    assert same(PIECE) == "The same samples"
    assert same(0.5 * PIECE) == "The same samples but for a gain of -6.02 dB"
    assert same(-PIECE) == "The same samples but for inverted polarity"
    late = np.concatenate([np.zeros(RATE // 4), PIECE])
    assert "a shift: A begins 0.250000 s into B (11025 samples)" in same(late)
    assert "a shift: B begins 0.250000 s into A (11025 samples)" in same(PIECE[RATE // 4 :])
    both = same(2 * late[: len(PIECE)])
    assert "a gain of +6.02 dB" in both and "11025 samples" in both and "something else" not in both
    hissing = same(PIECE + noise(12, amplitude=1e-4))
    assert hissing.startswith("The same samples, and -") and "dB of something else" in hissing
    assert same(noise(12)).startswith("Not the same samples: where they fit best, they correlate by ")
    assert same(np.zeros(RATE)) == "No samples to compare: one of them is silent"
    assert said(np.zeros(0, "<f4"), PIECE, RATE) == "No samples to compare: one of them is silent"
    assert said(PIECE[:1], PIECE[:1] * 2, RATE)


@pytest.mark.parametrize("shift", [0, 1, 777, -5000, 200_000])
def test_a_long_recording_is_searched_block_by_block(shift: int) -> None:
    long = noise(40, 22050, seed=3).astype("<f4")
    start = 300_000
    piece = long[start : start + 100_000]
    found, alike = aligned(piece, np.roll(long, shift), 22050)
    assert found == start + shift
    assert alike == pytest.approx(1, abs=1e-3)


def test_no_more_is_kept_of_a_long_recording_than_is_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("natlib.agent.samples.MOST", 2 * RATE)
    (tmp_path / "a.wav").write_bytes(wav(demo.piece()))
    (tmp_path / "b.wav").write_bytes(wav(np.concatenate([demo.piece()[: 3 * RATE], noise(20)])))
    a, b = (parse(str(tmp_path / f"{name}.wav")) for name in "ab")
    assert relation(Work(tmp_path), a, b) == "The same samples (in their first 2 s)."


def test_what_differs_is_told_in_words_and_numbers(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(0.1 * demo.piece()))
    (tmp_path / "b.wav").write_bytes(wav(demo.piece()))
    (tmp_path / "c.wav").write_bytes(wav(tone(3000, 4) + noise(4)))
    (tmp_path / "rate.wav").write_bytes(wav(tone(3000, 4, 22050), 22050))
    work = Work(tmp_path)
    a, b, c, rate = (parse(str(tmp_path / f"{name}.wav")) for name in ("a", "b", "c", "rate"))
    told = compare(work, a, b)
    assert "In a word, B against A: louder." in told
    assert "but for a gain of +20.0" in told
    assert "loudness: -38" in told and "(+20)" in told
    alike = told.partition("Alike: ")[2]
    assert "tempo: 120" in alike and "key: A minor" in alike
    told = compare(work, b, c)
    assert "brighter" in told and "key: A minor → none heard" in told
    assert "spectrum, dB of the whole:" in told.partition("Alike")[0]
    told = compare(work, c, rate)
    assert "of 44100 and 22050 Hz, both at 22050 Hz" in told
    again = compare(work, b, b._replace(start=0.0, end=25.0))
    assert "Samples: The same samples." in again and "Differs" not in again
