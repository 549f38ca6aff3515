"""nat-quantize in real pipes: tokens, introductions, codebooks, and the same answer everywhere."""

import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import orjson
import pytest
from helpers import AUDIO, BIN, ROOT, needs_audio, noise, records, sh, stream, tone, variants, wav

DATA = ROOT / "natlib" / "data"
STREAMS = [{"name": "S", "type": "semantic", "width": 6}, {"name": "A", "type": "acoustic", "width": 5}]
MEASURES = [{"name": "level", "unit": "dBFS", "step": 0.5}, {"name": "pitch", "unit": "Hz", "step": 0.2}]
HEAD = {"event": "header", "kind": "features", "model": "test", "model_version": "1", "frame_rate": 12.5, "block": 8,
        "streams": STREAMS, "measures": MEASURES}  # fmt: skip
CODES = "--codes S=30,10,10,10 --codes A=40,20,20,20"


def walk(frames: int, seed: int) -> np.ndarray:
    """Rows of features that wander, and two measures; shape (frames, 13), float32."""
    random = np.random.default_rng(seed)
    rows = np.rint(np.cumsum(random.normal(0, 40, (frames, 13)), axis=0) % 2000)
    rows[:, 11] -= 2000
    rows[random.random(frames) < 0.2, 12] = np.nan
    return rows.astype(np.float32)


def item(name: str, rows: np.ndarray, block: int = 8, **head: object) -> list:
    """The records of an item of features."""
    blocks = [({"event": "data"}, rows[first : first + block].tobytes()) for first in range(0, len(rows), block)]
    return [{**HEAD, "name": name, **head}, *blocks, {"event": "end", "frames": len(rows)}]


def features(*items: list) -> bytes:
    """A whole stream of them."""
    return stream(*(record for records in items for record in records), {"event": "close"})


def parts(tokens: bytes) -> list[dict]:
    """Each item of a tokens stream: its head, its rows (frames, layers and measures), its notes, its last record."""
    result: list[dict] = []
    for record in records(tokens):
        if record.event == "header":
            columns = len(record.head.get("layers", [])) + len(record.head.get("measures", []))
            result.append({"head": record.head, "rows": np.empty((0, columns), np.uint16), "notes": []})
        elif record.event == "data":
            rows = np.frombuffer(record.payload, "<u2").reshape(-1, result[-1]["rows"].shape[1])
            result[-1]["rows"] = np.concatenate([result[-1]["rows"], rows])
        elif record.event in ("end", "error"):
            result[-1]["last"] = record.head
        elif record.event != "close":
            result[-1]["notes"].append((len(result[-1]["rows"]), record.head))
    return result


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a features stream of four items, and a codebook fitted on it."""
    path = tmp_path_factory.mktemp("quantize")
    (path / "features").write_bytes(features(*(item(f"walk {seed}", walk(240, seed)) for seed in range(4))))
    sh(f"nat-quantize --fit book.safetensors {CODES} features", cwd=path)
    return path


def test_tokens_and_measures(folder: Path) -> None:
    rows = walk(20, 1)
    rows[3, 11:] = [1e6, -np.inf]
    given = features([*item("a", rows)[:2], {"event": "remark", "text": "kept"}, *item("a", rows)[2:]])
    (whole,) = parts(sh("nat-quantize --codebook book.safetensors", given, cwd=folder).stdout)
    assert whole["head"]["kind"] == "tokens" and whole["last"]["frames"] == 20
    assert [(layer["name"], layer["type"], layer["vocab"]) for layer in whole["head"]["layers"]] == [
        ("S0", "semantic", 30), ("S1", "semantic", 10), ("S2", "semantic", 10), ("S3", "semantic", 10),
        ("A0", "acoustic", 40), ("A1", "acoustic", 20), ("A2", "acoustic", 20), ("A3", "acoustic", 20),
    ]  # fmt: skip
    raw = (folder / "book.safetensors").read_bytes()
    assert whole["head"]["codebook"] == {"name": "test-1", "sha256": hashlib.sha256(raw).hexdigest()}
    assert whole["head"]["measures"] == MEASURES and whole["head"]["streams"] == STREAMS
    codes, numbers = whole["rows"][:, :8], whole["rows"][:, 8:].view(np.int16)
    assert (codes < [layer["vocab"] for layer in whole["head"]["layers"]]).all() and len(np.unique(codes[:, 4])) > 3
    wanted = np.where(np.isnan(rows[:, 11:]), -32768, np.clip(rows[:, 11:], -32767, 32767))
    assert (numbers == wanted).all() and (numbers == -32768).any() and numbers[3].tolist() == [32767, -32767]
    assert [at for at, note in whole["notes"] if note["event"] == "remark"] == [8]


def test_each_code_is_introduced_before_the_block_that_uses_it(folder: Path) -> None:
    given = features(item("a", walk(100, 2)), item("b", walk(50, 3)))
    whole = parts(sh("nat-quantize --codebook book.safetensors", given, cwd=folder).stdout)
    for one in whole:
        names = [layer["name"] for layer in one["head"]["layers"]]
        said = {(names.index(note["layer"]), note["code"]): at for at, note in one["notes"]}
        assert len(said) == len(one["notes"])
        first: dict[tuple[int, int], int] = {}
        for frame, row in enumerate(one["rows"][:, :8].tolist()):
            for layer, code in enumerate(row):
                first.setdefault((layer, code), frame // 8 * 8)
        assert said == first
        for _, note in one["notes"]:
            assert set(note["measures"]) <= {"level", "pitch"}
            assert all(round(value, 1) == value for value in note["measures"].values())
        loud = [note["measures"]["level"] for _, note in one["notes"] if note["layer"] == "S0"]
        assert -1000 <= min(loud) < max(loud) <= 0
        assert any(note["measures"]["level"] > 0 for _, note in one["notes"] if note["layer"] == "S1")


def test_plain_is_the_same_tokens_alone(folder: Path) -> None:
    full, plain = (parts(sh(f"nat-quantize --codebook book.safetensors {option} features", cwd=folder).stdout)
                   for option in ("", "--plain"))  # fmt: skip
    for a, b in zip(full, plain, strict=True):
        assert (a["rows"][:, :8] == b["rows"]).all() and a["notes"] and not b["notes"]
        assert {key: value for key, value in a["head"].items() if key != "measures"} == b["head"]


def test_hold_makes_fewer_changes(folder: Path) -> None:
    changes = []
    for hold in ("0", "0.15", "0.5"):
        out = parts(sh(f"nat-quantize --codebook book.safetensors --plain --hold {hold} features", cwd=folder).stdout)
        changes.append(sum(np.count_nonzero(np.diff(one["rows"].astype(int), axis=0)) for one in out))
        assert out[0]["head"].get("hold", 0) == float(hold)
    assert 0 < changes[2] < changes[1] < changes[0]
    assert parts(sh("nat-quantize --codebook book.safetensors features", cwd=folder).stdout)[0]["head"]["hold"] == 0.05


def test_blocks_of_any_size_give_the_same_codes(folder: Path) -> None:
    rows = walk(10000, 4)
    small, large = (parts(sh("nat-quantize --codebook book.safetensors --hold 0.1", features(item("a", rows, block)),
                             cwd=folder).stdout) for block in (8, 10000))  # fmt: skip
    assert (small[0]["rows"] == large[0]["rows"]).all() and len(large[0]["rows"]) == 10000


def test_what_does_not_fit_is_refused_and_the_rest_is_done(folder: Path) -> None:
    bad = walk(20, 1)
    bad[13, 4] = np.nan
    narrow = [{**STREAMS[0], "width": 5}, {**STREAMS[1], "width": 6}]
    given = features(item("good", walk(20, 1)), item("model", walk(20, 1), model="other"),
                     item("version", walk(20, 1), model_version="2"), item("narrow", walk(20, 1), streams=narrow),
                     item("nan", bad), item("last", walk(20, 1)))  # fmt: skip
    done = sh("nat-quantize --codebook book.safetensors", given, 1, cwd=folder)
    whole = parts(done.stdout)
    assert [one["last"]["event"] for one in whole] == ["end", "error", "error", "error", "error", "end"]
    assert (whole[0]["rows"] == whole[5]["rows"]).all()
    messages = done.stderr.decode().splitlines()
    wanted = "codebook test-1 is for test 1 with streams S:6 A:5, got"
    assert f"nat-quantize: model: {wanted} other 1 with streams S:6 A:5 (--fit makes another)" in messages
    assert f"nat-quantize: version: {wanted} test 2 with streams S:6 A:5 (--fit makes another)" in messages
    assert f"nat-quantize: narrow: {wanted} test 1 with streams S:5 A:6 (--fit makes another)" in messages
    assert "nat-quantize: nan: frame 13: expected finite features, got NaN or infinity" in messages


def test_a_codebook_that_is_none_is_said_once(folder: Path) -> None:
    (folder / "text").write_text("hello")
    (folder / "cut").write_bytes((folder / "book.safetensors").read_bytes()[:-5])
    for name, message in (("text", "not a codebook"), ("cut", "not a codebook"), ("none", "No such file"), (".", "")):
        done = sh(f"nat-quantize --codebook {name} features", status=1, cwd=folder)
        assert not done.stdout
        assert done.stderr.decode().startswith(f"nat-quantize: {name}: {message}")
        assert len(done.stderr.splitlines()) == 1


def test_fit_is_the_same_bytes_from_the_same_input(folder: Path) -> None:
    """Cut into other blocks, in other pieces, from a file or a pipe."""
    other = features(*(item(f"walk {seed}", walk(240, seed), 100) for seed in range(4)))
    (folder / "other").write_bytes(other)
    sh(f"dd if=other bs=777 status=none | nat-quantize --fit again.safetensors {CODES}", cwd=folder)
    assert (folder / "again.safetensors").read_bytes() == (folder / "book.safetensors").read_bytes()
    sh(f"nat-quantize --fit seed.safetensors --seed 2 {CODES} features", cwd=folder)
    assert (folder / "seed.safetensors").read_bytes() != (folder / "book.safetensors").read_bytes()


def test_fit_tells_what_it_made(folder: Path) -> None:
    done = sh("nat-quantize --fit told.safetensors --codes S=30,10 --corpus 'four walks' features", cwd=folder)
    assert not done.stdout
    lines = done.stderr.decode().splitlines()
    assert lines[0] == "nat-quantize: codebook test-1: fitted on 960 of 960 frames of 4 items"
    assert [line.split()[1:3] for line in lines[2:4]] == [["S0", "30"], ["S1", "10"]] and len(lines) == 8
    raw = (folder / "told.safetensors").read_bytes()
    meta = json.loads(json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])["__metadata__"]["nat"])
    assert meta["corpus"] == {"items": 4, "frames": 960, "description": "four walks", "rows": 960, "seed": 1}
    assert (meta["format"], meta["model"], meta["model_version"]) == ("2.0", "test", "1")
    for layer in meta["layers"]:
        assert {"utilisation", "entropy", "entropy_share", "distortion", "order"} <= set(layer)


def test_fit_leaves_out_what_fails(folder: Path) -> None:
    bad = walk(240, 9)
    bad[200, 0] = np.inf
    given = features(*(item(f"walk {seed}", walk(240, seed)) for seed in range(4)), item("bad", bad),
                     item("other", walk(20, 1), model="other"))  # fmt: skip
    done = sh(f"nat-quantize --fit rest.safetensors {CODES}", given, 1, cwd=folder)
    assert b"bad: frame 200: expected finite" in done.stderr and b"other: expected test 1" in done.stderr
    assert b"960 of 960 frames of 4 items" in done.stderr


def test_fit_without_anything_to_fit_on(folder: Path) -> None:
    for given in (features(), features(item("empty", walk(0, 1)))):
        done = sh("nat-quantize --fit nothing.safetensors", given, 1, cwd=folder)
        assert b"to fit a codebook on" in done.stderr
    done = sh("nat-quantize --fit none/x.safetensors features", status=1, cwd=folder)
    assert done.stderr == b"nat-quantize: none/x.safetensors: no such folder to write it to\n"
    assert not list(folder.glob("nothing*")) and not list(folder.glob("none*"))


def test_any_encoder_will_do(folder: Path) -> None:
    """Three streams of small numbers without measures: fitted on the stream, kept, and the same when used again."""
    random = np.random.default_rng(1)
    streams = [{"name": "x", "width": 3}, {"name": "y", "width": 1}, {"name": "S", "type": "semantic", "width": 40}]
    head = {"streams": streams, "measures": [], "model": "../tiny/ears", "model_version": 3}
    items = [item(name, random.normal(5, 1e-3, (150, 44)).astype(np.float32), **head) for name in ("a", "b")]
    broken = [*items[0][:3], {"event": "error", "stage": "ears", "message": "ouch"}]
    early = [{"event": "header", "kind": "pcm", "name": "early", "channels": 1}, broken[-1]]
    given = features(items[0], broken, early, items[1])
    done = sh("nat-quantize --save-codebook kept.safetensors", given, 1, cwd=folder)
    assert b"no codebook is built in for ../tiny/ears: reading all of the input to fit one on it" in done.stderr
    whole = parts(done.stdout)
    assert [one["last"]["event"] for one in whole] == ["end", "error", "error", "end"]
    assert [one["last"].get("stage") for one in whole] == [None, "ears", "ears", None]
    assert whole[0]["head"]["codebook"]["fitted_on"] == "the stream itself"
    assert [layer["name"] for layer in whole[3]["head"]["layers"]] == [f"{s}{k}" for s in "xyS" for k in range(4)]
    assert whole[0]["rows"].shape == (150, 12) and len(np.unique(whole[0]["rows"][:, 0])) > 20
    assert not [note for _, note in whole[0]["notes"] if note["measures"]]
    again = parts(sh("nat-quantize --codebook kept.safetensors", given, 1, cwd=folder).stdout)
    assert all((a["rows"] == b["rows"]).all() for a, b in zip(whole, again, strict=True))
    assert "fitted_on" not in again[0]["head"]["codebook"]


def test_a_stream_that_breaks_off_while_it_is_fitted_on(folder: Path) -> None:
    given = features(*(item(f"walk {seed}", walk(240, seed)) for seed in range(2)))
    done = sh("nat-quantize", given[:-3000], 1, cwd=folder)
    assert b"end of input" in done.stderr
    assert b'"event":"end"' in done.stdout and b'"event":"error"' in done.stdout
    assert b'"event":"close"' not in done.stdout


def test_wrong_usage(folder: Path) -> None:
    for options in ("--fit x --plain", "--fit x --codebook book.safetensors", "--hold -1",
                    "--fit x --save-codebook y", "--codes S", "--codes S=0", "--codes S=1001", "--codes S=1,,2",
                    "--seed x"):  # fmt: skip
        done = sh(f"nat-quantize {options} features", status=2, cwd=folder)
        assert not done.stdout and done.stderr
    assert not (folder / "x").exists()
    done = sh("nat-quantize --fit x --codes B=3 features", status=1, cwd=folder)
    assert b"expected codes for the streams S A, got B" in done.stderr


def test_help_needs_no_numpy() -> None:
    done = sh("nat-quantize --help", PYTHONPROFILEIMPORTTIME="1")
    assert b"natlib.cli" in done.stderr and b"numpy" not in done.stderr and b"safetensors" not in done.stderr


# The codebook that ships.


def test_the_shipped_codebook_is_what_its_checksum_says() -> None:
    for line in (DATA / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split()
        assert hashlib.sha256((DATA / name).read_bytes()).hexdigest() == digest
    assert (DATA / "spectral.safetensors").stat().st_size < 1 << 20


def test_the_shipped_codebook_is_good() -> None:
    raw = (DATA / "spectral.safetensors").read_bytes()
    meta = orjson.loads(orjson.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])["__metadata__"]["nat"])
    assert [layer["name"] for layer in meta["layers"]] == ["S0", "S1", "S2", "S3", "A0", "A1", "A2", "A3"]
    for above, layer in zip([None, *meta["layers"]], meta["layers"], strict=False):
        assert layer["vocab"] <= 1000 and layer["utilisation"] >= 0.9 and layer["entropy_share"] >= 0.85
        assert layer["name"].endswith("0") or layer["distortion"] < above["distortion"]
        assert layer["order"]["neighbours"] < 0.9 and layer["order"]["rank"] > 0.25
    assert meta["corpus"]["items"] > 100


def test_the_shipped_codebook_hears(tmp_path: Path) -> None:
    (tmp_path / "loud.wav").write_bytes(wav(noise(2, amplitude=0.2)))
    (tmp_path / "quiet.wav").write_bytes(wav(tone(110, 2, amplitude=0.002)))
    loud, quiet = parts(sh("nat-split loud.wav quiet.wav | nat-decode | nat-embed | nat-quantize", cwd=tmp_path).stdout)
    assert loud["rows"][5:20, 0].mean() > quiet["rows"][5:20, 0].mean() + 20
    assert loud["rows"][5:20, 4].mean() > quiet["rows"][5:20, 4].mean() + 50
    loudest, other = (max(note["measures"]["level"] for _, note in one["notes"] if note["layer"] == "A0")
                      for one in (loud, quiet))  # fmt: skip
    assert loudest > other + 10


# The same tokens everywhere.


@pytest.fixture(scope="session")
def ways() -> tuple[list[dict[str, str]], list[str]]:
    return variants()


@pytest.fixture
def environments(
    ways: tuple[list[dict[str, str]], list[str]], record_property: Callable[[str, object], None]
) -> list[dict[str, str]]:
    """Every way in which numpy can compute here; the report names those that are not there."""
    there, missing = ways
    for words in missing:
        record_property("not there", words)
    if not there:
        pytest.skip("numpy computes in one way alone here: its BLAS is not OpenBLAS, and it has no dispatch")
    return there


def test_the_same_fit_and_tokens_in_every_environment(folder: Path, environments: list[dict[str, str]]) -> None:
    raw = (folder / "book.safetensors").read_bytes()
    tokens = sh("nat-quantize --codebook book.safetensors features", cwd=folder).stdout
    for env in environments:
        sh(f"nat-quantize --fit variant.safetensors {CODES} features", cwd=folder, **env)
        assert (folder / "variant.safetensors").read_bytes() == raw, env
        assert sh("nat-quantize --codebook book.safetensors features", cwd=folder, **env).stdout == tokens, env


HEAR = "nat-split *.* | nat-decode | nat-embed | nat-quantize"


def heard_everywhere(folder: Path, environments: list[dict[str, str]]) -> None:
    """The whole pipe in every environment, and each file alone."""
    tokens = sh(HEAR, cwd=folder).stdout
    assert len(parts(tokens)) == len(list(folder.iterdir()))
    for env in environments:
        assert sh(HEAR, cwd=folder, **env).stdout == tokens, env
    for one in parts(tokens):
        name = one["head"]["name"]
        (alone,) = parts(sh(f"nat-split '{name}' | nat-decode | nat-embed | nat-quantize", cwd=folder).stdout)
        assert (alone["rows"] == one["rows"]).all(), name


def test_the_same_tokens_of_made_sounds(tmp_path: Path, environments: list[dict[str, str]]) -> None:
    sweep = np.sin(np.cumsum(np.geomspace(50, 15000, 88200)) * 2 * np.pi / 44100)
    for name, sound, rate in (("a", noise(2), 44100), ("b", sweep, 44100), ("c", tone(330, 1, 16000), 16000),
                              ("d", np.zeros(8000), 8000)):  # fmt: skip
        (tmp_path / f"{name}.wav").write_bytes(wav(sound, rate))
    heard_everywhere(tmp_path, environments)


@pytest.mark.slow
@needs_audio
def test_the_same_tokens_of_real_sounds(tmp_path: Path, environments: list[dict[str, str]]) -> None:
    for name in ("animals/berklee_dog1.flac", "weather/esc10_rain_5-181766-A.ogg", "instruments/sms_violin-B3.flac"):
        (tmp_path / Path(name).name).symlink_to(AUDIO / name)
    heard_everywhere(tmp_path, environments)


@pytest.mark.parametrize("size", [1, 7, 4096, 65537, 1 << 24])
def test_the_same_tokens_from_pieces_of_any_size(folder: Path, size: int) -> None:
    given = features(item("a", walk(100 if size == 1 else 1000, 5)))
    wanted = sh("nat-quantize --codebook book.safetensors", given, cwd=folder).stdout
    with subprocess.Popen([BIN / "nat-quantize", "--codebook", folder / "book.safetensors"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # fmt: skip
        assert process.stdin and process.stdout
        for first in range(0, len(given), size):
            process.stdin.write(given[first : first + size])
            process.stdin.flush()
        process.stdin.close()
        assert process.stdout.read() == wanted
    assert process.returncode == 0
