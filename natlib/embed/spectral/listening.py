"""What the small networks hear: notes, strokes, beginnings of notes, voice. They run in steps of 80 ms and in short
windows, whatever the frame rate is; a frame is told the step that its middle lies in.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np

from . import parts, strokes, tones, voice
from .grid import Grid
from .logspectrum import LogSpectrum
from .numerics import Array, Frames, Mask, Places, exact
from .polyphony import MEDIUM, NEVER, Polyphony
from .room import LENGTH, decays
from .sounding import AFTER, BEFORE, PLACES, Sounding
from .spectrum import BANDS, mel_edges
from .thresholds import FAINT_VOICE
from .track import Track

STEP = Fraction(2, 25)  # seconds
SILENT = -9000.0  # hundredths of a dB
ASIDE = 12  # short windows: how far a note's beginning may lie from the middle of the step that tells it
# Short windows before and after the frames asked about, on which a peak that one of them tells depends: the step that
# tells it may be the one before that which holds the frame's middle, each at most 8 windows long
BESIDE = 8 + 4 + ASIDE + strokes.APART


@cache
def bands() -> tuple[Array, Places]:
    """The middles of the bands, Hz, and which one is nearest to each bin of the logarithmic spectrum."""
    centres = exact(mel_edges()[1:-1])
    return centres, tones.nearest_band(centres)


class Listening:
    """Takes samples and the bands of short windows, and keeps what the networks say until it was asked for."""

    def __init__(self, sample_rate: int, grid: Grid, made: set[str]):
        """`made`: the modules whose measures are asked for."""
        self.grid = grid
        self.made = made
        self.noted = not made.isdisjoint(("sounding", "strokes", "tones"))  # do the networks of notes run?
        self.seen = self.noted or not made.isdisjoint(("parts", "voice"))  # are there spectra?
        self.per_step = grid.rate * STEP  # short windows
        self.frame_steps = 1 / (grid.frame_rate * STEP)  # in a frame
        self.spectrum, self.polyphony = LogSpectrum(sample_rate), Polyphony()
        self.strokes, self.voice = strokes.Strokes(), voice.Voice()
        self.levels, self.bands, self.colour, self.found = Track(), Track(), Track(), Track()
        self.rises, self.loudness = Track(), Track()  # by short window
        self.centres, self.nearest = bands()
        self.struck, self.voiced = Track(), Track()  # by short window; by step
        self.whole = False

    def step(self, frame: int) -> int:
        """The step in which the middle of a frame lies."""
        return (2 * frame + 1) * self.frame_steps.numerator // (2 * self.frame_steps.denominator)

    def _frames(self, start: int, end: int) -> Places:
        """The frame in which the middle of each step lies."""
        return (2 * np.arange(start, end) + 1) * self.frame_steps.denominator // (2 * self.frame_steps.numerator)

    def window(self, step: int) -> int:
        """The first short window whose middle lies in a step."""
        whole, parts = self.per_step.numerator, self.per_step.denominator
        return -((parts - 2 * step * whole) // (2 * parts))

    def complete(self) -> int:
        """How many steps have all their short windows."""
        return (2 * self.bands.count + 1) * self.per_step.denominator // (2 * self.per_step.numerator)

    def feed(self, samples: Array) -> None:
        """Take samples."""
        if self.seen:
            self.spectrum.feed(samples)

    def hear(self, bands: Array, rises: Array, loudness: Array) -> None:
        """Take what short windows measure, hundredths of a dB.

        `bands`, (n, 40); `rises` of three regions, (n, 3); `loudness`, (n,).
        """
        self.bands.add(bands)
        self.rises.add(rises)
        self.loudness.add(loudness[:, None])

    def run(self, frames: int = 0) -> None:
        """Run what can run now: all of it, if no more will come after so many frames in all."""
        if frames:
            steps = self.step(frames - 1) + 1
            self.spectrum.finish(steps)
            missing = max(0, self.window(steps) - self.bands.count)
            self.hear(np.full((missing, BANDS), SILENT), np.zeros((missing, 3)), np.full(missing, SILENT))
            self._notes(steps - self.spectrum.steps)
            if self.noted:
                self.polyphony.finish()
            self.whole = True
        elif self.bands.count:
            self._notes(min(self.spectrum.ready(), self.complete()) - self.spectrum.steps)
        if self.bands.count:
            self._rest()

    def _notes(self, count: int) -> None:
        if count > 0 and self.seen:
            levels = self.spectrum.analyse(count)
            self.levels.add(levels)
            self.polyphony.feed(levels, self.noted)

    def _rest(self) -> None:
        """Voice and strokes, as far as what they look at is there."""
        if "voice" in self.made:
            self._voice()
        if self.noted:
            last = self.window(self.polyphony.answers.count - 1)
            last = self.bands.count if self.whole else min(self.bands.count - strokes.REACH, last - strokes.WIDE)
            if last > (start := self.struck.count):
                self.struck.add(self._strokes(start, last))

    def _voice(self) -> None:
        start, end = self.colour.count, self.levels.count if self.whole else self.complete()
        if end > start:
            edges = np.array([self.window(step) for step in range(start, end + 1)])
            self.colour.add(voice.colours(self.bands.near(int(edges[0]), int(edges[-1])), np.diff(edges)))
        spectra = self.polyphony.spectra
        last = spectra.count if self.whole else min(spectra.count - voice.REACH, self.colour.count - voice.PEAK)
        if last > (start := self.found.count):
            seen = spectra.near(start - voice.REACH, last + voice.REACH)
            self.found.add(self.voice.look(seen, self.colour.near(start - voice.PEAK, last + voice.PEAK)))
        last = self.found.count - (0 if self.whole else voice.AFTER - 1)
        if last > (start := self.voiced.count):
            self.voiced.add(self.voice(self.found.near(start + voice.BEFORE, last + voice.AFTER - 1))[:, None])

    def _strokes(self, start: int, end: int) -> Array:
        """The answers about short windows."""
        parts = 2 * self.per_step.numerator  # of a step
        places = (2 * np.arange(start - strokes.WIDE, end + strokes.WIDE) + 1) * self.per_step.denominator
        first, last = int(places[0]) // parts, int(places[-1]) // parts
        begins = self.polyphony.answers.near(first - 1, last + 2, -strokes.HINT)[:, :, 1].max(axis=1)
        hint = strokes.hints(begins, places - first * parts, parts)
        return self.strokes(self.bands.near(start - strokes.REACH, end + strokes.REACH, SILENT), hint)

    def rows(self, first: int, count: int, frames: Frames) -> Frames:
        """The measures of `count` frames, from frame `first` on. Earlier frames are not asked for again.

        `frames` has pitch and salience of these and of those before and after (Grid.now).
        """
        steps = np.array([self.step(first + i) for i in range(count)])
        begins = np.arange(first, first + count) * self.grid.hops  # the first short window of each frame
        start, end = int(steps[0]), int(steps[-1]) + 1
        by_step: Frames = {}
        columns: Frames = {}
        if self.noted:
            sounding = self._sounding(start, end, first, frames)
            by_step |= sounding.columns()
            by_step |= self._tones(sounding, start, end) if "tones" in self.made else {}
            begun = (*sounding.begun(), sounding.of_notes(self._bands_of(sounding)))
            columns |= self._times(begins, steps, *(value[steps - start] for value in begun))
        if "parts" in self.made:
            by_step |= self._parts(start, end)
        if "voice" in self.made:
            quiet = self.colour.near(start, end)[:, 2].max(axis=1) < FAINT_VOICE
            by_step["voice"] = np.where(quiet, np.nan, self.voiced.near(start, end)[:, 0] / 10)
        columns |= {name: value[steps - start] for name, value in by_step.items()}
        self._forget(start, int(begins[0]))
        return spread(columns)

    def _sounding(self, start: int, end: int, first: int, frames: Frames) -> Sounding:
        """The notes of steps, from frames around `first`."""
        answers = self.polyphony.answers.near(start - BEFORE, end + AFTER, NEVER)
        told = [frames[name][self._frames(start, end) - first + self.grid.past] for name in ("pitch", "salience")]
        told.append(self.polyphony.spectra.near(start, end)[:, MEDIUM])
        return Sounding(answers, self.levels.near(start - BEFORE, end + AFTER), *told)

    def decays(self, first: int, count: int) -> Array:
        """Where sound dies away in the frames that are asked for next: room.decays."""
        before, after = first * self.grid.hops, (first + count) * self.grid.hops
        return decays(self.bands.near(before, after + LENGTH - 1, SILENT), self.grid)

    def _times(self, begins: Places, steps: Places, begun: Mask, earlier: Mask, band: Array) -> Frames:
        """When strokes fall and notes begin, ms from each frame's start; how far strokes rise, how long attacks last.

        `band`: in which each note is strongest, for its attack.
        """
        hops, before, after = self.grid.hops, int(begins[0]) - BESIDE, int(begins[-1]) + self.grid.hops + BESIDE
        near = self.struck.near(before, after, NEVER)
        told, times = strokes.peaks(near)
        times += before
        # The middle of the step that tells it, or of the one before
        middles = 2 * (steps[:, None] - earlier) + 1
        places = np.rint(middles * (self.per_step.numerator * strokes.FINE) / (2 * self.per_step.denominator))
        onset = strokes.nearest(times[told[:, 3], 3], places / strokes.FINE, ASIDE)
        columns = {"note_onset": np.where(begun, onset - begins[:, None], np.nan) * self.milliseconds}
        columns["note_attack"] = self._attacks(columns["note_onset"], begins, band)
        rises = self.rises.near(before, after, 0)
        for region in range(4):
            time = times[:, region]
            place = strokes.strongest(told[:, region], time - before, near[:, region], begins - before, hops)
            there = place >= 0
            time = np.where(there, (time[place] - begins) * self.milliseconds, np.nan)
            if region == 3:
                columns["tone_onset"] = time
                break
            columns[f"stroke_time_{region}"] = time
            reach = [rises[np.clip(place + i, 0, len(rises) - 1), region] for i in (-1, 0, 1, 2)]
            columns[f"stroke_{region}"] = np.where(there, np.max(reach, axis=0) / 10, np.nan)
        return columns

    def _parts(self, start: int, end: int) -> Frames:
        """Of what stands still, what glides and what strikes."""
        levels = self.levels.near(start - parts.LASTS, end + parts.LASTS)[:, 0]
        edges = np.array([self.window(step) for step in range(start, end + 1)])
        bands = self.bands.near(int(edges[0]) - parts.STRIKES, int(edges[-1]) + parts.STRIKES, SILENT)
        struck = parts.strokes(bands, np.diff(edges), self.centres)
        tonal = parts.tones(levels, self.polyphony.spectra.near(start, end)[:, MEDIUM])
        level = np.add.reduceat(self.loudness.near(int(edges[0]), int(edges[-1])), edges[:-1] - edges[0], axis=0)
        return parts.measured(tonal, struck, np.rint(level[:, 0] / np.diff(edges)) / 10)

    def _tones(self, sounding: Sounding, start: int, end: int) -> Frames:
        """What tones are like where one or more sound."""
        columns = {name: np.full(end - start, np.nan) for name in ("beating", "inharmonicity", "distortion")}
        there, single = np.flatnonzero(sounding.counts), np.flatnonzero(sounding.counts == 1)
        if not len(there):
            return columns
        levels = self.levels.near(start - tones.BEAT, end + tones.BEAT)[:, 0]
        power = levels[:, PLACES]
        now = slice(tones.BEAT, tones.BEAT + end - start)
        loudest = np.where(sounding.told, power[now], -np.inf).argmax(axis=1)
        track = power[there[:, None] + np.arange(2 * tones.BEAT + 1), loudest[there][:, None]]
        columns["beating"][there] = tones.beating(track)
        columns["inharmonicity"][single] = tones.inharmonicity(levels[now][single], loudest[single])
        columns["distortion"][there] = tones.distortion(levels[tones.BEAT - 2 : tones.BEAT + 2 + end - start])[there]
        return columns

    def _bands_of(self, sounding: Sounding) -> Array:
        """The band of the short windows in which each note is strongest, (steps, NOTES)."""
        return self.nearest[tones.strongest(sounding.levels[sounding.now])].astype(np.float64)

    def _attacks(self, onset: Array, begins: Places, band: Array) -> Array:
        """How long the attack of each note that begins is, in ms."""
        result = np.full(onset.shape, np.nan)
        frame, note = np.nonzero(~np.isnan(onset))
        if len(frame):
            window = np.floor(onset[frame, note] / self.milliseconds).astype(np.int64) + begins[frame]
            first = int(window.min()) - tones.EARLIER
            bands = self.bands.near(first, int(window.max()) + tones.ATTACK, SILENT)
            length = tones.attack(bands, window - first, band[frame, note].astype(np.int64))
            result[frame, note] = length * self.milliseconds
        return result

    @property
    def milliseconds(self) -> float:
        """Of a short window."""
        return 1000 / float(self.grid.rate)

    def _forget(self, step: int, window: int) -> None:
        """Drop what no later row looks at, from steps and short windows before these."""
        answers = self.polyphony.answers, self.polyphony.spectra
        for track in (self.levels, *answers, self.voiced, self.found, self.colour):
            track.forget(step + voice.BEFORE - voice.PEAK)
        for track in (self.struck, self.bands, self.rises, self.loudness):
            track.forget(window - 2 * strokes.REACH)


def spread(columns: Frames) -> Frames:
    """Columns of several numbers as columns by number: note_0, note_1 …"""
    result: Frames = {}
    for name, values in columns.items():
        if values.ndim == 1:
            result[name] = values
        else:
            result |= {f"{name}_{i}": values[:, i] for i in range(values.shape[1])}
    return result
