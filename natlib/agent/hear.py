"""What sounds are like, as text: words, a table, NDJSON, or a prompt."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import Failure
from ..filters import LISTEN
from ..wire import Head
from .sound import Sound, sound
from .work import Work

BUDGET = 8000  # tokens of a language model: what fits beside a conversation in every one of today's
VIEWS = ("words", "table", "ndjson")


def text(work: Work, sounds: Sequence[Sound], view: str = "words", budget: int = BUDGET, prompt: bool = False,
         ask: str | None = None) -> str:  # fmt: skip
    """Sounds as text of at most `budget` tokens in all, by estimate; 0 for no limit. Raises Failure.

    Several share the budget: each gets an equal part, in a prompt as much as it needs.
    """
    heard = work.listen(sounds)
    failed = [f"{one.title}: {what.failure}" for one, what in zip(sounds, heard, strict=True) if what.failure]
    if len(failed) == len(sounds):
        raise Failure("; ".join(failed))
    if prompt or ask:
        options = ["--prompt", *(["--ask", ask] if ask else [])]
    else:
        options = ["--view", view]
        budget = budget and max(1, budget // len(sounds))
    if budget:
        options += ["--budget", str(budget)]
    work.doing = "writing"
    return work.output(["pack", *options, "--", *(str(what.path) for what in heard)]).decode()


def hear(*paths: str | os.PathLike[str], start: float | None = None, end: float | None = None, view: str = "words",
         budget: int = BUDGET, prompt: bool = False, ask: str | None = None) -> str:  # fmt: skip
    """What files sound like, as text for a language model. natlib.hear: see there."""
    if view not in VIEWS:
        raise Failure(f"expected a view of {', '.join(VIEWS)}, got {view}")
    with tempfile.TemporaryDirectory(prefix="nat-") as folder:
        sounds = [sound(path, start, end) for path in paths]
        return text(Work(Path(folder)), sounds, view, budget, prompt, ask)


def lines(*paths: str | os.PathLike[str], start: float | None = None, end: float | None = None) -> Iterator[Head]:
    """The lines of NDJSON as they come. natlib.lines: see there."""
    import orjson

    sounds = [sound(path, start, end) for path in paths]
    names = [os.path.join(one.folder, one.name) for one in sounds]
    commands = [["split", "--", *names], sounds[0].decode(), *([name] for name in LISTEN[1:])]
    with Work(Path()).run(*commands) as pipe:
        yield from map(orjson.loads, pipe.output)
