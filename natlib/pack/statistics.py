"""What the end line counts: codes, by layer; lines, bytes, and the tokens that a language model makes of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..stats import entropy
from ..wire import Head
from .layers import Layout, changes
from .summary.codes import common

if TYPE_CHECKING:
    from .layers import Codes

LETTER, DIGIT, SIGN = 1, 2, 3
KIND = bytes(
    LETTER if chr(i).isascii() and chr(i).isalpha() else DIGIT if chr(i).isdecimal() else SIGN for i in range(256)
)


class Statistics:
    """What the end line tells of the codes."""

    def __init__(self, layout: Layout):
        self.layout = layout
        self.counts: list[Counter[int]] = [Counter() for _ in layout.names]
        self.changes = [0] * len(layout.names)
        self.frames = 0
        self._last: Codes | None = None

    def feed(self, codes: Codes) -> None:
        """Count the next frames."""
        changed = changes(codes, codes[:1] if self._last is None else self._last)
        self._last = codes[-1:]
        self.changes = [a + b for a, b in zip(self.changes, changed.sum(axis=0).tolist(), strict=True)]
        for counts, column in zip(self.counts, codes.T.tolist(), strict=True):
            counts.update(column)
        self.frames += len(codes)

    def by_layer(self, layers: Sequence[int]) -> Head:
        """Of some layers, in a list each: names, numbers of codes used, entropies in bits, changes a second."""
        seconds = self.frames / float(self.layout.rate)
        return {
            "layer": [self.layout.names[j] for j in layers],
            "used": [len(self.counts[j]) for j in layers],
            "entropy": [round(entropy(self.counts[j].values()), 2) if seconds else 0.0 for j in layers],
            "changes_per_second": [round(self.changes[j] / seconds, 2) if seconds else 0.0 for j in layers],
        }


def common_codes(statistics: Statistics, layers: tuple[int, ...]) -> Head:
    """{"common_codes": …}: the most used codes of those of `layers` that refine no other."""
    kept = [j for j in layers if statistics.layout.depth(j) == 0]
    names = [statistics.layout.names[j] for j in kept]
    return {"common_codes": common([statistics.counts[j] for j in kept], names)}


class Count:
    """Counts what is written between header and summary."""

    PIECE = 1 << 16  # characters that are counted at once

    def __init__(self) -> None:
        self.lines = self.bytes = 0
        self._tokens = 0
        self._uncounted: list[str] = []
        self._characters = 0

    def add(self, text: str) -> str:
        """Count whole lines, and return them."""
        self.lines += text.count("\n")
        self.bytes += len(text.encode())
        self._uncounted.append(text)
        self._characters += len(text)
        if self._characters > self.PIECE:
            self.tokens()
        return text

    def tokens(self) -> int:
        """How many tokens the text so far makes, by estimate."""
        self._tokens += estimate("".join(self._uncounted))
        self._uncounted.clear()
        self._characters = 0
        return self._tokens

    def stats(self) -> Head:
        """The end line's figures."""
        return {"text_lines": self.lines, "text_bytes": self.bytes, "llm_tokens": self.tokens()}


def ratios(stats: Head, statistics: Statistics, times: int, samples: int) -> Head:
    """What the figures come to: tokens a second, bytes against dense lines and against PCM of 16 bits.

    `times` is how many characters the times of all frames have.
    """
    frames, layout, written = statistics.frames, statistics.layout, stats["text_bytes"]
    seconds = frames / float(layout.rate)
    result: Head = {}
    if seconds:
        keys = sum(len(name) + 4 for name in layout.names) + len('{"t":}\n')
        digits = sum(n * len(str(code)) for counts in statistics.counts for code, n in counts.items())
        result["llm_tokens_per_second"] = round(stats["llm_tokens"] / seconds, 1)
        result["bytes_to_dense"] = round(written / (frames * keys + digits + times), 3)
    if samples:
        result["bytes_to_pcm"] = round(written / (2 * samples), 4)
    return result


def estimate(text: str) -> int:
    """How many tokens a language model's tokenizer makes of `text`, from 6 % too few to 1 % too many.

    GPT-4's tokenizer cuts text into pieces before it merges bytes within them: words with the space before, digits in
    threes, runs of signs and spaces up to a line's end. A piece counts as one token, a word as one for each six
    letters. The counts of lines add up.
    """
    import numpy as np

    data = np.frombuffer(text.encode(), np.uint8)
    if not len(data):
        return 0
    kinds = np.frombuffer(text.encode().translate(KIND), np.uint8)
    begins = kinds[1:] != kinds[:-1]
    begins |= data[:-1] == ord("\n")
    starts = np.concatenate(([0], np.flatnonzero(begins) + 1))
    lengths = np.diff(np.append(starts, len(kinds)))
    longest = np.array([0, 6, 3, len(kinds)])[kinds[starts]]
    spaces = (data[starts[:-1]] == ord(" ")) & (lengths[:-1] == 1) & (kinds[starts[1:]] == LETTER)
    return int((-(-lengths // longest)).sum() - spaces.sum())
