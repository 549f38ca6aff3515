"""nat-pack: tokens to text that a language model reads, without loss; --unpack for the way back.

The lossless part, which layer is stated when, is natlib/layers.py; what the moment measures like, natlib/scene.py;
codes in words, natlib/gloss.py; the whole in one line, natlib/summary.py; how lines are written, natlib/views.py.
"""

from __future__ import annotations

import math
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from bisect import bisect_left
from collections.abc import Callable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from . import __version__, cli, gloss, wire
from .cli import Failure, Item, Upstream
from .layers import Frame, Frames, Layout, Mended, Statistics, encoding_option, encodings, unpack
from .scene import Scenes, Sounds, Table
from .summary import Summary, common
from .views import VIEWS, Ndjson, estimate
from .wire import Head, Record

if TYPE_CHECKING:
    from .layers import Codes
    from .scene import Array

    Line = tuple[int, int, str]  # the frame that it begins with, its rank there, its text

PROMPT_BUDGET = 8000  # tokens
MARGIN = 1.06  # by which real tokenizers may count more than our estimate

QUESTIONS = (
    "What kind of sound is this? What is its mood? What could its sources be? What does it bring to mind? "
    "How does it evolve, and when?"
)
PREAMBLE = (
    "Below is a sound, written as text by instruments that measure and do not name: levels, pitches, colours, "
    "fluctuations, attacks, and codes for what sounds alike. The first line explains how to read it. "
    "Go by what is written; say how sure you are, and where the text does not tell, say so instead of inventing."
)


class Settings(NamedTuple):
    """What of an item is written."""

    layers: tuple[int, ...]  # indices of those kept
    scene: float  # seconds that a scene measures, 0 for none
    sound: float | None  # dB of attack from which a sound is told, None for none
    keyframe: float  # seconds between keyframes, 0 for the first line only
    introduce: float = 0.0  # share of the frames that a code must have to be introduced; above 1: none is
    hold: tuple[int, int] = (1, 1)  # frames that a new code must last, of a semantic and of an acoustic layer
    detail: int = 2  # 2: header and end in full, 1: what serves to read, 0: the summary in words alone

    def left_out(self, full: Settings, names: list[str]) -> list[str]:
        """What a reader misses against `full`, in words."""
        said = []
        if gone := [names[j] for j in full.layers if j not in self.layers]:
            said.append(f"layers {' '.join(gone)}" if self.layers else "codes")
        if self.scene != full.scene:
            said.append(f"scenes within {self.scene:g} s" if self.scene else "scenes")
        if self.sound != full.sound:
            said.append(f"sounds rising less than {self.sound:g} dB" if self.sound else "sounds")
        if self.layers and self.introduce > full.introduce:
            said.append("introductions" + (" of rare codes" if self.introduce < 1 else ""))
        for kind, frames, least in zip(("scene", "acoustic"), self.hold, full.hold, strict=True):
            if self.layers and frames > least:
                said.append(f"{kind} codes shorter than {frames} frames")
        if self.detail < 2:
            said.append("where it came from")
        return said


# Ever less of an item, what readers miss least goes first: depth of the layers that go, share of the frames that makes
# an introduction worth it, frames that a semantic and an acoustic code must last, seconds of a scene, dB of a sound.
LADDER = (
    (9, 0.0, 1, 1, 0.0, 6.0),
    (3, 0.0, 1, 1, 0.0, 6.0),
    (2, 0.0, 1, 2, 0.0, 6.0),
    (1, 0.005, 1, 2, 0.0, 6.0),
    (1, 0.02, 2, 4, 0.0, 6.0),
    (1, 2.0, 4, 8, 0.0, 6.0),
    (0, 0.02, 6, 1, 0.0, 6.0),
    (0, 2.0, 12, 1, 0.96, 9.0),
    (0, 2.0, 25, 1, 1.44, 12.0),
    (0, 2.0, 25, 1, 2.0, 15.0),
    (0, 2.0, 25, 1, 3.0, 18.0),
    (0, 2.0, 40, 1, 4.0, 24.0),
    (0, 2.0, 50, 1, 5.0, None),
    (0, 2.0, 75, 1, 8.0, None),
    (-1, 2.0, 1, 1, 8.0, None),
    (-1, 2.0, 1, 1, 15.0, None),
    (-1, 2.0, 1, 1, 30.0, None),
    (-1, 2.0, 1, 1, 60.0, None),
    (-1, 2.0, 1, 1, 60.0, None),
    (-1, 2.0, 1, 1, 0.0, None),
)


def ladder(full: Settings, layout: Layout) -> Iterator[Settings]:
    """Ever less of an item than `full`."""
    yield full
    for step, (depth, introduce, still, hold, scene, sound) in enumerate(LADDER):
        kept = tuple(j for j in full.layers if layout.depth(j) < depth) or full.layers[: depth + 1]
        last = step == len(LADDER) - 1
        yield Settings(
            kept,
            0.0 if last else max(full.scene, scene) if full.scene else 0.0,
            None if sound is None or full.sound is None else max(full.sound, sound),
            full.keyframe if step < 3 else 0.0,
            max(full.introduce, introduce),
            (still, hold),
            detail=int(step < len(LADDER) - 2),
        )


class Lines:
    """All lines of an item between its header and its end, in the order of their times.

    Before the first line that uses a code stands the code's introduction; before the frames of a scene, the scene. A
    sound is known when it is over: meanwhile the lines of its frames wait, but not for longer than `patience`; one that
    is longer comes late.
    """

    PATIENCE = 0.8  # seconds
    BATCH = 256  # frames that are worked on at once, where so many come without a pause

    def __init__(self, layout: Layout, settings: Settings, view: Ndjson, chosen: list[str], patience: float = PATIENCE):
        self.layout, self.settings, self.view = layout, settings, view
        self.patience = patience * float(layout.rate)  # frames
        self.frames = Frames(layout, chosen, settings.keyframe, settings.layers)
        self.statistics = Statistics(layout)
        self.codes: list[dict[int, str]] = [{} for _ in layout.names]  # introductions not yet used, by code
        self.table = view.table
        self.summary = Summary(self.table, float(layout.rate))
        self.length = max(1, round(settings.scene * layout.rate)) if settings.scene and layout.measures else 1
        self.scenes = Scenes(self.table, self.length) if settings.scene and layout.measures else None
        self.sounds = Sounds(self.table, float(layout.rate))
        self.waiting = 0  # frames taken, but not yet worked on
        self._waiting: list[bytes | bytearray] = []  # their rows
        self._rows: Array | None = None  # of the scene under way, measured
        self._held: list[Line] = []  # what may have to stand behind something yet to come
        self._times = 0  # characters that the frames' times have
        self.lines = self.bytes = 0  # of what was written
        self._tokens = 0  # of what was written, but for the text that waits to be counted
        self._uncounted: list[str] = []
        self._characters = 0  # of it

    def introduce(self, layer: int, code: int, text: str) -> None:
        """Keep the words for a code until it is used."""
        if self.settings.introduce <= 1 and text:
            self.codes[layer][code] = text

    def take(self, payload: bytes | bytearray) -> None:
        """Keep rows until `feed`."""
        self._waiting.append(payload)
        self.waiting += len(payload) // self.layout.row.size

    def whole(self, rows: bytes | bytearray) -> str:
        """All lines of these rows, but for the summary."""
        step = self.BATCH * self.layout.row.size
        parts = []
        for first in range(0, len(rows), step):
            self.take(rows[first : first + step])
            parts.append(self.feed())
        return "".join([*parts, self.finish()])

    def feed(self) -> str:
        """The lines that the rows taken complete."""
        if not self.waiting:
            return ""
        codes, numbers = self.layout.rows(b"".join(self._waiting))
        self._waiting.clear()
        self.waiting = 0
        first = self.statistics.frames
        times = self.layout.times(first, len(codes))
        self._times += sum(map(len, times))
        self._introductions(codes, first)
        self.statistics.feed(codes)
        for line in self.frames.feed(codes):
            self._frame(line, times[line.frame - first] if line.frame >= first else "")
        complete = self.statistics.frames
        if self.layout.measures:
            rows = self.table.rows(numbers)
            self.summary.feed(rows)
            for sound in self.sounds.feed(first, rows):
                self._sound(*sound)
            if self.scenes:
                complete = self._scenes(rows)
        begun = [frame for frame in (self.sounds.under_way, self.frames.under_way) if frame is not None]
        return self._release(min(complete, max(min(begun, default=complete), self.statistics.frames - self.patience)))

    def finish(self) -> str:
        """The lines that are left, but for the summary."""
        text = self.feed()
        for sound in self.sounds.finish():
            self._sound(*sound)
        for line in self.frames.finish():
            self._frame(line)
        if self._rows is not None:
            self._measure(self._rows, self.statistics.frames - len(self._rows))
        return text + self._release(math.inf)

    def summarise(self) -> Head:
        """The summary line's object."""
        head = self.summary.head()
        if self.layout.measures and self.statistics.frames:
            words = {"event": "summary", "in_words": gloss.tell(head, self.seconds)}
            if not self.settings.detail:
                return words
            head = {**words, **head}
        if self.statistics.frames:
            kept = [j for j in self.settings.layers if self.layout.depth(j) == 0]
            names = [self.layout.names[j] for j in kept]
            head["codes"] = common([self.statistics.counts[j] for j in kept], names)
        return head

    def stats(self, samples: int) -> Head:
        """What the end line adds: the codes by layer, and what stands between header and summary."""
        seconds = self.seconds
        by_layer = self.statistics.summary()
        result: Head = {
            "layers": {self.layout.names[j]: by_layer[self.layout.names[j]] for j in self.settings.layers},
            "lines": self.lines,
            "bytes": self.bytes,
            "llm_tokens": self.tokens(),
            "llm_tokens_per_second": round(self.tokens() / seconds, 1) if seconds else 0.0,
        }
        if seconds:
            result["bytes_to_dense"] = round(self.bytes / self.dense_bytes(), 3)
        if samples:
            result["bytes_to_pcm"] = round(self.bytes / (2 * samples), 4)  # of 16 bits
        return result

    @property
    def seconds(self) -> float:
        """How long the frames last."""
        return self.statistics.frames / float(self.layout.rate)

    def dense_bytes(self) -> int:
        """What the frame lines of --encoding dense come to."""
        keys = sum(len(name) + 4 for name in self.layout.names) + len('{"t":}\n')
        digits = sum(n * len(str(code)) for counts in self.statistics.counts for code, n in counts.items())
        return self.statistics.frames * keys + digits + self._times

    def _frame(self, line: Frame, time: str = "") -> None:
        self._held.append((line.frame, 3, self.view.frame(time or str(self.layout.time(line.frame)), line)))

    def _sound(self, frame: int, start: float, sound: Head) -> None:
        self.summary.sound(start, sound)
        least = self.settings.sound
        if self.scenes and least is not None and (least <= Sounds.ATTACK or sound.get("rise", 0) >= least):
            self._held.append((frame, 1, self.view.sound(start, sound)))

    def _scenes(self, rows: Array) -> int:
        """Tell the scenes that `rows` complete. Returns the frame at which the next one begins."""
        import numpy as np

        rows = rows if self._rows is None else np.concatenate((self._rows, rows))
        start = self.statistics.frames - len(rows)
        whole = len(rows) // self.length * self.length
        self._measure(rows[:whole], start)
        self._rows = rows[whole:].copy()
        return start + whole

    def _measure(self, rows: Array, start: int) -> None:
        for i, scene in enumerate(self.scenes.feed(rows) if self.scenes else ()):
            if scene:
                frame = start + i * self.length
                self._held.append((frame, 0, self.view.scene(self.layout.time(frame), scene)))

    def _introductions(self, codes: Codes, first: int) -> None:
        """The `code` lines of those of `codes` that appear for the first time."""
        for j in self.settings.layers:
            if not self.codes[j]:
                continue
            column = codes[:, j].tolist()
            for code in self.codes[j].keys() & set(column):
                text = self.view.code(self.layout.names[j], code, self.codes[j].pop(code))
                self._held.append((first + column.index(code), 2, text))

    def _release(self, until: float) -> str:
        """The lines held of the frames before `until`, in order."""
        self._held.sort(key=itemgetter(0, 1))
        count = bisect_left(self._held, until, key=itemgetter(0))
        text = "".join([line[2] for line in self._held[:count]])
        del self._held[:count]
        return self._count(text)

    def _count(self, text: str) -> str:
        self.lines += text.count("\n")
        self.bytes += len(text.encode())
        self._uncounted.append(text)
        self._characters += len(text)
        if self._characters > 1 << 16:
            self.tokens()
        return text

    def tokens(self) -> int:
        """How many tokens what was written makes, by estimate."""
        self._tokens += estimate("".join(self._uncounted))
        self._uncounted.clear()
        self._characters = 0
        return self._tokens


def introduction(layout: Layout, head: Head) -> tuple[int, int, str] | None:
    """Layer, code and words of a `code` note, none for a nuance of a residual layer. None where it can't be told."""
    name, code, measures = head.get("layer"), head.get("code"), head.get("measures")
    if name not in layout.names or type(code) is not int or not isinstance(measures, dict):
        return None
    layer = layout.names.index(name)
    known = {key: value for key, value in measures.items() if type(value) in (int, float)}
    say = gloss.refine if layout.depth(layer) else gloss.introduce
    return layer, code, say(known, layout.types[layer])


class Buffered:
    """An item kept as rows, to be written several times, until it fits."""

    def __init__(self, layout: Layout):
        self.layout = layout
        self.payload = bytearray()
        self.codes: list[tuple[int, int, str]] = []  # introductions
        self.notes: list[Head] = []  # all others

    def take(self, record: Record) -> None:
        """Keep a data record or a note."""
        if record.event == "data":
            self.payload += record.payload
        elif record.event == "code" and (told := introduction(self.layout, record.head)):
            self.codes.append(told)
        else:
            self.notes.append(record.head)

    def rows(self, hold: tuple[int, int]) -> bytes | bytearray:
        """The frames; codes that do not last as many as `hold` says join the code before."""
        import numpy as np

        if hold == (1, 1) or not self.payload:
            return self.payload
        rows = np.frombuffer(self.payload, "<u2").reshape(-1, self.layout.row.size // 2).copy()
        for j, name in enumerate(self.layout.names):
            starts = np.flatnonzero(np.append(True, rows[1:, j] != rows[:-1, j]))
            lengths = np.diff(np.append(starts, len(rows)))
            kept = np.where(lengths >= hold[not name.startswith("S")], np.arange(len(starts)), 0)
            rows[:, j] = np.repeat(rows[starts[np.maximum.accumulate(kept)], j], lengths)
        return rows.tobytes()

    def worth(self, share: float) -> list[tuple[int, int, str]]:
        """The introductions of codes that at least this share of the frames has."""
        statistics = Statistics(self.layout)
        statistics.feed(self.layout.rows(self.payload)[0])
        least = share * statistics.frames
        return [told for told in self.codes if statistics.counts[told[0]][told[1]] >= least]


class Pack(cli.Stage):
    name = "nat-pack"
    reads = "tokens"
    makes = "ndjson"
    text = True
    summary = "Turn tokens into NDJSON that a language model reads, without loss."
    description = (
        "A header line says how to read it; frame lines give the codes that change, code lines introduce them,\n"
        "scene and sound lines measure what is heard, a summary and an end line give the whole."
    )
    examples = (
        "nat-split song.wav | nat-decode | nat-embed | nat-quantize | nat-pack > heard.ndjson",
        "nat-split song.wav | nat-decode | nat-embed | nat-quantize | nat-pack --view table --budget 2000",
        "nat-split song.wav | nat-decode | nat-embed | nat-quantize | nat-pack --prompt --ask 'Is it raining?'",
        "nat-pack --unpack heard.ndjson > tokens",
    )

    def __init__(self, options: Namespace):
        super().__init__(options)
        self.budget: int | None = options.budget or (PROMPT_BUDGET if options.prompt else None)
        self.streaming: Lines | None = None  # those of the item under way
        self.say: Callable[[str], None] = cli.complain
        if options.unpack:
            self.reads, self.makes, self.text = "ndjson", "tokens", False
        elif options.prompt or options.view != "ndjson":
            self.makes = ""
        if (options.ask or options.examples) and not options.prompt:
            raise cli.UsageError("--ask and --examples go with --prompt")

    @staticmethod
    def arguments(parser: ArgumentParser) -> None:
        add = parser.add_argument
        add(
            "--encoding",
            type=encoding_option,
            default="delta",
            metavar="E",
            help="delta (what changes), rle (one line a run, n frames long) or dense (every frame), "
            "or by layer: S=rle,A0=dense, the others delta (default: delta)",
        )
        add(
            "--keyframe-interval",
            type=cli.ranged(0, 3600, "seconds"),
            default=5.0,
            metavar="SECONDS",
            help="time between lines that state all layers, 0 for the first line only (0 to 3600, default: 5)",
        )
        add(
            "--scene",
            type=cli.ranged(0, 60, "seconds"),
            default=0.48,
            metavar="SECONDS",
            help="time that a scene line measures, 0 for no scene and sound lines (0 to 60, default: 0.48)",
        )
        add(
            "--legend",
            choices=("first-use", "header", "none"),
            default="first-use",
            help="where codes are introduced: at their first use, all in the header, nowhere (default: first-use)",
        )
        add("--layers", metavar="NAMES", help="write these layers only, such as S0,S1,A0 (default: all)")
        add(
            "--view",
            choices=tuple(VIEWS),
            default="ndjson",
            help="ndjson, table (positions instead of names), words (a line a scene) (default: ndjson)",
        )
        add(
            "--budget",
            type=cli.ranged(100, 10**9, "tokens", whole=True),
            metavar="N",
            help="write at most N tokens of a language model an item, by estimate; what is left out is said in the "
            "header (100 to 1000000000, default: no limit, 8000 with --prompt)",
        )
        add("--prompt", action="store_true", help="write a prompt: what this is, how to read it, the questions")
        add("--ask", metavar="TEXT", help="ask this instead of the usual questions")
        add(
            "--examples",
            metavar="FILE=LABEL",
            nargs="+",
            default=[],
            type=example_option,
            help="with --prompt, put packed files whose sound is known in front",
        )
        add(
            "--unpack",
            action="store_true",
            help="read NDJSON, write the token stream that was packed, as nat-quantize --plain gives it",
        )

    def items(self, source: cli.Source) -> Iterator[Item]:
        self.say = source.run.say
        return Mended(source.paths, source.kind, source.run).items() if self.options.unpack else source.items()

    def process(self, item: Item) -> Iterator[Record | bytes]:
        if self.options.unpack:
            return unpack(item, self.say)
        options = self.options
        whole = self.budget or options.legend == "header" or options.view == "words"
        return self.buffered(item) if whole else self.streamed(item)

    def held(self) -> Iterator[Record | bytes]:
        if self.streaming:
            yield self.streaming.feed().encode()

    def streamed(self, item: Item) -> Iterator[Record | bytes]:
        """The item's lines as its frames come."""
        layout = Layout(item.head)
        lines = self.lines(layout, self.full(layout), Lines.PATIENCE)
        yield self.put(lines.view.header, self.header(item, lines, []))
        self.streaming = lines
        try:
            for record in item:
                if record.event == "data":
                    lines.take(record.payload)
                    if lines.waiting >= Lines.BATCH:
                        yield lines.feed().encode()
                elif record.event == "code" and (told := introduction(layout, record.head)):
                    lines.introduce(*told)
                else:
                    yield lines.feed().encode()
                    yield self.put(lines.view.note, record.head)
        except Upstream as error:
            yield lines.finish().encode()
            yield from self.fail(error, lines)
        finally:
            self.streaming = None
        yield lines.finish().encode()
        yield self.put(lines.view.summary, lines.summarise())
        yield self.put(lines.view.end, self.end(item, lines))

    def buffered(self, item: Item) -> Iterator[Record | bytes]:
        """The item's lines, once all of it is known, the summary first: as much of it as fits the budget."""
        layout = Layout(item.head)
        kept = Buffered(layout)
        failure: Upstream | Failure | None = None
        try:
            for record in item:
                kept.take(record)
        except (Upstream, Failure) as error:
            failure = error
        full = self.full(layout)
        for settings in ladder(full, layout) if self.budget else [full]:
            lines = self.lines(layout, settings, math.inf)
            codes = kept.worth(settings.introduce) if settings.introduce <= 1 else []
            told = self.options.legend == "header"
            for introduced in [] if told else codes:
                lines.introduce(*introduced)
            text = lines.whole(kept.rows(settings.hold))
            out = [
                self.put(lines.view.header, self.header(item, lines, codes if told else [])),
                self.put(lines.view.summary, lines.summarise()),
                *(self.put(lines.view.note, head) for head in kept.notes),
                text.encode(),
            ]
            if not failure:
                out.append(self.put(lines.view.end, self.end(item, lines)))
            if self.options.prompt:
                out = [self.before().encode(), *out, self.after().encode()]
            parts = [part if isinstance(part, bytes) else wire.dump(part.head) for part in out]
            size = MARGIN * sum(estimate(part.decode()) for part in parts)
            if not self.budget or size <= self.budget:
                break
        else:
            raise Failure(
                f"does not fit: expected at most {self.budget} tokens, got {size:.0f} with all left out that can be"
            )
        yield from out
        if isinstance(failure, Upstream):
            yield from self.fail(failure, lines)
        if failure:
            raise failure

    def fail(self, error: Upstream, lines: Lines) -> Iterator[bytes]:
        """Raise `error` with the number of the frames before it, told first in a view that has no records."""
        head = {**error.head, "stats": {"frames": lines.statistics.frames}}
        if not self.makes:
            yield lines.view.note(head).encode()
        raise Upstream(head)

    def full(self, layout: Layout) -> Settings:
        """What is written where no budget limits it. Raises Failure for layers that are not there."""
        wanted = self.options.layers.split(",") if self.options.layers else layout.names
        if unknown := [name for name in wanted if name not in layout.names]:
            raise Failure(f"expected layers of {' '.join(layout.names)}, got {' '.join(unknown)}")
        introduce = 2.0 if self.options.legend == "none" else 0.0
        scene = self.options.scene if layout.measures else 0.0
        if self.options.prompt and not self.options.layers:
            wanted = [name for j, name in enumerate(layout.names) if not layout.depth(j)]  # finer ones help no reader
        kept = tuple(j for j, name in enumerate(layout.names) if name in wanted)
        keyframe = self.options.keyframe_interval
        return Settings(
            kept, scene, Sounds.ATTACK if scene else None, keyframe, introduce, detail=1 if self.options.prompt else 2
        )

    def lines(self, layout: Layout, settings: Settings, patience: float) -> Lines:
        view = VIEWS[self.options.view](layout, Table(layout.measures))
        return Lines(layout, settings, view, encodings(self.options.encoding, layout.names), patience)

    def header(self, item: Item, lines: Lines, codes: list[tuple[int, int, str]]) -> Head:
        """The item's header: measures are not kept; how the layers are written stands with each of them."""
        layout, settings = lines.layout, lines.settings
        chosen = encodings(self.options.encoding, layout.names)
        names = [layout.names[j] for j in settings.layers]
        introduced = bool(names) and settings.introduce <= 1 and self.options.legend == "first-use"
        how = lines.view.how_to_read(bool(settings.scene), names, introduced)
        pack: Head = {"how_to_read": how, "version": __version__, "keyframe_interval": settings.keyframe}
        if settings.scene:
            pack["scene"] = settings.scene
        everything = self.full(layout)._replace(layers=tuple(range(len(layout.names))), detail=2)
        if left_out := settings.left_out(everything, layout.names):
            pack["left_out"] = left_out
        if codes:
            told: dict[str, Head] = {}
            for j, code, text in codes:
                if j in settings.layers and text:
                    told.setdefault(layout.names[j], {})[str(code)] = text
            pack["codes"] = told
        added = {
            "kind": "ndjson",
            "layers": [{**item.head["layers"][j], "encoding": chosen[j]} for j in settings.layers],
        }
        kept = (
            ("event", "nat", "item", "name", "sample_rate", "frame_rate")
            if settings.detail < 2
            else item.head.keys() - {"measures"}
        )
        head: Head = {key: added.get(key, value) for key, value in item.head.items() if key in kept or key in added}
        first: Head = {key: head[key] for key in ("event", "nat", "kind", "item") if key in head}
        return {**first, "pack": pack, **head}  # what a reader needs stands in front

    def end(self, item: Item, lines: Lines) -> Head:
        head = item.end or {"event": "end"}
        samples = head.get("samples")
        stats = lines.stats(samples if type(samples) is int else 0)
        if lines.settings.detail < 2:
            head = {key: head[key] for key in ("event", "seconds", "damaged", "reason") if key in head}
            del stats["layers"]
        return {**head, "frames": lines.statistics.frames, "stats": stats}

    def put(self, write: Callable[[Head], str], head: Head) -> Record | bytes:
        """`head` as the view writes it; NDJSON goes through the stream's own writer, which holds it to the grammar."""
        return Record(head) if self.makes else write(head).encode()

    def before(self) -> str:
        """What stands before the item in a prompt."""
        shown = "".join(f"\n# Example, known to be: {label}\n\n{text}" for label, text in self.options.examples)
        return f"{PREAMBLE}\n{shown}\n# The sound\n\n"

    def after(self) -> str:
        return f"\n# The question\n\n{self.options.ask or QUESTIONS}\n"


def example_option(text: str) -> tuple[str, str]:
    """The argparse type of --examples: FILE=LABEL to (label, the file's text)."""
    path, sign, label = text.rpartition("=")
    if not (path and sign and label):
        raise ArgumentTypeError(f"expected FILE=LABEL, got {text!r}")
    try:
        return label, Path(path).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ArgumentTypeError(f"{path}: {error}") from None


def main() -> NoReturn:
    cli.main(Pack)


if __name__ == "__main__":
    main()
