"""The pretrained encoders, MERT, Wav2Vec2 and HuBERT: windows of sound in, rows of features out.

The network sees windows of fixed length on a grid that is counted from the item's first sample. Attention and the norms
reach over all of a window, so the features depend on the windows. Window k begins at frame k * (W - 2C); of its W
frames, the first and last C are context and not kept, except at the item's ends. The last window is slid back so that
it ends with the item; an item shorter than a window is one window of its own length. Nothing is padded, except that an
item shorter than a single frame of the network is filled up with silence.

On a CPU, each window runs on one thread, and several run at a time, so the numbers of a window depend neither on the
other windows nor on the number of threads. On other devices, windows of equal length run as one batch.
"""

from __future__ import annotations

from argparse import Namespace
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ...wire import Head
from .config import Model
from .models import find
from .running import start

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float32]

VERSION = "1"  # of everything here that changes the features
# Semantic and acoustic layers, of 12: for MERT by MARBLE and the authors' demo, for the others by Pasad et al. 2021.
LAYERS = {"mert": ((7,), (1, 2)), "wav2vec2": ((7,), (1, 2)), "hubert": ((9,), (1, 2))}
MERT_330M = ((12,), (2, 3, 4))


class Encoder:
    """A loaded model, and the settings that it runs with. Raises Failure, UsageError."""

    def __init__(self, options: Namespace, say: Callable[[str], None]):
        import soxr

        normalize = {"auto": None, "yes": True, "no": False}[options.normalize]
        self.model = model = find(options.model, options.revision, options.offline, normalize, say)
        config = model.config
        semantic, acoustic = defaults(model)
        self.groups = (options.semantic_layers or semantic, options.acoustic_layers or acoustic)
        for group in self.groups:
            if group[-1] > config.layers:
                raise UsageError(f"expected layers from 0 to {config.layers} of {model.id}, got {group[-1]}")
        self.rate = Fraction(model.sample_rate, config.stride)  # frames of the network a second
        self.frame_rate = self.rate if options.frame_rate == "native" else Fraction(str(options.frame_rate))
        if (self.rate / self.frame_rate).denominator != 1:
            raise UsageError(
                f"--frame-rate: expected native or a part of the {float(self.rate):g} Hz of {model.id}, "
                f"such as {float(self.rate / 6):g}, got {options.frame_rate:g}"
            )
        self.pool = int(self.rate / self.frame_rate)
        self.size, self.context = (int(Fraction(str(s)) * self.rate) for s in (options.window, options.context))
        if self.size <= 2 * self.context:
            raise UsageError(
                f"--window: expected more than twice the {options.context:g} s of --context, got {options.window:g}"
            )
        name = f"{'-'.join(layers_told(self.groups))}-{VERSION}"  # what an export of the network depends on
        self.names: frozenset[str] = options.measures
        self.runner, self.sha256, added = start(model, self.groups, name, options)
        self.head: Head = {
            "model": model.name,
            "model_version": self.version,
            "pretrained": {
                "id": model.id,
                "revision": model.revision,
                "sha256": self.sha256,
                "architecture": model.kind,
                "layers": {"S": list(self.groups[0]), "A": list(self.groups[1])},
                "sample_rate": model.sample_rate,
                "resampler": f"soxr {soxr.__version__}",
                "normalize": model.normalize is not None,
                "window": {"frames": self.size, "context": self.context, "frame_rate": float(self.rate)},
                **added,
            },
        }

    @property
    def widths(self) -> dict[str, int]:
        """Numbers of each stream in a row."""
        return dict.fromkeys("SA", self.model.config.hidden)

    @property
    def measures(self) -> list[Head]:
        """What the header says about each measure."""
        from ..measures import heads
        from ..spectral.grid import Grid

        return heads(Grid(self.frame_rate).hops, self.names)

    @property
    def version(self) -> str:
        """All that the features depend on, except the frame rate and what only changes the rounding."""
        told = layers_told(self.groups)
        normal = "" if self.model.normalize is None else ".normalized"
        return f"{VERSION}.{self.sha256[:16]}.S{told[0]}.A{told[1]}.W{self.size}-{self.context}{normal}"

    def item(self, sample_rate: int) -> Windows:
        """An encoder for one item."""
        return Windows(self, sample_rate)


def layers_told(groups: Sequence[Sequence[int]]) -> list[str]:
    """The layers of S and of A, for a name: "7", "1+2"."""
    return ["+".join(map(str, group)) for group in groups]


def defaults(model: Model) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Semantic and acoustic layers for a model, if the user names none."""
    depth = model.config.layers
    if model.kind == "mert" and depth == 24:
        return MERT_330M
    (semantic,), (low, high) = LAYERS[model.kind]
    scaled = [max(1, layer * depth // 12) for layer in (semantic, low, high)]
    return (scaled[0],), tuple(range(scaled[1], scaled[2] + 1))


class Windows:
    """One item: mono samples in, rows of S, A and the measures out, the same however the samples are split."""

    def __init__(self, encoder: Encoder, sample_rate: int):
        import numpy as np
        import soxr

        from ..spectral.extractor import Meter

        self.encoder, self.sample_rate, self.config = encoder, sample_rate, encoder.model.config
        self.meter = Meter(sample_rate, encoder.frame_rate, encoder.names)
        self.measures = self.meter.measures
        to = encoder.model.sample_rate
        self.resampler = None if sample_rate == to else soxr.ResampleStream(sample_rate, to, 1, "float32", "HQ")
        self.buffer = np.zeros(0, dtype=np.float32)
        self.start = 0  # the buffer's first sample
        self.samples = 0  # taken, at sample_rate
        self.total = 0  # made, at the model's rate
        self.begun = 0  # windows
        self.jobs: deque[tuple[int, Future[Array]]] = deque()  # windows that run or wait, each with its first frame
        self.frames = 0  # frames of the network that were given out
        self.tail: Array | None = None  # context of the last window, kept if no other window comes
        self.rest = np.zeros((0, sum(encoder.widths.values())), dtype=np.float32)  # frames not yet made into rows
        self.pooled = self.rest  # rows that wait for their measures
        self.latest = self.rest  # the last row that was pooled
        self.measured = np.zeros((0, len(self.measures)), dtype=np.float32)

    def feed(self, samples: NDArray[np.float64]) -> None:
        """Take samples, float64, shape (n,), and start the windows that are complete."""
        self.measure(self.meter.feed(samples))
        self.samples += len(samples)
        self.take(samples, False)
        size, config = self.encoder.size, self.config
        hop = size - 2 * self.encoder.context
        while self.total >= self.begun * hop * config.stride + self.length(size):
            self.begin(self.begun * hop, self.length(size))
            self.begun += 1
            self.drop(self.begun * hop)

    def finish(self) -> None:
        """No more samples will come: start the last window."""
        import numpy as np

        self.measure(self.meter.finish(np.zeros(0)))
        self.take(np.zeros(0), True)
        total = self.config.frames(self.total)
        size = self.encoder.size
        if not self.begun:
            lacking = max(0, self.config.reach - self.total)
            self.buffer = np.concatenate((self.buffer, np.zeros(lacking, dtype=np.float32)))
            self.begin(0, len(self.buffer))
        elif total > (self.begun - 1) * (size - 2 * self.encoder.context) + size:
            self.begin(total - size, self.length(size))
        self.buffer = self.buffer[:0]

    def take(self, samples: NDArray[np.float64], last: bool) -> None:
        """Resample, and put what comes out into the buffer."""
        import numpy as np

        found = samples.astype(np.float32)
        if self.resampler:
            found = self.resampler.resample_chunk(found, last=last)
        self.buffer = np.concatenate((self.buffer, found))
        self.total += len(found)

    def length(self, frames: int) -> int:
        """How many samples `frames` frames of the network take."""
        return (frames - 1) * self.config.stride + self.config.reach

    def begin(self, frame: int, samples: int) -> None:
        first = frame * self.config.stride - self.start
        self.jobs.append((frame, self.encoder.runner.submit(self.buffer[first : first + samples].copy())))

    def drop(self, frame: int) -> None:
        """Forget the samples that no window can need: one slid back begins at most its length before the end so far."""
        keep = max(0, min(frame, self.config.frames(self.total) - self.encoder.size)) * self.config.stride
        self.buffer = self.buffer[keep - self.start :].copy()
        self.start = keep

    def measure(self, rows: NDArray[Any]) -> None:
        import numpy as np

        self.measured = np.concatenate((self.measured, rows), dtype=np.float32)

    def ready(self, wait: bool) -> bool:
        """Is the oldest window done, or shall we `wait` for it?"""
        return bool(self.jobs) and (wait or self.jobs[0][1].done())

    def rows(self) -> Array:
        """The rows that the oldest window gives, float32, (rows, width). Raises Failure."""
        import numpy as np

        first, job = self.jobs.popleft()
        found = self.encoder.runner.result(job)
        end = first + len(found) - self.encoder.context
        self.tail = found[max(0, end - first) :]
        found = found[self.frames - first : max(0, end - first)]
        self.frames += len(found)
        return self.join(np.concatenate((self.rest, found)))

    def last_rows(self) -> Array:
        """The rest of the rows, after finish() and all windows. Repeats frames if too little sound is left."""
        import numpy as np

        assert self.tail is not None
        frames = np.concatenate((self.rest, self.tail))
        over = len(frames) % self.encoder.pool
        if over:
            mean = frames[-over:].mean(axis=0, dtype=np.float32, keepdims=True)
            frames = np.concatenate((frames, np.repeat(mean, self.encoder.pool - over, axis=0)))
        rows = self.join(frames)
        last = np.repeat(self.latest, len(self.measured), axis=0)
        return np.concatenate((rows, np.concatenate((last, self.measured), axis=1)))

    def join(self, frames: Array) -> Array:
        """Turns frames of the network, from the first not yet in a row, into rows."""
        import numpy as np

        pool = self.encoder.pool
        count = len(frames) // pool
        self.rest = frames[count * pool :]
        made = frames[: count * pool].reshape(count, pool, frames.shape[1]).mean(axis=1, dtype=np.float32)
        self.pooled = np.concatenate((self.pooled, made))
        self.latest = made[-1:] if count else self.latest
        count = min(len(self.pooled), len(self.measured))
        rows = np.concatenate((self.pooled[:count], self.measured[:count]), axis=1)
        self.pooled, self.measured = self.pooled[count:], self.measured[count:]
        return rows
