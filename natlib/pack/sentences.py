"""The whole in words: a sentence for each thing that there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..caveats import minutes, moment, strings
from ..caveats import sentence as caveat_sentences
from .contours import points
from .measures import even, rounded
from .thresholds import (
    ALIKE_CHANNELS,
    AT_ONCE,
    CLICKING,
    GLIDING,
    HELD,
    LOUD,
    MOSTLY,
    MOVING_TRAIN,
    MUCH_ALIKE,
    MUCH_PITCH,
    NARROW,
    NEARLY,
    NOISE,
    ONE_TONE,
    PAUSING,
    PERIODIC,
    PITCHED,
    SILENT,
    SINGING,
    SLOWLY,
    STEADY,
    STRUCK,
    SWEEPING,
    TELLING,
    TURNS,
    UNMOVED,
)
from .wording import kind, movement, rise, timbre, way, where

ALONE = ("no sound: ", "no sample", "one sample", "silent throughout")  # caveats after which there is nothing to tell
MOST_CHANNELS = 8  # whose levels are named
ALL_BUT = 0.75  # of sounds that are alike: a machine's rather than a body's
MOST_SPANS = 12  # of a voice that are told

Summary = Mapping[str, Any]  # the fields of a summary line


def tell(summary: Summary, seconds: float, middles: Sequence[float] = ()) -> str:
    """A summary in words: first what limits it; and nothing else if it is no sound, or can't be measured.

    `middles`: of the bands of its spectrum, in Hz.
    """
    caveats = strings(summary.get("caveats"))
    said = [f"{seconds:.1f} s" if seconds >= 0.1 or not seconds else f"{1000 * seconds:.0f} ms"]
    if not any(text.startswith(ALONE) for text in caveats):
        barred = "meter" in summary
        for sentence in SENTENCES:
            said += [] if barred and sentence in PLAIN else [sentence(summary)]
            said += [shape(summary, middles)] if sentence is noise else []
    text = ". ".join(text[0].upper() + text[1:] for text in said if text) + "."
    return f"{caveat_sentences(caveats)} {text}".lstrip()


def level(summary: Summary) -> str:
    if not (levels := summary.get("levels")) or levels[-1] <= SILENT:
        return ""
    soft, median, loud = levels
    if loud - soft < NARROW:
        text = f"steady at {loud} dB"
    else:
        text = f"loud parts at {loud} dB, half of the time below {median} dB, over a range of {loud - soft} dB"
    if cut := summary.get("cut"):
        text += f", cut off in the midst of sound at its {' and '.join(cut)}"
    if summary.get("quiet_percent", 0) >= PAUSING:
        text += f", {summary['quiet_percent']} % of the time below {loud - LOUD} dB"
    return text


def loudest(summary: Summary) -> str:
    """The loudest moment, and what sounds there."""
    found, levels = summary.get("loudest"), summary.get("levels")
    if not found or (levels and levels[-1] - levels[0] < NARROW and found["max_level"] - levels[-1] < TELLING):
        return ""  # as loud as the rest
    text = f"loudest at {moment(found['t'])}: {found['max_level']} dB"
    if "duration" in found:
        text += f", a sound of {found['duration']} s"
    centroid = points(found, "centroid")
    place = where(found) or (f"around {way(centroid)}" if centroid else "")
    return f"{text}, {place}" if place else text


def lufs(summary: Summary) -> str:
    """Loudness as meters tell it."""
    found = summary.get("lufs", {})
    if "integrated" not in found:
        return ""
    text = f"loudness {found['integrated']:.1f} LUFS"
    text += f", range {found['range_lu']:.0f} LU" if "range_lu" in found else ""
    return text + (f", true peak {found['true_peak_dbtp']:.1f} dBTP" if "true_peak_dbtp" in found else "")


def channels(summary: Summary) -> str:
    """How channels differ."""
    found = summary.get("channel_levels", {})
    levels = found.get("dbfs", ())
    if len(levels) < 2:
        return ""
    said = ", ".join("silent" if level is None else f"{level:.0f}" for level in levels[:MOST_CHANNELS])
    more = f" and {len(levels) - MOST_CHANNELS} more" if len(levels) > MOST_CHANNELS else ""
    if len(levels) > 2:
        return f"{len(levels)} channels at {said}{more} dB"
    correlation, mid, side = (found.get(name) for name in ("correlation", "mid_dbfs", "side_dbfs"))
    if correlation is None:
        return f"two channels at {said} dB"
    if side is None or (mid is not None and mid - side >= ALIKE_CHANNELS):
        return "two channels alike"
    text = f"two channels, correlation {correlation:.2f}"
    if mid is not None:
        text += f", side {abs(mid - side):.0f} dB {'below' if side <= mid else 'above'} mid"
    return text + (f", at {said} dB" if abs(levels[0] - levels[1]) >= MUCH_ALIKE else "")


def parts(summary: Summary) -> str:
    """Parts that are nothing like each other, from when to when."""
    return "; ".join(
        f"{span(part)}: "
        + (f"{part['level']} dB" + (f", {kind(part)}" if kind(part) else "") if part["level"] > SILENT else "silent")
        for part in summary.get("parts", ())
    )


def outside(summary: Summary) -> list[str]:
    """Energy that nobody hears: it limits what the rest can tell, so it is one of the caveats."""
    said = []
    if share := summary.get("above_16_khz_percent"):
        at = f", at {between(summary['above_16_khz_range'])}" if "above_16_khz_range" in summary else ""
        said.append(f"most of the energy lies above 16 kHz{at}, {share} % of the time")
    if share := summary.get("below_40_hz_percent"):
        said.append(f"most of the energy lies below 40 Hz, {share} % of the time")
    return said


def colour(summary: Summary) -> str:
    """Noise or tone; where most of it lies; how it moves."""
    band, depths, quartiles = summary.get("main_band"), summary.get("modulation", ()), summary.get("f0_quartiles")
    moves = movement(depths) or ("no fluctuation" if depths and max(depths) < UNMOVED else "")
    fields = summary
    if quartiles and quartiles[1] < ONE_TONE * quartiles[0]:  # one tone, however rough
        fields = {**summary, "periodicity": max(PERIODIC, summary.get("periodicity", 0))}
    words = kind(fields, grained=summary.get("pitch_percent", 0) < SINGING)
    return ", ".join(filter(None, (words, band and f"most of it in {band[0]}-{band[1]} Hz", moves)))


def shape(summary: Summary, middles: Sequence[float]) -> str:
    """The spectrum of what is mostly noise, band by band."""
    found = summary.get("spectrum", ())
    if "noise" not in summary or not middles:
        return ""
    bands = [f"{rounded(hz)} {level}" for hz, level in zip(middles, found, strict=False) if level is not None]
    return f"spectrum (Hz, dB): {', '.join(bands)}"


def swell(summary: Summary) -> str:
    ranges = summary.get("swell")
    return swelling(ranges) if ranges else ""


def events(summary: Summary) -> str:
    """The sounds that begin with an attack."""
    if not (sounds := summary.get("sounds")):
        return ""
    count, duration = sounds["count"], sounds["duration"]
    said = [f"{count} sounds with an attack, about {duration} s each" if count > 1 else f"one attack, {duration} s"]
    if sounds.get("ioi"):
        said.append(spaced(sounds))
    if "level_sd" in sounds:
        differ = max(sounds["level_sd"], sounds.get("centroid_sd", 0))
        said.append("all much alike" if differ <= MUCH_ALIKE else "not all alike")
    if "onset_strength" in sounds:
        said.append(rise(sounds))
    if "decay" in sounds:
        said.append(f"fading by {sounds['decay']} dB/s")
    if "ioi_drift" in sounds:
        way = "slower" if sounds["ioi_drift"] > 1 else "faster"
        said.append(f"getting {way}: gaps {sounds['ioi_drift']:g} times as long in the end")
    if sounds.get("pairs"):
        said.append("in pairs")
    if (letters := sounds.get("pattern", "")) and letters.count("a") >= ALL_BUT * len(letters):
        said.append(f"{letters.count('a')} of the first {len(letters)} as good as the same")
    if (drift := sounds.get("centroid_drift", 0)) and abs(drift) >= TURNS:
        said.append("getting darker while they sound" if drift < 0 else "getting brighter while they sound")
    for name, place in (("low_band", "lows"), ("high_band", "highs")):
        if part := sounds.get(name):
            said.append(f"{part['count']} of them in the {place} alone, {spaced(part)}")
    return ", ".join(said)


def noise(summary: Summary) -> str:
    """How noise swells, and where it resonates."""
    found = summary.get("noise", {})
    said = [f"noise, stronger around {', '.join(map(str, found['resonances']))} Hz"] if "resonances" in found else []
    for place, each in zip(("lows", "mids", "highs"), found.get("swells", ()), strict=False):
        if each:
            said.append(f"{place} swelling by {each[1]} dB every {1 / each[0]:.1f} s")
    if "together" in found:
        said.append(f"lows and highs swell {'together' if found['together'] else 'apart'}")
    return ", ".join(said)


def masked(summary: Summary) -> str:
    found = summary.get("masked_onsets")
    return f"{found:g} fainter attacks a second, half hidden in the rest" if found else ""


def faint(summary: Summary) -> str:
    """What comes and goes in part of the spectrum without an event of its own."""
    said: list[str] = []
    for group in summary.get("faint", ()):
        count, (low, high) = group["count"], group["band"]
        if said:
            said.append(f"{count} in {low:g}-{high:g} Hz")
            continue
        own = "tonal sound" if "tonal" in group else "sound"
        text = f"{count} {own}s" if count > 1 else f"a {own}"
        text += f" without attack, {group['duration']:g} s, in {low:g}-{high:g} Hz"
        text += f", {group['rise']} dB over the background"
        text += f", every {group['ioi']:g} s" if "ioi" in group else ""
        if way := points(group, "peak"):
            text += f", peak {' to '.join(f'{hz:g}' for hz in way)} Hz"
        said.append(text)
    return "; ".join(said)


def brief(summary: Summary) -> str:
    """Chirps, bubbles and the like."""
    if not (found := summary.get("brief_tones")):
        return ""
    low, high = found["band"]
    text = f"{found['per_second']:g} brief tones a second, {found['duration']:g} s each, in {low:g}-{high:g} Hz"
    return text + (f", each sweeping {found['sweep']:g} semitones" if found["sweep"] >= SWEEPING else "")


def pulse(summary: Summary) -> str:
    return f"regular pulse at {summary['pulse']} Hz" if summary.get("pulse") else ""


def trains(summary: Summary) -> str:
    """Of pulses: those that slow down or speed up; steady ones are told as a pulse or a modulation."""
    said = []
    for train in summary.get("trains", ()):
        first, last = train["rate"]
        if max(first, last) >= MOVING_TRAIN * min(first, last):
            way = "slowing" if last < first else "speeding up"
            said.append(f"pulses {way} from {first:g} to {last:g} Hz, {train['t']:g} to {train['end']:g} s")
    return "; ".join(said)


def mains(summary: Summary) -> str:
    found = summary.get("mains")
    return f"hum locked to {found['frequency']} Hz, {found['percent']} % of the time" if found else ""


def pitch(summary: Summary) -> str:
    """How often there is one, its range, how it glides, its timbre."""
    if (share := summary.get("pitch_percent", 0)) < PITCHED:
        return ""
    low, high = summary["pitch_range"]
    text = f"pitch {share} % of the time, mostly {low}" + (f" to {high}" if low != high else "")
    if (glide := summary.get("glide")) is not None and not HELD < glide < GLIDING:
        text += ", holding its notes" if glide <= HELD else f", sliding {glide:.0f} semitones a second"
    text += f", {timbre(summary)} tone" if "tilt" in summary else ""
    return text + (f", {count} sounds with a pitch" if (count := summary.get("pitched_sounds", 0)) > 1 else "")


def peak(summary: Summary) -> str:
    share = summary.get("peak_percent")
    return f"narrow peak {share} % of the time, at {between(summary['peak_range'])}" if share else ""


def fundamental(summary: Summary) -> str:
    share = summary.get("f0_percent")
    return f"f0 {share} % of the time, mostly {between(summary['f0_quartiles'])}" if share else ""


def lines(summary: Summary) -> str:
    found = summary.get("spectral_lines")
    return "lasting spectral lines at " + ", ".join(f"{hz} Hz" for hz, _ in found) if found else ""


def polyphony(summary: Summary) -> str:
    found = summary.get("polyphony")
    if not found or abs(found["one"] - found["several"]) < MOSTLY:
        return ""
    return "mostly one tone at a time" if found["one"] > found["several"] else "mostly several tones at once"


def modulation(summary: Summary) -> str:
    if not (am := summary.get("am")):
        return ""
    low, high = summary.get("am_range", (am[0], am[0]))
    rate = f"{low:g} to {high:g}" if low != high else f"{low:g}"
    return f"modulated at {rate} Hz by {am[1]} dB, {summary['am_percent']} % of the time"


def clicks(summary: Summary) -> str:
    """How many; for noise also that there are none."""
    rate = summary.get("click_rate")
    if rate is not None and rate >= CLICKING:
        return f"{rate:g} clicks a second"
    if rate is None or not noisy(summary):
        return ""
    return "hardly a click" if rate else "no clicks"


def unmoved(summary: Summary) -> str:
    return "no regular pulse or modulation" if noisy(summary) and summary.get("no_pulse") else ""


def vibrato(summary: Summary) -> str:
    if found := summary.get("vibrato"):
        return f"vibrato of {found[0]:g} Hz, {found[1]} cents"
    return "no vibrato" if summary.get("pitch_percent", 0) >= MUCH_PITCH else ""


def tempo(summary: Summary) -> str:
    found = summary.get("tempo")
    return f"tempo {found['bpm']:.0f} BPM (or {found['alternative_bpm']:.0f})" if found else ""


def meter(summary: Summary) -> str:
    found = summary.get("meter")
    if not found:
        return ""
    kind = " of three parts each" if found["compound"] else ", swung" if found["swing"] else ""
    return f"{found['beats']} beats in a bar{kind}"


def key(summary: Summary) -> str:
    found = summary.get("key")
    if not found:
        return ""
    changes = [f"{new['tonic']} {new['mode']} from {new['t']:g} s" for new in summary.get("key_changes", ())]
    return ", ".join([f"key {found['tonic']} {found['mode']}", *changes])


def chords(summary: Summary) -> str:
    found = summary.get("chord_loop")
    share = summary.get("chord_loop_percent")
    return f"chords {' '.join(found)} again and again, {share} % of the bars" if found and share else ""


def sections(summary: Summary) -> str:
    """Where each begins; each ends where the next one begins."""
    found = summary.get("sections")
    if not found:
        return ""
    longest = found[-1]["end"]
    return "sections " + ", ".join(f"{part['label']} {at(part['t'], longest)}" for part in found)


def voice(summary: Summary) -> str:
    """When tones move as voices do, and how they sound then."""
    found = summary.get("voice")
    if not found:
        return ""
    spans = found["spans"]
    said = [f"voice-like {found['percent']} % of the time"]
    if len(spans) <= MOST_SPANS:
        end = spans[-1][1]
        said.append(" and ".join(f"{at(a, end)}-{at(b, end)}" for a, b in spans))
    if "range" in found:
        said.append(f"{found['range'][0]} to {found['range'][1]}")
    if "steady_percent" in found:
        said.append(f"pitch held {found['steady_percent']} % of it")
    if "syllable_rate" in found:
        said.append(f"about {found['syllable_rate']:g} syllables a second")
    if "sibilance" in found:
        said.append(f"{-found['sibilance']} dB less above 4 kHz than in all")
    return ", ".join(said)


def harmony(summary: Summary) -> str:
    """Mode and tension of the chords, and how often they change."""
    found = summary.get("harmony")
    if not found:
        return ""
    said = [f"{found['major_percent']} % of the chords major"] if "major_percent" in found else []
    said.append(f"{100 - found['plain_percent']} % with sevenths or tensions")
    return ", ".join([*said, f"{found['changes_per_bar']:g} changes of chord a bar"])


def playing(summary: Summary) -> str:
    """How notes begin and go on, by register; how far they join; distortion, room, rubato, swells."""
    found = summary.get("playing", {})
    said = []
    for name, place in (("low_register", "below C3"), ("mid_register", "C3 to C5"), ("high_register", "above C5")):
        if part := found.get(name):
            said.append(f"notes {place} {played(part)}")
    if "legato_percent" in summary:
        said.append(f"sounding {summary['legato_percent']} % of the time between them")
    if "distortion" in found:
        said.append(f"distorted ({found['distortion']:g})")
    if "reverberation" in found:
        said.append(f"reverberation of {found['reverberation']:g} s")
    if (rubato := summary.get("rubato_percent")) is not None:
        said.append(f"beats even to {rubato:g} %")
    for swell in summary.get("dynamics", {}).get("swells", ()):
        way = "rising" if swell["change"] > 0 else "falling"
        start, end = (at(swell[name], swell["end"]) for name in ("t", "end"))
        said.append(f"{way} by {abs(swell['change'])} dB from {start} to {end}")
    return ", ".join(said)


def played(part: Mapping[str, Any]) -> str:
    """How the notes of a register begin and go on."""
    attack, decay = part["attack_time"], part["decay"]
    if decay >= STRUCK:
        return f"struck or plucked, fading by {decay} dB/s"
    begins = "at once" if attack < AT_ONCE else "softly" if attack < SLOWLY else "slowly"
    return f"held, beginning {begins} ({attack} ms)"


def at(seconds: float, longest: float) -> str:
    """A time as minutes and seconds, or, where nothing is as long as a minute, as seconds."""
    return minutes(seconds) if longest >= 60 else f"{seconds:g} s"


# In the order in which they are said; each gives "" if there is nothing to be said.
SENTENCES: tuple[Callable[[Summary], str], ...] = (
    level, lufs, tempo, meter, key, chords, sections, voice, harmony, playing, loudest, channels, parts, colour,
    noise, swell, events, masked, faint, brief, pulse, trains, pitch, peak, fundamental, lines, mains, polyphony,
    modulation, clicks, unmoved, vibrato,
)  # fmt: skip
# What sections and bars tell better
PLAIN = {
    parts, noise, swell, events, masked, faint, brief, pulse, trains, pitch, peak, fundamental, lines, mains, polyphony,
    modulation, clicks, unmoved,
}  # fmt: skip


def noisy(summary: Summary) -> bool:
    """Is it noise, and no rough tone?"""
    tone = summary.get("periodicity", 0) >= PERIODIC or "f0_percent" in summary
    return summary.get("tonality", 100) < NOISE and not tone


def between(edges: Sequence[float]) -> str:
    """From where to where, in Hz."""
    low, high = edges
    return f"{low:g} to {high:g} Hz" if low != high else f"{low:g} Hz"


def span(part: Mapping[str, Any]) -> str:
    """From when to when: "3.4-75 s (0:03-1:15)"."""
    start, end = part["t"], part["end"]
    return f"{start:g}-{end:g} s" + (f" ({minutes(start)}-{minutes(end)})" if end >= 60 else "")


def swelling(ranges: Sequence[int | None]) -> str:
    """How far the lows, the mids and the highs swell, in words; those that can't be heard are not told."""
    places = [(name, dB) for name, dB in zip(("lows", "mids", "highs"), ranges, strict=False) if dB is not None]
    if not places:
        return ""
    most = max(dB for _, dB in places)
    if most < STEADY:
        return f"steady: half seconds lie within {most} dB" + (" everywhere" if None not in ranges else "")
    said = [f"{dB} dB in the {name}{' (steady)' if dB < STEADY else ''}" for name, dB in places]
    nearly = "nearly steady: " if most <= NEARLY else ""
    return f"{nearly}half seconds lie within {', '.join(said)}"


def spaced(sounds: Mapping[str, Any]) -> str:
    """How far apart sounds are, in words."""
    ioi = sounds["ioi"]
    if even(sounds):
        return f"every {ioi:g} s, regularly"
    if "tatum" in sounds:
        return f"at multiples of {sounds['tatum']:g} s, mostly {ioi:g} s apart"
    return f"unevenly, half of them within {ioi:g} s of the one before"
