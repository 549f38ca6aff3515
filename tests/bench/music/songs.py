"""Songs whose voice is known: NAME.mp3 with NAME.json.

It has `voice`, [from, to] where somebody sings, and `sung`, [from, to, pitch class or null] of each syllable.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from . import frames
from .hear import ROOT, hear
from .score import SAME, UNTOLD, Scores, share

SONGS = Path(os.environ.get("NAT_SHARED", ROOT.parent / "shared")) / "songs"


def songs() -> list[Path]:
    """The songs that are there."""
    return sorted(path for path in SONGS.glob("*.mp3") if path.with_suffix(".json").exists())


def scores(path: Path) -> Scores:
    """How well one song's voice is heard."""
    truth, told = json.loads(path.with_suffix(".json").read_text()), hear(path)["frames"]
    rate, count = told["rate"], told["count"]
    singing = frames.within(truth["voice"], rate, count)
    syllables = [syllable for syllable in truth["sung"] if syllable[2] is not None]
    voice, lead = told.get("voice"), told.get("lead")
    return {
        "voice": UNTOLD if voice is None else area([value or 0.0 for value in voice], singing),
        "sung": UNTOLD if lead is None else sung(frames.sounding(syllables, rate, count), lead),
    }


def area(values: list[float], right: list[bool]) -> float:
    """The area under the ROC curve: how often a frame that is right has the higher value of two, ties half."""
    from scipy.stats import rankdata

    ranks, mask = np.asarray(rankdata(values)), np.array(right)
    many, rest = int(mask.sum()), int((~mask).sum())
    return float((ranks[mask].sum() - many * (many + 1) / 2) / (many * rest)) if many and rest else UNTOLD


def sung(wanted: frames.Frames, lead: list[Any]) -> float:
    """The share of frames, of those of a sung syllable, in which the leading note has its pitch class."""
    pairs = [(classes, note) for classes, note in zip(wanted, lead, strict=True) if classes]
    return share([note is not None and any(apart(note, each) <= SAME for each in classes) for classes, note in pairs])


def apart(note: float, pitch_class: float) -> float:
    """Semitones between a note and the nearest note of a pitch class."""
    return abs((note - pitch_class + 6) % 12 - 6)
