"""The material: the measures of sounds whose truth is known, from a seed, and of clips in which nobody plays.

A truth is that of a piece (music/pieces.py), and `kind`: piece, metronome, none, regular (no music, but even).
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import soundfile

from ..ear import voices
from ..ear.material import PROGRAMS
from ..ear.rooms import RATE, Array
from ..music import play, timing
from ..music.pieces import Piece, Truth, compose
from . import clicks
from .measures import ear, keep, kept
from .styles import free
from .sung import sung

SECONDS = 50.0  # of a piece, at most
TIMINGS = ["plain", "plain", "drift", "live"]  # of a piece that has no rubato
WANDER, LATE = (0.015, 0.05), (0.009, 0.02)  # of rubato: timing.WANDER, timing.LATE
REVERB, NOISE = 0.15, 0.1  # how often a piece is in a room, under noise
LEVEL = (0.3, 1.0)  # by which a piece is multiplied
SILENT = ("noise", "weather", "speech", "objects", "animals", "machines", "human")  # kinds in which nobody plays
CLIP = 30  # seconds of a clip, at most

Made = tuple[Array, int, Truth]  # samples, (n,) or (n, channels); their rate; their truth


def played(draw: random.Random, font: Path, piece: Piece) -> Made:
    """A piece as a sound: its first seconds, in a room or under noise now and then."""
    with tempfile.TemporaryDirectory() as name:
        wav = Path(name, "piece.wav")
        play.perform(piece, wav, font)
        sound, rate = soundfile.read(wav, frames=round(SECONDS * play.RATE), always_2d=True)
    rng, place = np.random.default_rng(draw.randrange(2**32)), draw.random()
    if place < REVERB:
        sound = play.reverberated(sound, rng)
    elif place < REVERB + NOISE:
        sound = play.noisy(sound, rng)
    return sound * draw.uniform(*LEVEL), rate, piece.truth | {"kind": "piece"}


def timed(draw: random.Random, piece: Piece) -> Piece:
    """As written, with a tempo that drifts, or as people play it."""
    way = draw.choice(TIMINGS)
    return timing.drifted(piece, draw) if way == "drift" else timing.live(piece, draw) if way == "live" else piece


def rubato(draw: random.Random, piece: Piece) -> Piece:
    """As people play it who take their time."""
    return timing.live(piece, draw, draw.uniform(*WANDER), draw.uniform(*LATE))


def composed(draw: random.Random) -> Piece:
    """One like those of the benchmark, of seeds that it does not reach."""
    return compose(draw.randrange(2**32), 0)


def vocal(draw: random.Random, font: Path) -> Made:
    """A piece whose tune is sung."""
    sound, truth = sung(draw, font, BANK)
    return sound, RATE, truth | {"kind": "piece"}


def metronome(draw: random.Random, font: Path) -> Made:
    """Clicks."""
    sound, truth = clicks.metronome(draw)
    return sound, RATE, truth


def again(draw: random.Random, font: Path) -> Made:
    """No music."""
    sound, truth = clicks.again(draw)
    return sound, clicks.LOW_RATE, truth


MAKERS: dict[str, Callable[[random.Random, Path], Made]] = {
    "composed": lambda draw, font: played(draw, font, timed(draw, composed(draw))),
    "free": lambda draw, font: played(draw, font, timed(draw, free(draw))),
    "six": lambda draw, font: played(draw, font, timed(draw, free(draw, compound=True))),
    "rubato": lambda draw, font: played(draw, font, rubato(draw, composed(draw))),
    "free rubato": lambda draw, font: played(draw, font, rubato(draw, free(draw))),
    "sung": vocal,
    "metronome": metronome,
    "again": again,
}
TURNS = [  # 28 of them: a quarter is no music
    "composed", "free", "again", "sung", "six", "free", "metronome", "composed", "rubato", "again", "free",
    "free rubato", "composed", "free", "again", "sung", "six", "composed", "free", "metronome", "rubato", "again",
    "free", "composed", "sung", "free rubato", "again", "free",
]  # fmt: skip
BANK: list[voices.Voice] = []  # of this process


def load(file: Path, corpus: Path) -> None:
    """Read the voices once in each process."""
    BANK[:] = voices.bank(file, corpus)


def sound(number: int, folder: Path, seed: str, fonts: list[Path], heard: str) -> None:
    """Make and measure one sound, unless that is done."""
    file, source = folder / f"{number:04d}.npz", f"{seed}/{number} {heard}"
    if not kept(file, source):
        draw = random.Random(f"{seed}/{number}")
        keep(file, *MAKERS[TURNS[number % len(TURNS)]](draw, draw.choice(fonts)), source)


def clip(path: Path, folder: Path, heard: str) -> None:
    """Measure a clip of the corpus, unless that is done."""
    file, source = folder / f"clip-{path.parent.name}-{path.name}.npz", f"{path.parent.name}/{path.name} {heard}"
    if not kept(file, source):
        samples, rate = soundfile.read(path, frames=CLIP * soundfile.info(path).samplerate, always_2d=True)
        keep(file, samples, rate, clicks.NOTHING, source)


def progress(done: Iterator[None], count: int, what: str) -> None:
    """Wait for all; a terminal shows how many are there."""
    for number, _ in enumerate(done, 1):
        if sys.stderr.isatty():
            print(f"\r{number} of {count} {what}", end="\r", file=sys.stderr, flush=True)


def make(folder: Path, count: int, seed: str, corpus: Path, fonts: list[Path]) -> list[Path]:
    """FOLDER/0000.npz … and those of the clips. What is there of this seed and this ear is kept."""
    for program, does in PROGRAMS.items():
        if not shutil.which(program):
            raise SystemExit(f"make: {program} is not installed: it {does}")
    there = [font for font in fonts if font.exists()]
    if not there:
        raise SystemExit(f"make: no sound font is there, of {', '.join(map(str, fonts)) or 'none named'}")
    folder.mkdir(parents=True, exist_ok=True)
    bank, heard = folder.parent / "voices.npz", ear()
    voices.bank(bank, corpus)
    clips = [path for kind in SILENT for path in sorted((corpus / kind).glob("*.*"))]
    one = partial(sound, folder=folder, seed=seed, fonts=there, heard=heard)
    with ProcessPoolExecutor(os.cpu_count(), initializer=load, initargs=(bank, corpus)) as pool:
        progress(pool.map(one, range(count)), count, "sounds")
        progress(pool.map(partial(clip, folder=folder, heard=heard), clips), len(clips), "clips")
    made = [folder / f"{number:04d}.npz" for number in range(count)]
    return made + [folder / f"clip-{path.parent.name}-{path.name}.npz" for path in clips]
