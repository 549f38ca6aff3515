"""The material: sounds with their truth, NAME.wav and NAME.json, from a seed.

notes     [from, to, note] of all that has a pitch; a note may have a fraction where all is detuned
drums     [time, "low" | "mid" | "high" | "tom"]
voice     [from, to] where somebody sings or speaks; null where a sampled choir or voice may sound like one
lead      [from, to, note] of what leads, the melody that is sung or a piece's tune; null where nobody knows
style, font, programs, from: what it is, what plays it, its seed and number
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from ..music import play
from ..music.pieces import Entry, Piece, Truth, compose
from . import voices
from .additive import additive
from .rooms import RATE, Array, degraded, effective, gain
from .textures import CHOIRS, Texture, perform, texture
from .voices import Voice

SECONDS = 24.0  # of a texture
PIECE = 40.0  # of a composed piece, at most
PLAIN = 0.2  # how often a band is made of sines
ALONE, SPOKEN, SECOND = 0.15, 0.15, 0.3  # how often a voice is alone, speaks, has a second voice with it
INTERVALS = [3, 4, -5, 7, 12]  # semitones from the first voice to the second
BEHIND = 0.5  # level of the second voice, as a factor
TOGETHER = 0.01  # seconds, standard deviation of the second voice's notes about the first one's
OVER = (-4.0, 8.0)  # dB of a voice over the band, while it sings
QUIET = 0.02  # root mean square of a band: a voice over a softer one is as loud as over this
BREATH = 0.6  # seconds of a pause that belongs to what is sung
PROGRAMS = {"fluidsynth": "plays the notes", "espeak-ng": "speaks for the voices"}


def mono(wav: Path, seconds: float) -> Array:
    """A file's first seconds, (n,); silence where it ends sooner."""
    import numpy as np
    import soundfile

    count = round(seconds * RATE)
    samples, rate = soundfile.read(wav, frames=count, always_2d=True)
    assert rate == RATE
    return np.pad(samples.mean(axis=1), (0, count - len(samples)))


def bridged(spans: list[Entry]) -> list[Entry]:
    """[from, to, …] as [from, to], those less than BREATH apart made one."""
    result: list[Entry] = []
    for start, end, *_ in spans:
        if result and start - result[-1][1] < BREATH:
            result[-1][1] = max(result[-1][1], end)
        else:
            result.append([start, end])
    return result


def unvoiced(programs: dict[int, int]) -> list[Entry] | None:
    """The truth's `voice` where nobody sings."""
    return None if any(program in CHOIRS for program in programs.values()) else []


def played(one: Texture, font: Path) -> Array:
    """A texture, (n,)."""
    with tempfile.TemporaryDirectory() as name:
        wav = Path(name, "texture.wav")
        perform(one, wav, font)
        return mono(wav, SECONDS)


def band(draw: random.Random, font: Path, bank: list[Voice]) -> tuple[Array, Truth]:
    """A texture as it is, or its notes as sines."""
    one = texture(draw, SECONDS)
    if draw.random() < PLAIN:
        truth = {"style": "sines", "notes": one.piece.truth["notes"], "drums": [], "voice": [], "lead": None}
        truth["programs"] = []
        return degraded(additive(truth["notes"], SECONDS, draw), draw), truth
    programs = one.piece.programs
    truth = one.piece.truth | {"voice": unvoiced(programs), "lead": None, "programs": list(programs.values())}
    return degraded(played(one, font), draw), truth


def second(draw: random.Random, tune: list[Entry]) -> list[Entry]:
    """What a second voice sings with the first: the same, some semitones from it."""
    interval, result = draw.choice(INTERVALS), []
    for start, end, note in tune:
        late = draw.gauss(0, TOGETHER)
        result.append([round(start + late, 3), round(end + late, 3), note + interval])
    return result


def voice(draw: random.Random, font: Path, bank: list[Voice]) -> tuple[Array, Truth]:
    """A voice, over a texture or alone."""
    one, alone, spoken = texture(draw, SECONDS), draw.random() < ALONE, draw.random() < SPOKEN
    while unvoiced(one.piece.programs) is None:  # beside a choir nobody knows where a voice is
        one = texture(draw, SECONDS)
    tune = voices.melody(draw, SECONDS)
    spans = bridged(tune)
    lines = []
    if spoken:
        sound = voices.speak(draw, spans, SECONDS, voices.any_of(draw, bank, voices.SPOKEN))
    else:
        lines.append(tune)
        sound = voices.sing(draw, tune, SECONDS, voices.any_of(draw, bank))
        if draw.random() < SECOND:
            lines.append(second(draw, tune))
            sound = sound + BEHIND * voices.sing(draw, lines[1], SECONDS, voices.any_of(draw, bank))
    truth = {"style": "alone", "notes": [], "drums": []} if alone else one.piece.truth
    truth["notes"] = sorted(truth["notes"] + [entry for line in lines for entry in line])
    truth["style"] = f"voice {truth['style']} {'spoken' if spoken else 'sung'}"
    truth |= {"voice": spans, "lead": None if spoken else tune}
    truth["programs"] = [] if alone else list(one.piece.programs.values())
    other = 0.0 * sound if alone else played(one, font)
    active = effective(sound) * (SECONDS / sum(end - start for start, end in spans)) ** 0.5
    sound = other + sound * (gain(draw.uniform(*OVER)) * max(effective(other), QUIET) / active)
    return degraded(sound, draw), truth


def cut(piece: Piece) -> None:
    """Leave out what lies behind PIECE, in place."""
    last = round(PIECE / piece.second)
    there = [(note, entry) for note, entry in zip(piece.notes, piece.entries, strict=True) if note.at < last]
    piece.notes, piece.entries = [note for note, _ in there], [entry for _, entry in there]
    for name in ("notes", "tune"):
        entries = [entry for entry in piece.truth[name] if entry[0] < PIECE]
        piece.truth[name] = [[start, min(end, PIECE), note] for start, end, note in entries]
    piece.truth["drums"] = [entry for entry in piece.truth["drums"] if entry[0] < PIECE]


def piece(draw: random.Random, font: Path, bank: list[Voice]) -> tuple[Array, Truth]:
    """The first seconds of a composed piece, as it is more often than the others."""
    one = compose(draw.randrange(2**32), 0)
    seconds = min(PIECE, one.truth["sections"][-1][1] + 1)  # a second for what still sounds
    cut(one)
    with tempfile.TemporaryDirectory() as name:
        wav = Path(name, "piece.wav")
        play.perform(one, wav, font)
        sound = mono(wav, seconds)
    sung = one.truth["voice"] or unvoiced(one.programs) is None
    truth = {name: one.truth[name] for name in ("style", "notes", "drums")}
    truth |= {"voice": None if sung else [], "lead": one.truth["tune"], "programs": list(one.programs.values())}
    return degraded(sound, draw, 0.5), truth


MAKERS = (band, voice, band, piece)  # by turns
BANK: list[Voice] = []  # of this process


def load(file: Path, corpus: Path) -> None:
    """Read the bank once in each process."""
    BANK[:] = voices.bank(file, corpus)


def sound(number: int, folder: Path, seed: str, fonts: list[Path]) -> None:
    """Make one sound and its truth, unless they are there. The WAV file comes last, whole."""
    import soundfile

    wav, told, name = folder / f"{number:04d}.wav", folder / f"{number:04d}.json", f"{seed}/{number}"
    if wav.exists() and told.exists() and json.loads(told.read_text())["from"] == name:
        return
    wav.unlink(missing_ok=True)
    draw = random.Random(name)
    font = draw.choice(fonts)
    samples, truth = MAKERS[number % len(MAKERS)](draw, font, BANK)
    told.write_text(json.dumps(truth | {"font": font.name, "from": name}))
    part = wav.with_suffix(".part")
    soundfile.write(part, samples, RATE, subtype="PCM_16", format="WAV")
    os.replace(part, wav)


def make(folder: Path, count: int, seed: str, corpus: Path, fonts: list[Path]) -> None:
    """FOLDER/0000.wav and FOLDER/0000.json … What is there of this seed is kept."""
    for program, does in PROGRAMS.items():
        if not shutil.which(program):
            raise SystemExit(f"make: {program} is not installed: it {does}")
    there = [font for font in fonts if font.exists()]
    if not there:
        raise SystemExit(f"make: no sound font is there, of {', '.join(map(str, fonts)) or 'none named'}")
    folder.mkdir(parents=True, exist_ok=True)
    file = folder.parent / "voices.npz"
    voices.bank(file, corpus)
    task = partial(sound, folder=folder, seed=seed, fonts=there)
    with ProcessPoolExecutor(2, initializer=load, initargs=(file, corpus)) as pool:
        for done, _ in enumerate(pool.map(task, range(count), chunksize=1), 1):
            if sys.stderr.isatty():
                print(f"\r{done} of {count} sounds", end="\r", file=sys.stderr, flush=True)
