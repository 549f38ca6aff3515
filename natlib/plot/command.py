"""nat-plot: a picture of any stage's stream.

Neither numpy nor matplotlib is imported before there is something to draw.
"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

from .. import cli, runtime
from ..errors import Failure, UsageError
from ..wire import Record

if TYPE_CHECKING:
    from .base import View
    from .marks import Told

PANELS = {
    "bytes": "histogram, position",
    "pcm": "waveform, spectrogram",
    "features": "notes, the name of a stream (S, A), measures",
    "tokens": "notes, layers, changes, usage; only where asked for: measures",
    "NDJSON": "sections, level, scenes, notes, layers; only where asked for: changes, usage",
}


def size(text: str) -> tuple[float, float]:
    """An argparse type: WIDTHxHEIGHT in inches, 1 to 100 each."""
    try:
        width, height = (float(part) for part in text.lower().split("x"))
    except ValueError:
        width = height = 0
    if not (1 <= width <= 100 and 1 <= height <= 100):
        raise ArgumentTypeError(f'expected WIDTHxHEIGHT in inches, 1 to 100 each, such as 10x6, got "{text}"')
    return width, height


def zooming(parser: ArgumentParser) -> None:
    """The options of spectrograms, and of many items in one picture."""
    add = parser.add_argument
    add("--fmin", type=cli.ranged(1, 1e6, "Hz"), metavar="HZ",
        help="lowest frequency of a spectrogram, 1 to 1000000 (default: 40)")  # fmt: skip
    add("--fmax", type=cli.ranged(1, 1e6, "Hz"), metavar="HZ",
        help="its highest frequency, 1 to 1000000 (default: half the sample rate)")  # fmt: skip
    add("--window", type=cli.ranged(1, 1000, "ms"), metavar="MS",
        help="its window, 1 to 1000 ms (default: 93, less for a sound below 3 s, more for a narrow band)")  # fmt: skip
    add("--range", type=cli.ranged(10, 200, "dB", whole=True), default=80, metavar="DB",
        help="levels from its darkest to its brightest colour, 10 to 200 dB (default: 80)")  # fmt: skip
    add("--scale", choices=("each", "all"), default="each",
        help="the levels and frequencies of each pcm item, or the same ones for all (default: each)")  # fmt: skip
    add("--columns", type=cli.ranged(1, 8, whole=True), default=1, metavar="N",
        help="columns in which the items of a png or svg stand, 1 to 8 (default: 1)")  # fmt: skip


class Plot(runtime.Stage):
    """The nat-plot command: gathers items, and draws them when all are there (a PDF or a report: one by one)."""

    name = "nat-plot"
    reads = runtime.ANY
    summary = "Draw any stream of the suite: bytes, pcm, features, tokens or NDJSON in, a picture out."
    description = "Panels (--what):\n" + "\n".join(f"  {kind:<9} {names}" for kind, names in PANELS.items())
    examples = (
        "nat-split song.wav | nat-decode | nat-plot > sound.png",
        "nat-split song.wav | nat-decode | nat-embed | nat-quantize | nat-pack | nat-plot --theme dark > heard.png",
        "nat-split song.wav | nat-decode | nat-plot --what spectrogram --format pdf --size 7x3 > figure.pdf",
        "nat-split song.wav | nat-decode | nat-plot --marks heard.ndjson > marked.png",
        "nat-split song.wav | nat-decode --start 2 --duration 1 | nat-plot --fmin 200 --fmax 2000 > closer.png",
        "nat-split *.wav | nat-decode | nat-plot --what spectrogram --columns 4 --scale all > sheet.png",
        "nat-split song.wav | nat-decode | nat-embed | nat-quantize | nat-plot --report song.html --sound song.wav",
    )

    @staticmethod
    def arguments(parser: ArgumentParser) -> None:
        """Its options."""
        add = parser.add_argument
        add("--format", choices=("png", "svg", "pdf"), default="png", help="what to write (default: png)")
        add(
            "--what",
            metavar="PANEL[,PANEL]",
            help="draw these panels only (default: all but those drawn only where asked for)",
        )
        add(
            "--item",
            type=cli.ranged(0, 1 << 53, whole=True),
            metavar="N",
            help="draw item N only, from 0 "
            "(default: all, 12 a column at most in a png or svg; a pdf has a page for each)",
        )
        add(
            "--size",
            type=size,
            metavar="WxH",
            help="width and height of an item's picture in inches, 1 to 100 "
            "(default: 10 wide, as high as its panels need; so in a report always)",
        )
        add(
            "--dpi",
            type=cli.ranged(20, 1200, "dots an inch"),
            default=150.0,
            metavar="N",
            help="dots an inch, 20 to 1200 (default: 150)",
        )
        zooming(parser)
        add("--theme", choices=("light", "dark"), default="light", help="background (default: light)")
        add(
            "--marks",
            metavar="FILE",
            help="draw over the spectrograms of a pcm stream what FILE, the NDJSON of the same sounds, says: "
            "bars and beats, chords, sounds, sections",
        )
        add(
            "--report",
            metavar="FILE.html",
            help="write a self-contained page with pictures, facts and figures into "
            "FILE.html, and nothing on standard output",
        )
        add(
            "--sound",
            action="append",
            metavar="FILE",
            help="a sound to play in the report; several: one for each "
            "item, in their order (default: the sound itself, where the input is a pcm stream)",
        )

    def __init__(self, options: Namespace):
        super().__init__(options)
        if options.sound and not options.report:
            raise UsageError("--sound is played in a --report: give that too")
        if (options.columns > 1 or options.scale == "all") and (options.report or options.format == "pdf"):
            raise UsageError("--columns and --scale all are for one picture: a png or svg")
        if options.fmin and options.fmax and options.fmin >= options.fmax:
            raise UsageError(f"expected --fmin below --fmax, got {options.fmin:g} and {options.fmax:g}")
        import logging

        self.text = bool(options.report)
        self.seen = self.drawn = 0  # items
        self.marks: Told | None = None
        self.whole = True  # did all items come?
        self.wrong: Failure | UsageError | None = None  # with --marks: a picture without what was asked for is none
        logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it talks about its font cache
        try:
            from . import drawing, figure
            from .downsample import Zoom
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "matplotlib":
                raise
            raise Failure("matplotlib, which draws, is missing: pip install '.[plot]' in the checkout") from None
        self.zoom = Zoom(options.fmin, options.fmax, options.window and options.window / 1000, options.range)
        self.drawing = drawing.Drawing(options.theme, options.size, options.dpi, options.what, options.columns)
        if options.marks:
            from .marks import Told

            self.marks = Told(options.marks)
        self.book: figure.Book
        if options.report:
            from .report import Report

            self.book = Report(self.drawing, options.report, options.sound or [])
        elif options.format == "pdf":
            self.book = figure.Pages(self.drawing)
        else:
            self.book = figure.Picture(self.drawing, options.format, options.scale == "all")

    def process(self, item: runtime.Item) -> Iterator[Record | bytes]:
        """Gather one item. If it broke off, draw what came, and say what is wrong."""
        from .kinds import gather

        number, self.seen = self.seen, self.seen + 1
        if self.options.item not in (None, number):
            return
        view, error = gather(item, self.zoom, self.book.listener(item.head))
        self.whole = self.whole and not error
        if self.marks and not error:
            self._mark(view, number, self.marks)
        panels = view.panels()
        unknown = [name for name in self.drawing.what if name not in panels]
        if panels and unknown and not error:
            error = Failure(f"expected --what of {', '.join(panels)}, got {', '.join(unknown)}")
            view.error = str(error)
        self.drawn += 1
        self.book.add(view)
        if error:
            raise error
        yield from ()

    def items(self, source: runtime.Source) -> Iterator[runtime.Item]:
        for item in source.items():
            yield item
            if self.wrong:
                raise self.wrong

    def _mark(self, view: View, number: int, marks: Told) -> None:
        """Give the view of item `number` its marks."""
        from .pcm import Pcm

        if not isinstance(view, Pcm):
            kind = view.head["kind"]
            self.wrong = UsageError(f"--marks go over a spectrogram: expected a pcm stream, got {kind}")
            return
        try:
            view.marks = marks.item(number, view.head.get("name"), view.start, view.duration)
        except Failure as error:
            self.wrong = error

    def finish(self) -> Iterator[Record | bytes]:
        """The picture."""
        if not self.drawn:
            wanted = "an item" if self.options.item is None else f"item {self.options.item}"
            raise Failure(f"nothing to draw: expected {wanted}, got {self.seen} items")
        if self.marks and self.whole:
            self.marks.finish(self.seen)
        yield self.book.finish()


def main() -> NoReturn:
    """Run nat-plot."""
    cli.main(Plot)
