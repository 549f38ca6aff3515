"""What the NDJSON of a sound says of the whole: its header, summary and end."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from ..wire import Head

HEADS = b'{"event":'  # how every line begins that is no frame, scene, sound or bar


class Heard(NamedTuple):
    """The NDJSON of a file, or a part of it, and what it says of its first item."""

    path: Path
    header: Head
    summary: Head
    end: Head  # or the error that stands in its place
    items: int = 1

    @property
    def words(self) -> str:
        """The whole in words; if nothing was heard, why."""
        said = self.summary.get("in_words")
        return said if isinstance(said, str) else f"Nothing could be heard: {self.end.get('message', 'it broke off')}."

    @property
    def seconds(self) -> float:
        """How long it is, s."""
        return number(self.end.get("seconds")) or 0.0

    @property
    def failure(self) -> str:
        """Why nothing of it was heard; "" if something was."""
        return "" if self.summary else str(self.end.get("message", "it broke off"))


def heads(lines: Iterable[bytes]) -> Iterable[Head]:
    """The lines of NDJSON that are headers, summaries, ends and errors. Raises ValueError for broken ones."""
    import orjson

    for line in lines:
        if line.startswith(HEADS):
            head = orjson.loads(line)
            if head["event"] in ("header", "summary", "end", "error"):
                yield head


def read(path: Path) -> Heard:
    """What a file of NDJSON says."""
    found: dict[str, Head] = {}
    items = 0
    with path.open("rb") as file:
        for head in heads(file):
            event = head["event"]
            items += event == "header"
            if items == 1:
                found["end" if event == "error" else event] = head
    return Heard(path, found.get("header", {}), found.get("summary", {}), found.get("end", {}), items)


def number(value: Any) -> float | None:
    """`value` if it is a number."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def at(head: Head, *path: str | int) -> Any:
    """What stands at a path of keys and places; None if nothing does."""
    value: Any = head
    for key in path:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return None
    return value
