"""What an encoder must provide: it takes the samples of one item and gives rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ..wire import Head

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Encoder(Protocol):
    """Mono samples of one item in, rows out: the streams S and A, then the measures."""

    @property
    def widths(self) -> dict[str, int]:
        """How many numbers each stream has in a row."""

    @property
    def measures(self) -> list[Head]:
        """What the header says about each measure; empty if there are none."""

    def ready(self, samples: int) -> int:
        """How many rows have come out once so many samples were taken, if none are put off."""

    def feed(self, samples: NDArray[np.float64]) -> NDArray[np.float32]:
        """Take samples, (n,), full scale 1. Returns rows that are ready, (m, width); some may be put off."""

    def flush(self) -> NDArray[np.float32]:
        """The rows that were put off."""

    def finish(self, samples: NDArray[np.float64]) -> NDArray[np.float32]:
        """Take the last samples, (n,). Returns the rest of the rows."""
