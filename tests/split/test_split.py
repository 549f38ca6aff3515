"""nat-split as a process: names, checksums, options, terminals, live streams, memory."""

from __future__ import annotations

import base64
import hashlib
import os
import pty
import random
import re
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import AUDIO, BIN, ROOT, ZOO, needs_audio, needs_zoo, noise, records, sh, tone, wav
from splitting import SEPARATORS

from natlib.split.table import FORMATS
from natlib.wire import Head

SOUNDS = {
    "a.wav": wav(tone()),
    "b.flac": wav(noise(), form="FLAC"),
    "c.ogg": wav(tone(220), form="OGG", subtype="VORBIS"),
    "d.mp3": wav(tone(330), form="MP3", subtype="MPEG_LAYER_III"),
    "e.aiff": wav(tone(550), form="AIFF"),
}


def items(stream: bytes) -> list[tuple[Head, bytes, Head]]:
    """Header, bytes and end (or error) of each item; all that the end says is checked."""
    result: list[tuple[Head, bytes, Head]] = []
    head: Head = {}
    data = b""
    for record in records(stream):
        if record.event == "header":
            head, data = record.head, b""
        elif record.event == "data":
            data += record.payload
        elif record.event != "close":
            if record.event == "end":
                assert record.head["size"] == len(data)
                assert record.head["sha256"] == hashlib.sha256(data).hexdigest()
            result.append((head, data, record.head))
    return result


def test_joined_sounds_come_apart() -> None:
    for between in SEPARATORS:
        got = items(sh("nat-split", between.join(SOUNDS.values())).stdout)
        assert [data for _, data, _ in got] == list(SOUNDS.values())
        assert [head["name"] for head, _, _ in got] == [f"stdin-{number}" for number in range(1, 6)]
        assert [head["format"] for head, _, _ in got] == ["wav", "flac", "ogg", "mp3", "aiff"]
        assert {end["extent"] for _, _, end in got} == {"exact"} and "extent" not in got[0][0]


@needs_zoo
@needs_audio
def test_real_sounds_through_real_pipes() -> None:
    paths = sorted((ZOO / "lofty_minimal").iterdir()) + sorted(AUDIO.glob("*/*.ogg")) + sorted(AUDIO.glob("*/*.flac"))
    for seed in range(12):
        chance = random.Random(seed)
        chosen = [chance.choice(paths) for _ in range(6)]
        mixture = b"".join(path.read_bytes() + chance.choice(SEPARATORS) for path in chosen)
        got = items(sh(f"cat | nat-split | dd bs={chance.choice((7, 4096, 1 << 20))} status=none", mixture).stdout)
        assert [data for _, data, _ in got] == [path.read_bytes() for path in chosen], chosen


def test_a_file_is_taken_as_it_is(tmp_path: Path) -> None:
    chain = SOUNDS["c.ogg"] * 2
    awkward = os.fsencode(tmp_path) + b"/two\n lines\xff.wav"
    Path(os.fsdecode(awkward)).write_bytes(SOUNDS["a.wav"] + b"\x1c" + SOUNDS["b.flac"])
    (tmp_path / "chain.ogg").write_bytes(chain)
    (tmp_path / "empty").touch()
    line = "nat-split chain.ogg two* /nowhere . - empty"
    done = sh(line, SOUNDS["d.mp3"] + SOUNDS["e.aiff"], cwd=tmp_path, status=1)
    one, two, missing, folder, first, second, empty = items(done.stdout)
    assert (one[0]["name"], one[0]["format"], one[1]) == ("chain.ogg", "ogg", chain)
    assert one[0]["extent"] == one[2]["extent"] == "end-of-input"
    assert base64.b64decode(two[0]["name_base64"]) == b"two\n lines\xff.wav"
    assert two[0]["name"] == "two\n lines\ufffd.wav"
    assert two[1] == SOUNDS["a.wav"] + b"\x1c" + SOUNDS["b.flac"]
    assert missing[2] == {"event": "error", "stage": "nat-split", "message": "No such file or directory"}
    assert folder[2]["event"] == "error" and missing[0]["name"] == "/nowhere"
    assert [first[0]["name"], second[0]["name"]] == ["stdin-1", "stdin-2"] and second[1] == SOUNDS["e.aiff"]
    assert empty[1] == b"" and empty[0]["format"] == "unknown"
    assert b"nat-split: /nowhere: No such file or directory\n" in done.stderr


def test_options() -> None:
    chain = SOUNDS["c.ogg"] * 2 + b"\x1c"
    ((head, data, _),) = items(sh("nat-split --whole", chain).stdout)
    assert data == chain and head["name"] == "stdin-1" and head["format"] == "ogg" and head["extent"] == "end-of-input"
    got = items(sh("nat-split --fs-only", b"\0one\x1c\x1c\ntwo\x1cRIFF\x1c").stdout)
    assert [data for _, data, _ in got] == [b"\0one", b"", b"two", b"RIFF"]
    assert [end["extent"] for _, _, end in got] == ["separator"] * 4
    assert b"not allowed with" in sh("nat-split --whole --fs-only", status=2).stderr


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that opens and can't be read")
def test_what_cannot_be_read_is_an_error_of_its_own() -> None:
    error, whole = items(sh("nat-split /proc/self/mem -", SOUNDS["a.wav"], status=1).stdout)
    assert error[2]["message"] == "Input/output error" and whole[1] == SOUNDS["a.wav"]


@pytest.mark.parametrize("option", ["", "--whole", "--fs-only"])
def test_no_bytes_are_one_file(option: str) -> None:
    ((head, data, end),) = items(sh(f"nat-split {option} < /dev/null").stdout)
    assert (head["name"], data, end["size"], end["extent"]) == ("stdin-1", b"", 0, "end-of-input")


def test_help_loads_no_numpy() -> None:
    loaded = "import sys, natlib.split.command; sys.exit('numpy' in sys.modules or 'concurrent' in sys.modules)"
    subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, check=True)
    assert b"--fs-only" in sh("nat-split --help").stdout


def test_text_at_a_terminal(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    with (tmp_path / "out").open("wb") as out:
        process = subprocess.Popen([BIN / "nat-split"], stdin=slave, stdout=out, stderr=subprocess.PIPE)
    os.close(slave)
    assert process.stderr and b"Ctrl-D" in process.stderr.readline()  # said before anything is typed
    os.write(master, b"typed\n\x04")
    assert process.wait(20) == 0
    os.close(master)
    ((head, data, _),) = items((tmp_path / "out").read_bytes())
    assert data == b"typed\n" and head["format"] == "unknown"
    process.stderr.close()


HEADER = SOUNDS["a.wav"][:44]
SAMPLES = bytes(random.Random(1).choices(range(128, 192), k=3000))  # nothing that a file starts with


@pytest.mark.parametrize(
    "start, block",
    [
        (HEADER, SAMPLES),
        (HEADER[:4] + b"\xff" * 4 + HEADER[8:40] + b"\xff" * 4, SAMPLES),
        (SOUNDS["e.aiff"][:60], SAMPLES),
        (b"", SAMPLES),
        (b"", b"words and more words\n" * 100),
    ],
    ids=["wav", "wav without a length", "aiff", "unknown", "text"],
)
def test_what_comes_in_goes_out_at_once(start: bytes, block: bytes) -> None:
    """Each block of a live stream is written, but for what has to be looked at ahead, before the next one is there."""
    process = subprocess.Popen([BIN / "nat-split"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    assert process.stdin and process.stdout
    sent = got = b""
    for piece in (start + block, block, block):
        process.stdin.write(piece)
        sent += piece
        while len(re.sub(rb'\{"event":[^\n]*\n', b"", got)) < len(sent) - 100:
            assert select.select([process.stdout], [], [], 30)[0], (len(sent), len(got))
            got += process.stdout.read(1 << 16)
    process.stdin.close()
    got += process.stdout.read()
    assert b"".join(data for _, data, _ in items(got)) == sent
    assert process.wait() == 0
    process.stdout.close()


def test_an_item_is_ended_as_soon_as_it_is_whole() -> None:
    process = subprocess.Popen([BIN / "nat-split"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    assert process.stdin and process.stdout
    process.stdin.write(SOUNDS["a.wav"])
    got = b""
    while b'"event":"end"' not in got:
        assert select.select([process.stdout], [], [], 30)[0]
        got += process.stdout.read(1 << 16)
    process.stdin.close()
    assert process.stdout.read() == b'{"event":"close","items":1}\n'
    process.wait()
    process.stdout.close()


def test_a_file_cut_short_costs_no_other() -> None:
    """A WAV declares twice its bytes: what it took of the files after it comes again, whole."""
    long = wav(noise(2))
    short, rest = long[: len(long) // 2], [SOUNDS["b.flac"], SOUNDS["d.mp3"], SOUNDS["e.aiff"]]
    for follow in ([rest[0]], rest * 3):  # up to the end of input, and beyond the declared end
        done = sh("nat-split", SOUNDS["a.wav"] + short + b"".join(follow), status=1)
        got = items(done.stdout)
        whole = [SOUNDS["a.wav"], *follow]
        assert [data for _, data, _ in got if data in whole] == whole and len(got) == len(whole) + 1
        assert got[1][1] == (short + b"".join(follow))[: len(long)]
        assert done.stderr.count(b"stdin-2: cut off before its declared end") == 1
    assert "damaged" not in got[1][2]  # it was over before it could be known
    ended = items(sh("nat-split", short + rest[0], status=1).stdout)[0][2]
    assert ended["damaged"] and ended["extent"] == "next-file"
    heard = records(sh("nat-split | nat-decode", short + rest[0], status=1).stdout)
    assert [record.head.get("damaged") for record in heard if record.event == "end"] == [True, None]


def test_nobody_reads() -> None:
    done = sh("yes | nat-split | head -c 1000", status=None)
    assert len(done.stdout) == 1000 and done.stderr == b""
    process = subprocess.Popen([BIN / "nat-split", "/dev/zero"], stdout=subprocess.PIPE)
    assert process.stdout and process.stdout.read(10)
    process.stdout.close()
    assert process.wait() == -signal.SIGPIPE


def test_headers_that_claim_gigabytes_take_no_memory() -> None:
    """Of every format, a start with all lengths as large as can be; the address space is capped."""
    claims = [
        b"RIFF\xf0\xff\xfe\x7fWAVEfmt \xf0\xff\xfe\x7f",
        b"FORM\x7e\xff\xff\xffAIFFCOMM\x7e\xff\xff\xff",
        b"ID3\4\0\0\x7f\x7f\x7f\x7fTIT2" + bytes(100),
        b"fLaC\0\0\0\x22" + b"\xff" * 34 + b"\x06\xff\xff\xff" + bytes(100),
        b"\0\0\0\x10ftypM4A \0\0\0\0\0\0\0\1mdat\x7f" + b"\xff" * 7,
        b"\x1a\x45\xdf\xa3\x9f\x42\x86" + bytes(29) + b"\x18\x53\x80\x67\x01\x7f" + b"\xff" * 6,
        b"TTA1\1\0\1\0\x10\0\1\0\0\0" + b"\xff" * 8,
        b"wvpk\xff\xff\x10\0\x10\4" + b"\xff" * 100,
        b"OggS\0\2" + b"\xff" * 300,
        b"MAC \x96\x0f\0\0" + b"\xff" * 60,
    ]
    for claim in claims:
        data = claim + bytes(100_000)
        got = items(sh("ulimit -v 150000; nat-split", data).stdout)
        assert b"".join(data for _, data, _ in got) == data, claim


def test_the_manual_names_all_formats_and_options() -> None:
    page = (ROOT / "natlib/man/nat-split.1").read_text()
    listed = set(re.findall(r"\w+", " ".join(re.findall(r"^\.(?:It )?Ql (.*)$", page, re.M))))
    assert {form.name for form in FORMATS} | {"unknown"} <= listed
    assert {"whole", "fs-only"} <= set(re.findall(r"\.It Fl \\-([a-z-]+)", page))
