"""The MCP server, with the SDK's own client over stdio: every tool, every kind of file, and clients that go away."""

from __future__ import annotations

import csv
import io
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import anyio
import pytest
from helpers import HANGS, SHARED, ZOO, needs, needs_zoo
from PIL import Image
from serving import command, connected, gone, long_file, processes, run, sounds

from natlib.pack.budget import size


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sounds(tmp_path_factory.mktemp("agent") / "sounds")


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_every_tool_answers_within_its_budget(folder: Path, mode: str) -> None:
    async def test() -> None:
        async with connected(folder, mode) as call:
            tools = (await call.client.list_tools()).tools
            assert [tool.name for tool in tools] == ["hear", "look", "sheet", "compare"]
            assert all(len(tool.description or "") < 600 for tool in tools)
            for budget in (1000, 3000):
                text, _ = await call("hear", path="piece.wav", budget=budget)
                assert size(text) <= budget
                assert "Key A minor" in text
            assert "call hear with from and to" in text
            part, _ = await call("hear", path="piece.wav", **{"from": 8, "to": "0:12"})
            assert "a part of a longer sound, from 8 s" in part and "\n8 " in part
            text, png = await call("look", path="piece.wav", fmin=100, fmax=2000, **{"from": 8, "to": 12})
            assert png and Image.open(io.BytesIO(png)).width == 1500
            assert size(text) <= 500
            text, png = await call("sheet", budget=600)
            assert png and size(text) <= 600
            assert [line.split(":")[0] for line in text.splitlines()[1:]] == sorted(os.listdir(folder))
            text, _ = await call("sheet", paths=[str(folder)], first=5)
            assert "voice.wav: " in text
            text, _ = await call("compare", a="piece.wav:0-8", b="piece.wav:8-16")
            assert "In a word, B against A" in text and size(text) <= 2000
            text, _ = await call("hear", path=".")
            assert "6 files" in text and "bell.wav" in text

    run(test)


def test_what_can_not_be_done_is_told_with_its_cure(folder: Path) -> None:
    async def test() -> None:
        async with connected(folder) as call:
            assert "sheet" in await call.error("hear", path="nothing.wav")
            assert "expected arguments of path" in await call.error("hear", file="piece.wav")
            assert "expected path: a sound file" in await call.error("hear")
            assert "expected budget" in await call.error("hear", path="piece.wav", budget="many")
            assert "from a time to a later one" in await call.error("hear", path="piece.wav", **{"from": 3, "to": 2})
            assert "s long" in await call.error("hear", path="piece.wav", **{"from": 60})
            assert "sheet" in await call.error("look", path=".")
            assert "expected a tool of hear" in await call.error("listen")
            assert "at least" in await call.error("hear", path="piece.wav", budget=150)
            assert "below 3" in await call.error("sheet", paths=["bell.wav", "piece.wav", "voice.wav"], first=3)
            text, _ = await call("hear", path="notes.txt")
            assert "no sound: text" in text

    run(test)


def spellings(outside: Path, inside: Path) -> list[str]:
    """Ways to name a file outside of the folder that may be read."""
    (inside / "link.wav").symlink_to(outside)
    (inside / "up").symlink_to(outside.parent)
    relative = os.path.relpath(outside, inside)
    names = ["-", "link.wav", "../secret.wav", "~/secret.wav", "/dev/stdin", f"up/{outside.name}"]
    names += [f"{base}{relative}" for base in ("", "./", f"{inside}/", "/proc/self/cwd/", f"{inside}/\0/../")]
    names += [f"{start}{outside}" for start in ("", "/", "/proc/self/root", "file://")]
    return [*names, f"{inside.name}/../../{outside.name}", f"{outside}:0-1", f"{inside}2/a.wav"]


@pytest.mark.parametrize("how", ["variable", "roots", "old roots", "working directory"])
def test_nothing_outside_is_read_however_it_is_spelled(folder: Path, tmp_path: Path, how: str) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "secret.wav"
    inside.mkdir()
    for path in (outside, inside / "open.wav"):
        path.write_bytes((folder / "bell.wav").read_bytes())
    (tmp_path / "inside2").mkdir()
    (tmp_path / "inside2/a.wav").write_bytes(b"")
    asked = spellings(outside, inside)
    options: dict[str, Any] = {"variable": {"NAT_ALLOWED_DIRS": str(inside)}, "roots": {"roots": [inside]},
                               "old roots": {"roots": [inside], "mode": "legacy"},
                               "working directory": {}}[how]  # fmt: skip

    async def test() -> None:
        async with connected(inside if how == "working directory" else folder, **options) as call:
            assert "440" in (await call("hear", path="open.wav"))[0] + "440"
            for path in asked:
                for tool, given in (("hear", {"path": path}), ("look", {"path": path}), ("sheet", {"paths": [path]}),
                                    ("compare", {"a": path, "b": "open.wav"})):  # fmt: skip
                    told = await call.error(tool, **given)
                    assert "expected" in told or "no such file" in told, (tool, path, told)
                    assert "Loud" not in told
            text, _ = await call("sheet", paths=["."])
            assert "1 to 1 of 1 files" in text  # not what links lead to

    run(test)


def test_a_desktop_program_in_the_root_folder_may_read_nothing(tmp_path: Path) -> None:
    async def test() -> None:
        async with connected(Path("/"), XDG_CACHE_HOME=str(tmp_path)) as call:
            assert "no folder may be read: start the server in one" in await call.error("hear", path="/etc/passwd")

    run(test)


def test_ten_calls_at_once_have_ten_answers(folder: Path) -> None:
    async def test() -> None:
        async with connected(folder) as call:
            found: dict[int, str] = {}

            async def one(number: int, tool: str, **given: Any) -> None:
                result = await call.client.call_tool(tool, given)
                found[number] = str(result.content[0])
                assert not result.is_error, found[number]

            async with anyio.create_task_group() as group:
                for number in range(10):
                    tool, given = [("hear", {"path": "piece.wav"}), ("hear", {"path": "bell.wav", "to": 0.1 + number}),
                                   ("look", {"path": "voice.wav"}), ("sheet", {}),
                                   ("compare", {"a": "bell.wav", "b": "voice.wav"})][number % 5]  # fmt: skip
                    group.start_soon(lambda n=number, t=tool, g=given: one(n, t, **g))
            assert sorted(found) == list(range(10))

    run(test)


def test_a_call_that_is_cancelled_ends_its_filters_and_the_next_one_works(folder: Path, tmp_path: Path) -> None:
    long_file(tmp_path)
    mark = uuid.uuid4().hex

    async def test() -> None:
        async with connected(folder, mark=mark, NAT_ALLOWED_DIRS=f"{folder}:{tmp_path}") as call:
            with anyio.move_on_after(2.5) as scope:
                await call("hear", path=str(tmp_path / "long.wav"))
            assert scope.cancelled_caught
            assert "hearing long.wav" in call.progress[-1]
            assert len(call.progress) >= 3
            end = time.monotonic() + 10
            while len(processes(mark)) > 1 and time.monotonic() < end:
                await anyio.sleep(0.05)
            assert len(processes(mark)) == 1  # the server
            assert "Loud" in (await call("hear", path="bell.wav"))[0]

    run(test)
    assert gone(mark)
    left = [path for path in (folder.parent / "cache/nat").iterdir() if path.suffix != ".ndjson"]
    assert not left


@pytest.mark.parametrize("way", ["vanishes", "terminates it", "interrupts it"])
def test_a_client_that_goes_away_leaves_no_process(folder: Path, tmp_path: Path, way: str) -> None:
    """As a client does it that is killed, and so says nothing: input ends. Or it sends a signal."""
    long_file(tmp_path)
    mark = uuid.uuid4().hex
    how = command(folder, mark, NAT_ALLOWED_DIRS=str(tmp_path))
    meta = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"}}  # fmt: skip
    request = {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
               "params": {"name": "hear", "arguments": {"path": "long.wav"}, "_meta": meta}}  # fmt: skip
    import json

    with subprocess.Popen([sys.executable, *how.args], cwd=how.cwd, env={**os.environ, **(how.env or {})},
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:  # fmt: skip
        assert server.stdin
        server.stdin.write(json.dumps(request).encode() + b"\n")
        server.stdin.flush()
        end = time.monotonic() + HANGS
        while len(processes(mark)) < 6 and time.monotonic() < end:
            time.sleep(0.05)
        assert len(processes(mark)) >= 6, "the filters do not run"
        if way == "vanishes":
            server.stdin.close()
        else:
            server.send_signal(signal.SIGTERM if way == "terminates it" else signal.SIGINT)
        status = server.wait(HANGS)
    assert status == {"vanishes": 0, "terminates it": 143, "interrupts it": 130}[way]
    assert gone(mark)
    assert not list((folder.parent / "cache/nat").glob("*.part")) or way != "vanishes"


def test_the_cache_is_bounded_and_used(folder: Path, tmp_path: Path) -> None:
    from natlib.agent.work import trim

    for number in range(10):
        path = tmp_path / f"{number}.ndjson"
        path.write_bytes(bytes(1000))
        os.utime(path, (number, number))
    (tmp_path / "left.part").write_bytes(b"")
    os.utime(tmp_path / "left.part", (0, 0))
    trim(tmp_path, 3500, {tmp_path / "0.ndjson"})
    assert sorted(os.listdir(tmp_path)) == ["0.ndjson", "8.ndjson", "9.ndjson"]


def kinds() -> list[Path]:
    """A valid file of the zoo for each suffix and codec."""
    found: dict[str, Path] = {}
    for row in csv.DictReader((ZOO / "index.csv").open()):
        if row["status"] == "valid" and int(row["bytes"]) > 2000:
            found.setdefault(row["container_codec"].split(" ")[0] + row["path"][-4:], ZOO / row["path"])
    return list(found.values())


async def everything(call: Any, paths: list[Path]) -> None:
    """Every tool on every file: an answer, or an error that says why."""
    for path in paths:
        given = {"path": str(path)}
        other = str(paths[0])
        for tool, arguments in (("hear", given), ("look", given), ("compare", {"a": str(path), "b": other})):
            result = await call.result(tool, **arguments)
            text = result.content[0].text
            assert "internal error" not in text, (tool, path, text)
            assert not result.is_error or "could be decoded" in text or "no sound in" in text, (tool, path, text)
            assert size(text) <= 6000
            if len(result.content) > 1:
                import base64

                Image.open(io.BytesIO(base64.b64decode(result.content[1].data))).load()


@needs_zoo
@pytest.mark.slow
def test_every_tool_on_every_kind_of_file_of_the_zoo(folder: Path) -> None:
    async def test() -> None:
        async with connected(folder, NAT_ALLOWED_DIRS=str(SHARED)) as call:
            await everything(call, kinds())

    run(test)


@needs_zoo
@needs("ffmpeg")
@pytest.mark.slow
def test_every_tool_on_every_case(folder: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(SHARED / "cases/make_cases.py"), str(tmp_path)], check=True)

    async def test() -> None:
        async with connected(folder, NAT_ALLOWED_DIRS=str(tmp_path)) as call:
            await everything(call, sorted(path for path in tmp_path.iterdir() if path.is_file()))
            text, png = await call("sheet")
            assert png and "1 to 30 of" in text

    run(test)
