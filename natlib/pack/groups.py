"""Rows into groups of equal size, however they come."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .measures import Array


class Groups:
    """Takes rows of so many columns, gives those groups of `size` rows that are complete, and keeps the rest."""

    def __init__(self, size: int, columns: int):
        import numpy as np

        self.size = size
        self.rest: Array = np.zeros((0, columns))  # rows of a group that is not complete

    def __call__(self, rows: Array) -> Array:
        """(groups, size, columns): those that the next rows complete."""
        import numpy as np

        rows = np.concatenate((self.rest, rows))
        whole = len(rows) // self.size * self.size
        self.rest = rows[whole:].copy()
        return rows[:whole].reshape(-1, self.size, rows.shape[1])
