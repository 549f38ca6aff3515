"""The layers of a token stream: what a header says of them, which are stated when, and the way back from the lines.

Each layer has its encoding:

* delta: stated where it changes, and in every keyframe;
* rle: the rle layers are stated together, once a run in which none of them changes, with its length `n` in frames;
* dense: stated in every frame.

Every encoding means the same to a reader: a layer keeps its value until it is stated again.
"""

from __future__ import annotations

import math
import struct
from argparse import ArgumentTypeError
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from .. import runtime, wire
from ..errors import Failure, Upstream
from ..runtime import Item
from ..wire import Head, Record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Codes = NDArray[np.uint16]  # shape (frames, layers)

ENCODINGS = ("delta", "rle", "dense")
LONGEST = 1 << 24  # frames that one line may stand for: a time far off is an error, not a disk full of repetition
FASTEST = 500  # frames a second: beyond, times to the millisecond would not tell frames apart


class Layout:
    """What a header says of its frames. Raises Failure where that can't be packed."""

    def __init__(self, head: Head, least: int = 1):
        layers = head.get("layers")
        if not isinstance(layers, list) or len(layers) < least or not all(isinstance(layer, dict) for layer in layers):
            raise Failure(f"expected a list of layers in the header, got {wire.show(layers)}")
        self.names: list[str] = [str(layer.get("name")) for layer in layers]
        if len(set(self.names)) < len(layers) or not set(self.names).isdisjoint({"t", "kf", "n", "event"}):
            raise Failure(f"expected layers with names of their own, got {wire.show(self.names)}")
        self.types = [str(layer.get("type")) for layer in layers]
        rate = head.get("frame_rate")
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate <= FASTEST:
            raise Failure(f"expected a frame rate above 0 and up to {FASTEST} a second, got {wire.show(rate)}")
        self.rate = Fraction(rate)
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
        """How many layers it refines: the number that its name ends with, 0 where it has none."""
        digits = self.names[layer].lstrip("".join(set(self.names[layer]) - set("0123456789")))
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 4 else 0

    def time(self, frame: int) -> float:
        """The time of `frame` in seconds, to the millisecond."""
        milliseconds = (2000 * frame * self.rate.denominator + self.rate.numerator) // (2 * self.rate.numerator)
        return milliseconds / 1000

    def times(self, first: int, count: int) -> list[str]:
        """The times of `count` frames from `first` on, as they are written."""
        step, half = 2000 * self.rate.denominator, self.rate.numerator
        return [str((step * frame + half) // (2 * half) / 1000) for frame in range(first, first + count)]

    def rows(self, payload: bytes | bytearray) -> tuple[Codes, NDArray[np.int16]]:
        """Codes and measures of whole rows, a row a frame each."""
        import numpy as np

        rows = np.frombuffer(payload, "<u2").reshape(-1, self.row.size // 2)
        return rows[:, : len(self.names)], rows[:, len(self.names) :].view(np.dtype("<i2"))

    def frame(self, time: float) -> int:
        """The frame at `time`, as `time()` gives it."""
        return round(Fraction(time) * self.rate)


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
                f"expected delta, rle or dense, or layers with theirs such as S=rle,A0=dense, got {text!r}"
            )
    return text


def keyframes(layout: Layout, interval: float) -> int:
    """Frames between keyframes that are `interval` seconds apart; 0 where only the first one is."""
    return max(1, round(interval * layout.rate)) if interval else 0


class Frame(NamedTuple):
    """A line of codes: what is stated of one frame."""

    frame: int
    key: bool  # is every layer stated?
    n: int  # length of the run that begins, 0 for none
    layers: list[int]  # that are stated
    codes: list[int]  # one for each of them


class Frames:
    """Frames in, lines of codes out; of the layers `kept` alone."""

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
        """The frame at which the run begins that has not ended yet."""
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
    """Where a code is not that of the frame before; `last` is the frame before the first one, None for none."""
    import numpy as np

    changed = np.empty(codes.shape, np.bool_)
    np.not_equal(codes[1:], codes[:-1], out=changed[1:])
    changed[:1] = True if last is None else codes[:1] != last
    return changed


class Statistics:
    """What the end line tells of the codes."""

    def __init__(self, layout: Layout):
        self.layout = layout
        self.counts: list[Counter[int]] = [Counter() for _ in layout.names]
        self.changes = [0] * len(layout.names)
        self.frames = 0
        self._last: Codes | None = None

    def feed(self, codes: Codes) -> None:
        """Count the next frames."""
        changed = changes(codes, codes[:1] if self._last is None else self._last)
        self._last = codes[-1:]
        self.changes = [a + b for a, b in zip(self.changes, changed.sum(axis=0).tolist(), strict=True)]
        for counts, column in zip(self.counts, codes.T.tolist(), strict=True):
            counts.update(column)
        self.frames += len(codes)

    def summary(self) -> Head:
        """By layer: codes used and their share of the vocabulary, entropy in bits, changes a second, mean run."""
        layers = {}
        for j, name in enumerate(self.layout.names):
            counts, frames = self.counts[j], self.frames
            entropy = -sum(n / frames * math.log2(n / frames) for n in counts.values())
            layers[name] = {
                "used": len(counts),
                "utilisation": round(len(counts) / self.layout.vocab[j], 3),
                "entropy": abs(round(entropy, 2)),
                "changes_per_second": round(self.changes[j] * float(self.layout.rate) / frames, 2) if frames else 0.0,
                "mean_run": round(frames / (self.changes[j] + 1), 2),
            }
        return layers


class Mended(runtime.Source):
    """NDJSON of which a part may be missing: a line that is none becomes a note, `MISSING`, and an item's end an error.

    Lines before a first header, or after an item's end, are dropped.
    """

    MISSING = b'{"event":"missing"}\n'
    ENDLESS = b'{"event":"error","stage":"nat-pack","message":"the end of the item is missing"}\n'

    def views(self, fd: int, buffers: Iterator[bytearray] | None = None) -> Iterator[memoryview]:
        rest = bytearray()
        mend: bool | None = None  # is this NDJSON? None: not known yet
        self.inside = False  # of an item
        for view in super().views(fd, buffers):
            rest += view
            end = rest.rfind(b"\n") + 1
            if mend is None and (end or rest[0] != ord("{") or len(rest) > wire.MAX_LINE):
                mend = b'"kind":"ndjson"' in rest[: rest.find(b"\n")]
            if mend is False or len(rest) - end > wire.MAX_LINE:
                end = len(rest)
            lines = bytes(rest[:end])
            del rest[:end]
            yield memoryview(b"".join(map(self._line, lines.splitlines(True))) if mend else lines)
        if rest:
            yield memoryview(self._line(bytes(rest) + b"\n"))

    def _line(self, line: bytes) -> bytes:
        import orjson

        try:
            head = orjson.loads(line)
        except orjson.JSONDecodeError:
            head = None
        event = head.get("event") if isinstance(head, dict) else "missing"
        before = self.inside
        self.inside = event == "header" or (before and event not in ("end", "error"))
        if event == "missing":
            return self.MISSING if before else b""
        if event == "header":
            return self.ENDLESS + line if before else line
        if not before and event != "close":
            self.run.lose("lines without the header of their item: left out", say=not self.run.lost)
            return b""
        return line


class Rows:
    """Codes on their way back to blocks of rows."""

    def __init__(self, layout: Layout):
        self.row = struct.Struct(f"<{len(layout.names)}H")
        self.block = layout.block
        self.frames = 0  # so far
        self.codes: list[int] = []  # of now
        self.out = bytearray()

    def hold(self, until: int) -> Iterator[Record]:
        """Repeat the codes up to frame `until`, in blocks as they fill."""
        if until - self.frames > LONGEST:
            raise Failure(f"expected at most {LONGEST} frames without a line, got {until - self.frames}")
        held = self.row.pack(*self.codes) if self.codes else b""
        while self.frames < until:
            count = min(until - self.frames, self.block - len(self.out) // self.row.size)
            self.out += held * count
            self.frames += count
            if len(self.out) == self.block * self.row.size:
                yield from self.flush()

    def flush(self) -> Iterator[Record]:
        """The block that is not full."""
        if self.out:
            yield runtime.data(bytes(self.out))
            self.out.clear()


def unpack(item: Item, say: Callable[[str], None], whole: bool = True) -> Iterator[Record | bytes]:
    """The token stream of one item of NDJSON: layers only, as nat-quantize --plain gives it. Raises Failure.

    Where lines are missing, the codes before are repeated up to the next line that states all layers, and the end says
    that the item is damaged. An item of which something was left out is refused, unless it need not be `whole`.
    """
    pack = item.head.get("pack")
    if whole and isinstance(pack, dict) and pack.get("left_out"):
        raise Failure(f"not whole: {wire.show(pack['left_out'])} was left out when it was packed")
    layout = Layout(item.head)
    layers = [{k: v for k, v in layer.items() if k != "encoding"} for layer in item.head["layers"]]
    kept = {key: value for key, value in item.head.items() if key != "pack"}
    yield Record({**kept, "kind": "tokens", "layers": layers})
    index = {name: j for j, name in enumerate(layout.names)}
    interval = pack.get("keyframe_interval") if isinstance(pack, dict) else None
    every = keyframes(layout, interval) if isinstance(interval, int | float) else 0
    rows = Rows(layout)
    last = -1  # frame of the line before
    lines = 0
    gap: int | None = None  # first frame of those whose codes are not known
    missing: list[tuple[int, int]] = []

    def due() -> int:
        """The frame after the last one in which a line has to state all layers."""
        return (last // every + 1) * every if every else 0 if last < 0 else LONGEST << 8

    try:
        for record in item:
            head = record.head
            if record.event == "missing" and gap is None:
                gap = last + 1
            lines += "t" in head or (record.event == "code" and "means" in head)
            if "event" in head or "t" not in head or index.keys().isdisjoint(head):
                continue
            time = head["t"]
            frame = layout.frame(time) if type(time) in (int, float) else -1
            if frame <= last or layout.time(frame) != time:
                raise Failure(f"expected a frame's time, {layout.time(last + 1)} s or later, got {wire.show(time)}")
            codes = {index[name]: head[name] for name in index.keys() & head.keys()}
            for j, code in codes.items():
                if type(code) is not int or not 0 <= code < 65536:
                    name = layout.names[j]
                    raise Failure(f"expected a code from 0 to 65535 in {name} at {time} s, got {wire.show(code)}")
            every_layer = len(codes) == len(index)
            if gap is None and (due() < frame or (due() == frame and not every_layer)):
                gap = last + 1
            last = frame
            if gap is not None and not every_layer:
                continue
            if gap is not None:
                missing.append((gap, frame))
                gap = None
            rows.codes = rows.codes or [codes[j] for j in range(len(index))]
            yield from rows.hold(frame)
            for j, code in codes.items():
                rows.codes[j] = code
        end = item.end or {}
        total = end.get("frames")
    except (Upstream, Failure) as error:
        head = error.head if isinstance(error, Upstream) else {}
        stats = head.get("stats", {})
        total = stats.get("frames") if isinstance(stats, dict) else None
        known = last + 1 if gap is None else gap
        yield from rows.hold(total if type(total) is int and total >= known else known)
        yield from rows.flush()
        if not isinstance(error, Upstream):
            raise
        raise Upstream({key: value for key, value in head.items() if key != "stats"}) from None
    if type(total) is not int or total <= last:
        raise Failure(f"expected at least {last + 1} as frames of the end, got {wire.show(total)}")
    if gap is None and due() < total:
        gap = last + 1
    if gap is not None:
        missing.append((gap, total))
    if total and not rows.codes:
        raise Failure(f"expected all layers in a frame line, got none in {lines} lines")
    yield from rows.hold(total)
    yield from rows.flush()
    end = {key: value for key, value in end.items() if key != "stats"}
    stats = (item.end or {}).get("stats")
    told = stats.get("lines") if isinstance(stats, dict) else 0
    lost = told - lines if type(told) is int else 0
    if missing or lost > 0:
        spans = ", ".join(f"{a}-{b - 1} ({layout.time(a)}-{layout.time(b)} s)" for a, b in missing)
        reason = (
            f"frames {spans} are missing: the codes before are repeated"
            if missing
            else (f"{lost} lines are missing: codes are wrong between two keyframes")
        )
        say(f"{item.name}: damaged: {reason}")
        item.end = end = {**end, "damaged": True, "reason": reason}
    yield Record(end)
