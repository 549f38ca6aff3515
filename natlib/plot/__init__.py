"""nat-plot: a picture of any stream. Takes records of every kind, gives a picture or an HTML page.

command.py      the command
kinds.py        which view shows which kind of stream
base.py         a View of an item, and its Panels
bytes.py        bytes: which values, and where
pcm.py          waveform, spectrogram
framed.py       what items with frames share, and the heat map of measures
features.py     heat maps of the streams
layers.py       layers of codes: raster, changes, usage
tokens.py       tokens: layers, measures
sounding.py     the notes that frames measure, as a piano roll
ndjson.py       NDJSON: sections, scenes, bars, layers
sections.py     the sections of NDJSON: what their lines tell
strip.py        sections along time, in rows
scenes.py       the scenes and sounds of NDJSON
bars.py         the bars of NDJSON: what their lines tell
score.py        bars as a piano roll
grid.py         bars along time: borders, beats, numbers, names of chords
roll.py         a piano roll of anything
marks.py        what NDJSON says, over a spectrogram
drawing.py      theme, fonts, heat maps, keys, ticks
figure.py       panels as a figure; items as PNG, SVG or PDF
report.py       the HTML page
downsample.py   what is kept of an item, however long

A new panel needs a method that draws it, and a line in the `panels` of the View that it belongs to.
"""
