"""How to read it: every field that a line can have is explained, or says itself; no more than that is."""

from __future__ import annotations

import shlex

import orjson
import pytest
from helpers import AUDIO, ROOT, needs_audio, sh
from packing import lines

from natlib.pack import guide, ndjson
from natlib.wire import Head

SCHEMA = orjson.loads((ROOT / "natlib/data/ndjson.schema.json").read_bytes())["$defs"]


def written(ndjson: bytes) -> guide.Used:
    """The fields in the lines of NDJSON."""
    told = lines(ndjson)
    scenes, sounds = ([line[kind] for line in told if kind in line] for kind in ("scene", "sound"))
    summaries = [guide.used((), (), line) for line in told if line.get("event") == "summary"]
    return guide.together([guide.used(scenes, sounds, {}), *summaries])


def assert_explained(found: guide.Used) -> None:
    for kind, here, told in zip(found._fields, found, guide.EVERYTHING, strict=True):
        assert here <= told, f"{kind}: guide.py does not tell of {sorted(here - told)}"


def test_every_field_of_the_demo_is_explained(piece: bytes) -> None:
    found = written(sh("nat-pack", piece).stdout)
    assert all(found)
    assert_explained(found)


@needs_audio
@pytest.mark.parametrize("folder", ["animals", "drums", "singing", "weather"])
def test_every_field_of_clips_is_explained(folder: str) -> None:
    clips = shlex.join(str(clip) for clip in sorted((AUDIO / folder).iterdir())[::8])
    assert_explained(written(sh(f"nat-split {clips} | nat-decode | nat-embed | nat-quantize | nat-pack").stdout))


def resolved(schema: Head) -> Head:
    """A part of the schema, or what it refers to."""
    return SCHEMA[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def test_the_fields_that_are_read_again_are_those_explained() -> None:
    assert (ndjson.SCENE_FIELDS.keys(), ndjson.SOUND_FIELDS.keys()) == guide.EVERYTHING[:2]


def test_the_schema_s_fields_are_those_explained() -> None:
    for kind, told in (("scene", guide.EVERYTHING.scene), ("sound", guide.EVERYTHING.sound)):
        assert SCHEMA[kind]["properties"][kind]["properties"].keys() == told
    summary = SCHEMA["summary"]["properties"]
    assert summary.keys() - {"event", "item", "name"} == {
        field for field in guide.EVERYTHING.summary if "." not in field
    }
    inner = {f"{field}.{key}" for field, value in summary.items() for key in resolved(value).get("properties", ())}
    assert inner <= guide.EVERYTHING.summary


def test_a_field_without_a_phrase_is_none_that_needs_one() -> None:
    """No more is explained than is there: an empty phrase adds nothing, not even a comma."""
    assert guide.phrases(guide.SOUND, {"periodic", "f0"}) == ""
    assert guide.phrases(guide.SOUND, {"s", "fall", "f0"}) == "s its length, fall dB/s (none: it holds)"
