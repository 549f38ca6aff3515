"""Which sound is meant: a file, and from when to when."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import NamedTuple

from ..errors import Failure

TIME = r"(?:\d+:)?(?:\d+:)?\d+(?:\.\d*)?"
RANGE = re.compile(rf"(.+?):({TIME})?-({TIME})?", re.DOTALL)


class Sound(NamedTuple):
    """A file, from `start` to `end` of its recording in seconds; None for its own start or end."""

    path: str
    start: float | None = None
    end: float | None = None

    @property
    def folder(self) -> str:
        """The folder that it lies in, absolute: filters run there, so that texts and pictures give only its name."""
        return os.path.dirname(os.path.abspath(self.path))

    @property
    def name(self) -> str:
        """Its name, as an operand of a filter run in its folder: - alone would be standard input."""
        name = os.path.basename(self.path)
        return "./-" if name == "-" else name

    @property
    def title(self) -> str:
        """Its name, and the part that is meant."""
        if self.start is None and self.end is None:
            return self.name
        return f"{self.name} from {self.start or 0:g} to {'its end' if self.end is None else f'{self.end:g}'} s"

    def decode(self, *options: str) -> list[str]:
        """The nat-decode that gives these samples."""
        first = self.start or 0.0
        part = ["--start", f"{first!r}"] if first else []
        part += ["--duration", f"{self.end - first!r}"] if self.end is not None else []
        return ["decode", *part, *options]


def sound(path: str | os.PathLike[str], start: float | None = None, end: float | None = None) -> Sound:
    """A file, or a part of it. Raises Failure for times that do not fit."""
    if not 0 <= (start or 0.0) < (1e9 if end is None else end) <= 1e9:
        raise Failure(f"{path}: expected a part from a time to a later one, in seconds, got {start} to {end}")
    return Sound(os.fspath(path), start, end)


def parse(text: str, start: float | None = None, end: float | None = None,
          exists: Callable[[str], bool] = os.path.exists) -> Sound:  # fmt: skip
    """FILE or FILE:FROM-TO, where times are seconds or min:s and may be left out; `start` and `end` if none is given.

    A file that has the whole as its name, if one `exists`, is that file.
    """
    found = RANGE.fullmatch(text)
    if not found or not (found[2] or found[3]) or exists(text):
        return sound(text, start, end)
    return sound(found[1], *(seconds(time) if time else None for time in found.groups()[1:]))


def seconds(time: str) -> float:
    """Seconds, of a number, min:s or h:min:s. Raises ValueError for anything else."""
    total = 0.0
    for part in time.split(":"):
        total = 60 * total + float(part)
    return total


def below(folder: str) -> list[Sound]:
    """The files below a folder in the order of their names, without hidden ones and what is no plain file."""
    found = []
    for path, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        files = (os.path.join(path, name) for name in sorted(names) if not name.startswith("."))
        found += [Sound(file) for file in files if os.path.isfile(file)]
    return found
