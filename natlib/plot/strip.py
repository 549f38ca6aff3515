"""Sections along time, in rows: their letters, and, as far as there is room, what is in each and what is new in it."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from .bars import REGIONS
from .drawing import TINTS, Drawing, number
from .grid import LETTERS, SPACE
from .sections import Section, Sections

ROW = 12.0  # points that a row takes
STROKE = (1.5, 2.6)  # points that a part of a typical bar takes: less can't be told apart, more would look like time
PARTS = (0.2, 0.5, 0.8)  # where the rows of its regions are, from the top of its row


def rows(sections: Sections) -> list[str]:
    """What there is to draw of sections, a row for each, from the top."""

    def any_has(*names: str) -> bool:
        return any(name in section.whole for section in sections.found for name in names)

    there = {
        "sections": bool(sections.found),
        "progression": any_has("chord_loop", "progression"),
        "LUFS": any_has("loudness"),
        "dBFS": any_has("level") and not any_has("loudness"),
        "voice (%)": any_has("voice_percent"),
        "voice": bool(sections.voice) and not any_has("voice_percent"),
        "change": any_has("enters", "leaves"),
        "strokes": any_has("strokes"),
    }
    return [name for name, told in there.items() if told]


def draw(drawing: Drawing, axes: Axes, sections: Sections, duration: float, names: Sequence[str]) -> None:
    """Draw the rows of these names into `axes`, whose y axis counts rows from the top; other names are left out."""
    second, found = drawing.second(duration), sections.found
    for row, name in enumerate(names):
        if name == "sections":
            letters(drawing, axes, found, second, row)
        elif name == "progression":
            texts(drawing, axes, [(each, each.chords, each.new("chords")) for each in found], second, row + 0.5)
        elif name in (figures := {"LUFS": "loudness", "dBFS": "level", "voice (%)": "voice_percent"}):
            field = figures[name]
            told = [
                (each, [number(round(each.whole[field]))], each.new(field)) for each in found if field in each.whole
            ]
            texts(drawing, axes, told, second, row + 0.5)
        elif name == "change":
            changed = [(each, changes(each), True) for each in found]
            texts(drawing, axes, [told for told in changed if told[1]], second, row + 0.5, duration)
        elif name == "strokes":
            for each in found:
                strokes(drawing, axes, each, second, row)
        if name in ("voice", "voice (%)") and sections.voice:
            begins, ends = zip(*sections.voice, strict=True)
            axes.hlines([row + 0.93] * len(begins), begins, ends, color=drawing.colour["acoustic"], linewidth=2)


def letters(drawing: Drawing, axes: Axes, sections: list[Section], second: float, row: float) -> None:
    """A box for each section, equal letters in equal colours."""
    tints = dict.fromkeys(section.label for section in sections)
    tints = {label: TINTS[number % len(TINTS)] for number, label in enumerate(tints)}
    for begin, end, label, *_ in sections:
        axes.fill_between((begin, end), row, row + 1, color=tints[label], alpha=0.35, linewidth=0)
        said = drawing.safe(label, 12)
        if end - begin > (8 + drawing.reach(said, 8)) * second:
            axes.text((begin + end) / 2, row + 0.5, said, ha="center", va="center_baseline", fontsize=8,
                      fontweight="bold")  # fmt: skip


def texts(drawing: Drawing, axes: Axes, told: Sequence[tuple[Section, list[str], bool]], second: float, middle: float,
          until: float = 0.0) -> None:  # fmt: skip
    """Words from where each section begins to its end, or, if seldom told, to the next ones, or to `until`.

    Pale ones are those that a section has of the one that it is like.
    """
    edge = [withStroke(linewidth=2, foreground=drawing.colour["paper"])]  # against borders that words reach across
    ends = [*(section.start for section, *_ in told[1:]), until] if until else [section.end for section, *_ in told]
    for (section, words, new), end in zip(told, ends, strict=True):
        if said := fitting(drawing, words, (end - section.start) / second - SPACE):
            axes.annotate(said, (section.start, middle), (2, 0), textcoords="offset points", fontsize=LETTERS,
                          va="center_baseline", color=drawing.colour["ink" if new else "faint"],
                          annotation_clip=True, path_effects=edge)  # fmt: skip


def fitting(drawing: Drawing, words: list[str], points: float) -> str:
    """As many `words` as have room, in one line, with a sign that there are more; "" if it is none."""
    space, more = drawing.reach("n", LETTERS) / 2, drawing.reach("…", LETTERS)
    said: list[str] = []
    for place, word in enumerate(words):
        word = drawing.safe(word, 24)
        points -= drawing.reach(word, LETTERS) + space
        if points < (more if place < len(words) - 1 else -space):
            return " ".join(said) + "…" if said and said != ["|:"] else ""
        said.append(word)
    return " ".join(said)


def changes(section: Section) -> list[str]:
    """What enters, and what leaves."""
    signs = {"enters": "+", "leaves": "\u2212"}
    return [f"{sign}{name}" for field, sign in signs.items() for name in section.told.get(field, [])]


def strokes(drawing: Drawing, axes: Axes, section: Section, second: float, row: float) -> None:
    """A typical bar of a section, where it begins: a line for each region, with marks where something strikes."""
    told = section.whole.get("strokes", {})
    parts = max(map(len, told.values()), default=1)
    point = min(STROKE[1], ((section.end - section.start) / second - SPACE) / parts)
    if not told or point < STROKE[0]:
        return
    colour = drawing.colour["ink" if section.new("strokes") else "faint"]
    start, length = section.start + SPACE / 2 * second, parts * point * second
    axes.fill_between((start, start + length), row + 0.06, row + 0.94, color=drawing.colour["empty"], linewidth=0)
    for region, place in zip(reversed(REGIONS), PARTS, strict=True):
        if pattern := told.get(region):
            middle, part = row + place, length / len(pattern)
            times = [start + (number + 0.5) * part for number, sign in enumerate(pattern) if sign == "x"]
            axes.vlines(times, middle - 0.12, middle + 0.12, color=colour, linewidth=0.6 * point)
