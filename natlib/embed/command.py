"""nat-embed: PCM to feature rows."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from .. import cli, output, runtime
from ..errors import OutputClosed, OutputError, UsageError
from ..wire import Head, Record
from .measures import NAMES

if TYPE_CHECKING:
    from .encoder import Encoder
    from .gathering import Blocks, Gathering
    from .readahead import Ahead
    from .whole import Queue

FRAME_RATE = 12.5
BLOCK = 0.64  # seconds of frames in a data record
BUILT_IN = ("spectral", "noise")
STREAMS = (("S", "semantic"), ("A", "acoustic"))


class Embed(runtime.Stage):
    """The command."""

    name = "nat-embed"
    reads = "pcm"
    makes = "features"
    summary = "Turn PCM (a record stream from nat-decode) into rows of features, 12.5 a second."
    description = """\
--model spectral, the default, is built in: no download, no torch, the same numbers on every machine.
--model mert, mert-330m, wav2vec2, hubert, a model of the Hub (OWNER/NAME), a folder with one, or
torchaudio:WAV2VEC2_BASE and its siblings are pretrained transformers: their weights are fetched once.
--model noise gives seeded random rows that say nothing about the sound, and says so in the header.
Row k stands for the time from k/rate to (k+1)/rate. Several channels are mixed to one.
A row comes out within two seconds of its last sample, whatever the length of the sound; of a pretrained
model, when a window is full, and with --batch above 1 while others run."""
    examples = (
        "nat-split song.wav | nat-decode | nat-embed | nat-quantize | nat-pack",
        "nat-split song.wav | nat-decode | nat-embed --model mert --dtype bfloat16 | nat-quantize | nat-pack",
    )

    @staticmethod
    def arguments(parser: ArgumentParser) -> None:
        """Its options."""
        add = parser.add_argument
        add("--model", default="spectral", metavar="M", help="the encoder (default: %(default)s)")
        add("--frame-rate", type=frames_a_second, default=FRAME_RATE, metavar="HZ",
            help="frames a second, 5 to 50 (default: %(default)s); native: as a pretrained model has it")  # fmt: skip
        add("--measures", type=measured, default=NAMES, metavar="M",
            help="measures that rows have, such as level,band,pitch; all or none (default: all)")  # fmt: skip
        add("--seed", type=cli.ranged(0, 2**63, whole=True), default=0, metavar="N",
            help="of --model noise, a whole number from 0 (default: %(default)s)")  # fmt: skip
        add("--jobs", type=cli.ranged(1, 1024, whole=True), metavar="N",
            help="processes of the built-in ear for a long item or many short ones (default: one a core)")  # fmt: skip
        group = parser.add_argument_group("pretrained models")
        add = group.add_argument
        add("--semantic-layers", type=layers, metavar="L",
            help="layers whose mean is S, such as 7 or 4-6,9 (default: by model, 7 of 12, HuBERT's 9)")  # fmt: skip
        add("--acoustic-layers", type=layers, metavar="L", help="layers whose mean is A (default: 1-2 of 12)")
        add("--window", type=cli.ranged(0.2, 600, "s"), default=10.0, metavar="S",
            help="what the model sees at once, 0.2 to 600 s (default: 10)")  # fmt: skip
        add("--context", type=cli.ranged(0, 100, "s"), default=1.0, metavar="S",
            help="of it on each side, so much is not kept, 0 to 100 s (default: 1)")  # fmt: skip
        add("--batch", type=cli.ranged(1, 1024, "windows", whole=True), metavar="N",
            help="windows that run at a time, 1 to 1024 (default: one a core, 16 at most)")  # fmt: skip
        add("--normalize", choices=("auto", "yes", "no"), default="auto",
            help="each window to mean 0 and variance 1 (default: as the model's folder says)")  # fmt: skip
        add("--device", type=device, default="auto", metavar="D",
            help="auto, cpu, cuda, cuda:N or mps (default: auto, a GPU if there is one)")  # fmt: skip
        add(
            "--dtype",
            choices=("float32", "bfloat16", "float16"),
            default="float32",
            help="of products (default: float32)",
        )
        add("--runtime", choices=("torch", "onnxruntime"), default="torch", help="what runs the model (default: torch)")
        add("--deterministic", action="store_true", help="the same bits again on a GPU too, at the cost of speed")
        add("--revision", metavar="R", help="of a model of the Hub: branch, tag or commit (default: main)")
        add("--offline", action="store_true", help="make no call: what is not in the cache is an error")

    def __init__(self, options: Namespace):
        super().__init__(options)
        self.ahead: Ahead | None = None  # for pretrained models
        self.gathering: Gathering | None = None  # of the item that is being read, for built-in ones
        self.queue: Queue | None = None  # of short items, with several jobs
        self.begun = 0  # items
        self.lost: Exception | None = None  # why the item that is being read can't be heard
        if options.model in BUILT_IN:
            if options.frame_rate == "native":
                raise UsageError(f"--frame-rate native is for pretrained models, not --model {options.model}")
            if options.revision or options.offline or options.semantic_layers or options.acoustic_layers:
                raise UsageError(f"--model {options.model} has nothing to download: no layers, --revision or --offline")

    def items(self, source: runtime.Source) -> Iterator[runtime.Item]:
        """The items of the input; for a pretrained model, read ahead."""
        if self.options.model in BUILT_IN:
            return self._heard(source)
        from .pretrained.encoder import Encoder
        from .readahead import Ahead

        self.ahead = Ahead(Encoder(self.options, source.run.say), source.items())
        return self.ahead.items()

    def _heard(self, source: runtime.Source) -> Iterator[runtime.Item]:
        """The items for a built-in encoder; one that fails comes when those before it are written."""
        jobs = (self.options.jobs or runtime.cores()) if self.options.model == "spectral" else 1
        if jobs > 1:
            from .jobs import Jobs
            from .whole import Queue

            self.queue = Queue(Jobs(jobs), source.run.one)
        for item in source.items():
            if item.failure:
                self._settle()
            yield item

    def _settle(self) -> None:
        if self.queue:
            self.queue.settle()

    def process(self, item: runtime.Item) -> Iterator[Record | bytes]:
        """Header, blocks of rows, notes in place, end."""
        if self.queue:
            from .whole import Whole

            if isinstance(item, Whole):
                yield from item.out()
                return
        try:
            yield from self._process(item)
        except (OutputClosed, OutputError):
            raise
        except Exception:
            self._settle()  # what came before it
            raise

    def _process(self, item: runtime.Item) -> Iterator[Record | bytes]:
        from .gathering import Blocks, Gathering
        from .pcm import Mono, sound

        output.keep_memory()
        rate, channels = sound(item.head)
        if self.ahead:
            widths: dict[str, int] = self.ahead.encoder.widths
            frame_rate, added = float(self.ahead.encoder.frame_rate), dict(self.ahead.encoder.head)
            measures = self.ahead.encoder.measures
        else:
            frame_rate = self.options.frame_rate
            encoder, added = self.encoder(rate)
            widths, measures = encoder.widths, encoder.measures
        streams = [{"name": name, "type": kind, "width": widths[name]} for name, kind in STREAMS]
        added |= {"streams": streams} | ({"mixed": channels} if channels > 1 else {})
        block = max(1, round(BLOCK * frame_rate))
        header = runtime.header(item, "features", **added, frame_rate=tidy(frame_rate), block=block, measures=measures)
        made = Blocks(block)
        if self.ahead:
            yield header
            yield from self._ahead(self.ahead, item, made)
            yield runtime.end(item, frames=made.frames)
        else:
            self.lost = None
            self.gathering = Gathering(header, encoder, Mono(rate, channels), made)
            yield from self._gathered(self.gathering, item)

    @staticmethod
    def _ahead(ahead: Ahead, item: runtime.Item, made: Blocks) -> Iterator[Record]:
        for more in ahead.hear(item):
            if isinstance(more, Record):
                yield more
            else:
                yield from made.add(more)
        yield from made.rest()

    def _gathered(self, gathering: Gathering, item: runtime.Item) -> Iterator[Record]:
        self.begun += 1
        try:
            for record in item:
                if self.lost:
                    break
                gathering.take(record)
                if gathering.full:
                    self._settle()
                    yield from gathering.hear()
            if self.lost:
                raise self.lost
        except (OutputClosed, OutputError):
            raise
        except Exception:
            self._settle()
            yield from gathering.due()  # what came before it was whole
            raise
        finally:
            self.gathering = None  # nothing is put off any more
        if self.queue and self.begun > 1 and gathering.whole:
            from .segments import Segments
            from .whole import Whole

            if isinstance(gathering.encoder, Segments):
                self.queue.put(Whole(item, gathering, gathering.encoder))
                return
        self._settle()
        yield from gathering.finish(gathering.encoder.finish(gathering.last()))
        yield runtime.end(item, frames=gathering.blocks.frames)

    def held(self, waits: bool) -> Iterator[Record | bytes]:
        """What was put off, when there is nothing more to take at once."""
        if waits:
            self._settle()
            if self.gathering:
                try:
                    yield from self.gathering.due()
                except Exception as error:  # of the item's alone: whoever reads on must not end with it
                    self.lost = error
        elif self.queue:
            self.queue.answered()

    @property
    def patience(self) -> float:
        """With several jobs, sound may come in bursts."""
        if self.queue and self.queue.waiting:
            from .gathering import PATIENCE

            return PATIENCE
        return self.gathering.patience(bool(self.queue.jobs.busy)) if self.queue and self.gathering else 0.0

    def finish(self) -> Iterator[Record | bytes]:
        """No more items: no more workers."""
        if self.queue:
            self.queue.settle()
            self.queue.jobs.stop()
        return super().finish()

    def encoder(self, rate: int) -> tuple[Encoder, Head]:
        """The built-in encoder for one item, and what the header says about it."""
        from fractions import Fraction

        frame_rate = Fraction(str(self.options.frame_rate))
        if self.options.model == "noise":
            from .noise import Noise

            added = {"model": "noise", "model_version": Noise.version, "random": True, "seed": self.options.seed}
            return Noise(rate, frame_rate, self.options.seed), added
        from .spectral import encoder as spectral

        added = {"model": "spectral", "model_version": spectral.MODEL_VERSION}
        if not self.queue:
            return spectral.Spectral(rate, frame_rate, self.options.measures), added
        from .segments import Segments

        segments = Segments(rate, frame_rate, self.options.measures, self.queue.jobs)
        return segments if segments.possible else segments.model, added


def frames_a_second(text: str) -> Any:
    """The argument of --frame-rate."""
    return text if text == "native" else cli.ranged(5, 50, "frames a second")(text)


def measured(text: str) -> frozenset[str]:
    """The argument of --measures: names without numbers, all or none."""
    names = frozenset() if text == "none" else NAMES if text == "all" else frozenset(text.split(","))
    if unknown := sorted(names - NAMES):
        raise ArgumentTypeError(f'expected all, none, or names such as level,band,pitch, got "{unknown[0]}"')
    return names


def layers(text: str) -> tuple[int, ...]:
    """The argument of --semantic-layers: numbers and ranges, 7 or 1-2 or 1,4-6."""
    found: set[int] = set()
    for part in text.split(","):
        low, _, high = part.partition("-")
        if not re.fullmatch(r"\d{1,3}(-\d{1,3})?", part) or int(low) > int(high or low):
            raise ArgumentTypeError(f'expected layers such as 7 or 1-2 or 1,4-6, got "{text}"')
        found |= set(range(int(low), int(high or low) + 1))
    return tuple(sorted(found))


def device(text: str) -> str:
    """The argument of --device."""
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d{1,3})?", text):
        raise ArgumentTypeError(f'expected auto, cpu, cuda, cuda:N or mps, got "{text}"')
    return text


def tidy(rate: float) -> float:
    """A whole number as an int, so that the header reads 25 and not 25.0."""
    return int(rate) if rate == int(rate) else rate


def main() -> NoReturn:
    cli.main(Embed)
