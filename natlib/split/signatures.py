"""How the start of a file is known: literals, regular expressions, and what finds them fast in terabytes of samples."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

REACH = 48  # bytes that a signature looks at, at most


class Format(NamedTuple):
    """One line of the table. A file starts with one of the literals, followed by what the regular expression says."""

    name: str
    literals: tuple[bytes, ...]
    rest: bytes
    find: Callable[..., str]  # a Find: takes the file, returns the extent
    check: Callable[..., bool] | None = None  # a Check: what else must be true at the start of the file
    here: bool = False  # is this enough only where a file is known to start, not to search for one?
    before: bytes = b""  # a regular expression for the 4 bytes before the literal, if there are any

    @property
    def magic(self) -> bytes:
        """The whole signature as a regular expression."""
        return self.before + b"(?:" + b"|".join(map(re.escape, self.literals)) + b")" + self.rest


class Signatures:
    """The signatures of a table of formats, as patterns.

    `searched` and `here` are pairs: a pattern with a group for each format, and the formats; those of `here` are
    recognised only where a file is known to start. `sure` matches the searched ones without a check; `separated` an
    FS that something certain follows; `anchors` quickly find where one of the searched might be.
    """

    def __init__(self, formats: Iterable[Format]):
        formats = tuple(formats)
        self.searched = groups([form for form in formats if not form.here])
        self.here = groups([form for form in formats if form.here])
        self.sure = patterns(form.magic for form in self.searched[1] if not form.check)
        after = b"|".join([CHARACTER + b"{8}", CHARACTER + rb"{1,7}\Z", self.here[0].pattern])
        self.separated = patterns([rb"\x1c(?=\n?(?:" + after + b"))"])
        self.anchors = [patterns([anchor]) for anchor in anchors(self.searched[1])]


def patterns(parts: Iterable[bytes]) -> re.Pattern[bytes]:
    return re.compile(b"|".join(parts), re.DOTALL)


def groups(formats: list[Format]) -> tuple[re.Pattern[bytes], list[Format]]:
    """A pattern with a group for each format, and the formats."""
    return patterns(b"(" + form.magic + b")" for form in formats), formats


def anchors(formats: list[Format]) -> Iterator[bytes]:
    """Patterns that find signatures many times faster than the table: by one byte or classes of bytes, then the rest.

    A group marks the start of the file, if that is not the literal.
    """
    literals = [(literal, form) for form in formats for literal in form.literals]
    for short in sorted({literal for literal, _ in literals if len(literal) < 4}):
        yield re.escape(short) + b"(?=" + b"|".join(form.rest for literal, form in literals if literal == short) + b")"
    long = [(literal, form) for literal, form in literals if len(literal) >= 4]
    columns = zip(*(literal[:4] for literal, _ in long), strict=True)
    first, *others = (b"[" + re.escape(bytes(set(column))) + b"]" for column in columns)
    rests = []
    for literal, form in long:
        start = b"(?<=(" + form.before + b")" + literal[:1] + b")" if form.before else b""
        rests.append(start + re.escape(literal[1:]) + form.rest)
    yield first + b"(?=" + b"".join(others) + b")(?=" + b"|".join(rests) + b")"  # the next match may start a byte on


CHARACTER = rb"(?:[\t-\r -~]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})"
