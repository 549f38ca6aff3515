"""Parts of a sound: the window and the rows follow the zoom, times are those of the recording; many at one scale."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from drawn import image, items
from helpers import sh, tone, wav

from natlib.errors import Failure
from natlib.plot.downsample import WHOLE, Spectrogram, Zoom
from natlib.plot.drawing import Drawing
from natlib.plot.figure import compose, save
from natlib.plot.kinds import gather
from natlib.plot.pcm import Pcm

RATE = 22050


def drawn(samples: np.ndarray, decode: str = "", zoom: Zoom = WHOLE, rate: int = RATE) -> Pcm:
    """What is seen of a part of a sound."""
    made, error = gather(items(sh(f"nat-split | nat-decode {decode}", wav(samples, rate)).stdout), zoom)
    assert error is None
    assert isinstance(made, Pcm)
    return made


def test_the_window_follows_the_zoom_unless_told() -> None:
    samples = tone(1000, 30, RATE)
    assert drawn(samples).spectrogram.size == Spectrogram(RATE).size
    part = "--start 0.5 --duration 1"
    assert drawn(samples, part).spectrogram.size / RATE == pytest.approx(1 / 30, rel=0.1)
    assert drawn(samples, part, Zoom(window=0.05)).spectrogram.size / RATE == pytest.approx(0.05, rel=0.1)
    band = drawn(samples, "", Zoom(900, 1100)).spectrogram
    assert band.size / RATE == pytest.approx(0.5, rel=0.1)
    assert len(band.hertz) >= 200
    assert (band.hertz >= 899.9).all() and (band.hertz < 1100.1).all()
    peak = band.hertz[np.argmax(band.decibels[len(band.decibels) // 2])]
    assert peak == pytest.approx(1000, abs=2)


def test_two_clicks_that_the_usual_window_merges_are_two_when_zoomed_into() -> None:
    samples = np.zeros(10 * RATE)
    samples[[5 * RATE, 5 * RATE + RATE // 50]] = 0.9  # 20 ms apart

    def valley(seen: Pcm) -> float:
        """How far the level falls between them, in dB."""
        levels, step = seen.spectrogram.decibels.max(axis=1), seen.spectrogram.samples
        first = round((5 - seen.start) * RATE)
        return float(levels[first // step] - levels[(first + RATE // 100) // step])

    assert valley(drawn(samples)) < 3
    assert valley(drawn(samples, "--start 4.95 --duration 0.12")) > 20


def test_a_lowest_frequency_above_all_there_are_is_refused() -> None:
    with pytest.raises(Failure, match="expected --fmin below 11025 Hz"):
        Spectrogram(RATE, Zoom(low=12000))
    sh("nat-plot --fmin 100 --fmax 50", status=2)


@pytest.mark.parametrize(
    ("start", "seconds", "first", "last"),
    [(100.25, 1, "100.3", "101.2"), (3.5, 4, "3.5", "7.5"), (65, 100, "1:15", "2:45"), (0, 2, "0", "2")],
)
def test_times_are_those_of_the_recording(start: float, seconds: float, first: str, last: str) -> None:
    made = drawn(tone(300, 170, 1000), f"--start {start} --duration {seconds}", rate=1000)
    figure = compose(Drawing("light", None, 100, None), [made])
    save(figure, "png")
    axes = next(axes for axes in figure.axes if axes.get_xlabel().startswith("time"))
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert (labels[0], labels[-1]) == (first, last)


def test_many_sounds_in_columns_have_one_scale_if_asked_for(tmp_path: Path) -> None:
    loud, quiet = wav(tone(500, 1, 8000), 8000), wav(tone(3000, 1, 44100, 0.01), 44100)
    for number, sound in enumerate([loud, quiet, loud]):
        (tmp_path / f"{number}.wav").write_bytes(sound)
    picture = "nat-split [0-2].wav | nat-decode | nat-plot --what spectrogram --columns"
    one = image(sh(f"{picture} 1", cwd=tmp_path).stdout)
    two = image(sh(f"{picture} 2 --scale all", cwd=tmp_path).stdout)
    assert one.width == two.width == 1500
    assert two.height < one.height
    views = [drawn(tone(500, 1, 8000), rate=8000), drawn(tone(3000, 1, 44100, 0.01), rate=44100)]
    assert views[0].top > views[1].top and views[0].span < views[1].span
    for view in views:
        view.share(views)
    assert len({(view.top, view.span, view.peak) for view in views}) == 1
    assert views[0].top == 0
    sh("nat-plot --format pdf --columns 2", status=2)
