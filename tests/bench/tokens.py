"""What the tokens hold of a sound, layer by layer: python tests/bench/tokens.py CORPUS [CODEBOOK].

CORPUS is a folder of folders of sound files; the folders' names are taken as labels. The table has, for each layer:

accuracy    of a linear classifier (softmax regression, 4 folds) and of the nearest neighbour (leave one out) on the
            square roots of the histograms of its codes in each file, by folder; of the classifier for ten folders at
            a time, a mean of 40 draws; and for the ESC-10 clips (esc10_CLASS_…) alone, by class. What is of one
            recording, as clips of ESC-50 say (FOLD-RECORDING-TAKE-CLASS), is held out together
used, entropy   share of its codes in use, and their entropy as a share of the largest possible
changes     a second
the rest    share of frames whose code stays exactly (and within 3 numbers) when the sound is changed: 2 ms later, 3 dB
            softer, through MP3 at 128 kb/s (ffmpeg) and back, resampled to 48 and to 22.05 kHz
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

sys.path[:0] = [str(Path(__file__).resolve().parents[up]) for up in (1, 2)]
from helpers import records, sh  # noqa: E402

SOUNDS = {".aif", ".aiff", ".flac", ".mp3", ".ogg", ".opus", ".wav"}
LONGEST = 60  # seconds of each file
FOLDS = 4
DRAWS = 40  # of ten folders
Array = NDArray[np.float64]
Whole = NDArray[np.intp]
Codes = dict[str, Whole]  # of each file, (frames, layers)

CHANGES: dict[str, Callable[[Array, int], tuple[Array, int]]] = {
    "2 ms": lambda sound, rate: (sound[round(0.002 * rate) :], rate),
    "-3 dB": lambda sound, rate: (sound * 10 ** (-3 / 20), rate),
    "mp3": lambda sound, rate: (sound, rate),
    "48k": lambda sound, rate: (soxr.resample(sound, rate, 48000), 48000),
    "22.05k": lambda sound, rate: (soxr.resample(sound, rate, 22050), 22050),
}


def sounds(corpus: Path, to: Path) -> dict[str, list[str]]:
    """Write every sound, mono, and each change of it, as to/CHANGE/LABEL/NAME.wav; their names by change."""
    names: dict[str, list[str]] = {"": [], **{change: [] for change in CHANGES}}
    paths = sorted(path for path in corpus.rglob("*") if path.suffix.lower() in SOUNDS)

    def write(path: Path) -> None:
        sound, rate = soundfile.read(path, frames=-1, always_2d=True)
        sound = sound[: LONGEST * rate].mean(axis=1)
        name = f"{path.relative_to(corpus)}.wav"
        for change, function in {"": lambda sound, rate: (sound, rate), **CHANGES}.items():
            if change == "mp3" and not shutil.which("ffmpeg"):
                continue
            changed, changed_rate = function(sound, rate)
            file = to / change / name
            file.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(file, changed, changed_rate, subtype="FLOAT")
            if change == "mp3":
                ffmpeg = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-i"]
                subprocess.run([*ffmpeg, file, "-b:a", "128k", file.with_suffix(".mp3")], check=True)
                subprocess.run([*ffmpeg, file.with_suffix(".mp3"), "-c:a", "pcm_f32le", file], check=True)
            names[change].append(name)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, paths))
    return {change: sorted(there) for change, there in names.items()}


def tokens(folder: Path, names: list[str], options: str) -> tuple[list[dict], Codes]:
    """The layers, and the codes of each file, through the real pipe."""
    (folder / "names").write_bytes(b"".join(name.encode() + b"\0" for name in names))
    line = f"xargs -0 nat-split < names | nat-decode | nat-embed | nat-quantize --plain {options}"
    layers, codes, name = [], {}, ""
    for record in records(sh(line, cwd=folder, timeout=3600).stdout):
        if record.event == "header":
            name, layers = record.head["name"], record.head["layers"]
            codes[name] = [np.empty((0, len(layers)), np.uint16)]
        elif record.event == "data":
            codes[name].append(np.frombuffer(record.payload, "<u2").reshape(-1, len(layers)))
    return layers, {name: np.concatenate(blocks).astype(np.intp) for name, blocks in codes.items()}


def classify(known: Array, labels: Whole, unknown: Array, rounds: int = 200, decay: float = 1e-4) -> Whole:
    """Labels for the rows `unknown` by softmax regression on the rows `known` (accelerated gradient, Nesterov 1983)."""
    mean = known.mean(axis=0)
    known, unknown = known - mean, unknown - mean
    scale = 3 / max(float(np.sqrt((known**2).sum(axis=1).mean())), 1e-9)
    known, unknown = known * scale, unknown * scale
    wanted = np.eye(labels.max() + 1)[labels]
    rate = 1 / (0.5 * float(np.linalg.norm(known, 2)) ** 2 / len(known) + decay)
    weights = ahead = np.zeros((known.shape[1], wanted.shape[1]))
    for step in range(rounds):
        scores = known @ ahead
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        before, weights = weights, ahead - rate * (known.T @ (chances - wanted) / len(known) + decay * ahead)
        ahead = weights + step / (step + 3) * (weights - before)
    return np.argmax(unknown @ weights, axis=1)


def recording(name: str) -> str:
    """What a file is a part of."""
    found = re.search(r"/\d-(\d+)-[A-Z]-\d+\.", name)
    return found[1] if found else name


def folds(labels: Whole, parts: Whole, random: np.random.Generator) -> Whole:
    """The fold of each row, alike in their labels; rows of one part are in one fold."""
    result = np.empty(len(labels), np.intp)
    for label in range(labels.max() + 1):
        there, start = random.permutation(np.unique(parts[labels == label])), int(random.integers(FOLDS))
        for number, part in enumerate(there):
            result[(labels == label) & (parts == part)] = (start + number) % FOLDS
    return result


def linear(rows: Array, words: Array, parts: Array, draws: int) -> float:
    """The share of rows labelled right when each fold's are held out, a mean over draws of the folds."""
    labels, owners = (np.unique(each, return_inverse=True)[1] for each in (words, parts))
    right = []
    for seed in range(draws):
        fold = folds(labels, owners, np.random.default_rng(seed))
        for k in np.unique(fold):
            found = classify(rows[fold != k], labels[fold != k], rows[fold == k])
            right.append(found == labels[fold == k])
    return float(np.concatenate(right).mean())


def of_ten(rows: Array, words: Array, parts: Array) -> float:
    """The same for ten labels at a time."""
    random, found = np.random.default_rng(5), []
    for _ in range(DRAWS):
        some = np.isin(words, random.permutation(np.unique(words))[:10])
        found.append(linear(rows[some], words[some], parts[some], 1))
    return float(np.mean(found))


def neighbour(rows: Array, words: Array, parts: Array) -> float:
    """The share of rows whose nearest row of another part has their label."""
    alike = np.where(parts[:, None] == parts, -1, rows @ rows.T)
    return float((words[alike.argmax(axis=1)] == words).mean())


def accuracies(codes: Codes, vocab: list[int], columns: list[int]) -> list[float]:
    """Linear, nearest neighbour and linear of ten at a time, by folder; linear for the ESC-10 clips, by class."""
    names = np.array([*codes])
    counts = [[np.bincount(codes[name][:, k], minlength=vocab[k]) for k in columns] for name in names]
    rows = np.stack([np.concatenate([np.sqrt(count / count.sum()) for count in file]) for file in counts])
    words, parts = (np.array([of(name) for name in names]) for of in (lambda name: name.split("/")[0], recording))
    result = [linear(rows, words, parts, 3), neighbour(rows, words, parts)]
    result.append(of_ten(rows, words, parts) if len(np.unique(words)) > 10 else float("nan"))
    ten = np.array([name.split("/esc10_")[1].rsplit("_", 1)[0] if "/esc10_" in name else "" for name in names])
    some = ten != ""
    return [*result, linear(rows[some], ten[some], parts[some], 5) if some.any() else float("nan")]


def main(corpus: str, codebook: str = "") -> None:
    """Print the table."""
    options = f"--codebook '{Path(codebook).resolve()}'" if codebook else ""
    with tempfile.TemporaryDirectory() as folder:
        names = sounds(Path(corpus), Path(folder))
        layers, codes = tokens(Path(folder), names[""], options)
        there = [change for change in CHANGES if names[change]]
        changed = {change: tokens(Path(folder) / change, names[change], options)[1] for change in there}
    vocab = [layer["vocab"] for layer in layers]
    every = np.concatenate(list(codes.values()))
    seconds = len(every) / 12.5
    print(f"{len(codes)} files, {seconds:.0f} s")
    print("layer codes |  linear nearest     ten  esc-10 |  used entropy changes |"
          + "".join(f"{change:>12}" for change in changed))  # fmt: skip
    groups = {layer["name"]: [k] for k, layer in enumerate(layers)}
    for kind in dict.fromkeys(layer["type"] for layer in layers):
        groups[kind] = [k for k, layer in enumerate(layers) if layer["type"] == kind]
    groups["all"] = list(range(len(layers)))
    for group, columns in groups.items():
        print(f"{group[:8]:8}" + (f"{vocab[columns[0]]:3}" if len(columns) == 1 else "   ") + " |", end="")
        print("".join(f"{accuracy:8.3f}" for accuracy in accuracies(codes, vocab, columns)), end="")
        if len(columns) > 1:
            print(" |")
            continue
        k = columns[0]
        shares = np.bincount(every[:, k], minlength=vocab[k]) / len(every)
        shares = shares[shares > 0]
        entropy = float(-(shares * np.log2(shares)).sum() / np.log2(vocab[k]))
        changes = sum(int((np.diff(file[:, k]) != 0).sum()) for file in codes.values()) / seconds
        print(f" | {len(shares) / vocab[k]:5.1%} {entropy:6.1%} {changes:7.2f} |", end="")
        for others in changed.values():
            pairs = [(codes[name][:, k], file[:, k]) for name, file in others.items()]
            apart = np.concatenate([np.abs(a[: len(b)] - b[: len(a)]) for a, b in pairs])
            print(f" {(apart == 0).mean():5.1%} {(apart <= 3).mean():5.1%}", end="")
        print()


if __name__ == "__main__":
    main(*sys.argv[1:])
