"""The sounds of a run: pieces that are composed, or written by people, played and changed; or those of a folder.

NAME.wav and NAME.json, its truth; the truth says also which `variant` of the piece `of` it is. What is there is kept.
"""

from __future__ import annotations

import json
import os
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from . import people, play, timing
from .pieces import Piece, Truth, compose

VARIANTS = {  # of a composed piece
    "drift": "a tempo that drifts",
    "live": "played as people play",
    "reverb": "in a room",
    "noise": f"under pink noise, {play.SNR:.0f} dB below it",
    "font": "with another sound font",
}
GROUPS = {"plain": "as it is", **VARIANTS, "scores": "music21's corpus", "midi": "MIDI files"}


@dataclass(frozen=True)
class Sound:
    """A sound and its truth. `of` is the same for variants of one piece."""

    wav: Path
    truth: Truth
    variant: str
    of: str

    @property
    def name(self) -> str:
        return self.wav.name.removesuffix(".wav")


@dataclass(frozen=True)
class Order:
    """A sound to be made: which variant of which piece, from which seed, with which fonts, where to."""

    folder: Path
    variant: str
    number: int
    seed: int
    font: Path
    other: Path | None = None  # another font
    source: Path | None = None  # a MIDI file, or a WAV file that is there


def saved(wav: Path, truth: Truth, make: Any) -> Sound:
    """The sound that make(path) leaves there, made only if what is there has another truth."""
    told = wav.with_name(wav.name.removesuffix(".wav") + ".json")
    text = json.dumps(truth)
    if not (wav.exists() and told.exists() and told.read_text() == text):
        told.unlink(missing_ok=True)
        make(wav)
        told.write_text(text)
    return Sound(wav, truth, truth["variant"], truth["of"])


def make(order: Order) -> Sound:
    """What is ordered."""
    if order.variant == "scores":
        return score(order)
    if order.variant == "midi":
        return file(order)
    if order.source:
        truth = json.loads(order.source.with_suffix(".json").read_text())
        return Sound(order.source, truth, truth.get("variant", "plain"), truth.get("of", order.source.stem))
    return composed(order)


def composed(order: Order) -> Sound:
    """A composed piece, or a variant of it."""
    piece, of = compose(order.seed, order.number), f"{order.number:04d}"
    rnd = random.Random(f"{order.seed}/{order.number}/{order.variant}")
    font = order.font
    if order.variant == "drift":
        piece = timing.drifted(piece, rnd)
    elif order.variant == "live":
        piece = timing.live(piece, rnd)
    elif order.variant == "font" and order.other:
        font = order.other
    name = of if order.variant == "plain" else f"{of}.{order.variant}"

    def to(wav: Path) -> None:
        play.perform(piece, wav, font)
        if order.variant in ("reverb", "noise"):
            changed(wav, order.variant, rnd)

    truth = piece.truth | {"variant": order.variant, "of": of, "font": font.name}
    return saved(order.folder / f"{name}.wav", truth, to)


def changed(wav: Path, variant: str, rnd: random.Random) -> None:
    """Reverberation or noise, into the file that is there."""
    import soundfile

    sound, rate = soundfile.read(wav, always_2d=True)
    function = play.reverberated if variant == "reverb" else play.noisy
    soundfile.write(wav, function(sound, np.random.default_rng(rnd.randrange(2**32))), rate, subtype="PCM_16")


def score(order: Order) -> Sound:
    """A score of music21's corpus."""
    piece: Piece = people.scored(random.Random(f"{order.seed}/{order.number}/scores"))
    truth = piece.truth | {"variant": "scores", "of": f"score-{order.number:02d}", "font": order.font.name}
    return saved(order.folder / f"{truth['of']}.wav", truth, lambda wav: play.perform(piece, wav, order.font))


def file(order: Order) -> Sound:
    """The first seconds of a MIDI file."""
    import soundfile

    assert order.source
    midi = order.source

    def to(wav: Path) -> None:
        play.play(midi, wav, order.font)
        sound, rate = soundfile.read(wav, frames=round(people.LONGEST * play.RATE))
        soundfile.write(wav, sound, rate, subtype="PCM_16")

    truth = people.from_file(midi) | {"variant": "midi", "of": f"midi-{midi.stem}", "font": order.font.name}
    return saved(order.folder / f"{truth['of']}.wav", truth, to)


def fonts(asked: str) -> tuple[Path, Path | None]:
    """The font that is asked for, or the first that is there; and another one. Says what is not there."""
    there = [path for path in play.FONTS if path.exists()]
    wanted = Path(asked) if asked else play.FONTS[0]
    if not wanted.exists():
        if not there:
            raise SystemExit(f"make: {wanted} is not there, nor is another sound font: FONT=file, or TRUTH=folder")
        print(f"(not there: the sound font {wanted}; {there[0]} plays. Figures of two fonts do not compare)")
        wanted = there[0]
    other = next((path for path in there if path.resolve() != wanted.resolve()), None)
    if not other:
        names = ", ".join(path.name for path in play.FONTS)
        print(f"(not there: a second sound font, one of {names}; no piece is played with another font)")
    return wanted, other


def orders(folder: Path, seed: int, count: int, variants: list[str], font: Path, other: Path | None) -> list[Order]:
    """`count` pieces as they are, each in these variants too; where none are named, in one, each in its turn."""
    there = [variant for variant in VARIANTS if other or variant != "font"]
    result = []
    for number in range(1, count + 1):
        turn = [there[(number - 1) % len(there)]]
        wanted = [variant for variant in variants if variant in there] if variants else turn
        result += [Order(folder, variant, number, seed, font, other) for variant in ("plain", *wanted)]
    return result


def written(folder: Path, seed: int, count: int, midi: Path | None, font: Path) -> list[Order]:
    """Music that people wrote: `count` scores, and as many MIDI files where there are some."""
    if not count:
        return []
    found = people.files(midi)
    if not found:
        place = midi or "Debian's openttd-openmsx or planetblupi-music-midi"
        print(f"(not there: MIDI files of {place})")
    drawn = random.Random(f"{seed}/midi").sample(found, min(count, len(found)))
    result = [Order(folder, "scores", number, seed, font) for number in range(1, count + 1)]
    return result + [Order(folder, "midi", number, seed, font, source=path) for number, path in enumerate(drawn, 1)]


def folder_of(truth: Path, out: Path) -> list[Order]:
    """The sounds of a folder: NAME.wav with NAME.json."""
    found = sorted(path for path in truth.glob("*.wav") if path.with_suffix(".json").exists())
    if not found:
        raise SystemExit(f"make: TRUTH={truth}: there is no NAME.wav with NAME.json")
    return [Order(out, "plain", number, 0, Path(os.devnull), source=path) for number, path in enumerate(found, 1)]
