"""All that is known of one item, kept to be written later: here from tokens, in ndjson.py from NDJSON.

Rows of codes and measures are kept as they came, lines as they were said: an hour takes some 60 MB.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import Failure, Upstream
from ..runtime import Item
from ..wire import Head
from . import introductions
from .layers import Layout
from .measures import Table
from .measuring import Measuring
from .music.told import BarLine
from .once import PATIENCE, Scene, SectionLine, Sound, expanded, grouped
from .passing import Passing

if TYPE_CHECKING:
    from .layers import Codes

UNMEASURED = {"event", "in_words", "caveats", "lufs", "channel_levels"}  # fields of the summary that need no measures
BATCH = 256  # frames that are measured at once


@dataclass(frozen=True, kw_only=True)
class Content:
    """One item: as much of it as could be read."""

    head: Head
    end: Head | None
    failure: Upstream | Failure | None  # why there is no more
    layout: Layout
    table: Table
    payload: bytearray  # rows
    scenes: Sequence[Scene]
    events: Sequence[Sound]  # sound and repeats lines
    bars: Sequence[BarLine]
    sections: Sequence[SectionLine]
    introductions: Sequence[tuple[int, int, str]]  # layer, code, words
    notes: Sequence[Head]  # all others
    summary: Head  # without codes
    scene: float  # seconds of a scene
    left_out: Sequence[str] = ()  # what was left out when the NDJSON was packed
    raw: Sequence[Sound] | None = None  # all sounds, if they were measured, not read
    spoken: bool = False  # are scenes as NDJSON says them, with the bands and modulation last said?

    @property
    def codes(self) -> Codes:
        """Shape (frames, layers)."""
        import numpy as np

        return self.layout.rows(self.payload)[0] if self.layout.names else np.empty((self.frames, 0), np.uint16)

    @property
    def frames(self) -> int:
        """How many there are; without codes, the number that the end gives."""
        if self.layout.names:
            return len(self.payload) // self.layout.row.size
        total = (self.end or {}).get("frames")
        return total if type(total) is int and total > 0 else 0

    @property
    def sounds(self) -> list[Sound]:
        """All sounds, as NDJSON tells them: those that repeat another have its fields."""
        return expanded(self.events, self.layout.within)

    @property
    def soundless(self) -> bool:
        """Is this not sound, but other bytes played as samples?"""
        return isinstance(self.head.get("raw"), dict)

    @property
    def measured(self) -> bool:
        """Is anything known besides codes?"""
        return bool(self.scenes or self.events or self.bars or self.summary.keys() - UNMEASURED)


def of_tokens(item: Item, scene: float) -> Content:
    """What a token stream says; scenes measure `scene` seconds. Raises Failure if it can't be packed."""
    layout = Layout(item.head)
    payload, failure = bytearray(), None
    told: list[tuple[int, int, str]] = []
    notes: list[Head] = []
    passing = Passing(item.head)
    try:
        for record in item:
            if record.event == "data":
                payload += record.payload
            elif record.event == "code" and (introduced := introduction(layout, record.head)):
                told.append(introduced)
            elif note := passing(record.head):
                notes.append(note)
    except (Upstream, Failure) as error:
        failure = error
    measuring, step = Measuring(layout, scene), BATCH * layout.row.size
    parts = [measuring.feed(layout.rows(payload[i : i + step])[1]) for i in range(0, len(payload), step)]
    parts.append(measuring.finish())
    sounds = [sound for part in parts for sound in part.sounds]
    return Content(
        head=item.head,
        end=item.end,
        failure=failure,
        layout=layout,
        table=measuring.table,
        payload=payload,
        scenes=[scene for part in parts for scene in part.scenes],
        events=grouped(sounds, PATIENCE),
        raw=sounds,
        bars=[bar for part in parts for bar in part.bars],
        sections=measuring.sections(item.end),
        introductions=told,
        notes=notes,
        summary=measuring.tell(passing.caveats, item.end),
        scene=scene if layout.measures else 0.0,
    )


def introduction(layout: Layout, head: Head) -> tuple[int, int, str] | None:
    """Layer, code and words of a `code` note; no words for a nuance of a residual layer. None if it can't be told."""
    name, code, measures = head.get("layer"), head.get("code"), head.get("measures")
    if name not in layout.names or type(code) is not int or not isinstance(measures, dict):
        return None
    layer = layout.names.index(name)
    known = {key: value for key, value in measures.items() if type(value) in (int, float)}
    say = introductions.refine if layout.depth(layer) else introductions.introduce
    return layer, code, say(known, layout.types[layer])
