"""The fit: Adam, one network after the other, each to what those before it answer."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from natlib.pack.music.steps import CHANNELS

from . import form, sure
from .examples import Beaten, Pair, Pairs, beaten, each, example, keyed
from .measures import Array
from .networks import Chords, Dense, Key, Line, Odds, Pulse, small

STRETCH, BATCH = 1500, 8  # steps of a stretch, half a minute; stretches at a time
RATE, DECAY = 6e-3, 0.01  # of learning, at its highest; of weights
RARE = (3.0, 5.0)  # by how much a beat, a first beat, counts more than that there is none
LOUDER = (0.7, 1.3)  # by which a stretch is multiplied
BEGUN, LESS = 50, 0.3  # steps after a cut in which answers count less, since what came before is not seen

LEARN = 5e-3  # rate of learning of the other networks
MANY = 512  # examples of theirs at a time


def begun(what: str) -> float:
    """Say what comes now. Returns when it began."""
    print(f"{what} …", flush=True)
    return time.monotonic()


def cut(one: Beaten, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """A stretch of a sound, from anywhere; behind its end nothing counts."""
    steps, right, weight = np.zeros((STRETCH, CHANNELS), np.float32), *np.zeros((2, STRETCH, 2), np.float32)
    first = int(rng.integers(0, max(1, len(one.steps) - STRETCH + 1)))
    some = slice(first, first + STRETCH)
    count = len(one.steps[some])
    steps[:count] = one.steps[some] * rng.uniform(*LOUDER)
    right[:count], weight[:count] = one.right[some], one.weight[some]
    if first:
        weight[:BEGUN] *= LESS
    return steps, right, weight


def pulse(sounds: list[Beaten], epochs: int) -> Pulse:
    """Where beats are."""
    torch.manual_seed(0)
    network, rng = Pulse(), np.random.default_rng(0)
    size = min(BATCH, len(sounds))
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=epochs * (len(sounds) // size) + 2)
    start = begun(f"pulse, {len(sounds)} sounds")
    for epoch in range(epochs):
        order, total = rng.permutation(len(sounds)), 0.0
        for first in range(0, len(order) - size + 1, size):
            cuts = [cut(sounds[i], rng) for i in order[first : first + size]]
            steps, right, weight = (torch.from_numpy(np.stack(arrays)) for arrays in zip(*cuts, strict=True))
            loss = nn.functional.binary_cross_entropy_with_logits(
                network(steps), right, weight=weight, pos_weight=torch.tensor(RARE)
            )
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += float(loss.detach())
        told = total / (len(order) // size)
        print(f"pulse {epoch + 1}/{epochs}: {told:.4f}, {time.monotonic() - start:.0f} s", flush=True)
    network.eval()
    return network


def fit(
    network: Dense, pair: Pair, epochs: int, size: int = MANY, rate: float = LEARN, smooth: float = 0.02
) -> dict[str, Array]:
    """A network for classes; `smooth`: how little it is told to be sure. Returns whole numbers."""
    seen, right = (torch.from_numpy(array) for array in pair)
    if not len(right):
        raise SystemExit(f"make: nothing to fit {network.name} to: a greater COUNT")
    optimizer = torch.optim.AdamW(network.parameters(), rate, weight_decay=1e-3)
    batches = -(-len(right) // size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=epochs * batches + 2)
    start, total = time.monotonic(), 0.0
    for _ in range(epochs):
        total = 0.0
        for some in torch.randperm(len(right)).split(size):
            answers = network(seen[some].float())
            loss = nn.functional.cross_entropy(answers, right[some], label_smoothing=smooth)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += float(loss.detach()) * len(some)
    told = f"{total / len(right):.4f}, {time.monotonic() - start:.0f} s"
    print(f"{network.name}: {len(right)} examples, {told}", flush=True)
    return network.whole()


def joined(examples: list[Pairs], name: str) -> Pair:
    """All examples for a network, which are taken out of those of the sounds."""
    pairs = [one.pop(name) for one in examples]
    return np.concatenate([seen for seen, _ in pairs]), np.concatenate([right for _, right in pairs])


def of_beats(examples: list[Pairs]) -> dict[str, Array]:
    """Chords, bass, melody, bars and division."""
    torch.manual_seed(0)
    found: dict[str, Array] = {}
    for name, kind, hidden, epochs in (
        ("chords", Chords, (24, 9), 12),
        ("bass", Line, (16, 16, 1), 12),
        ("melody", Line, (20, 20, 1), 12),
        ("bars", Odds, (24, 12, 1), 16),
        ("division", Dense, (16, 3), 12),
    ):
        pair = joined(examples, name)
        found |= fit(kind(name, pair[0].shape[-1], *hidden), pair, epochs)
    return found


def of_key(stretches: list[Pair]) -> dict[str, Array]:
    """The key."""
    torch.manual_seed(0)
    pair = joined([{"key": each} for each in stretches], "key")
    return fit(Key("key", pair[0].shape[-1], 12, 2), pair, 25, 128, 1e-2, 0.05)


def of_sure(sheets: list[sure.Sheet]) -> dict[str, Array]:
    """How sure bars are, a tempo, a metre."""
    torch.manual_seed(0)
    pair = sure.of_bars(sheets)
    found = fit(Odds("sure", pair[0].shape[-1], 8, 1), pair, 30, 128, 1e-2)
    for name, pair in (("tempo", sure.of_tempo(sheets)), ("meter", sure.of_meter(sheets))):
        found |= fit(Odds(name, pair[0].shape[-1], 6, 1), pair, 60, 64, 2e-2, 0.01)
    return found


def of_form(sounds: list[form.Compared]) -> dict[str, Array]:
    """Which bars are the same again, and where sections begin: one layer each, so that what counts can be read."""
    torch.manual_seed(0)
    found: dict[str, Array] = {}
    for name, part in (("alike", "pairs"), ("border", "borders")):
        pair = form.joined(sounds, part)
        found |= fit(Odds(name, pair[0].shape[-1], 1), pair, 30, 256, 1e-2, 0.0)
    return found


def tables(files: list[Path], epochs: int) -> dict[str, Array]:
    """All networks, fitted, in whole numbers."""
    found = pulse(each(beaten, files, {}), epochs).whole()
    begun("what the networks for beats see")
    found |= of_beats(each(example, files, found))
    begun("keys")
    found |= of_key(each(keyed, files, found))
    begun("lead sheets of all sounds")
    found |= of_sure(each(sure.sheet, files, found))
    begun("bars compared")
    found |= of_form(each(form.compared, files, found))
    return small(found)
