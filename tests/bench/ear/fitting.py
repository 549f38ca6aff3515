"""The fit: Adam over stretches of a few seconds, one network after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

from natlib.embed.spectral import strokes
from natlib.network import ONE

from .examples import HOPS, Array, Example, seen
from .networks import Network, Notes, Strokes, Voice

STRETCH = 75  # steps of a stretch, 6 s
BATCH = 8  # stretches at a time
RATE = 8e-3  # of learning, at its highest
WEIGHTS = (1.0, 0.5, 0.5)  # of errors in what sounds, begins, leads
NEIGHBOUR = 0.5  # how right it is to tell a stroke a short window early or late

Part = tuple[torch.Tensor, ...]


def fit(
    network: Network, parts: list[Part], loss: Callable[[Part], torch.Tensor], epochs: int, decay: float = 0
) -> None:
    """Go `epochs` times through the parts, in an order drawn from a seed. `loss` is that of one part, summed."""
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=decay)
    steps = epochs * (len(parts) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, steps + 1)
    draw, begun = np.random.default_rng(0), time.monotonic()
    for epoch in range(epochs):
        order, total = draw.permutation(len(parts)), 0.0
        for first in range(0, len(order) - BATCH + 1, BATCH):
            some = torch.stack([loss(parts[i]) for i in order[first : first + BATCH]])
            optimizer.zero_grad()
            some.mean().backward()
            optimizer.step()
            schedule.step()
            total += float(some.detach().mean())
        told = total / (len(order) // BATCH)
        print(
            f"{type(network).__name__} {epoch + 1}/{epochs}: {told:.4f}, {time.monotonic() - begun:.0f} s", flush=True
        )


def entropy(answers: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """The cross entropy of what is known, a step."""
    known = truth >= 0
    if not known.any():
        return answers.sum() * 0
    losses = nn.functional.binary_cross_entropy_with_logits(answers[known], truth[known].float(), reduction="sum")
    return losses / len(answers)


def stretches(count: int, length: int) -> Iterator[slice]:
    for first in range(0, max(1, count - length // 4), length):
        yield slice(first, first + length)


def as_tensors(*arrays: Array) -> Part:
    return tuple(torch.from_numpy(np.ascontiguousarray(array)) for array in arrays)


def notes(examples: list[Example], epochs: int) -> Notes:
    """Which notes sound, begin, lead."""
    parts = []
    for one in examples:
        if (one.notes[:, :, 0] >= 0).any():
            spectra = seen(one)["spectra"].astype(np.float16)
            parts += [as_tensors(spectra[s], one.notes[s]) for s in stretches(len(spectra), STRETCH)]
    network = Notes()

    def loss(part: Part) -> torch.Tensor:
        spectra = part[0].float()
        answers, asked = network(spectra), network.likely(spectra)
        losses = [w * entropy(answers[..., i][asked], part[1][..., i][asked]) for i, w in enumerate(WEIGHTS)]
        return asked.sum() / len(spectra) * torch.stack(losses).sum()

    fit(network, parts, loss, epochs)
    return network


def hinted(network: Notes, spectra: Array) -> Array:
    """strokes.hints() from what the fitted network for notes says."""
    with torch.no_grad():
        asked = network.likely(torch.from_numpy(spectra))
        answers = network(torch.from_numpy(spectra).float())[..., 1].masked_fill(~asked, -strokes.HINT / ONE)
        begins = answers.max(dim=1).values.numpy() * ONE
    told = np.concatenate(([-strokes.HINT], np.rint(begins), [-strokes.HINT] * 2))
    return strokes.hints(told, 2 * np.arange(len(spectra) * HOPS) + 1, 2 * HOPS)


def struck(examples: list[Example], network: Notes, epochs: int) -> Strokes:
    """Strokes, and beginnings of notes."""
    parts = []
    for one in examples:
        if (one.strokes >= 0).any():
            told = seen(one)
            hints = hinted(network, told["spectra"])
            truth = one.strokes.astype(np.float32)
            beside = NEIGHBOUR * np.maximum(np.roll(truth, 1, axis=0), np.roll(truth, -1, axis=0))
            truth = np.maximum(truth, beside)
            windows = told["windows"].astype(np.float32)
            for some in stretches(len(truth), STRETCH * HOPS):
                parts.append(as_tensors(windows[some], hints[some].astype(np.float32), truth[some]))
    found = Strokes()
    fit(found, parts, lambda part: 20 * entropy(found(part[0], part[1]), part[2]), epochs)
    return found


def voiced(examples: list[Example], epochs: int) -> Voice:
    """How far a sound is like a voice."""
    parts = []
    for one in examples:
        if (one.voice >= 0).any():
            told = seen(one)
            arrays = told["spectra"].astype(np.float16), told["shades"].astype(np.float32), one.voice
            parts += [as_tensors(*(array[s] for array in arrays)) for s in stretches(len(one.voice), STRETCH)]
    network = Voice()
    fit(network, parts, lambda part: entropy(network(part[0].float(), part[1]), part[2]), epochs, decay=0.02)
    return network


def tables(examples: list[Example], epochs: int) -> dict[str, np.ndarray[Any, Any]]:
    """All networks, fitted, in whole numbers."""
    torch.manual_seed(0)
    first = notes(examples, epochs)
    second, third = struck(examples, first, epochs), voiced(examples, epochs)
    return first.whole() | second.whole() | third.whole()
