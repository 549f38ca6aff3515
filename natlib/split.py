"""nat-split: bytes to items. Finds where each file ends; the formats are in containers.py."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

from . import cli, containers
from .containers import Window
from .wire import Head, Record

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Part(cli.Item):
    """One file of the input: its header, and how to find its end."""

    def __init__(self, head: Head, window: Window, form: containers.Format):
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
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--whole", action="store_true", help="cut nothing: standard input is one file")
        how.add_argument("--fs-only", action="store_true", help="cut at every FS (0x1C), and nowhere else")

    def items(self, source: cli.Source) -> Iterator[cli.Item]:
        self.emit = source.run.emit
        for path in source.paths:
            try:
                fd = source.open(path)
            except OSError as error:
                yield cli.Missing(path, error)
                continue
            window = Window(source.chunks(fd), self.passed)
            if path == "-":
                yield from self.cut(window)
            else:
                form = containers.identify(window)
                head = {"event": "header", **cli.name_keys(path), "format": form.name, "extent": "end-of-input"}
                yield Part(head, window, form._replace(find=containers.to_the_end))

    def cut(self, window: Window) -> Iterator[cli.Item]:
        """The files of standard input."""
        while True:
            self.count = getattr(self, "count", 0) + 1
            form = containers.identify(window)
            head = {"event": "header", "name": f"stdin-{self.count}", "format": form.name}
            if self.options.whole:
                yield Part({**head, "extent": "end-of-input"}, window, form._replace(find=containers.to_the_end))
            elif self.options.fs_only:
                yield Part(head, window, form._replace(find=containers.at_fs))
            else:
                yield Part(head, window, form)
            window.skip(len(containers.separator(window.peek(2))))
            if not window.peek(1):
                return

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


def main() -> NoReturn:
    cli.main(Split)


if __name__ == "__main__":
    main()
