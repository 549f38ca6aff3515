"""How far the features of MERT-v1-95M are from the processor's in float32: on a GPU, in other dtypes, in batches.

    .venv/bin/python tests/bench/devices.py [--model FOLDER] [FILE.wav]

Without --model, random weights of the published shape. The same nat-embed commands as a user's; every line tells the
largest difference and the root mean square of all, against the root mean square of the features. Where there is no GPU,
that is said.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from pretrained import ROOT, model, sound  # beside this file; it finds natlib and tests

from natlib import wire


def features(command: list[str]) -> tuple[np.ndarray, float]:
    """S and A of all items, (frames, width), and seconds."""
    begun = time.monotonic()
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr.decode())
    rows, width, row = [], 0, 1
    for record in wire.Reader().feed(done.stdout):
        if record.event == "header":
            width = sum(stream["width"] for stream in record.head["streams"])
            row = wire.row_size(record.head) // 4
        elif record.event == "data":
            rows.append(np.frombuffer(record.payload, "<f4").reshape(-1, row)[:, :width])
    return np.concatenate(rows), time.monotonic() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model")
    parser.add_argument("file", nargs="?")
    options = parser.parse_args()
    import torch

    with tempfile.TemporaryDirectory() as place:
        os.environ["XDG_CACHE_HOME"] = place
        pcm = sound(Path(place, "pcm"), 60)
        if options.file:
            line = '"$0"/nat-split "$1" | "$0"/nat-decode'
            done = subprocess.run(["bash", "-c", line, ROOT / "bin", options.file], capture_output=True, check=True)
            pcm.write_bytes(done.stdout)
        folder = options.model or str(model(Path(place, "mert")))
        embed = [str(ROOT / "bin/nat-embed"), "--model", folder, str(pcm)]
        expected, seconds = features([*embed, "--device", "cpu"])
        size = np.sqrt((expected.astype(np.float64) ** 2).mean())
        print(f"cpu float32                        {len(expected)} rows, {seconds:.1f} s")
        ways = ["--device cpu --dtype bfloat16", "--device cpu --runtime onnxruntime"]
        gpu = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else ""
        if gpu:
            ways += [f"--device {gpu} {more}" for more in ("", "--batch 1", "--deterministic", "--dtype bfloat16")]
        for way in ways:
            found, seconds = features([*embed, *way.split()])
            error = found.astype(np.float64) - expected
            told = f"largest {np.abs(error).max():.1e}, {np.sqrt((error**2).mean()) / size:.1e} of the features' size"
            print(f"{way.strip():34} {told}, {seconds:.1f} s", flush=True)
        if not gpu:
            print(f"no GPU here: torch {torch.__version__} finds neither cuda nor mps", file=sys.stderr)


if __name__ == "__main__":
    main()
