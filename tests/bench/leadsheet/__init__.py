"""Fits the networks of lead sheets again: natlib/data/music.weights. `make leadsheet CORPUS=folder` runs it.

styles.py     pieces in styles that are drawn too: drums, chords, rhythms
sung.py       pieces whose tune a voice sings
clicks.py     what is regular and no piece: metronomes, and sounds that come again, evenly or not
material.py   puts these together; keeps the measures of each sound, with its truth
examples.py   what the networks see of each sound, and what they should say
networks.py   the networks, as torch fits them
fitting.py    the fit, one network after the other
sure.py       the last ones, fitted to what the others answer: how sure a bar is, a tempo, a metre
form.py       bars compared with each other: the same again, or where a section begins
__main__.py   all of it, and the file
"""
