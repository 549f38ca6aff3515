"""Sound lines: where an event begins and ends, and what it measures like."""

from __future__ import annotations

from packing import row, sounds_of


def test_sounds_are_found_with_their_moment_length_and_pitch() -> None:
    quiet, hit = (
        row(level=-60),
        row(level=-12, onset_strength=30, onset_time=40, centroid=2000, pitch=880, salience=0.9),
    )
    ring = row(level=-15, pitch=880, salience=0.9)
    higher = row(level=-15, pitch=988, salience=0.9)
    octave = row(level=-15, pitch=440, salience=0.9)
    events = [quiet] * 5 + [hit, ring, octave, ring, ring] + [higher] * 5 + [quiet] * 5 + [hit, quiet, quiet]
    assert sounds_of(events[:8], events[8:]) == [
        (
            5,
            0.44,
            {"duration": 0.4, "max_level": -12, "onset_strength": 30, "centroid": 2000, "pitch": "A5", "decay": 12},
        ),
        (10, 0.8, {"duration": 0.4, "max_level": -15, "pitch": "B5"}),
        (
            20,
            1.64,
            {"duration": 0.08, "max_level": -12, "onset_strength": 30, "centroid": 2000, "pitch": "A5", "decay": 600},
        ),
    ]


def test_each_stroke_is_a_sound_and_a_tail_is_none() -> None:
    quiet = row(level=-60, above_background=0)
    stroke = [
        row(level=-14 - 9 * i, above_background=46 - 9 * i, onset_strength=12 if not i else 1, centroid=900)
        for i in range(5)
    ]
    voiced = [row(level=-14 - 9 * i, above_background=46 - 9 * i, pitch=220, salience=0.9) for i in range(1, 5)]
    assert len(sounds_of([quiet] * 3 + [*stroke, quiet] * 7)) == 7
    assert len(sounds_of([quiet] * 3 + (stroke[:1] + voiced + [quiet]) * 7)) == 7
    soft = [
        row(level=level, above_background=level + 60, onset_strength=2, pitch=220, salience=0.9)
        for level in (-30, -20, -18, -25, -30)
    ]
    assert len(sounds_of([quiet] * 3 + soft * 6)) == 6  # no attack, but struck again
    chirps = (
        [row(level=-40, above_background=0)] * 4
        + [row(level=-34, above_background=6, onset_strength=7)] * 2
        + [row(level=-38.5, above_background=1.5)]
    )
    assert [sound["duration"] for _, _, sound in sounds_of(chirps * 3)] == [
        0.16
    ] * 3  # in noise, where it can't fall by 12 dB


def test_a_sound_tells_its_attack_its_way_and_its_fall() -> None:
    first = row(
        level=-12,
        above_background=40,
        onset_strength=20,
        onset_time=8,
        attack_time=15,
        onset_strength_0=30,
        onset_strength_1=2,
        centroid=2400,
    )
    rest = [row(level=-12 - 2 * i, above_background=40, centroid=2400 - 300 * i) for i in range(1, 6)]
    [(_, _, sound)] = sounds_of([row(level=-70)] * 3 + [first, *rest])
    assert sound == {
        "duration": 0.48, "max_level": -12, "onset_strength": 20, "attack_time": 15, "onset_band": [40, 400],
        "centroid_contour": [2100, 1200], "decay": 25,
    }  # fmt: skip
    held = [row(level=-12, onset_strength=20)] + [row(level=-12)] * 8
    [(_, _, sound)] = sounds_of([row(level=-70)] * 3 + held + [row(level=-70)])
    assert "decay" not in sound and "onset_band" not in sound


def test_what_an_item_begins_with_is_no_event() -> None:
    begun = [row(level=-20, onset_strength=40)] + [row(level=-20)] * 30
    assert not sounds_of(begun)
    surf = [row(level=-20, onset_strength=40, attack_time=60)] + [row(level=-20 - n / 2) for n in range(30)]
    assert not sounds_of(surf)
    sung = [
        row(level=-20 - n / 2, onset_strength=40 * (n == 0), attack_time=60, pitch=440, salience=0.9) for n in range(30)
    ]
    assert len(sounds_of(sung)) == 1
    struck = [row(level=-20, onset_strength=40)] + [row(level=-20 - n / 3) for n in range(30)]
    assert len(sounds_of(struck)) == 1
