"""Means over pieces, with their standard errors, and how they are printed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import isnan, sqrt
from statistics import mean, stdev

from .repertoire import GROUPS
from .score import Scores

TITLES = {
    "": "from the NDJSON alone",
    "tempo": "tempo, ±4 %",
    "tempo_either": "  it or the other one told",
    "meter": "beats in a bar",
    "compound": "beats of three parts or not",
    "swing": "swing or not",
    "key": "key",
    "key_weighted": "  related keys in part",
    "form_letters": "form, letters",
    "form": "form, borders within a bar too",
    "beats": "beats, ±70 ms, F",
    "downbeats": "downbeats, ±70 ms, F",
    "chords": "chords, share of time",
    "bass": "bass, share of beats",
    "tune": "tune, ±80 ms and semitone, F",
    "tune_uncovered": "  notes that nothing covers",
    " ": "from the measures on the wire",
    "notes": "notes by frame, F",
    "notes_with": "  without drums",
    "notes_with_drums": "  with drums",
    "notes_precision": "  precision",
    "notes_recall": "  recall",
    "lowest": "lowest note, no drums",
    "lowest_drums": "lowest note, with drums",
    "one_or_several": "one told as one, several as several",
    "one": "one tone told as one",
    "several": "several told as several",
    "lead": "leading note while the tune sounds",
    "onsets": "pitched onsets, ±50 ms, F",
    "stroke_low": "strokes, low, F",
    "stroke_mid": "strokes, mid, F",
    "stroke_high": "strokes, high, F",
    "strokes_none": "strokes a second, no drums",
    "voice": "singing or not, area under ROC",
    "sung": "leading note, pitch class sung",
}
# The columns of the table of variants, in blocks; those of which nothing is told are left out.
BRIEF = (
    {"tempo": "tempo", "meter": "meter", "beats": "beats", "downbeats": "downbeats", "key": "key"},
    {"form": "form", "chords": "chords", "bass": "bass", "tune": "tune"},
    {"notes": "notes", "lowest": "lowest, no drums", "lowest_drums": "with drums", "one": "one", "several": "several"},
    {"lead": "lead", "onsets": "onsets", "stroke_low": "low", "stroke_mid": "mid", "stroke_high": "high strokes"},
)
CONSTANT = {"voice": 0.5, "sung": 1 / 12}  # what a constant answer gives


@dataclass
class Result:
    """The scores of one sound, by who answers."""

    name: str
    variant: str
    of: str
    scores: dict[str, Scores]
    notes: list[str] = field(default_factory=list)  # what is odd about it


class Mean:
    """The mean of scores over pieces, where what is not told counts as 0."""

    def __init__(self, values: Iterable[float]):
        values = list(values)
        self.count, self.told = len(values), sum(not isnan(value) for value in values)
        known = [0.0 if isnan(value) else value for value in values]
        self.mean = mean(known) if self.told else None
        self.error = stdev(known) / sqrt(self.count) if self.told and self.count > 1 else None

    def __str__(self) -> str:
        """0.67 ±.21"""
        if self.mean is None:
            return "-"
        error = "" if self.error is None else f" ±{self.error:.2f}".replace("±0.", "±.")
        return f"{self.mean:.2f}{error:5}"


def column(results: list[Result], who: str, score: str) -> Mean:
    """The mean of a score of one who answers, over the pieces that have it."""
    return Mean(each.scores.get(who, {}).get(score, float("nan")) for each in results if score in each.scores["nat"])


def answers(results: list[Result]) -> Iterator[str]:
    """A line for each score, beside what others answer."""
    names = list(dict.fromkeys(who for each in results for who in each.scores))
    yield f"{'':36}{'pieces':>6}{'told':>6}" + "".join(f"{who:>14}" for who in names)
    for score, title in TITLES.items():
        means = [column(results, who, score) for who in names]
        if not score.strip():
            yield title
        elif means[0].count:
            told = means[0].told or "-"
            yield f"  {title:34}{means[0].count:6}{told:>6}" + "".join(f"{each!s:>14}" for each in means)


def variants(results: list[Result]) -> Iterator[str]:
    """A line for each variant: its scores, and in brackets those of the same pieces as they are."""
    plain = {each.of: each for each in results if each.variant == "plain"}
    for block in BRIEF:
        names = {score: title for score, title in block.items() if column(results, "nat", score).told}
        if not names:
            continue
        yield f"{'':14}{'pieces':>6}" + "".join(f"{title + ' ':>19}" for title in names.values())
        for variant in GROUPS:
            group = [each for each in results if each.variant == variant]
            twins = [plain[each.of] for each in group if each.of in plain and variant != "plain"]
            cells = []
            for score in names:
                mean, before = column(group, "nat", score), column(twins, "nat", score).mean
                cell = f"{str(mean).strip()} " + ("" if before is None else f"({before:.2f})")
                cells.append(f"{cell:>19}")
            if group:
                yield f"{variant:14}{len(group):6}" + "".join(cells)


def songs(results: list[Scores]) -> Iterator[str]:
    """The voice of songs."""
    yield "songs"
    for score, constant in CONSTANT.items():
        mean = Mean(each[score] for each in results)
        yield f"  {TITLES[score]:34}{mean.count:6}{mean.told or '-':>6}{mean!s:>14}{'':28}{constant:9.2f}"
