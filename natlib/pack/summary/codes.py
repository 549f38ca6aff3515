"""The codes that are used most."""

from __future__ import annotations

from collections.abc import Sequence

from ...wire import Head


def common(counts: Sequence[dict[int, int]], names: Sequence[str], most: int = 5) -> Head:
    """The codes of each layer that are used most: {"S0": [59, 12], …}, most used first."""
    return {
        name: [code for code, _ in sorted(used.items(), key=lambda pair: (-pair[1], pair[0]))[:most]]
        for name, used in zip(names, counts, strict=True)
    }
