"""What the tests share: running real pipes, in every way in which a processor can, records, making sounds."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterable
from pathlib import Path
from platform import machine
from typing import Any

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

HANGS = 900  # seconds after which what runs is taken to hang: ten times what a busy machine with one core needs


def needs(program: str) -> pytest.MarkDecorator:
    """Skip, and say so, where a program that the test uses is not installed."""
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def sh(
    line: str, stdin: bytes = b"", status: int | None = 0, cwd: Path | None = None, timeout: float = HANGS, **env: str
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
    """White noise, float64, shape (n,), nearly normal: of PCG64's bits, which no version of numpy may change (NEP 19).

    Each number is the sum of twelve uniform ones of 21 bits, less its mean: variance 1, and no rounding anywhere.
    """
    n = round(seconds * rate)
    words = np.random.PCG64(seed).random_raw(4 * n).reshape(n, 4)
    total = sum(((words >> np.uint64(shift)) & np.uint64(2**21 - 1)).sum(axis=1) for shift in (0, 21, 42))
    return amplitude * (np.asarray(total, dtype=np.float64) / 2**21 - 6)


# How numpy computes here. A launcher in bin/ runs this Python, so its numpy is the one that counts.
PYTHON = next((str(path) for path in [ROOT / ".venv/bin/python"] if os.access(path, os.X_OK)), "python3")

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

# The kernels of OpenBLAS that its builds for a processor can be asked for (its driver/others/dynamic*.c).
CORES = {
    "x86_64": "Prescott Core2 Nehalem Sandybridge Haswell Zen SkylakeX Cooperlake SapphireRapids",
    "aarch64": "ARMV8 CORTEXA53 CORTEXA57 THUNDERX NEOVERSEN1 NEOVERSEV1 NEOVERSEN2 ARMV8SVE A64FX",
}
CALLED = {"Prescott": "Katmai"}  # by the library itself


def probe(**env: str) -> dict[str, Any] | str:
    """What numpy and its BLAS run on under this environment; in words, what happened, where they do not run."""
    try:
        done = subprocess.run([PYTHON, "-c", PROBE], env=os.environ | env, capture_output=True, timeout=HANGS)
    except subprocess.TimeoutExpired:
        return "hangs"
    if done.returncode < 0:
        return f"dies of {signal.Signals(-done.returncode).name}"
    try:
        found = json.loads(done.stdout)
        return {"core": found["core"], "threads": found["threads"], "dispatch": found["dispatch"]}
    except (ValueError, LookupError, TypeError):
        return f"exits {done.returncode}, and says {done.stdout[-100:]!r}"


def variants() -> tuple[list[dict[str, str]], list[str]]:
    """Every environment that makes numpy compute in another way here, each seen to take effect; and, in words, each
    that does not: a kernel whose instructions this processor lacks dies of SIGILL, or another one is taken instead.
    """  # fmt: skip
    usual = probe()
    assert isinstance(usual, dict), f"numpy does not run here: {PYTHON} {usual}"
    dispatch: list[str] = usual["dispatch"]
    tried: list[tuple[dict[str, str], str, Any]] = [
        ({"OPENBLAS_CORETYPE": core}, "core", CALLED.get(core, core))
        for core in CORES.get({"AMD64": "x86_64", "arm64": "aarch64"}.get(machine(), machine()), "").split()
        if CALLED.get(core, core).lower() != usual["core"].lower()
    ]
    for threads in (1, 2):
        tried += [({name: str(threads)}, "threads", threads) for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")]
    for count in range(len(dispatch)):
        tried.append(({"NPY_DISABLE_CPU_FEATURES": " ".join(dispatch[count:])}, "dispatch", dispatch[:count]))
    there: list[dict[str, str]] = []
    missing: list[str] = []
    for env, field, wanted in tried:
        found = probe(**env)
        got = found if isinstance(found, str) else found[field]
        if str(got).lower() == str(wanted).lower():
            there.append(env)
        else:
            (name, value), *_ = env.items()
            missing.append(f"{name}={value}: {got if isinstance(found, str) else f'{field} is {got}'}")
    return there, missing
