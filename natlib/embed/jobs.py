"""Processes that hear segments of sound with the built-in ear: segments.py says which."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections import deque
from fractions import Fraction
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import Failure
from .spectral.encoder import Spectral
from .spectral.numerics import Array

MOST = 3 << 16  # samples that are heard at a time: with fewer it takes longer, with more, memory
Samples = NDArray[np.float32] | NDArray[np.float64]
Heard = tuple[NDArray[np.float32], Array]  # rows, and the numbers of Past


class Segment(NamedTuple):
    """What a worker is asked for; its samples lie in its own buffer."""

    rate: int
    frame_rate: Fraction
    names: frozenset[str]  # of measures
    samples: int
    kind: str  # of number, "f" or "d"
    skip: int  # rows
    rows: int
    last: bool  # does the item end with it?


def hear(segment: Segment, sound: Samples) -> Heard:
    """The rows of a segment, without the first ones, whose past is not all there."""
    encoder = Spectral(segment.rate, segment.frame_rate, segment.names)
    encoder.skip(segment.skip)
    parts = []
    for at in range(0, segment.samples, MOST):
        piece = sound[at : at + MOST].astype(np.float64)
        last = segment.last and at + MOST >= segment.samples
        parts.append(encoder.hear_last(piece) if last else encoder.hear(piece))
    rows, numbers = (np.concatenate(column)[: segment.rows] for column in zip(*parts, strict=True))
    return rows, numbers


def work(own: Connection, others: list[Connection], buffer: Any) -> None:
    """A worker: hears the segments that it is asked for until nobody can ask any more."""
    for connection in others:
        connection.close()
    # Whoever waits for the end of our input or output must not wait for a worker; an interrupt is not for it.
    with open(os.devnull, "r+b") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(nothing.fileno(), 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        while True:
            segment = own.recv()
            try:
                result: Heard | Exception = hear(segment, np.frombuffer(buffer, segment.kind, segment.samples))
            except Exception as error:
                result = error
            own.send(result)
    except (EOFError, OSError):
        pass


class Worker:
    """A process, and the buffer in which it finds its sound."""

    def __init__(self, size: int, others: list[Connection]):
        """Room for `size` bytes of sound; it is to close `others`, which are ours."""
        # A fork has the encoder's tables; elsewhere than on Linux, libraries may not survive it.
        kind: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
        buffer = kind.RawArray("b", size)
        self.buffer = np.frombuffer(buffer, np.uint8)
        self.connection, its = kind.Pipe()
        others = [*others, self.connection] if kind.get_start_method() == "fork" else []
        self.process = kind.Process(target=work, args=(its, others, buffer), daemon=True)
        self.process.start()
        its.close()

    def ask(self, segment: Segment, sound: list[Samples]) -> None:
        """Have it hear a segment. Raises OSError if it is no more."""
        room = self.buffer[: segment.samples * np.dtype(segment.kind).itemsize]
        np.concatenate(sound, out=room.view(segment.kind))
        self.connection.send(segment)

    def stop(self) -> None:
        """End it."""
        self.connection.close()
        self.process.terminate()
        self.process.join()


def started(size: int, others: list[Connection]) -> Worker:
    """A new worker. Raises Failure if the system has no room for it."""
    try:
        return Worker(size, others)
    except OSError as error:
        reason = error.strerror or str(error)
        raise Failure(f"expected room for a process of --jobs, got: {reason} (--jobs 1 needs none)") from None


class Jobs:
    """Workers of one run, started when there is work for them. What was given first is answered first."""

    def __init__(self, most: int):
        self.most = most
        self.idle: list[Worker] = []
        self.busy: deque[Worker] = deque()

    def give(self, segment: Segment, sound: list[Samples], room: int) -> None:
        """Have a segment heard, of `room` samples at most: the arrays of `sound`, one after the other.

        Not all workers may be busy. Raises Failure if a worker can't be started.
        """
        size = room * np.dtype(segment.kind).itemsize
        if self.idle and len(self.idle[-1].buffer) < size:
            for worker in self.idle:
                worker.stop()  # it was for another sample rate, or other numbers
            self.idle.clear()
        others = [other.connection for other in self.busy]
        worker = self.idle.pop() if self.idle else started(size, others)
        try:
            worker.ask(segment, sound)
        except OSError:  # it ended while it had nothing to do
            worker.stop()
            worker = started(size, others)
            worker.ask(segment, sound)
        self.busy.append(worker)

    @property
    def full(self) -> bool:
        """Are all at work?"""
        return len(self.busy) >= self.most

    def answered(self) -> bool:
        """Is the next answer there?"""
        return bool(self.busy) and self.busy[0].connection.poll()

    def answer(self) -> Heard:
        """The next answer. Raises Failure if its worker ended, and whatever went wrong there."""
        worker = self.busy.popleft()
        try:
            result: Heard | Exception = worker.connection.recv()
        except (EOFError, OSError):
            worker.stop()
            message = "expected rows from a process of --jobs, got its end: --jobs 1 needs less memory"
            raise Failure(message) from None
        self.idle.append(worker)
        if isinstance(result, Exception):
            raise result
        return result

    def stop(self) -> None:
        """End all."""
        for worker in (*self.idle, *self.busy):
            worker.stop()
        self.idle.clear()
        self.busy.clear()
