"""Tokens: the layers, and the measures if they are asked for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..wire import Head, Record
from .base import Panel
from .framed import Framed, measures_panel
from .layers import Layers, Words


class Tokens(Framed):
    """Tokens: their layers and, if asked for, the measures of the frames."""

    def __init__(self, head: Head):
        super().__init__(head)
        self.layers = Layers(head)
        self._words = Words()
        self.columns = self.layers.width + (len(self.measured.names) if self.measured else 0)

    def add(self, record: Record) -> None:
        if record.event == "code":
            self._words.add(record.head)
        if record.event != "data":
            return
        rows = np.frombuffer(record.payload, "<u2").reshape(-1, self.columns)
        self.frames += len(rows)
        self.layers.add(rows[:, : len(self.layers.heads)].astype(np.int32))
        if self.measured:
            grid = rows[:, self.columns - len(self.measured.names) :].view("<i2").astype(np.float32)
            self.measure(np.where(grid == -32768, np.float32(np.nan), grid))

    def facts(self) -> list[str]:
        return [*super().facts(), *self.layers.facts(self.head)]

    def introductions(self) -> Mapping[str, str]:
        return self._words.words

    def panels(self) -> dict[str, Panel]:
        if not self.frames:
            return {}
        result = {**self.sounding.panels(), **self.layers.panels(self.rate, asked=False)}
        if self.measured:  # of the frames, so only if asked for: a picture of tokens shows what became of those
            usage = result.pop("usage")
            result |= {"measures": measures_panel(self.measured, self.rate)._replace(asked=True), "usage": usage}
        return result

    def tables(self) -> dict[str, list[tuple[str, ...]]]:
        if not self.frames:
            return {}
        unit = "second" if self.known else "frame"
        return {"Layers": self.layers.table(unit, self.duration), **super().tables()}
