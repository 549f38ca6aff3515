"""The way back: NDJSON to the tokens that it was made from (--unpack)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from .. import runtime, wire
from ..errors import Failure, Upstream
from ..runtime import Item
from ..wire import Head, Record
from .layers import LONGEST, Layout, keyframes


class Rows:
    """Codes on their way back to blocks of rows."""

    def __init__(self, layout: Layout):
        self.row = struct.Struct(f"<{len(layout.names)}H")
        self.block = layout.block
        self.frames = 0  # so far
        self.codes: list[int] = []  # the current ones
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
        """The block so far, full or not."""
        if self.out:
            yield runtime.data(bytes(self.out))
            self.out.clear()


class Unpacker:
    """Takes the lines of one item, and gives its rows; knows which frames are missing."""

    def __init__(self, layout: Layout, every: int):
        self.layout = layout
        self.every = every  # frames between lines that state all layers; 0: only the first one does
        self.index = {name: j for j, name in enumerate(layout.names)}
        self.rows = Rows(layout)
        self.last = -1  # frame of the line before
        self.lines = 0  # of those that the packer counted
        self.gap: int | None = None  # the first frame whose codes are not known
        self.missing: list[tuple[int, int]] = []

    def take(self, record: Record) -> Iterator[Record]:
        """Take a line. Raises Failure."""
        head = record.head
        if record.event == "missing" and self.gap is None:
            self.gap = self.last + 1
        told = record.event == "how_to_read" or (record.event == "code" and "means" in head)
        self.lines += ("t" in head and "event" not in head) or told
        if "event" not in head and "t" in head and not self.index.keys().isdisjoint(head):
            yield from self._frame(self._frame_number(head["t"]), self._codes(head))

    def end(self, total: object) -> Iterator[Record]:
        """Take the end of an item of `total` frames. Raises Failure if there can't be so many."""
        if type(total) is not int or total <= self.last:
            raise Failure(f"expected at least {self.last + 1} as frames of the end, got {wire.show(total)}")
        if self.gap is None and self._due() < total:
            self.gap = self.last + 1
        if self.gap is not None:
            self.missing.append((self.gap, total))
        if total and not self.rows.codes:
            raise Failure(f"expected all layers in a frame line, got none in {self.lines} lines")
        yield from self.rows.hold(total)
        yield from self.rows.flush()

    def broken_off(self, total: object) -> Iterator[Record]:
        """What is known of an item that broke off; `total` frames, if that is known."""
        known = self.last + 1 if self.gap is None else self.gap
        yield from self.rows.hold(total if type(total) is int and total >= known else known)
        yield from self.rows.flush()

    def damage(self, told: object) -> str:
        """What is wrong, if lines are missing; `told` is how many the packer wrote, if it said so."""
        layout, lost = self.layout, told - self.lines if type(told) is int else 0
        if self.missing:
            spans = ", ".join(f"{a}-{b - 1} ({layout.time(a)}-{layout.time(b)} s)" for a, b in self.missing)
            return f"frames {spans} are missing: the codes before are repeated"
        return f"{lost} lines are missing: codes are wrong between two keyframes" if lost > 0 else ""

    def _frame_number(self, time: object) -> int:
        layout = self.layout
        frame = layout.frame(time) if isinstance(time, int | float) and type(time) is not bool else -1
        if frame <= self.last or layout.time(frame) != time:
            raise Failure(f"expected a frame's time, {layout.time(self.last + 1)} s or later, got {wire.show(time)}")
        return frame

    def _codes(self, head: Head) -> dict[int, int]:
        """The codes that a line states, by the number of their layer."""
        codes = {self.index[name]: head[name] for name in self.index.keys() & head.keys()}
        for j, code in codes.items():
            if type(code) is not int or not 0 <= code < 65536:
                name, time = self.layout.names[j], head["t"]
                raise Failure(f"expected a code from 0 to 65535 in {name} at {time} s, got {wire.show(code)}")
        return codes

    def _frame(self, frame: int, codes: dict[int, int]) -> Iterator[Record]:
        """The rows held until `frame`; a line there states `codes`."""
        whole = len(codes) == len(self.index)
        if self.gap is None and (self._due() < frame or (self._due() == frame and not whole)):
            self.gap = self.last + 1
        self.last = frame
        if self.gap is not None:
            if not whole:
                return
            self.missing.append((self.gap, frame))
            self.gap = None
        self.rows.codes = self.rows.codes or [codes[j] for j in range(len(self.index))]
        yield from self.rows.hold(frame)
        for j, code in codes.items():
            self.rows.codes[j] = code

    def _due(self) -> int:
        """The next frame in which a line has to state all layers."""
        if self.every:
            return (self.last // self.every + 1) * self.every
        return 0 if self.last < 0 else LONGEST << 8


def unpack(
    item: Item, say: Callable[[str], None], whole: bool = True, also: Callable[[Head], None] | None = None
) -> Iterator[Record | bytes]:
    """The token stream of one item of NDJSON: layers only, as nat-quantize --plain gives it. Raises Failure.

    If lines are missing, the codes before are repeated up to the next line that states all layers, and the end says
    that the item is damaged. An item from which something was left out is refused if it has to be `whole`. Each line is
    handed to `also` as well.
    """
    pack = item.head.get("pack")
    if whole and isinstance(pack, dict) and pack.get("left_out"):
        raise Failure(f"not whole: {wire.show(pack['left_out'])} was left out when it was packed")
    layout = Layout(item.head)
    layers = [{k: v for k, v in layer.items() if k != "encoding"} for layer in item.head["layers"]]
    kept = {key: value for key, value in item.head.items() if key != "pack"}
    yield Record({**kept, "kind": "tokens", "layers": layers})
    interval = pack.get("keyframe_interval") if isinstance(pack, dict) else None
    unpacker = Unpacker(layout, keyframes(layout, interval) if isinstance(interval, int | float) else 0)
    try:
        for record in item:
            if also:
                also(record.head)
            yield from unpacker.take(record)
    except (Upstream, Failure) as error:
        head = error.head if isinstance(error, Upstream) else {}
        stats = head.get("stats", {})
        yield from unpacker.broken_off(stats.get("frames") if isinstance(stats, dict) else None)
        if not isinstance(error, Upstream):
            raise
        raise Upstream({key: value for key, value in head.items() if key != "stats"}) from None
    end = item.end or {}
    yield from unpacker.end(end.get("frames"))
    stats = end.get("stats")
    end = {key: value for key, value in end.items() if key not in ("stats", "item", "name")}
    if reason := unpacker.damage(stats.get("text_lines") if isinstance(stats, dict) else None):
        say(f"{item.name}: damaged: {reason}")
        item.end = end = {**end, "damaged": True, "reason": reason}
    yield Record(end)
