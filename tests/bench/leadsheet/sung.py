"""Pieces whose tune a voice sings, with nonsense for words."""

from __future__ import annotations

import random
import tempfile
from itertools import pairwise
from pathlib import Path
from statistics import median

from ..ear import voices
from ..ear.material import QUIET, mono
from ..ear.rooms import Array, degraded, effective, gain
from ..ear.voices import Voice
from ..music import play, timing
from ..music.pieces import LEAD, Entry, Piece, Truth, compose
from .styles import free

FREE, LIVE = 0.5, 0.4  # how often a piece is of a style of its own; how often it is played as people play
FEWEST = 12  # notes of a tune
SECONDS = 45.0  # of a piece, at most
RANGES = [50, 55, 60, 64, 67]  # the note about which a voice sings: the tune is moved there, by octaves
APART, SHORTEST = 0.005, 0.06  # seconds between two notes, of a note
OVER = (-2.0, 9.0)  # dB of a voice over the others
OFTEN = 0.5  # how often something happens to the sound, of how often it does in the ear's material


def written(rnd: random.Random) -> Piece:
    """A piece with a tune, and with others who play."""
    while True:
        piece = free(rnd) if rnd.random() < FREE else compose(rnd.randrange(2**32), 0)
        others = sum(note.channel != LEAD for note in piece.notes)
        if len([each for each in piece.truth["tune"] if each[1] < SECONDS]) >= FEWEST and others:
            return timing.live(piece, rnd) if rnd.random() < LIVE else piece


def melody(rnd: random.Random, tune: list[Entry]) -> list[Entry]:
    """A tune as it is sung: one note after the other, where a voice can sing them."""
    octaves = round((rnd.choice(RANGES) - median(note for *_, note in tune)) / 12)
    result = [[start, end, note + 12 * octaves] for start, end, note in tune]
    for one, other in pairwise(result):
        one[1] = max(one[0] + SHORTEST, min(one[1], other[0] - APART))
    return result


def sung(rnd: random.Random, font: Path, bank: list[Voice]) -> tuple[Array, Truth]:
    """Samples, (n,), and their truth."""
    piece = written(rnd)
    seconds = min(SECONDS, piece.truth["sections"][-1][1] + 1)
    tune = [each for each in melody(rnd, piece.truth["tune"]) if each[1] < seconds - 0.1]
    there = [pair for pair in zip(piece.notes, piece.entries, strict=True) if pair[0].channel != LEAD]
    piece.notes, piece.entries = [note for note, _ in there], [entry for _, entry in there]
    with tempfile.TemporaryDirectory() as name:
        wav = Path(name, "piece.wav")
        play.perform(piece, wav, font)
        band = mono(wav, seconds)
    voice = voices.sing(rnd, tune, seconds, voices.any_of(rnd, bank))
    active = effective(voice) * (seconds / sum(end - start for start, end, _ in tune)) ** 0.5
    mixed = band + voice * (gain(rnd.uniform(*OVER)) * max(effective(band), QUIET) / max(active, 1e-9))
    truth = piece.truth | {"tune": tune, "notes": sorted(piece.sounding() + tune), "covered": [], "voice": True}
    return degraded(mixed, rnd, OFTEN), truth
