"""How fast nat-embed runs MERT-v1-95M, and in how much memory, beside calling the model by hand.

    .venv/bin/python tests/bench/pretrained.py [--seconds 240] [--rounds 3] [--hour]

By hand is what the model's card shows: resample, then HubertModel of transformers on whole pieces of 30 s, all layers,
in one process, float32. Both read the same samples at 44.1 kHz, both start their libraries; nat-embed measures the
sound too. The weights are random, of the published shape. All ways take turns, so that their ratios hold on a busy
machine; the least time of each is told. --hour: how much more memory an hour takes than a minute.
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

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

BY_HAND = """
import json, sys
import numpy as np, soxr, torch
from natlib import wire
from transformers import HubertConfig, HubertModel
folder, path = sys.argv[1:]
settings = json.load(open(folder + "/config.json"))
for key in ("model_type", "auto_map", "architectures"):
    del settings[key]
model = HubertModel(HubertConfig(**settings)).eval()
model.load_state_dict(torch.load(folder + "/pytorch_model.bin", weights_only=True), strict=False)
reader, parts = wire.Reader(), []
with open(path, "rb") as file:
    for record in reader.feed(file.read()):
        parts.append(np.frombuffer(record.payload, "<f4"))
sound = soxr.resample(np.concatenate(parts), 44100, 24000)
rows = []
with torch.inference_mode():
    for start in range(0, len(sound), 30 * 24000):
        piece = torch.from_numpy(sound[start : start + 30 * 24000])[None]
        states = model(piece, output_hidden_states=True).hidden_states
        rows.append(torch.cat((states[7], (states[1] + states[2]) / 2), dim=2)[0].numpy())
np.concatenate(rows).tofile("/dev/null")
"""


def model(folder: Path) -> Path:
    """MERT-v1-95M with random weights."""
    from test_pretrained import MERT, build, write

    return write(build(MERT), MERT, folder)


def sound(path: Path, seconds: float) -> Path:
    """A PCM stream of tones and noise."""
    from natlib import wire

    bits = np.random.default_rng(1)
    writer = wire.Writer()
    head = {"event": "header", "kind": "pcm", "name": "bench", "sample_rate": 44100, "channels": 1}
    with path.open("wb") as file:
        file.writelines(writer.write(head))
        for start in range(0, round(seconds * 44100), 44100):
            times = np.arange(start, start + 44100) / 44100
            block = 0.2 * np.sin(2 * np.pi * 220 * times) * np.sin(np.pi * times) + 0.02 * bits.standard_normal(44100)
            file.writelines(writer.write({"event": "data"}, block.astype("<f4").tobytes()))
        file.writelines(writer.write({"event": "end"}) + writer.write({"event": "close"}))
    return path


def run(command: list[str]) -> tuple[float, float, float]:
    """Seconds on the clock, seconds of processors, and peak memory in MB."""
    begun = time.monotonic()
    # a child's peak begins at its parent's, so a small one stands between
    small = "import os, subprocess, sys; p = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL); "
    small += "_, status, usage = os.wait4(p.pid, 0); print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss, status)"
    done = subprocess.run([sys.executable, "-c", small, *command], capture_output=True, text=True, check=True, cwd=ROOT)
    cpu, peak, status = map(float, done.stdout.split())
    assert status == 0, done.stderr
    return time.monotonic() - begun, cpu, peak / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=240)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--hour", action="store_true")
    options = parser.parse_args()
    os.environ["PYTHONPATH"] = str(ROOT)
    with tempfile.TemporaryDirectory() as place:
        folder = str(model(Path(place, "mert")))
        os.environ["XDG_CACHE_HOME"] = place
        embed = [str(ROOT / "bin/nat-embed"), "--model", folder]
        pcm = str(sound(Path(place, "pcm"), options.seconds))
        if options.hour:
            for extra in (["--dtype", "bfloat16"], []):
                minute = run([*embed, *extra, str(sound(Path(place, "minute"), 60))])[2]
                hour = run([*embed, *extra, str(sound(Path(place, "hour"), 3600))])[2]
                print(f"{' '.join(extra) or 'float32'}: a minute {minute:.0f} MB, an hour {hour:.0f} MB", flush=True)
            return
        ways = {
            "by hand, float32": [sys.executable, "-c", BY_HAND, folder, pcm],
            "nat-embed": [*embed, pcm],
            "nat-embed --dtype bfloat16": [*embed, "--dtype", "bfloat16", pcm],
            "nat-embed --runtime onnxruntime": [*embed, "--runtime", "onnxruntime", pcm],
        }
        run([*embed, "--runtime", "onnxruntime", str(sound(Path(place, "short"), 1))])  # makes the export
        found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ways}
        for _ in range(options.rounds):
            for name, command in ways.items():
                found[name].append(run(command))
        (hand_clock, hand_cpu, _), *_ = [[min(column) for column in zip(*runs, strict=True)] for runs in found.values()]
        print(f"{options.seconds} s of sound        clock    ratio  processors    ratio  peak memory")
        for name, runs in found.items():
            clock, cpu, _ = (min(column) for column in zip(*runs, strict=True))
            peak = max(entry[2] for entry in runs)
            told = f"{clock:7.1f} s {hand_clock / clock:8.2f} {cpu:9.1f} s {hand_cpu / cpu:8.2f} {peak:9.0f} MB"
            print(f"{name:32} {told}", flush=True)


if __name__ == "__main__":
    main()
