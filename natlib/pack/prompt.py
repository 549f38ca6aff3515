"""A prompt of one sound or several: what this is, how to read it, each sound, the questions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..errors import Failure
from ..wire import Head
from . import budget, guide
from .budget import Share
from .draft import Draft, Text

WRITTEN = "written as text by instruments that measure and do not name: levels, pitches, colours, fluctuations, attacks"
CODED = (
    "written as codes alone: the same code stands for what sounds alike. No levels, pitches or colours were measured, "
    "so neither mood nor sources can be read from it"
)
HONEST = "Go by what is written; say how sure you are, and where the text does not tell, say so instead of inventing."
UNMEASURED = "Of this one only codes are known: no levels, pitches or colours were measured.\n\n"
ONE = (
    "What kind of sound is this? What is its mood? What could its sources be? What does it bring to mind? "
    "How does it evolve, and when?"
)
SEVERAL = (
    "Of each: what kind of sound is it? What is its mood? What could its sources be? How does it evolve, and when? "
    "And among them: which are alike, and in what? How do they differ?"
)
ONE_CODED = (
    "How does it evolve, and when? What comes back, and what is new? When does it hold still, and when does it change "
    "fast? Is there a regular pattern, and how long is it?"
)
SOUNDLESS = "What is this, if it is no sound? What can be said of it from this text, and what can not?"
SEVERAL_CODED = f"Of each: {ONE_CODED} And among them: which share codes or patterns, and how do they differ?"


class Entry(NamedTuple):
    """A sound of a prompt."""

    name: str  # "" if it is not to be told
    draft: Draft | None  # None if nothing of it was heard
    failure: str = ""  # what went wrong with it


class Prompt:
    """Takes all sounds, then gives the text."""

    def __init__(self, examples: Sequence[tuple[str, str]], ask: str | None):
        self.examples, self.ask = examples, ask
        self.entries: list[Entry] = []

    @property
    def drafts(self) -> list[Draft]:
        """The drafts of the sounds that were heard."""
        return [entry.draft for entry in self.entries if entry.draft]

    def within(self, limit: int) -> str:
        """The prompt of at most so many tokens. Raises Failure if even the least is more."""
        least = [draft.text(draft.least) for draft in self.drafts]
        if (need := budget.size(self.text(least))) > limit:
            what = "this sound" if len(self.entries) == 1 else f"these {len(self.entries)} sounds"
            raise Failure(budget.too_small(need, what, limit))
        everything = [draft.text(draft.all) for draft in self.drafts]
        if budget.size(text := self.text(everything)) <= limit:
            return text
        return self.text(self._fitted(limit, least, everything))

    def _fitted(self, limit: int, texts: list[Text], everything: list[Text]) -> list[Text]:
        """The texts that fit. The one that needs least comes first; what it leaves of its part goes to the others."""
        texts = list(texts)
        needs = [budget.size(self.body(text)) for text in everything]
        spare = limit - budget.size(self.text(texts))
        spare -= budget.size(self.guide(everything)) - budget.size(self.guide(texts))
        order = sorted(range(len(texts)), key=needs.__getitem__)
        for place, i in enumerate(order[:-1]):
            low = budget.size(self.body(texts[i]))
            texts[i] = self._within(i, low + max(0, spare) / (len(order) - place))
            spare -= budget.size(self.body(texts[i])) - low
        return self._filled(limit, texts, order[-1])

    def _within(self, i: int, part: float) -> Text:
        """One sound within its part."""
        draft = self.drafts[i]
        return draft.text(budget.fit(lambda share: budget.size(self.body(draft.text(share))), draft.order, part))

    def _filled(self, limit: int, texts: list[Text], i: int) -> list[Text]:
        """The texts, with as much of one sound as the others leave room for in the prompt."""
        draft = self.drafts[i]

        def put(share: Share) -> list[Text]:
            return [*texts[:i], draft.text(share), *texts[i + 1 :]]

        return put(budget.fit(lambda share: budget.size(self.text(put(share))), draft.order, limit))

    def text(self, texts: Sequence[Text]) -> str:
        """All of it; `texts` are those of the drafts."""
        shown = "".join(f"\n# Example, known to be: {label}\n\n{text}" for label, text in self.examples)
        left, sounds = iter(texts), []
        for number, entry in enumerate(self.entries, 1):
            of = f"Sound {number} of {len(self.entries)}" if len(self.entries) > 1 else "The sound"
            body = self._entry(entry, next(left) if entry.draft else None, bool(self.guide(texts)))
            sounds.append(f"\n# {of}{': ' * bool(entry.name)}{entry.name}\n\n{body}")
        question = "The question" if self.ask else "The questions"
        before = f"{self._preamble(texts)}\n{shown}{self.guide(texts)}"
        return f"{before}{''.join(sounds)}\n# {question}\n\n{self._questions()}\n"

    def _entry(self, entry: Entry, text: Text | None, guided: bool) -> str:
        failure = f"Something went wrong with it: {entry.failure}\n" if entry.failure else ""
        if not text or not entry.draft:
            return f"Nothing of it could be heard. {failure}"
        said = UNMEASURED if not entry.draft.measured and any(draft.measured for draft in self.drafts) else ""
        return (
            said
            + (self.body(text) if guided else text.written(nameless(text.guided(brief=True)), ended=False))
            + failure
        )

    def guide(self, texts: Sequence[Text]) -> str:
        """How to read them all; "" if they can't all be read in the same way."""
        ways = {(str(view.table.grids), *view.layout.names) for view in (text.view for text in texts)}
        if len(ways) != 1:
            return ""
        layers = list(dict.fromkeys(name for text in texts for name in text.layers))
        used = guide.together(text.used for text in texts)
        introduced = any(text.introduced for text in texts)
        return f"\n# How to read it\n\n{texts[0].view.how_to_read(layers, introduced, used, brief=True)}\n"

    @staticmethod
    def body(text: Text) -> str:
        """A sound without how to read it."""
        return text.written(nameless(text.header), ended=False)

    def _preamble(self, texts: Sequence[Text]) -> str:
        count = len(self.entries)
        what = f"Below are {count} sounds, each " if count > 1 else "Below is a sound, "
        how = WRITTEN + ", and codes for what sounds alike" * any(text.layers for text in texts)
        return f"{what}{how if any(draft.measured for draft in self.drafts) else CODED}. {HONEST}"

    def _questions(self) -> str:
        if self.ask:
            return self.ask
        several = len(self.drafts) > 1
        if self.drafts and all(draft.heard.soundless for draft in self.drafts):
            return SOUNDLESS
        if any(draft.measured for draft in self.drafts):
            return SEVERAL if several else ONE
        return SEVERAL_CODED if several else ONE_CODED


def nameless(header: Head) -> Head:
    """A header without the name of its file: a title tells a reader what to hear."""
    return {key: value for key, value in header.items() if key not in ("name", "item")}
