"""Which codebook a stream is quantized with: the one given, the one that ships, or one fitted on the stream itself."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from .. import output, wire
from ..errors import Failure, Upstream
from ..files import display, replacing
from ..runtime import Item
from ..wire import Head, Record
from .codebook import MAX_FILE, Codebook, CodebookError

DATA = Path(__file__).parent.parent / "data"


class Codebooks:
    """The codebooks of a run: `given` for every item, whatever its model, or those that ship."""

    def __init__(self, given: str | None):
        self.given = load(Path(given)) if given else None
        self.shipped: dict[str, Codebook | None] = {}  # by model

    def find(self, head: Head) -> Codebook | None:
        """The codebook for the stream with this header: the given or fitted one, the one that ships, or none."""
        if self.given:
            return self.given
        model = head.get("model")
        if not isinstance(model, str) or not re.fullmatch(r"[A-Za-z0-9_-]+", model):
            return None  # a header must not choose among the machine's files
        if model not in self.shipped:
            path = DATA / f"{model}.safetensors"
            self.shipped[model] = load(path) if path.exists() else None
        return self.shipped[model]


def load(path: Path) -> Codebook:
    """The codebook in a file. Raises Failure."""
    try:
        with path.open("rb") as file:
            return Codebook.load(file.read(MAX_FILE))
    except OSError as error:
        raise Failure(f"{display(str(path))}: {error.strerror}") from None
    except CodebookError as error:
        raise Failure(f"{display(str(path))}: {error}") from None


def save(name: str, codebook: Codebook) -> None:
    """Write a codebook's file, whole or not at all. Raises Failure."""
    try:
        with replacing(Path(name)) as file:
            file.write(codebook.raw)
    except OSError as error:
        raise Failure(f"{display(name)}: {error.strerror}") from None


def report(codebook: Codebook) -> Iterator[str]:
    """What a person wants to know about a codebook that was just fitted, in lines."""
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


class Spool:
    """Keeps items in an unnamed file until a codebook is fitted on them."""

    def __enter__(self) -> Spool:
        import tempfile

        self._file: IO[bytes] = tempfile.TemporaryFile()
        self._writer = wire.Writer()
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def keep(self, item: Item, watch: Callable[[Item], Iterator[Record]], stage: str) -> Failure | None:
        """Keep the records that `watch` lets by. If the item fails here, at `stage`, keeps and returns the reason."""
        failed = None
        self._write(item.head)
        end: Head | None
        try:
            if item.failure:
                raise item.failure
            for record in watch(item):
                self._write(*record)
            end = item.end
        except Upstream as error:
            end = error.head
        except Failure as error:
            failed = error
            end = {"event": "error", "stage": stage, "message": str(error)}
        self._write(end or {"event": "end"})
        return failed

    def items(self) -> Iterator[Item]:
        """All the items again."""
        self._file.seek(0)
        reader = wire.Reader()
        blocks = iter(lambda: self._file.read(output.CHUNK), b"")
        records = itertools.chain.from_iterable(map(reader.feed, blocks))
        for record in records:
            if record.head["kind"] == "features":
                item = Item(record.head, records)
            else:  # it failed before it became features: an error follows
                item = Item(record.head, iter(()), Upstream(next(records).head))
            yield item
            item.drain()

    def _write(self, head: Head, payload: bytes = b"") -> None:
        self._file.writelines(self._writer.write(head, payload))
