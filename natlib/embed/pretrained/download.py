"""What is said before anything is fetched, and when something goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import EACCES, EDQUOT, EFBIG, ENOSPC, EROFS
from pathlib import Path

from ...errors import Failure
from .libraries import shown


def announce(name: str, size: int, licence: str, place: str, variable: str, say: Callable[[str], None]) -> None:
    """Say what is about to be fetched; raise Failure if the disk has no room for it."""
    import shutil

    above = next(folder for folder in (Path(place), *Path(place).parents) if folder.exists())
    free = shutil.disk_usage(above).free
    if free < size:
        raise Failure(f"{name} takes {size / 1e6:.3g} MB, {shown(place)} has room for {free / 1e6:.3g} "
                      f"({variable} says where else)")  # fmt: skip
    say(f"fetching {name}, {size / 1e6:.3g} MB, licence: {licence}, into {shown(place)}")


@contextmanager
def boundary(name: str, place: str, variable: str) -> Iterator[None]:
    """Turn whatever a library's download raises into a Failure that says what to do."""
    try:
        yield
    except Failure:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in (ENOSPC, EDQUOT, EFBIG, EROFS, EACCES):
            raise Failure(f"{name}: {error.strerror} in {shown(place)} ({variable} says where else)") from None
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise Failure(f"{name} could not be fetched: {type(error).__name__}: {lines[0]}") from None
