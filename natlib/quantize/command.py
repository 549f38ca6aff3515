"""nat-quantize: feature rows to tokens, by residual vector quantization."""

from __future__ import annotations

import itertools
import math
import os
import re
import sys
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, NoReturn

from .. import cli, wire
from ..cli import Failure, Item, Source, Upstream, UsageError
from ..wire import Head, Record

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from numpy import float32, uint16
    from numpy.typing import NDArray

    from .codebook import Codebook, Reservoir

DATA = Path(__file__).parent.parent / "data"
SAMPLE = 1 << 17  # rows that a codebook is fitted on, at most
SAMPLE_BYTES = 48 << 20
SHARE = 400  # of them from any one item: long ones shall not swamp the short
HOLD = 0.15  # an eighth fewer changes in A, a quarter in S; and S0 and A0 as stable when a sound is shifted by 2 ms
ABSENT = -32768  # a measure that is not there


def layer_codes(text: str) -> tuple[str, list[int]]:
    """The argument of --codes: STREAM=N,N,…"""
    name, _, numbers = text.rpartition("=")
    if not name or not re.fullmatch(r"[0-9]{1,4}(,[0-9]{1,4}){0,8}", numbers):
        raise ArgumentTypeError(f"expected STREAM=N,N,… with 1 to 9 layers, got {text!r}")
    return name, [cli.ranged(1, 1000, "codes in a layer", whole=True)(number) for number in numbers.split(",")]


class Quantize(cli.Stage):
    """The command."""

    name = "nat-quantize"
    reads = "features"
    makes = "tokens"
    summary = "Turn rows of features (a record stream from nat-embed) into tokens, by residual vector quantization."
    description = """\
Each stream of features becomes a few layers of codes: S0 to S3 for the scene, A0 to A3 for the moment, each refining
the one before. Codes near in number sound near. Before a code is used for the first time in an item, a note says what
it measures like. A codebook for --model spectral is built in; for other models, without --codebook, one is fitted on
the stream itself: that needs the whole of it, kept on disk meanwhile, before anything comes out."""
    examples = (
        "nat-split dog.wav | nat-decode | nat-embed | nat-quantize | nat-pack",
        "nat-split *.wav | nat-decode | nat-embed --model noise | nat-quantize --fit noise.safetensors",
        "nat-split a.wav | nat-decode | nat-embed --model noise | nat-quantize --codebook noise.safetensors | nat-pack",
    )

    @staticmethod
    def arguments(parser: ArgumentParser) -> None:
        """Its options."""
        parser.add_argument(
            "--codebook", metavar="FILE", help="the codebook to use (default: the built-in one for the stream's model)"
        )
        parser.add_argument("--plain", action="store_true", help="leave out the measures and the codes' introductions")
        parser.add_argument(
            "--hold",
            type=cli.ranged(0, 100),
            default=HOLD,
            metavar="X",
            help="keep a layer's code until another is nearer by X times the layer's mean squared "
            "distance, for fewer changes: 0, always the nearest, to 100 (default: %(default)g)",
        )
        parser.add_argument("--save-codebook", metavar="FILE", help="write the codebook that was used to FILE")
        parser.add_argument("--fit", metavar="FILE", help="fit a codebook on the input, write it to FILE; no tokens")
        parser.add_argument(
            "--codes",
            type=layer_codes,
            action="append",
            default=[],
            metavar="STREAM=N,N,…",
            help="when fitting: codes in each layer of a stream, 1 to 1000 (default: 128,32,32,32 for "
            "a semantic stream, 256,128,128,128 for any other)",
        )
        parser.add_argument(
            "--seed",
            type=cli.ranged(0, 2**63, whole=True),
            default=1,
            metavar="N",
            help="when fitting: of the random choices (default: %(default)s)",
        )
        parser.add_argument("--corpus", metavar="TEXT", help="when fitting: what the input is, for the metadata")

    def __init__(self, options: Namespace):
        super().__init__(options)
        self.say: Callable[[str], None] = cli.complain
        self.given: Codebook | None = None  # for every item, whatever its model
        self.shipped: dict[str, Codebook | None] = {}  # by model
        self.sampler: Sampler | None = None
        self.saved = not options.save_codebook
        self.introductions: dict[str, Introductions] = {}  # by codebook
        if options.fit:
            if options.codebook or options.save_codebook or options.plain:
                raise UsageError("--fit makes no tokens: not with --codebook, --save-codebook or --plain")
            self.makes, self.text = "", True
        for file in filter(None, (options.fit, options.save_codebook)):
            if not Path(file).parent.is_dir():
                raise Failure(f"{cli.display(file)}: no such folder to write it to")  # said before the work, not after
        if options.codebook:
            self.given = load(Path(options.codebook))

    def items(self, source: Source) -> Iterator[Item]:
        """Those of the input; from the first one that no codebook is there for, only once one is fitted on the rest."""
        self.say = source.run.say
        items = source.items()
        for item in items:
            if self.options.fit or item.failure or self.codebook(item.head):
                yield item
            else:
                yield from self.fitted(item, items)

    def process(self, item: Item) -> Iterator[Record | bytes]:
        """The item's tokens; with --fit, nothing."""
        if not self.options.fit:
            yield from self.tokens(item)
            return
        self.sampler = self.sampler or Sampler(item.head, self.options.seed)
        for _ in self.sampler.watch(item):
            pass

    def finish(self) -> Iterator[Record]:
        """With --fit, the codebook is made."""
        if self.options.fit:
            if self.sampler is None:
                raise Failure("no items to fit a codebook on")
            save(self.options.fit, self.fit(self.sampler))
        return iter(())

    def codebook(self, head: Head) -> Codebook | None:
        """The codebook for the stream with this header: the given or fitted one, the one that ships, or none."""
        if self.given:
            return self.given
        model = head.get("model")
        if not isinstance(model, str) or not re.fullmatch(r"[A-Za-z0-9_-]+", model):
            return None  # a header shall not choose among the machine's files
        if model not in self.shipped:
            path = DATA / f"{model}.safetensors"
            self.shipped[model] = load(path) if path.exists() else None
        return self.shipped[model]

    def tokens(self, item: Item) -> Iterator[Record | bytes]:
        """The item's tokens, with an introduction before the first block that uses a code."""
        import numpy as np

        from .codebook import SLICE, CodebookError

        codebook = self.codebook(item.head)
        if codebook is None:
            raise Failure("no header of a features stream came with it")
        try:
            codebook.check(item.head)
        except CodebookError as error:
            raise Failure(str(error)) from None
        if not self.saved:
            save(self.options.save_codebook, codebook)
            self.saved = True
        plain, hold = self.options.plain, self.options.hold
        head = header(item.head, codebook, plain, hold)
        if codebook.sha256 not in self.introductions:
            self.introductions[codebook.sha256] = Introductions(codebook)
        introduce = self.introductions[codebook.sha256].item()
        yield Record(head)
        width = wire.row_size(item.head) // 4
        features = width - len(item.head.get("measures", []))
        step = max(1, min(SLICE, wire.MAX_PAYLOAD // wire.row_size(head)))
        last, frames = None, 0
        for record in item:
            if record.event != "data":
                yield record
                continue
            block = np.frombuffer(record.payload, "<f4").reshape(-1, width)
            for first in range(0, len(block), step):
                rows = block[first : first + step]
                finite(rows[:, :features], frames)
                codes = codebook.encode(rows, hold, last)
                last, frames = codes[-1].tolist(), frames + len(rows)
                if not plain:
                    yield introduce(codes)
                    codes = np.concatenate([codes, measures(rows[:, features:])], axis=1)
                yield cli.data(codes.astype("<u2", copy=False).tobytes())
        yield cli.end(item, frames=frames)

    def fitted(self, first: Item, rest: Iterator[Item]) -> Iterator[Item]:
        """`first` and all that follow, kept in a file without a name until a codebook is fitted on them."""
        import tempfile

        model = first.head.get("model", "the stream's encoder")
        self.say(f"no codebook is built in for {model}: reading all of the input to fit one on it")
        with tempfile.TemporaryFile() as spool:
            writer = wire.Writer()
            sampler = Sampler(first.head, self.options.seed)
            for item in itertools.chain([first], rest):
                spool.writelines(writer.write(item.head))
                end: Head | None
                try:
                    if item.failure:
                        raise item.failure
                    for record in sampler.watch(item):
                        spool.writelines(writer.write(*record))
                    end = item.end
                except Upstream as error:
                    end = error.head
                except Failure as error:
                    self.say(f"{item.name}: {error}")
                    end = {"event": "error", "stage": self.name, "message": str(error)}
                spool.writelines(writer.write(end or {"event": "end"}))
            self.given = self.fit(sampler)
            self.given.meta["fitted_on"] = "the stream itself"
            spool.seek(0)
            yield from reread(spool)

    def fit(self, sampler: Sampler) -> Codebook:
        """The codebook for what was sampled. Raises Failure."""
        from .codebook import CodebookError, fit

        corpus = {"items": sampler.reservoir.items, "frames": sampler.reservoir.frames}
        if self.options.corpus:
            corpus["description"] = self.options.corpus
        progress = self.say if sys.stderr.isatty() and not self.options.quiet else lambda text: None
        try:
            rows = sampler.reservoir.sample()
            codebook = fit(sampler.head, rows, dict(self.options.codes), self.options.seed, corpus, progress)
        except CodebookError as error:
            raise Failure(str(error)) from None
        for line in report(codebook):
            self.say(line)
        return codebook


class Sampler:
    """Watches items go by, and keeps what a codebook is fitted on."""

    def __init__(self, head: Head, seed: int):
        from .codebook import Reservoir

        self.head = head
        self.width = wire.row_size(head) // 4
        self.features = self.width - len(head.get("measures", []))
        limit = max(1, min(SAMPLE, SAMPLE_BYTES // 4 // self.width))
        self.reservoir: Reservoir = Reservoir(self.width, limit, SHARE, seed)

    def watch(self, item: Item) -> Iterator[Record]:
        """The item's records, unchanged. Raises what iterating over it does, and Failure where it does not fit in."""
        import numpy as np

        from .codebook import describe

        if describe(item.head) != describe(self.head) or item.head.get("measures") != self.head.get("measures"):
            raise Failure(f"expected {describe(self.head)} and measures as in item 0, got {describe(item.head)}")
        whole, frames = False, 0
        try:
            for record in item:
                if record.event == "data":
                    rows = np.frombuffer(record.payload, "<f4").reshape(-1, self.width)
                    finite(rows[:, : self.features], frames)
                    self.reservoir.add(rows)
                    frames += len(rows)
                yield record
            whole = True
        finally:
            self.reservoir.end(whole)


class Introductions:
    """What a codebook's codes measure like, as `code` notes: each is put into bytes once, for all items."""

    def __init__(self, codebook: Codebook):
        self.layers: list[str] = [layer["name"] for layer in codebook.meta["layers"]]
        self.tables = [table for stream in codebook.streams for table in stream.measures]
        self.names: list[str] = [measure["name"] for measure in codebook.meta["measures"]]
        self.digits = [digits(measure.get("step", 1)) for measure in codebook.meta["measures"]]
        self.notes: dict[tuple[int, int], bytes] = {}

    def item(self) -> Callable[[NDArray[uint16]], bytes]:
        """A function that takes the blocks of one item, and gives the notes for the codes that are new in each."""
        known: list[set[int]] = [set() for _ in self.layers]

        def introduce(codes: NDArray[uint16]) -> bytes:
            notes = b""
            for layer, column in enumerate(codes.T.tolist()):
                new = set(column) - known[layer]
                known[layer] |= new
                for code in sorted(new):
                    notes += self.note(layer, code)
            return notes

        return introduce

    def note(self, layer: int, code: int) -> bytes:
        """The introduction of one code."""
        if (layer, code) not in self.notes:
            values = zip(self.names, self.tables[layer][code].tolist(), self.digits, strict=True)
            said = {name: round(value, places) for name, value, places in values if not math.isnan(value)}
            head = {"event": "code", "layer": self.layers[layer], "code": code, "measures": said}
            self.notes[layer, code] = wire.dump(head)
        return self.notes[layer, code]


def header(head: Head, codebook: Codebook, plain: bool, hold: float) -> Head:
    """The header of tokens for that of features."""
    meta = codebook.meta
    about = {"name": meta["name"], "sha256": codebook.sha256}
    if "fitted_on" in meta:
        about["fitted_on"] = meta["fitted_on"]
    layers = [{key: layer[key] for key in ("name", "type", "vocab")} for layer in meta["layers"]]
    head = {**head, "kind": "tokens", "layers": layers, "codebook": about}
    if hold:
        head["hold"] = hold
    if plain:
        head.pop("measures", None)
    return head


def finite(features: NDArray[float32], frames: int) -> None:
    """Raise Failure where a number is NaN or infinite; `frames` came before."""
    import numpy as np

    if not np.isfinite(features).all():
        frame = frames + int(np.flatnonzero(~np.isfinite(features).all(axis=1))[0])
        raise Failure(f"frame {frame}: expected finite features, got NaN or infinity")


def measures(rows: NDArray[float32]) -> NDArray[uint16]:
    """Measures on their grid, absent NaN, as the 16-bit integers of the wire."""
    import numpy as np

    numbers = np.clip(np.rint(rows), -32767, 32767)
    return np.where(np.isnan(numbers), ABSENT, numbers).astype("<i2").view("<u2")


def digits(step: float) -> int | None:
    """Decimals that a number on a grid of `step` needs; None for none, as round() takes it."""
    return max(0, math.ceil(-math.log10(step) - 1e-9)) or None


def reread(spool: IO[bytes]) -> Iterator[Item]:
    """The items in a stream that we wrote."""
    reader = wire.Reader()
    records = itertools.chain.from_iterable(map(reader.feed, iter(lambda: spool.read(cli.CHUNK), b"")))
    for record in records:
        if record.head["kind"] == Quantize.reads:
            item = Item(record.head, records)
        else:  # it failed before it became features: an error follows
            item = Item(record.head, iter(()), Upstream(next(records).head))
        yield item
        item.drain()


def load(path: Path) -> Codebook:
    """The codebook in a file. Raises Failure."""
    from .codebook import MAX_FILE, Codebook, CodebookError

    try:
        with path.open("rb") as file:
            return Codebook.load(file.read(MAX_FILE))
    except OSError as error:
        raise Failure(f"{cli.display(str(path))}: {error.strerror}") from None
    except CodebookError as error:
        raise Failure(f"{cli.display(str(path))}: {error}") from None


def save(name: str, codebook: Codebook) -> None:
    """Write a codebook's file, whole or not at all. Raises Failure."""
    part = f"{name}.{os.getpid()}"
    try:
        Path(part).write_bytes(codebook.raw)
        Path(part).replace(name)
    except OSError as error:
        Path(part).unlink(missing_ok=True)
        raise Failure(f"{cli.display(name)}: {error.strerror}") from None


def report(codebook: Codebook) -> Iterator[str]:
    """What a person wants to know of a codebook that was just fitted, in lines."""
    corpus = codebook.meta["corpus"]
    yield (f"codebook {codebook.meta['name']}: fitted on {corpus['rows']} of {corpus['frames']} frames "
           f"of {corpus['items']} items")  # fmt: skip
    yield "layer codes  used entropy distortion neighbours  rank"
    for layer in codebook.meta["layers"]:
        order = layer["order"]
        yield (
            f"{layer['name']:5} {layer['vocab']:5} {layer['utilisation']:5.0%} {layer['entropy_share']:7.1%} "
            f"{layer['distortion']:10.4f} {order.get('neighbours', 1):10.3f} {order.get('rank', 1):5.2f}"
        )


def main() -> NoReturn:
    """Run nat-quantize."""
    cli.main(Quantize)
