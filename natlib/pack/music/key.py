"""The key, from pitch classes and chords of half seconds; and where it changes."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from ...network import MUSIC, ONE, Layers
from .chords import NONE, Chords, staying
from .inputs import QUALITIES, of_key

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

HALF = 0.5  # seconds
SEEN = 2  # half seconds on either side that the network for chords sees
MINORS = ("m", "m7", "dim")  # qualities whose third is minor
BLOCK = 8  # half seconds that are kept as one, for changes of the key
AROUND = 2  # blocks on either side from which a block's key is taken
CHANGE = 10 * ONE  # what a change of key costs
STAYS = 4  # blocks for which a key has to stay to be told


class Found(NamedTuple):
    """A key."""

    tonic: int  # semitones from C
    mode: str
    confidence: float  # 0 to 1


class Span(NamedTuple):
    """A key for some blocks."""

    key: int
    begin: int
    end: int

    @property
    def start(self) -> float:
        """Seconds."""
        return self.begin * BLOCK * HALF


class Keys:
    """Takes half seconds, gives keys. Memory: 100 bytes for each four seconds."""

    def __init__(self) -> None:
        import numpy as np

        self.chords = Chords()
        self.network = Layers("key", MUSIC)
        self.waiting = np.zeros((0, 24), np.int64)  # treble and bass of half seconds, from SEEN before the next one
        self.before = 0  # how many of them were counted
        self.count = self.heard = 0  # half seconds counted; those of them with a chord
        self.all = np.zeros(48, np.int64)  # treble, bass, chords
        self.blocks: list[Numbers] = [np.zeros(48, np.int64)]

    def feed(self, halves: Numbers, last: bool = False) -> None:
        """Take half seconds, (n, 24): treble and bass, ONE for what surely sounds all the time."""
        import numpy as np

        self.waiting = np.concatenate((self.waiting, halves))
        end = len(self.waiting) - (0 if last else SEEN)
        if end <= self.before:
            return
        treble, bass = self.waiting[:, :12], self.waiting[:, 12:]
        chords = self.chords(treble, bass)[self.before : end].argmax(axis=1)
        for row, chord in zip(self.waiting[self.before : end], chords.tolist(), strict=True):
            self._count(row, chord)
        gone = max(0, end - SEEN)
        self.waiting, self.before = self.waiting[gone:], end - gone

    def _count(self, row: Numbers, chord: int) -> None:
        """One half second."""
        import numpy as np

        one = np.concatenate((row, np.zeros(24, np.int64)))
        if chord != NONE:
            root, quality = divmod(chord, len(QUALITIES))
            one[24 + 2 * root + (QUALITIES[quality] in MINORS)] = 1
            self.heard += 1
        if self.count and self.count % BLOCK == 0:
            self.blocks.append(np.zeros(48, np.int64))
        self.blocks[-1] += one
        self.all += one
        self.count += 1

    def odds(self, sums: Numbers) -> Numbers:
        """The logarithm of the odds of each key, 1/ONE, (..., 24): major keys from C, then minor ones."""
        import numpy as np

        chords = sums[..., 24:].reshape(*sums.shape[:-1], 12, 2)
        values = self.network(of_key(sums[..., :12], sums[..., 12:24], chords))
        return np.concatenate((values[..., 0], values[..., 1]), axis=-1).astype(np.int64)

    def found(self) -> Found:
        """The key of all."""
        return told(self.odds(self.all))

    def path(self) -> list[Span]:
        """The keys that stay, in order, each until the next one begins."""
        import numpy as np

        blocks = np.array(self.blocks)
        wide = np.pad(blocks, ((AROUND, AROUND), (0, 0)))
        odds = self.odds(np.sum([wide[i : i + len(blocks)] for i in range(2 * AROUND + 1)], axis=0))
        keys = staying(odds, [CHANGE] * (len(odds) - 1))
        result: list[Span] = []
        place = 0
        for key, same in groupby(keys):
            length = len([*same])
            if length >= STAYS and (not result or key != result[-1].key):
                result.append(Span(key, place, len(blocks)))
                if len(result) > 1:
                    result[-2] = result[-2]._replace(end=place)
            place += length
        return result

    def main(self) -> tuple[Found, list[Span]]:
        """The key that holds for most of the time, and those that follow each other."""
        import numpy as np

        spans = self.path()
        if len(spans) < 2:
            return self.found(), spans
        lengths = {each.key: sum(span.end - span.begin for span in spans if span.key == each.key) for each in spans}
        most = max(lengths, key=lambda key: lengths[key])
        own = [block for span in spans if span.key == most for block in self.blocks[span.begin : span.end]]
        sure = told(self.odds(np.sum(own, axis=0))).confidence
        return Found(*named(most), sure), spans


def named(key: int) -> tuple[int, str]:
    """Tonic and mode of a key: 0 to 11 are major, 12 to 23 minor."""
    return key % 12, "minor" if key >= 12 else "major"


def told(odds: Numbers) -> Found:
    """The likeliest key, and how likely it is."""
    import numpy as np

    best = int(odds.argmax())
    share = 1 / float(np.exp((odds - odds[best]) / ONE).sum())
    return Found(*named(best), round(share, 2))
