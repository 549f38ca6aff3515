"""A voice that sings any melody: WORLD (Morise and others 2016) takes speech apart and puts it together again.

Syllables of somebody's speech or singing, one after the other, each with the pitch and the length of a note: the voice
is somebody's, the words are nonsense, the melody is known. The voices are clips of a corpus, and those of espeak-ng.
"""

from __future__ import annotations

import io
import os
import random
import subprocess
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..music.pieces import Entry
from ..music.styles import SCALES

Array = np.ndarray[Any, Any]

RATE = 24000  # Hz, of what WORLD sees: above 12 kHz a voice has little
HOP = 0.005  # seconds between rows
PITCHES = (60, 600)  # Hz between which the pitch of a clip is looked for
LONGEST = 12  # seconds of a clip that are used
LOUD = 20.0  # dB by which a vowel lies below the loud rows at most
SILENT = 30.0  # dB, for a pause
PAUSE = 40  # rows of a pause that are kept: 0.2 s

KINDS = {"speech": 3, "singing": 2, "espeak-ng": 1}  # how often a voice is drawn: there are many of espeak-ng
SPOKEN = ("speech", "espeak-ng")
NOT_ALONE = ("berklee_thisIsTheSoundOfAVocoder.flac", "dagstuhl_choir_mix.flac")  # no single voices
SYNTHETIC = 36  # voices of espeak-ng
LANGUAGES = ["en", "en-us", "en-gb-scotland", "de", "fr-fr", "it", "es", "pt-br", "sv", "pl"]
TIMBRES = ["m1", "m2", "m3", "m4", "m5", "m6", "m7", "f1", "f2", "f3", "f4", "f5", "croak", "klatt2", "klatt4"]
WORDS = """
love light night alone forever river moving through the open sky and I will follow you when morning comes so slowly down
by water remember how we danced under stars never going home again baby tell me why your eyes are shining like fire in
winter summer rain falling over mountains hello goodbye yesterday tomorrow only heart dream world time away stay wonder
beautiful nothing something everything you know my name
"""

VOWEL = (20, 60)  # rows of a vowel, drawn out or shortened to a note
LEAST = 4  # rows of a vowel
CONSONANT = 16  # rows before a vowel that come with it: 80 ms
VIBRATO = [0, 0, 0.15, 0.3, 0.6]  # semitones to either side
VIBRATO_RATE = (4.5, 6.8)  # Hz
WANDER = 0.08  # semitones, standard deviation by which a note's pitch has drifted at its end
SIZES = [1, 1, 0.9, 1.1, 1.2]  # by which formants lie higher: a smaller head
LOWEST = [43, 48, 52, 55, 57]  # notes of a melody, from G2 of a bass to A3 of an alto


class Voice(NamedTuple):
    """A clip as WORLD sees it, a row every HOP."""

    kind: str
    pitch: Array  # (rows,), Hz; 0 where there is none
    envelope: Array  # (rows, bins), log of the power
    breath: Array  # (rows, bands), coded aperiodicity


def espeak(draw: random.Random) -> tuple[Array, int]:
    """Some words, as samples and their rate."""
    import soundfile

    name, words = f"{draw.choice(LANGUAGES)}+{draw.choice(TIMBRES)}", " ".join(draw.choices(WORDS.split(), k=22))
    speed, pitch = draw.randint(110, 175), draw.randint(20, 80)  # words a minute; of 99
    command = ["espeak-ng", "-v", name, "-s", str(speed), "-p", str(pitch), "--stdout", words]
    done = subprocess.run(command, capture_output=True)
    if done.returncode or not done.stdout:
        raise SystemExit(f"espeak-ng: {done.stderr.decode(errors='replace').strip()}")
    samples, rate = soundfile.read(io.BytesIO(done.stdout), always_2d=True)
    return samples.mean(axis=1), rate


def levels(envelope: Array) -> Array:
    """Decibels of each row, 0 for the loud ones."""
    result = 10 * np.log10(np.exp(envelope.astype(np.float64)).sum(axis=1))
    return np.asarray(result - np.quantile(result, 0.95))


def analysed(kind: str, samples: Array, rate: int) -> Voice:
    """Mono samples as a voice, pauses shortened to PAUSE."""
    import pyworld
    import soxr

    samples = soxr.resample(samples[: LONGEST * rate], rate, RATE)
    samples = samples * (0.7 / max(float(np.abs(samples).max()), 1e-9))
    rough, times = pyworld.dio(samples, RATE, f0_floor=PITCHES[0], f0_ceil=PITCHES[1], frame_period=1000 * HOP)
    pitch = pyworld.stonemask(samples, rough, times, RATE)
    envelope = np.log(pyworld.cheaptrick(samples, pitch, times, RATE) + 1e-12).astype(np.float16)
    breath = pyworld.code_aperiodicity(pyworld.d4c(samples, pitch, times, RATE), RATE)
    pause = 0
    kept = []
    for row, level in enumerate(levels(envelope)):
        pause = pause + 1 if level < -SILENT else 0
        if pause <= PAUSE:
            kept.append(row)
    return Voice(kind, pitch[kept].astype(np.float32), envelope[kept], breath[kept].astype(np.float32))


def clips(corpus: Path) -> list[Path]:
    """The clips of a corpus in which one voice speaks or sings."""
    found = [path for kind in ("speech", "singing") for path in sorted((corpus / kind).glob("*.*"))]
    return [path for path in found if path.suffix in (".flac", ".ogg") and path.name not in NOT_ALONE]


def bank(file: Path, corpus: Path) -> list[Voice]:
    """The voices of a corpus and of espeak-ng, from `file`; made if they are not there, or are of other clips."""
    import soundfile

    paths = clips(corpus)
    sources = [f"{path.parent.name}/{path.name}" for path in paths] + ["espeak-ng"] * SYNTHETIC
    if file.exists():
        with np.load(file) as stored:
            if stored["sources"].tolist() == sources:
                return unpacked(dict(stored))
    draw, result = random.Random("voices"), []
    for path in paths:
        samples, rate = soundfile.read(path, frames=LONGEST * soundfile.info(path).samplerate, always_2d=True)
        result.append(analysed(path.parent.name, samples.mean(axis=1), rate))
    result += [analysed("espeak-ng", *espeak(draw)) for _ in range(SYNTHETIC)]
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    with part.open("wb") as out:
        tables = {name: np.concatenate([getattr(voice, name) for voice in result]) for name in Voice._fields[1:]}
        kinds, counts = np.array([voice.kind for voice in result]), np.array([len(voice.pitch) for voice in result])
        np.savez(out, sources=np.array(sources), kinds=kinds, counts=counts, **tables)
    os.replace(part, file)
    return result


def unpacked(stored: dict[str, Array]) -> list[Voice]:
    """The voices of a file."""
    ends = np.cumsum(stored["counts"])[:-1]
    split = [np.split(stored[name], ends) for name in Voice._fields[1:]]
    return [Voice(str(kind), *tables) for kind, *tables in zip(stored["kinds"], *split, strict=True)]


def any_of(draw: random.Random, voices: list[Voice], kinds: tuple[str, ...] = tuple(KINDS)) -> Voice:
    """One of the voices of these kinds."""
    some = [voice for voice in voices if voice.kind in kinds]
    return draw.choices(some, [KINDS[voice.kind] for voice in some])[0]


def melody(draw: random.Random, seconds: float) -> list[Entry]:
    """[from, to, note] of a melody in a major key or one of its modes: phrases of 4 to 14 notes, and rests."""
    root, lowest = draw.randrange(12), draw.choice(LOWEST)
    highest = lowest + draw.randint(8, 16)
    scale = {(root + step) % 12 for step in SCALES["major"]}
    pitches = [note for note in range(lowest, highest + 1) if note % 12 in scale]
    beat, at, note = 60 / draw.uniform(65, 150), draw.uniform(0.3, 5), draw.choice(pitches)
    result: list[Entry] = []
    while at < seconds - 1.5:
        for _ in range(draw.randint(4, 14)):
            length = beat * draw.choice([0.5, 0.5, 0.5, 1, 1, 2, 0.25])
            if at + length > seconds - 1:
                break
            note = draw.choice([each for each in pitches if abs(each - note) <= 5])
            result.append([round(at, 3), round(at + length * draw.uniform(0.7, 0.98), 3), note])
            at += length
        at += beat * draw.choice([0, 1, 2, 4, 8, 12])
    return result


def syllables(draw: random.Random, voice: Voice) -> Iterator[tuple[int, int, int]]:
    """Rows (consonant, vowel, end) of a voice's syllables, from one of them on, again and again."""
    vowels = (voice.pitch > 0) & (levels(voice.envelope) > -LOUD)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], vowels.astype(np.int8), [0])))).reshape(-1, 2)
    found, before = [], 0
    for start, end in edges.tolist():
        while end - start >= LEAST:
            stop = min(end, start + draw.randint(*VOWEL))
            found.append((max(before, start - CONSONANT), start, stop))
            before = start = stop
    first = draw.randrange(len(found))
    return islice(cycle(found), first, None)


def contour(draw: random.Random, note: float, before: float, count: int, vibrato: float) -> Array:
    """The pitch of a note in Hz, in each of `count` rows: it glides from the one before, wanders and has a vibrato."""
    time = np.arange(count) * HOP
    rng = np.random.default_rng(draw.randrange(2**32))
    phase, rate = draw.uniform(0, 2 * np.pi), draw.uniform(*VIBRATO_RATE)
    grown = np.clip((time - 0.15) / 0.3, 0, 1)  # singers let a note stand before they shake it
    result = note + vibrato * grown * np.sin(2 * np.pi * rate * time + phase)
    result += WANDER * np.cumsum(rng.standard_normal(count)) / np.sqrt(count)
    result += 0.8 * (before - note) * np.exp(-time / draw.uniform(0.015, 0.05))
    return np.asarray(440 * 2 ** ((result - 69) / 12))


def sing(draw: random.Random, notes: list[Entry], seconds: float, voice: Voice) -> Array:
    """A melody as samples at 44.1 kHz, (n,), with a peak of 1."""
    count = round(seconds / HOP)
    rows, pitch = np.full(count, -1), np.zeros(count)
    vibrato, size, before = draw.choice(VIBRATO), draw.choice(SIZES), (0.0, 0.0)
    for (start, end, note), (consonant, vowel, stop) in zip(notes, syllables(draw, voice), strict=False):
        first, last = round(start / HOP), min(count, round(end / HOP))
        lead = min(vowel - consonant, first)
        rows[first - lead : first], pitch[first - lead : first] = np.arange(vowel - lead, vowel), 0
        # A vowel's time goes a little faster at first, or a little slower.
        warped = np.linspace(0, 1, last - first) ** draw.uniform(0.7, 1.3)
        rows[first:last] = vowel + (warped * (stop - 1 - vowel)).astype(int)
        # After a rest a note is reached from below.
        whence = before[1] if start - before[0] < 0.3 else note - draw.uniform(0, 2)
        pitch[first:last] = contour(draw, note, whence, last - first, vibrato)
        before = end, note
    return synthesized(voice, rows, pitch, size, seconds)


def speak(draw: random.Random, spans: list[Entry], seconds: float, voice: Voice) -> Array:
    """A voice that talks, as it is, in each of the spans [from, to]: samples at 44.1 kHz, (n,), with a peak of 1."""
    rows, size = np.full(round(seconds / HOP), -1), draw.choice(SIZES)
    for span in spans:
        first, last = (round(time / HOP) for time in span)
        rows[first:last] = (draw.randrange(len(voice.pitch)) + np.arange(last - first)) % len(voice.pitch)
    pitch = np.where(rows < 0, 0, voice.pitch[rows]) * draw.uniform(0.85, 1.15)
    return synthesized(voice, rows, pitch, size, seconds)


def synthesized(voice: Voice, rows: Array, pitch: Array, size: float, seconds: float) -> Array:
    """Rows of a voice, silence where one is -1; another pitch (Hz, 0 for none), formants `size` times as high."""
    import pyworld
    import soxr

    there, bins = rows >= 0, voice.envelope.shape[1]
    envelope = voice.envelope[np.maximum(rows, 0)].astype(np.float64)
    place = np.minimum(np.arange(bins) / size, bins - 1)
    low = np.minimum(place.astype(int), bins - 2)
    envelope = envelope[:, low] + (place - low) * (envelope[:, low + 1] - envelope[:, low])
    gate = np.convolve(there, np.full(5, 0.2), "same")[:, None] ** 2  # no clicks where it sets in
    power = np.ascontiguousarray(np.exp(envelope) * gate + 1e-12)
    breath = pyworld.decode_aperiodicity(voice.breath[np.maximum(rows, 0)].astype(np.float64), RATE, 2 * (bins - 1))
    samples = pyworld.synthesize(pitch.astype(np.float64), power, breath, RATE, 1000 * HOP)
    samples, count = soxr.resample(samples, RATE, 44100), round(seconds * 44100)
    samples = np.pad(samples, (0, max(0, count - len(samples))))[:count]
    return np.asarray(samples / max(float(np.abs(samples).max()), 1e-9))
