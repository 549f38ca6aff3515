"""Each format alone, all pairs, any number of them; the table."""

from __future__ import annotations

import random

import pytest
from splitting import HEADERLESS, LENGTHLESS, NOT_SEARCHED, SEPARATORS, SYNTHETIC, files, split

from natlib.split.boundaries import FS
from natlib.split.signatures import REACH, Format
from natlib.split.table import FORMATS


@pytest.mark.parametrize("name", SYNTHETIC)
def test_a_file_alone_is_whole(name: str) -> None:
    ((form, extent, data),) = split(SYNTHETIC[name])
    assert data == SYNTHETIC[name]
    assert form == {"rifx": "wav", "rf64": "wav", "opus": "ogg", "quicktime": "mp4"}.get(name, name.split()[0])
    assert extent == ("end-of-input" if name in LENGTHLESS else "exact")


@pytest.mark.parametrize("between", SEPARATORS)
@pytest.mark.parametrize("first", SYNTHETIC)
def test_all_pairs_come_apart_but_those_that_nobody_can_tell(first: str, between: bytes) -> None:
    failed = {
        second
        for second, data in SYNTHETIC.items()
        if files(SYNTHETIC[first] + between + data) != [SYNTHETIC[first], data]
    }
    expected: set[str] = set()
    if not between:
        if first in HEADERLESS:
            expected = {first}  # the same parameters: a longer file
        if first in LENGTHLESS:
            expected = set(NOT_SEARCHED)
    assert failed == expected


def test_every_line_of_the_table_is_tested() -> None:
    start_only = {"avr", "paf", "pvf", "wve", "xi", "mat", "shorten", "tak"}
    tested = {split(data)[0][0] for data in SYNTHETIC.values()}
    assert {form.name for form in FORMATS} - tested == start_only | {"mp1", "eac3"}


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_a_signature_fits_where_it_is_looked_for(form: Format) -> None:
    assert all(len(literal) <= REACH - 16 for literal in form.literals)
    assert form.here or form.literals[0][:1] not in (b"\0", FS)


def test_synthetic_files_at_random() -> None:
    names = sorted(SYNTHETIC.keys() - HEADERLESS - LENGTHLESS)
    for seed in range(200):
        chance = random.Random(seed)
        chosen = [SYNTHETIC[chance.choice(names)] for _ in range(chance.randint(2, 6))]
        assert files(b"".join(data + chance.choice(SEPARATORS) for data in chosen)) == chosen, seed
