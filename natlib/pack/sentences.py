"""The whole in words: a sentence for each thing that there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..caveats import sentence as caveat_sentences
from ..caveats import strings
from .measures import even
from .thresholds import (
    ALIKE_CHANNELS,
    CLICKING,
    GLIDING,
    HELD,
    LOUD,
    MOSTLY,
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
    STEADY,
    TELLING,
    TURNS,
    UNMOVED,
)
from .wording import kind, movement, timbre, way

ALONE = ("no sound: ", "no sample", "one sample", "silent throughout")  # caveats after which there is nothing to tell
MOST_CHANNELS = 8  # whose levels are named

Summary = Mapping[str, Any]  # the fields of a summary line


def tell(summary: Summary, seconds: float) -> str:
    """A summary in words: first what limits it; of what is no sound, or can't be measured, nothing else."""
    caveats = strings(summary.get("caveats"))
    said = [f"{seconds:.1f} s" if seconds >= 0.1 or not seconds else f"{1000 * seconds:.0f} ms"]
    if not any(text.startswith(ALONE) for text in caveats):
        said += [sentence(summary) for sentence in SENTENCES]
    text = ". ".join(text[0].upper() + text[1:] for text in said if text) + "."
    return f"{caveat_sentences(caveats)} {text}".lstrip()


def level(summary: Summary) -> str:
    if not (loudness := summary.get("loudness")) or loudness["dB"] <= SILENT:
        return ""
    if loudness["range"] < NARROW:
        text = f"level {loudness['dB']} dB, steady"
    else:
        text = f"loud parts at {loudness['dB']} dB, half of the time below {loudness['median']} dB"
        text += f", over a range of {loudness['range']} dB"
    if cut := loudness.get("cut"):
        text += f", in the midst of sound at its {' and '.join(cut)}"
    if loudness["quiet"] >= PAUSING:
        text += f", {loudness['quiet']} % of the time below {loudness['dB'] - LOUD} dB"
    return text


def loudest(summary: Summary) -> str:
    """The loudest moment, and what sounds there."""
    found, loudness = summary.get("loudest"), summary.get("loudness", {})
    if not found or (loudness.get("range", NARROW) < NARROW and found["dB"] - loudness["dB"] < TELLING):
        return ""  # as loud as all of it
    text = f"loudest at {found['t']:g} s: {found['dB']} dB"
    if "s" in found:
        text += f", a sound of {found['s']} s"
    place = f"pitch {way(found['pitch'])}" if "pitch" in found else ""
    place = place or (f"narrow peak {way(found['peak'])} Hz" if "peak" in found else "")
    place = place or (f"around {way(found['Hz'])} Hz" if "Hz" in found else "")
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
    found = summary.get("channels", {})
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
    """What is nothing like the rest, from when to when."""
    found = summary.get("parts", ())
    return "; ".join(
        f"{part['t']:g}-{part['to']:g} s: "
        + (f"{part['dB']} dB" + (f", {kind(part)}" if kind(part) else "") if part["dB"] > SILENT else "silent")
        for part in found
    )


def outside(summary: Summary) -> str:
    """Energy where nobody hears it."""
    said = []
    if above := summary.get("above_16_khz"):
        where = f", at {between(above)}" if "low" in above else ""
        said.append(f"most of the energy lies above 16 kHz{where}, {above['percent']} % of the time")
    if below := summary.get("below_40_hz"):
        said.append(f"most of the energy lies below 40 Hz, {below['percent']} % of the time")
    return ", ".join(said)


def colour(summary: Summary) -> str:
    """Noise or tone, where most of it lies, how it moves."""
    if not (fields := summary.get("colour")):
        return ""
    most, depths, f0 = fields.get("most"), fields.get("wobble", ()), summary.get("f0")
    moves = movement(depths) or ("no fluctuation" if depths and max(depths) < UNMOVED else "")
    if f0 and f0["high"] < ONE_TONE * f0["low"]:  # one tone, however rough
        fields = fields | {"periodic": max(PERIODIC, fields.get("periodic", 0))}
    words = kind(fields | ({"pitch": ""} if pitched(summary) >= SINGING else {}))
    return ", ".join(filter(None, (words, most and f"most of it in {most[0]}-{most[1]} Hz", moves)))


def swell(summary: Summary) -> str:
    ranges = summary.get("colour", {}).get("swell")
    return swelling(ranges) if ranges else ""


def events(summary: Summary) -> str:
    """The sounds that begin with an attack."""
    if not (sounds := summary.get("sounds")):
        return ""
    many = sounds["n"] > 1
    said = [
        f"{sounds['n']} sounds with an attack, about {sounds['s']} s each" if many else f"one attack, {sounds['s']} s"
    ]
    if sounds.get("gap"):
        said.append(spaced(sounds))
    if differ := sounds.get("differ"):
        said.append("all much alike" if max(differ["dB"], differ["semitones"]) <= MUCH_ALIKE else "not all alike")
    if "rise" in sounds:
        said.append(f"rising {sounds['rise']} dB" + (f" within {sounds['ms']} ms" if "ms" in sounds else ""))
    if "fall" in sounds:
        said.append(f"falling {sounds['fall']} dB a second")
    if (turn := sounds.get("turn", 0)) and abs(turn) >= TURNS:
        said.append("getting darker while they sound" if turn < 0 else "getting brighter while they sound")
    for name in ("low", "high"):
        if part := sounds.get(name):
            said.append(f"{part['n']} of them in the {'lows' if name == 'low' else 'highs'} alone, {spaced(part)}")
    return ", ".join(said)


def masked(summary: Summary) -> str:
    found = summary.get("masked_attacks")
    return f"{found:g} more attacks a second, masked by what else sounds" if found else ""


def pulse(summary: Summary) -> str:
    return f"regular pulse {summary['pulse']}/s" if summary.get("pulse") else ""


def pitch(summary: Summary) -> str:
    """How often there is one, its range, how it glides, its timbre."""
    if (percent := pitched(summary)) < PITCHED:
        return ""
    fields = summary["pitch"]
    text = f"pitch {percent} % of the time, mostly {fields['low']}"
    text += f" to {fields['high']}" if fields["low"] != fields["high"] else ""
    if (glide := fields.get("glide")) is not None and not HELD < glide < GLIDING:
        text += ", holding its notes" if glide <= HELD else f", sliding {glide:.0f} semitones a second"
    text += f", {timbre(fields)} tone" if "tilt" in fields else ""
    return text + (f", {notes} sounds with a pitch" if (notes := fields.get("notes", 0)) > 1 else "")


def peak(summary: Summary) -> str:
    return f"narrow peak {peak['percent']} % of the time, at {between(peak)}" if (peak := summary.get("peak")) else ""


def fundamental(summary: Summary) -> str:
    return f"fundamental {f0['percent']} % of the time, mostly {between(f0)}" if (f0 := summary.get("f0")) else ""


def lines(summary: Summary) -> str:
    found = summary.get("lines")
    return "lasting lines at " + ", ".join(f"{hz} Hz" for hz, _ in found) if found else ""


def voices(summary: Summary) -> str:
    found = summary.get("voices")
    if not found or abs(found["one"] - found["several"]) < MOSTLY:
        return ""
    return "mostly one tone at a time" if found["one"] > found["several"] else "mostly several tones at once"


def modulation(summary: Summary) -> str:
    if not (am := summary.get("am")):
        return ""
    rate = f"{am['low']} to {am['high']}" if "low" in am else f"{am['rate']:g}"
    return f"modulated {rate} times a second, {am['depth']} dB, {am['percent']} % of the time"


def clicks(summary: Summary) -> str:
    """How many; of noise also that there are none."""
    count = summary.get("clicks")
    if count is not None and count >= CLICKING:
        return f"{count} clicks a second"
    if count is None or not noisy(summary):
        return ""
    return "hardly a click" if count else "no clicks"


def unmoved(summary: Summary) -> str:
    return "no regular pulse or modulation" if noisy(summary) and summary.get("pulse") == 0 else ""


def vibrato(summary: Summary) -> str:
    if found := summary.get("vibrato"):
        return f"vibrato {found[0]:g}/s, {found[1]} cents"
    return "no vibrato" if pitched(summary) >= MUCH_PITCH else ""


def tempo(summary: Summary) -> str:
    found = summary.get("tempo")
    return f"tempo {found['bpm']:.0f} beats a minute (or {found['or']:.0f})" if found else ""


def key(summary: Summary) -> str:
    found = summary.get("key")
    return f"key {found['name']}" if found else ""


def sections(summary: Summary) -> str:
    found = summary.get("sections")
    return "sections " + ", ".join(f"{part['label']} {part['t']}-{part['to']:g} s" for part in found) if found else ""


# In the order in which they are said; each gives "" where there is nothing to be said.
SENTENCES: tuple[Callable[[Summary], str], ...] = (
    level, loudest, lufs, channels, parts, outside, colour,
    swell, events, masked, pulse, pitch, peak, fundamental, lines, voices, modulation, clicks, unmoved,
    vibrato, tempo, key, sections,
)  # fmt: skip


def pitched(summary: Summary) -> int:
    """Per cent of the time that have a pitch."""
    return int(summary.get("pitch", {"percent": 0})["percent"])


def noisy(summary: Summary) -> bool:
    """Is it noise, and no rough tone?"""
    fields = summary.get("colour", {})
    return fields.get("tone", 100) < NOISE and fields.get("periodic", 0) < PERIODIC and "f0" not in summary


def between(fields: Summary) -> str:
    """From where to where, in Hz."""
    return f"{fields['low']} to {fields['high']} Hz" if fields["high"] != fields["low"] else f"{fields['low']} Hz"


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
    regular = even(sounds)
    if not regular and "grid" in sounds:
        return f"about every {sounds['gap']} s, in multiples of {sounds['grid']} s"
    return f"every {sounds['gap']} s, {'regularly' if regular else 'irregularly'}"
