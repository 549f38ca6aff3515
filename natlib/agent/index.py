"""A folder as an index: a line of JSON for each recording, to be searched with jq or DuckDB."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from ..files import display
from ..wire import Head
from .heard import Heard
from .sound import Sound
from .work import Work

CLOCK = re.compile(r"(?<!\d)((?:19|20)\d\d)-?(\d\d)-?(\d\d)[T_ -]?(\d\d)[-.:]?(\d\d)[-.:]?(\d\d)(?!\d)")
TOGETHER = 32  # files heard in one pipe: lines come after each, and a pipe's start costs little of that


def index(work: Work, folder: str, sounds: Sequence[Sound]) -> Iterator[Head]:
    """A line for each of `sounds`, as they are heard, with names relative to `folder`. What is no sound is an error."""
    for first in range(0, len(sounds), TOGETHER):
        some = sounds[first : first + TOGETHER]
        for sound, heard in zip(some, work.listen(some, strict=True), strict=True):
            yield line(folder, sound, heard)


def line(folder: str, sound: Sound, heard: Heard) -> Head:
    """Name, time, length, and what the summary says; or the error."""
    head: Head = {"file": display(os.path.relpath(sound.path, folder)), **recorded(sound.path)}
    if heard.failure:
        return {**head, "error": heard.failure}
    summary = {key: value for key, value in heard.summary.items() if key not in ("event", "item")}
    return {**head, "seconds": round(heard.seconds, 3), **summary}


def recorded(path: str) -> Head:
    """When it was recorded: as its name says (20260131_233000), else when the file was last changed; local time."""
    found = None
    for digits in CLOCK.finditer(os.path.basename(path)):
        try:
            found = datetime(*(int(part) for part in digits.groups()))  # type: ignore[arg-type]
        except ValueError:  # digits that are no time
            continue
    if found:
        return {"time": found.isoformat(), "time_from": "name"}
    changed = datetime.fromtimestamp(int(os.stat(path).st_mtime))
    return {"time": changed.isoformat(), "time_from": "file"}
