"""What runs windows: torch or ONNX Runtime, on threads or in batches."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import runtime
from ...errors import Failure, UsageError
from ...wire import Head
from .checkpoint import Weights, digest
from .config import Model
from .libraries import library, shown, starved

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float32]

MOST = 16  # windows at a time, if --batch does not say
BATCH = 16  # likewise, on devices other than the CPU

Groups = tuple[Sequence[int], Sequence[int]]  # layers of S, of A


class Threads:
    """Runs windows on the CPU, each on one thread."""

    def __init__(self, run: Callable[[Array], Array], workers: int):
        self.run, self.limit = run, 2 * workers
        self.pool = ThreadPoolExecutor(workers)
        self.waiting: set[Future[Array]] = set()  # results that nobody has taken

    def submit(self, samples: Array) -> Future[Array]:
        """Start on a window, (samples,). Returns its features, (frames, S + A), as a future."""
        job = self.pool.submit(self.run, samples)
        self.waiting.add(job)
        return job

    def full(self) -> bool:
        """Are there enough windows to keep it busy?"""
        return len(self.waiting) >= self.limit

    def result(self, job: Future[Array]) -> Array:
        """The features of a window. Raises what running it raised."""
        self.waiting.discard(job)
        return job.result()

    def close(self) -> None:
        """Nobody wants the results any more."""
        self.pool.shutdown(wait=False, cancel_futures=True)


class Batches(Threads):
    """Runs windows of equal length as one batch, (windows, samples), the oldest first."""

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


def start(model: Model, groups: Groups, name: str, options: Namespace) -> tuple[Threads, str, Head]:
    """Load the weights. Returns what runs windows, the weights' SHA-256, and what the header says about it.

    `name` says all that an export depends on besides the weights.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # otherwise its sums are in no fixed order
    cores = int(os.environ.get("OMP_NUM_THREADS") or 0) or runtime.cores()
    os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"  # a window runs on one thread
    workers = options.batch or min(cores, MOST)
    if options.runtime == "onnxruntime":
        return onnx(model, groups, name, options, workers)
    guard = guarded("--dtype bfloat16", "model")
    found = guard(Weights)(model)
    torch = found.torch
    device = place(torch, options.device)
    dtype = getattr(torch, options.dtype)
    torch.set_num_threads(1)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    if options.deterministic:
        torch.use_deterministic_algorithms(True)
    from .network import Network

    network = guard(lambda: Network(model.config, found, max(map(max, groups)), device, dtype))()

    def run(windows: Sequence[Array]) -> Any:
        with torch.inference_mode():
            batch = torch.stack([torch.from_numpy(level(model, window)) for window in windows])
            return network.means(batch.to(device), groups).cpu().numpy()

    runner: Threads
    cure = in_a_window(options)
    if device == "cpu":
        runner = Threads(guarded(cure, "window")(lambda window: run([window])[0]), workers)
    else:
        batch = 1 if options.deterministic else options.batch or BATCH
        runner = Batches(guarded(cure, "window")(run), batch)
    added = {"device": device, "dtype": options.dtype, "runtime": f"torch {torch.__version__}"}
    return runner, found.sha256, added | ({"deterministic": True} if options.deterministic else {})


def place(torch: Any, wanted: str) -> str:
    """The device to run on, as torch names it. Raises Failure if there is no such device."""
    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    kind, _, index = wanted.partition(":")
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there[kind] or (kind == "cuda" and int(index or 0) >= torch.cuda.device_count()):
        raise Failure(f"--device {wanted}: torch {torch.__version__} finds no such device here")
    return wanted


def level(model: Model, window: Array) -> Array:
    """The window, brought to mean 0 and variance 1 if the model wants that."""
    import numpy as np

    if model.normalize is None:
        return window
    exact = window.astype(np.float64)
    found: Array = ((exact - exact.mean()) / np.sqrt(exact.var() + model.normalize)).astype(np.float32)
    return found


def in_a_window(options: Namespace) -> str:
    """What helps if memory runs out for a window."""
    return f"--batch 1, or a --window below {options.window:g} s,"


def guarded(cure: str, what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Say which setting is the cure if memory runs out for `what`."""

    def wrap(run: Callable[..., Any]) -> Callable[..., Any]:
        def guard(*arguments: Any) -> Any:
            try:
                return run(*arguments)
            except Exception as error:
                first = (str(error).strip().splitlines() or [""])[0]
                if isinstance(error, Failure) or not starved(error):
                    raise
                raise Failure(f"out of memory for the {what}: {cure} needs less ({first[:120]})") from None

        return guard

    return wrap


def onnx(model: Model, groups: Groups, name: str, options: Namespace, workers: int) -> tuple[Threads, str, Head]:
    """The same with ONNX Runtime: the network is exported once for the same weights and layers, and the export kept."""
    if options.device not in ("auto", "cpu") or options.dtype != "float32":
        raise UsageError("--runtime onnxruntime is for --device cpu and --dtype float32")
    runtime = library("onnxruntime")
    sha256 = digest(model.path).result()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "nat")
    path = cache / f"{sha256}-{name}.onnx"
    if not path.exists():
        library("onnx")  # torch.onnx needs it
        from .network import Linear, Network, export

        found = Weights(model)
        part = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            cache.mkdir(parents=True, exist_ok=True)
            network = Network(model.config, found, max(map(max, groups)), kind=Linear)
            export(network, groups, part)
            part.replace(path)
        except OSError as error:
            raise Failure(f"{shown(part)}: {error.strerror} (XDG_CACHE_HOME says where else)") from None
        finally:
            part.unlink(missing_ok=True)
    settings = runtime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    settings.log_severity_level = 3
    try:
        session = runtime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
    except Exception as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise Failure(f"{shown(path)}: {first[:200]} (without this file, it is made again)") from None

    def run(window: Array) -> Array:
        result: Array = session.run(None, {"windows": level(model, window)[None]})[0][0]
        return result

    added = {"device": "cpu", "dtype": "float32", "runtime": f"onnxruntime {runtime.__version__}"}
    return Threads(guarded(in_a_window(options), "window")(run), workers), sha256, added
