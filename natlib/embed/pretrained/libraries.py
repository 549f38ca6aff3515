"""Libraries that only pretrained encoders need: how they are imported, and what is said if that fails."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ...errors import Failure
from ...files import display

SETUP = "make setup-neural, or pip install '.[neural]' in the checkout"


def library(name: str) -> Any:
    """Import a library that is needed only here. Raises a Failure that says how to get it."""
    import importlib

    try:
        return importlib.import_module(name)
    except (ImportError, OSError) as error:
        raise missing(name, error) from None


def missing(name: str, error: Exception) -> Failure:
    """What to say if a library is not there or can't be loaded."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    why = (
        "is not installed"
        if isinstance(error, ModuleNotFoundError) and error.name == name
        else f"can't load ({lines[0]})"
    )
    return Failure(f"{name} is needed for this and {why}: {SETUP}")


def starved(error: Exception) -> bool:
    """Did memory run out? Each library has its own way to say so."""
    return isinstance(error, MemoryError) or bool(re.search("alloc|memory|create a primitive", str(error).lower()))


def shown(path: Path | str) -> str:
    """A path as a message can show it."""
    return display(str(path))
