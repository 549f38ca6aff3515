"""nat-split: bytes to items."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from itertools import cycle
from typing import TYPE_CHECKING, NoReturn

from .. import cli, output, runtime
from ..errors import Failure, complain
from ..files import name_keys
from ..wire import Head, Record

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from .signatures import Format
    from .window import Window

CUT_SHORT = "cut off before its declared end; what it took of other files comes again"
PIECES = 3  # pieces of unknown bytes: so many in a row are likely raw samples, cut at bytes that are FS (0x1C)
RAW = (
    "bytes of no known format, cut at each FS (0x1C). Are they raw samples? Then: nat-split --whole | "
    "nat-decode --raw-rate HZ --raw-format F --raw-channels N"
)
BUFFERS = 4  # read into in turn, while others are hashed


class File(runtime.Item):
    """One file of the input: its header, and how to find its end."""

    def __init__(self, head: Head, window: Window, form: Format):
        super().__init__({"event": "header", **head, "format": form.name}, iter(()))
        self.window, self.form = window, form


class Split(runtime.Stage):
    """The command."""

    name = "nat-split"
    reads = ""
    makes = "bytes"
    summary = "Find where each file ends: in sounds joined with cat, in sounds separated by FS (0x1C), in any mixture."
    description = (
        "Standard input is cut into files, by their own structure where they have one (WAV, AIFF, FLAC, MP3, Ogg,\n"
        "M4A, WebM and many more), else before what is certainly the start of the next file, or at an FS before such\n"
        "a start or before text. Each FILE is taken as it is. Bytes are passed on as they come, in constant memory;\n"
        "formats that can only be decoded whole are held back up to 16 MiB, to see that their length is right."
    )
    examples = (
        "cat *.wav *.mp3 | nat-split | nat-decode | nat-embed | nat-quantize | nat-pack > heard.ndjson",
        "arecord -f cd | nat-split | nat-decode | nat-embed | nat-quantize | nat-pack",
        "nat-split *.flac | nat-decode > sounds.pcm",
    )

    def __init__(self, options: Namespace):
        super().__init__(options)
        self.count = 0  # items of standard input
        self.hasher = output.Hasher()

    @staticmethod
    def arguments(parser: ArgumentParser) -> None:
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--whole", action="store_true", help="cut nothing: standard input is one file")
        how.add_argument("--fs-only", action="store_true", help="cut standard input at every FS, and nowhere else")

    def items(self, source: runtime.Source) -> Iterator[runtime.Item]:
        from .table import SIGNATURES, identify
        from .window import Window

        self.emit = source.run.emit
        buffers = self.buffers()
        for path in source.paths:
            try:
                fd = source.open(path)
            except OSError as error:
                yield runtime.Missing(path, error)
                continue
            if os.isatty(fd):
                source.run.say("type or paste text; Ctrl-D on a new line ends it")
            window = Window(source.views(fd, buffers), self.passed, SIGNATURES)
            try:
                if path == "-":
                    yield from self.cut(window, source.run)
                else:
                    yield whole(name_keys(path), window, identify(window, whole=True))
            except OSError as error:  # nothing could be read, or nothing more
                yield runtime.Missing(f"stdin-{self.count}" if path == "-" else path, error)

    def cut(self, window: Window, run: runtime.Run) -> Iterator[runtime.Item]:
        """The files of standard input."""
        from .boundaries import at_fs, separator, text
        from .table import UNKNOWN, identify
        from .trust import cut_short

        unknown = 0  # pieces in a row that are neither of a known format nor text
        while True:
            start = window.tell()
            self.count += 1
            head, form = {"name": f"stdin-{self.count}"}, identify(window)
            unknown = 0 if self.options.whole or form is not UNKNOWN or text(window.peek(64)) else unknown + 1
            if unknown == PIECES:
                run.say(RAW)
            if self.options.whole:
                yield whole(head, window, form)
            else:
                yield File(head, window, form._replace(find=at_fs) if self.options.fs_only else form)
            if cut_short(window):
                run.failed += 1
                run.say(f"stdin-{self.count}: {CUT_SHORT}")
            window.skip(len(separator(window.peek(2))))
            if not window.peek(1):
                return
            if window.tell() == start:
                raise Failure(f"stdin-{self.count}: no byte of it could be taken; the rest is lost")

    def buffers(self) -> Iterator[bytearray]:
        """The buffers to read into. Each comes again once nothing in it waits to be hashed."""
        given: deque[int] = deque((0 for _ in range(BUFFERS)), BUFFERS)
        for buffer in cycle(bytearray(output.CHUNK) for _ in range(BUFFERS)):
            self.hasher.wait(given[0])
            yield buffer
            given.append(self.hasher.given)

    def passed(self, data: bytes | memoryview) -> None:
        """A piece of the file, on its way from the window to the output."""
        self.size += len(data)
        self.hasher.update(self.digest, data)
        self.emit(runtime.data(data))

    def process(self, item: runtime.Item) -> Iterator[Record]:
        if not isinstance(item, File):
            yield from item
            return
        import hashlib

        from .table import find_end

        self.digest, self.size, start = hashlib.sha256(), 0, item.window.tell()
        yield runtime.header(item, "bytes")
        try:
            extent = find_end(item.window, item.form)
        except OSError as error:
            raise Failure(error.strerror or str(error)) from None
        finally:
            self.hasher.wait()
        record = runtime.end(item, size=self.size, sha256=self.digest.hexdigest(), extent=extent)
        if self.size > item.window.tell() - start:
            record.head.update(damaged=True, reason=CUT_SHORT)
            complain(f"{self.name}: {item.name}: {CUT_SHORT}")
        item.end = record.head
        yield record


def whole(head: Head, window: Window, form: Format) -> File:
    """All of the window's input, as one file."""
    from .boundaries import to_the_end

    return File({**head, "extent": "end-of-input"}, window, form._replace(find=to_the_end))


def main() -> NoReturn:
    cli.main(Split)
