"""nat-embed: PCM to feature rows."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from .. import cli
from ..wire import Head, Record

if TYPE_CHECKING:
    from fractions import Fraction

    import numpy as np
    from numpy.typing import NDArray

    from .pretrained import encoder as pretrained

FRAME_RATE = 12.5
BLOCK = 0.64  # seconds of frames in a data record
LOWEST, HIGHEST = 8000, 768000  # Hz, of the sample rates that can be heard
BUILT_IN = ("spectral", "noise")
STREAMS = (("S", "semantic"), ("A", "acoustic"))
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


class Track(cli.Item):
    """An item that is read ahead of its turn, so that windows of several run at the same time."""

    def __init__(self, item: cli.Item):
        super().__init__(item.head, iter(()), item.failure)
        self.encoder: pretrained.Windows | None = None  # none where it can't be heard
        self.notes: deque[tuple[int, Record]] = deque()  # with the frame before which each comes
        self.over = False
        self.error: Exception | None = None  # what ended it early


class Ahead:
    """Reads items ahead, while the windows of the present one wait for company or run."""

    def __init__(self, encoder: pretrained.Encoder, items: Iterator[cli.Item]):
        self.encoder = encoder
        self.tracks: deque[Track] = deque()  # read, or being read, but not begun to be written
        self.reading = self.read(items)
        self.exhausted = False

    def items(self) -> Iterator[Track]:
        """Every item, in order."""
        try:
            while self.tracks or self.more():
                if self.tracks:
                    yield self.tracks.popleft()
        finally:
            self.encoder.runner.close()

    def more(self) -> bool:
        """Read one more record. Returns False at the end of the input."""
        self.exhausted = next(self.reading, None) is None
        return not self.exhausted

    def read(self, items: Iterator[cli.Item]) -> Iterator[bool]:
        """Read all, and stop after each record."""
        for item in items:
            track = Track(item)
            self.tracks.append(track)
            yield True
            if track.failure:
                continue
            try:
                rate, channels = sound(item.head)
                track.encoder = self.encoder.item(rate)
                for record in item:
                    if record.event == "data" and track.encoder:
                        track.encoder.feed(mix(samples(record), channels))
                    elif track.encoder:
                        frame = int(track.encoder.samples * self.encoder.frame_rate / rate)
                        track.notes.append((frame, record))
                    yield True
                if track.encoder:
                    track.encoder.finish()
            except Exception as error:
                track.error = error
            track.end, track.over = item.end, True

    def hear(self, track: Track) -> Iterator[Record | NDArray[np.float32]]:
        """The notes of an item, in place, and its rows."""
        frames = 0

        def placed(rows: NDArray[np.float32]) -> Iterator[Record | NDArray[np.float32]]:
            nonlocal frames
            while track.notes and track.notes[0][0] < frames + len(rows):
                frame, note = track.notes.popleft()
                yield rows[: frame - frames]
                yield note
                rows, frames = rows[frame - frames :], frame
            yield rows
            frames += len(rows)

        while True:
            encoder = track.encoder
            if encoder and encoder.ready(wait=self.exhausted or self.encoder.runner.full()):
                try:
                    rows = encoder.rows()
                except Exception:
                    track.encoder = None
                    raise
                yield from placed(rows)
            elif track.over and not (encoder and encoder.jobs):
                break
            else:
                self.more()
        if track.error:
            raise track.error
        assert track.encoder
        yield from placed(track.encoder.last_rows())
        yield from (note for _, note in track.notes)


class Embed(cli.Stage):
    """The command."""

    name = "nat-embed"
    reads = "pcm"
    makes = "features"
    summary = "Turn PCM (a record stream from nat-decode) into rows of features, 12.5 a second."
    description = """\
--model spectral, the default, is built in: no weights, no download, the same numbers on every machine.
--model mert, mert-330m, wav2vec2, hubert, a model of the Hub (OWNER/NAME), a folder with one, or
torchaudio:WAV2VEC2_BASE and its siblings are pretrained transformers: their weights are fetched once.
--model noise gives seeded random rows that say nothing about the sound, and says so in the header.
Row k stands for the time from k/rate to (k+1)/rate. Several channels are mixed to one.
A row comes out within two seconds of its last sample, whatever the length of the sound; of a pretrained
model, when a window is full, and with --batch above 1 while others run."""
    examples = (
        "nat-split song.wav | nat-decode | nat-embed | nat-quantize | nat-pack",
        "nat-split song.wav | nat-decode | nat-embed --model mert --dtype bfloat16 | nat-quantize | nat-pack",
    )

    @staticmethod
    def arguments(parser: ArgumentParser) -> None:
        """Its options."""
        add = parser.add_argument
        add("--model", default="spectral", metavar="M", help="the encoder (default: %(default)s)")
        add("--frame-rate", type=frames_a_second, default=FRAME_RATE, metavar="HZ",
            help="frames a second, 5 to 50 (default: %(default)s); native: as a pretrained model has it")  # fmt: skip
        add("--seed", type=cli.ranged(0, 2**63, whole=True), default=0, metavar="N",
            help="of --model noise, a whole number from 0 (default: %(default)s)")  # fmt: skip
        group = parser.add_argument_group("pretrained models")
        add = group.add_argument
        add("--semantic-layers", type=layers, metavar="L",
            help="layers whose mean is S, such as 7 or 4-6,9 (default: by model, 7 of 12, HuBERT's 9)")  # fmt: skip
        add("--acoustic-layers", type=layers, metavar="L", help="layers whose mean is A (default: 1-2 of 12)")
        add("--window", type=cli.ranged(0.2, 600, "s"), default=10.0, metavar="S",
            help="what the model sees at once, 0.2 to 600 s (default: 10)")  # fmt: skip
        add("--context", type=cli.ranged(0, 100, "s"), default=1.0, metavar="S",
            help="of it on each side, so much is not kept, 0 to 100 s (default: 1)")  # fmt: skip
        add("--batch", type=cli.ranged(1, 1024, "windows", whole=True), metavar="N",
            help="windows that run at a time, 1 to 1024 (default: one a core, 16 at most)")  # fmt: skip
        add("--normalize", choices=("auto", "yes", "no"), default="auto",
            help="each window to mean 0 and variance 1 (default: as the model's folder says)")  # fmt: skip
        add("--device", type=device, default="auto", metavar="D",
            help="auto, cpu, cuda, cuda:N or mps (default: auto, a GPU if there is one)")  # fmt: skip
        add(
            "--dtype",
            choices=("float32", "bfloat16", "float16"),
            default="float32",
            help="of products (default: float32)",
        )
        add("--runtime", choices=("torch", "onnxruntime"), default="torch", help="what runs the model (default: torch)")
        add("--deterministic", action="store_true", help="the same bits again on a GPU too, at the cost of speed")
        add("--revision", metavar="R", help="of a model of the Hub: branch, tag or commit (default: main)")
        add("--offline", action="store_true", help="make no call: what is not in the cache is an error")

    def __init__(self, options: Namespace):
        super().__init__(options)
        self.ahead: Ahead | None = None  # for pretrained models
        if options.model in BUILT_IN:
            if options.frame_rate == "native":
                raise cli.UsageError(f"--frame-rate native is for pretrained models, not --model {options.model}")
            if options.revision or options.offline or options.semantic_layers or options.acoustic_layers:
                raise cli.UsageError(f"--model {options.model} has no weights, so no layers, --revision or --offline")

    def items(self, source: cli.Source) -> Iterator[cli.Item]:
        """Those of the input; for a pretrained model, read ahead."""
        if self.options.model in BUILT_IN:
            return source.items()
        from .pretrained import encoder as pretrained

        self.ahead = Ahead(pretrained.Encoder(self.options, source.run.say), source.items())
        return self.ahead.items()

    def process(self, item: cli.Item) -> Iterator[Record | bytes]:
        """Header, blocks of rows, notes in place, end."""
        import numpy as np

        cli.keep_memory()
        rate, channels = sound(item.head)
        if self.ahead:
            assert isinstance(item, Track)
            from .spectral.extractor import Meter

            encoder: Any = self.ahead.encoder
            frame_rate, added = float(encoder.frame_rate), dict(encoder.head)
            measures, heard = Meter.measures, self.ahead.hear(item)
        else:
            frame_rate = self.options.frame_rate
            encoder, added = self.encoder(rate)
            measures, heard = encoder.measures, hear(item, encoder, channels)
        streams = [{"name": name, "type": kind, "width": getattr(encoder, name)} for name, kind in STREAMS]
        added |= {"streams": streams} | ({"mixed": channels} if channels > 1 else {})
        block = max(1, round(BLOCK * frame_rate))
        yield cli.header(item, "features", **added, frame_rate=tidy(frame_rate), block=block, measures=measures)
        rows, frames = np.zeros((0, 0), dtype=np.float32), 0
        for more in heard:
            if isinstance(more, Record):
                yield more
                continue
            if len(more):
                rows, frames = np.concatenate((rows, more)) if len(rows) else more, frames + len(more)
            whole = len(rows) // block * block
            yield from blocks(rows[:whole], block)
            rows = rows[whole:]
        yield from blocks(rows, block)
        yield cli.end(item, frames=frames)

    def encoder(self, rate: int) -> tuple[Any, Head]:
        """The built-in encoder for one item, and what the header says of it."""
        from fractions import Fraction

        frame_rate = Fraction(str(self.options.frame_rate))
        if self.options.model == "noise":
            added = {"model": "noise", "model_version": Noise.version, "random": True, "seed": self.options.seed}
            return Noise(rate, frame_rate, self.options.seed), added
        from .spectral import encoder as spectral

        return spectral.Spectral(rate, frame_rate), {"model": "spectral", "model_version": spectral.MODEL_VERSION}


def hear(item: cli.Item, encoder: Any, channels: int) -> Iterator[Record | NDArray[np.float32]]:
    """The notes of an item, as they come, and its rows."""
    for record in item:
        yield encoder.feed(mix(samples(record), channels)) if record.event == "data" else record
    yield encoder.finish()


def sound(head: Head) -> tuple[int, int]:
    """Sample rate and channels of an item of PCM. Raises Failure where that can't be heard."""
    rate = head.get("sample_rate")
    if type(rate) is not int or not LOWEST <= rate <= HIGHEST:
        expected = f"expected a sample_rate from {LOWEST} to {HIGHEST} Hz in the header"
        raise cli.Failure(f"{expected}, got {rate!r} (nat-decode --rate changes it)")
    return rate, head["channels"]


def samples(record: Record) -> NDArray[np.float32]:
    """The samples in a data record."""
    import numpy as np

    return np.frombuffer(record.payload, dtype="<f4")


def blocks(rows: NDArray[np.float32], size: int) -> Iterator[Record]:
    """Data records of `size` rows, and one of what is left over."""
    for start in range(0, len(rows), size):
        yield cli.data(rows[start : start + size].astype("<f4", copy=False).tobytes())


def frames_a_second(text: str) -> Any:
    """The argument of --frame-rate."""
    return text if text == "native" else cli.ranged(5, 50, "frames a second")(text)


def layers(text: str) -> tuple[int, ...]:
    """The argument of --semantic-layers: numbers and ranges, 7 or 1-2 or 1,4-6."""
    found: set[int] = set()
    for part in text.split(","):
        low, _, high = part.partition("-")
        if not re.fullmatch(r"\d{1,3}(-\d{1,3})?", part) or int(low) > int(high or low):
            raise ArgumentTypeError(f"expected layers such as 7 or 1-2 or 1,4-6, got {text!r}")
        found |= set(range(int(low), int(high or low) + 1))
    return tuple(sorted(found))


def device(text: str) -> str:
    """The argument of --device."""
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d{1,3})?", text):
        raise ArgumentTypeError(f"expected auto, cpu, cuda, cuda:N or mps, got {text!r}")
    return text


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
