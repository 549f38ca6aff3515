"""The sounds that a `repeats` line of NDJSON stands for: when each of them begins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MOST = 10_000  # sounds that one line may stand for


def moments(start: float, fields: Mapping[str, Any]) -> list[float]:
    """When the sounds of a line begin, in seconds, the first at `start`: as listed, or evenly spaced."""
    times = fields.get("times")
    if isinstance(times, list) and (known := [time for time in times if isinstance(time, int | float)]):
        return known
    count, until = fields.get("count"), fields.get("until")
    number = max(1, min(count, MOST)) if type(count) is int else 1
    step = (until - start) / max(1, number - 1) if isinstance(until, int | float) else 0.0
    return [round(start + i * step, 2) for i in range(number)]
