"""The table of measures, the manual page and what a header says are one."""

import re

import numpy as np
from helpers import ROOT, noise, records, sh, tone, wav

from natlib.embed.measures import MEASURES, heads
from natlib.embed.spectral.encoder import Spectral

PAGE = (ROOT / "natlib" / "man" / "nat-embed.1").read_text()


def test_the_page_has_every_measure_of_the_table_in_its_order_and_no_other():
    section = PAGE[PAGE.index(".Ss Measures") : PAGE.index(".Ss The same on every machine")]
    told: list[str] = []
    for line in re.findall(r"^\.It Cm (.*)$", section, re.MULTILINE):
        names = re.split(r" No \\\(en Cm | , ", line)
        if " No " in line:
            family, first = names[0].rsplit("_", 1)
            told += [f"{family}_{number}" for number in range(int(first), int(names[1].rsplit("_", 1)[1]) + 1)]
        else:
            told += names
    assert told == [head["name"] for head in heads()]


def test_a_header_says_what_the_table_says():
    features = records(sh("nat-split | nat-decode | nat-embed", wav(tone())).stdout)
    assert features[0].head["measures"] == heads()


def test_every_measure_is_told_once_and_by_whom():
    names = [head["name"] for head in heads()]
    assert len(set(names)) == len(names)
    modules = {path.stem for path in (ROOT / "natlib" / "embed" / "spectral").glob("*.py")}
    for measure in MEASURES:
        assert measure.what and set(measure.source.split(":")[0].split(", ")) <= modules, measure.name
        assert not measure.edges or len(measure.edges) == len(measure.members) + 1


def test_a_measure_is_the_same_whichever_others_there_are():
    sound = np.concatenate((tone(220, 1.5), noise(1, amplitude=0.1), tone(440, 1) + tone(554, 1), np.zeros(9000)))
    full = columns(Spectral(44100), sound)
    for name in dict.fromkeys(measure.name for measure in MEASURES):
        own = columns(Spectral(44100, names=frozenset({name})), sound)
        assert own.keys() - {"S", "A"} == {head["name"] for head in heads(names=frozenset({name}))}
        for column, values in own.items():
            assert np.array_equal(values, full[column], equal_nan=True), (name, column)


def columns(encoder: Spectral, sound: np.ndarray) -> dict[str, np.ndarray]:
    rows = encoder.finish(sound)
    width = encoder.S + encoder.A
    found = {"S": rows[:, : encoder.S], "A": rows[:, encoder.S : width]}
    return found | {head["name"]: rows[:, width + i] for i, head in enumerate(encoder.measures)}


def test_the_pipe_takes_any_measures():
    pcm = sh("nat-split | nat-decode", wav(tone(330, 2))).stdout
    for names in ("none", "level", "spectrum", "note", "pitch,onset_strength,level"):
        lines = sh(f"nat-embed --measures {names} | nat-quantize | nat-pack", pcm).stdout.splitlines()
        assert b'"event":"end"' in lines[-1] and (b'"scene"' in b"".join(lines)) == ("level" in names), names
    message = sh("nat-embed --measures level,loudness", pcm, status=2).stderr.decode()
    assert 'expected all, none, or names such as level,band,pitch, got "loudness"' in message
