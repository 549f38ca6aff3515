"""The layers of a token stream: what a header says of them, which are stated when, and the lines that state them.

Each layer has its encoding:

* delta: stated when it changes, and in every keyframe;
* rle: all rle layers are stated together, once a run in which none of them changes, with its length `n` in frames;
* dense: stated in every frame.

Every encoding means the same to a reader: a layer keeps its value until it is stated again.
"""

from __future__ import annotations

import math
import struct
from argparse import ArgumentTypeError
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from .. import wire
from ..errors import Failure
from ..wire import Head

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Codes = NDArray[np.uint16]  # shape (frames, layers)

HALF = Fraction(1, 2)
ENCODINGS = ("delta", "rle", "dense")
LONGEST = 1 << 24  # frames that one line may stand for: a time far off is an error, not a disk full of repetition
TAKEN = {"t", "kf", "n", "event", "item", "name"}  # keys of lines, so layers can't have these names
LATEST = 1_000_000_000  # s, the latest time at which an item may begin
FASTEST = 500  # frames a second: beyond, times to the millisecond would not tell frames apart


class Layout:
    """What a header says of its frames. Raises Failure if that can't be packed."""

    def __init__(self, head: Head, least: int = 1):
        layers = head.get("layers")
        if not isinstance(layers, list) or len(layers) < least or not all(isinstance(layer, dict) for layer in layers):
            raise Failure(f"expected a list of layers in the header, got {wire.show(layers)}")
        self.names: list[str] = [str(layer.get("name")) for layer in layers]
        if len(set(self.names)) < len(layers) or not TAKEN.isdisjoint(self.names):
            raise Failure(f"expected layers with names of their own, got {wire.show(self.names)}")
        self.types = [str(layer.get("type")) for layer in layers]
        rate = head.get("frame_rate")
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate <= FASTEST:
            raise Failure(f"expected a frame rate above 0 and up to {FASTEST} a second, got {wire.show(rate)}")
        self.rate = Fraction(rate)
        start = head.get("t0", 0)
        if isinstance(start, bool) or not isinstance(start, int | float) or not 0 <= start <= LATEST:
            raise Failure(f"expected a t0 from 0 to {LATEST} s, got {wire.show(start)}")
        self.start = Fraction(start)  # seconds of the recording before the first frame
        apart, begin = 1000 / self.rate, 1000 * self.start + HALF  # ms
        over = math.lcm(apart.denominator, begin.denominator)
        self._clock = int(apart * over), int(begin * over), over
        block = head.get("block", 8)
        if type(block) is not int or not 0 < block <= 65536:
            raise Failure(f"expected 1 to 65536 frames as block, got {wire.show(block)}")
        self.block = block
        self.vocab: list[int] = [
            vocab if type(vocab := layer.get("vocab")) is int and 0 < vocab <= 65536 else 65536 for layer in layers
        ]
        self.measures: list[Head] = head.get("measures", [])
        for measure in self.measures:
            step = measure.get("step", 1)
            if isinstance(step, bool) or not isinstance(step, int | float) or not 0 < step <= 1000:
                name = wire.show(measure.get("name"))
                raise Failure(f"expected a step above 0 and up to 1000 of the measure {name}, got {wire.show(step)}")
        self.row = struct.Struct(f"<{len(layers)}H{len(self.measures)}h")

    def depth(self, layer: int) -> int:
        """How many layers it refines: the number that its name ends with, 0 if it has none."""
        digits = self.names[layer].lstrip("".join(set(self.names[layer]) - set("0123456789")))
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 4 else 0

    def time(self, frame: int) -> float:
        """The time of `frame` in seconds, to the millisecond."""
        step, before, over = self._clock
        return (step * frame + before) // over / 1000

    def times(self, first: int, count: int) -> list[str]:
        """The times of `count` frames from `first` on, as they are written."""
        return [str(self.time(frame)) for frame in range(first, first + count)]

    def rows(self, payload: bytes | bytearray) -> tuple[Codes, NDArray[np.int16]]:
        """Codes and measures of whole rows, each with one row a frame."""
        import numpy as np

        rows = np.frombuffer(payload, "<u2").reshape(-1, self.row.size // 2)
        return rows[:, : len(self.names)], rows[:, len(self.names) :].view(np.dtype("<i2"))

    def length(self, seconds: float) -> int:
        """How many frames a scene of `seconds` has."""
        return max(1, round(seconds * float(self.rate)))

    def within(self, time: float) -> int:
        """The frame in which `time` lies; times are rounded to hundredths."""
        return math.floor((time - float(self.start)) * float(self.rate) + 1e-6)

    def frame(self, time: float) -> int:
        """The frame at `time`, as `time()` gives it."""
        return round((Fraction(time) - self.start) * self.rate)


def encodings(text: str, names: list[str]) -> list[str]:
    """The encoding of each layer of `names`. `text` is --encoding's: "delta", or "S=rle,A0=dense" (others: delta)."""
    if text in ENCODINGS:
        return [text] * len(names)
    chosen = dict(part.split("=") for part in text.split(","))
    return [chosen.get(name) or chosen.get(name[:1]) or "delta" for name in names]


def encoding_option(text: str) -> str:
    """The argparse type of --encoding."""
    for part in [] if text in ENCODINGS else text.split(","):
        layer, sign, encoding = part.partition("=")
        if not (layer and sign and encoding in ENCODINGS):
            raise ArgumentTypeError(
                f'expected delta, rle or dense, or layers with theirs such as S=rle,A0=dense, got "{text}"'
            )
    return text


def keyframes(layout: Layout, interval: float) -> int:
    """Frames between keyframes that are `interval` seconds apart; 0 if only the first frame is one."""
    return max(1, round(interval * layout.rate)) if interval else 0


class Frame(NamedTuple):
    """A line of codes: what is stated of one frame."""

    frame: int
    key: bool  # is every layer stated?
    n: int  # length of the run that begins, 0 for none
    layers: list[int]  # the layers that are stated
    codes: list[int]  # one for each of them


class Frames:
    """Frames in, lines of codes out; only of the layers `kept`."""

    def __init__(self, layout: Layout, encodings: list[str], interval: float, kept: Sequence[int]):
        import numpy as np

        self.dense = np.array([encoding == "dense" for encoding in encodings])
        self.rle = np.array([encoding == "rle" for encoding in encodings])
        self.kept = np.isin(np.arange(len(encodings)), kept)
        self.rle &= self.kept
        self.keyframe = keyframes(layout, interval)
        self.count = 0  # frames so far
        self._last: Codes | None = None
        self._held: list[Frame] = []  # lines from the run's first one on, until its length is known

    @property
    def under_way(self) -> int | None:
        """The frame at which the current run began, if one has not ended yet."""
        return self._held[0].frame if self._held else None

    def feed(self, codes: Codes) -> Iterator[Frame]:
        """The lines that the next frames complete; `codes` has the shape (frames, layers)."""
        import numpy as np

        first, self.count = self.count, self.count + len(codes)
        frames = np.arange(first, self.count)
        key = frames % self.keyframe == 0 if self.keyframe else frames == 0
        changed = changes(codes, self._last)
        self._last = codes[-1:]
        runs = bool(self.rle.any())
        run = ((changed & self.rle).any(axis=1) | key) & runs
        stated = np.where(self.rle, run[:, None], key[:, None] | self.dense | changed) & self.kept
        layers, values = np.nonzero(stated)[1].tolist(), codes[stated].tolist()
        ends = np.cumsum(stated.sum(axis=1))
        lines = np.flatnonzero(stated.any(axis=1))
        start = 0
        for frame, end, is_key, begins in zip(
            (first + lines).tolist(), ends[lines].tolist(), key[lines].tolist(), run[lines].tolist(), strict=True
        ):
            line = Frame(frame, is_key, 0, layers[start:end], values[start:end])
            start = end
            if begins:
                yield from self._end_run(frame)
            if runs:
                self._held.append(line)
            else:
                yield line

    def finish(self) -> list[Frame]:
        """The lines that were waiting for the end of a run."""
        return self._end_run(self.count)

    def _end_run(self, frame: int) -> list[Frame]:
        held, self._held = self._held, []
        return [held[0]._replace(n=frame - held[0].frame), *held[1:]] if held else []


def changes(codes: Codes, last: Codes | None) -> NDArray[np.bool_]:
    """Where a code differs from that of the frame before; `last` is the frame before the first one, None for none."""
    import numpy as np

    changed = np.empty(codes.shape, np.bool_)
    np.not_equal(codes[1:], codes[:-1], out=changed[1:])
    changed[:1] = True if last is None else codes[:1] != last
    return changed
