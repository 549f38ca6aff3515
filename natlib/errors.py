"""What can go wrong with an item, with the options, with the output; and how a message is written."""

from __future__ import annotations

import sys

from .wire import Head


class Failure(Exception):
    """A stage raises this if it can't process an item (an `error` record), or can't start (exit status 1)."""


class UsageError(Exception):
    """Options that do not fit together. Exit status 2."""


class Upstream(Exception):
    """Raised by an Item's iterator: the item failed in an earlier stage, and `head` is its error record."""

    def __init__(self, head: Head):
        self.head = head
        super().__init__(head)


class OutputClosed(Exception):
    """Nobody reads our standard output any more."""


class OutputError(Exception):
    """Standard output takes no more (a full disk)."""


def complain(message: str) -> None:
    """Print a message on standard error. If that fails (a full disk), nothing else does."""
    try:
        print(message, file=sys.stderr, flush=True)
    except (OSError, ValueError):
        pass
