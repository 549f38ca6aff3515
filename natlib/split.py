"""nat-split: bytes to items. Finds where each file ends; the formats are in containers.py."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

from . import cli, containers
from .wire import Head, Record

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Part(cli.Item):
    """One file of the input."""

    def __init__(self, head: Head, window: containers.Window, form: containers.Format):
        super().__init__(head, iter(()))
        self.window, self.form = window, form


class Split(cli.Stage):
    """The command."""

    name = "nat-split"
    reads = ""
    makes = "bytes"
    summary = "Find where each file ends, in sounds joined with cat or separated by FS."
    examples = ("cat *.wav | nat-split | nat-decode | nat-embed | nat-quantize | nat-pack > heard.ndjson",)

    @staticmethod
    def arguments(parser: ArgumentParser) -> None:
        parser.add_argument("--whole", action="store_true", help="cut nothing: the input is one file")

    def items(self, source: cli.Source) -> Iterator[cli.Item]:
        self.emit = source.run.emit
        count = 0
        for path in source.paths:
            try:
                window = containers.Window(source.chunks(source.open(path)), self.passed)
                while True:
                    count += path == "-"
                    form = containers.identify(window)
                    if path != "-" or self.options.whole:
                        form = form._replace(find=whole)
                    names = {"name": f"stdin-{count}"} if path == "-" else cli.name_keys(path)
                    yield Part({"event": "header", "kind": "bytes", **names, "format": form.name}, window, form)
                    if not window.peek(1):
                        break
            except OSError as error:
                yield cli.Missing(path, error)

    def passed(self, data: bytes) -> None:
        """A piece of the file, on its way from the window to the output."""
        self.hash.update(data)
        self.size += len(data)
        self.emit(cli.data(data))

    def process(self, item: cli.Item) -> Iterator[Record]:
        if not isinstance(item, Part):
            yield from item
            return
        self.hash, self.size = hashlib.sha256(), 0
        yield cli.header(item, "bytes")
        extent = containers.find_end(item.window, item.form)
        yield cli.end(item, size=self.size, sha256=self.hash.hexdigest(), extent=extent)


def whole(window: containers.Window) -> str:
    """Everything."""
    while True:
        window.take(1 << 62)


def main() -> NoReturn:
    cli.main(Split)


if __name__ == "__main__":
    main()
