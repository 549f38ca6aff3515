"""The table of measures, the manual page and what a header says are one."""

import re

from helpers import ROOT, records, sh, tone, wav

from natlib.embed.measures import MEASURES, heads

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
