"""What the tests of the agents' room share: sounds, a client of the SDK over stdio, and which processes are left."""

from __future__ import annotations

import json
import os
import re
import sys
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import mcp_types as types
import numpy as np
from helpers import HANGS, ROOT, noise, tone, wav
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from natlib import demo

MARK = "NAT_TEST_MARK"  # a variable that a server's processes inherit


def sounds(folder: Path) -> Path:
    """A folder of sounds: a piece of music, a bell-like one, a voice-like one, hiss, silence; and a text."""
    folder.mkdir(exist_ok=True)
    time = np.arange(4 * 44100) / 44100
    bell = sum(np.sin(2 * np.pi * hz * time) for hz in (440, 1180, 2130, 3470)) * np.exp(-1.2 * time)
    glide = 2 * np.pi * np.cumsum(220 + 40 * np.sin(2 * np.pi * 1.3 * time)) / 44100
    voice = sum(np.sin(k * glide) / k for k in range(1, 12)) * (np.sin(2 * np.pi * 0.8 * time) > -0.3)
    files = {
        "piece.wav": demo.piece(), "bell.wav": 0.2 * bell, "voice.wav": 0.2 * voice, "silence.wav": np.zeros(88200),
        "hiss_20260131_233000.wav": noise(3),
    }  # fmt: skip
    for name, samples in files.items():
        (folder / name).write_bytes(wav(samples))
    (folder / "notes.txt").write_text("no sound at all\n" * 50)
    return folder


def long_file(folder: Path, minutes: int = 10) -> Path:
    """A file that takes the filters a minute or so."""
    path = folder / "long.wav"
    second = tone(330, 1, 16000) + noise(1, 16000)
    path.write_bytes(wav(np.tile(second, 60 * minutes), 16000))
    return path


class Connection:
    """A client that calls tools."""

    def __init__(self, client: Client):
        self.client = client
        self.progress: list[str] = []  # what was said of how far the last call was

    async def __call__(self, tool: str, **given: Any) -> tuple[str, bytes | None]:
        """What a tool says, and the picture that it draws, if any. Raises AssertionError for an error."""
        result = await self.result(tool, **given)
        assert not result.is_error, said(result)
        return said(result), picture(result)

    async def error(self, tool: str, **given: Any) -> str:
        """What a tool says of what went wrong."""
        result = await self.result(tool, **given)
        assert result.is_error, said(result)
        return said(result)

    async def result(self, tool: str, **given: Any) -> types.CallToolResult:
        self.progress = []

        async def note(done: float, total: float | None, message: str | None) -> None:
            self.progress.append(message or "")

        result = await self.client.call_tool(tool, given, progress_callback=note)
        assert isinstance(result, types.CallToolResult)
        return result


def said(result: types.CallToolResult) -> str:
    return "".join(part.text for part in result.content if isinstance(part, types.TextContent))


def picture(result: types.CallToolResult) -> bytes | None:
    import base64

    found = [part for part in result.content if isinstance(part, types.ImageContent)]
    return base64.b64decode(found[0].data) if found else None


def command(folder: Path, mark: str = "", **env: str) -> StdioServerParameters:
    """How a client starts the server, as the README says, in `folder`, with a cache of its own."""
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    env = {"PYTHONPATH": paths, "PATH": os.environ["PATH"], "XDG_CACHE_HOME": str(folder.parent / "cache"), **env}
    config = re.search(r"^```json\n(.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S)
    assert config
    server = json.loads(config[1])["mcpServers"]["nat"]
    assert set(server["env"]) <= {"NAT_ALLOWED_DIRS"}
    return StdioServerParameters(command=sys.executable, args=server["args"], cwd=folder,
                                 env={**env, MARK: mark or uuid.uuid4().hex})  # fmt: skip


@asynccontextmanager
async def connected(folder: Path, mode: str = "auto", mark: str = "", roots: list[Path] | None = None,
                    **env: str) -> AsyncIterator[Connection]:  # fmt: skip
    """A client of a server that runs in `folder`."""

    async def listed(context: Any) -> types.ListRootsResult:
        return types.ListRootsResult(roots=[types.Root(uri=root.as_uri()) for root in roots or []])

    more: dict[str, Any] = {} if roots is None else {"list_roots_callback": listed}
    async with Client(stdio_client(command(folder, mark, **env)), mode=mode, **more) as client:
        yield Connection(client)


def run(test: Callable[[], Awaitable[None]]) -> None:
    """Run a test that waits for nothing for ever."""

    async def limited() -> None:
        with anyio.fail_after(HANGS):
            await test()

    try:
        anyio.run(limited)
    except BaseExceptionGroup as group:  # as task groups wrap what went wrong
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        raise error from None


def processes(mark: str) -> list[str]:
    """The command lines of the processes that a server with this mark has started, itself among them."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (path / "environ").read_bytes().split(b"\0"):
                found.append((path / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # it is gone
            pass
    return [line for line in found if line]


def gone(mark: str, seconds: float = 10.0) -> bool:
    """Are all of them gone, soon?"""
    end = time.monotonic() + seconds
    while processes(mark) and time.monotonic() < end:
        time.sleep(0.05)
    return not processes(mark)
