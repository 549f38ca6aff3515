"""nat-embed through real pipes: rows, header, notes, mixing, bad input, and the same bytes for any cutting."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from helpers import ROOT, noise, records, sh, stream, tone

from natlib.wire import Record


def pcm(sound: np.ndarray, rate: int = 44100, size: int = 65536, **more: object) -> bytes:
    """A stream of one item; `sound` is (n,) or (n, channels)."""
    table = np.asarray(sound, dtype="<f4").reshape(len(sound), sound.shape[1] if sound.ndim > 1 else 1)
    data = [({"event": "data"}, table[i : i + size].tobytes()) for i in range(0, len(table), size)]
    header = {"event": "header", "kind": "pcm", "name": "a", "sample_rate": rate, "channels": table.shape[1], **more}
    return stream(header, *data, {"event": "end", "samples": len(table)}, {"event": "close"})


def embed(stdin: bytes, options: str = "", status: int = 0) -> list[Record]:
    return records(sh(f"nat-embed {options}", stdin, status=status).stdout)


def rows(found: list[Record]) -> np.ndarray:
    head = found[0].head
    width = sum(entry["width"] for entry in head["streams"]) + len(head["measures"])
    return np.frombuffer(b"".join(record.payload for record in found), dtype="<f4").reshape(-1, width)


@pytest.mark.parametrize(("model", "rate"), [("spectral", 12.5), ("spectral", 50), ("noise", 12.5), ("noise", 7)])
def test_header_rows_and_end(model: str, rate: float) -> None:
    found = embed(pcm(tone(440, 3.01), decoder="x"), f"--model {model} --frame-rate {rate}")
    head, end = found[0].head, found[-2].head
    assert (head["kind"], head["model"], head["frame_rate"], head["decoder"]) == ("features", model, rate, "x")
    assert [(entry["name"], entry["type"]) for entry in head["streams"]] == [("S", "semantic"), ("A", "acoustic")]
    assert head.get("random", False) == (model == "noise")
    assert len(rows(found)) == end["frames"] == int(np.ceil(3.01 * rate))
    assert end["samples"] == 132741
    sizes = [len(record.payload) // (rows(found).shape[1] * 4) for record in found[1:-2]]
    assert set(sizes[:-1]) <= {head["block"]} and head["block"] == round(0.64 * rate)


def test_streams_are_whole_numbers_that_float32_holds() -> None:
    found = embed(pcm(noise(3) * 5))
    table = rows(found)[:, : sum(entry["width"] for entry in found[0].head["streams"])]
    assert (table == np.rint(table)).all()
    assert np.abs(table).max() < 2**24


@pytest.mark.parametrize("model", ["spectral", "noise"])
def test_any_cutting_and_any_pipe_gives_the_same_bytes(model: str) -> None:
    sound = np.concatenate((tone(300, 2), noise(1.5)))
    plain = sh(f"nat-embed --model {model}", pcm(sound)).stdout
    assert sh(f"nat-embed --model {model}", pcm(sound, size=777)).stdout == plain
    assert sh(f"dd bs=7 status=none | nat-embed --model {model}", pcm(sound)).stdout == plain


def test_input_that_waits_gives_the_same_bytes_with_notes_in_place() -> None:
    """Rows are made of as much sound as there is; what is made when the input waits tells nothing else."""
    sound = np.concatenate((noise(8.0, amplitude=0.1), tone(330, 9.0)))
    data = pcm(sound, size=30000).splitlines(keepends=True)
    whole = records(b"".join(data))
    noted = stream(*(each for i, record in enumerate(whole) for each in (
        (record.head, record.payload) if record.payload else record.head,
        *([{"event": "mark", "n": i}] if record.event == "data" and i % 3 == 0 else [])))
    )  # fmt: skip
    at_once = sh("nat-embed", noted).stdout
    with subprocess.Popen([ROOT / "bin/nat-embed"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin and process.stdout
        out: list[bytes] = []
        reader = threading.Thread(target=lambda: out.append(process.stdout.read()))  # type: ignore[union-attr]
        reader.start()
        for start in range(0, len(noted), 200_001):
            process.stdin.write(noted[start : start + 200_001])
            process.stdin.flush()
            time.sleep(0.05)
        process.stdin.close()
        reader.join()
    assert out[0] == at_once and sum(record.event == "mark" for record in records(at_once)) > 5


def test_items_do_not_touch_each_other() -> None:
    first, second = pcm(tone(300, 2)), pcm(noise(1.5))
    together = embed(first + second)
    alone = embed(first)[1:-2] + embed(second)[1:-2]
    assert [r.payload for r in together if r.event == "data"] == [r.payload for r in alone]


def test_channels_are_averaged() -> None:
    sound = tone(440, 1)
    found = embed(pcm(np.stack((sound, 0 * sound, sound, 0 * sound), axis=1)))
    assert found[0].head["mixed"] == 4
    assert rows(found).tobytes() == rows(embed(pcm(sound / 2))).tobytes()


def test_samples_that_are_no_numbers_are_silence() -> None:
    sound = tone(440, 1).astype("f4")
    hole = sound.copy()
    sound[20000:20100], hole[20000:20100] = [np.nan, np.inf, -np.inf, np.nan] * 25, 0
    assert rows(embed(pcm(sound))).tobytes() == rows(embed(pcm(hole))).tobytes()


@pytest.mark.parametrize("samples", [0, 1, 3529])
@pytest.mark.parametrize("model", ["spectral", "noise"])
def test_short_items_have_a_frame(samples: int, model: str) -> None:
    assert len(rows(embed(pcm(tone(440, 1)[:samples]), f"--model {model}"))) == max(1, -(-samples // 3528))


def test_notes_are_passed_on_in_place() -> None:
    data = ({"event": "data"}, tone(440, 3).astype("<f4").tobytes())
    header = {"event": "header", "kind": "pcm", "name": "a", "sample_rate": 44100, "channels": 1}
    found = embed(stream(header, {"event": "remark", "x": 1}, data, {"event": "end"}, {"event": "close"}))
    assert found[1].head == {"event": "remark", "x": 1}


@pytest.mark.parametrize("rate", [100, 7999, 10**9, "44100", None])
def test_a_sample_rate_that_can_not_be_heard(rate: object) -> None:
    bad = stream(
        {"event": "header", "kind": "pcm", "name": "b", "sample_rate": rate, "channels": 1},
        ({"event": "data"}, bytes(400)),
        {"event": "end"},
        {"event": "close"},
    )
    done = sh("nat-embed", bad + pcm(tone(440, 1)), status=1)
    found = records(done.stdout)
    assert found[1].event == "error" and found[1].head["stage"] == "nat-embed"
    assert b"expected a sample_rate from 8000 to 768000 Hz" in done.stderr
    assert found[2].head["kind"] == "features" and found[-2].head["frames"] == 13


def test_noise_is_seeded_and_standard_normal() -> None:
    sound = pcm(np.zeros(44100 * 40))
    first = rows(embed(sound, "--model noise"))
    assert (first == rows(embed(sound, "--model noise --seed 0"))).all()
    assert (first != rows(embed(sound, "--model noise --seed 1"))).all()
    assert abs(first.mean()) < 0.03
    assert first.std() == pytest.approx(1, abs=0.03)
    assert hashlib.sha256(first.tobytes()).hexdigest()[:16] == "a4bf19c36748a4dc"


@pytest.mark.parametrize("options", ["--frame-rate 4", "--frame-rate 51", "--seed -1", "--model nothing"])
def test_wrong_usage(options: str) -> None:
    sh(f"nat-embed {options}", pcm(tone(440, 1)), status=2)


def test_help_needs_no_numpy() -> None:
    code = "import sys, natlib.embed.command; assert 'numpy' not in sys.modules"
    sh(f'PYTHONPATH={ROOT} {sys.executable} -c "{code}"')
    assert b"nat-split song.wav | nat-decode | nat-embed" in sh("nat-embed --help").stdout
