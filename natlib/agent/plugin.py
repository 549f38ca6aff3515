"""For llm: fragments, as in `llm -f nat:song.mp3 "What is the mood?"`, and the tools, as in `llm -T nat_hear`."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llm

from . import hear as hearing
from .allowed import usual
from .sound import parse
from .tools import TOOLS, Tool
from .work import Work

BUDGET = re.compile(r"(.+)@(\d+)", re.DOTALL)


def fragment(name: str) -> llm.Fragment:
    """FILE, FILE:FROM-TO, FILE@TOKENS or both: that sound, in words within a budget of 8,000 tokens or so many.

    Times are seconds or min:s, as in song.mp3:30-1:30@2000.
    """
    found = BUDGET.fullmatch(name)
    path, budget = (found[1], int(found[2])) if found and not Path(name).exists() else (name, hearing.BUDGET)
    with tempfile.TemporaryDirectory(prefix="nat-") as folder:
        text = hearing.text(Work(Path(folder)), [parse(path)], budget=budget)
    return llm.Fragment(text, f"nat:{name}")  # type: ignore[no-untyped-call]


def wrapped(tool: Tool) -> Callable[..., Any]:
    """What runs a tool for llm."""

    def run(**given: Any) -> llm.ToolOutput:
        with tempfile.TemporaryDirectory(prefix="nat-") as folder:
            answer = tool.call(Work(Path(folder)), usual(), given)
        pictures = [llm.Attachment(type="image/png", content=answer.png)] if answer.png else []
        return llm.ToolOutput(output=answer.text, attachments=pictures)

    return run


@llm.hookimpl
def register_fragment_loaders(register: Callable[[str, Callable[[str], llm.Fragment]], None]) -> None:
    """`nat:`"""
    register("nat", fragment)


@llm.hookimpl
def register_tools(register: Callable[[llm.Tool], None]) -> None:
    """nat_hear, nat_look, nat_sheet, nat_compare; they read files in NAT_ALLOWED_DIRS, or the working directory."""
    for tool in TOOLS.values():
        register(llm.Tool(f"nat_{tool.name}", tool.about, tool.schema, wrapped(tool)))
