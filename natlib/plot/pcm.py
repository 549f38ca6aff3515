"""Sound: the envelope of its waveform, and its spectrogram."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.ticker import MaxNLocator

from ..errors import Failure
from ..wire import Head, Record, show
from .base import Panel, View
from .downsample import WHOLE, WINDOWS, Columns, Float, Spectrogram, Zoom
from .drawing import Drawing, frequency_axis, loudest, number, seconds
from .marks import Marks
from .scenes import real


class Pcm(View):
    """Sound: the envelope of its waveform, and its spectrogram."""

    def __init__(self, head: Head, zoom: Zoom = WHOLE):
        super().__init__(head)
        rate = head.get("sample_rate")
        if type(rate) is not int or not 0 < rate < 1 << 31:
            raise Failure(f'expected a number of samples a second as "sample_rate", got {show(rate)}')
        self.rate = rate
        self.channels = int(head["channels"])
        self.low, self.high, self.squares = Columns(np.minimum), Columns(np.maximum), Columns(np.add)
        self.zoom = zoom
        self.spectrogram = Spectrogram(rate, zoom, zoom.wanted)
        self._held: list[Float] | None = []  # the first samples: a short sound gets a shorter window
        self._holds = round(WINDOWS * zoom.wanted * rate)  # of them; a window that is told waits for none
        if zoom.window:
            self._held = None
        self.start = max(0.0, real(head.get("t0", 0)))  # s of the recording before the first sample
        self.marks: Marks | None = None  # what NDJSON says of it
        self.peak, self.top = 1e-4, -100  # where its scales end: full scale is 1; dBFS
        self.span = (0.0, 0.0)  # its lowest and highest frequency, log2 Hz

    def add(self, record: Record) -> None:
        samples = np.nan_to_num(np.frombuffer(record.payload, "<f4").reshape(-1, self.channels), posinf=0, neginf=0)
        samples = samples.clip(-1e6, 1e6)
        mono = samples.mean(axis=1)
        self.low.add(samples.min(axis=1))
        self.high.add(samples.max(axis=1))
        self.squares.add(mono * mono)
        if self._held is None:
            self.spectrogram.add(mono)
        else:
            self._held.append(mono)
            if self.low.rows >= self._holds:
                self._release()

    def _release(self) -> None:
        held, self._held = self._held or [], None
        for mono in held:
            self.spectrogram.add(mono)

    def finish(self) -> None:
        self.duration = self.low.rows / self.rate
        if self._held:
            self.spectrogram = Spectrogram(self.rate, self.zoom, self.zoom.fitting(self.duration))
            self._release()
        self.spectrogram.finish()
        self.peak = max(float(-self.low.values.min(initial=0)), float(self.high.values.max(initial=0)), self.peak)
        self.top = max(loudest(self.spectrogram.decibels), self.top)
        half = 0.5 / self.spectrogram.octave  # half a row, in octaves
        self.span = math.log2(self.spectrogram.hertz[0]) - half, math.log2(self.spectrogram.hertz[-1]) + half

    def share(self, views: Sequence[View]) -> None:
        pcm = [self, *(view for view in views if isinstance(view, Pcm) and view.low.rows)]
        self.peak, self.top = max(view.peak for view in pcm), max(view.top for view in pcm)
        self.span = min(view.span[0] for view in pcm), max(view.span[1] for view in pcm)

    def facts(self) -> list[str]:
        peak, level = self.end.get("peak_dbfs"), self.end.get("rms_dbfs")
        return [
            "pcm",
            f"{self.rate / 1000:g} kHz",
            {1: "mono", 2: "stereo"}.get(self.channels, f"{self.channels} channels"),
            seconds(self.duration),
            f"peak {number(peak)} dBFS" if isinstance(peak, float | int) else "",
            f"RMS {number(level)} dBFS" if isinstance(level, float | int) else "",
            str(self.head.get("decoder", "")),
        ]

    def panels(self) -> dict[str, Panel]:
        if not self.low.rows:
            return {}
        more, least = (self.marks.height(), self.marks.height(0)) if self.marks else (0.0, 0.0)
        spectrogram = Panel(3.0 + more, self._spectrogram, True, least=0.9 + least)
        return {"waveform": Panel(1.4, self._waveform, True), "spectrogram": spectrogram}

    def _waveform(self, drawing: Drawing, figure: Figure, cell: SubplotSpec) -> Axes:
        axes = figure.add_subplot(cell)
        low, high = self.low.values, self.high.values
        rms = np.sqrt(self.squares.values / self.squares.counts)
        times = (np.arange(len(low)) + 0.5) * (self.low.hop / self.rate)
        colour = drawing.colour["semantic"]
        whole = axes.fill_between(times, low, high, color=colour, alpha=0.45, linewidth=0.6, label="lowest to highest")
        if self.low.hop > 1:
            inner = axes.fill_between(times, np.maximum(-rms, low), np.minimum(rms, high), color=colour, linewidth=0)
            inner.set_label("RMS")
            drawing.key(axes, whole, inner)
        axes.set(ylim=(-1.05 * self.peak, 1.05 * self.peak), ylabel="amplitude\n(full scale 1)")
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10], symmetric=True))
        return axes

    def _spectrogram(self, drawing: Drawing, figure: Figure, cell: SubplotSpec) -> Axes:
        axes = figure.add_subplot(cell)
        levels, hertz, top, scale = self.spectrogram.decibels, self.spectrogram.hertz, self.top, self.zoom.scale
        start = -self.spectrogram.hop / 2 / self.rate
        width = len(levels) * self.spectrogram.samples / self.rate
        half = 0.5 / self.spectrogram.octave  # half a row, in octaves
        extent = (start, start + width, math.log2(hertz[0]) - half, math.log2(hertz[-1]) + half)
        image = axes.imshow(levels.T, aspect="auto", origin="lower", cmap="magma", norm=Normalize(top - scale, top),
                            extent=extent, interpolation="bilinear", interpolation_stage="data")  # fmt: skip
        axes.set_facecolor("black")  # frequencies that this sound does not have, but others do
        axes.set_ylim(self.span)
        frequency_axis(axes)
        step = 20 if scale > 50 else 10 if scale > 20 else 5
        drawing.bar(image, axes, "level (dBFS)", range(top, top - scale - 1, -step)[::-1])
        if self.marks:
            self.marks.draw(drawing, axes, drawing.points(cell))
        return axes
