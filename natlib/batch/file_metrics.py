"""Figures of one file's outputs: python -m natlib.batch.file_metrics FOLDER, as JSON on standard output.

FOLDER holds what `make all-outputs` leaves: features, tokens, heard.ndjson, the source, and in .made what each command
took. nat.7 explains the figures.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import wire
from ..files import records
from ..stats import entropy
from ..wire import Head

SHIFTS = 8  # shifts of one layer against another, to find what the two share by chance
STAGES = ("nat-split", "nat-decode", "nat-embed", "nat-quantize", "nat-pack")

Codes = NDArray[np.int64]


def read(path: Path) -> tuple[Head, Head, NDArray[np.uint8]]:
    """The header, the end and the rows, as bytes (rows, size), of the one item of a stream. Raises WireError."""
    head: Head = {}
    end: Head = {}
    blocks = [b""]
    with path.open("rb") as file:
        for record in records(file):
            if record.event == "header":
                head = record.head
            elif record.event == "data":
                blocks.append(record.payload)
            elif record.event == "end":
                end = record.head
    return head, end, np.frombuffer(b"".join(blocks), np.uint8).reshape(-1, wire.row_size(head) or 1)


def joint(a: Codes, b: Codes) -> float:
    """The entropy of pairs of codes, in bits."""
    return entropy(np.unique(a * 65536 + b, return_counts=True)[1].tolist())


def shared(a: Codes, b: Codes) -> tuple[float, float]:
    """The mutual information of two layers in bits, and what it comes to by chance.

    With few frames, an estimate from counts is far too high. To see how far, the estimate is repeated with one layer
    shifted in time against the other, wrapping round at the end: each layer stays the same, and only the link between
    them is lost.
    """
    alone = entropy(np.bincount(a).tolist()) + entropy(np.bincount(b).tolist())
    steps = sorted({len(a) * k // (SHIFTS + 1) for k in range(1, SHIFTS + 1)} - {0})
    chance = [alone - joint(a, np.roll(b, step)) for step in steps]
    return alone - joint(a, b), float(np.mean(chance)) if chance else 0.0


def distortion(folder: Path) -> list[float | None]:
    """For each layer, what quantization leaves; None if the codebook is none that ships."""
    command = [
        sys.executable,
        "-P",
        "-m",
        "natlib.quantize.distortion",
        str(folder / "features"),
        str(folder / "tokens"),
    ]
    return list(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))


def digits(value: float) -> float:
    """`value` to four significant digits."""
    return float(f"{value:.4g}")


def metrics(folder: Path) -> Head:
    """The figures. Raises OSError and WireError for missing or broken files."""
    head, end, grid = read(folder / "tokens")
    layers = head["layers"]
    codes: Codes = grid.view("<u2")[:, : len(layers)].astype(np.int64)
    frames, names = len(codes), [str(layer["name"]) for layer in layers]
    seconds = frames / head["frame_rate"]
    left = distortion(folder)
    figures: list[Head] = []
    for number, layer in enumerate(layers):
        counts = np.bincount(codes[:, number], minlength=layer["vocab"])
        bits = entropy(counts.tolist())
        used, most = int(np.count_nonzero(counts)), math.log2(max(layer["vocab"], 2))
        figures.append({
            "name": names[number], "vocab": layer["vocab"], "used": used, "utilisation": digits(used / layer["vocab"]),
            "entropy_bits": digits(bits), "entropy_share": digits(bits / most),
            "changes_per_second": digits(np.count_nonzero(np.diff(codes[:, number])) / seconds),
            "distortion": left[number],
        })  # fmt: skip
    kinds = [layer.get("type") == "semantic" for layer in layers]
    pairs = {(s, a): shared(codes[:, s], codes[:, a]) for s in range(len(layers)) if kinds[s]
             for a in range(len(layers)) if not kinds[a]}  # fmt: skip
    both: list[Head] = [{}, {}]
    for (s, a), values in pairs.items():
        for table, value in zip(both, values, strict=True):
            table.setdefault(names[s], {})[names[a]] = digits(value)
    sizes: dict[str, int] = {
        "source": (folder / "source").stat().st_size,
        "pcm_16_bit": 2 * end["samples"] * head.get("channels", 1),
        "tokens": math.ceil(frames * sum(math.log2(max(layer["vocab"], 2)) for layer in layers) / 8),
        "tokens_at_their_entropy": math.ceil(frames * sum(layer["entropy_bits"] for layer in figures) / 8),
        "ndjson": (folder / "heard.ndjson").stat().st_size,
    }
    with (folder / "heard.ndjson").open("rb") as file:
        heard = json.loads(file.read().splitlines()[-1]).get("stats", {})
    took = {stage: path for stage in STAGES if (path := folder / ".made" / stage).exists()}
    return {
        "name": head.get("name"), "seconds": digits(seconds), "frames": frames, "frame_rate": head["frame_rate"],
        "tokens": frames * len(layers), "tokens_per_second": digits(frames * len(layers) / seconds),
        "llm_tokens": heard.get("llm_tokens"), "layers": figures,
        "mutual_information_bits": both[0], "mutual_information_bits_by_chance": both[1],
        "bytes": sizes, "bits_per_second": {name: digits(8 * size / seconds) for name, size in sizes.items()},
        "smaller_than_pcm": {name: digits(sizes["pcm_16_bit"] / max(size, 1)) for name, size in sizes.items()},
        "stages": {stage: json.loads(path.read_text()) for stage, path in took.items()},
        "columns": {
            **{str(entry.get("name")): entry["width"] for entry in head["streams"]},
            "measures": {str(entry.get("name")): entry.get("unit") for entry in head.get("measures", [])},
        },
    }  # fmt: skip


def main(folder: str) -> None:
    """Write the figures."""
    result: Any = metrics(Path(folder))
    print(json.dumps(result, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (OSError, subprocess.CalledProcessError, wire.WireError) as error:
        sys.exit(f"natlib.batch.file_metrics: {error}")
