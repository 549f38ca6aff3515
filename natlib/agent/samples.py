"""Are two sounds the same samples, or the same but for gain, a shift, or both? They are aligned and subtracted."""

from __future__ import annotations

import math
from typing import IO, TYPE_CHECKING

from ..errors import Failure
from ..files import records
from ..wire import WireError
from .sound import Sound
from .work import Work

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

SAME = "The same samples."
MOST = 300 * 48000  # samples of each sound that are compared: 115 MB for each copy in double precision
PIECE = 5.0  # s, of one sound that is looked for in the other, at most
BLOCK = 1 << 19  # samples that are searched at a time
ALIKE = 0.5  # correlation of the piece from which two sounds are taken to be one recording: below 0.1 by chance
NOTHING = (
    -90.0
)  # dB of what is left, relative to the sound, at or below which nothing is: rounding to 16 bits leaves more
NEAR = -20.0  # dB of what is left at or below which they are the same but for little


def relation(work: Work, a: Sound, b: Sound) -> str:
    """How the samples of `b` relate to those of `a`, mixed to one channel, in a sentence. Raises Failure."""
    work.doing = "comparing samples"
    (one, first), (other, second) = samples(work, a), samples(work, b)
    rate, told = min(first, second), ""
    if first != second:
        (one, _), (other, _) = (samples(work, sound, "--rate", str(rate)) for sound in (a, b))
        told = f" (of {first} and {second} Hz, both at {rate} Hz)"
    if max(len(one), len(other)) == MOST:
        told += f" (in their first {MOST / rate:.0f} s)"
    return said(one, other, rate) + told + "."


def samples(work: Work, sound: Sound, *options: str) -> tuple[Samples, int]:
    """The first samples of a sound mixed to one channel, shape (n,), MOST at most, and their rate in Hz."""
    import numpy as np

    with work.run(["split", "--", sound.name], sound.decode(*options), folder=sound.folder) as pipe:
        rate, blocks = first_item(pipe.output)
        pipe.stop()  # nothing is wanted of what follows
    return np.frombuffer(b"".join(blocks), "<f4")[:MOST], rate


def first_item(stream: IO[bytes]) -> tuple[int, list[bytes]]:
    """The sample rate and the first blocks of the first item of a pcm stream. Raises Failure if there is none."""
    rate, size = 0, 0
    blocks: list[bytes] = []
    try:
        for record in records(stream):
            if record.event == "header" and record.head["kind"] == "pcm":
                rate = int(record.head["sample_rate"])
            elif record.event == "error":
                raise Failure(str(record.head.get("message")))
            elif record.event == "data":
                blocks.append(record.payload)
                size += len(record.payload) // 4
            if record.event == "end" or size >= MOST:
                break
    except WireError as error:
        raise Failure(str(error)) from None
    return rate, blocks


def said(a: Samples, b: Samples, rate: int) -> str:
    """How `b` relates to `a`: which gain and shift, and what is left of it without them."""
    import numpy as np

    if len(a) == len(b) and np.array_equal(a, b):
        return SAME.removesuffix(".")
    if not (np.any(a) and np.any(b)):
        return "No samples to compare: one of them is silent"
    shift, alike = aligned(a, b, rate)
    first, second = overlap(a, b, shift)
    gain, left = null_test(first, second)
    if abs(alike) < ALIKE or left > NEAR:
        return f"Not the same samples: where they fit best, they correlate by {alike:.2f}"
    size = abs(gain)
    but = []
    if abs(decibels(size)) >= 0.01:
        but.append(f"a gain of {decibels(size):+.2f} dB")
    if gain < 0:
        but.append("inverted polarity")
    if shift:
        early, late = ("A", "B") if shift > 0 else ("B", "A")
        but.append(f"a shift: {early} begins {abs(shift) / rate:.6f} s into {late} ({abs(shift)} samples)")
    if len(a) != len(b):
        but.append(f"length: {len(a)} and {len(b)} samples, {len(first)} in common")
    what = f"The same samples but for {' and '.join(but)}" if but else "The same samples"
    return what if left <= NOTHING else f"{what}, and {left:.0f} dB of something else, relative to B"


def aligned(a: Samples, b: Samples, rate: int) -> tuple[int, float]:
    """By how many samples `b` comes later than `a` where they fit best, and how well, as a correlation.

    The loudest piece of the shorter one is looked for in the other: by FFT, in blocks, relative to the energy there.
    """
    import numpy as np

    if len(b) < len(a):
        shift, alike = aligned(b, a, rate)
        return -shift, alike
    size = max(1, min(round(PIECE * rate), len(a) // 2))
    energy = np.concatenate(([0.0], np.cumsum(a.astype(np.float64) ** 2)))
    middle = 1 - np.abs(
        np.linspace(-0.9, 0.9, len(a) - size + 1)
    )  # what is at the edge of one may lie outside the other
    start = int(np.argmax((energy[size:] - energy[:-size]) * middle))
    piece = a[start : start + size].astype(np.float64)
    norm = math.sqrt(energy[start + size] - energy[start])
    length = 1 << (size + BLOCK - 1).bit_length()
    spectrum = np.conj(np.fft.rfft(piece, length))
    best, place = 0.0, 0
    for first in range(0, len(b) - size + 1, length - size + 1):
        block = b[first : first + length].astype(np.float64)
        found = np.fft.irfft(np.fft.rfft(block, length) * spectrum, length)[: len(block) - size + 1]
        power = np.concatenate(([0.0], np.cumsum(block**2)))
        around = power[size:] - power[:-size]
        loud = around > 1e-6 * norm**2  # in near silence, rounding correlates with anything
        score = np.divide(found, norm * np.sqrt(np.where(loud, around, 1)), out=np.zeros_like(found), where=loud)
        top = int(np.argmax(np.abs(score)))
        if abs(score[top]) > abs(best):
            best, place = float(score[top]), first + top
    return place - start, best


def overlap(a: Samples, b: Samples, shift: int) -> tuple[Samples, Samples]:
    """What they have in common, if `b` comes `shift` samples later."""
    first, second = a[max(0, -shift) :], b[max(0, shift) :]
    size = min(len(first), len(second))
    return first[:size], second[:size]


def null_test(a: Samples, b: Samples) -> tuple[float, float]:
    """The gain that makes `b` of `a` best, and the level of what is left then, in dB relative to `b`."""
    import numpy as np

    one, other = a.astype(np.float64), b.astype(np.float64)
    gain = float(one @ other) / max(float(one @ one), 1e-30)
    rest = other - gain * one
    return gain, 0.5 * decibels(float(rest @ rest) / max(float(other @ other), 1e-30))


def decibels(ratio: float) -> float:
    """A ratio of amplitudes in dB."""
    return 20 * math.log10(max(ratio, 1e-15))
