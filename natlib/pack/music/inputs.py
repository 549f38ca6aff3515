"""What the networks for chords, bass, melody and key see of stretches, in whole numbers, 1/ONE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...network import ONE
from .moments import NOTES, Spans

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

QUALITIES = ("", "m", "7", "m7", "maj7", "dim", "sus4", "5")  # of chords, as their names end
BASSES = range(24, 68)  # MIDI notes that a bass may play
LEADS = range(40, 101)  # MIDI notes that a melody may have


def moved(values: Numbers, by: int) -> Numbers:
    """Rows of other stretches: `by` later; 0 beyond the ends."""
    import numpy as np

    result = np.zeros_like(values)
    if by > 0:
        result[:-by] = values[by:]
    elif by < 0:
        result[-by:] = values[:by]
    else:
        result[:] = values
    return result


def of_chords(treble: Numbers, bass: Numbers) -> Numbers:
    """(beats, 12, 96): from each root up, the pitch classes of a beat, of those beside it, around it.

    `treble` and `bass`: (beats, 12), ONE for what sounds all the time.
    """
    import numpy as np

    both = np.stack((treble, bass), axis=1)  # (beats, 2, 12)
    around = sum(moved(both, by) for by in (-2, -1, 0, 1, 2)) // 5
    seen = np.concatenate((both, moved(both, -1), moved(both, 1), around), axis=1)  # (beats, 8, 12)
    turned = (np.arange(12)[:, None] + np.arange(12)) % 12  # root, degree
    return seen[:, :, turned].transpose(0, 2, 1, 3).reshape(len(both), 12, -1)


def at(values: Numbers, notes: range, by: int = 0) -> Numbers:
    """The values of these notes, or of those so many semitones above, which have to be there: (n, notes)."""
    return values[:, notes.start + by : notes.stop + by]


def with_none(columns: list[Numbers], none: list[Numbers]) -> Numbers:
    """(n, notes + 1, columns + 1): the last candidate is silence, of which `none` tells something."""
    import numpy as np

    seen = np.stack(columns, axis=2)
    result = np.zeros((seen.shape[0], seen.shape[1] + 1, seen.shape[2] + 1), np.int64)
    result[:, :-1, :-1] = seen
    result[:, -1, -1] = ONE
    for i, column in enumerate(none):
        result[:, -1, i] = column
    return result


def of_bass(spans: Spans, roots: Numbers) -> Numbers:
    """(beats, BASSES and none, 18). `roots`: the pitch class of each beat's chord, -1 for none."""
    import numpy as np

    notes, places = BASSES, np.arange(BASSES.start, BASSES.stop)
    classes = places % 12
    below = np.cumsum(spans.sounds, axis=1) - spans.sounds
    columns = [
        at(spans.lowest, notes),
        at(spans.sounds, notes),
        at(spans.begins, notes),
        at(moved(spans.lowest, -1), notes),
        at(moved(spans.lowest, 1), notes),
        at(spans.levels, notes),
        at(spans.sounds, notes, 12),
        at(spans.sounds, notes, -12),
        at(spans.sounds, notes, 7),
        at(spans.lowest, notes, 1) + at(spans.lowest, notes, -1),
        spans.bass[:, classes],
        spans.treble[:, classes],
        np.minimum(at(below, notes), ONE),
        np.where((roots[:, None] >= 0) & ((classes - roots[:, None]) % 12 == 0), ONE, 0),
        np.where((roots[:, None] >= 0) & ((classes - roots[:, None]) % 12 == 7), ONE, 0),
        np.broadcast_to((places - 40) * (ONE // 16), (len(roots), len(places))),
        at(mean_around(spans.lowest), notes),
    ]
    low = spans.lowest[:, : BASSES.stop].sum(axis=1)
    return with_none(columns, [spans.tuned, low, spans.lowest[:, :52].sum(axis=1), spans.begins[:, :56].max(axis=1)])


def mean_around(values: Numbers, by: int = 4) -> Numbers:
    """The mean over stretches up to `by` before and after."""
    import numpy as np

    return np.asarray(sum(moved(values, i) for i in range(-by, by + 1)) // (2 * by + 1))


def of_melody(spans: Spans) -> Numbers:
    """(parts of beats, LEADS and none, 25)."""
    import numpy as np

    notes, places = LEADS, np.arange(LEADS.start, LEADS.stop)
    above = np.cumsum(spans.sounds[:, ::-1], axis=1)[:, ::-1] - spans.sounds
    near = mean_around(spans.lead, 8)
    weight = near.sum(axis=1)
    centre = (near * np.arange(NOTES)).sum(axis=1) // np.maximum(weight, 1)
    columns = [
        at(spans.lead, notes),
        at(moved(spans.lead, -1), notes),
        at(moved(spans.lead, 1), notes),
        at(spans.sounds, notes),
        at(moved(spans.sounds, -1), notes),
        at(moved(spans.sounds, 1), notes),
        at(spans.begins, notes),
        at(moved(spans.begins, 1), notes),
        at(spans.levels, notes),
        at(moved(spans.levels, -1), notes),
        at(spans.top, notes),
        np.minimum(at(above, notes), ONE),
        *(at(spans.sounds, notes, by) for by in (12, -12, 19, -19)),
        at(spans.lead, notes, 1) + at(spans.lead, notes, -1),
        np.broadcast_to((places - 70) * (ONE // 16), (len(centre), len(places))),
        np.where(weight[:, None] > 0, np.abs(places - centre[:, None]) * (ONE // 12), 0),
        at(near, notes),
        np.broadcast_to(spans.voice[:, None], (len(centre), len(places))),
        *(moved(spans.treble, by)[:, places % 12] for by in (-1, 0, 1)),
    ]
    none = [spans.tuned, spans.lead.sum(axis=1), spans.begins.sum(axis=1), spans.voice, weight // 8]
    return with_none(columns, none)


def of_key(treble: Numbers, bass: Numbers, chords: Numbers) -> Numbers:
    """(..., 12, 48): from each tonic up, how much of each pitch class there is, and of each root with its third.

    `treble` and `bass`: sums, (..., 12). `chords`: how often each, (..., 12 roots, major or not, minor).
    """
    import numpy as np

    def share(values: Numbers) -> Numbers:
        return np.asarray(values * 4 * ONE // np.maximum(values.sum(axis=-1, keepdims=True), 1))

    flat = chords.reshape(*chords.shape[:-2], 24)
    seen = np.concatenate((share(treble), share(bass), share(flat)), axis=-1)
    degree = (np.arange(12)[:, None] + np.arange(12)) % 12  # tonic, degree
    parts = [degree, 12 + degree, *(24 + 2 * degree + minor for minor in (0, 1))]
    return np.asarray(np.concatenate([seen[..., part] for part in parts], axis=-1))
