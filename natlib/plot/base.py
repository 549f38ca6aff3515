"""What every kind of stream has in common: a `View` keeps what is shown of an item, and gives `Panel`s of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec

from ..wire import Head, Record
from .drawing import Drawing

ACROSS = 4  # columns of a picture: small panels stand beside each other, the others span all


class Cell(str):
    """A cell of a table: "faint" if another row tells it too, "whole" if it is one line, "tab" if it is several."""

    looks: str

    def __new__(cls, text: str, looks: str) -> Cell:
        """Make one."""
        cell = super().__new__(cls, text)
        cell.looks = looks
        return cell


class Panel(NamedTuple):
    """A part of a picture: its height in inches if there is room, and what draws it into a cell."""

    height: float
    draw: Callable[[Drawing, Figure, SubplotSpec], Axes]
    timed: bool = False  # is its x axis time?
    detail: bool = False  # left out if several items share a picture
    asked: bool = False  # drawn only if it is asked for, and in a report
    rows: int = 1  # of the cell, which has ACROSS columns
    least: float = 0.9  # inches that its labels need


class View:
    """What is kept of an item. Subclasses take its data and notes, and say what there is to see."""

    duration = 0.0  # seconds, or rows if the rate is not known
    unit = "s"
    start = 0.0  # s of the recording at which it begins
    borders: Sequence[float] = ()  # of sections, in seconds: lines over every panel with a time axis

    def __init__(self, head: Head):
        self.head = head
        self.end: Head = {}
        self.error = ""
        self.limits: list[str] = []  # what limits how far it can be trusted, in words

    @property
    def name(self) -> str:
        name = self.head.get("name")
        return name if isinstance(name, str) and name else "no name"

    def add(self, record: Record) -> None:
        """Take a data record or a note."""

    def finish(self) -> None:
        """The item is whole, or broke off here. Never fails."""

    def share(self, views: Sequence[View]) -> None:
        """Take the same scale as the other ones of these."""

    def facts(self) -> list[str]:
        """What the line under the name says."""
        return [str(self.head.get("kind"))]

    def panels(self) -> dict[str, Panel]:
        """What can be drawn, in order; nothing if there is no data."""
        return {}

    def tables(self) -> dict[str, list[tuple[str, ...]]]:
        """Tables of figures for the report: titles, and their rows, the first of which is the head."""
        return {}

    def words(self) -> str:
        """What the item says about itself in words, for the report."""
        return ""

    def introductions(self) -> Mapping[str, str]:
        """What codes are said to measure like, for the report."""
        return {}
