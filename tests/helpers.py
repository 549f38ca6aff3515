"""What the tests share: running real pipes, in every way in which a processor can, records, making sounds."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from natlib import wire
from natlib.wire import Head, Record

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / "bin"
# Real clips and odd files, where this checkout has them beside it. Tests that use them have a smaller twin that ships.
SHARED = Path(os.environ.get("NAT_SHARED", ROOT.parent / "shared"))
AUDIO = SHARED / "audio"
ZOO = SHARED / "zoo"

needs_audio = pytest.mark.skipif(not AUDIO.is_dir(), reason=f"no real clips at {AUDIO}")
needs_zoo = pytest.mark.skipif(not ZOO.is_dir(), reason=f"no odd files at {ZOO}")


def needs(program: str) -> pytest.MarkDecorator:
    """Skip, and say so, where a program that the test uses is not installed."""
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def sh(
    line: str, stdin: bytes = b"", status: int | None = 0, cwd: Path | None = None, timeout: float = 120, **env: str
) -> subprocess.CompletedProcess[bytes]:
    """Run a line of bash with pipefail and bin/ first on PATH; check its exit status (None: any)."""
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        input=stdin,
        capture_output=True,
        cwd=cwd,
        timeout=timeout,
        env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", **env},
    )
    if status is not None:
        assert done.returncode == status, f"{line}: exit {done.returncode}: {done.stderr.decode(errors='replace')}"
    return done


def records(stream: bytes) -> list[Record]:
    """Every record of a whole stream."""
    reader = wire.Reader()
    result = list(reader.feed(stream))
    reader.finish()
    return result


def stream(*heads: Head | tuple[Head, bytes]) -> bytes:
    """A stream of these records."""
    writer = wire.Writer()
    parts: list[bytes] = []
    for head in heads:
        parts += writer.write(*head) if isinstance(head, tuple) else writer.write(head)
    return b"".join(parts)


def wav(samples: Iterable[float] | np.ndarray, rate: int = 44100, subtype: str = "PCM_16", form: str = "WAV") -> bytes:
    """A sound file (WAV unless told otherwise) of `samples`, shape (n,) or (n, channels), full scale 1."""
    file = io.BytesIO()
    soundfile.write(file, np.asarray(samples, dtype=np.float64), rate, format=form, subtype=subtype)
    return file.getvalue()


def tone(hz: float = 440.0, seconds: float = 1.0, rate: int = 44100, amplitude: float = 0.5) -> np.ndarray:
    """A sine, float64, shape (n,)."""
    return amplitude * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


def noise(seconds: float = 1.0, rate: int = 44100, amplitude: float = 0.1, seed: int = 1) -> np.ndarray:
    """White noise, float64, shape (n,)."""
    return amplitude * np.random.default_rng(seed).standard_normal(round(seconds * rate))


PROBE = """
import ctypes, glob, json, os, numpy
from numpy._core import _multiarray_umath as core
found = glob.glob(os.path.join(os.path.dirname(numpy.__file__), "..", "numpy.libs", "libscipy_openblas64_*"))
numpy.ones((300, 300)) @ numpy.ones((300, 300))
blas = ctypes.CDLL(found[0]) if found else None
name = blas.scipy_openblas_get_corename64_ if blas else lambda: b"?"
name.restype = ctypes.c_char_p
print(json.dumps({"core": name().decode(), "threads": blas.scipy_openblas_get_num_threads64_() if blas else 0,
                  "dispatch": [f for f in core.__cpu_dispatch__ if core.__cpu_features__[f]]}))
"""


def probe(**env: str) -> dict:
    """What numpy and its BLAS run on under this environment."""
    return json.loads(sh(f"'{sys.executable}' -c '{PROBE}'", **env).stdout)


def variants() -> list[dict[str, str]]:
    """Every environment that makes numpy compute in another way here, each seen to take effect."""
    usual = probe()
    result: list[dict[str, str]] = []
    for core in ("Prescott", "Nehalem", "Sandybridge", "Haswell", "Zen", "SkylakeX", "ARMV8", "NEOVERSEN1"):
        called = {"Prescott": "Katmai"}.get(core, core)  # by the library itself
        if called != usual["core"] and probe(OPENBLAS_CORETYPE=core)["core"].lower() == called.lower():
            result.append({"OPENBLAS_CORETYPE": core})
    for threads in ("1", "2"):
        for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
            if probe(**{name: threads})["threads"] == int(threads):
                result.append({name: threads})
    for count in range(len(usual["dispatch"])):
        env = {"NPY_DISABLE_CPU_FEATURES": " ".join(usual["dispatch"][count:])}
        assert probe(**env)["dispatch"] == usual["dispatch"][:count]
        result.append(env)
    return result
