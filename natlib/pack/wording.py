"""Codes into words, measurements into the fields of a line. Never what made the sound: only how it is.

A code is introduced by what the sound measures on average where it is used (`introduce`); a code of a residual layer
by what it adds to the layers above (`refine`). An average contradicts the moment where what is averaged differs too
much: a code is introduced by what codes of its type of stream tell apart (`TOLD`), and a difference is said from a size
on that has the right sign four times out of five, over many sounds. Only measurements whose names are known become
words; the thresholds are steps that a listener would put a name to, not perceptual constants.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")

Measures = Mapping[str, float]  # by name, in the unit that the header gives

LEVELS = ((-60, "near silence"), (-45, "very quiet"), (-33, "quiet"), (-22, "medium"), (-12, "loud"))
COLOURS = ((250, "very dark"), (700, "dark"), (1600, "mid"), (3500, "bright"))
PITCHES = ((200, "low pitch"), (600, "middle pitch"))
TONES = ((0.3, "noisy"), (0.6, "half tonal"))
GRAINS = ((1.3, "smooth"), (2.5, "slightly grainy"), (5.5, "grainy"))  # dB of peaks over those of smooth noise
TILTS = ((-18, "pure"), (-10, "mellow"), (-4, "rich"))  # dB/octave of the harmonics
HELD, GLIDING = 1.0, 4.0  # semitones a second: up to where a pitch stands still, from where on it slides
HOLLOW = 8  # dB of odd over even harmonics
PERIODIC, CLEARLY = 23, 50  # per cent: from here on a waveform repeats itself as no noise does, as a tone does
ONE = 1.15  # ratio of fundamentals up to which they are one tone's
EVEN = 0.2  # of a gap: where gaps differ less, they are regular
NOISE = 30  # of 100: below, a sound has no tone
CLICKING = 0.5  # clicks a second
SPEEDS = ("swelling slowly", "fluctuating 2-8/s", "fluttering 8-16/s", "rough 16-50/s")
STEADY, NEARLY = 3, 5  # dB: ranges in which a level holds, in which it nearly does
FLUCTUATES = 4.0  # dB: a depth that is heard as movement
HIT = 9.0  # dB: a rise that is heard as an attack
VOICED = 0.5  # salience from which a pitch is worth a word

# What the codes of a stream tell apart, by its type: over seconds how the sound is, in a moment what happens.
TOLD = {
    "semantic": ("centroid", "tonality", "salience", "fluct_"),
    "acoustic": ("level", "centroid", "tonality", "pitch", "salience", "attack", "band_"),
}

# What a difference must exceed to be said, and how: measure, least, more, less.
CHANGES = (
    ("level", 3.0, "louder", "softer"),
    ("centroid", 600.0, "brighter", "darker"),
    ("tonality", 0.08, "more tonal", "noisier"),
    ("attack", 2.0, "sharper", "smoother"),
    ("salience", 0.1, "clearer pitch", "vaguer pitch"),
    ("fluct_0", 2.0, "more swell", "less swell"),
    ("fluct_1", 2.0, "more beat 2-8/s", "less beat 2-8/s"),
    ("fluct_2", 2.0, "more flutter", "less flutter"),
    ("fluct_3", 2.0, "rougher", "less rough"),
)
REGION = 4.0  # dB: the same, of a region
RATES = ("0.5-2/s", "2-8/s", "8-16/s", "16-50/s")
REGIONS = ("sub", "bass", "low mids", "mids", "highs", "air")


def scale(steps: Sequence[tuple[float, str]], top: str, value: float) -> str:
    """The word of the first step above `value`."""
    return next((word for step, word in steps if value < step), top)


def note(hz: float) -> str:
    """The nearest note of equal temperament at A4 = 440 Hz: "A4"."""
    number = round(12 * math.log2(hz / 440)) + 69
    return f"{NOTES[number % 12]}{number // 12 - 1}"


def rounded(hz: float) -> int:
    """Hz to two digits: what a reader can use of it."""
    return int(float(f"{hz:.2g}"))


def percent(share: float) -> int:
    """A share in per cent, whatever other programs measured."""
    return min(100, max(0, round(100 * share)))


def even(sounds: Mapping[str, Any]) -> bool:
    """Do sounds follow each other regularly?"""
    return bool(sounds["gap_sd"] < EVEN * sounds["gap"])


def third(hz: float) -> int:
    """Hz to the nearest third of an octave: what does not change with every breath."""
    return rounded(10 ** (round(10 * math.log10(max(hz, 1))) / 10))


def told(measures: Measures, stream: str) -> Measures:
    """Those that codes of a stream of this type tell apart: all of them where the type is none that is known."""
    return {name: value for name, value in measures.items() if name.startswith(TOLD.get(stream, ""))}


def introduce(measures: Measures, stream: str = "") -> str:
    """What a code of a first layer measures like, in a handful of words; `stream` is the type of its stream."""
    words = []
    if measures.get("level", 0) < LEVELS[0][0]:
        return LEVELS[0][1]
    measures = told(measures, stream)
    if (level := measures.get("level")) is not None:
        words.append(scale(LEVELS, "very loud", level))
    if (centroid := measures.get("centroid")) is not None:
        words.append(scale(COLOURS, "very bright", centroid))
    if (tonality := measures.get("tonality")) is not None:
        words.append(scale(TONES, "tonal", tonality))
    pitch = measures.get("pitch")
    if pitch and pitch > 0 and measures.get("salience", 0) >= VOICED:
        words.append(scale(PITCHES, "high pitch", pitch))
    depths = [measures.get(f"fluct_{i}", 0.0) for i in range(4)]
    if max(depths) >= FLUCTUATES:
        words.append(SPEEDS[depths.index(max(depths))])
    elif "fluct_0" in measures:
        words.append("steady")
    if measures.get("attack", 0) >= HIT:
        words.append("attacks")
    return ", ".join(words)


def refine(differences: Measures, stream: str = "") -> str:
    """What a code of a residual layer adds to the codes above it: the three largest differences, if any."""
    differences = told(differences, stream)
    said: list[tuple[float, str]] = []
    for name, least, more, less in CHANGES:
        value = differences.get(name, 0.0)
        if abs(value) >= least:
            amount = f"{abs(value):.0f} dB " if name == "level" else ""
            said.append((abs(value) / least, amount + (more if value > 0 else less)))
    regions = {i: differences.get(f"band_{i}", 0.0) for i in range(len(REGIONS))}
    strongest = max(regions, key=lambda i: abs(regions[i]))
    if abs(regions[strongest]) >= REGION:
        more = "more" if regions[strongest] > 0 else "less"
        said.append((abs(regions[strongest]) / REGION, f"{more} {REGIONS[strongest]}"))
    said.sort(reverse=True)
    return ", ".join(text for _, text in said[:3])


def kind(fields: Mapping[str, Any]) -> str:
    """Noise or tone, its grain, and where it lies: of a scene, or of a summary's colour."""
    tone, grain, words = fields.get("tone"), fields.get("grain"), []
    periodic = fields.get("periodic", 0)
    if tone is not None and tone < NOISE and periodic >= PERIODIC:
        words.append("rough tone" if periodic < CLEARLY else "unsteady tone")
    elif tone is not None:
        if tone < 60 and grain is not None and "pitch" not in fields:
            words.append(scale(GRAINS, "spiky", grain))
        words.append("noise" if tone < NOISE else "partly tonal" if tone < 60 else "tonal")
    if (hz := fields.get("Hz")) is not None:
        words.append(f"around {third(hz)} Hz")
    return " ".join(filter(None, words))


def movement(depths: Sequence[float | None]) -> str:
    """The strongest fluctuation, where it is heard as movement."""
    known = [depth or 0 for depth in depths]
    strongest = max(known, default=0)
    if strongest < FLUCTUATES:
        return ""
    return f"fluctuating {2 * round(strongest / 2)} dB at {RATES[known.index(strongest)]}"


def describe(scene: Mapping[str, Any]) -> str:
    """A scene in words, but for its level."""
    words = [kind(scene)]
    if pitch := scene.get("pitch"):
        words.append(f"pitch {way(pitch)}")
    elif peak := scene.get("peak"):
        words.append(f"narrow peak {way(peak)} Hz")
    if f0 := scene.get("f0"):
        words.append(f"fundamental {way(f0)} Hz")
    if am := scene.get("am"):
        words.append(f"modulated {am[0]:.0f}/s {am[1]} dB")
    if clicks := scene.get("clicks"):
        words.append(f"{clicks} click{'s' * (clicks > 1)}")
    if vibrato := scene.get("vibrato"):
        words.append(f"vibrato {vibrato[0]:g}/s {vibrato[1]} cents")
    words.append(movement([None, *scene.get("wobble", ())[1:]]))  # slower ones show from line to line
    if pulse := scene.get("pulse"):
        words.append(f"pulse {pulse}/s")
    if notes := scene.get("notes"):
        words.append(f"notes {notes}")
    return ", ".join(filter(None, words))


def way(value: Any) -> str:
    """Where a pitch or a peak goes, in words: "about A4 to C5"."""
    return str(value).replace("~", "about ").replace(">", " to ")


def event(sound: Mapping[str, Any]) -> str:
    """A sound in words."""
    words = [f"{sound['s']} s, {sound['dB']} dB"]
    if "rise" in sound:
        rising = f"rising {sound['rise']}"
        rising += f" within {sound['ms']} ms" if "ms" in sound else ""
        words.append(rising + (f" in {sound['in']} Hz" if "in" in sound else ""))
    if "pitch" in sound:
        words.append(f"pitch {way(sound['pitch'])}" + (f" {timbre(sound)}" if "tilt" in sound else ""))
    elif "peak" in sound:
        words.append(f"narrow peak {way(sound['peak'])} Hz")
    if "f0" in sound:
        words.append(f"fundamental {way(sound['f0'])} Hz")
    if "Hz" in sound:
        words.append(f"around {way(sound['Hz'])} Hz")
    if "am" in sound:
        words.append(f"modulated {sound['am'][0]:.0f}/s")
    if "fall" in sound:
        words.append(f"falling {sound['fall']}/s")
    return ", ".join(words)


def timbre(fields: Mapping[str, Any]) -> str:
    """How the harmonics of a pitch fall, and whether the even ones are weak."""
    return ("hollow " if fields.get("odd", 0) >= HOLLOW else "") + scale(TILTS, "sharp", fields["tilt"])


def tell(summary: Mapping[str, Any], seconds: float) -> str:
    """A summary in words: a sentence for each thing that there is."""
    said = [f"{seconds:.1f} s"]
    if loudness := summary.get("loudness"):
        steady = loudness["range"] < 6
        text = f"level {loudness['dB']} dB" + (", steady" if steady else f", over a range of {loudness['range']} dB")
        if cut := loudness.get("cut"):
            text += f", in the midst of sound at its {' and '.join(cut)}"
        if loudness["quiet"] >= 5:
            text += f", {loudness['quiet']} % of the time below {loudness['dB'] - 20} dB"
        said.append(text)
    pitch = summary.get("pitch", {"percent": 0})
    f0 = summary.get("f0")
    if colour := summary.get("colour"):
        most = colour.get("most")
        depths = colour.get("wobble", ())
        moves = movement(depths) or ("no fluctuation" if depths and max(depths) < 2 else "")
        if f0 and f0["high"] < ONE * f0["low"]:  # one tone, however rough
            colour = colour | {"periodic": max(PERIODIC, colour.get("periodic", 0))}
        words = kind(colour | ({"pitch": ""} if pitch["percent"] >= 20 else {}))
        said.append(", ".join(filter(None, (words, most and f"most of it in {most[0]}-{most[1]} Hz", moves))))
        if swell := colour.get("swell"):
            said.append(swelling(swell))
        if limit := colour.get("limit"):
            said.append(f"nothing above {limit} Hz was recorded")
    if sounds := summary.get("sounds"):
        said.append(events(sounds))
    if pulse := summary.get("pulse"):
        said.append(f"regular pulse {pulse}/s")
    if pitch["percent"] >= 5:
        text = f"pitch {pitch['percent']} % of the time, mostly {pitch['low']}"
        text += f" to {pitch['high']}" if pitch["low"] != pitch["high"] else ""
        if (glide := pitch.get("glide")) is not None and not HELD < glide < GLIDING:
            text += ", holding its notes" if glide <= HELD else f", sliding {glide:.0f} semitones a second"
        text += f", {timbre(pitch)} tone" if "tilt" in pitch else ""
        said.append(text + (f", {notes} sounds with a pitch" if (notes := pitch.get("notes", 0)) > 1 else ""))
    if peak := summary.get("peak"):
        text = f"narrow peak {peak['percent']} % of the time, at {peak['low']}"
        said.append(text + (f" to {peak['high']} Hz" if peak["high"] != peak["low"] else " Hz"))
    if f0:
        text = f"fundamental {f0['percent']} % of the time, mostly {f0['low']}"
        said.append(text + (f" to {f0['high']} Hz" if f0["high"] != f0["low"] else " Hz"))
    if lines := summary.get("lines"):
        said.append("lasting lines at " + ", ".join(f"{hz} Hz" for hz, _ in lines))
    if (voices := summary.get("voices")) and abs(voices["one"] - voices["several"]) >= 20:
        said.append(
            "mostly one tone at a time" if voices["one"] > voices["several"] else "mostly several tones at once"
        )
    if am := summary.get("am"):
        rate = f"{am['low']} to {am['high']}" if "low" in am else f"{am['rate']:g}"
        said.append(f"modulated {rate} times a second, {am['depth']} dB, {am['percent']} % of the time")
    colour = summary.get("colour", {})
    noisy = colour.get("tone", 100) < NOISE and colour.get("periodic", 0) < PERIODIC and "f0" not in summary
    clicks = summary.get("clicks")
    if clicks is not None and clicks >= CLICKING:
        said.append(f"{clicks} clicks a second")
    elif clicks is not None and noisy:
        said.append("hardly a click" if clicks else "no clicks")
    if noisy and summary.get("pulse") == 0:
        said.append("no regular pulse or modulation")
    if vibrato := summary.get("vibrato"):
        said.append(f"vibrato {vibrato[0]:g}/s, {vibrato[1]} cents")
    elif pitch["percent"] >= 40:
        said.append("no vibrato")
    if tempo := summary.get("tempo"):
        said.append(f"tempo {tempo['bpm']:.0f} beats a minute (or {tempo['or']:.0f})")
    if key := summary.get("key"):
        said.append(f"key {key['name']}" + (" or a near one" if key["confidence"] < 0.5 else ""))
    if sections := summary.get("sections"):
        said.append("sections " + ", ".join(f"{part['label']} {part['t']}-{part['to']:g} s" for part in sections))
    return ". ".join(text[0].upper() + text[1:] for text in said if text) + "."


def swelling(ranges: Sequence[int]) -> str:
    """How far the lows, the mids and the highs swell, in words."""
    if max(ranges) < STEADY:
        return f"steady: half seconds lie within {max(ranges)} dB everywhere"
    places = zip(("lows", "mids", "highs"), ranges, strict=False)  # the highs may not have been recorded
    said = [f"{dB} dB in the {name}{' (steady)' if dB < STEADY else ''}" for name, dB in places]
    nearly = "nearly steady: " if max(ranges) <= NEARLY else ""
    return f"{nearly}half seconds lie within {', '.join(said)}"


def events(sounds: Mapping[str, Any]) -> str:
    """The sounds of a summary in words."""
    many = sounds["n"] > 1
    said = [
        f"{sounds['n']} sounds with an attack, about {sounds['s']} s each" if many else f"one attack, {sounds['s']} s"
    ]
    if sounds.get("gap"):
        said.append(spaced(sounds))
    if differ := sounds.get("differ"):
        said.append("all much alike" if differ["dB"] <= 3 and differ["semitones"] <= 3 else "not all alike")
    if "rise" in sounds:
        said.append(f"rising {sounds['rise']} dB" + (f" within {sounds['ms']} ms" if "ms" in sounds else ""))
    if "fall" in sounds:
        said.append(f"falling {sounds['fall']} dB a second")
    if (turn := sounds.get("turn", 0)) and abs(turn) >= 4:
        said.append("getting darker while they sound" if turn < 0 else "getting brighter while they sound")
    for name in ("low", "high"):
        if part := sounds.get(name):
            said.append(f"{part['n']} of them in the {'lows' if name == 'low' else 'highs'} alone, {spaced(part)}")
    return ", ".join(said)


def spaced(sounds: Mapping[str, Any]) -> str:
    """How far apart sounds are, in words."""
    regular = even(sounds)
    if not regular and "grid" in sounds:
        return f"about every {sounds['gap']} s, in multiples of {sounds['grid']} s"
    return f"every {sounds['gap']} s, {'regularly' if regular else 'irregularly'}"
