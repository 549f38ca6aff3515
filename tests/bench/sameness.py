"""The same tokens everywhere? python tests/bench/sameness.py FILE, a PCM stream of nat-decode.

Runs nat-embed and nat-quantize over it in every way in which this processor can run them: numpy's dispatch with and
without each set of instructions, every kernel of OpenBLAS, one thread and two; then with pipes that give so many bytes
at a time; then each item alone. Each way has to take effect, and to give the same bytes. Prints a line for each, and
exits 1 where one differs.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[up]) for up in (1, 2)]
from helpers import records, sh  # noqa: E402

from natlib import wire  # noqa: E402

KERNELS = ("Katmai", "Nehalem", "Sandybridge", "Haswell", "SkylakeX")  # as OpenBLAS calls them when asked
ASKED = {"Katmai": "Prescott"}
PROBE = """
import ctypes, pathlib, numpy
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__
libraries = pathlib.Path(numpy.__file__).parent.parent.glob("numpy.libs/*openblas*")
blas = ctypes.CDLL(str(next(libraries)))
blas.scipy_openblas_get_corename64_.restype = ctypes.c_char_p
print(blas.scipy_openblas_get_corename64_().decode(), blas.scipy_openblas_get_num_threads64_(),
      *(name for name in __cpu_dispatch__ if __cpu_features__[name]))
"""


def probe(env: dict[str, str]) -> tuple[str, int, list[str]]:
    """With these variables: OpenBLAS's kernel, its threads, and the sets of instructions that numpy uses."""
    done = subprocess.run([sys.executable, "-c", PROBE], env={**os.environ, **env}, capture_output=True, check=True)
    kernel, threads, *features = done.stdout.decode().split()
    return kernel, int(threads), features


def variants() -> Iterator[tuple[str, dict[str, str]]]:
    """Ways to compute, each seen to take effect. Raises AssertionError where one does not."""
    _, _, features = probe({})
    for first in range(len(features)):
        off = " ".join(features[first:])
        env = {"NPY_DISABLE_CPU_FEATURES": off, "OPENBLAS_NUM_THREADS": "1"}
        assert probe(env)[2] == features[:first], f"{off} is still there"
        yield f"without {off}", env
    for kernel in KERNELS:
        for threads in (1, 2):
            env = {"OPENBLAS_CORETYPE": ASKED.get(kernel, kernel), "OPENBLAS_NUM_THREADS": str(threads)}
            got, number, _ = probe(env)
            if got != kernel:
                print(f"{kernel}: not on this processor (it runs {got})")
                break
            assert number == threads or os.cpu_count() == 1, f"{number} threads, expected {threads}"
            yield f"{kernel}, {threads} threads", env


def tokens(pcm: bytes, reading: str = "cat", **env: str) -> bytes:
    """The token stream of a PCM stream that comes through the command `reading`."""
    return sh(f"{reading} | nat-embed | nat-quantize", pcm, timeout=3600, **env).stdout


def alone(stream: bytes) -> list[bytes]:
    """Each item of a record stream as a stream of its own."""
    result: list[list[bytes]] = []
    for record in records(stream):
        if record.event == "header":
            writer, parts = wire.Writer(), []
            result.append(parts)
        if record.event != "close":
            parts += writer.write(*record)
            if record.event in ("end", "error"):
                parts += writer.write({"event": "close"})
    return [b"".join(parts) for parts in result]


def main(file: str) -> int:
    """Print the table. Returns the exit status."""
    pcm, worst = Path(file).read_bytes(), 0
    plain = tokens(pcm)

    def compare(name: str, got: bytes, wanted: bytes = plain) -> None:
        nonlocal worst
        worst |= got != wanted
        print(hashlib.sha256(got).hexdigest()[:16], "same     " if got == wanted else "DIFFERENT", name, flush=True)

    compare("plain", tokens(pcm))
    for name, env in variants():
        compare(name, tokens(pcm, **env))
    for size in (4097, 1 << 24):
        compare(f"{size} bytes at a time", tokens(pcm, f"dd bs={size} status=none"))
    items, wanted = alone(pcm), alone(plain)
    short = min(items, key=len)
    compare("a byte at a time (the shortest item)", tokens(short, "dd bs=1 status=none"), wanted[items.index(short)])
    compare(f"{len(items)} items alone", b"".join(map(tokens, items)), b"".join(wanted))
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
