"""Figures that several parts of natlib report."""

from __future__ import annotations

import math
from collections.abc import Iterable


def entropy(counts: Iterable[int]) -> float:
    """The Shannon entropy of `counts`, in bits; 0 if nothing was counted."""
    found = [count for count in counts if count > 0]
    total = sum(found)
    return abs(math.fsum(count / total * math.log2(count / total) for count in found))


def percent(share: float) -> int:
    """A share, 0 to 1, in per cent. Other programs may write shares beyond these: they become 0 or 100."""
    return min(100, max(0, round(100 * share)))
