"""Files: their names as text, streams read from them, and writing them whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from .wire import Head, Record


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file beside `path` to write to. If all goes well, it takes the place of `path`; otherwise it is removed.

    If `path` is no ordinary file (a terminal, a pipe, /dev/stdout), it is written to directly.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            yield file
        return
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as file:
            yield file
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def display(path: str) -> str:
    """`path` as valid UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")


def name_keys(path: str) -> Head:
    """The header's `name`, and `name_base64` if the path is not UTF-8."""
    raw = os.fsencode(path)
    name = display(path)
    if name.encode() == raw:
        return {"name": name}
    import base64

    return {"name": name, "name_base64": base64.b64encode(raw).decode()}


def records(file: IO[bytes]) -> Iterator[Record]:
    """The records of a whole stream in a file. Raises WireError."""
    from .wire import Reader

    reader = Reader()
    while piece := file.read(1 << 20):
        yield from reader.feed(piece)
    reader.finish()
