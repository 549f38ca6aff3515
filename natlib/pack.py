"""nat-pack: tokens to NDJSON that a language model reads, without loss; --unpack for the way back."""

from __future__ import annotations

import math
import struct
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterator
from fractions import Fraction
from typing import NoReturn

from . import __version__, cli, gloss, scene, wire
from .cli import Failure, Item, Upstream
from .wire import Head, Record

ENCODINGS = ("delta", "rle", "dense")
FASTEST = 500  # frames a second: beyond, times to the millisecond would not tell frames apart

HOW_TO_READ = (
    "Sound as text. t = seconds. A frame line gives the layers that change at t; others keep their value; kf lines "
    "give all. S0-S3 = the scene over two seconds, A0-A3 = the moment; each later layer refines the one before. "
    "Codes are ordinal: near numbers sound alike, a large jump is an event. A code line says what a code measures like."
)


class Layout:
    """What a header says of its frames. Raises Failure where that can't be packed."""

    def __init__(self, head: Head):
        layers = head.get("layers")
        if not isinstance(layers, list) or not layers or not all(isinstance(layer, dict) for layer in layers):
            raise Failure(f"expected a list of layers in the header, got {wire.show(layers)}")
        self.names: list[str] = [str(layer.get("name")) for layer in layers]
        if len(set(self.names)) < len(layers) or not set(self.names).isdisjoint({"t", "kf", "n", "event"}):
            raise Failure(f"expected layers with names of their own, got {wire.show(self.names)}")
        rate = head.get("frame_rate")
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate <= FASTEST:
            raise Failure(f"expected a frame rate above 0 and up to {FASTEST} a second, got {wire.show(rate)}")
        self.rate = Fraction(rate)
        block = head.get("block", 8)
        if type(block) is not int or not 0 < block <= 65536:
            raise Failure(f"expected 1 to 65536 frames as block, got {wire.show(block)}")
        self.block = block
        self.vocab: list[int] = [layer.get("vocab", 65536) for layer in layers]
        self.measures: list[Head] = head.get("measures", [])

    def time(self, frame: int) -> float:
        """The time of `frame` in seconds, to the millisecond."""
        milliseconds = (2000 * frame * self.rate.denominator + self.rate.numerator) // (2 * self.rate.numerator)
        return milliseconds / 1000

    def frame(self, time: float) -> int:
        """The frame at `time`, as `time()` gives it."""
        return round(Fraction(time) * self.rate)


class FrameLines:
    """Frames to lines. Each layer has its encoding:

    * delta: stated where it changes, and in every keyframe;
    * rle: the rle layers are stated together, once a run in which none of them changes, with its length `n`;
    * dense: stated in every frame.

    Every encoding means the same to a reader: a layer keeps its value until it is stated again.
    """

    def __init__(self, layout: Layout, encodings: list[str], interval: float):
        self.layout = layout
        self.keys = [f',"{name}":' for name in layout.names]
        self.dense = [encoding == "dense" for encoding in encodings]
        self.rle = [encoding == "rle" for encoding in encodings]
        self.runs = any(self.rle)
        self.sparse = not any(self.dense)  # are there frames without a line?
        self.keyframe = max(1, round(interval * layout.rate)) if interval else 0  # frames between keyframes
        self.count = 0  # frames so far
        self._last: tuple[int, ...] = ()
        self._held: list[tuple[int, str, str]] = []  # lines from the run's first one on: frame, up to n, from n on
        self._run = 0  # first frame of the run

    def feed(self, rows: list[tuple[int, ...]]) -> list[tuple[int, str]]:
        """(frame, line) for each line that the frames `rows` complete; each row holds the code of every layer."""
        lines: list[tuple[int, str]] = []
        for row in rows:
            frame, last = self.count, self._last
            self.count += 1
            key = frame == 0 or (self.keyframe > 0 and frame % self.keyframe == 0)
            if row == last and not key and self.sparse:
                continue
            self._last = row
            run = self.runs and (key or any(self.rle[j] and row[j] != last[j] for j in range(len(row))))
            if run:
                lines += self._end_run(frame)
            stated = "".join(
                f"{self.keys[j]}{code}"
                for j, code in enumerate(row)
                if (run if self.rle[j] else key or self.dense[j] or code != last[j])
            )
            if stated:
                start = f'{{"t":{self.layout.time(frame)}' + (',"kf":true' if key else "")
                if self.runs:
                    self._held.append((frame, start, stated + "}\n"))
                else:
                    lines.append((frame, f"{start}{stated}}}\n"))
        return lines

    def finish(self) -> list[tuple[int, str]]:
        """The lines that were waiting for the end of a run."""
        return self._end_run(self.count)

    def _end_run(self, frame: int) -> list[tuple[int, str]]:
        held, self._held = self._held, []
        n = f',"n":{frame - self._run}'
        self._run = frame
        return [(at, start + ("" if index else n) + stated) for index, (at, start, stated) in enumerate(held)]


class Lines:
    """All lines of an item between its header and its end, in order.

    Before the first line that uses a code stands the code's introduction; before the frames of a scene, the scene; a
    sound's line comes when it is over.
    """

    def __init__(self, layout: Layout, encodings: list[str], options: Namespace):
        self.width = len(layout.names)
        self.layout = layout
        self.frames = FrameLines(layout, encodings, options.keyframe_interval)
        self.statistics = Statistics(layout)
        self.codes: dict[tuple[str, int], Head] = {}  # introductions not yet used
        self.table = scene.Table(layout.measures)
        length = round(options.scene * layout.rate) if layout.measures else 0
        self.scenes = scene.Scenes(self.table, max(1, length)) if options.scene and layout.measures else None
        self.sounds = scene.Sounds(self.table, float(layout.rate)) if self.scenes else None
        self._rows: list[scene.Row] = []  # of the scene under way
        self._held: list[bytes] = []  # lines of its frames

    def introduce(self, head: Head) -> None:
        """Keep a `code` note until the code is used."""
        layer, code = head.get("layer"), head.get("code")
        if isinstance(layer, str) and isinstance(code, int):
            self.codes[layer, code] = head

    def feed(self, rows: list[tuple[int, ...]]) -> bytes:
        """The lines that the frames `rows` (codes, then measures) complete."""
        codes = [row[: self.width] for row in rows]
        out: list[bytes] = []
        first = self.statistics.frames
        self.statistics.feed(codes)
        for index, row in enumerate(rows):
            frame = first + index
            self._held += self._introductions(codes[index])
            self._held += [line.encode() for _, line in self.frames.feed(codes[index : index + 1])]
            if self.scenes and self.sounds:
                measured = self.table.row(row[self.width :])
                self._held.append(self.sounds.feed(frame, measured))
                self._rows.append(measured)
                if len(self._rows) == self.scenes.length:
                    out.append(self._scene(frame + 1))
        if not self.scenes:
            out.append(b"".join(self._held))
            self._held = []
        return b"".join(out)

    def finish(self) -> bytes:
        """The lines that are left."""
        if self.sounds:
            self._held.append(self.sounds.finish())
        self._held += [line.encode() for _, line in self.frames.finish()]
        return self._scene(self.statistics.frames)

    def _scene(self, end: int) -> bytes:
        """The scene that ends before frame `end`, and the lines of its frames."""
        line = (
            self.scenes.line(self.layout.time(end - len(self._rows)), self._rows) if self.scenes and self._rows else b""
        )
        out = b"".join([line, *self._held])
        self._rows, self._held = [], []
        return out

    def _introductions(self, codes: tuple[int, ...]) -> list[bytes]:
        """The `code` lines of those of `codes` that appear for the first time."""
        if not self.codes:
            return []
        lines = []
        for name, code in zip(self.layout.names, codes, strict=True):
            head = self.codes.pop((name, code), None)
            measures = head.get("measures") if head else None
            if isinstance(measures, dict):
                means = (gloss.introduce if name.endswith("0") else gloss.refine)(measures)
                lines.append(wire.dump({"event": "code", "layer": name, "code": code, "means": means}))
        return lines


class Statistics:
    """What the end line tells of the codes."""

    def __init__(self, layout: Layout):
        self.layout = layout
        self.counts: list[dict[int, int]] = [{} for _ in layout.names]
        self.changes = [0] * len(layout.names)
        self.frames = 0
        self._last: tuple[int, ...] = ()

    def feed(self, rows: list[tuple[int, ...]]) -> None:
        for row in rows:
            if row != self._last:
                for j, (code, last) in enumerate(zip(row, self._last or row, strict=True)):
                    self.changes[j] += code != last
                self._last = row
            for counts, code in zip(self.counts, row, strict=True):
                counts[code] = counts.get(code, 0) + 1
            self.frames += 1

    def summary(self) -> Head:
        """By layer: codes used and their share of the vocabulary, entropy in bits, changes a second, mean run."""
        layers = {}
        for j, name in enumerate(self.layout.names):
            counts, frames = self.counts[j], self.frames
            entropy = -sum(n / frames * math.log2(n / frames) for n in counts.values())
            layers[name] = {
                "used": len(counts),
                "utilisation": round(len(counts) / self.layout.vocab[j], 3) if self.layout.vocab[j] else 0.0,
                "entropy": abs(round(entropy, 2)),
                "changes_per_second": round(self.changes[j] * float(self.layout.rate) / frames, 2) if frames else 0.0,
                "mean_run": round(frames / (self.changes[j] + 1), 2),
            }
        return layers


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


class Pack(cli.Stage):
    name = "nat-pack"
    reads = "tokens"
    makes = "ndjson"
    text = True
    summary = "Turn tokens into NDJSON that a language model reads, without loss."
    description = (
        "A header line says how to read it; frame lines give the codes that change; an end line gives the totals."
    )
    examples = (
        "nat-split song.wav | nat-decode | nat-embed | nat-quantize | nat-pack > heard.ndjson",
        "nat-split song.wav | nat-decode | nat-embed | nat-quantize | nat-pack --encoding S=rle,A=dense | tail -n 3",
        "nat-pack --unpack heard.ndjson | nat-pack | cmp - heard.ndjson",
    )

    def __init__(self, options: Namespace):
        super().__init__(options)
        if options.unpack:
            self.reads, self.makes, self.text = "ndjson", "tokens", False

    @staticmethod
    def arguments(parser: ArgumentParser) -> None:
        parser.add_argument(
            "--encoding",
            type=encoding_option,
            default="delta",
            metavar="E",
            help="delta (what changes), rle (one line a run, n frames long) or dense (every frame), "
            "or by layer: S=rle,A0=dense, the others delta (default: delta)",
        )
        parser.add_argument(
            "--keyframe-interval",
            type=cli.ranged(0, 3600, "seconds"),
            default=5.0,
            metavar="SECONDS",
            help="time between lines that state all layers, 0 for the first line only (0 to 3600, default: 5)",
        )
        parser.add_argument(
            "--scene",
            type=cli.ranged(0, 60, "seconds"),
            default=0.48,
            metavar="SECONDS",
            help="time that a scene line measures, 0 for no scene and sound lines (0 to 60, default: 0.48)",
        )
        parser.add_argument(
            "--unpack",
            action="store_true",
            help="read NDJSON, write the token stream that was packed, as nat-quantize --plain gives it",
        )

    def process(self, item: Item) -> Iterator[Record | bytes]:
        return unpack(item) if self.options.unpack else self.pack(item)

    def pack(self, item: Item) -> Iterator[Record | bytes]:
        """The NDJSON of one item."""
        layout = Layout(item.head)
        chosen = encodings(self.options.encoding, layout.names)
        yield self.header(item, layout, chosen)
        lines = Lines(layout, chosen, self.options)
        row = struct.Struct(f"<{len(layout.names)}H{len(layout.measures)}h")
        try:
            for record in item:
                if record.event == "data":
                    yield lines.feed(list(row.iter_unpack(record.payload)))
                elif record.event == "code":
                    lines.introduce(record.head)
                else:
                    yield record
        except Upstream as error:
            yield lines.finish()
            raise Upstream({**error.head, "stats": {"frames": lines.statistics.frames}}) from None
        yield lines.finish()
        yield cli.end(item, frames=lines.statistics.frames, stats={"layers": lines.statistics.summary()})

    def header(self, item: Item, layout: Layout, chosen: list[str]) -> Record:
        """The item's header: measures are not kept; how the layers are written stands with each of them."""
        layers = [{**layer, "encoding": e} for layer, e in zip(item.head["layers"], chosen, strict=True)]
        kept = {key: value for key, value in item.head.items() if key != "measures"}
        how = HOW_TO_READ
        if layout.measures:
            how += " " + scene.HOW_TO_READ.replace("{bands}", scene.Table(layout.measures).edges)
        pack = {"version": __version__, "keyframe_interval": self.options.keyframe_interval, "how_to_read": how}
        return Record({**kept, "kind": "ndjson", "layers": layers, "pack": pack})


def unpack(item: Item) -> Iterator[Record | bytes]:
    """The token stream of one item of NDJSON: layers only, as nat-quantize --plain gives it."""
    layout = Layout(item.head)
    width = len(layout.names)
    layers = [{k: v for k, v in layer.items() if k != "encoding"} for layer in item.head["layers"]]
    kept = {key: value for key, value in item.head.items() if key != "pack"}
    yield Record({**kept, "kind": "tokens", "layers": layers})
    row = struct.Struct(f"<{width}H")
    block = layout.block * row.size
    index = {name: j for j, name in enumerate(layout.names)}
    codes: list[int] = []
    frames = 0  # whose codes are known
    last = -1  # frame of the line before
    out = bytearray()

    def hold(until: int) -> Iterator[Record]:
        """Repeat the codes up to frame `until`, in blocks as they fill."""
        nonlocal frames
        held = row.pack(*codes) if codes else b""
        while frames < until:
            count = min(until - frames, layout.block - len(out) // row.size)
            out.extend(held * count)
            frames += count
            if len(out) == block:
                yield cli.data(bytes(out))
                out.clear()

    def rest(total: object, name: str) -> Iterator[Record]:
        """Up to the item's last frame."""
        if type(total) is not int or total < frames or (total > 0 and not codes):
            raise Failure(f"expected at least {frames + bool(codes)} as {name}, got {wire.show(total)}")
        yield from hold(total)
        if out:
            yield cli.data(bytes(out))

    try:
        for record in item:
            head = record.head
            if "event" in head or "t" not in head or index.keys().isdisjoint(head):
                continue
            time = head["t"]
            frame = layout.frame(time) if type(time) in (int, float) else -1
            if frame <= last or layout.time(frame) != time:
                raise Failure(f"expected a frame's time, {layout.time(last + 1)} s or later, got {wire.show(time)}")
            last = frame
            yield from hold(frame)
            if not codes:
                if frame or not index.keys() <= head.keys():
                    raise Failure(f"expected all layers in the first frame line, got {wire.show(head)}")
                codes = [0] * width
            for name in index.keys() & head.keys():
                code = head[name]
                if type(code) is not int or not 0 <= code < 65536:
                    raise Failure(f"expected a code from 0 to 65535 in {name} at {time} s, got {wire.show(code)}")
                codes[index[name]] = code
    except Upstream as error:
        stats = error.head.get("stats", {"frames": frames})
        yield from rest(stats.get("frames") if isinstance(stats, dict) else None, "frames of the error")
        raise Upstream({key: value for key, value in error.head.items() if key != "stats"}) from None
    total = (item.end or {}).get("frames")
    yield from rest(total, "frames of the end")
    yield Record({key: value for key, value in (item.end or {}).items() if key != "stats"})


def main() -> NoReturn:
    cli.main(Pack)


if __name__ == "__main__":
    main()
