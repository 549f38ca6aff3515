"""What others answer: librosa, with the plainest ways to a key, to chords and to notes; aubio; and the constant answer.

Each answer has a truth's keys, absent where not told, and `onsets` and `frames` as in hear.py.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from itertools import pairwise
from math import log2
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from .frames import RATE
from .ndjson import Answer
from .styles import NAMES

Array = np.ndarray[Any, np.dtype[np.float64]]

HOP, SAMPLE_RATE = 512, 22050
BINS = 36  # of the constant-Q transform in an octave
LOWEST, OCTAVES = 24, 8  # its lowest MIDI note, and how far it reaches
NOTES = range(28, 97)  # that are looked for
PARTIALS, DECAY = 10, 0.8  # of a note's template: how many, and the amplitude of each relative to the one before
HEARD = 0.3  # of the strongest note in the frame, from which a note counts: best of 0.1 to 0.4 over six pieces
FLOOR = 0.01  # of the strongest note in the piece

# How much each degree of a key is played (Krumhansl 1990).
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


def answers(wav: Path, kept: Path, count: int) -> dict[str, Answer]:
    """The answers of librosa and aubio over `count` frames; kept in a file, and taken from there unless it is older."""
    if not kept.exists() or kept.stat().st_mtime < wav.stat().st_mtime:
        found = {"librosa": librosa(wav, count)}
        if shutil.which("aubiotrack"):
            found["aubio"] = aubio(wav)
        kept.write_text(json.dumps(found))
    result: dict[str, Answer] = json.loads(kept.read_text())
    return result


def compiled() -> None:
    """Have librosa compile what it needs. If two processes do so at once, what they leave crashes (numba #10128)."""
    import librosa as lib

    clicks = lib.clicks(times=np.arange(0.5, 5, 0.5), sr=SAMPLE_RATE, length=5 * SAMPLE_RATE)
    lib.beat.beat_track(y=clicks, sr=SAMPLE_RATE)
    lib.onset.onset_detect(y=clicks, sr=SAMPLE_RATE)
    lib.cqt(clicks, sr=SAMPLE_RATE)


def librosa(wav: Path, count: int) -> Answer:
    """Tempo, beats, each fourth of them as a downbeat; onsets; the rest from a constant-Q transform."""
    import librosa as lib

    sound, _ = lib.load(wav, sr=SAMPLE_RATE)
    tempo, beats = lib.beat.beat_track(y=sound, sr=SAMPLE_RATE, units="time")
    onsets = lib.onset.onset_detect(y=sound, sr=SAMPLE_RATE, units="time")
    bins = OCTAVES * BINS
    lowest = lib.midi_to_hz(LOWEST)
    spectrum = np.abs(lib.cqt(sound, sr=SAMPLE_RATE, hop_length=HOP, fmin=lowest, n_bins=bins, bins_per_octave=BINS))
    chroma = lib.feature.chroma_cqt(C=spectrum, sr=SAMPLE_RATE, fmin=lowest, bins_per_octave=BINS)
    frames = lib.time_to_frames(beats, sr=SAMPLE_RATE, hop_length=HOP)
    steady = lib.util.sync(chroma, frames)  # the first column is before the first beat, the last one behind the last
    places = ((np.arange(count) + 0.5) / RATE * SAMPLE_RATE / HOP).round().astype(int)
    notes = multipitch(spectrum[:, np.minimum(places, spectrum.shape[1] - 1)])
    return {
        "tempo": float(np.atleast_1d(tempo)[0]),
        "beats": beats.tolist(),
        "downbeats": beats[::4].tolist(),
        "key": key(chroma.mean(axis=1)),
        "chords": triads([0.0, *beats.tolist(), count / RATE], steady.T),
        "bass": [[frame / RATE, (frame + 1) / RATE, row[0]] for frame, row in enumerate(notes) if row],
        "onsets": onsets.tolist(),
        "frames": {"rate": RATE, "count": count, "notes": notes, "polyphony": [len(row) for row in notes]},
    }


def key(chroma: Array) -> str:
    """The key whose profile is most like the mean chroma."""
    profiles = {f"{NAMES[root]} {mode}": np.roll(profile, root)
                for mode, profile in (("major", MAJOR), ("minor", MINOR)) for root in range(12)}  # fmt: skip
    return max(profiles, key=lambda name: float(np.corrcoef(profiles[name], chroma)[0, 1]))


def triads(times: list[float], chroma: Array) -> list[list[Any]]:
    """The major or minor triad that is most like the chroma (beats, 12) between each two times."""
    names, shapes = [], []
    for root in range(12):
        for quality, third in (("", 4), ("m", 3)):
            names.append(NAMES[root] + quality)
            shapes.append([float((note - root) % 12 in (0, third, 7)) for note in range(12)])
    best = np.argmax(chroma @ np.array(shapes).T, axis=1)
    spans = [(start, end) for start, end in pairwise(times) if end > start]
    return [[start, end, names[place]] for (start, end), place in zip(spans, best, strict=False)]


def multipitch(spectrum: Array) -> list[list[int]]:
    """The notes in each column of a constant-Q magnitude (bins, frames): non-negative least squares on templates."""
    from scipy.optimize import nnls

    bins = np.arange(len(spectrum))
    table = np.zeros((len(spectrum), len(NOTES)))
    for column, note in enumerate(NOTES):
        for partial in range(1, PARTIALS + 1):
            place = (note - LOWEST) * BINS / 12 + BINS * log2(partial)
            table[:, column] += DECAY ** (partial - 1) * np.exp(-0.5 * (bins - place) ** 2)
    table /= np.linalg.norm(table, axis=0)
    strengths = np.array([nnls(table, column)[0] for column in spectrum.T.astype(np.float64)])
    least = np.maximum(HEARD * strengths.max(axis=1), FLOOR * strengths.max())
    return [
        [NOTES[place] for place in np.flatnonzero(row > floor)] for row, floor in zip(strengths, least, strict=True)
    ]


def aubio(wav: Path) -> Answer:
    """Beats of aubiotrack, the tempo of their median distance, onsets of aubioonset."""

    def times(program: str) -> list[float]:
        done = subprocess.run([program, "-i", wav], capture_output=True, text=True, check=True)
        return [float(line.split()[0]) for line in done.stdout.splitlines()]

    beats = times("aubiotrack")
    answer: Answer = {"beats": beats, "onsets": times("aubioonset")}
    if len(beats) > 1:
        answer["tempo"] = 60 / median(after - before for before, after in pairwise(beats))
    return answer


def constant(count: int) -> Answer:
    """What one could say of any music: 120 beats a minute, four in a bar, "A B A", C major, the same note all along."""
    seconds = count / RATE
    beats = [k / 2 for k in range(int(2 * seconds))]
    third = seconds / 3
    kit = [(beats[::4] + beats[2::4], "low"), (beats[1::2], "mid"), ([k / 4 for k in range(int(4 * seconds))], "high")]
    return {
        "tempo": 120.0,
        "tempo_other": 60.0,
        "meter": 4,
        "compound": False,
        "swing": False,
        "key": "C major",
        "form": "A B A",
        "sections": [[0, third, "A"], [third, 2 * third, "B"], [2 * third, seconds, "A"]],
        "beats": beats,
        "downbeats": beats[::4],
        "chords": [[0.0, seconds, "C"]],
        "bass": [[0.0, seconds, 36]],
        "tune": [[beat, beat + 0.5, 76] for beat in beats],
        "onsets": beats,
        "drums": sorted([time, region] for times, region in kit for time in times),
        "frames": {
            "rate": RATE,
            "count": count,
            "notes": [[36, 60, 64, 67]] * count,
            "polyphony": [4] * count,
            "lead": [76] * count,
            "voice": [0.5] * count,
        },
    }
