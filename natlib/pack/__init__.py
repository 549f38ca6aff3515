"""nat-pack: tokens to text. Takes records of kind `tokens` or `ndjson`, gives NDJSON, a table, words, a prompt.

command.py         the command

What is told of the codes:
layers.py          which layer is stated when, without loss: delta, rle, dense
introductions.py   codes in words
statistics.py      what the end line counts: codes by layer, lines, bytes, tokens of a language model
unpack.py          the way back (--unpack)
mended.py          NDJSON of which a part may be missing

What is told of the sound:
measures.py        measures by name, in their units
scenes.py          what about half a second measures like
merge.py           scenes joined to longer ones
events.py          single sounds: where they begin and end, and what they measure like
measuring.py       all of these, as frames come
segments.py        where a sound changes
contours.py        ways of pitches, peaks and fundamentals
summary/           the whole in one line, a module a field
thresholds.py      what separates one thing from another

How it is written:
timeline.py        lines as frames come
passing.py         notes of the stages before
settings.py        what of an item is written
heads.py           header and end
guide.py           what the header tells of how to read the lines
views.py           a line as NDJSON, in a table, in words
wording.py         scenes and sounds in words
sentences.py       the whole in words

An item as a whole, for a budget or a prompt:
content.py         what is known of it, from tokens
ndjson.py          the same from NDJSON, which may be of other programs
draft.py           the item as text of any length
budget.py          the most of it that fits a number of tokens
prompt.py          several items as one prompt

One more encoding: layers.py. One more view: a class in views.py. One more field of the summary: summary/__init__.py
says how. One more key of scenes or events: where it is measured, a word for it in wording.py, its line in guide.py.
"""
