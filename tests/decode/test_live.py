"""Sound that goes on: what comes when, and the memory that it takes."""

from __future__ import annotations

import io
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from decoding import DECODED, chunk, fmt, item, riff
from helpers import BIN, records, sh, stream, tone, wav


def test_sound_comes_out_as_it_goes_in() -> None:
    """Each sample that is in must be out before the next is sent: this would wait for ever if it were not."""
    live = item(riff(fmt(), chunk(b"data", b"", 0xFFFFFFFF), size=0xFFFFFFFF), "wav")[:2]
    with subprocess.Popen([BIN / "nat-decode"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin and process.stdout
        timer = threading.Timer(60, process.kill)  # so that a hang is a failure
        timer.start()
        try:
            process.stdin.write(stream(*live))
            process.stdin.flush()
            assert b'"kind":"pcm"' in process.stdout.readline()
            for number in range(1, 6):
                piece = np.full(number, number, "<i2").tobytes()
                process.stdin.write(b'{"event":"data","bytes":%d}\n' % len(piece) + piece)
                process.stdin.flush()
                assert b'"bytes":%d' % (4 * number) in process.stdout.readline()
                assert np.frombuffer(process.stdout.read(4 * number), "<f4").tolist() == [number / 32768] * number
        finally:
            timer.cancel()
            process.kill()


@pytest.mark.slow
def test_mp3_and_ogg_that_go_on_are_heard_before_they_end() -> None:
    """The same samples come as of the whole file at once."""
    sounds = []
    for form, kind in (DECODED["mp3"], DECODED["vorbis"]):
        file = io.BytesIO()
        with soundfile.SoundFile(file, "w", 44100, 1, kind, format=form) as sound:
            for second in range(60):  # libsndfile overruns its stack where Ogg is written in one long piece
                sound.write(tone(200 + second))
        sounds.append(file.getvalue())
    pipes = [subprocess.Popen(["bash", "-c", "nat-split | nat-decode"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}) for _ in sounds]  # fmt: skip
    heard, step, steps = [b"", b""], 0, 200
    while min(map(len, heard)) <= 44100 * 4:  # a second; a decoder looks again when more has come, every now and then
        assert step < 0.9 * steps, "nothing was heard of nine tenths of a file"
        for k, (data, pipe) in enumerate(zip(sounds, pipes, strict=True)):
            assert pipe.stdin and pipe.stdout
            pipe.stdin.write(data[len(data) * step // steps : len(data) * (step + 1) // steps])
            pipe.stdin.flush()
            while select.select([pipe.stdout], [], [], 0)[0]:
                heard[k] += os.read(pipe.stdout.fileno(), 1 << 16)
        step += 1
        time.sleep(0.1)
    for before, data, pipe in zip(heard, sounds, pipes, strict=True):
        assert b'"event":"end"' not in before
        rest = pipe.communicate(data[len(data) * step // steps :])[0]
        whole = sh("nat-split | nat-decode", data).stdout
        assert pipe.returncode == 0 and records(before + rest)[-2] == records(whole)[-2]


MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def peak_memory(pieces: Iterable[bytes], *options: str, **env: str) -> float:
    """Megabytes of memory that nat-decode had at most, fed with `pieces`."""
    line = [sys.executable, "-c", MEASURED, BIN / "nat-decode", *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(line, stdin=pipe, stdout=pipe, env=os.environ | env) as process:
        assert process.stdin and process.stdout
        for piece in pieces:
            process.stdin.write(piece)
        process.stdin.close()
        return int(process.stdout.read()) * (1 if sys.platform == "darwin" else 1024) / 1e6


@pytest.mark.parametrize("options", [(), ("--channels", "keep", "--rate", "16000")])
def test_memory_does_not_grow_with_an_hour_of_sound(options: tuple[str, ...]) -> None:
    def sound(minutes: int) -> Iterator[bytes]:
        header = riff(fmt(channels=2, rate=11025), chunk(b"data", b"", 0xFFFFFFFF), size=0xFFFFFFFF)
        yield stream({"event": "header", "kind": "bytes", "name": "hour", "format": "wav"})
        for data in [header, *[bytes(44100 * 10)] * 6 * minutes]:
            yield b'{"event":"data","bytes":%d}\n' % len(data) + data
        yield b'{"event":"end"}\n{"event":"close"}\n'

    assert peak_memory(sound(60), *options) < peak_memory(sound(1), *options) + 8  # MB, of 159 that went in


def test_a_large_item_goes_to_a_file_that_leaves_no_trace(tmp_path: Path) -> None:
    sound = np.random.default_rng(0).integers(-(2**15), 2**15, 18_000_000, dtype=np.int16)  # does not compress
    file = io.BytesIO()
    soundfile.write(file, sound, 44100, format="FLAC")
    data = file.getvalue()
    assert len(data) > 34e6

    def pieces() -> Iterator[bytes]:
        for record in item(data, "flac"):
            yield stream(record) if isinstance(record, dict) and record["event"] == "header" else b""
            if isinstance(record, tuple):
                yield b'{"event":"data","bytes":%d}\n' % len(record[1]) + record[1]
        yield b'{"event":"end"}\n{"event":"close"}\n'

    small = [stream(*item(wav(tone()), "wav"), {"event": "close"})]
    assert peak_memory(pieces(), TMPDIR=str(tmp_path)) < peak_memory(small) + 16  # MB, of 34 that went in
    assert list(tmp_path.iterdir()) == []
    line = f"ulimit -f 1; TMPDIR={tmp_path} nat-decode | tail -n 2"
    assert b"temporary file in" in sh(line, b"".join(pieces()), 1).stdout
