"""One item as text, at any share of what is known of it."""

from __future__ import annotations

import math
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from .. import __version__, notes
from ..errors import Failure
from ..wire import Head
from . import budget, guide, heads, merge, once, terms
from . import focus as focused
from .budget import Share
from .content import Content
from .contours import spelled
from .focus import Focus
from .guide import Guide, Used
from .layers import Frames, Layout, encodings
from .music import told as bars
from .music.told import BarLine
from .once import Place, Scene, SectionLine, Sound
from .passing import apart
from .settings import Settings
from .statistics import Count, Statistics, common_codes, ratios
from .terms import COMMON
from .timeline import BAR, BEFORE, CODE, FRAME, LAST, LATE, SCENE, SECTION, SOUND, written
from .views import VIEWS, Ndjson

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .layers import Codes
    from .timeline import Line

SENTENCES = 6  # of the summary that are always told

Part = tuple[Callable[[Head], str], Head] | str  # what writes a head, and the head; or lines


class Text(NamedTuple):
    """The text of an item, in its parts."""

    view: Ndjson
    header: Head  # without how to read it
    summary: Head
    explained: str  # before the summary
    notes: Sequence[Head]
    lines: str
    end: Head
    layers: list[str]  # names of those told
    introduced: bool  # are codes introduced?
    used: Used  # the fields of the lines

    def how_to_read(self, brief: bool = False) -> str:
        """What the lines mean; with `brief` also their units, which the header then lacks."""
        return self.view.how_to_read(self.layers, self.introduced, self.used, brief)

    def guided(self, brief: bool = False) -> Head:
        """The header with how to read it."""
        return {**self.header, "pack": {"how_to_read": self.how_to_read(brief), **self.header["pack"]}}

    def parts(self, header: Head, lead: bool = True, ended: bool = True) -> Iterator[Part]:
        """All of it in order. The summary comes first if it is to `lead`, else last."""
        view = self.view
        summary: list[Part] = [*[self.explained] * bool(self.explained), (view.summary, self.summary)]
        yield view.header, header
        yield from summary if lead else []
        yield from ((view.note, note) for note in self.notes)
        yield self.lines
        if ended:
            yield from [] if lead else summary
            yield view.end, self.end

    def written(self, header: Head, ended: bool = True) -> str:
        """All of it as one text."""
        parts = self.parts(header, ended=ended)
        return "".join(part if isinstance(part, str) else part[0](part[1]) for part in parts)


class Draft:
    """An item and which parts of it to write, ready to be written at any share."""

    def __init__(self, heard: Content, settings: Settings, options: Namespace, explain: Guide | None = None):
        """`explain` explains fields as they come; without it, the header says how to read them all."""
        self.heard, self.layout, self.settings, self.options = heard, heard.layout, settings, options
        self.measured = heard.measured
        self.limited = explain is None  # is there a budget?
        # Does the summary lead, and does each sound stand where it begins?
        self.lead = self.limited or options.legend == "header" or options.view == "words"
        self.explain = explain
        self.view: type[Ndjson] = VIEWS[options.view]
        self.layers = settings.layers if self.view.CODES else ()
        focus = Focus.of(options.ask)
        self.scenes = self._scenes()
        self.joined = focused.Scenes(self.scenes, settings.scene, self.layout, focus)
        self.events = self._events() if settings.scene else []
        self.units = focus.nearest(once.units(self.events), focused.of_unit)
        own: list[BarLine] = sorted(heard.bars, key=like_another) if settings.scene else []
        parts: list[SectionLine] = sorted(heard.sections, key=like_another) if settings.scene else []
        self.bars = focus.nearest(own, focused.of_line)
        self.sections = focus.nearest(parts, focused.of_line)
        self.notes = apart(heard.notes) if self.limited or not self.view.CODES else heard.notes
        self.codes = heard.codes
        self.statistics = Statistics(self.layout)
        self.statistics.feed(self.codes)
        self.runs = [Runs(self.codes[:, j]) for j in self.layers] if self.limited else []
        self.times = self.layout.times(0, len(self.codes))
        counts = self.statistics.counts
        told = [told for told in heard.introductions if told[2] and told[0] in self.layers and counts[told[0]][told[1]]]
        told.sort(key=lambda told: (-counts[told[0]][told[1]], told))
        self.introductions = told if settings.introduce else []  # the most used codes first

    @property
    def order(self) -> budget.Order:
        """The layers kept in the order in which a reader uses them; events come first where no bars tell music."""
        layers = sorted(range(len(self.layers)), key=lambda place: (self.layout.depth(self.layers[place]), place))
        return budget.Order(layers, not self.bars)

    @property
    def all(self) -> Share:
        """All that is known."""
        return budget.along(1.0, self.order)

    @property
    def least(self) -> Share:
        """The least that can be said."""
        return budget.least(len(self.layers))

    def within(self, limit: int, ended: bool) -> Share:
        """The share at which the item, with or without its end, fits a budget. Raises Failure if none does."""

        def size(share: Share) -> float:
            text = self.text(share)
            return budget.size(text.written(text.guided(), ended))

        if (need := size(self.least)) > limit:
            raise Failure(budget.too_small(need, "this item", limit))
        return budget.fit(size, self.order, limit)

    def text(self, share: Share) -> Text:
        """The item at `share`."""
        tag = {} if self.settings.brief else heads.tag(self.heard.head, self.options.tag)
        view = self.view(self.layout, self.heard.table, tag, self.explain, self.settings.every)
        kept = [j for j, part in zip(self.layers, share.layers, strict=True) if part > 0]
        scenes = self.joined(portion(share.scenes, len(self.scenes)))
        sounds = once.strongest(self.units, portion(share.sounds, len(self.units)))
        own = self.bars[: portion(share.bars, len(self.bars))]
        parts = self.sections[: portion(share.sections, len(self.sections))]
        told = self.introductions[: portion(share.introductions, len(self.introductions))]
        told = [introduced for introduced in told if introduced[0] in kept]
        interval = self._interval(share.keyframes)
        summary = self._summary(share, kept)
        pack: Head = {"version": __version__, "keyframe_interval": interval}
        if scenes:
            pack |= heads.scenes(self._seconds(scenes), self.heard.table)
        if left_out := self._left_out(share, kept, scenes, sounds, summary):
            pack["left_out"] = left_out
        at_use = self.options.legend != "header"
        if told and not at_use:
            pack["legend"] = legend(self.layout, self.heard.introductions, told)
        codes = self._shortened(share.layers)
        key = self.heard.summary.get("key") if self.lead else None
        lines = self._measured(view, scenes, sounds) + barred(view, own, key, self.lead)
        lines += sectioned(view, parts, key, self.lead, len(self.codes))
        if kept and len(codes):
            frames = Frames(self.layout, encodings(self.options.encoding, self.layout.names), interval, kept)
            lines += coded(view, codes, self.times, frames)
        lines += introduced(self.layout, view, codes, told) if at_use else []
        lines.sort(key=itemgetter(0, 1))
        summary = view.tagged(summary)
        explained = view.explained("summary", summary) if self.lead else ""
        text = written(lines)
        explained = explained if self.lead else view.explained("summary", summary)
        used = self._used(scenes, sounds, parts, own, summary)
        there = {*used.scene, *used.sound} if self.limited else COMMON
        if self.measured and not self.settings.brief and (units := terms.units(there)):
            pack["units"] = units
        header, end = self._heads(pack, text + explained, kept, share.origin)
        return Text(
            view,
            header,
            summary,
            explained,
            [view.tagged(note) for note in self.notes],
            text,
            view.tagged(end),
            layers=[self.layout.names[j] for j in kept],
            introduced=at_use and bool(told if self.limited else kept and self.settings.introduce),
            used=used,
        )

    def _heads(self, pack: Head, lines: str, kept: list[int], share: float) -> tuple[Head, Head]:
        """Header and end, with this share of where the item came from."""
        head, end = self.heard.head, self.heard.end
        origin = heads.Origin.of(
            head, end or {}, kept if self.settings.stats else (), 0.0 if self.settings.brief else share
        )
        count = Count()
        count.add(lines)
        stats = count.stats()
        if self.settings.stats:
            stats |= ratios(stats, self.statistics, sum(map(len, self.times)), heads.samples(end))
        header = heads.header(head, pack, kept, self.options.encoding, origin)
        return header, heads.end(end, self.statistics, stats, origin)

    def _scenes(self) -> list[Scene]:
        """The scenes at the length asked for; within a budget as NDJSON says them, so that tokens give the same."""
        heard, scenes = self.heard, self.heard.scenes
        if not self.settings.scene:
            return []
        if self.limited and not heard.spoken:
            said = Ndjson(self.layout, heard.table)
            told = [Scene(frame, news) for frame, fields in scenes if (news := said.news(fields))]
            scenes = merge.carried(told)
        if (self.limited or heard.spoken) and not any(text.startswith("scenes") for text in heard.left_out):
            scenes = once.filled(scenes, self.layout.length(heard.scene), heard.frames)
        if self.limited:
            scenes = [Scene(frame, spelled(fields, notes.NAMES)) for frame, fields in scenes]
        wanted = math.ceil(len(scenes) * heard.scene / self.settings.scene - 1e-6)
        return merge.Joined(scenes, heard.scene)(wanted)

    def _events(self) -> list[Sound]:
        """The sounds, and lines for those that repeat one: over the whole item, if it is known before it is told."""
        if self.settings.every and not self.limited:
            return list(self.heard.sounds if self.heard.raw is None else self.heard.raw)
        if not self.lead:
            return list(self.heard.events)
        return once.grouped(sound._replace(fields=spelled(sound.fields, notes.NAMES)) for sound in self.heard.sounds)

    def _shortened(self, shares: Sequence[float]) -> Codes:
        """The codes without the changes that last too short a time."""
        if not self.limited or all(share == 1 for share in shares):
            return self.codes
        codes = self.codes.copy()
        for runs, j, share in zip(self.runs, self.layers, shares, strict=True):
            codes[:, j] = runs.longest(share)
        return codes

    def _interval(self, share: float) -> float:
        """Seconds between keyframes: those asked for, or more, or 0 for the first one alone."""
        least = self.settings.keyframe
        longest = len(self.codes) / float(self.layout.rate)
        interval = round(least / share, 1) if 0 < share < 1 else least * share
        return interval if interval < longest or share == 1 else 0.0

    def _seconds(self, scenes: Sequence[Scene]) -> float:
        """How long a scene is, on average."""
        seconds = self.settings.scene
        return seconds if len(scenes) == len(self.scenes) else round(seconds * len(self.scenes) / len(scenes), 3)

    def _summary(self, share: Share, kept: Sequence[int]) -> Head:
        known = self.heard.summary or {"event": "summary"}
        told = self.settings.stats and kept and len(self.codes)
        known = known | (common_codes(self.statistics, tuple(kept)) if told else {})
        fields = [key for key in known if key not in ("event", "in_words")]
        fields.sort(key=lambda key: len(str(known[key])))  # the longest ones last: the words say the same
        gone = fields[portion(share.summary, len(fields)) :] if self.view.FIELDS else []
        summary = {key: value for key, value in known.items() if key not in gone}
        if words := summary.get("in_words"):
            summary["in_words"] = beginning(words, share.words)
        return summary

    def _left_out(
        self, share: Share, kept: list[int], scenes: list[Scene], sounds: list[Sound], summary: Head
    ) -> list[str]:
        """What a reader misses, in words; first what was left out when the NDJSON was made."""
        said = [*self.heard.left_out, *(heads.missing(self.layout, kept) if self.view.CODES else [])]
        if len(scenes) < len(self.scenes):
            said.append(f"scenes within {self._seconds(scenes):.3g} s" if scenes else "scenes")
        if len(sounds) < len(self.events):
            count, total = (sum(event.number for event in events) for events in (sounds, self.events))
            said.append(f"weaker sounds ({count} of {total} are told)" if sounds else "sounds")
        if (count := portion(share.bars, len(self.bars))) < len(self.bars):
            said.append(f"bars ({count} of {len(self.bars)} are told)" if count else "bars")
        if (count := portion(share.sections, len(self.sections))) < len(self.sections):
            said.append(f"sections ({count} of {len(self.sections)} are told)" if count else "sections")
        if kept and portion(share.introductions, len(self.introductions)) < len(self.introductions):
            said.append("introductions" + (" of rare codes" if share.introductions else ""))
        if brief := [self.layout.names[j] for j, part in zip(self.layers, share.layers, strict=True) if 0 < part < 1]:
            said.append(f"brief codes of {' '.join(brief)}")
        if len(summary.get("in_words", "")) < len(self.heard.summary.get("in_words", "")):
            said.append("sentences of the summary")
        everything = self._summary(share.put("summary", 1.0), kept)
        if self.view.FIELDS and len(summary) < len(everything):
            said.append("fields of the summary")
        if self.view.FIELDS and (self.settings.brief or share.origin < 1):
            said.append("where it came from")
        return list(dict.fromkeys(said))

    def _used(
        self,
        scenes: Sequence[Scene],
        sounds: Sequence[Sound],
        parts: Sequence[SectionLine],
        own: Sequence[BarLine],
        summary: Head,
    ) -> Used:
        """The fields that the header explains; without a budget always the same: others are explained later."""
        if not self.measured and not self.settings.scene:
            return Used()
        if not self.limited:
            first = guide.FIRST if self.settings.scene else guide.WORDS
            words = bool(own) and not self.view.CODES  # words explain all lines in front
            return first._replace(bar=frozenset(("n",))) if words else first
        single, repeated = ([event.fields for event in sounds if event.kind == kind] for kind in ("sound", "repeats"))
        lines = ([line.fields for line in kind] for kind in (parts, own))
        there = guide.used((scene.fields for scene in scenes), single, repeated, *lines, summary=summary)
        if self.view.FIELDS:
            return there
        told = frozenset(field for field in there.sound if field.removesuffix("_contour") in self.view.SOUND)
        return there._replace(sound=told, summary=there.summary & {"in_words"})

    def _measured(self, view: Ndjson, scenes: Sequence[Scene], sounds: Sequence[Sound]) -> list[Line]:
        """Scene and sound lines."""
        lines: list[Line] = []
        for frame, fields in scenes:
            lines.append((frame, SCENE, partial(view.scene, self.layout.time(frame), self._spelled(fields))))
        for frame, start, fields, late, kind, _ in sounds:
            place: Place = late if late and not self.lead else (frame, SOUND)
            if self.lead and kind == "repeats":
                place = (self.layout.frame(fields.get("of", start)), LATE)  # right after what is repeated
            lines.append((*place, partial(view.sound, start, self._spelled(fields), kind)))
        return lines

    def _spelled(self, fields: Head) -> Head:
        """Notes as the key spells them, if the summary leads; else the fields as they came."""
        return spelled(fields, notes.key_spelling(self.heard.summary.get("key"))) if self.lead else fields


Introduction = tuple[int, int, str]  # layer, code, words


def legend(layout: Layout, introduced: Sequence[Introduction], told: Sequence[Introduction]) -> Head:
    """Those introductions that are told as the header has them, in their order."""
    found: dict[str, Head] = {}
    place = {each: i for i, each in enumerate(introduced)}
    for j, code, text in sorted(told, key=place.__getitem__):
        found.setdefault(layout.names[j], {})[str(code)] = text
    return found


def coded(view: Ndjson, codes: Codes, times: Sequence[str], frames: Frames) -> list[Line]:
    """Lines of codes."""
    lines = [*frames.feed(codes), *frames.finish()]
    return [(line.frame, FRAME, view.frame(times[line.frame], line)) for line in lines]


def introduced(layout: Layout, view: Ndjson, codes: Codes, told: Sequence[Introduction]) -> list[Line]:
    """Lines that introduce codes before their first use."""
    import numpy as np

    lines: list[Line] = []
    first: dict[int, dict[int, int]] = {}
    for j, code, text in sorted(told):
        if j not in first:
            values, places = np.unique(codes[:, j], return_index=True)
            first[j] = dict(zip(values.tolist(), places.tolist(), strict=True))
        if code in first[j]:
            lines.append((first[j][code], CODE, view.code(layout.names[j], code, text)))
    return lines


def barred(view: Ndjson, own: Sequence[BarLine], key: object, lead: bool) -> list[Line]:
    """Bar lines: each where the bar begins, spelled by the key, if the summary leads; else where it became known."""
    lines: list[Line] = []
    for frame, start, fields, known, late in own:
        place: Place = (frame, BEFORE) if lead else late or (known, BAR)
        said = bars.spelled(fields, notes.key_spelling(key)) if lead else fields
        lines.append((*place, partial(view.bar, start, said)))
    return lines


def sectioned(view: Ndjson, own: Sequence[SectionLine], key: object, lead: bool, frames: int) -> list[Line]:
    """Section lines: each where the section begins, spelled by the key, if the summary leads; else at the end."""
    lines: list[Line] = []
    for frame, start, fields in sorted(own):
        said = bars.section_spelled(fields, notes.key_spelling(key)) if lead else fields
        place: Place = (frame, SECTION) if lead else (frames, LAST)
        lines.append((*place, partial(view.section, start, said)))
    return lines


class Runs:
    """A layer as runs of one code, ranked by how long they last, then by how far they jump from the run before."""

    def __init__(self, codes: NDArray[np.uint16]):
        import numpy as np

        starts = np.flatnonzero(np.append(True, codes[1:] != codes[:-1])) if len(codes) else np.empty(0, int)
        self.values = codes[starts]
        self.lengths = np.diff(np.append(starts, len(codes)))
        jumps = np.abs(np.diff(self.values.astype(int), prepend=0))
        self.ranks = np.empty(len(starts), int)
        self.ranks[np.lexsort((-jumps, -self.lengths))] = np.arange(len(starts))

    def longest(self, share: float) -> NDArray[np.uint16]:
        """The layer with this share of its runs; the others join the run before."""
        import numpy as np

        kept = np.where(self.ranks < portion(share, len(self.ranks)), np.arange(len(self.ranks)), 0)
        return np.repeat(self.values[np.maximum.accumulate(kept)], self.lengths)


def beginning(words: str, share: float) -> str:
    """A share of the sentences of a summary, at least the first SENTENCES."""
    said = words.split(". ")
    kept = max(SENTENCES, portion(share, len(said)))
    return words if kept >= len(said) else ". ".join(said[:kept]) + "."


def like_another(line: BarLine | SectionLine) -> bool:
    """Is a line like another one? Those that are not come first: their rank is False."""
    return "like" in line.fields


def portion(share: float, count: int) -> int:
    """A share of `count`, rounded up: at least one unless the share is 0."""
    return math.ceil(share * count - 1e-9)
