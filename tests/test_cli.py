"""What every filter owes the shell: exit statuses, messages, signals, terminals, start-up."""

from __future__ import annotations

import fcntl
import importlib
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import termios
import threading
import time
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
from helpers import BIN, HANGS, ROOT, noise, records, sh, stream, tone, wav

from natlib import __version__, cli, runtime

STAGES = ("split", "decode", "embed", "quantize", "pack", "plot")
PIPE = [f"nat-{name}" for name in STAGES[:5]]
BINARY = [stage for stage in STAGES if stage != "pack"]


def stage(name: str) -> type[runtime.Stage]:
    """The Stage of a command."""
    module = importlib.import_module(f"natlib.{name}.command")
    return next(
        v
        for v in vars(module).values()
        if isinstance(v, type) and issubclass(v, runtime.Stage) and v is not runtime.Stage
    )


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the examples name."""
    folder = tmp_path_factory.mktemp("sounds")
    for number, name in enumerate(("song", "a", "b", "dog", "one", "two", "loop", "field")):
        (folder / f"{name}.wav").write_bytes(wav(tone(220 * (number + 1), 3) + noise(3, seed=number)))
        (folder / f"{name}.mp3").write_bytes(wav(tone(220 * (number + 1), 3), subtype="MPEG_LAYER_III", form="MP3"))
        (folder / f"{name}.flac").write_bytes(wav(tone(220 * (number + 1), 3) + noise(3, seed=number), form="FLAC"))
    return folder


@pytest.fixture(scope="module")
def streams(sounds: Path) -> dict[str, bytes]:
    """What each stage reads, two items long."""
    read = {"split": (sounds / "a.wav").read_bytes() + (sounds / "b.wav").read_bytes()}
    for before, name in pairwise(STAGES[:5]):
        read[name] = sh(f"nat-{before}", read[before]).stdout
    return {**read, "plot": read["pack"]}


# The launchers, and the commands that pip makes.


def test_launchers_and_scripts_are_the_same_list() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert scripts == {f"nat-{name}": f"natlib.{name}.command:main" for name in STAGES}
    assert sorted(path.name for path in BIN.iterdir()) == sorted(scripts)
    assert all(stage(name).name == f"nat-{name}" for name in STAGES)


def test_launchers_are_alike_but_for_one_name() -> None:
    texts = {re.sub(r"^command=.*$", "", (BIN / f"nat-{name}").read_text(), flags=re.M) for name in STAGES}
    assert len(texts) == 1
    for name in STAGES:
        assert f"\ncommand={name}\n" in (BIN / f"nat-{name}").read_text()
        assert os.access(BIN / f"nat-{name}", os.X_OK)


def test_launchers_run_from_anywhere_through_links_and_spaces(tmp_path: Path) -> None:
    checkout = tmp_path / "a checkout"
    shutil.copytree(BIN, checkout / "bin")
    shutil.copytree(ROOT / "natlib", checkout / "natlib", ignore=shutil.ignore_patterns("__pycache__"))
    (checkout / ".venv/bin").mkdir(parents=True)
    (checkout / ".venv/bin/python").symlink_to(sys.executable)
    (tmp_path / "links").mkdir()
    (tmp_path / "links/relative").symlink_to("../a checkout/bin/nat-split")
    (tmp_path / "absolute").symlink_to(tmp_path / "links/relative")
    (tmp_path / "signal.py").write_text("raise SystemExit('a module in the working directory was imported')")
    for line in ("'a checkout/bin/nat-split'", "links/relative", "./absolute", "cd 'a checkout/bin' && ./nat-split"):
        assert sh(f"{line} --version", cwd=tmp_path).stdout.decode() == f"nat-split {__version__}\n"


def test_launchers_start_python_once() -> None:
    if not shutil.which("strace"):
        text = (BIN / "nat-split").read_text()
        assert text.count("exec ") == 1 and "$(" in text and "python" not in "".join(re.findall(r"\$\((.*)\)", text))


@pytest.mark.parametrize("name", STAGES)
def test_version_and_help(name: str) -> None:
    assert sh(f"nat-{name} --version").stdout.decode() == f"nat-{name} {__version__}\n"
    for flag in ("-h", "--help"):
        text = sh(f"nat-{name} {flag}").stdout.decode()
        assert "examples:" in text and "exit status:" in text and all(line in text for line in stage(name).examples)


@pytest.mark.parametrize("name", STAGES)
def test_examples_of_the_help_run_as_they_stand(name: str, sounds: Path, tmp_path: Path) -> None:
    for file in sounds.iterdir():
        shutil.copy(file, tmp_path)
    sh(f"nat-split song.wav | {' | '.join(PIPE[1:4])} | tee tokens | nat-pack > heard.ndjson", cwd=tmp_path)
    for line in stage(name).examples:
        if line.startswith("arecord") or "--model mert" in line:  # needs a microphone, has no end; needs the Hub
            continue
        assert b"Traceback" not in sh(line, cwd=tmp_path).stderr


def page_options(name: str) -> dict[str, tuple[str, str]]:
    """What a manual page says of each option: its line in the list of options, and the text under it."""
    text = (ROOT / f"natlib/man/nat-{name}.1").read_text().replace("\\-", "-")
    entries = re.findall(r"^\.It (Fl .*)\n((?:(?!\.It|\.El|\.Bl|\.Sh).*\n)*)", text, re.M)
    return {"-" + flag: entry for entry in entries for flag in re.findall(r"Fl (\S+)", entry[0])}


@pytest.mark.parametrize("name", STAGES)
def test_manual_and_help_have_the_same_options(name: str) -> None:
    pages, synopsis = page_options(name), (ROOT / f"natlib/man/nat-{name}.1").read_text().replace("\\-", "-")
    synopsis = synopsis[synopsis.index(".Sh SYNOPSIS") : synopsis.index(".Sh DESCRIPTION")]
    actions = [action for action in cli.parser(stage(name))._actions if action.option_strings]
    assert pages.keys() == {flag for action in actions for flag in action.option_strings}
    for action in actions:
        line, text = pages[action.option_strings[-1]]
        assert (re.search(r" (Ar|Cm) ", line) is None) == (action.nargs == 0), line
        words = f"{line} {text}".split()
        assert set(map(str, action.choices or ())) <= set(words), (line, action.choices)
        if isinstance(action.default, int | float) and not isinstance(action.default, bool):
            assert re.search(rf"(?<![\d.]){re.escape(f'{action.default:g}')}(?![\d.]*\d)", text), (line, action.default)
        flags = [flag for flag in action.option_strings if flag not in ("--help", "--quiet")]
        assert any(re.search(rf"(Fl|[|]) {flag[1:]}\b", synopsis) for flag in flags), (flags, synopsis)


def imported(line: str, stdin: bytes = b"") -> set[str]:
    """The modules that a command imports."""
    done = subprocess.run(
        [sys.executable, "-P", "-X", "importtime", *line.split()],
        input=stdin,
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return {part.rsplit("|", 1)[1].strip() for part in done.stderr.decode().splitlines() if "import time:" in part}


@pytest.mark.parametrize("name", STAGES)
def test_help_imports_nothing_heavy(name: str) -> None:
    assert not imported(f"-m natlib.{name} --help") & {
        "numpy",
        "orjson",
        "soundfile",
        "torch",
        "matplotlib",
        "safetensors",
        "soxr",
    }


@pytest.mark.parametrize("name", STAGES[:5])
def test_the_default_pipe_does_without_torch(name: str, streams: dict[str, bytes]) -> None:
    modules = imported(f"-m natlib.{name}", streams[name])
    assert "natlib.wire" in modules
    assert not modules & {"torch", "transformers", "torchaudio", "matplotlib"}
    if name == "split":
        assert "numpy" not in modules


# Reading and writing.


@pytest.mark.parametrize("position", range(1, 6))
def test_head_ends_the_pipe_quietly(position: int, tmp_path: Path) -> None:
    (tmp_path / "long.wav").write_bytes(wav(noise(60)))
    line = " | ".join([f"{PIPE[0]} long.wav", *PIPE[1:position], "head -n 1 > out"])
    done = sh(f'{line}; echo "${{PIPESTATUS[@]}}"', cwd=tmp_path)
    assert done.stderr == b""
    statuses = [int(status) for status in done.stdout.split()]
    assert set(statuses) <= {0, 128 + signal.SIGPIPE} and statuses[-1] == 0
    if position < 3:  # more than pipes can hold
        assert statuses[position - 1] == 128 + signal.SIGPIPE
    assert (tmp_path / "out").read_bytes().startswith(b'{"event":"header","nat":"2.0"')


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("name", STAGES)
def test_a_full_disk_is_an_error(name: str, streams: dict[str, bytes]) -> None:
    done = sh(f"nat-{name} > /dev/full", streams[name], status=1)
    assert done.stderr.decode() == f"nat-{name}: standard output: No space left on device\n"


@pytest.mark.parametrize("name", STAGES)
def test_closed_output_is_an_error(name: str, streams: dict[str, bytes]) -> None:
    assert b"standard output is closed" in sh(f"nat-{name} >&-", streams[name], status=1).stderr


@pytest.mark.parametrize("name", STAGES)
def test_streams_that_are_not_needed_may_be_closed(name: str, streams: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "given").write_bytes(streams[name])
    wanted = sh(f"nat-{name} given", cwd=tmp_path).stdout
    for closed in ("<&-", "2>&-", "2> /dev/null", "<&- 2>&-"):
        assert sh(f"nat-{name} given {closed}", cwd=tmp_path).stdout == wanted, closed
    if Path("/dev/full").exists():
        assert sh(f"nat-{name} given no-such 2> /dev/full", cwd=tmp_path, status=1).stdout
    assert b"standard input is closed" in sh(f"nat-{name} <&-", status=1).stderr


def test_a_missing_file_is_named_and_the_rest_is_done(sounds: Path) -> None:
    done = sh(f"nat-split a.wav no-such.wav b.wav | {' | '.join(PIPE[1:])}", status=1, cwd=sounds)
    assert b"nat-split: no-such.wav: No such file or directory\n" in done.stderr
    names = [record.head["name"] for record in records(done.stdout) if record.event == "header"]
    ends = [record.event for record in records(done.stdout) if record.event in ("end", "error")]
    assert (names, ends) == (["a.wav", "no-such.wav", "b.wav"], ["end", "error", "end"])


@pytest.mark.parametrize("name", STAGES[1:5])
def test_a_missing_stream_is_named_and_the_rest_is_done(name: str, streams: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "whole").write_bytes(streams[name])
    done = sh(f"nat-{name} whole no-such - < whole", status=1, cwd=tmp_path)
    assert b"no-such: No such file or directory" in done.stderr
    events = [record.event for record in records(done.stdout) if record.event in ("end", "error")]
    assert events == ["end", "end", "error", "end", "end"]


@pytest.mark.parametrize("name", STAGES[1:5])
def test_joined_streams_are_numbered_anew(name: str, streams: dict[str, bytes]) -> None:
    out = records(sh(f"nat-{name}", streams[name] * 2).stdout)
    assert [record.head["item"] for record in out if record.event == "header"] == [0, 1, 2, 3]


@pytest.mark.parametrize("name", STAGES[1:5])
def test_a_stream_without_close_is_noticed_and_the_next_stage_notices_too(name: str, streams: dict[str, bytes]) -> None:
    whole = streams[name]
    cut = whole[: whole.rindex(b'{"event":"close"')]
    done = sh(f"nat-{name}", cut, status=1)
    assert done.stderr.decode().startswith(f"nat-{name}: standard input: record ")
    assert "expected a header or a close after 2 items, got end of input" in done.stderr.decode()
    assert [event for event in re.findall(rb'"event":"(end|error|close)"', done.stdout)] == [b"end", b"end"]
    rest = " | ".join(PIPE[STAGES.index(name) :])
    assert sh(f"{rest}; exit ${{PIPESTATUS[-1]}}", cut, status=1).stdout.count(b'"event":"end"') == 2


@pytest.mark.parametrize("name", STAGES[1:5])
def test_a_stream_that_breaks_off_inside_an_item(name: str, streams: dict[str, bytes]) -> None:
    whole = streams[name]
    cut = whole[: whole.rindex(b'{"event":"end"') - 3]
    done = sh(f"nat-{name}", cut, status=1)
    message = done.stderr.decode()
    assert re.match(
        rf"nat-{name}: stdin-2: record \d+ at byte \d+: expected .* bytes of payload, got end of input", message
    )
    assert re.findall(rb'"event":"(end|error|close)"', done.stdout) == [b"end", b"error"]
    # And a record that is no JSON, in the middle of the second item.
    at = whole.rindex(b'{"event":"end"')
    done = sh(f"nat-{name}", whole[:at] + b"junk\n" + whole[at:], status=1)
    assert "expected a JSON object" in done.stderr.decode()
    assert re.findall(rb'"event":"(end|error|close)"', done.stdout) == [b"end", b"error"]


@pytest.mark.parametrize("name", STAGES[1:])
def test_what_is_no_record_stream_is_told_with_its_cure(name: str) -> None:
    done = sh(f"nat-{name}", wav(tone()), status=1)
    assert (
        "got the bytes 52 49 46 46" in done.stderr.decode()
        and "(is nat-split missing before it?)" in done.stderr.decode()
    )
    assert "got end of input" in sh(f"nat-{name}", b"", status=1).stderr.decode()


@pytest.mark.parametrize(
    "line, message",
    [
        ("nat-split | nat-embed", "nat-embed: standard input: expected a pcm stream, got bytes (is nat-decode missing"),
        (
            "nat-split | nat-decode | nat-quantize",
            "expected a features stream, got pcm (is nat-embed missing before it?)",
        ),
        ("nat-split | nat-pack", "expected a tokens stream, got bytes (is nat-quantize missing before it?)"),
        ("nat-split | nat-decode | nat-decode", "expected a bytes stream, got pcm (nat-decode has had it already)"),
        ("nat-split | nat-pack --unpack", "expected a ndjson stream, got bytes (is nat-pack missing before it?)"),
    ],
)
def test_a_wrong_order_names_the_stage_that_is_missing(line: str, message: str) -> None:
    assert message in sh(line, wav(tone()), status=1).stderr.decode()


def test_an_item_that_failed_early_reaches_the_last_stage() -> None:
    header = {"event": "header", "kind": "bytes", "name": "broken.mp3"}
    error = {"event": "error", "stage": "nat-split", "message": "on fire"}
    data = stream(header, error, {"event": "close"})
    done = sh(f"{' | '.join(PIPE[1:])} > heard; status=$?; cat heard; rm heard; exit $status", data, status=1)
    assert [record.head["event"] for record in records(done.stdout)] == ["header", "error"]
    assert records(done.stdout)[1].head == error
    assert done.stderr == b"nat-pack: 1 of 1 items failed before they came here (see their error records)\n"


@pytest.mark.parametrize("name", STAGES)
def test_unknown_options_are_wrong_usage(name: str) -> None:
    assert f"nat-{name}: error:" in sh(f"nat-{name} --no-such-option", status=2).stderr.decode()


@pytest.mark.parametrize("name", STAGES)
def test_interrupt(name: str) -> None:
    process = subprocess.Popen(
        [BIN / f"nat-{name}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin
    process.stdin.write(b"R" if name == "split" else b"{")
    process.stdin.flush()
    while process.poll() is None and fcntl.ioctl(process.stdin, termios.FIONREAD, b"\0\0\0\0") != b"\0\0\0\0":
        time.sleep(0.01)  # until it has read that, and waits for more
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=HANGS)
    assert (process.returncode, err) == (130, b"")


# Terminals.


def at_terminal(line: str, stdin: bytes | None = None, fd: int = 1) -> tuple[int, bytes, bytes]:
    """Run a line with a terminal as file `fd`. Returns status, what the terminal shows, what else came out."""
    main, side = pty.openpty()
    files: dict = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    files[("stdin", "stdout", "stderr")[fd]] = side
    process = subprocess.Popen(["bash", "-c", line], env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}, **files)
    os.close(side)
    pieces: list[bytes] = []

    def watch() -> None:
        """Take what is shown as it comes: a terminal that nobody reads from holds but a few thousand bytes."""
        try:
            while piece := os.read(main, 65536):
                pieces.append(piece)
        except OSError:  # nobody has the other side any more
            pass

    watcher = threading.Thread(target=watch)
    watcher.start()
    out, err = process.communicate(stdin, timeout=HANGS)
    watcher.join()
    shown = b"".join(pieces)
    os.close(main)
    return process.returncode, shown, (out or b"") + (err or b"")


@pytest.mark.parametrize("name", BINARY)
def test_binary_is_never_written_to_a_terminal(name: str, streams: dict[str, bytes]) -> None:
    status, shown, said = at_terminal(f"nat-{name}", streams[name])
    assert (status, shown) == (2, b"")
    assert b"standard output is a terminal" in said


def test_text_may_go_to_a_terminal(streams: dict[str, bytes]) -> None:
    status, shown, said = at_terminal("nat-pack", streams["pack"])
    assert status == 0 and shown.startswith(b'{"event":"header"') and said == b""


@pytest.mark.parametrize("name", STAGES[1:])
def test_a_stream_is_not_read_from_a_terminal(name: str) -> None:
    status, _, said = at_terminal(f"nat-{name}", fd=0)
    assert status == 2 and b"which is a terminal" in said


def test_progress_shows_only_at_a_terminal(tmp_path: Path) -> None:
    data = sh("nat-split | nat-decode", wav(noise(90))).stdout
    (tmp_path / "pcm").write_bytes(data)
    slow = (
        f"(head -c 8000000 {tmp_path}/pcm; sleep 0.4; tail -c +8000001 {tmp_path}/pcm) | nat-embed %s > {tmp_path}/out"
    )
    shown = at_terminal(slow % "", fd=2)[1].decode()
    assert re.search(r"\x1b\[24Cnat-embed: item 1, [1-9]\d s of sound, \d+ times real time\x1b\[K", shown), shown
    assert shown.endswith("\r\x1b[K") and "left" not in shown
    assert at_terminal(slow % "-q", fd=2)[1] == b""
    assert sh(slow % "").stderr == b""


def test_what_reads_files_shows_the_time_left_and_what_writes_a_file_the_rest(tmp_path: Path) -> None:
    (tmp_path / "long.wav").write_bytes(wav(noise(240)))
    line = f"nat-split %s | (head -c 9000000; sleep 0.7; cat) | nat-decode > {tmp_path}/pcm"
    shown = at_terminal(line % f"{tmp_path}/long.wav", fd=2)[1].decode()
    assert re.search(r"\r +\d+%, 0:\d\d left +\r", shown) and "nat-decode: item 1, 0:0" in shown, shown
    assert " left" not in at_terminal(f"cat {tmp_path}/long.wav | " + line % "", fd=2)[1].decode()
