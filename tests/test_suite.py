"""The whole pipe, end to end, as its users run it: make, README, manual pages, real sound, flat memory, soon out."""

from __future__ import annotations

import base64
import contextlib
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import jsonschema
import numpy as np
import orjson
import pytest
from helpers import AUDIO, BIN, HANGS, ROOT, needs, needs_audio, noise, records, sh, tone, wav

from natlib import demo as synth

REST = "nat-decode | nat-embed | nat-quantize | nat-pack"


@pytest.fixture(scope="module")
def piece() -> bytes:
    """The demo's music, as a WAV file."""
    return wav(synth.piece())


def test_unpack_gives_what_quantize_plain_gives(piece: bytes, tmp_path: Path) -> None:
    (tmp_path / "piece.wav").write_bytes(piece)
    sh("nat-split piece.wav | nat-decode | nat-embed > features; nat-quantize --plain features > plain", cwd=tmp_path)
    sh("nat-quantize features | nat-pack | nat-pack --unpack | cmp - plain", cwd=tmp_path)
    assert len(records((tmp_path / "plain").read_bytes())) > 10


@needs_audio
def test_real_clips_of_every_kind_and_format_as_operands(tmp_path: Path) -> None:
    clips = [
        min(folder.iterdir(), key=lambda file: file.stat().st_size)
        for folder in sorted(AUDIO.iterdir())
        if folder.is_dir()
    ]
    clips.append(AUDIO / "long/chopin_op55_no1_whole.mp3")
    line = f'nat-split "$@" | nat-decode | nat-embed | nat-quantize > tokens; {REST.split(" | ")[-1]} tokens'
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line, "x", *clips],
        capture_output=True,
        cwd=tmp_path,
        check=True,
        env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"},
    )
    lines = [orjson.loads(line) for line in done.stdout.splitlines()]
    headers = [line for line in lines if line.get("event") == "header"]
    ends = [line for line in lines if line.get("event") == "end"]
    assert [header["name"] for header in headers] == [str(clip) for clip in clips]
    for header, end in zip(headers, ends, strict=True):
        assert end["frames"] == max(1, -(-end["samples"] * 25 // (2 * header["sample_rate"])))
        assert len(header["layers"]) == 8


@needs_audio
def test_clips_joined_as_wav_come_out_one_by_one() -> None:
    import soundfile

    clips = sorted((AUDIO / "animals").iterdir())[:4]
    sounds = [soundfile.read(clip) for clip in clips]
    whole = b"".join(wav(samples, rate) for samples, rate in sounds)
    ends = [r.head for r in records(sh(f"nat-split | {REST}", whole).stdout) if r.event == "end"]
    assert [end["samples"] for end in ends] == [len(samples) for samples, _ in sounds]


def test_the_module_is_the_same_pipe(piece: bytes, tmp_path: Path) -> None:
    (tmp_path / "a piece.wav").write_bytes(piece)
    (tmp_path / "numpy.py").write_text("raise SystemExit('imported from the working directory')")
    python = f"PYTHONPATH={ROOT} {sys.executable} -P -m natlib"
    want = sh(f"nat-split 'a piece.wav' | {REST}", cwd=tmp_path).stdout
    assert sh(f"{python} 'a piece.wav'", cwd=tmp_path).stdout == want
    done = sh(f"{python} no-such.wav 'a piece.wav'", cwd=tmp_path, status=1)
    assert b"nat-split: no-such.wav: No such file" in done.stderr
    assert sh(f"{python} 'a piece.wav' | head -n 1 > out", cwd=tmp_path, status=None).stderr == b""
    assert b"No space left" in sh(f"{python} 'a piece.wav' > /dev/full", cwd=tmp_path, status=1).stderr
    assert b"usage" in sh(f"{python} --help").stdout
    sh(f"{python} --no-such", status=2)


# make


def clean() -> dict[str, str]:
    """The environment, without what a make around us has put there."""
    return {**os.environ, "MAKEFLAGS": "", "MAKELEVEL": ""}


def make(target: str, cwd: Path, status: int = 0, **env: str) -> subprocess.CompletedProcess[bytes]:
    """Run make in a copy of the project whose environment is the one that the tests run in."""
    python = Path(sys.prefix)
    for name in ("bin", "natlib", "Makefile", "pyproject.toml", "README.md"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, cwd / name, dirs_exist_ok=True)  # and what is compiled
        else:
            shutil.copy(source, cwd)
    if not (cwd / ".venv").exists():
        (cwd / ".venv").symlink_to(python)
    line = f"make -o .venv/.plot -o .venv/.dev -o .venv/bin/python {target}"
    return sh(line, cwd=cwd, status=status, MAKEFLAGS="", MAKELEVEL="", **env)


LEFT = ("heard.ndjson", "prompt.txt", "heard.png")


def test_make_demo(tmp_path: Path) -> None:
    done = make("demo", tmp_path)
    lines = done.stdout.decode().splitlines()
    assert lines[0].startswith('{"event":"header"') and not done.stderr  # nothing but what matters
    assert [line.partition(": ")[0] for line in lines[-3:]] == [f"{tmp_path}/{name}" for name in LEFT]
    assert (tmp_path / "heard.png").read_bytes().startswith(b"\x89PNG")
    assert "What is its mood?" in (tmp_path / "prompt.txt").read_text()
    assert orjson.loads((tmp_path / "heard.ndjson").read_bytes().splitlines()[-1])["seconds"] == 25
    (tmp_path / "b c.flac").write_bytes(wav(tone(), form="FLAC"))
    done = make("""demo FILES="out/demo/piece.wav no-such.wav 'b c.flac'" """, tmp_path, status=2)
    assert done.stderr.splitlines()[0] == b"nat-split: no-such.wav: No such file or directory"
    assert (tmp_path / "heard.ndjson").read_bytes().count(b'"event":"end"') == 2
    before = [(tmp_path / name).read_bytes() for name in LEFT]
    done = make("demo FILES=no-such.wav", tmp_path, status=2)
    told = [line for line in done.stderr.splitlines() if not line.startswith(b"make")]
    assert told == [b"nat-split: no-such.wav: No such file or directory"] and not done.stdout
    assert before == [(tmp_path / name).read_bytes() for name in LEFT]


def test_make_batch_skips_what_is_done_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    (tmp_path / "in/deep er").mkdir(parents=True)
    for name in ("a.wav", "deep er/b c.wav", "d"):
        (tmp_path / "in" / name).write_bytes(wav(tone()))
    make("-j2 batch IN=in", tmp_path)
    heard = {path.relative_to(tmp_path / "out").as_posix(): path for path in (tmp_path / "out").rglob("heard.ndjson")}
    assert heard.keys() == {"a.wav/heard.ndjson", "deep er/b c.wav/heard.ndjson", "d/heard.ndjson"}
    times = [path.stat().st_mtime_ns for path in heard.values()]
    (tmp_path / "in/e.mp3").touch()  # an empty file can't be decoded
    (tmp_path / "in/f.wav").write_bytes(wav(tone()))
    done = make("-j2 batch IN=in", tmp_path, status=2)
    assert b"nat-decode: e.mp3: " in done.stderr and done.stdout.endswith(b"4 of 5 files are in out\n")
    assert "What is its mood?" in (tmp_path / "out/a.wav/prompt.txt").read_text()
    assert {path.name for path in (tmp_path / "out/e.mp3").iterdir()} == {"source", "messages.txt", ".made"}
    assert (tmp_path / "out/f.wav/heard.ndjson").exists()
    assert times == [path.stat().st_mtime_ns for path in heard.values()]


ALL = {"pcm", "features", "tokens", "heard.ndjson", "prompt.txt", "pcm.png", "features.png", "tokens.png", "heard.png",
       "report.html", "features.npy", "codes.npy", "metrics.json"}  # fmt: skip
NAMES = [
    b"a.wav",
    b"a.mp3",
    b"no extension",
    b'it\'s $HOME #1 50%: "x" (live)',
    b"-q",
    b"new\nline.wav",
    b"not \xff UTF-8",
]


def test_make_batch_of_names_of_every_kind(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/in"
    os.mkdir(folder)
    for name in NAMES:
        with open(folder + b"/" + name, "wb") as file:
            file.write(wav(tone(seconds=0.2)))
    done = make("-j2 batch IN=in", tmp_path)
    assert f"{len(NAMES)} of {len(NAMES)} files are in out".encode() in done.stdout and not done.stderr
    for name in NAMES:
        with open(os.fsencode(tmp_path) + b"/out/" + name + b"/heard.ndjson", "rb") as file:
            header, *_, end = map(orjson.loads, file)
        shown = base64.b64decode(header["name_base64"]) if "name_base64" in header else header["name"].encode()
        assert (shown.removeprefix(b"./"), end["event"]) == (name, "end")


def test_make_all_outputs(piece: bytes, tmp_path: Path) -> None:
    place, cut = tmp_path / "out/new\nline $HOME", piece[: len(piece) // 3]
    (tmp_path / "in").mkdir()
    (tmp_path / "in/new\nline $HOME").write_bytes(cut)  # damaged: what is there is used
    done = make("-j2 all-outputs IN=in PLOT='--dpi 40'", tmp_path)
    assert re.fullmatch(rb"nat-decode: new\nline \$HOME: damaged: .*\n", done.stderr)
    assert {path.name for path in place.iterdir()} - {".made", "source"} == {*ALL, "messages.txt"}
    _, *blocks, end, _ = [r for r in records((place / "tokens").read_bytes()) if r.event != "code"]
    head = orjson.loads((place / "heard.ndjson").read_bytes().splitlines()[0])
    codes, features = np.load(place / "codes.npy"), np.load(place / "features.npy")
    rows = np.frombuffer(b"".join(block.payload for block in blocks), "<u2").reshape(len(codes), -1)
    assert codes.dtype == np.uint16 and np.array_equal(codes, rows[:, :8])
    wide = sum(stream["width"] for stream in head["streams"])
    assert features.dtype == np.float32 and features.shape == (end.head["frames"], wide + rows.shape[1] - 8)
    assert np.nanmax(features[:, wide]) < 0  # the level in dBFS
    check_metrics(orjson.loads((place / "metrics.json").read_bytes()), codes, len(cut))

    # Only what something before it changed for is made again.
    def times() -> dict[str, int]:
        return {name: (place / name).stat().st_mtime_ns for name in ALL}

    before = times()
    make("all-outputs IN=in PLOT='--dpi 40'", tmp_path)
    assert times() == before
    (place / "heard.ndjson").unlink()
    make("all-outputs IN=in PLOT='--dpi 40'", tmp_path)
    again = times()
    made = {"heard.ndjson", "prompt.txt", "heard.png", "report.html", "metrics.json"}
    assert {name for name in ALL if again[name] != before[name]} == made


def check_metrics(figures: dict, codes: np.ndarray, size: int) -> None:
    """Hold the figures of a file against NumPy."""
    assert figures["frames"] == len(codes) and figures["bytes"]["source"] == size
    for layer, column in zip(figures["layers"], codes.T, strict=True):
        share = np.unique(column, return_counts=True)[1] / len(column)
        assert layer["used"] == len(share) and abs(layer["entropy_bits"] + (share * np.log2(share)).sum()) < 0.001
    falls = [[layer["distortion"] for layer in figures["layers"] if layer["name"][0] == stream] for stream in "SA"]
    assert all(0 < low < high for column in falls for high, low in pairwise(column))
    shared, chance = figures["mutual_information_bits"], figures["mutual_information_bits_by_chance"]
    table = np.zeros((128, 256))
    np.add.at(table, (codes[:, 0], codes[:, 4]), 1 / len(codes))
    outer = table.sum(axis=1)[:, None] * table.sum(axis=0)
    expected = (table[table > 0] * np.log2(table[table > 0] / outer[table > 0])).sum()
    assert abs(shared["S0"]["A0"] - expected) < 0.001 and chance.keys() == shared.keys() == {"S0", "S1", "S2", "S3"}
    assert figures["stages"].keys() == {"nat-split", *REST.split(" | ")}
    assert all(5 < stage["peak_mb"] < 5000 and stage["cpu_seconds"] > 0 for stage in figures["stages"].values())


def test_make_interrupted_and_run_again(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in range(6):
        (tmp_path / f"in/{number}.wav").write_bytes(wav(noise(2, seed=number)))
    make("help", tmp_path)
    line = ["make", "-o", ".venv/.plot", "-j2", "batch", "IN=in"]
    heard, later = (tmp_path / f"out/{number}.wav/heard.ndjson" for number in (0, 2))
    process = subprocess.Popen(line, cwd=tmp_path, start_new_session=True, stderr=subprocess.PIPE, env=clean())
    while not later.exists():
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=HANGS)
    assert process.returncode != 0
    assert all(
        path.read_bytes().splitlines()[-1].startswith(b'{"event":"end"') for path in tmp_path.glob("out/*/heard*on")
    )
    first = heard.stat().st_mtime_ns
    assert b"6 of 6 files are in out" in make("-j2 batch IN=in", tmp_path).stdout
    assert first == heard.stat().st_mtime_ns and not list(tmp_path.rglob("*.part"))
    assert len(list(tmp_path.glob("out/*/heard.ndjson"))) == 6


def test_make_batch_tells_at_a_terminal_how_far_it_is(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in range(3):
        (tmp_path / f"in/{number}.wav").write_bytes(wav(tone(seconds=2)))
    make("help", tmp_path)
    main, side = pty.openpty()
    subprocess.run(["make", "-o", ".venv/.plot", "batch", "IN=in"], cwd=tmp_path, stderr=side, check=True, env=clean())
    os.close(side)
    shown = b""
    with contextlib.suppress(OSError):
        while piece := os.read(main, 65536):
            shown += piece
    os.close(main)
    assert re.search(rb"\r[12] of 3 files, [24] s of sound, [\d.]+ times real time, 0:\d\d left\x1b\[K", shown), shown
    assert shown.endswith(b"\r\x1b[K")


def test_make_batch_of_names_from_a_list_and_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a\nb.wav").write_bytes(wav(tone()))
    (tmp_path / "up.wav").write_bytes(wav(tone()))
    (tmp_path / "project").mkdir()
    sh("find in -name 'a*' -print0 > names", cwd=tmp_path)
    make(f"batch LIST={tmp_path}/names FILES=ignored", tmp_path / "project", status=2)  # relative to where make runs
    make("batch LIST=names", tmp_path)
    assert (tmp_path / "out/in/a\nb.wav/heard.ndjson").exists()
    make("batch FILES='../up.wav ../u*.wav' DECODE='--duration 0.5'", tmp_path / "project")
    heard = tmp_path / "project/out/up.wav/heard.ndjson"
    assert orjson.loads(heard.read_bytes().splitlines()[-1])["seconds"] == 0.5
    done = make(f"batch FILES={tmp_path}/up.wav DECODE='--duration 0.25'", tmp_path / "project")
    assert done.stdout == b"1 of 1 files are in out: out/up.wav\n"
    assert orjson.loads(heard.read_bytes().splitlines()[-1])["seconds"] == 0.25
    (tmp_path / "in/up.wav").write_bytes(wav(tone()))  # another file of that name goes beside it, now and again
    for _ in range(2):
        done = make("batch FILES='../in/up.wav ../up.wav'", tmp_path / "project")
        assert done.stdout == b"2 of 2 files are in out: out/in/up.wav out/up.wav\n"
    missing = make("batch FILES='nowhere.wav in'", tmp_path, status=2)
    assert b"nowhere.wav: no such file" in missing.stderr and b"in: is a directory" in missing.stderr
    assert b"make batch IN=folder, or FILES=" in make("batch", tmp_path, status=2).stderr
    assert b"no such folder" in make("batch IN=nowhere", tmp_path, status=2).stderr


@needs("man")
def test_make_install_and_man(piece: bytes, tmp_path: Path) -> None:
    prefix = tmp_path / "pre fix"
    done = make("install PREFIX='~/pre fix'", tmp_path, HOME=str(tmp_path), PIP_NO_DEPS="1")
    assert b'PATH does not hold it: export PATH="%s/bin:$PATH"' % os.fsencode(prefix) in done.stdout
    assert not (tmp_path / "~").exists() and not done.stderr
    path = f"{prefix}/bin:{os.environ['PATH']}"
    assert sh("command -v nat-split", PATH=path).stdout.decode() == f"{prefix}/bin/nat-split\n"
    assert sh("nat-split --version", PATH=path).stdout.startswith(b"nat-split ")
    # The pipe runs on the wheel that pip built, with the packages at hand, and nothing of this checkout.
    packages = os.pathsep.join(entry for entry in sys.path if entry.endswith("site-packages"))
    installed = {"PATH": path, "PYTHONPATH": packages, "PYTHONSAFEPATH": "1"}
    line = "nat-split piece.wav | nat-decode | nat-embed | nat-quantize | nat-pack"
    (tmp_path / "piece.wav").write_bytes(piece)
    there = sh(line.replace("nat-", f"'{prefix}/bin/'nat-"), cwd=tmp_path, **installed).stdout
    assert there == sh(line, cwd=tmp_path).stdout
    where = "import natlib.pack; print(natlib.pack.__file__)"
    found = sh(f"'{prefix}/lib/nat/bin/python' -c '{where}'", cwd=tmp_path, **installed).stdout.decode()
    assert found.startswith(f"{prefix}/lib/nat/lib/")
    for folder in (prefix, prefix / "lib/nat"):  # by make, and by pip
        for page in (ROOT / "natlib/man").glob("nat*.[1-9]"):
            name, section = page.name.split(".")
            found = (
                sh(f"man -w {section} {name}", PATH=f"{folder}/bin:/usr/bin:/bin", MANPATH="").stdout.decode().strip()
            )
            assert Path(found) == folder / f"share/man/man{section}/{page.name}"
    make("uninstall PREFIX='~/pre fix'", tmp_path, HOME=str(tmp_path))
    assert not [file for file in prefix.rglob("*") if file.is_file() or file.is_symlink()]


# README and manual pages


@needs("perl")
def test_the_stage_of_one_s_own_in_the_readme(piece: bytes, tmp_path: Path) -> None:
    code = re.search(r"```perl\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    assert code and code[1].count("\n") < 20
    (tmp_path / "ear.pl").write_text(code[1])
    (tmp_path / "song.wav").write_bytes(piece)
    line = "nat-split song.wav | nat-decode | perl ear.pl | nat-quantize | nat-pack"
    assert f"    {line}\n" in (ROOT / "README.md").read_text()
    got = [orjson.loads(line) for line in sh(line, cwd=tmp_path).stdout.splitlines()]
    assert got[0]["model"] == "ear.pl" and got[0]["frame_rate"] == 10
    assert got[-1]["frames"] == 250 and got[-1]["seconds"] == 25
    assert len({line["S0"] for line in got if "S0" in line}) > 1


def test_the_readme_shows_lines_as_they_are() -> None:
    text = (ROOT / "README.md").read_text()
    lines = [line[4:] for line in text.splitlines() if line.startswith('    {"') and "…" not in line]
    schema = orjson.loads((ROOT / "natlib/data/ndjson.schema.json").read_bytes())
    assert len(lines) > 4
    for line in lines:
        jsonschema.validate(orjson.loads(line), schema)
    pictures = re.findall(r"!\[.*\]\((.*)\)", text)
    assert pictures and all((ROOT / name).read_bytes().startswith(b"\x89PNG") for name in pictures)


def examples(page: str) -> list[str]:
    """The lines of a page that are to be typed as they stand."""
    if page == "README.md":
        text = (ROOT / page).read_text()
        lines = re.findall(r"^    (\S.*)$|`((?:cat|nat)[- ].*? > \S+)`", text, re.M)
        lines = ["".join(groups).replace("\\|", "|") for groups in lines]
    else:
        text = (ROOT / "natlib/man" / page).read_text()
        blocks = re.findall(r"^\.Bd -literal -offset indent\n(.*?)^\.Ed", text, re.M | re.S)
        lines = [block.strip().replace("\\e", "\\") for block in blocks]
    return [line for line in lines if line.startswith(("nat-", "cat ", "jq ")) and "perl" not in line]


@needs("jq")
@pytest.mark.parametrize("page, least", [("README.md", 8), ("nat.5", 1), ("nat.7", 7)])
def test_examples_run_as_they_stand(page: str, least: int, piece: bytes, tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav", "song.wav"):
        (tmp_path / name).write_bytes(piece)
    (tmp_path / "song.flac").write_bytes(wav(tone(), form="FLAC"))
    (tmp_path / "index.ndjson").write_text('{"file":"a.wav","time":"2026-01-31T23:30:00"}\n')
    lines = examples(page)
    assert len(lines) >= least
    for line in lines:
        sh(f"llm() {{ cat > /dev/null; }}; {line}", cwd=tmp_path)  # the model is whoever the reader has


@needs("mandoc")
def test_manual_pages_are_clean() -> None:
    pages = sorted((ROOT / "natlib/man").glob("nat*.[1-9]"))
    assert {f"{path.name}.1" for path in BIN.iterdir()} | {"nat.5", "nat.7"} == {page.name for page in pages}
    for page in pages:
        assert sh(f"mandoc -T lint -W warning '{page}'", status=None).stdout == b""


# Memory and latency


def unsized(file: bytes) -> bytes:
    """The header of a WAV file as it is written to a pipe: its lengths are not known."""
    return file[:4] + b"\xff" * 4 + file[8:40] + b"\xff" * 4


PEAKS = """
import json, os, subprocess, sys
before = subprocess.Popen(["bash", "-c", sys.argv[1]], stdout=subprocess.PIPE).stdout
stages = sys.argv[3:]
processes = []
for stage in stages:
    after = open(sys.argv[2], "wb") if stage == stages[-1] else subprocess.PIPE
    process = subprocess.Popen(stage.split("|"), stdin=before, stdout=after)
    before.close()
    before = process.stdout
    processes.append(process)
unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
waited = [os.wait4(process.pid, 0)[1:] for process in processes]
assert not any(status for status, _ in waited), waited
print(json.dumps({stage: usage.ru_maxrss // unit for stage, (_, usage) in zip(stages, waited)}))
"""


def peaks(folder: Path, source: str, jobs: int) -> dict[str, int]:
    """Peak memory of each stage in MB, for what the shell line `source` writes.

    Measured from a small process: a child's peak begins at what its parent had when it was started.
    """
    stages = [str(BIN / stage) for stage in ("nat-split", *REST.split(" | "))]
    stages = [f"{stage}|--jobs|{jobs}" if stage.endswith("nat-embed") else stage for stage in stages]
    command = [sys.executable, "-c", PEAKS, source, str(folder / "out"), *stages]
    done = subprocess.run(command, capture_output=True, check=True)
    return orjson.loads(done.stdout)


@pytest.mark.parametrize(
    ("few", "many", "jobs"),
    [(1, 5, 1), pytest.param(1, 30, 1, marks=pytest.mark.slow), pytest.param(4, 30, 2, marks=pytest.mark.slow)],
)
def test_memory_does_not_grow_with_length(few: int, many: int, jobs: int, tmp_path: Path) -> None:
    """Once segments are as long as they get, which takes four minutes for two jobs."""
    minute = wav(noise(60) + tone(seconds=60))
    (tmp_path / "header").write_bytes(unsized(minute))
    (tmp_path / "minute").write_bytes(minute[44:])
    line = f"cd {tmp_path}; cat header; for i in $(seq {{}}); do cat minute; done"
    short, long = (peaks(tmp_path, line.format(minutes), jobs) for minutes in (few, many))
    assert orjson.loads((tmp_path / "out").read_bytes().splitlines()[-1])["seconds"] == 60 * many
    samples = 4 * 44100 * 60 / 2**20  # MB of a minute
    # MB: what an allocator may keep, less than five minutes of a byte a sample; with several jobs, also what is put
    # off, and what the main process hears itself, which depends on the pauses of a machine that has other work.
    spread = 12 if jobs == 1 else 30
    for name, peak in long.items():
        assert peak - short[name] < min(spread, samples * (many - few) / 4), (name, short, long)


def test_head_ends_the_work_of_all_stages() -> None:
    """Of a sound without an end no more is taken than what lies in the pipes between the stages."""
    sound = wav(noise(1))
    pipe = subprocess.Popen(
        ["bash", "-c", f"nat-split | {REST} | head -n 20"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"},
    )
    assert pipe.stdin and pipe.stdout
    taken = os.write(pipe.stdin.fileno(), unsized(sound))
    with pytest.raises(BrokenPipeError):
        while taken < 1 << 28:
            taken += os.write(pipe.stdin.fileno(), sound[44:])
    pipe.stdin.close()
    assert taken < 32 << 20 and len(pipe.stdout.read().splitlines()) == 20
    pipe.wait()
    pipe.stdout.close()


def test_text_comes_out_before_three_more_seconds_went_in() -> None:
    """Input that pauses is heard as far as it goes: what has to come after a sound for its line is at most 3 s."""
    seconds = 8
    sound = wav(tone(seconds=seconds) * (1 + tone(3, seconds)))
    process = subprocess.Popen(
        ["bash", "-o", "pipefail", "-c", f"nat-split | {REST} --encoding dense"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"},
    )
    assert process.stdin and process.stdout
    process.stdin.write(unsized(sound))
    frames, rest = 0, b""
    for second in range(seconds):
        process.stdin.write(sound[44 + second * 88200 :][:88200])
        process.stdin.flush()
        while frames < (second + 1 - 3) * 12.5:
            assert select.select([process.stdout], [], [], HANGS)[0], f"{frames} frames of {second + 1} s"
            *lines, rest = (rest + os.read(process.stdout.fileno(), 1 << 16)).split(b"\n")
            frames += sum("S0" in orjson.loads(line) for line in lines)
    process.stdin.close()
    lines = (rest + process.stdout.read()).splitlines()
    process.stdout.close()
    assert process.wait() == 0
    assert frames + sum("S0" in orjson.loads(line) for line in lines) == round(12.5 * seconds)
