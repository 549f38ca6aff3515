"""nat-pack: tokens to text. Takes records of kind `tokens` or `ndjson`, gives NDJSON, a table, words or a prompt.

command.py         the command

What is said of the codes:
layers.py          which layer is stated when, without loss: delta, rle, dense
introductions.py   codes in words
statistics.py      what the end line counts: codes by layer, lines, bytes, tokens of a language model
unpack.py          the way back (--unpack)
mended.py          NDJSON with parts missing

What is said of the sound:
measures.py        measures by name, in their units
groups.py          rows into groups of equal size: half seconds
scenes.py          what about half a second measures like
once.py            what is said once: scenes like the last one, sounds like an earlier one
merge.py           scenes joined into longer ones
events.py          single sounds: where they begin and end, and what they measure like
measuring.py       all of these, as frames come
inside.py          the inside of an event: beginning, middle, end; its resonances
segments.py        where a sound changes
contours.py        where pitches, peaks and fundamentals go
music/             bars, as on a lead sheet: beats, metre, chords, bass, melody, strokes; the key
summary/           the whole in one line, one module a field
thresholds.py      what separates one thing from another

How it is written:
timeline.py        lines as frames come
passing.py         notes of the stages before
settings.py        which parts of an item are written
heads.py           header and end
terms.py           the fields of the lines: name, unit, form, meaning
guide.py           how to read the lines, in words
views.py           a line as NDJSON, in a table, in words
wording.py         scenes and sounds in words
sentences.py       the whole in words

An item as a whole, for a budget or a prompt:
content.py         what is known of it, from tokens
ndjson.py          the same from NDJSON, which other programs may have written
draft.py           the item as text of any length
budget.py          the most of it that fits in a number of tokens
focus.py           the times that a question asks about, which are told first
prompt.py          several items as one prompt

To add an encoding, see layers.py. To add a view, write a class in views.py. To add a field of the summary, see
summary/__init__.py. To add a field of scenes or events, measure it, and give it a line in terms.py and a word in
wording.py.
"""
