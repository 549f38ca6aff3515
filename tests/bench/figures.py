"""What README says in figures, measured again: python tests/bench/figures.py

Over ../shared/audio where it is there, else over the demo's piece. Prints a line for each figure: what is claimed, the
range that keeps the claim true, what was measured. Exits 1 where one is out of its range.
"""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from math import log2
from pathlib import Path
from statistics import median

sys.path[:0] = [str(Path(__file__).resolve().parents[up]) for up in (1, 2)]
from helpers import AUDIO, ROOT, sh, wav  # noqa: E402

from natlib import demo as synth  # noqa: E402
from natlib.pack.statistics import estimate  # noqa: E402

README = (ROOT / "README.md").read_text()


def packed(paths: list[Path], folder: Path, view: str) -> list[int]:
    """Tokens of each file in a view, by estimate."""
    return [estimate(sh(f"nat-pack --view {view} '{folder}/{i}'").stdout.decode()) for i in range(len(paths))]


def measured(folder: Path) -> Iterator[tuple[str, float, float, float]]:
    """The claim as it stands in README, the least and the most that keep it true, what was measured."""
    paths = [path for path in sorted(AUDIO.rglob("*")) if path.suffix in (".flac", ".ogg", ".mp3", ".wav")]
    if not paths:
        paths = [folder / "piece.wav"]
        paths[0].write_bytes(wav(synth.piece()))
    for i, path in enumerate(paths):
        sh(f"nat-split '{path}' | nat-decode | nat-embed | nat-quantize > {folder}/{i}", status=None)
    ndjson, table, words = (packed(paths, folder, view) for view in ("ndjson", "table", "words"))
    shares = [100 * few / many for few, many in zip(words, ndjson, strict=True)]
    yield "in about a fifth of the tokens", 17, 25, median(shares)
    shares = [100 * few / many for few, many in zip(table, ndjson, strict=True)]
    yield "everything, in 36 to 49 %", 35.5, 49.5, min(shares)
    yield "everything, in 36 to 49 %", 35.5, 49.5, max(shares)
    prompts = [estimate(sh(f"nat-pack --prompt '{folder}/{i}'").stdout.decode()) for i in range(0, len(paths), 8)]
    yield "at most 8,000 tokens", 1, 8000, max(prompts)

    piece = folder / "piece.wav"
    piece.write_bytes(wav(synth.piece()))
    head = json.loads(
        sh(f"nat-split '{piece}' | nat-decode | nat-embed | nat-quantize | nat-pack | head -n 1", status=None).stdout
    )
    yield "Its codes come to 0.65 kbit/s", 0.645, 0.655, sum(log2(layer["vocab"]) for layer in head["layers"]) / 80
    yield "Samples take 10 MB a minute at 44.1 kHz", 9.5, 11, 44100 * 4 * 60 / 1e6

    for goal, claim, least, most in (
        ("all-outputs", "seven seconds of a processor", 4, 10),
        ("batch", "needs less than one", 0, 1.3),
    ):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = ["make", "-s", goal, f"FILES={piece}", f"OUT={folder}/out-{goal}"]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        yield claim, least, most, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    """Print the table. Returns the exit status."""
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for claim, least, most, got in measured(Path(folder)):
            words = r"\s+".join(map(re.escape, claim.replace("\\n", " ").split()))
            ok = least <= got <= most and bool(re.search(words, README))
            wrong |= not ok
            told = " ".join(claim.replace("\\n", " ").split())
            print(f"{'ok   ' if ok else 'WRONG'} {got:9.3g}  of {least:.3g} to {most:.3g}: {told}", flush=True)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
