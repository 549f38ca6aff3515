"""nat-embed: PCM to feature rows."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from . import cli
from .wire import Head, Record

if TYPE_CHECKING:
    from fractions import Fraction

    import numpy as np
    from numpy.typing import NDArray

FRAME_RATE = 12.5
BLOCK = 0.64  # seconds of frames in a data record
LOWEST, HIGHEST = 8000, 768000  # Hz, of the sample rates that can be heard
NOISE_WIDTH = 16  # of each stream of --model noise


class Noise:
    """Rows of seeded standard normal numbers, one for each frame that the sound has: they say nothing about it."""

    measures: ClassVar[list[Head]] = []
    version = "1"
    S = A = NOISE_WIDTH

    def __init__(self, sample_rate: int, frame_rate: Fraction, seed: int):
        import numpy as np

        self.rate, self.frame_rate = sample_rate, frame_rate
        # PCG64's bits are fixed by its definition; the sum of twelve uniforms has no library's logarithm in it.
        self.bits = np.random.PCG64(seed)
        self.samples = self.frames = 0

    def feed(self, samples: NDArray[np.float64]) -> NDArray[np.float32]:
        """Take samples. Returns the rows that are ready."""
        self.samples += len(samples)
        return self._rows(int(self.samples * self.frame_rate / self.rate))

    def finish(self) -> NDArray[np.float32]:
        """No more samples will come. Returns the rest of the rows."""
        return self._rows(max(1, -int(-self.samples * self.frame_rate // self.rate)))

    def _rows(self, total: int) -> NDArray[np.float32]:
        import numpy as np

        shape = (total - self.frames, 2 * NOISE_WIDTH, 12)
        self.frames = total
        uniform = (self.bits.random_raw(int(np.prod(shape))) >> np.uint64(44)).reshape(shape)
        return np.asarray(uniform.sum(axis=2) / 2**20 - 6, dtype=np.float32)


class Embed(cli.Stage):
    name = "nat-embed"
    reads = "pcm"
    makes = "features"
    summary = "Turn PCM (a record stream from nat-decode) into rows of features, 12.5 a second."
    description = """\
--model spectral, the default, is built in: no weights, no download, the same numbers on every machine.
--model noise gives seeded random rows that say nothing about the sound, and says so in the header.
Row k stands for the time from k/rate to (k+1)/rate. Several channels are mixed to one.
A row comes out within two seconds of its last sample, whatever the length of the sound."""
    examples = ("nat-split song.wav | nat-decode | nat-embed | nat-quantize | nat-pack",)

    @staticmethod
    def arguments(parser: ArgumentParser) -> None:
        parser.add_argument(
            "--model", choices=("spectral", "noise"), default="spectral", help="the encoder (default %(default)s)"
        )
        parser.add_argument(
            "--frame-rate",
            type=cli.ranged(5, 50, "frames a second"),
            default=FRAME_RATE,
            metavar="HZ",
            help="frames a second, 5 to 50 (default %(default)s)",
        )
        parser.add_argument(
            "--seed",
            type=cli.ranged(0, 2**63, whole=True),
            default=0,
            metavar="N",
            help="of --model noise, a whole number from 0 (default %(default)s)",
        )

    def process(self, item: cli.Item) -> Iterator[Record | bytes]:
        import numpy as np

        cli.keep_memory()
        rate, channels = item.head.get("sample_rate"), item.head["channels"]
        if type(rate) is not int or not LOWEST <= rate <= HIGHEST:
            expected = f"expected a sample_rate from {LOWEST} to {HIGHEST} Hz in the header"
            raise cli.Failure(f"{expected}, got {rate!r} (nat-decode --rate changes it)")
        encoder, added = self.encoder(rate)
        block = max(1, round(BLOCK * self.options.frame_rate))
        if channels > 1:
            added["mixed"] = channels
        yield cli.header(
            item, "features", **added, frame_rate=tidy(self.options.frame_rate), block=block, measures=encoder.measures
        )
        rows, frames = np.zeros((0, 0), dtype=np.float32), 0
        for record in item:
            if record.event != "data":
                yield record
                continue
            more = encoder.feed(mix(np.frombuffer(record.payload, dtype="<f4"), channels))
            if len(more):
                rows, frames = np.concatenate((rows, more)) if len(rows) else more, frames + len(more)
            whole = len(rows) // block * block
            yield from blocks(rows[:whole], block)
            rows = rows[whole:]
        more = encoder.finish()
        yield from blocks(np.concatenate((rows, more)) if len(rows) else more, block)
        yield cli.end(item, frames=frames + len(more))

    def encoder(self, rate: int) -> tuple[Any, Head]:
        """The encoder for one item, and what the header says of it."""
        from fractions import Fraction

        frame_rate = Fraction(str(self.options.frame_rate))
        encoder: Any
        if self.options.model == "noise":
            encoder = Noise(rate, frame_rate, self.options.seed)
            added = {"model": "noise", "model_version": Noise.version, "random": True, "seed": self.options.seed}
        else:
            from . import spectral

            encoder = spectral.Spectral(rate, frame_rate)
            added = {"model": "spectral", "model_version": spectral.MODEL_VERSION}
        return encoder, added | {
            "streams": [
                {"name": "S", "type": "semantic", "width": encoder.S},
                {"name": "A", "type": "acoustic", "width": encoder.A},
            ]
        }


def blocks(rows: NDArray[np.float32], size: int) -> Iterator[Record]:
    """Data records of `size` rows, and one of what is left over."""
    for start in range(0, len(rows), size):
        yield cli.data(rows[start : start + size].astype("<f4", copy=False).tobytes())


def mix(samples: NDArray[np.float32], channels: int) -> NDArray[np.float64]:
    """The mean of the channels, added one after the other, float64; a sample that is no finite number is silence."""
    import numpy as np

    table = samples.astype(np.float64).reshape(-1, channels)
    if not np.isfinite(table).all():
        table[~np.isfinite(table)] = 0
    mono = table[:, 0]
    for channel in range(1, channels):
        mono = mono + table[:, channel]
    return mono / channels


def tidy(rate: float) -> float:
    """A whole number as an int, so that the header reads 25 and not 25.0."""
    return int(rate) if rate == int(rate) else rate


def main() -> NoReturn:
    cli.main(Embed)


if __name__ == "__main__":
    main()
