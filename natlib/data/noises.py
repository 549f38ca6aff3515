"""Silence and noise for the corpus of the shipped codebook, as WAV files end to end on standard output.

What every recording has between its sounds and collections of sounds have not: digital silence, and noise of five
colours, at levels from a quiet room's to a waterfall's. Four seconds each, 44.1 kHz, 16 bits. Sums, products and roots
of numbers drawn from a seed, one after the other: the same bytes everywhere.
"""

from __future__ import annotations

import math
import random
import struct
import sys
from array import array

RATE, SECONDS = 44100, 4
LEVELS = (0.0002, 0.002, 0.02, 0.2)  # root mean square of the noise: -74, -54, -34, -14 dBFS
HUM = (50, 60)  # Hz


def wav(samples: list[float]) -> bytes:
    """A mono 16-bit WAV file of `samples`, full scale 1."""
    numbers = array("h", (max(-32768, min(32767, round(32767 * sample))) for sample in samples))
    if sys.byteorder == "big":
        numbers.byteswap()
    data = numbers.tobytes()
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    head = struct.pack("<4sI4s", b"RIFF", 4 + len(form) + 8 + len(data), b"WAVE")
    return head + form + struct.pack("<4sI", b"data", len(data)) + data


def white(draw: random.Random) -> list[float]:
    """Noise with as much power in every Hz; close to normal (the sum of four uniform numbers)."""
    number = draw.random
    return [number() + number() + number() + number() - 2 for _ in range(RATE * SECONDS)]


def filtered(samples: list[float], *poles: tuple[float, float]) -> list[float]:
    """The sum of one-pole low passes (decay, gain) of `samples`."""
    states = [0.0] * len(poles)
    result = []
    for sample in samples:
        states = [decay * state + gain * sample for state, (decay, gain) in zip(states, poles, strict=True)]
        result.append(sum(states))
    return result


def differences(samples: list[float]) -> list[float]:
    """What each sample adds to the one before: 6 dB an octave brighter."""
    return [after - before for before, after in zip([0.0, *samples], samples, strict=False)]


def pink(samples: list[float]) -> list[float]:
    """3 dB an octave darker (the sum of poles of P. Kellet, musicdsp.org, "Filter to make pink noise from white")."""
    return filtered(samples, (0.99765, 0.0990460), (0.963, 0.2965164), (0.57, 1.0526913), (0.0, 0.1848))


def hum(samples: list[float], hertz: float) -> list[float]:
    """Noise rung by a sharp resonance at a mains' second harmonic."""
    bend, decay = 2 * 3.141592653589793 * 2 * hertz / RATE, 0.9995
    turn = decay * (2 - bend * bend)  # 2 decay cos(bend), to the second order
    last = before = 0.0
    result = []
    for sample in samples:
        last, before = sample + turn * last - decay * decay * before, last
        result.append(last)
    return result


def at(level: float, samples: list[float]) -> list[float]:
    """`samples` with a root mean square of `level`."""
    gain = level / math.sqrt(sum(sample * sample for sample in samples) / len(samples))
    return [gain * sample for sample in samples]


def main() -> None:
    """Write them."""
    out = sys.stdout.buffer
    out.write(wav([0.0] * RATE * SECONDS))
    draw = random.Random(1)
    for level in LEVELS:
        plain = white(draw)
        colours = [plain, pink(plain), filtered(plain, (0.998, 1.0)), differences(plain), differences(pink(plain))]
        for colour in [*colours, *(hum(plain, hertz) for hertz in HUM)]:
            out.write(wav(at(level, colour)))


if __name__ == "__main__":
    main()
