"""One name, one form, one meaning: what is written is what terms.py, the schema and the manual page tell, no more."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import orjson
import pytest
from helpers import AUDIO, ROOT, needs_audio, sh
from packing import lines

from natlib.pack import guide, terms
from natlib.wire import Head

SCHEMA = orjson.loads((ROOT / "natlib/data/ndjson.schema.json").read_bytes())
DEFS = SCHEMA["$defs"]
FORMS = {  # the type that a field of this form has in the schema
    terms.NUMBER: {"number", "integer"}, terms.TEXT: {"string"}, terms.FLAG: {"boolean"}, terms.OBJECT: {"object"},
    terms.PAIR: {"array"}, terms.NUMBERS: {"array"}, terms.CONTOUR: {"array"}, terms.WORDS: {"array"},
    terms.ROWS: {"array"}, terms.NAMES: {"array"}, terms.SWITCH: {"boolean"},
}  # fmt: skip


def resolved(schema: Head) -> Head:
    """A part of the schema, or what it refers to."""
    return DEFS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def of_schema(kind: str) -> dict[str, Head]:
    """By path, what the schema says of the fields of a kind of line."""

    def walk(properties: Head, prefix: str) -> Iterator[tuple[str, Head]]:
        for key, value in properties.items():
            about = resolved(value)
            yield prefix + key, about
            inner = resolved(about.get("items", {})) if about.get("type") == "array" else about
            if key != "common_codes":
                yield from walk(inner.get("properties", {}), f"{prefix}{key}.")

    properties = DEFS[kind]["properties"]
    fields = properties if kind == "summary" else properties[kind]["properties"]
    return dict(walk({key: value for key, value in fields.items() if key not in ("event", "item", "name")}, ""))


def kind_of(about: Head) -> str:
    """The type of a field in the schema."""
    value = about.get("const", (about.get("enum") or [None])[0])
    types = about.get("type")
    if isinstance(types, list):
        return str(next(entry for entry in types if entry != "null"))
    return str(types or {bool: "boolean", str: "string"}[type(value)])


@pytest.mark.parametrize("kind", terms.LINES)
def test_the_schema_has_the_fields_that_are_explained_in_their_forms(kind: str) -> None:
    schema = of_schema(kind)
    assert schema.keys() == terms.LINES[kind].keys()
    for path, term in terms.LINES[kind].items():
        assert kind_of(schema[path]) in FORMS[term.form], path


def test_a_name_has_one_form_and_one_unit_everywhere() -> None:
    found: dict[str, set[tuple[str, str]]] = {}
    for fields in terms.LINES.values():
        for path, term in fields.items():
            found.setdefault(terms.name(path), set()).add((term.form, term.unit))
    assert not [name for name, forms in found.items() if len(forms) > 1]
    kinds: dict[str, set[str]] = {}
    for kind in terms.LINES:
        for path, about in of_schema(kind).items():
            kinds.setdefault(terms.name(path), set()).add(kind_of(about))
    assert not [name for name, types in kinds.items() if len(types) > 1]


def test_the_manual_page_names_every_field() -> None:
    page = (ROOT / "natlib/man/nat-pack.1").read_text()
    told = set(re.findall(r"^\.Ql ([a-z0-9_]+)", page, re.M)) | set(re.findall(r"[a-z0-9_]+", page))
    missing = {terms.name(path) for fields in terms.LINES.values() for path in fields} - told
    assert not missing


def assert_told(ndjson: bytes) -> None:
    """Every line is valid, every field known, explained before its first use, and nothing else explained."""
    validator = jsonschema.Draft202012Validator(SCHEMA)
    explained: set[str] = set()
    used: set[str] = set()
    for line in lines(ndjson):
        assert validator.is_valid(line), line
        text = line["text"] if line.get("event") == "how_to_read" else line.get("pack", {}).get("how_to_read", "")
        explained |= {part.split(" (")[0].split(",")[0].rstrip(".") for part in re.split("[:;.] ", text)}
        kind = next((kind for kind in terms.LINES if kind in line or line.get("event") == kind), None)
        if kind:
            fields = guide.paths(line if kind == "summary" else line[kind])
            unknown = set(fields) - terms.LINES[kind].keys()
            assert not unknown, f"{kind}: terms.py does not tell of {sorted(unknown)}"
            used |= {terms.name(path) for path in fields}
            due = {terms.name(path) for path in fields if terms.LINES[kind][path].means and "contour" not in path}
            assert due <= explained, f"{kind}: not explained: {sorted(due - explained)}"
    names = {terms.name(path) for fields in terms.LINES.values() for path in fields}
    assert not (explained & names) - used - set(guide.ALWAYS)


def test_every_field_of_the_demo_is_explained(piece: bytes) -> None:
    assert_told(sh("nat-pack", piece).stdout)
    assert_told(sh("nat-pack --every --stats", piece).stdout)


@needs_audio
@pytest.mark.parametrize("folder", ["animals", "drums", "singing", "weather"])
def test_every_field_of_clips_is_explained(folder: str) -> None:
    clips = shlex.join(str(clip) for clip in sorted((AUDIO / folder).iterdir())[::8])
    for options in ("", "--budget 3000"):
        assert_told(sh(f"nat-split {clips} | nat-decode | nat-embed | nat-quantize | nat-pack {options}").stdout)


@pytest.mark.slow
@needs_audio
def test_every_line_of_every_clip_is_valid_and_explained() -> None:
    clips = shlex.join(str(clip) for clip in sorted(AUDIO.glob("*/*")))
    assert_told(sh(f"nat-split {clips} | nat-decode --duration 20 | nat-embed | nat-quantize | nat-pack").stdout)


def test_a_field_without_a_phrase_is_none_that_needs_one() -> None:
    """No more is explained than is there: a field that says itself adds nothing, not even a semicolon."""
    assert guide.phrases("sound", {"duration", "max_level", "pitch"}) == ""
    assert guide.phrases("sound", {"duration", "odd_even"}) == "odd_even (dB), odd against even harmonics"
    assert guide.phrases("sound", {"odd_even", "f0"}, said={"f0"}) == "odd_even (dB), odd against even harmonics"


def test_a_table_and_words_are_explained_once_in_a_stream(piece: bytes, tmp_path: Path) -> None:
    for view in ("ndjson", "table", "words"):
        out = sh(f"nat-pack --view {view}", piece * 3).stdout
        assert out.count(b"until the next") == 1, view
