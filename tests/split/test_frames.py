"""Frames, pages and the tags behind them: where they are cut off, damaged, or chained."""

from __future__ import annotations

import struct

import pytest
from helpers import noise, wav
from splitting import ALIEN, FMT, SYNTHETIC, chunk, files, mpeg, riff, split, xing


@pytest.mark.parametrize("frames, left", [(9, 1), (9, 417), (2, 100)])
def test_a_truncated_mp3_costs_no_neighbour(frames: int, left: int) -> None:
    short = mpeg(frames)[: -417 + left] if left < 417 else mpeg(frames)
    for other in ("wav", "flac", "mp3 tagged", "mp3 xing", "mp2", "ogg"):
        assert files(short + SYNTHETIC[other])[-1] == SYNTHETIC[other]


@pytest.mark.parametrize("name", ["ogg", "opus", "flac", "mp4", "matroska", "asf", "wv", "caf", "tta"])
def test_a_file_cut_off_anywhere_costs_no_neighbour(name: str) -> None:
    data = SYNTHETIC[name]
    for length in range(len(data) // 3, len(data), len(data) // 7):
        assert files(data[:length] + SYNTHETIC["wav"])[-1] == SYNTHETIC["wav"], length


def test_tags_belong_to_the_sound_before_them() -> None:
    tag = b"APETAGEX" + struct.pack("<IIII", 2000, 32 + 10, 1, 0xA0000000) + bytes(8) + b"0123456789"
    ape = tag + b"APETAGEX" + struct.pack("<IIII", 2000, 32 + 10, 1, 0x80000000) + bytes(8)
    lyrics = b"LYRICSBEGININD0000300" + b"000024LYRICS200"
    id3 = b"ID3\4\0\x10\0\0\0\x0bTIT2\0\0\0\1\0\0x" + b"3DI\4\0\x10\0\0\0\x0b"
    id3v1 = b"TAG".ljust(128, b"\0")
    for behind in (ape, lyrics, id3, id3v1, ape + lyrics + b"TAG+".ljust(227, b"y") + id3v1):
        data = mpeg(5) + behind
        assert split(data + data + data) == [("mp3", "exact", data)] * 3


def test_xing_says_where_an_mp3_ends() -> None:
    assert files(xing(7) + mpeg(5) + xing(4) + mpeg(3)) == [xing(7), mpeg(5), xing(4), mpeg(3)]
    wrong = xing(7)[:-417]  # it lost a frame
    assert files(wrong + xing(4)) == [wrong, xing(4)]


def test_damage_inside_frames_does_not_cut() -> None:
    data = bytearray(mpeg(40))
    data[417 * 9 : 417 * 9 + 600] = b"\x55" * 600
    assert split(bytes(data)) == [("mp3", "exact", bytes(data))]


def test_a_wave_that_repeats_itself_is_no_mp3() -> None:
    samples = bytes(9) + (b"\xff\xfb\x94\x64" + bytes(380)) * 60  # 384 bytes: a frame of 128 kbit/s at 48 kHz
    data = riff(FMT, chunk(b"data", samples, 0), size=0)
    assert split(data) == [("wav", "end-of-input", data)]


def test_a_chain_is_cut_where_all_streams_have_ended_and_multiplexed_ones_are_not() -> None:
    ogg, opus = SYNTHETIC["ogg"], SYNTHETIC["opus"]
    assert files(ogg + ogg + opus) == [ogg, ogg, opus]
    pages: list[list[bytes]] = []
    for data in (ogg, opus):
        pages.append([])
        while data:
            size = 27 + data[26] + sum(data[27 : 27 + data[26]])
            pages[-1].append(data[:size])
            data = data[size:]
    first, second = pages
    both = b"".join([first[0], second[0], *first[1:], *second[1:]])
    assert files(both + both + ogg) == [both, both, ogg]
    last = ogg.rindex(b"OggS")
    for size in range(last + 1, last + 27):  # cut off in the head of a page
        assert files(ogg[:size]) == [ogg[:size]], size


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("subtype", ["PCM_S8", "PCM_16", "PCM_24"])
def test_the_last_frame_of_flac_is_read_through(channels: int, subtype: str) -> None:
    for samples in (1, 15, 4095, 4097):
        sound = noise(1, amplitude=0.3)[: samples * channels].reshape(-1, channels)
        for shape in (sound, sound * 0, sound * 0 + 0.25, (sound * 4).round() / 4):
            data = wav(shape, form="FLAC", subtype=subtype)
            assert split(data + ALIEN) == [("flac", "exact", data), ("unknown", "end-of-input", ALIEN)]
