"""The plugin, in the real llm with models that stand in: one says what it was asked, one calls the tools it has."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import ROOT, sh, wav
from serving import sounds

from natlib import demo
from natlib.pack.budget import size

STANDIN = """
import json
import llm


class Echo(llm.Model):
    "Says the prompt."
    model_id = "echo"

    def execute(self, prompt, stream, response, conversation):
        yield prompt.prompt


class Caller(llm.Model):
    "Calls the tools that its prompt names, one a line, and then says what they said."
    model_id = "caller"
    supports_tools = True
    attachment_types = {"image/png"}

    def execute(self, prompt, stream, response, conversation):
        for result in prompt.tool_results:
            pictures = [attachment.content_bytes()[1:4].decode() for attachment in result.attachments]
            yield f"{result.name} {pictures}: {result.output}\\n"
        for line in prompt.prompt.splitlines() if not prompt.tool_results else []:
            name, _, arguments = line.partition(" ")
            response.add_tool_call(llm.ToolCall(name=name, arguments=json.loads(arguments)))


@llm.hookimpl
def register_models(register):
    register(Echo())
    register(Caller())
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with sounds, and a distribution of models for llm."""
    place = tmp_path_factory.mktemp("llm")
    sounds(place / "sounds")
    (place / "sounds/song.mp3").write_bytes(wav(np.tile(demo.piece(), 3)))
    site = place / "site"
    (site / "standin-1.dist-info").mkdir(parents=True)
    (site / "standin-1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: standin\nVersion: 1\n")
    (site / "standin-1.dist-info/entry_points.txt").write_text("[llm]\nstandin = standin\n")
    (site / "standin.py").write_text(STANDIN)
    return place


def ask(place: Path, line: str, status: int = 0) -> str:
    """What llm says, in the folder of the sounds."""
    path = os.pathsep.join([str(place / "site"), str(ROOT)])
    llm = f"{Path(sys.executable).parent}/llm"
    line = re.sub(r"\bllm\b", llm, line, count=1)
    done = sh(line, cwd=place / "sounds", status=status, PYTHONPATH=path, LLM_USER_PATH=str(place / "user"))
    return (done.stdout if status == 0 else done.stderr).decode()


def test_the_lines_of_the_readme(place: Path) -> None:
    lines = re.findall(r"^    (llm .*)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    asking = [line for line in lines if " -f nat:" in line]
    calling = [line for line in lines if " -T " in line]
    assert asking and calling
    for line in asking:
        said = ask(place, line.replace("llm ", "llm -m echo ", 1))
        assert "# song.mp3\n" in said and "In all: " in said
        assert re.search(r'"(.*)"', line)[1] in said  # type: ignore[index]
    calls = """$'nat_hear {"path": "song.mp3", "budget": 900}\\nnat_look {"path": "song.mp3", "from": 1, "to": 2}'"""
    for line in calling:
        said = ask(place, line.replace("llm ", "llm -m caller ", 1).partition('"')[0] + calls)
        assert "nat_hear []: # song.mp3" in said and "nat_look ['PNG']: song.mp3 from 1 to 2 s" in said


def test_parts_and_budgets_of_fragments(place: Path) -> None:
    part = ask(place, "llm -m echo -f nat:song.mp3:8-0:12@1500 'Which chords?'")
    assert "from 8 s on" in part and size(part) < 1500 + 10
    assert "Could not load fragment nat:no.wav: no.wav: No such file" in ask(place, "llm -m echo -f nat:no.wav x", 1)


def test_tools_read_what_is_allowed_only_and_say_so(place: Path) -> None:
    calls = r"""nat_hear {"path": "../../x.wav"}"""
    said = ask(place, f"llm -m caller -T nat_hear '{calls}'")
    assert "the only folders that may be read" in said
