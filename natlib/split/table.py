"""The table of formats: how each is recognised, and what finds its end.

To add a format, write a function in formats/ and a line here. Its signature must not turn up by chance in terabytes of
samples, nor in a wave that repeats itself; if it might, the line needs a `check` that looks further.
"""

from __future__ import annotations

import re
from functools import partial

from .boundaries import FS, known, search, unknown
from .formats.asf import ASF_HEADER, asf
from .formats.flac import flac, flac_chain
from .formats.frames import frames
from .formats.iff import aiff, caf, riff, svx, w64, wav
from .formats.lossless import ape, tta, wavpack
from .formats.matroska import EBML_HEADER, matroska
from .formats.mp4 import mp4
from .formats.mpeg import mpeg, mpeg_chain, mpeg_start
from .formats.ogg import ogg
from .formats.streams import ac3_frame, adts_frame, amr, dts_frame, flv, mpegts_cut, mpegts_packet, musepack
from .formats.tags import ID3, front_size
from .formats.uncompressed import au, dff, dsf, nist, sox, voc
from .signatures import REACH, Format, Signatures
from .trust import certain, cut_off, declared, trusted
from .window import AHEAD, LOOK, Find, Window

CHUNK = rb"(?:[ -~]{4}|[ -~]{0,3}\Z)"
VINT = rb"(?:[\x80-\xff]|[\x40-\x7f].|[\x20-\x3f]..|\x10...|\x01.{7})"
IRCAM = rb".{4}(?:[^\0]\0{3}[\1-\x20]\0[\0-\4]\0|\0{3}[^\0]\0[\0-\4]\0[\1-\x20])"  # rate, channels, encoding
MPEG_RATES = b"[" + re.escape(bytes(byte for byte in range(0x10, 0xF0) if byte & 0x0C != 0x0C)) + b"]"
# A first frame of layer III takes no bits from a frame before it: main_data_begin, after a checksum or not, is 0.
MPEG_III = rb"(?:[\xe3\xf3]R.\0|\xfbR.\0[\0-\x7f]|[\xe2\xf2]R...\0|\xfaR...\0[\0-\x7f])".replace(b"R", rb"[\0-\xef]")
FORMATS = (
    Format("wav", (b"RIFF", b"RIFX", b"RF64", b"BW64"), rb".{4}WAVE" + CHUNK, trusted(wav)),
    Format("riff", (b"RIFF",), rb".{4}[A-Z0-9 ]{4}[ -~]{4}", declared(riff)),
    Format("w64", (b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0",), rb".{8}wave", trusted(w64)),
    Format("aiff", (b"FORM",), rb".{4}AIF[FC]" + CHUNK, trusted(aiff)),
    Format("svx", (b"FORM",), rb".{4}(?:8SVX|16SV)[ -~]{4}", trusted(svx)),
    Format("caf", (b"caff",), rb"\0[\1\2]\0\0desc\0{7}\x20", declared(caf)),
    Format("au", (b".snd",), rb"\0.{7}\0\0\0[\x01-\x1b].{4}\0\0[\0-\4].", trusted(au)),
    Format("au", (b"dns.",), rb".{3}\0.{4}[\x01-\x1b]\0\0\0.{4}.[\0-\4]\0\0", trusted(au)),
    Format("ircam", (b"\x64\xa3\1\0", b"\x64\xa3\2\0", b"\x64\xa3\3\0", b"\x64\xa3\4\0"), IRCAM, search),
    Format("ircam", (b"\0\1\xa3\x64", b"\0\2\xa3\x64", b"\0\3\xa3\x64", b"\0\4\xa3\x64"), IRCAM, search, here=True),
    Format("flac", (b"fLaC",), rb"[\0-\6\x80-\x86]", flac),
    Format("ogg", (b"OggS",), rb"\0[\2\3\6\7].{20}[^\0]", ogg),
    Format("matroska", (EBML_HEADER,), VINT + rb"[\x42\xec\xbf]", declared(matroska)),
    Format("mp4", (b"ftyp",), rb"[ -~]{4}", declared(mp4), before=rb"\0\0[\0-\4]."),
    Format("mp4", (b"moov",), rb"\0.{3}(?:mvhd|cmov|udta|iods)", declared(mp4), here=True, before=rb"\0.{3}"),
    Format("mp4", (b"wide", b"free", b"skip"), rb".{4}mdat", declared(mp4), here=True, before=rb"\0\0\0\x08"),
    Format("asf", (ASF_HEADER,), b"", declared(asf)),
    Format("mp3", (b"ID3\2", b"ID3\3", b"ID3\4"), rb"[\0-\x0a].[\0-\x7f]{4}[A-Z0-9\0\xff]{3}", mpeg),
    Format("voc", (b"Creative Voice File\x1a",), b"", declared(voc)),
    Format("sox", (b".SoX",), rb".{3}\0", declared(sox)),
    Format("sox", (b"XoS.",), rb"\0.{3}", declared(sox)),
    Format("nist", (b"NIST_1A\n",), rb" +1024\n", declared(nist)),
    Format("flv", (b"FLV\1",), rb"[\0-\5]\0\0\0\x09\0{4}", declared(flv)),
    Format("amr", (b"#!AMR\n", b"#!AMR-WB\n"), b"", amr),
    Format("dsf", (b"DSD \x1c",), rb"\0{7}", declared(dsf)),
    Format("dff", (b"FRM8",), rb".{8}DSD ", declared(dff)),
    Format("tta", (b"TTA1",), rb"[\1-\3]\0", declared(tta)),
    Format("ape", (b"MAC ",), rb".[\x0e-\x0f]", declared(ape)),
    Format("musepack", (b"MPCKSH",), b"", declared(musepack)),
    Format("musepack", (b"MP+\x07", b"MP+\x17"), b"", search),
    Format("wv", (b"wvpk",), rb".{3}\0[\2-\x10]\x04", wavpack),
    Format("pvf", (b"PVF1\n",), rb"\d", search),
    Format("paf", (b" paf",), rb"\0{4}", search),
    Format("paf", (b"fap ",), rb"\0{3}[\0\1]", search),
    Format("avr", (b"2BIT",), rb".{8}(?:\0\0|\xff\xff)\0[\x08\x10]", search),
    Format("wve", (b"ALawSoundFile**\0",), b"", search),
    Format("xi", (b"Extended Instrument: ",), b"", search),
    Format("mat", (b"MATLAB 5.0 MAT-file",), b"", search),
    Format("shorten", (b"ajkg\1", b"ajkg\2", b"ajkg\3"), b"", search),
    Format("tak", (b"tBaK\1",), b"", search),
    Format("mpegts", (b"G@\0\x10", b"G@\x11\x10"), b"", *frames(mpegts_packet)),
    Format("dts", (b"\x7f\xfe\x80\1",), b"", *frames(dts_frame)),
    Format("ac3", (b"\x0b\x77",), rb".{3}[\0-\x57]", *frames(ac3_frame)),
    Format("eac3", (b"\x0b\x77",), rb".{3}[\x58-\x87]", *frames(ac3_frame)),
    Format("aac", (b"\xff",), rb"[\xf0\xf1\xf8\xf9][^\x34-\x3f\x74-\x7f\xb4-\xbf\xf4-\xff]", *frames(adts_frame)),
    Format("mp3", (b"\xff",), MPEG_III, mpeg, mpeg_start),
    Format("mp2", (b"\xff",), rb"[\xf4\xf5\xfc\xfd]" + MPEG_RATES, mpeg, mpeg_start),
    Format("mp1", (b"\xff",), rb"[\xf6\xf7\xfe\xff]" + MPEG_RATES, mpeg, mpeg_start),
    Format("mp3", (b"\xff",), rb"[\xe2\xe3\xf2\xf3\xfa\xfb]", mpeg, mpeg_chain, here=True),
    Format("mp2", (b"\xff",), rb"[\xf4\xf5\xfc\xfd]", mpeg, mpeg_chain, here=True),
    Format("mp1", (b"\xff",), rb"[\xf6\xf7\xfe\xff]", mpeg, mpeg_chain, here=True),
    Format("mpegts", (b"G",), rb"[\0-\x7f].[\x10-\x3f]", frames(mpegts_packet)[0], mpegts_cut, here=True),
    Format("flac", (b"\xff",), rb"[\xf8\xf9]", flac, flac_chain, here=True),
)
UNKNOWN = Format("unknown", (), b"", unknown)
TAGGED = frozenset(
    ("mp3", "mp2", "mp1", "aac", "ac3", "eac3", "flac", "tta", "ape", "wv", "musepack")
)  # formats that may follow ID3v2 or APEv2
FOUND = frozenset(("mp3", "mp2", "mp1", "aac", "ac3", "eac3", "dts"))  # by decoders, whatever comes before

SIGNATURES = Signatures(FORMATS)


def identify(window: Window, whole: bool = False) -> Format:
    """The format of the file that starts here. In a `whole` one, other bytes may come before the frames."""
    form = known(window) or UNKNOWN
    if whole and form is UNKNOWN and (start := certain(window, LOOK)):
        inside = known(window, start, searching=True)
        form = inside if inside and inside.name in FOUND else form
    size = front_size(window.peek(REACH))
    if not size:
        return form
    behind = known(window, size) if size <= AHEAD else None
    twice = ID3.match(window.peek(REACH)) and front_size(window.peek(REACH, size))
    if behind and behind.name in TAGGED and not twice:
        form = behind
    return form if form is UNKNOWN else form._replace(find=partial(after_tag, form.find))


def after_tag(find: Find, window: Window) -> str:
    """Take the tag ahead and what follows it; after an APE tag, that may be an ID3 tag."""
    head = window.peek(REACH)
    size = front_size(head)
    if size <= AHEAD and not known(window, size) and (extent := cut_off(window, size)):
        return extent
    window.take(size)
    more = not ID3.match(head) and front_size(window.peek(REACH))
    return after_tag(find, window) if more else find(window)


def find_end(window: Window, form: Format) -> str:
    """Take the file of the format `form` that starts here. Returns its extent."""
    start = window.tell()
    window.forget()
    try:
        extent = form.find(window)
        if window.tell() == start and window.peek(1) not in (b"", FS):
            extent = search(window)  # it only looked like that format
    except EOFError:
        extent = "end-of-input"
    window.flush()
    return extent
