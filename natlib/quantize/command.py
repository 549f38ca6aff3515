"""nat-quantize: feature rows to tokens, by residual vector quantization."""

from __future__ import annotations

import itertools
import re
import sys
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from .. import cli, runtime, wire
from ..errors import Failure, UsageError, complain
from ..files import display
from ..runtime import Item, Source
from ..wire import Head, Record

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from numpy import float32, uint16
    from numpy.typing import NDArray

    from .codebook import Codebook
    from .introductions import Introductions
    from .reservoir import Sampler

MOST = 1000  # codes in a layer: three digits
# An eighth fewer changes in A, a quarter in S. With 0.15, codes tell less of kinds of sounds (make bench-tokens)
HOLD = 0.05
ABSENT = -32768  # a measure that is not there


def layer_codes(text: str) -> tuple[str, list[int]]:
    """The argument of --codes: STREAM=N,N,…"""
    name, _, numbers = text.rpartition("=")
    if not name or not re.fullmatch(r"[0-9]{1,4}(,[0-9]{1,4}){0,8}", numbers):
        raise ArgumentTypeError(f'expected STREAM=N,N,… with 1 to 9 layers, got "{text}"')
    return name, [cli.ranged(1, MOST, "codes in a layer", whole=True)(number) for number in numbers.split(",")]


class Quantize(runtime.Stage):
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
            help=f"when fitting: codes in each layer of a stream, 1 to {MOST} (default: 128,32,32,32 for "
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
        self.say: Callable[[str], None] = complain
        self.sampler: Sampler | None = None
        self.saved = not options.save_codebook
        self.introductions: dict[str, Introductions] = {}  # by codebook
        if options.fit:
            if options.codebook or options.save_codebook or options.plain:
                raise UsageError("--fit makes no tokens: not with --codebook, --save-codebook or --plain")
            self.makes, self.text = "", True
        for file in filter(None, (options.fit, options.save_codebook)):
            if not Path(file).parent.is_dir():
                raise Failure(f"{display(file)}: no such folder to write it to")  # said before the work, not after
        from .codebooks import Codebooks

        self.codebooks = Codebooks(options.codebook)

    def items(self, source: Source) -> Iterator[Item]:
        """The items of the input. From the first one without a codebook on, they wait until one is fitted on them."""
        self.say = source.run.say
        items = source.items()
        for item in items:
            if self.options.fit or item.failure or self.codebooks.find(item.head):
                yield item
            else:
                yield from self.fitted(item, items)

    def process(self, item: Item) -> Iterator[Record | bytes]:
        """The item's tokens; with --fit, nothing."""
        if not self.options.fit:
            yield from self.tokens(item)
            return
        from .reservoir import Sampler

        self.sampler = self.sampler or Sampler(item.head, self.options.seed)
        for _ in self.sampler.watch(item):
            pass

    def finish(self) -> Iterator[Record]:
        """With --fit, make the codebook."""
        if self.options.fit:
            if self.sampler is None:
                raise Failure("no items to fit a codebook on")
            from .codebooks import save

            save(self.options.fit, self.fit(self.sampler))
        return iter(())

    def tokens(self, item: Item) -> Iterator[Record | bytes]:
        """The item's tokens, with an introduction before the first block that uses a code."""
        import numpy as np

        from .codebook import SLICE, CodebookError
        from .codebooks import save
        from .introductions import Introductions
        from .reservoir import finite

        codebook = self.codebooks.find(item.head)
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
                yield runtime.data(codes.astype("<u2", copy=False).tobytes())
        yield runtime.end(item, frames=frames)

    def fitted(self, first: Item, rest: Iterator[Item]) -> Iterator[Item]:
        """`first` and all that follow, kept in an unnamed file until a codebook is fitted on them."""
        from .codebooks import Spool
        from .reservoir import Sampler

        model = first.head.get("model", "the stream's encoder")
        self.say(f"no codebook is built in for {model}: reading all of the input to fit one on it")
        sampler = Sampler(first.head, self.options.seed)
        with Spool() as spool:
            for item in itertools.chain([first], rest):
                if failure := spool.keep(item, sampler.watch, self.name):
                    self.say(f"{item.name}: {failure}")
            codebook = self.fit(sampler)
            codebook.meta["fitted_on"] = "the stream itself"
            self.codebooks.given = codebook
            yield from spool.items()

    def fit(self, sampler: Sampler) -> Codebook:
        """The codebook for what was sampled. Raises Failure."""
        from .codebook import CodebookError
        from .codebooks import report
        from .fit import fit

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


def header(head: Head, codebook: Codebook, plain: bool, hold: float) -> Head:
    """The header of the tokens, from that of the features."""
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


def measures(rows: NDArray[float32]) -> NDArray[uint16]:
    """Measures on their grid, NaN if absent, as the 16-bit integers of the wire."""
    import numpy as np

    numbers = np.clip(np.rint(rows), -32767, 32767)
    return np.where(np.isnan(numbers), ABSENT, numbers).astype("<i2").view("<u2")


def main() -> NoReturn:
    """Run nat-quantize."""
    cli.main(Quantize)
