"""How to read the lines, in words: only those lines and fields that are there.

`Guide` explains fields as they come, before the first line that has them; `explained` explains those of a whole text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from ..wire import Head
from .measures import Table
from .terms import COMMON, LINES, name

START = "Sound as text, measured. t is in seconds."
KINDS = {
    "scene": "A scene tells what it sounds like until the next scene",
    "sound": "A sound is a single event",
    "repeats": "repeats are sounds like an earlier one",
    "section": "A section begins at t",
    "bar": "A bar is told as on a lead sheet, from t to the next one (null: silence)",
    "summary": "The summary is about the whole",
}
CODES = (
    "{layers}: codes, stated when they change (kf: all). S stands for the sound over two seconds, A for the moment; "
    "each layer refines those before it. Near numbers sound alike, a large jump is an event."
)
MEANT = "code: what one measures like."
ALWAYS = ("level", "centroid", "tonality", "bands", "modulation")  # fields of scenes that the header explains


class Used(NamedTuple):
    """The fields that a text has in each kind of line."""

    scene: frozenset[str] = frozenset()
    sound: frozenset[str] = frozenset()
    repeats: frozenset[str] = frozenset()
    section: frozenset[str] = frozenset()
    bar: frozenset[str] = frozenset()
    summary: frozenset[str] = frozenset()


WORDS = Used(summary=frozenset({"in_words"}))
FIRST = Used(scene=frozenset(ALWAYS))


def used(*lines: Iterable[Head], summary: Head) -> Used:
    """The fields of scenes, sounds, repeats, sections, bars, and of the summary."""
    scene, sound, repeats, section, bar = (frozenset(key for line in kind for key in line) for kind in lines)
    return Used(scene, sound, repeats, section, bar, frozenset(paths(summary)))


def paths(fields: Head, prefix: str = "") -> list[str]:
    """The fields of a line, and those within them: key, key.tonic."""
    found = []
    for key, value in fields.items():
        if not prefix and key in ("event", "item", "name"):
            continue
        found.append(prefix + key)
        if key == "common_codes":  # its fields are names of layers
            continue
        entries = value if isinstance(value, list) else [value]
        found += [path for entry in entries if isinstance(entry, dict) for path in paths(entry, f"{prefix}{key}.")]
    return list(dict.fromkeys(found))


def together(texts: Iterable[Used]) -> Used:
    """The fields that any of these texts has."""
    return Used(*(frozenset().union(*fields) for fields in zip(*texts, strict=True)))


def phrases(kind: str, there: Collection[str], table: Table | None = None, said: Collection[str] = ()) -> str:
    """What is said of the fields of a kind of line, in their order, except for names already `said`.

    With a table, its grids and all units are told as well, for a text that has none in its header.
    """
    told: dict[str, str] = {}
    for path, term in LINES[kind].items():
        own = name(path)
        if path not in there or own in told or own in said or own.endswith("_contour"):
            continue
        means = term.means
        for grid, edges in table.grids.items() if table else ():
            means = means.replace(grid, f"{'-'.join(f'{edge:g}' for edge in edges)} Hz")
        known = own in COMMON or own.rpartition("_")[0] in COMMON  # peak_range as well as peak
        unit = f" ({term.unit})" if term.unit and (table or not known) else ""
        if means or unit:
            told[own] = f"{own}{unit}{', ' if means else ''}{means}"
    return "; ".join(told.values())


def sentence(kind: str, fields: str) -> str:
    """A kind of line with what is said of its fields."""
    return f" {KINDS[kind]}{': ' if fields else ''}{fields}."


def explained(there: Used, table: Table | None = None) -> str:
    """How to read lines of these fields; with a table, also their units."""
    said: list[str] = []
    text = ""
    for kind, fields in zip(there._fields, there, strict=True):
        if fields - {"in_words", "common_codes"}:
            text += sentence(kind, phrases(kind, fields, table, said))
            said += [name(path) for path in fields]
    return text


def codes(layers: Sequence[str], introduced: bool) -> str:
    """How to read the codes of these layers."""
    text = f" {CODES.format(layers=' '.join(layers))}" if layers else ""
    return text + (f" {MEANT}" if introduced else "")


class Guide:
    """Explains what the header does not, before the first line that has it."""

    def __init__(self) -> None:
        self.said = set(ALWAYS)
        self.kinds = {"scene"}  # of lines

    def first(self, kind: str) -> bool:
        """Is a line the first one of its kind?"""
        new = kind not in self.kinds
        self.kinds.add(kind)
        return new

    def __call__(self, kind: str, fields: Head) -> str:
        """What has to be said before a line of this kind; "" for nothing."""
        there = paths(fields) if kind == "summary" else list(fields)
        new = phrases(kind, there, said=self.said)
        self.said.update(map(name, there))
        if (kind == "summary" and not new) or not self.first(kind):
            return f"{new}." if new else ""
        return sentence(kind, new).lstrip()
