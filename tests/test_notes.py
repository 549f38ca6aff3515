"""Names of notes and their frequencies."""

from __future__ import annotations

import pytest

from natlib import notes


@pytest.mark.parametrize(
    "hz, note", [(440, "A4"), (261.63, "C4"), (27.5, "A0"), (932.3, "A#5"), (452, "A4"), (12543, "G9")]
)
def test_notes(hz: float, note: str) -> None:
    assert notes.name(hz) == note and notes.parse(note) == round(notes.number(hz))
