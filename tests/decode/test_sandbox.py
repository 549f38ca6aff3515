"""What decoders might do, and what their process lets them."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from natlib.decode import decoders, sandbox


def process(main: Callable[[], object]) -> sandbox.Process:
    file = TemporaryFile()
    file.write(b"12345")
    file.flush()
    return sandbox.Process(file, main)


def test_a_decoder_that_crashes() -> None:
    def crash() -> None:
        signal.signal(signal.SIGSEGV, signal.SIG_DFL)  # pytest would tell of it at length
        os.kill(os.getpid(), signal.SIGSEGV)

    crashing = process(crash)
    assert crashing.read() == b"" and crashing.close() == -signal.SIGSEGV


def test_a_decoder_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "PATIENCE", 1)
    hanging = process(lambda: time.sleep(600))
    assert hanging.read() == b"" and hanging.stalled and hanging.close() == -signal.SIGKILL

    def spin() -> None:
        while True:
            decoders._write(b"x")

    spinning = process(spin)
    while spinning.read():
        pass
    assert spinning.close() == -signal.SIGXCPU


def test_a_decoder_whose_parent_is_gone() -> None:
    alive, held = os.pipe()  # held open by all descendants, so it ends with the last of them
    if not (parent := os.fork()):
        process(lambda: [decoders._write(bytes(1 << 16)) for _ in range(1000)])
        os._exit(0)
    os.close(held)
    os.waitpid(parent, 0)
    assert select.select([alive], [], [], 30)[0] and os.read(alive, 1) == b""
    os.close(alive)


def test_a_decoder_is_its_parents_to_end() -> None:
    """One that was not closed yet when the next one is made lies in that one's memory too, and is collected there."""
    first = process(lambda: time.sleep(600))
    second = process(lambda: os.write(1, b"%d" % first.close()))
    said = second.read()
    second.close()  # it may be gone already or not: either status is right
    assert first.close() == -signal.SIGKILL and said == b"0"


def test_a_decoder_that_takes_memory_or_writes_files(tmp_path: Path) -> None:
    hungry = process(lambda: print(len(bytearray(sandbox.SPACE))))
    assert hungry.read() == b"" and hungry.close() == 1 and hungry.log == b"MemoryError"
    writing = process(lambda: print((tmp_path / "x").write_bytes(b"x")))
    assert writing.read() == b"" and writing.close() != 0 and (tmp_path / "x").stat().st_size == 0


def test_a_decoder_that_never_ends() -> None:
    class Endless(decoders.Decoder):
        name, format, encoding, sample_rate, channels = "x", "x", "x", 8000, 1

        def _header(self) -> bytes:
            return b""

        def _complaint(self, status: int) -> str:
            return ""

    def write() -> None:
        while True:
            os.write(1, bytes(1 << 16))

    file = TemporaryFile()
    endless = Endless(sandbox.Process(file, write))
    total = 0
    with pytest.raises(sandbox.Broken, match="more sound than 0 bytes can mean"):
        for block in endless.blocks():
            total += block.nbytes
    assert total <= decoders.YIELD * 1024 and endless.process.pid == 0
