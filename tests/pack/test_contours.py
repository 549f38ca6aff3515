"""Contours of pitches and fundamentals."""

from __future__ import annotations

import math

import pytest

from natlib.pack.contours import contour, melody


def test_a_melody_tells_its_way_without_slips() -> None:
    assert melody([440, 441, 554, 555, 440, 440]) == ["A4", "C#5", "A4"]
    assert melody([440, 441, 700, 440, 440]) == ["A4"]  # one frame is none
    assert melody([440, 466, 494, 523, 554]) == ["A4", "Bb4", "B4", "C5", "C#5"]  # but for a slide
    assert melody([440] * 5 + [math.nan] * 6) == []


@pytest.mark.parametrize(
    "hz, way",
    [
        ([240, 241, 239], [240]),
        ([240, 480, 121], [240]),  # an octave off
        ([200] * 3 + [300] * 3 + [210] * 3, [200, 300, 210]),
        ([310] * 3 + [160] * 3 + [230] * 3, []),
        ([200] * 3 + [199] * 3 + [300] * 3, [200, 300]),
        ([200, 200, 250, 250, 300, 300], [200, 300]),
    ],
)
def test_the_way_of_a_fundamental(hz: list[float], way: list[int]) -> None:
    assert contour(hz) == way
