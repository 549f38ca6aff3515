"""What can go wrong with an item, with the options, with the output; and how a message is written."""

from __future__ import annotations

import sys

from .wire import Head


class Failure(Exception):
    """What a stage raises when an item can't be done (an `error` record), or in its start-up (exit status 1)."""


class UsageError(Exception):
    """Options that do not fit together. Exit status 2."""


class Upstream(Exception):
    """Raised out of an Item's iterator: the item failed in an earlier stage, and `head` is its error record."""

    def __init__(self, head: Head):
        self.head = head
        super().__init__(head)


class OutputClosed(Exception):
    """Nobody reads our standard output any more."""


class OutputError(Exception):
    """Standard output took no more (a full disk)."""


def complain(message: str) -> None:
    """A message on standard error, where that takes it: a full one costs nothing else."""
    try:
        print(message, file=sys.stderr, flush=True)
    except (OSError, ValueError):
        pass
