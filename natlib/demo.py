"""A short piece of music made from nothing, for `make demo` and the tests: python -m natlib.demo > piece.wav

Sixteen bars at 120 beats a minute in A minor, form A B A: a plucked melody over a bass, with drums in B.
"""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

from .notes import hertz

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RATE = 44100  # Hz
TEMPO = 120.0  # beats a minute
FORM = "ABA"
MELODY = {"A": "A4 C5 E5 C5 D5 C5 B4 G#4 A4 C5 E5 A5 G5 E5 C5 A4", "B": "F5 - E5 - D5 - C5 - B4 - C5 - D5 - E5 -"}
BASS = {"A": "A2 A2 E2 A2", "B": "D2 F2 G2 E2"}


def pluck(hz: float, seconds: float, decay: float, partials: int) -> NDArray[np.float64]:
    """A struck string, shape (seconds * RATE,): partials falling as 1/n, the higher ones dying sooner."""
    import numpy as np

    t = np.arange(round(seconds * RATE)) / RATE
    n = np.arange(1, partials + 1)[:, None]
    waves = np.sin(2 * np.pi * hz * n * t) * np.exp(-decay * (0.7 + 0.3 * n) * t) / n
    return np.asarray(waves.sum(axis=0) * np.minimum(1, t / 0.004))


def piece() -> NDArray[np.float64]:
    """The music, float64, shape (samples,), full scale 1."""
    import numpy as np

    rng = np.random.default_rng(1)
    beat = 60 / TEMPO
    out = np.zeros(round((len(FORM) * 16 * beat + 1) * RATE))

    def add(sound: NDArray[np.float64], at: float, gain: float) -> None:
        first = round(at * RATE)
        out[first : first + len(sound)] += gain * sound[: len(out) - first]

    for section, name in enumerate(FORM):
        start = section * 16 * beat
        for i, note in enumerate(MELODY[name].split()):
            if note != "-":
                add(pluck(hertz(note), 1.0, 3.0, 8), start + i * beat, 0.2)
        for i, note in enumerate(BASS[name].split()):
            add(pluck(hertz(note), 2.0, 1.0, 5), start + i * 4 * beat, 0.25)
        for i in range(32 if name == "B" else 0):
            burst = rng.standard_normal(RATE // 16) * np.exp(-60 * np.arange(RATE // 16) / RATE)
            add(burst, start + i * beat / 2, 0.08)
    return out


def main() -> None:
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, piece(), RATE, format="WAV", subtype="PCM_16")
    sys.stdout.buffer.write(file.getvalue())


if __name__ == "__main__":
    main()
