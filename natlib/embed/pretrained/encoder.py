"""The pretrained encoders, MERT, Wav2Vec2 and HuBERT: windows of sound in, rows of features out.

The network sees windows of fixed length on a grid that is counted from the item's first sample. Attention and the norms
reach over all of a window, so the windows are part of what the features are: window k begins at frame k * (W - 2C), of
its W frames the first and last C are context and not kept, except at the item's ends; the last window is slid back so
that it ends with the item; an item shorter than a window is one window of its own length. Nothing is padded, except
what is shorter than a single frame of the network, with silence.

On a processor each window runs on one thread, and several at a time, so its numbers do not depend on which others there
are, nor on how many threads. On other devices windows of equal length run as one batch.
"""

from __future__ import annotations

import os
from argparse import Namespace
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...cli import Failure, UsageError
from ...wire import Head
from . import checkpoint

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float32]

VERSION = "1"  # of everything here that changes the features
# Semantic and acoustic layers, of 12: for MERT by MARBLE and the authors' demo, for the others by Pasad et al. 2021.
LAYERS = {"mert": ((7,), (1, 2)), "wav2vec2": ((7,), (1, 2)), "hubert": ((9,), (1, 2))}
MERT_330M = ((12,), (2, 3, 4))
MOST = 16  # windows at a time, where nothing is said
BATCH = 16  # likewise, on other devices than the processor


class Encoder:
    """A model that is loaded, and the settings that it runs under. Raises Failure, UsageError."""

    def __init__(self, options: Namespace, say: Callable[[str], None]):
        import soxr

        normalize = {"auto": None, "yes": True, "no": False}[options.normalize]
        self.model = model = checkpoint.find(options.model, options.revision, options.offline, normalize, say)
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
        self.window = f"{options.window:g} s"
        self.runner, added = start(self, options)
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

    sha256: str  # of the weights
    S = A = property(lambda self: self.model.config.hidden)

    @property
    def version(self) -> str:
        """All that the features depend on, but for the frame rate and what only rounds differently."""
        told = ["+".join(map(str, group)) for group in self.groups]
        normal = "" if self.model.normalize is None else ".normalized"
        return f"{VERSION}.{self.sha256[:16]}.S{told[0]}.A{told[1]}.W{self.size}-{self.context}{normal}"

    def item(self, sample_rate: int) -> Windows:
        """An encoder for one item."""
        return Windows(self, sample_rate)


def defaults(model: checkpoint.Model) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Semantic and acoustic layers for a model, where the user names none."""
    depth = model.config.layers
    if model.kind == "mert" and depth == 24:
        return MERT_330M
    (semantic,), (low, high) = LAYERS[model.kind]
    scaled = [max(1, layer * depth // 12) for layer in (semantic, low, high)]
    return (scaled[0],), tuple(range(scaled[1], scaled[2] + 1))


class Windows:
    """One item: mono samples in, rows of S, A and the measures out, the same however the samples are cut."""

    def __init__(self, encoder: Encoder, sample_rate: int):
        import numpy as np
        import soxr

        from ..spectral.extractor import Meter

        self.encoder, self.sample_rate, self.config = encoder, sample_rate, encoder.model.config
        self.meter = Meter(sample_rate, encoder.frame_rate)
        self.measures = self.meter.measures
        to = encoder.model.sample_rate
        self.resampler = None if sample_rate == to else soxr.ResampleStream(sample_rate, to, 1, "float32", "HQ")
        self.buffer = np.zeros(0, dtype=np.float32)
        self.start = 0  # the buffer's first sample
        self.samples = 0  # taken, at sample_rate
        self.total = 0  # made, at the model's rate
        self.begun = 0  # windows
        self.jobs: deque[tuple[int, Future[Array]]] = deque()  # windows that run or wait, with their first frame
        self.frames = 0  # of the network, given out
        self.tail: Array | None = None  # context of the last window, which is kept if no other comes
        self.rest = np.zeros((0, encoder.S + encoder.A), dtype=np.float32)  # frames that are no row yet
        self.pooled = self.rest  # rows whose measures are not there yet
        self.latest = self.rest  # the last row that was pooled
        self.measured = np.zeros((0, len(self.measures)), dtype=np.float32)

    def feed(self, samples: NDArray[np.float64]) -> None:
        """Take samples, float64, shape (n,), and start the windows that are whole."""
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

        self.measure(self.meter.finish())
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
        """Samples of so many frames of the network."""
        return (frames - 1) * self.config.stride + self.config.reach

    def begin(self, frame: int, samples: int) -> None:
        first = frame * self.config.stride - self.start
        self.jobs.append((frame, self.encoder.runner.submit(self.buffer[first : first + samples].copy())))

    def drop(self, frame: int) -> None:
        """Forget the samples that no window can need: a slid one reaches back so far from the next frame to come."""
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
        """The rows that the oldest window brings, float32, (rows, width). Raises Failure."""
        import numpy as np

        first, job = self.jobs.popleft()
        found = self.encoder.runner.result(job)
        end = first + len(found) - self.encoder.context
        self.tail = found[max(0, end - first) :]
        found = found[self.frames - first : max(0, end - first)]
        self.frames += len(found)
        return self.join(np.concatenate((self.rest, found)))

    def last_rows(self) -> Array:
        """The rest of the rows, after finish() and all windows: frames are repeated where too little sound is left."""
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
        """Frames of the network, from the first that no row was made of, to rows."""
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


# Running windows.


class Threads:
    """Runs windows on the processor, each on one thread."""

    def __init__(self, run: Callable[[Array], Array], workers: int):
        self.run, self.limit = run, 2 * workers
        self.pool = ThreadPoolExecutor(workers)
        self.waiting: set[Future[Array]] = set()  # results that nobody took

    def submit(self, samples: Array) -> Future[Array]:
        """A window, (samples,), to features, (frames, S + A), soon."""
        job = self.pool.submit(self.run, samples)
        self.waiting.add(job)
        return job

    def full(self) -> bool:
        """Are there windows enough to keep it busy?"""
        return len(self.waiting) >= self.limit

    def result(self, job: Future[Array]) -> Array:
        """The features of a window. Raises what running it raised."""
        self.waiting.discard(job)
        return job.result()

    def close(self) -> None:
        """Nobody wants the results any more."""
        self.pool.shutdown(wait=False, cancel_futures=True)


class Batches(Threads):
    """Runs windows of equal length as one batch, (windows, samples), those first that came first."""

    def __init__(self, run: Callable[[Sequence[Array]], Array], size: int):
        self.batch, self.size = run, size
        self.queue: dict[Future[Array], Array] = {}
        self.waiting = set()

    def submit(self, samples: Array) -> Future[Array]:
        job: Future[Array] = Future()
        self.queue[job] = samples
        self.waiting.add(job)
        return job

    def full(self) -> bool:
        lengths = [len(samples) for samples in self.queue.values()]
        return len(self.waiting) >= 8 * self.size or any(lengths.count(n) >= self.size for n in set(lengths))

    def result(self, job: Future[Array]) -> Array:
        while not job.done():
            oldest = len(next(iter(self.queue.values())))
            jobs = [other for other, samples in self.queue.items() if len(samples) == oldest][: self.size]
            windows = [self.queue.pop(other) for other in jobs]
            try:
                for other, found in zip(jobs, self.batch(windows), strict=True):
                    other.set_result(found)
            except Exception as error:
                for other in jobs:
                    other.set_exception(error)
        return super().result(job)

    def close(self) -> None:
        self.queue.clear()


def start(encoder: Encoder, options: Namespace) -> tuple[Threads, Head]:
    """Load the weights. Returns what runs windows, and what the header says of it."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # or its sums are in no fixed order
    cores = int(os.environ.get("OMP_NUM_THREADS") or 0) or len(os.sched_getaffinity(0))
    os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"  # a window is on one thread
    workers = options.batch or min(cores, MOST)
    if options.runtime == "onnxruntime":
        return onnx(encoder, options, workers)
    guard = guarded(encoder, "model")
    found = guard(checkpoint.Weights)(encoder.model)
    torch = found.torch
    device = place(torch, options.device)
    dtype = getattr(torch, options.dtype)
    torch.set_num_threads(1)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    if options.deterministic:
        torch.use_deterministic_algorithms(True)
    from .network import Network

    network = guard(lambda: Network(encoder.model.config, found, max(map(max, encoder.groups)), device, dtype))()
    encoder.sha256 = found.sha256

    def run(windows: Sequence[Array]) -> Any:
        with torch.inference_mode():
            batch = torch.stack([torch.from_numpy(level(encoder, window)) for window in windows])
            return network.means(batch.to(device), encoder.groups).cpu().numpy()

    runner: Threads
    if device == "cpu":
        runner = Threads(guarded(encoder, "window")(lambda window: run([window])[0]), workers)
    else:
        batch = 1 if options.deterministic else options.batch or BATCH
        runner = Batches(guarded(encoder, "window")(run), batch)
    added = {"device": device, "dtype": options.dtype, "runtime": f"torch {torch.__version__}"}
    return runner, added | ({"deterministic": True} if options.deterministic else {})


def place(torch: Any, wanted: str) -> str:
    """The device to run on, as torch names it. Raises Failure where there is none such."""
    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    kind, _, index = wanted.partition(":")
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there[kind] or (kind == "cuda" and int(index or 0) >= torch.cuda.device_count()):
        raise Failure(f"--device {wanted}: torch {torch.__version__} finds no such device here")
    return wanted


def level(encoder: Encoder, window: Array) -> Array:
    """The window with mean 0 and variance 1, where the model was trained on such."""
    import numpy as np

    if encoder.model.normalize is None:
        return window
    exact = window.astype(np.float64)
    found: Array = ((exact - exact.mean()) / np.sqrt(exact.var() + encoder.model.normalize)).astype(np.float32)
    return found


def guarded(encoder: Encoder, what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Say which setting helps, where memory does not suffice."""

    def wrap(run: Callable[..., Any]) -> Callable[..., Any]:
        def guard(*arguments: Any) -> Any:
            try:
                return run(*arguments)
            except Exception as error:
                first = (str(error).strip().splitlines() or [""])[0]
                if isinstance(error, Failure) or not checkpoint.starved(error):
                    raise
                cure = f"--batch 1, or a --window below {encoder.window}," if what == "window" else "--dtype bfloat16"
                raise Failure(f"out of memory for the {what}: {cure} needs less ({first[:120]})") from None

        return guard

    return wrap


def onnx(encoder: Encoder, options: Namespace, workers: int) -> tuple[Threads, Head]:
    """The same with ONNX Runtime: an export of the network is made once for the same weights and layers, and kept."""
    if options.device not in ("auto", "cpu") or options.dtype != "float32":
        raise UsageError("--runtime onnxruntime is for --device cpu and --dtype float32")
    runtime = checkpoint.library("onnxruntime")
    encoder.sha256 = checkpoint.digest(encoder.model.path).result()
    told = ["+".join(map(str, group)) for group in encoder.groups]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "nat")
    path = cache / f"{encoder.sha256}-{'-'.join(told)}-{VERSION}.onnx"
    if not path.exists():
        checkpoint.library("onnx")  # torch.onnx wants it
        from .network import Linear, Network, export

        found = checkpoint.Weights(encoder.model)
        part = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            cache.mkdir(parents=True, exist_ok=True)
            network = Network(encoder.model.config, found, max(map(max, encoder.groups)), kind=Linear)
            export(network, encoder.groups, part)
            part.replace(path)
        except OSError as error:
            raise Failure(f"{checkpoint.shown(part)}: {error.strerror} (XDG_CACHE_HOME says where else)") from None
        finally:
            part.unlink(missing_ok=True)
    settings = runtime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    settings.log_severity_level = 3
    try:
        session = runtime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
    except Exception as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise Failure(f"{checkpoint.shown(path)}: {first[:200]} (without this file, it is made again)") from None

    def run(window: Array) -> Array:
        result: Array = session.run(None, {"windows": level(encoder, window)[None]})[0][0]
        return result

    added = {"device": "cpu", "dtype": "float32", "runtime": f"onnxruntime {runtime.__version__}"}
    return Threads(guarded(encoder, "window")(run), workers), added
