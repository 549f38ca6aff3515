"""Pictures: of one sound, with what its text says marked in it, and of many at a glance."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from ..errors import Failure
from .heard import Heard
from .sound import Sound
from .work import Work

MOST = 60  # sounds of a sheet: below 1.5 inches each, nothing is seen
SHORT = 60  # characters of a line at least: a name and a level
LETTERS = 2.5  # of a token, at least, in words and figures such as ours
COLUMNS = ((1, 1), (4, 2), (9, 3), (16, 4), (MOST, 5))  # up to so many sounds stand in so many columns


class View(NamedTuple):
    """What of a picture is drawn; None leaves it to nat-plot."""

    low: float | None = None  # lowest frequency, Hz
    high: float | None = None  # highest, Hz
    window: float | None = None  # ms
    scale: int | None = None  # dB from the darkest to the brightest colour

    @property
    def options(self) -> list[str]:
        """Those of nat-plot."""
        named = zip(("--fmin", "--fmax", "--window", "--range"), self, strict=True)
        return [part for name, value in named if value is not None for part in (name, f"{value:g}")]


WHOLE = View()


def look(work: Work, sound: Sound, view: View = WHOLE, marks: bool = True) -> bytes:
    """A PNG of the waveform and spectrogram of a sound. Raises Failure.

    `marks` are bars, chords, sounds and sections, as the text of the whole file has them: all of it is heard for these.
    """
    options = ["plot", *view.options]
    if marks:
        heard = work.listen([sound._replace(start=None, end=None)])[0]
        options += ["--marks", str(heard.path)] if not heard.failure else []
    work.doing = "drawing"
    return work.output(["split", "--", sound.name], sound.decode(), options, folder=sound.folder)


def sheet(work: Work, sounds: Sequence[Sound], view: View = WHOLE) -> tuple[bytes, list[Heard]]:
    """A PNG of the spectrograms of many sounds, on one scale, and what was heard of each. Raises Failure.

    All have the same start and end.
    """
    if not 0 < len(sounds) <= MOST:
        raise Failure(f"expected 1 to {MOST} sounds for a sheet, got {len(sounds)}")
    heard = work.listen(sounds)
    columns = next(columns for most, columns in COLUMNS if len(sounds) <= most)
    options = ["--what", "spectrogram", "--scale", "all", "--columns", str(columns), *view.options]
    names = [os.path.join(sound.folder, sound.name) for sound in sounds]
    work.doing = "drawing"
    return work.output(["split", "--", *names], sounds[0].decode(), ["plot", *options]), heard


def lines(names: Sequence[str], heard: Sequence[Heard], budget: int) -> list[str]:
    """A line for each sound: its name, and the whole in words, cut to its part of `budget` tokens; 0 for no limit."""
    room = max(SHORT, int(LETTERS * budget / max(len(names), 1))) if budget else 1 << 20
    told = (f"{name}: {what.words}" for name, what in zip(names, heard, strict=True))
    return [line if len(line) <= room else f"{line[: room - 1].rpartition(' ')[0]}…" for line in told]
