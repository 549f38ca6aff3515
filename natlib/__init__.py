"""nat: six filters that turn sound into text which a language model can read.

From Python: natlib.hear("song.mp3") is that text, natlib.lines("song.mp3") gives the lines of NDJSON as they come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike
    from typing import Any, Literal

__all__ = ["hear", "lines"]
__version__ = "0.1.0"


def hear(
    *paths: str | PathLike[str],
    start: float | None = None,
    end: float | None = None,
    view: Literal["words", "table", "ndjson"] = "words",
    budget: int = 8000,
    prompt: bool = False,
    ask: str | None = None,
) -> str:
    """What sound files sound like, as text for a language model.

    `start` and `end` are seconds of the recording; `budget` is the most tokens of the text, 0 for no limit. `prompt`
    adds how to read it and questions, or in their place what you `ask`. Runs the filters as processes, and leaves
    nothing behind. Raises natlib.errors.Failure if nothing could be heard; what is damaged says so in the text.
    """
    from .agent.hear import hear

    return hear(*paths, start=start, end=end, view=view, budget=budget, prompt=prompt, ask=ask)


def lines(
    *paths: str | PathLike[str], start: float | None = None, end: float | None = None
) -> Iterator[dict[str, Any]]:
    """The lines of NDJSON of sound files, as they come, while the filters hear on.

    `start` and `end` are seconds of the recording. What fails is told by a line, {"event": "error", …}. A generator
    that is closed, or dropped, ends the filters.
    """
    from .agent.hear import lines

    return lines(*paths, start=start, end=end)
