"""python -m natlib hear, look, sheet, compare; natlib.hear, natlib.lines; the index, and what the README asks of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from helpers import HANGS, ROOT, needs, noise, sh, tone, wav
from PIL import Image
from serving import MARK, gone, long_file, processes, sounds

import natlib
from natlib.agent.index import recorded
from natlib.agent.sound import Sound, parse
from natlib.errors import Failure
from natlib.pack.budget import size

NATLIB = f"PYTHONPATH={ROOT} {sys.executable} -P -m natlib"
REST = "nat-decode | nat-embed | nat-quantize | nat-pack"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sounds(tmp_path_factory.mktemp("verbs") / "sounds")


def test_hear_says_what_the_pipe_says(folder: Path) -> None:
    for options, pipe in (
        ("piece.wav", f"nat-split piece.wav | {REST} --view words --budget 8000"),
        ("voice.wav --view ndjson --budget 2000", f"nat-split voice.wav | {REST} --budget 2000"),
        ("piece.wav --view table --budget 0", f"nat-split piece.wav | {REST} --view table"),
        ("piece.wav bell.wav --prompt", f"nat-split piece.wav bell.wav | {REST} --prompt"),
        ("bell.wav --ask 'Is it struck?' --budget 2000",
         f"nat-split bell.wav | {REST} --prompt --ask 'Is it struck?' --budget 2000"),
        ("piece.wav:8-0:12", f"nat-split piece.wav | {REST.replace('decode', 'decode --start 8 --duration 4', 1)}"
                             " --view words --budget 8000"),
    ):  # fmt: skip
        assert sh(f"{NATLIB} hear {options}", cwd=folder).stdout == sh(pipe, cwd=folder).stdout, options


def test_a_file_may_have_the_name_of_a_verb_and_a_folder_any_place(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "hear").write_bytes((folder / "bell.wav").read_bytes())
    assert b'"name":"./hear"' in sh(f"{NATLIB} ./hear", cwd=tmp_path).stdout
    (tmp_path / "-").write_bytes((folder / "bell.wav").read_bytes())
    (tmp_path / "at 0:1-2").write_bytes((folder / "bell.wav").read_bytes())
    assert b"4.0 s." in sh(f"{NATLIB} hear 'at 0:1-2'", cwd=tmp_path).stdout
    assert b"4.0 s." in sh(f"{NATLIB} hear -- -", cwd=tmp_path).stdout


def test_exit_statuses_and_messages_are_plain(folder: Path, tmp_path: Path) -> None:
    assert b"natlib: no.wav: No such file" in sh(f"{NATLIB} hear no.wav", cwd=folder, status=1).stderr
    assert b"expected a file, got a folder" in sh(f"{NATLIB} look . -o {tmp_path}/a.png", cwd=folder, status=1).stderr
    assert b"expected two sounds" in sh(f"{NATLIB} compare bell.wav", cwd=folder, status=2).stderr
    assert b"expected one file to look at" in sh(f"{NATLIB} look bell.wav voice.wav", cwd=folder, status=2).stderr
    assert b"expected files, or folders" in sh(f"{NATLIB} hear . bell.wav", cwd=folder, status=2).stderr
    sh(f"{NATLIB} hear --no-such bell.wav", cwd=folder, status=2)
    assert b"s long" in sh(f"{NATLIB} hear bell.wav --from 9", cwd=folder, status=1).stderr
    (tmp_path / "cut.wav").write_bytes(wav(tone(440, 2))[:90000])
    done = sh(f"{NATLIB} hear cut.wav", cwd=tmp_path, status=1)
    assert b"In all: Damaged" in done.stdout and b"damaged" in done.stderr
    assert sh(f"{NATLIB} hear bell.wav | head -n 1", cwd=folder, status=None).stderr == b""
    assert b"No space left" in sh(f"{NATLIB} hear bell.wav > /dev/full", cwd=folder, status=1).stderr


def test_pictures_go_where_they_should(folder: Path, tmp_path: Path) -> None:
    sh(f"{NATLIB} look piece.wav --from 8 --to 0:12 --fmin 100 --fmax 2000 -o {tmp_path}/a.png", cwd=folder)
    marked = Image.open(tmp_path / "a.png")
    assert "piece.wav" in marked.info["Description"] and "Dm" in marked.info["Description"]
    (tmp_path / "b.png").write_bytes(sh(f"{NATLIB} look piece.wav --no-marks", cwd=folder).stdout)
    assert "Dm" not in Image.open(tmp_path / "b.png").info["Description"]
    done = sh(f"{NATLIB} sheet bell.wav voice.wav piece.wav silence.wav hiss*.wav -o {tmp_path}/c.png", cwd=folder)
    assert [line.split(b":")[0] for line in done.stdout.splitlines()][:2] == [b"bell.wav", b"voice.wav"]
    assert Image.open(tmp_path / "c.png").width == 1500
    sh(f"{NATLIB} sheet {folder} -o {tmp_path}/d.png")
    assert Image.open(tmp_path / "d.png").size == Image.open(tmp_path / "c.png").size
    assert size(sh(f"{NATLIB} sheet bell.wav voice.wav --budget 200", cwd=folder).stdout.decode()) <= 200


def test_a_terminal_is_told_how_far_it_is(folder: Path) -> None:
    ours, theirs = os.openpty()
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-P", "-m", "natlib", "hear", "piece.wav"]
    with subprocess.Popen(command, env=env, cwd=folder, stdout=subprocess.DEVNULL, stderr=theirs) as process:
        assert process.wait(HANGS) == 0
    shown = os.read(ours, 1 << 16)
    for end in (ours, theirs):
        os.close(end)
    assert b"hearing piece.wav, " in shown and shown.endswith(b"\r\x1b[K")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_nothing_is_left_of_a_verb_that_is_ended(tmp_path: Path, number: int, status: int) -> None:
    path, mark, temporary = long_file(tmp_path), uuid.uuid4().hex, tmp_path / "temporary"
    temporary.mkdir()
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary), MARK: mark}
    with subprocess.Popen([sys.executable, "-P", "-m", "natlib", "hear", path], env=env) as process:
        end = time.monotonic() + HANGS
        while len(processes(mark)) < 6 and time.monotonic() < end:
            time.sleep(0.05)
        process.send_signal(number)
        assert process.wait(HANGS) == status
    assert gone(mark)
    assert not list(temporary.iterdir())


def test_from_python(folder: Path) -> None:
    assert natlib.__all__ == ["hear", "lines"]
    text = natlib.hear(folder / "piece.wav", start=8, end=12, budget=2000)
    assert "a part of a longer sound, from 8 s" in text and size(text) <= 2000
    assert "Is it struck?" in natlib.hear(str(folder / "bell.wav"), ask="Is it struck?")
    lines = list(natlib.lines(folder / "piece.wav"))
    assert [line.get("event") for line in lines][0 :: len(lines) - 1] == ["header", "end"]
    assert sum("bar" in line for line in lines) >= 8
    part = natlib.lines(folder / "piece.wav", start=8, end=12)
    assert next(part)["t0"] == 8
    part.close()  # type: ignore[attr-defined]
    with pytest.raises(Failure, match=r"no\.wav: No such file"):
        natlib.hear("no.wav")
    with pytest.raises(Failure, match="expected a part from a time to a later one"):
        natlib.hear(folder / "piece.wav", start=3, end=3)
    assert [line["event"] for line in natlib.lines("no.wav") if "event" in line][-1] == "error"


def test_the_api_is_typed_and_imports_nothing(tmp_path: Path) -> None:
    assert (Path(natlib.__file__).parent / "py.typed").exists()
    code = "import sys, natlib; print(sorted(name for name in sys.modules if name.startswith(('natlib', 'numpy'))))"
    assert sh(f'PYTHONPATH={ROOT} {sys.executable} -P -c "{code}"', cwd=tmp_path).stdout == b"['natlib']\n"


def recipes(program: str) -> list[str]:
    """The lines of the README that search an index with a program."""
    text = (ROOT / "README.md").read_text()
    return [line.strip() for line in re.findall(rf"^    ({program} .*index\.ndjson.*)$", text, re.MULTILINE)]


@pytest.fixture(scope="module")
def indexed(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an index of the sounds."""
    place = tmp_path_factory.mktemp("index")
    shutil.copytree(folder, place / "recordings")
    (place / "recordings/deep").mkdir()
    (place / "recordings/deep/call_20260131T234500.wav").write_bytes(wav(tone(900, 1, amplitude=0.9)))
    for path in (place / "recordings").glob("*.wav"):
        os.utime(path, (1.70004e9, 1.70004e9))
    done = sh(f"{NATLIB} hear recordings > index.ndjson", cwd=place, status=1, TZ="UTC")  # one of them is no sound
    assert b"notes.txt" in done.stderr
    return place


def test_an_index_has_a_line_for_each_file(indexed: Path) -> None:
    lines = [json.loads(line) for line in (indexed / "index.ndjson").read_text().splitlines()]
    assert [line["file"] for line in lines] == [
        "bell.wav", "hiss_20260131_233000.wav", "notes.txt", "piece.wav", "silence.wav", "voice.wav",
        "deep/call_20260131T234500.wav",
    ]  # fmt: skip
    assert ["file" if "error" in line else "" for line in lines].count("file") == 1
    assert lines[1]["time"] == "2026-01-31T23:30:00" and lines[1]["time_from"] == "name"
    assert all(line["seconds"] > 0 and line["in_words"] for line in lines if "error" not in line)


FOUND = [{"bell.wav"}, {"voice.wav"}, {"silence.wav"}, {"deep/call_20260131T234500.wav"}]


@needs("jq")
def test_the_recipe_for_jq_finds_what_it_says(indexed: Path) -> None:
    lines = recipes("jq")
    assert len(lines) == len(FOUND)
    for line, found in zip(lines, FOUND, strict=True):
        assert set(sh(line, cwd=indexed).stdout.decode().split()) == found, line


@pytest.mark.readers
def test_the_recipe_for_duckdb_finds_what_it_says(indexed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed (make test-rest)")
    (line,) = recipes("duckdb")
    monkeypatch.chdir(indexed)
    sql = line.partition('"')[2].rpartition('"')[0]
    assert {row[0] for row in duckdb.sql(sql).fetchall()} == FOUND[0]


def test_when_something_was_recorded(tmp_path: Path) -> None:
    times = {"20240501_233000.WAV": "2024-05-01T23:30:00", "2024-05-01 23.30.05.mp3": "2024-05-01T23:30:05",
             "99999999_999999.wav": "", "20241301_000000.wav": ""}  # fmt: skip
    for name, time_of in times.items():
        (tmp_path / name).write_bytes(b"")
        told = recorded(str(tmp_path / name))
        assert (told["time"], told["time_from"]) == (time_of, "name") if time_of else told["time_from"] == "file"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("a.wav", Sound("a.wav")), ("a.wav:1-2", Sound("a.wav", 1, 2)), ("a.wav:-2", Sound("a.wav", None, 2)),
        ("a.wav:1:30-", Sound("a.wav", 90, None)), ("a.wav:0:01:00-1:02.5", Sound("a.wav", 60, 62.5)),
        ("a:b.wav", Sound("a:b.wav")), ("a.wav:-", Sound("a.wav:-")), ("a-b:3-4", Sound("a-b", 3, 4)),
    ],
)  # fmt: skip
def test_parts_are_named_as_they_are_meant(text: str, meant: Sound) -> None:
    assert parse(text) == meant


def test_many_files_are_heard_in_one_pipe_as_each_alone(tmp_path: Path) -> None:
    """Also a file of two sounds, one that is broken, and the same name in two folders."""
    (tmp_path / "deep").mkdir()
    two = wav(tone(440, 1)) + b"\x1c" + wav(tone(880, 1))
    files = {
        "a.wav": wav(noise(1)),
        "two.wav": two,
        "broken.wav": wav(tone())[:40],
        "deep/a.wav": wav(noise(1, seed=2)),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)

    def heard(names: str, status: int = 0) -> list[bytes]:
        text = sh(f"{NATLIB} hear {names} --view ndjson --budget 0", cwd=tmp_path, status=status).stdout
        return [
            re.sub(rb',?"item":\d+', b"", line)
            for line in text.splitlines()
            if b'"sound"' in line or b'"scene"' in line
        ]

    alone = heard("a.wav") + heard("two.wav") + heard("deep/a.wav")
    assert heard("a.wav two.wav broken.wav deep/a.wav", status=1) == alone
