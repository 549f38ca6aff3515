"""What the NDJSON alone tells of the music, as a truth tells it. The one place that knows the form of its lines.

The summary's tempo, meter, key, form and sections; `bar` lines,
{"t":12.31,"bar":{"n":7,"beats":4,"chords":[["Am",2],["F",2]],"bass":["A1",null,"F1",null],"melody":["E5","E5",…]}},
whose lists divide the bar evenly, chords by beats, null where nothing sounds, what is alike in a row being one note;
`like` has what is not told from that bar. Where they are: `section` lines, {"t":12.31,"section":{"label":"B"}}.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import groupby, pairwise
from typing import Any

from natlib.notes import parse

from .styles import NAMES

Line = dict[str, Any]
Answer = dict[str, Any]  # a truth's keys, absent where not told


def pitch(name: str) -> int:
    """The MIDI note of "Bb4"."""
    midi = parse(name)
    if midi is None:
        raise ValueError(f"not a note: {name}")
    return midi


def told(lines: Iterable[Line]) -> Answer:
    """All of it."""
    lines = list(lines)
    summary = next((line for line in lines if line.get("event") == "summary"), {})
    bars = [line for line in lines if "bar" in line]
    end = next((float(line["seconds"]) for line in lines if line.get("event") == "end"), 0.0)
    answer = {**of_summary(summary), **of_bars(bars), **of_sections([x for x in lines if "section" in x], end)}
    return {name: value for name, value in answer.items() if value is not None}


def of_summary(summary: Line) -> Answer:
    """What the summary tells in fields."""
    tempo, key, meter = (summary.get(name) or {} for name in ("tempo", "key", "meter"))
    sections = summary.get("sections")
    return {
        "tempo": tempo.get("bpm"),
        "tempo_other": tempo.get("alternative_bpm"),
        "key": f"{NAMES[pitch(key['tonic'] + '4') % 12]} {key['mode']}" if key else None,
        "form": summary.get("form"),
        "sections": [[each["t"], each["end"], each["label"]] for each in sections] if sections else None,
        "meter": meter.get("beats"),
        "compound": meter.get("compound"),
        "swing": meter.get("swing"),
    }


def of_sections(lines: list[Line], end: float) -> Answer:
    """What the lines at which sections begin tell, where there are any."""
    if not lines:
        return {}
    ends = [line["t"] for line in lines[1:]] + [end]
    sections = [[line["t"], until, line["section"]["label"]] for line, until in zip(lines, ends, strict=True)]
    return {"sections": sections, "form": " ".join(label for _, _, label in sections)}


def of_bars(lines: list[Line]) -> Answer:
    """What the bars tell, where there are any."""
    if not lines:
        return {}
    starts = [float(line["t"]) for line in lines]
    answer: Answer = {"downbeats": starts, "beats": []}
    bars: list[Line] = []
    numbered: dict[int, Line] = {}
    for line in lines:
        own = dict(line["bar"])
        bars.append({**numbered.get(own.get("like", 0), {}), **own})
        numbered[own["n"]] = {key: value for key, value in bars[-1].items() if key != "end"}
    last = 2 * starts[-1] - starts[-2] if len(starts) > 1 else starts[0] + 2.0
    ends = [bar.get("end", until) for bar, until in zip(bars, [*starts[1:], last], strict=True)]
    for start, end, bar in zip(starts, ends, bars, strict=True):
        beats = bar["beats"]
        answer["beats"] += [round(start + (end - start) * beat / beats, 3) for beat in range(beats)]
        if "chords" in bar:
            answer.setdefault("chords", []).extend(chords(bar["chords"], start, (end - start) / beats))
        for name, field in (("bass", "bass"), ("tune", "melody")):
            if field in bar:
                answer.setdefault(name, []).extend(line_of(bar[field], start, end))
    counted = Counter(bar["beats"] for bar in bars)
    return answer | {"meter": counted.most_common(1)[0][0]}


def chords(told_chords: list[tuple[str | None, float]], start: float, beat: float) -> list[list[Any]]:
    """[from, to, name] of a bar's chords, which last so many beats each."""
    edges = [0.0]
    for _, beats in told_chords:
        edges.append(edges[-1] + beats)
    spans = zip(pairwise(edges), told_chords, strict=True)
    return [[round(start + a * beat, 3), round(start + b * beat, 3), name] for (a, b), (name, _) in spans if name]


def line_of(names: list[str | None], start: float, end: float) -> list[list[Any]]:
    """[from, to, note] of a bar's bass or melody."""
    notes, place, step = [], 0, (end - start) / max(1, len(names))
    for name, group in groupby(names):
        count = len(list(group))
        if name:
            notes.append([round(start + place * step, 3), round(start + (place + count) * step, 3), pitch(name)])
        place += count
    return notes
