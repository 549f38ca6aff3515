"""Several processes for one item: the same rows, notes in place, and an end in every case."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from helpers import ROOT, noise, records, sh, stream, tone

from natlib.embed import gathering
from natlib.embed.jobs import Jobs
from natlib.embed.measures import NAMES
from natlib.embed.pcm import Mono
from natlib.embed.segments import Segments
from natlib.embed.spectral.encoder import Spectral
from natlib.errors import Failure
from natlib.wire import Record

SEGMENT = 1 << 18


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    workers = Jobs(3)
    yield workers
    workers.stop()


def music(seconds: float, rate: int) -> np.ndarray:
    """Notes, strokes, noise that swells and silence: something for every measure with a past."""
    rng = np.random.default_rng(5)
    count = int(seconds * rate)
    time = np.arange(count) / rate
    sound = 0.02 * rng.standard_normal(count) * (1 + np.sin(time))
    for at in np.arange(0.3, seconds - 1, 0.47):
        start, length = int(at * rate), int(0.4 * rate)
        decay = np.exp(-np.arange(length) / (0.08 * rate))
        pitch = 110 * 2 ** (rng.integers(0, 36) / 12)
        sound[start : start + length] += 0.3 * decay * np.sin(2 * np.pi * pitch * np.arange(length) / rate)
    sound[int(0.6 * count) : int(0.63 * count)] = 0
    return sound


def plain(sound: np.ndarray, rate: int, frame_rate: Fraction) -> np.ndarray:
    encoder = Spectral(rate, frame_rate)
    return np.concatenate((encoder.feed(sound), encoder.finish(np.zeros(0))))


def same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and a.tobytes() == b.tobytes()


@pytest.mark.parametrize(
    ("rate", "frame_rate"),
    [
        (44100, Fraction(25, 2)),
        (48000, Fraction(30)),
        (22050, Fraction(7)),
        (8000, Fraction(50)),
        (11025, Fraction(25, 2)),
    ],
)
def test_any_number_of_jobs_gives_the_same_rows(rate: int, frame_rate: Fraction, jobs: Jobs) -> None:
    sound = music(3.3 * SEGMENT / rate, rate)
    segments = Segments(rate, frame_rate, NAMES, jobs, SEGMENT)
    assert segments.longest > segments.warm
    found = [segments.feed(sound[at : at + 30000]) for at in range(0, len(sound), 30000)]
    assert same(np.concatenate((*found, segments.finish(np.zeros(0)))), plain(sound, rate, frame_rate))


def test_rates_without_short_segments_are_heard_in_one_process(jobs: Jobs) -> None:
    assert Segments(44100, Fraction(25, 2), NAMES, jobs).possible
    assert not Segments(44101, Fraction("12.34"), NAMES, jobs).possible
    header = {"event": "header", "kind": "pcm", "name": "a", "sample_rate": 44101, "channels": 1}
    data = {"event": "data"}, noise(3, 44101).astype("<f4").tobytes()
    sound = stream(header, data, {"event": "end"}, {"event": "close"})
    assert records(sh("nat-embed --jobs 2 --frame-rate 12.34", sound).stdout)[-2].head["frames"] == 38


def test_what_is_put_off_comes_whenever_it_is_asked_for(jobs: Jobs) -> None:
    rate, frame_rate = 22050, Fraction(25, 2)
    sound = music(90, rate)
    expected = plain(sound, rate, frame_rate)
    rng = np.random.default_rng(1)
    for _ in range(3):
        segments, found, at = Segments(rate, frame_rate, NAMES, jobs, SEGMENT), [], 0
        while at < len(sound):
            size = int(rng.choice([1, 5000, 60000, 400000]))
            found.append(segments.feed(sound[at : at + size]))
            at = min(len(sound), at + size)
            if rng.random() < 0.2:
                found.append(segments.flush())
                assert sum(map(len, found)) == segments.ready(at)
        assert same(np.concatenate((*found, segments.finish(np.zeros(0)))), expected)


def test_a_worker_that_ends_fails_its_item_alone(jobs: Jobs) -> None:
    rate, frame_rate = 8000, Fraction(25, 2)
    sound = music(80, rate)
    segments = Segments(rate, frame_rate, NAMES, jobs, SEGMENT)
    segments.feed(sound)
    os.kill(jobs.busy[0].process.pid or 0, signal.SIGKILL)
    with pytest.raises(Failure, match="--jobs 1 needs less memory"):
        segments.finish(np.zeros(0))
    assert not len(segments.feed(sound)) and not len(segments.flush())
    again = Segments(rate, frame_rate, NAMES, jobs, SEGMENT)
    assert same(np.concatenate((again.feed(sound), again.finish(np.zeros(0)))), plain(sound, rate, frame_rate))


def test_pauses_put_rows_off_only_for_so_long(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(gathering.time, "monotonic", lambda: now)
    segments = Segments(8000, Fraction(25, 2), NAMES, jobs)
    item = gathering.Gathering(Record({"event": "header"}), segments, Mono(8000, 1), gathering.Blocks(8))
    assert item.patience(False) == item.patience(True) == 0
    record = Record({"event": "data"}, np.zeros(8 * 8000, "<f4").tobytes())
    item.take(record)
    now += 0.5
    assert item.patience(False) == gathering.PATIENCE  # eight seconds of sound in half a second
    now += gathering.LATEST
    assert item.patience(False) == 0
    assert item.patience(True) == gathering.PATIENCE  # somebody is at work on it: rows will come
    list(item.due())
    assert item.patience(False) == gathering.PATIENCE
    now += 9
    assert item.patience(True) == 0  # no faster than it lasts


def long_pcm() -> bytes:
    """Three minutes with notes on the way, and a short item behind it."""
    sound = np.concatenate((music(170, 44100), tone(330, 9.3)))
    table = sound.astype("<f4")
    out: list[object] = [{"event": "header", "kind": "pcm", "name": "a", "sample_rate": 44100, "channels": 1}]
    for i in range(0, len(table), 65536):
        out.append(({"event": "data"}, table[i : i + 65536].tobytes()))
        out += [{"event": "mark", "n": i}] if i % 5 == 0 else []
    short = {"event": "header", "kind": "pcm", "name": "b", "sample_rate": 48000, "channels": 1}
    out += [
        {"event": "end", "samples": len(table)},
        short,
        ({"event": "data"}, noise(1, 48000).astype("<f4").tobytes()),
    ]
    out += [{"event": "end", "samples": 48000}, {"event": "close"}]
    return stream(*out)


def test_the_command_with_jobs(tmp_path: Path) -> None:
    path = tmp_path / "long.pcm"
    path.write_bytes(long_pcm())
    one = sh(f"nat-embed --jobs 1 {path}").stdout
    assert sh(f"nat-embed --jobs 3 {path}").stdout == one
    assert sh(f"dd bs=100k status=none < {path} | nat-embed --jobs 2").stdout == one
    assert sum(record.event == "mark" for record in records(one)) > 10


def short_items(count: int) -> bytes:
    """Many items of up to four seconds, with notes; some are empty, one failed, two can't be heard or written."""
    rng = np.random.default_rng(9)
    out: list[object] = []
    for number in range(count):
        rate, channels = (8000, 44100, 48000)[number % 3], 1 + number % 2
        seconds = 0 if number % 11 == 4 else float(rng.uniform(0.01, 4))
        table = np.repeat(music(max(seconds, 2), rate)[: int(seconds * rate)], channels).astype("<f4")
        rate = 100 if number == 7 else rate
        header = {"event": "header", "kind": "pcm", "name": f"{number}", "sample_rate": rate, "channels": channels}
        out.append(header | ({"long": "x" * 60000} if number == 16 else {}))
        for i in range(0, len(table), 30000):
            out += [({"event": "data"}, table[i : i + 30000].tobytes()), {"event": "mark", "n": i}]
        failed = {"event": "error", "stage": "nat-decode", "message": "lost"}
        out.append(failed if number == 12 else {"event": "end", "samples": len(table) // channels})
    return stream(*out, {"event": "close"})


def test_short_items_in_a_row(tmp_path: Path) -> None:
    """In their order with any number of jobs, whole or broken off at any place; what fails is an item alone."""
    whole = short_items(30)
    # One can't be heard, one failed before, one has too long a header, and the last one may be broken off.
    for size, errors in ((len(whole), 3), (3 * len(whole) // 4, 4), (len(whole) // 3 + 11, 2)):
        path = tmp_path / "many.pcm"
        path.write_bytes(whole[:size])
        one = sh(f"nat-embed --jobs 1 {path}", None, 1)
        for jobs in (2, 4):
            other = sh(f"nat-embed --jobs {jobs} {path}", None, 1)
            assert other.stdout == one.stdout and other.stderr == one.stderr
        assert one.stdout.count(b'"event":"error"') == errors


def test_a_short_item_does_not_wait_for_the_next_one() -> None:
    items, close, rest = short_items(4).partition(b'{"event":"close"')
    with subprocess.Popen(
        [ROOT / "bin/nat-embed", "--jobs", "2"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin and process.stdout
        process.stdin.write(items)
        process.stdin.flush()
        got = b""
        while got.count(b'{"event":"end"') < 4:  # with nothing more to read, and no end in sight
            more = os.read(process.stdout.fileno(), 1 << 16)
            assert more
            got += more
        got += process.communicate(close + rest)[0]
    assert [record.head["name"] for record in records(got) if record.event == "header"] == ["0", "1", "2", "3"]


def test_short_items_are_written_before_the_next_file_is_opened(tmp_path: Path) -> None:
    (tmp_path / "items").write_bytes(short_items(4))
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(
        [ROOT / "bin/nat-embed", "--jobs", "2", tmp_path / "items", tmp_path / "pipe"], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        got = b""
        while got.count(b'{"event":"end"') < 4:
            more = os.read(process.stdout.fileno(), 1 << 16)
            assert more
            got += more
        (tmp_path / "pipe").write_bytes(stream({"event": "close"}))
        got += process.communicate()[0]
    assert len(records(got)) > 8 and process.returncode == 0


def test_a_short_item_is_heard_here_where_no_process_can_be(tmp_path: Path) -> None:
    path = tmp_path / "many.pcm"
    path.write_bytes(short_items(7))
    one = sh(f"nat-embed --jobs 1 {path}").stdout
    assert sh(f"ulimit -f 300; nat-embed --jobs 2 {path} | cat").stdout == one  # KB: less than a worker's buffer


def test_a_worker_that_is_killed_takes_one_answer_with_it(jobs: Jobs) -> None:
    rate, frame_rate = 8000, Fraction(25, 2)
    sounds = [noise(seconds, rate).astype(np.float64) for seconds in (1, 2, 3)]
    encoders = [Segments(rate, frame_rate, NAMES, jobs) for _ in sounds]

    def give(number: int) -> None:
        jobs.give(encoders[number].whole(sounds[number]), [sounds[number]], 4 * rate)

    give(0)
    encoders[0].past(*jobs.answer())
    os.kill(jobs.idle[0].process.pid or 0, signal.SIGSTOP)
    give(0)
    give(1)
    os.kill(jobs.busy[0].process.pid or 0, signal.SIGKILL)
    with pytest.raises(Failure, match="--jobs 1 needs less memory"):
        jobs.answer()
    assert same(encoders[1].past(*jobs.answer()), plain(sounds[1], rate, frame_rate))
    give(2)
    assert same(encoders[2].past(*jobs.answer()), plain(sounds[2], rate, frame_rate))


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def begun(process: subprocess.Popen) -> list[int]:
    """Its workers, as soon as there are any."""
    deadline = time.monotonic() + 60
    while not (workers := children(process.pid)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert workers
    return workers


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for child processes in /proc")
def test_a_killed_worker_costs_its_item_alone(tmp_path: Path) -> None:
    path = tmp_path / "long.pcm"
    path.write_bytes(long_pcm())
    with subprocess.Popen(
        [ROOT / "bin/nat-embed", "--jobs", "2", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        os.kill(begun(process)[0], signal.SIGKILL)
        out, told = process.communicate(timeout=120)
    whole = sh(f"nat-embed --jobs 1 {path}").stdout
    if process.returncode == 0:  # it had answered, and another one came in its place
        assert out == whole
        return
    found = records(out)
    assert process.returncode == 1 and b"--jobs 1 needs less memory" in told
    assert [record.event for record in found if record.event in ("end", "error", "close")] == ["error", "end", "close"]
    rows = [record.payload for record in found[: [record.event for record in found].index("error")]]
    assert b"".join(record.payload for record in records(whole)).startswith(b"".join(rows))


def test_a_worker_that_ends_while_it_waits_is_replaced(jobs: Jobs) -> None:
    rate, frame_rate = 8000, Fraction(25, 2)
    sound = music(80, rate)
    for kill in (False, True):
        if kill:
            for worker in jobs.idle:
                os.kill(worker.process.pid or 0, signal.SIGKILL)
                worker.process.join()
        segments = Segments(rate, frame_rate, NAMES, jobs, SEGMENT)
        found = np.concatenate((segments.feed(sound), segments.finish(np.zeros(0))))
        assert same(found, plain(sound, rate, frame_rate))


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for child processes in /proc")
@pytest.mark.parametrize("how", ["kill", "interrupt", "reader"])
def test_no_worker_outlives_the_command(how: str, tmp_path: Path) -> None:
    path = tmp_path / "long.pcm"
    path.write_bytes(long_pcm())
    with subprocess.Popen(
        [ROOT / "bin/nat-embed", "--jobs", "2", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        workers = begun(process)
        if how == "reader":
            assert process.stdout
            process.stdout.close()
        else:
            process.send_signal(signal.SIGKILL if how == "kill" else signal.SIGINT)
        process.wait(60)
    deadline = time.monotonic() + 60
    while any(map(alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(alive, workers))
