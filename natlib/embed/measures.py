"""The table of measures: what a row holds after the streams of its encoder, in this order.

A new measure needs a line here, and a column of that name from the module of its family (spectral/extractor.py lists
the modules); nat-embed.1 says what it means, and a test checks that page against this table.
"""

from __future__ import annotations

from typing import NamedTuple

from ..wire import Head

FINE = (40, 80, 150, 250, 400, 650, 1000, 1600, 2500, 4000, 6000, 10000, 16000)  # Hz: edges of the half regions
EDGES = FINE[::2]  # Hz: edges of the regions
RISES = (40, 450, 950, 2800, 6800, 16000)  # Hz, about: edges of the regions whose rise is measured
MODULATION = (0.5, 2, 8, 16, 50)  # Hz: edges of the rates of fluctuation
PEAKS = 3  # narrow peaks kept of a frame
HARMONICS = 8
VOICES = 6  # notes kept of a frame
CLASSES = tuple(range(12))  # pitch classes, C first
WINDOWS = (-1,)  # stands for the short windows of a frame
SECOND_WINDOWS = (-2,)  # for every second one


class Measure(NamedTuple):
    """One measure, or a family of them: one for each band, pitch class or harmonic."""

    name: str
    unit: str  # "0..1" for shares
    step: float  # of its grid, in the unit
    what: str
    source: str  # the module of spectral/ that it comes from, and the paper, if there is one
    members: tuple[int, ...] = ()  # the numbers that follow the name of a family
    edges: tuple[float, ...] = ()  # Hz: where each member of a family begins, and where the last one ends

    def heads(self, windows: int) -> list[Head]:
        """What a header says about it, if a frame has so many short windows."""
        about: Head = {"unit": self.unit, "step": self.step}
        counts = {WINDOWS: windows, SECOND_WINDOWS: (windows + 1) // 2}
        members = tuple(range(counts[self.members])) if self.members in counts else self.members
        if not members:
            return [{"name": self.name, **about}]
        bounds: list[Head] = [{}] * len(members)
        if self.edges:
            bounds = [{"low": low, "high": high} for low, high in zip(self.edges, self.edges[1:], strict=False)]
        return [{"name": f"{self.name}_{n}", **about, **more} for n, more in zip(members, bounds, strict=True)]


def bands(edges: tuple[float, ...]) -> tuple[int, ...]:
    """A number for each band between these edges."""
    return tuple(range(len(edges) - 1))


MEASURES = (
    Measure("level", "dBFS", 0.1, "RMS of all but a constant offset", "levels"),
    Measure("above_background", "dB", 0.1, "level above the quietest fifth of the last four seconds", "levels"),
    Measure("band", "dB", 0.1, "a region's level, below that of all", "levels", bands(EDGES), EDGES),
    Measure("centroid", "Hz", 1, "centroid of the power spectrum", "frames"),
    Measure("tonality", "0..1", 0.01, "from noise to partials, by flatness", "tonality"),
    Measure("pitch", "Hz", 0.2, "fundamental, 30 to 4600 Hz", "pitch: Boersma 1993, McLeod and Wyvill 2005"),
    Measure("salience", "0..1", 0.01, "height of the peak that the pitch is", "pitch: Boersma 1993"),
    Measure("glide", "semitones/s", 0.1, "how fast the pitch moves", "pitch"),
    Measure("onset_strength", "dB", 0.1, "mean rise of 40 bands within 20 ms", "onsets, flux: Böck and Widmer 2013"),
    Measure("onset_time", "ms", 1, "when an attack begins, from the frame's start", "onsets"),
    Measure("modulation", "dB", 0.1, "RMS deviation of the level by rate", "modulation", bands(MODULATION), MODULATION),
    Measure("pulse", "Hz", 0.01, "rate at which onsets repeat", "rhythm"),
    Measure("pulse_clarity", "0..1", 0.01, "how well they do", "rhythm"),
    Measure("harmonicity", "dB", 0.1, "harmonic against other parts", "harmonics: Boersma 1993"),
    Measure("odd_even", "dB", 0.1, "harmonics 3, 5, 7 against 2, 4, 6", "harmonics"),
    Measure("tilt", "dB/octave", 0.1, "slope over the first eight harmonics", "harmonics"),
    Measure("decay", "dB/s", 1, "how fast the level falls", "levels"),
    Measure("tempo", "BPM", 0.1, "rate at which the onsets of the last seconds repeat best", "rhythm: Ellis 2007"),
    Measure("tempo_clarity", "0..1", 0.01, "how well they do", "rhythm: Ellis 2007"),
    Measure("tuning", "cents", 1, "how far the notes lie from A4 = 440 Hz", "chroma"),
    Measure("grain", "dB", 0.1, "loudest 2.5 ms over smooth noise of that spectrum", "onsets: Rice 1945"),
    Measure("vibrato_rate", "Hz", 0.1, "how often the pitch swings", "modulation"),
    Measure("vibrato_extent", "cents", 1, "how far, to either side", "modulation"),
    Measure("spectrum", "dB", 0.1, "level of half a region, below that of all", "levels", bands(FINE), FINE),
    Measure("peak", "Hz", 1, "narrow peaks, the strongest first", "peaks", tuple(range(PEAKS))),
    Measure("prominence", "dB", 0.1, "the first of them over what is around it", "peaks"),
    Measure("harmonic", "dB", 0.1, "a harmonic's level", "harmonics", tuple(range(1, HARMONICS + 1))),
    Measure("onset_strength", "dB", 0.1, "mean rise of a region in an attack", "onsets", bands(RISES), RISES),
    Measure("attack_time", "ms", 1, "from a tenth to nine tenths of the amplitude", "onsets"),
    Measure("clicks", "", 1, "how many times 2.5 ms stand out", "onsets"),
    Measure("am_rate", "Hz", 0.1, "regular modulation of the level, 10 to 80 Hz", "modulation"),
    Measure("am_depth", "dB", 0.1, "how deep it is, RMS", "modulation"),
    Measure("periodicity", "0..1", 0.01, "how far 25 ms repeat", "periodicity: Boersma 1993"),
    Measure("f0", "Hz", 1, "how often they do, 110 to 1200 Hz", "periodicity"),
    Measure("formant", "Hz", 10, "resonances of a tone or a breath", "formants: Makhoul 1975", (1, 2, 3)),
    Measure("below_40_hz", "dB", 0.1, "level below 40 Hz, below that of all", "reach"),
    Measure("above_16_khz", "dB", 0.1, "level above 16 kHz, below that of all", "reach"),
    Measure("dominant_frequency", "Hz", 10, "the strongest frequency, where it lies there", "reach"),
    Measure("polyphony", "", 1, "how many notes sound", "sounding, polyphony: Bittner and others 2022"),
    Measure("note", "MIDI note", 0.01, "notes that sound, from the lowest up", "sounding", tuple(range(VOICES))),
    Measure("note_level", "dBFS", 0.1, "its first six harmonics", "sounding", tuple(range(VOICES))),
    Measure("note_slope", "dB/s", 1, "how its level moves", "sounding", tuple(range(VOICES))),
    Measure("note_onset", "ms", 1, "when it begins, from the frame's start", "sounding", tuple(range(VOICES))),
    Measure("note_attack", "ms", 1, "from a tenth to nine tenths of its amplitude", "tones", tuple(range(VOICES))),
    Measure("bass", "MIDI note", 0.01, "the lowest note", "sounding"),
    Measure("lead", "MIDI note", 0.01, "the leading note", "sounding"),
    Measure("treble_chroma", "0..1", 0.01, "how sure it is that a pitch class sounds, from C", "sounding", CLASSES),
    Measure("bass_chroma", "0..1", 0.01, "the same, below A3, and below A2 alone", "sounding", CLASSES),
    Measure("still_share", "0..1", 0.01, "of what stands still", "parts: FitzGerald 2010"),
    Measure("gliding_share", "0..1", 0.01, "of what glides and wavers", "parts: Tachibana, Ono and Sagayama 2010"),
    Measure("striking_share", "0..1", 0.01, "of what strikes", "parts: FitzGerald 2010"),
    Measure("still_level", "dBFS", 0.1, "level of that part", "parts"),
    Measure("gliding_level", "dBFS", 0.1, "level of that part", "parts"),
    Measure("striking_level", "dBFS", 0.1, "level of that part", "parts"),
    Measure("still_centroid", "Hz", 1, "centroid of that part", "parts"),
    Measure("gliding_centroid", "Hz", 1, "centroid of that part", "parts"),
    Measure("striking_centroid", "Hz", 1, "centroid of that part", "parts"),
    Measure("voice", "0..1", 0.01, "how far it moves as voices do", "voice"),
    Measure("stroke", "dB", 0.1, "how far a stroke rises: low, mid, high", "strokes", (0, 1, 2)),
    Measure("stroke_time", "ms", 1, "when, from the frame's start", "strokes", (0, 1, 2)),
    Measure("tone_onset", "ms", 1, "when a note begins, whichever it is", "strokes"),
    Measure("distortion", "0..1", 0.01, "how strong and steady the upper partials are", "tones"),
    Measure("inharmonicity", "", 1e-5, "how far harmonics are stretched", "tones: Fletcher 1964"),
    Measure("beating", "Hz", 0.01, "how often the level of the loudest note swings", "tones"),
    Measure("reverberation", "s", 0.01, "in which the sound falls by 60 dB", "room: Ratnam and others 2003"),
    Measure("onset_envelope", "dB", 0.1, "rise of all bands in each short window", "onsets, flux", WINDOWS),
    Measure("low_onset_envelope", "dB", 0.1, "the same, 40 to 450 Hz", "onsets, flux", WINDOWS),
    Measure("mid_onset_envelope", "dB", 0.1, "the same, 450 to 2800 Hz", "onsets, flux", WINDOWS),
    Measure("high_onset_envelope", "dB", 0.1, "the same, 2.8 to 16 kHz", "onsets, flux", WINDOWS),
    Measure("brief_peak", "Hz", 1, "a narrow peak of 25 ms, in every second short window", "brief", SECOND_WINDOWS),
)


NAMES = frozenset(measure.name for measure in MEASURES)


def heads(windows: int = 8, names: frozenset[str] = NAMES) -> list[Head]:
    """Of these measures, as in the header of features whose frames have so many short windows: eight at 12.5 frames a
    second.
    """
    return [head for measure in MEASURES if measure.name in names for head in measure.heads(windows)]


def sources(names: frozenset[str]) -> set[str]:
    """The modules of spectral/ that these measures come from."""
    return {measure.source.partition(":")[0].partition(",")[0] for measure in MEASURES if measure.name in names}
