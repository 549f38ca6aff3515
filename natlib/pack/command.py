"""nat-pack: tokens, or NDJSON, to text that a language model reads; --unpack for the way back, without loss."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

from .. import __version__, cli, runtime
from ..errors import Failure, Upstream, UsageError, complain
from ..runtime import Item
from ..wire import Head, Record
from . import budget, guide, heads
from .content import Content, introduction, of_tokens
from .draft import Draft
from .guide import Guide
from .layers import Layout, encoding_option, encodings
from .measures import table
from .mended import Mended
from .ndjson import of_ndjson
from .passing import Passing
from .prompt import Entry, Prompt
from .settings import Settings, settings
from .statistics import ratios
from .terms import COMMON, units
from .timeline import Lines
from .unpack import unpack
from .views import VIEWS

LONGEST = 300  # characters of a message in a prompt
PATH = re.compile(r'^(\{"event":"header".*?"name":")(?:[^"\\]|\\.)*/')  # the folders before an example's file name


class Pack(runtime.Stage):
    name = "nat-pack"
    reads = "tokens"
    makes = "ndjson"
    text = True
    summary = "Turn tokens into NDJSON that a language model reads, without loss."
    description = (
        "A header line says how to read it; frame lines give the codes that change, code lines introduce them,\n"
        "scene and sound lines measure what is heard, a summary and an end line give the whole.\n"
        "Its own NDJSON is read as well: to make a prompt, another view, or less of it."
    )
    examples = (
        "nat-split song.wav | nat-decode | nat-embed | nat-quantize | nat-pack > heard.ndjson",
        "nat-split song.wav | nat-decode | nat-embed | nat-quantize | nat-pack --view table --budget 2000",
        "nat-split song.wav | nat-decode | nat-embed | nat-quantize | nat-pack --prompt --ask 'Is it raining?'",
        "nat-pack --prompt heard.ndjson",
        "nat-pack --unpack heard.ndjson > tokens",
    )

    def __init__(self, options: Namespace):
        super().__init__(options)
        self.also = "ndjson"
        self.budget: int | None = options.budget or (budget.PROMPT if options.prompt else None)
        self.prompt = Prompt(options.examples, options.ask) if options.prompt else None
        self.guide = Guide()  # explains each field once in a stream
        self.guided = ""  # how to read it, as last said
        self.streaming: Lines | None = None  # the lines of the current item
        self.say: Callable[[str], None] = complain
        if options.unpack:
            self.reads, self.also, self.makes, self.text = "ndjson", "", "tokens", False
        elif options.prompt or options.view != "ndjson":
            self.makes = ""
        if options.tag and (options.prompt or options.unpack or options.view != "ndjson"):
            raise UsageError("--tag goes with lines of NDJSON")
        if (options.ask or options.examples) and not options.prompt:
            raise UsageError("--ask and --examples go with --prompt")

    @staticmethod
    def arguments(parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("--encoding", type=encoding_option, default="delta", metavar="E",
            help="delta (what changes), rle (one line a run, n frames long) or dense (every frame), "
            "or by layer: S=rle,A0=dense, the others delta (default: delta)")  # fmt: skip
        add("--keyframe-interval", type=cli.ranged(0, 3600, "seconds"), default=5.0, metavar="SECONDS",
            help="time between lines that state all layers, 0 for the first line only "
            "(0 to 3600, default: 5)")  # fmt: skip
        add("--scene", type=cli.ranged(0, 60, "seconds"), default=0.48, metavar="SECONDS",
            help="time that a scene line measures, 0 for no scene and sound lines "
            "(0 to 60, default: 0.48)")  # fmt: skip
        add("--legend", choices=("auto", "first-use", "header", "none"), default="auto",
            help="where codes are introduced: at their first use, all in the header, nowhere; auto: at their first "
            "use, but nowhere if there are scenes, which tell the same (default: auto)")  # fmt: skip
        add("--every", action="store_true",
            help="write every scene and every sound, also those that say what an earlier one says")  # fmt: skip
        add("--layers", metavar="NAMES", help="write these layers only, such as S0,S1,A0 (default: all)")
        add("--view", choices=tuple(VIEWS), default="ndjson",
            help="ndjson, table (positions instead of names), words (a line a scene) (default: ndjson)")  # fmt: skip
        add("--budget", type=cli.ranged(1, 10**9, "tokens", whole=True), metavar="N",
            help="write at most N tokens of a language model an item, or in all with --prompt, by estimate; what is "
            "left out is said in the header, and the least that can be written where N is less "
            "(1 to 1000000000, default: no limit, 8000 with --prompt)")  # fmt: skip
        add("--prompt", action="store_true",
            help="write a prompt of all items: what this is, how to read it, each sound, the questions")  # fmt: skip
        add("--anonymous", action="store_true",
            help="tell no names of files: sound 1, sound 2 (default: names are told)")  # fmt: skip
        add("--tag", action="store_true",
            help="write the name of its file on every line, for NDJSON that is joined later")  # fmt: skip
        add("--ask", metavar="TEXT", help="ask this instead of the usual questions")
        add("--examples", metavar="FILE=LABEL", nargs="+", default=[], type=example_option,
            help="with --prompt, put packed files whose sound is known in front")  # fmt: skip
        add("--stats", action="store_true",
            help="write more figures: codes used, entropy and changes by layer, sizes, common codes")  # fmt: skip
        add("--unpack", action="store_true",
            help="read NDJSON, write the token stream that was packed, as nat-quantize --plain gives it")  # fmt: skip

    def items(self, source: runtime.Source) -> Iterator[Item]:
        self.say = source.run.say
        for number, item in enumerate(Mended(source.paths, source.kind, source.run).items(), 1):
            item.head["item"] = number - 1
            if self.options.anonymous:
                item.head = {key: value for key, value in item.head.items() if key != "name_base64"}
                item.head["name"] = f"sound {number}"
            if item.failure and self.prompt:
                self.prompt.entries.append(Entry(self.title(item), None, reason(item.failure)))
            yield item

    def process(self, item: Item) -> Iterator[Record | bytes]:
        options = self.options
        if options.unpack:
            return unpack(item, self.say)
        if self.prompt:
            self.collect(item, self.prompt)
            return iter(())
        whole = self.budget or options.legend == "header" or options.view == "words"
        return self.buffered(item) if whole or item.head["kind"] == "ndjson" else self.streamed(item)

    def held(self, waits: bool) -> Iterator[Record | bytes]:
        if self.streaming:
            yield self.streaming.feed().encode()

    def finish(self) -> Iterator[Record | bytes]:
        if self.prompt and self.prompt.drafts and self.budget:
            yield self.prompt.within(self.budget).encode()

    def streamed(self, item: Item) -> Iterator[Record | bytes]:
        """The item's lines as its frames come."""
        layout = Layout(item.head)
        wanted = settings(layout, self.options.scene if layout.measures else 0.0, self.options)
        tag = heads.tag(item.head, self.options.tag)
        view = VIEWS[self.options.view](layout, table(layout.measures), tag, self.guide, wanted.every)
        lines = Lines(layout, wanted, view, encodings(self.options.encoding, layout.names))
        origin = heads.Origin.of(item.head, {}, ())
        head = heads.header(item.head, self.pack(lines), wanted.layers, self.options.encoding, origin)
        yield self.put(view.header, self.said_once(head))
        self.streaming = lines
        passing = Passing(item.head)
        try:
            for record in item:
                if record.event == "data":
                    lines.take(record.payload)
                    if lines.waiting >= Lines.BATCH:
                        yield lines.feed().encode()
                elif record.event == "code" and (told := introduction(layout, record.head)):
                    lines.introduce(*told)
                elif passed := passing(record.head):
                    yield lines.feed().encode()
                    yield self.put(view.note, view.tagged(passed))
        except Upstream as error:
            yield lines.finish().encode()
            yield from self.fail(error, view.note, lines.statistics.frames)
        finally:
            self.streaming = None
        yield lines.finish().encode()
        yield lines.sections(item.end).encode()
        end = item.end or {"event": "end"}
        summary = view.tagged(lines.summarise(passing.caveats, item.end))
        if explained := view.explained("summary", summary):
            yield lines.count.add(explained).encode()
        yield self.put(view.summary, summary)
        stats = lines.count.stats()
        stats |= ratios(stats, lines.statistics, lines.times, heads.samples(end)) if wanted.stats else {}
        ending = heads.end(
            end, lines.statistics, stats, heads.Origin((), end.keys(), wanted.layers if wanted.stats else ())
        )
        yield self.put(view.end, view.tagged(ending))

    def pack(self, lines: Lines) -> Head:
        """What the header says of lines that are written as frames come."""
        wanted, layout = lines.settings, lines.layout
        names = [layout.names[j] for j in wanted.layers]
        used = guide.FIRST if wanted.scene else guide.WORDS if layout.measures else guide.Used()
        introduced = bool(names) and wanted.introduce
        pack: Head = {"how_to_read": lines.view.how_to_read(names, introduced, used), "version": __version__}
        pack["keyframe_interval"] = wanted.keyframe
        if wanted.scene:
            pack |= heads.scenes(wanted.scene, lines.view.table)
        if left_out := heads.missing(layout, wanted.layers):
            pack["left_out"] = left_out
        if layout.measures:
            pack["units"] = units(COMMON)
        return pack

    def said_once(self, head: Head) -> Head:
        """The header, without how to read it if the last header of this stream said the same."""
        said, self.guided = self.guided, head["pack"]["how_to_read"]
        if self.guided != said:
            return head
        return {**head, "pack": {key: head["pack"][key] for key in head["pack"] if key not in ("how_to_read", "units")}}

    def buffered(self, item: Item) -> Iterator[Record | bytes]:
        """The item's lines, once all of it is known: as much of it as fits the budget."""
        heard = self.hear(item)
        failure = heard.failure
        draft = Draft(heard, self.wanted(heard), self.options, None if self.budget else self.guide)
        share = draft.all
        if self.budget:
            try:
                share = draft.within(self.budget, not failure)
            except Failure:
                item.head = {key: item.head[key] for key in ("event", "kind", "name") if key in item.head}
                raise
        text = draft.text(share)
        for part in text.parts(self.said_once(text.guided()), draft.lead, not failure):
            yield part.encode() if isinstance(part, str) else self.put(*part)
        if isinstance(failure, Upstream):
            yield from self.fail(failure, text.view.note, heard.frames)
        if failure:
            raise failure

    def collect(self, item: Item, prompt: Prompt) -> None:
        """Keep the item for the prompt. Raises what went wrong with it."""
        draft: Draft | None = None
        failure: Upstream | Failure | None = None
        try:
            heard = self.hear(item)
            failure = heard.failure
            draft = Draft(heard, self.wanted(heard), self.options) if heard.frames else None
            if draft and not (draft.measured or draft.view.CODES):
                draft = None
                raise Failure(
                    "expected scenes or a summary to put into words, got codes alone (--view ndjson has those)"
                )
        except (Upstream, Failure) as error:
            failure = error
        prompt.entries.append(Entry(self.title(item), draft, reason(failure) if failure else ""))
        if failure:
            raise failure

    def hear(self, item: Item) -> Content:
        """All that there is of the item. Raises Upstream or Failure if there is nothing."""
        if item.head["kind"] != "ndjson":
            return of_tokens(item, self.options.scene)
        if "layers" not in item.head:
            for _ in item:  # it failed before it was packed: its error comes next
                pass
        return of_ndjson(item, self.say)

    def wanted(self, heard: Content) -> Settings:
        """What of it is written. Its scenes can be made longer, but not shorter."""
        told = self.options.scene and (heard.scene or heard.events)
        scene = max(self.options.scene, heard.scene) if told else 0.0
        return settings(heard.layout, scene, self.options)

    def title(self, item: Item) -> str:
        """The name as a prompt gives it: the last part of the path, or none."""
        return "" if self.options.anonymous else item.name.replace("\n", " ").rstrip("/").rpartition("/")[2]

    def fail(self, error: Upstream, note: Callable[[Head], str], frames: int) -> Iterator[bytes]:
        """Raise `error` with the number of frames before it; in a view without records, write it as a note first."""
        head = {**error.head, "stats": {"frames": frames}}
        if not self.makes:
            yield note(head).encode()
        raise Upstream(head)

    def put(self, write: Callable[[Head], str], head: Head) -> Record | bytes:
        """`head` as the view writes it; NDJSON goes through the stream's own writer, which checks the grammar."""
        return Record(head) if self.makes else write(head).encode()


def reason(failure: Exception) -> str:
    """What went wrong, in words."""
    said = failure.head.get("message", "") if isinstance(failure, Upstream) else failure
    return " ".join(str(said).split())[:LONGEST]


def example_option(text: str) -> tuple[str, str]:
    """The argparse type of --examples: FILE=LABEL to (label, the file's text)."""
    path, sign, label = text.rpartition("=")
    if not (path and sign and label):
        raise ArgumentTypeError(f'expected FILE=LABEL, got "{text}"')
    try:
        return label, PATH.sub(r"\1", Path(path).read_text(), count=1)
    except (OSError, UnicodeDecodeError) as error:
        raise ArgumentTypeError(f"{path}: {error}") from None


def main() -> NoReturn:
    cli.main(Pack)
