"""nat-pack: tokens to text. Takes records of kind `tokens` or `ndjson`, gives NDJSON, a table, words, a prompt.

command.py    the command
layers.py     which layer is stated when, without loss, and the way back (--unpack)
timeline.py   lines as frames come
measures.py   measures by name, in their units
contours.py   ways of pitches, peaks and fundamentals
scenes.py     what about half a second measures like
events.py     single sounds: where they begin and end, and what they measure like
thresholds.py what separates one thing from another
summary/      the whole in one line, a module a field
introductions.py  codes in words
wording.py    scenes and sounds in words
sentences.py  the whole in words
views.py      how lines are written: NDJSON, table, words
guide.py      what the header tells of how to read them
heads.py      header and end
content.py    an item kept whole, from tokens or from NDJSON
merge.py      scenes joined to longer ones
draft.py      an item as text of any length
budget.py     the most of it that fits a number of tokens
prompt.py     several items as one prompt
"""
