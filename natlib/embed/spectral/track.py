"""Rows of numbers that arrive bit by bit, by their number in the item."""

from __future__ import annotations

import numpy as np

from .numerics import Array


class Track:
    """Rows that are added at the end and forgotten at the start."""

    def __init__(self) -> None:
        self.first = 0  # the number of the first row that is still held
        self.rows: Array = np.zeros((0, 0))

    @property
    def count(self) -> int:
        """How many rows were added in all."""
        return self.first + len(self.rows)

    def add(self, rows: Array) -> None:
        """Put rows at the end."""
        self.rows = np.concatenate((self.rows, rows)) if len(self.rows) else rows

    def forget(self, before: int) -> None:
        """Drop the rows before this number."""
        gone = min(max(0, before - self.first), len(self.rows))
        self.rows, self.first = self.rows[gone:], self.first + gone

    def near(self, start: int, end: int, fill: float | None = None) -> Array:
        """The rows from `start` to `end`; beyond either end of the track `fill`, or the row at that end."""
        if start >= self.first and end <= self.count:
            return self.rows[start - self.first : end - self.first]
        place = np.arange(start, end) - self.first
        rows = self.rows.take(place, axis=0, mode="clip")
        if fill is not None:
            rows[(place < 0) | (place >= len(self.rows))] = fill
        return rows
