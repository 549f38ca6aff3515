"""What the networks see of each sound, as nat-embed computes it, and what they should answer."""

from __future__ import annotations

import json
from fractions import Fraction
from multiprocessing import Pool
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from natlib.embed.spectral import polyphony, strokes, voice
from natlib.embed.spectral.frames import Front
from natlib.embed.spectral.grid import Grid
from natlib.embed.spectral.logspectrum import LogSpectrum, relief

Array = np.ndarray[Any, Any]

RATE = Fraction(25, 2)  # steps a second
HOPS = 8  # short windows in a step
BLOCK = 64  # steps analysed at a time
REGIONS = {"low": 0, "mid": 1, "high": 2}
LEVEL = -6000  # hundredths of a dB: where the loudest band lies lower, no voice is asked for


class Example(NamedTuple):
    """One sound. Answers are 0 or 1; -1 where nobody knows."""

    levels: Array  # (steps, 2, bins), hundredths of a dB: LogSpectrum
    bands: Array  # (steps * HOPS, 40), hundredths of a dB: the short windows
    notes: Array  # (steps, NOTES, 3): polyphony.OUTPUTS
    strokes: Array  # (steps * HOPS, 4): strokes.OUTPUTS
    voice: Array  # (steps,)


def heard(samples: Array, rate: int) -> tuple[Array, Array]:
    """Levels and bands of mono samples."""
    steps = max(1, -(-len(samples) * RATE.numerator // (RATE.denominator * rate)))
    spectrum, front = LogSpectrum(rate), Front(rate, Grid(RATE))
    spectrum.feed(samples)
    spectrum.finish(steps)
    front.feed(samples)
    front.pad()
    counts = [min(BLOCK, steps - first) for first in range(0, steps, BLOCK)]
    levels = np.concatenate([spectrum.analyse(count) for count in counts])
    bands = np.concatenate([front.analyse(count)["bands"] for count in counts])
    return levels.astype(np.int16), bands.reshape(steps * HOPS, -1).astype(np.int16)


def sounding(entries: list[list[float]], steps: int) -> Array:
    """Which notes sound in the middle of each step, (steps, NOTES), from [from, to, note]."""
    result = np.zeros((steps, polyphony.NOTES), np.int8)
    for start, end, note in entries:
        place = round(note) - polyphony.LOW
        first, last = (int(np.ceil(float(time * RATE) - 0.5)) for time in (start, end))
        if 0 <= place < polyphony.NOTES:
            result[max(0, first) : max(0, last), place] = 1
    return result


def beginning(entries: list[list[float]], steps: int) -> Array:
    """Which notes begin in each step, (steps, NOTES)."""
    result = np.zeros((steps, polyphony.NOTES), np.int8)
    for start, _, note in entries:
        step, place = int(start * RATE), round(note) - polyphony.LOW
        if 0 <= step < steps and 0 <= place < polyphony.NOTES:
            result[step, place] = 1
    return result


def struck(truth: dict[str, Any], steps: int) -> Array:
    """Where strokes fall and notes begin, (steps * HOPS, 4)."""
    result = np.zeros((steps * HOPS, 4), np.int8)
    times = [(time, REGIONS[region]) for time, region in truth["drums"] or () if region in REGIONS]
    times += [(start, 3) for start, _, _ in truth["notes"] or ()]
    for time, column in times:
        if 0 <= (place := int(time * RATE * HOPS)) < len(result):
            result[place, column] = 1
    return result


def example(path: Path) -> Example:
    """A sound with its truth, PATH.json, beside it."""
    import soundfile

    truth: dict[str, Any] = json.loads(path.with_suffix(".json").read_text())
    samples, rate = soundfile.read(path)
    levels, bands = heard(samples, rate)
    steps = len(levels)
    notes = np.full((steps, polyphony.NOTES, 3), -1, np.int8)
    notes[:, :, 0], notes[:, :, 1] = sounding(truth["notes"], steps), beginning(truth["notes"], steps)
    if truth["lead"] is not None:
        notes[:, :, 2] = sounding(truth["lead"], steps)
    said = np.full(steps, -1, np.int8)
    if truth["voice"] is not None:
        said[:] = 0
        for start, end in truth["voice"]:
            said[max(0, int(start * RATE)) : int(end * RATE) + 1] = 1
    return Example(levels, bands, notes, struck(truth, steps), quiet(said, bands))


def clip(path: Path, voiced: bool, silent: bool) -> Example:
    """A clip of a corpus: all of it is a voice, or nothing; `silent`: nothing in it has a note."""
    import soundfile

    samples, rate = soundfile.read(path, frames=30 * soundfile.info(path).samplerate, always_2d=True)
    levels, bands = heard(samples.mean(axis=1), rate)
    steps, known = len(levels), 0 if silent else -1
    said = np.full(steps, int(voiced), np.int8)
    notes = np.full((steps, polyphony.NOTES, 3), known, np.int8)
    return Example(levels, bands, notes, np.full((steps * HOPS, 4), -1, np.int8), quiet(said, bands))


def quiet(said: Array, bands: Array) -> Array:
    """Where it is too quiet for a voice, none is asked for."""
    loudest = bands.max(axis=1).reshape(-1, HOPS).max(axis=1)
    return np.where(loudest >= LEVEL, said, -1)


VOICES, OTHERS = (
    ("singing", "speech"),
    ("instruments", "drums", "electronic", "machines", "weather", "objects", "noise", "ambient"),
)
NO_NOTES = ("noise", "weather")


def _clip(task: tuple[Path, bool, bool]) -> Example:
    return clip(*task)


def examples(folder: Path, corpus: Path | None) -> list[Example]:
    """Those of the material, and of the corpus."""
    with Pool(2) as pool:
        result = pool.map(example, sorted(folder.glob("*.wav")), chunksize=8)
        if corpus:
            tasks = [
                (path, kind in VOICES, kind in NO_NOTES)
                for kind in (*VOICES, *OTHERS)
                for path in sorted((corpus / kind).glob("*.*"))
            ]
            result += pool.map(_clip, tasks, chunksize=4)
    return result


def seen(one: Example) -> dict[str, Array]:
    """What goes into the networks: in the units of natlib/embed/spectral."""
    padded = np.pad(one.bands.astype(np.float64), ((strokes.PEAK, strokes.PEAK), (0, 0)), constant_values=-9000)
    colour = voice.colours(one.bands.astype(np.float64), np.full(len(one.levels), HOPS))
    edges = np.pad(colour, ((voice.PEAK, voice.PEAK), (0, 0), (0, 0)), mode="edge")
    return {
        "spectra": relief(one.levels.astype(np.float64)),
        "windows": strokes.relative(padded),
        "shades": voice.shades(edges),
    }
