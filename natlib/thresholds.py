"""How the tables of thresholds (embed/spectral/thresholds.py, pack/thresholds.py) are written.

Each line is a call: the value, its unit, what it separates from what, and either the sounds on which it was seen to do
so or the source that gives it. The code sees the plain value; `make bench-thresholds` reads the rest from the file, and
tries the value.
"""

from __future__ import annotations

from typing import TypeVar

Number = TypeVar("Number", bound="float | tuple[float, ...]")


def threshold(value: Number, unit: str, separates: str, measured: str) -> Number:
    """`value`, as it is."""
    return value
