"""What limits trust in the description of a sound, in words: no sound, damage, gaps, clipping, silence.

These caveats come from the header, the notes and the end of an item. nat-pack puts them first in the summary, nat-plot
above its pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .wire import Head

MOST = 3  # places named of each kind, at most
SHORT = 0.01  # s: what is shorter can't be measured
LOWERED = 3.0  # dB: if mixing lowers the loudest channel this much or more, it is reported
CANCELS = -0.5  # correlation of two channels: at this or below, their sum loses sound
OFFSET = 0.02  # of full scale: a constant offset this large is reported


class Caveats:
    """Takes the records of an item, and gives its caveats."""

    def __init__(self, head: Head):
        self.head = head
        start = head.get("t0")
        self.start = float(start) if isinstance(start, int | float) else 0.0
        self.clipping: list[float] = []  # seconds in which it clips

    def note(self, head: Head) -> None:
        """Take a note."""
        if head.get("event") == "clipping" and isinstance(time := head.get("t"), int | float):
            self.clipping.append(float(time))

    def first(self) -> list[str]:
        """What is known from the header."""
        found = []
        raw = self.head.get("raw")
        if isinstance(raw, dict):
            played = f"played as raw samples ({raw.get('encoding')}, {raw.get('sample_rate')} Hz"
            played += f", {raw['channels']} channels)" if raw.get("channels", 1) != 1 else ")"
            content = raw.get("content")
            found.append(f"no sound: {content if content else 'bytes of no known sound format'}, {played}")
        if self.head.get("random"):
            found.append("the codes are random numbers and say nothing of the sound")
        if self.start:
            found.append(f"a part of a longer sound, from {moment(self.start)} on")
        return found

    def all(self, end: Head | None, silence: Sequence[Sequence[float]] = ()) -> list[str]:
        """What is known at the end; `silence` holds the times, from and to, in which nothing can be heard."""
        end = end or {}
        samples, rate = end.get("samples"), self.head.get("sample_rate")
        found = self.first()
        if samples in (0, 1):
            found.append("no sample" if samples == 0 else "one sample: nothing can be measured of it")
        elif isinstance(samples, int) and isinstance(rate, int) and 0 < samples < SHORT * rate:
            found.append(f"{samples} samples: too short to be measured")
        if end.get("damaged"):
            found.append(f"damaged: {end.get('reason', 'not all of it is there')}")
        gaps = [gap for gap in end.get("gaps", ()) if isinstance(gap, list) and len(gap) == 2]
        if gaps:
            places = [(at, at + seconds) for at, seconds in gaps]
            found.append(f"sound is missing {spans(places)}: there is silence instead")
        found += self._channels(end)
        if clipped := end.get("clipped"):
            where = (
                f", {len(self.clipping)} s of it, from {moment(self.start + self.clipping[0])} on"
                if self.clipping
                else ""
            )
            found.append(f"it clips: {clipped} samples at full scale{where}")
        if nonfinite := end.get("nonfinite"):
            found.append(f"{nonfinite} samples were no numbers or absurdly large, and are silence")
        offset = end.get("dc_offset")
        if isinstance(offset, int | float) and abs(offset) >= OFFSET and "raw" not in self.head:
            found.append(f"a constant offset of {abs(offset):.0%} of full scale, which is not heard")
        silence = [
            span for span in silence if not any(at - 1 < span[0] and span[1] < at + lasts + 1 for at, lasts in gaps)
        ]
        if silence:
            total = sum(b - a for a, b in silence)
            seconds = end.get("seconds")
            whole = isinstance(seconds, int | float) and total >= 0.98 * seconds
            found.append("silent throughout" if whole else f"silent {spans(silence)}")
        return found

    def _channels(self, end: Head) -> list[str]:
        """What mixing to one channel does to the channels."""
        levels = end.get("channel_levels")
        if not isinstance(levels, dict) or self.head.get("channels") != 1:
            return []
        found = []
        sides = end.get("side_taken") or []
        correlation = levels.get("correlation")
        if sides:
            found.append(f"the two channels cancel: half their difference is told {spans(sides)}, not their sum")
        elif isinstance(correlation, int | float) and correlation <= CANCELS:
            found.append(f"the two channels cancel in part (correlation {correlation:g})")
        known = [level for level in levels.get("dbfs", ()) if isinstance(level, int | float)]
        mono = end.get("rms_dbfs")
        if known and isinstance(mono, int | float) and (lost := max(known) - mono) >= LOWERED and not sides:
            count, silent = len(levels["dbfs"]), len(levels["dbfs"]) - len(known)
            text = f"mixing {count} channels to one lowers it by {lost:.0f} dB"
            found.append(text + (f": {silent} of them silent" if silent else ""))
        return found


def spans(places: Sequence[Sequence[float]]) -> str:
    """Times from and to, in words."""
    said = [
        f"from {a:.4g} to {b:.4g} s" + (f" ({minutes(a)}-{minutes(b)})" if b >= 60 else "") for a, b in places[:MOST]
    ]
    more = len(places) - MOST
    return ", ".join(said) + (f" and {more} times more" if more > 0 else "")


def minutes(seconds: float) -> str:
    """A time as min:s, from an hour on h:min:s."""
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def moment(seconds: float) -> str:
    """A time in seconds, from a minute on also as min:s."""
    return f"{seconds:g} s" + (f" ({minutes(seconds)})" if seconds >= 60 else "")


def sentence(caveats: Sequence[str]) -> str:
    """All of them as sentences; "" for none."""
    return " ".join(f"{text[0].upper()}{text[1:]}." for text in caveats)


def strings(value: Any) -> list[str]:
    """The strings in a list that another program may have written."""
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
