"""The README's ways to hear many files on many machines give what the plain pipe gives."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import BIN, HANGS, ROOT, needs, noise, sh, tone, wav

PIPE = "nat-split {} | nat-decode | nat-embed | nat-quantize | nat-pack"


def blocks(kind: str) -> list[str]:
    """The fenced blocks of this kind in the README."""
    return re.findall(rf"^```{kind}\n(.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S)


def line(word: str) -> str:
    """The one shell line of the README with this word."""
    (found,) = [found for block in blocks("sh") for found in block.splitlines() if word in found]
    return found


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """A folder with three files and no room for a careless shell."""
    folder = tmp_path / "recordings"
    (folder / "more of it").mkdir(parents=True)
    (folder / "a.wav").write_bytes(wav(tone(330, 2)))
    (folder / "more of it" / "b's.flac").write_bytes(wav(noise(1.5), form="FLAC"))
    (folder / "more of it" / "c.wav").write_bytes(wav(tone(880, 1, 16000), 16000))
    return folder


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".ndjson")


def plain(path: str, cwd: Path) -> bytes:
    """What the plain pipe makes of one file."""
    return sh(PIPE.format('"$F"'), cwd=cwd, F=path).stdout


def check(folder: Path, absolute: bool = False) -> None:
    """Beside each file lies what the plain pipe makes of it."""
    for path in files(folder):
        found = Path(f"{path}.ndjson").read_bytes()
        assert found == plain(str(path if absolute else path.relative_to(folder.parent)), folder.parent)
        assert found.count(b"\n") > 10


@needs("parallel")
def test_parallel(recordings: Path, tmp_path: Path) -> None:
    sh(line("-j2"), cwd=tmp_path)
    check(recordings)


@pytest.mark.slow
@needs("parallel")
def test_parallel_over_ssh(recordings: Path, tmp_path: Path) -> None:
    """An ssh in whose place a shell of its own runs here, and takes down where it was sent."""
    ssh = tmp_path / "ssh"
    ssh.write_text(f'#!/bin/bash\necho "$1" >> {tmp_path}/hosts\nshift\n[[ $1 != -- ]] || shift\nexec bash -c "$*"\n')
    ssh.chmod(0o755)
    login = {"HOME": str(tmp_path), "SHELL": "/bin/bash"}  # parallel reads them on both sides; CI may have neither
    sh(line("-S alpha,beta"), cwd=tmp_path, PARALLEL_SSH=str(ssh), **login)
    check(recordings)
    assert {"alpha", "beta"} <= set((tmp_path / "hosts").read_text().split())


def test_a_slurm_array(recordings: Path, tmp_path: Path) -> None:
    (script,) = blocks("bash")
    (tmp_path / "hear.sbatch").write_text(script)
    sh('find "$PWD/recordings" -type f > list', cwd=tmp_path)
    assert 'find "$PWD/recordings" -type f > list' in (ROOT / "README.md").read_text()
    for task in range(1, 4):
        sh("bash hear.sbatch", cwd=tmp_path, SLURM_ARRAY_TASK_ID=str(task))
    check(recordings, absolute=True)


@pytest.mark.spark
@needs("java")
@pytest.mark.skipif(not importlib.util.find_spec("pyspark"), reason="pyspark is not installed (make .venv/.spark)")
def test_spark(recordings: Path, tmp_path: Path) -> None:
    (script,) = [block for block in blocks("python") if "SparkContext" in block]
    (tmp_path / "hear_spark.py").write_text(script)
    env = {
        **os.environ,
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    expected = {
        "each": b"".join(plain(str(path), tmp_path) for path in files(recordings)),
        "one": sh(
            "find \"$PWD/recordings\" -type f | LC_ALL=C sort | xargs -d '\\n' " + PIPE.format(""), cwd=tmp_path
        ).stdout,
    }
    for name, more in (("each", []), ("one", ["1"])):
        command = [sys.executable, "hear_spark.py", str(recordings), name, *more]
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, timeout=HANGS)
        assert done.returncode == 0, done.stderr.decode()[-2000:]
        parts = sorted((tmp_path / name).glob("part-*"))
        assert len(parts) == (3 if name == "each" else 1)
        assert b"".join(part.read_bytes() for part in parts) == expected[name]
