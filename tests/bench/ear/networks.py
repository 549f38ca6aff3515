"""The networks as torch fits them, the same computations as in natlib/embed/spectral, in real numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from natlib.embed.spectral import polyphony, strokes, voice
from natlib.network import ONE, WEIGHT

TENTHS = 100.0  # tenths of a dB that count as 1


class Network(nn.Module):
    """Layers by number; `scales` says what stands for 1 in what the first one sees, and what the others see beside."""

    def __init__(self, *sizes: tuple[int, int]):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(*size) for size in sizes])

    def layer(self, number: int, values: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.layers[number](values)
        return result if number == len(self.layers) - 1 else torch.relu(result)

    def tables(self, name: str, scales: dict[int, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
        """Whole numbers for natlib; `scales`: by layer, what stands for 1 in each input, unless it is ONE."""
        result = {}
        for number, layer in enumerate(self.layers):
            weight = np.ascontiguousarray(layer.weight.detach().numpy().T, dtype=np.float64)
            scale = scales.get(number, np.full(len(weight), float(ONE)))
            result[f"{name}.{number}.weight"] = np.rint(weight * (WEIGHT * ONE) / scale[:, None]).astype(np.int32)
            bias = layer.bias.detach().numpy().astype(np.float64)
            result[f"{name}.{number}.bias"] = np.rint(bias * (WEIGHT * ONE)).astype(np.int32)
        return result


def edges(rows: torch.Tensor, before: int, after: int) -> torch.Tensor:
    """The first and the last row again, before and after."""
    return torch.cat((rows[:1].expand(before, *rows.shape[1:]), rows, rows[-1:].expand(after, *rows.shape[1:])))


class Notes(Network):
    """polyphony.Polyphony."""

    def __init__(self, hidden: int = 24, maps: int = 6, second: int = 16):
        places = maps * len(polyphony.AROUND)
        super().__init__((len(polyphony.TAPS), hidden), (hidden, maps), (places, second), (second, 3))

    def forward(self, spectra: torch.Tensor) -> torch.Tensor:
        """Logits, (steps, NOTES, 3), from relief(), (steps, 3, bins)."""
        steps, reach = len(spectra), polyphony.REACH
        wide = nn.functional.pad(edges(spectra, reach, reach), (polyphony.PAD, polyphony.PAD), value=polyphony.OUTSIDE)
        start = (polyphony.LOW - polyphony.FIRST) * polyphony.PER_SEMITONE + polyphony.PAD
        stop = polyphony.PER_SEMITONE * polyphony.NOTES
        taps = [
            wide[
                reach + step : reach + step + steps, kind, start + place : start + place + stop : polyphony.PER_SEMITONE
            ]
            for kind, step, place in polyphony.TAPS
        ]
        maps = self.layer(1, self.layer(0, torch.stack(taps, dim=-1) / TENTHS))
        asked = self.likely(spectra)
        far, maps = max(polyphony.FAR), maps * asked[:, :, None]
        wide = nn.functional.pad(maps, (0, 0, far, far, reach, reach))
        near = [
            wide[reach + step : reach + step + steps, far + note : far + note + polyphony.NOTES]
            for step, note in polyphony.AROUND
        ]
        return self.layer(3, self.layer(2, torch.cat(near, dim=-1)))

    @staticmethod
    def likely(spectra: torch.Tensor) -> torch.Tensor:
        """polyphony.likely()."""
        return torch.from_numpy(polyphony.likely(spectra.numpy()))

    def whole(self) -> dict[str, np.ndarray[Any, Any]]:
        return self.tables("notes", {0: np.full(len(polyphony.TAPS), TENTHS)})


class Strokes(Network):
    """strokes.Strokes."""

    def __init__(self, hidden: int = 32, second: int = 24, third: int = 16):
        seen = 20 * len(strokes.SHIFTS) + 3
        super().__init__((seen, hidden), (hidden, second), (second * len(strokes.LATER), third), (third, 4))

    def forward(self, windows: torch.Tensor, hints: torch.Tensor) -> torch.Tensor:
        """Logits, (windows, 4), from relative(), (windows, 20), and hints(), (windows, 3), in ONE."""
        count, far, wide = len(windows), max(strokes.SHIFTS), max(strokes.LATER)
        around = nn.functional.pad(windows, (0, 0, far, far), value=-strokes.RANGE)
        near = [around[far + shift : far + shift + count] / TENTHS for shift in strokes.SHIFTS]
        first = self.layer(1, self.layer(0, torch.cat((*near, hints / (3 * ONE)), dim=1)))
        first = nn.functional.pad(first, (0, 0, wide, wide))
        later = [first[wide + shift : wide + shift + count] for shift in strokes.LATER]
        return self.layer(3, self.layer(2, torch.cat(later, dim=1)))

    def whole(self) -> dict[str, np.ndarray[Any, Any]]:
        scale = np.append(np.full(20 * len(strokes.SHIFTS), TENTHS), np.full(3, 3.0 * ONE))
        return self.tables("strokes", {0: scale})


class Voice(Network):
    """voice.Voice."""

    def __init__(self, kernels: int = 10, hidden: int = 24, second: int = 16):
        pooled = kernels * voice.REGIONS
        super().__init__((voice.STEPS * voice.BINS, kernels), (pooled + 40, hidden),
                         (hidden * len(voice.STRETCHES), second), (second, 1))  # fmt: skip
        self.pooled = pooled

    def forward(self, spectra: torch.Tensor, shades: torch.Tensor) -> torch.Tensor:
        """Logits, (steps,), from relief(), (steps, 3, bins), and shades(), (steps, 40)."""
        side = voice.BINS // 2
        some = edges(spectra, voice.REACH, voice.REACH)[:, 1, voice.FIRST - side : voice.FIRST + voice.COUNT + side]
        views = some.unfold(0, voice.STEPS, 1).unfold(1, voice.BINS, 1).flatten(2)
        seen = self.layer(0, views / TENTHS)
        pooled = seen.reshape(len(seen), voice.REGIONS, -1, seen.shape[-1]).mean(dim=2).flatten(1)
        found = self.layer(1, torch.cat((pooled, shades / TENTHS), dim=1))
        wide = edges(found, -voice.BEFORE, voice.AFTER - 1)
        sums = torch.cumsum(nn.functional.pad(wide, (0, 0, 1, 0)), dim=0)
        steps, start = len(found), -voice.BEFORE
        means = [
            (sums[start + b : start + b + steps] - sums[start + a : start + a + steps]) / (b - a)
            for a, b in voice.STRETCHES
        ]
        return self.layer(3, self.layer(2, torch.cat(means, dim=1)))[:, 0]

    def whole(self) -> dict[str, np.ndarray[Any, Any]]:
        own = np.append(np.full(self.pooled, float(ONE)), np.full(40, TENTHS))
        return self.tables("voice", {0: np.full(voice.STEPS * voice.BINS, TENTHS), 1: own})
