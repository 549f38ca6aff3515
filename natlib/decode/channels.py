"""Where channels belong: names of speaker positions, as ffmpeg and others use them.

Sources: the channel mask of WAVE_FORMAT_EXTENSIBLE (Microsoft); RFC 9639, 9.1.3 (FLAC); Vorbis I,
4.3.9; RFC 7845, 5.1.1.2 (Opus).
"""

from __future__ import annotations

MASK = (
    "FL", "FR", "FC", "LFE", "BL", "BR", "FLC", "FRC", "BC", "SL", "SR", "TC", "TFL", "TFC", "TFR", "TBL", "TBC", "TBR",
)  # fmt: skip
# By the names that ffmpeg prints; they include the layouts of WAV and FLAC files for each number of channels.
LAYOUTS = {
    "mono": "FC", "stereo": "FL FR", "2.1": "FL FR LFE", "3.0": "FL FR FC", "3.0(back)": "FL FR BC",
    "4.0": "FL FR FC BC", "quad": "FL FR BL BR", "quad(side)": "FL FR SL SR", "3.1": "FL FR FC LFE",
    "5.0": "FL FR FC BL BR", "5.0(side)": "FL FR FC SL SR", "4.1": "FL FR FC LFE BC",
    "5.1": "FL FR FC LFE BL BR", "5.1(side)": "FL FR FC LFE SL SR", "6.0": "FL FR FC BC SL SR",
    "6.1": "FL FR FC LFE BC SL SR", "6.1(back)": "FL FR FC LFE BL BR BC", "7.0": "FL FR FC BL BR SL SR",
    "7.1": "FL FR FC LFE BL BR SL SR",
}  # fmt: skip
FLAC = {2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}

VORBIS = {
    2: "FL FR", 3: "FL FC FR", 4: "FL FR BL BR", 5: "FL FC FR BL BR", 6: "FL FC FR BL BR LFE",
    7: "FL FC FR SL SR BC LFE", 8: "FL FC FR SL SR BL BR LFE",
}  # fmt: skip


def speakers(mask: int) -> list[str]:
    """The positions of a channel mask, in the order of the channels; [] if it names none."""
    return [name for bit, name in enumerate(MASK) if mask >> bit & 1]


def named(layout: str) -> list[str]:
    """The positions of a layout, given ffmpeg's name for it; [] if unknown."""
    return LAYOUTS.get(layout, "").split()


def of_codec(format: str, encoding: str, channels: int) -> list[str]:
    """The positions of so many channels, if the codec sets them: FLAC; Vorbis and Opus in Ogg, in their own order."""
    if encoding in ("VORBIS", "OPUS"):
        return VORBIS.get(channels, "").split()
    return named(FLAC.get(channels, "")) if format == "flac" else []
