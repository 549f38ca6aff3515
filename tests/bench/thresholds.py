"""What each threshold lets by: python tests/bench/thresholds.py

The ear and nat-pack run with every number of their tables (embed/spectral/thresholds.py, pack/thresholds.py) replaced
by one that counts what is compared with it. Prints for each: its value, and how much of what came to it lay above, of
noise (white, pink, brown), of bands of noise (an octave wide), of tones (sines, notes with eight harmonics, chords) and
of every eighth clip of ../shared/audio. Where a threshold tells tones from noise, the first is its false alarms, and
what the third lacks to 100 % its misses. "-": nothing came to it; what is compared after other arithmetic is not seen.
"""

from __future__ import annotations

import ast
import importlib
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parents[up]) for up in (1, 2)]
from helpers import AUDIO, PYTHON, ROOT, noise, sh, tone, wav  # noqa: E402

TABLES = {"embed": "natlib.embed.spectral.thresholds", "pack": "natlib.pack.thresholds"}
ABOVE = {np.greater, np.greater_equal}
BELOW = {np.less, np.less_equal}
KEPT = {np.multiply, np.divide, np.true_divide}  # of a threshold with what it is compared against: still that threshold
RATE = 44100


def table(module: str) -> dict[str, list[Any]]:
    """The lines of a table: name to value's text, unit, what it separates, how it was measured."""
    tree = ast.parse((ROOT / Path(*module.split("."))).with_suffix(".py").read_text())
    lines = {}
    for node in tree.body:
        call = node.value if isinstance(node, ast.Assign) else None
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "threshold":
            (name,) = (target.id for target in node.targets if isinstance(target, ast.Name))
            value, *rest = call.args
            lines[name] = [ast.unparse(value), *(ast.literal_eval(text) for text in rest)]
    return lines


counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])  # by name: how many lay above, of how many


def count(name: str, above: Any) -> Any:
    """Add what a comparison says to the counts."""
    counts[name][0] += int(np.count_nonzero(above))
    counts[name][1] += int(np.size(above))


class Watched(float):
    """A threshold that counts what it is compared with, by Python or by numpy."""

    name = ""

    def __gt__(self, other: Any) -> Any:
        return watch(self.name, np.greater, (float(self), other), 0)

    def __ge__(self, other: Any) -> Any:
        return watch(self.name, np.greater_equal, (float(self), other), 0)

    def __lt__(self, other: Any) -> Any:
        return watch(self.name, np.less, (float(self), other), 0)

    def __le__(self, other: Any) -> Any:
        return watch(self.name, np.less_equal, (float(self), other), 0)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **more: Any) -> Any:
        place = next(i for i, value in enumerate(inputs) if value is self)
        return watch(self.name, ufunc, [float(x) if isinstance(x, Watched) else x for x in inputs], place, **more)


class Scaled(np.ndarray):
    """A threshold times something: what is compared with it is counted, too."""

    name = ""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **more: Any) -> Any:
        place = next(i for i, value in enumerate(inputs) if value is self)
        plain = [np.asarray(x) if isinstance(x, Scaled) else x for x in inputs]
        if method != "__call__":
            return getattr(ufunc, method)(*plain, **more)
        return watch(self.name, ufunc, plain, place, **more)


def watch(name: str, ufunc: np.ufunc, inputs: Any, place: int, **more: Any) -> Any:
    """The result of an operation, of which the input at `place` is the threshold."""
    result = ufunc(*inputs, **more)
    if ufunc in ABOVE | BELOW:
        count(name, result if (place == 1) == (ufunc in ABOVE) else np.logical_not(result))
    elif ufunc in KEPT and isinstance(result, np.ndarray) and result.ndim:
        result = result.view(Scaled)
        result.name = name
    return result if np.ndim(result) else result.item()


def child(stage: str, out: str) -> None:
    """Run a stage with its thresholds watched; add the counts to the file `out`."""
    module = importlib.import_module(TABLES[stage])
    for name in table(TABLES[stage]):
        value = getattr(module, name)
        if isinstance(value, int | float):
            made = Watched(value)
            made.name = name
            setattr(module, name, made)
    sys.argv[:] = [f"nat-{stage}"]
    try:
        importlib.import_module(f"natlib.{stage}.command").main()
    finally:
        Path(out).write_text(json.dumps(counts))


def shaped(slope: float, low: float = 20, high: float = 20000, seconds: float = 4, seed: int = 1) -> np.ndarray:
    """Noise with a spectrum that falls by `slope` dB an octave, between `low` and `high` Hz."""
    spectrum = np.fft.rfft(noise(seconds, RATE, 1, seed))
    hertz = np.fft.rfftfreq(round(seconds * RATE), 1 / RATE)
    spectrum *= np.where((hertz >= low) & (hertz <= high), np.maximum(hertz, 1) ** (-slope / 6.02), 0)
    result = np.fft.irfft(spectrum, round(seconds * RATE))
    return 0.1 * result / np.sqrt(np.mean(result**2))


def noises() -> Iterator[np.ndarray]:
    """What has no tone in it: white, pink, brown."""
    yield from (shaped(slope, seconds=10) for slope in (0, 3, 6))


def bands() -> Iterator[np.ndarray]:
    """Noise an octave wide, which is next to a tone."""
    yield from (shaped(0, low, 2 * low, 4, seed) for seed, low in enumerate((100, 400, 1600, 6400)))


def tones() -> Iterator[np.ndarray]:
    """What is nothing else."""
    for hertz in (110, 220, 330, 880, 1760, 3520):
        yield tone(hertz, 2, RATE, 0.2)
    fade = np.exp(-3 * np.arange(RATE) / RATE)
    for notes in ((110,), (196,), (440,), (220, 277.18, 329.63)):
        partials = sum(tone(hertz * k, 1, RATE, 0.2 / k) for hertz in notes for k in range(1, 9)) / len(notes)
        yield np.tile(partials * fade, 3)


def measured(paths: list[str], folder: Path) -> dict[str, list[int]]:
    """The counts over these files, by table and name."""
    files = " ".join(f"'{path}'" for path in paths)
    stages = [f"{PYTHON} {Path(__file__).resolve()} --child {stage} {folder}/{stage}" for stage in TABLES]
    sh(f"nat-split {files} | nat-decode | {' | nat-quantize | '.join(stages)} > /dev/null", timeout=3600)
    found = {stage: json.loads((folder / stage).read_text()) for stage in TABLES}
    return {f"{stage} {name}": counted for stage, lines in found.items() for name, counted in lines.items()}


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kinds: dict[str, list[str]] = {}
        for kind, sounds in (("noise", noises()), ("bands", bands()), ("tones", tones())):
            kinds[kind] = []
            for number, samples in enumerate(sounds):
                kinds[kind].append(f"{folder}/{kind}-{number}.wav")
                Path(kinds[kind][-1]).write_bytes(wav(samples, RATE))
        kinds["clips"] = [str(path) for path in sorted(AUDIO.rglob("*.*")) if path.suffix in (".flac", ".ogg", ".mp3")][
            ::8
        ]
        results = {kind: measured(paths, folder) if paths else {} for kind, paths in kinds.items()}
    print(f"{'threshold':<24}{'value':>10}  {'above: noise':>12}{'tones':>8}{'clips':>8}  what it separates")
    for stage, module in TABLES.items():
        print(module)
        for name, (value, unit, separates, how) in table(module).items():
            shares = []
            for kind in kinds:
                above, of = results[kind].get(f"{stage} {name}", (0, 0))
                shares.append(f"{above / of:.1%}" if of else "-")
            print(
                f"{name:<24}{value:>10}  {shares[0]:>14}{shares[1]:>8}{shares[2]:>8}{shares[3]:>8}"
                f"  {separates} ({unit}; {how})"
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:])
    else:
        main()
