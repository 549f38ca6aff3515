"""What a musician would write down, from the measures alone. Rows of measures in, bars and a key out.

leadsheet.py   bars, as their beats come: the order of what follows

Beats:
steps.py       what happens fifty times a second
pulse.py       a network: where a beat may lie, where a bar may begin
beats.py       the likeliest path of beats, which drifts, stops and begins anew
bars.py        which beats begin a bar, and how many a bar has
division.py    beats of two parts, of three, swung ones; strokes on a grid of them

What sounds in them:
moments.py     notes, pitch classes and levels in any stretch of time
inputs.py      what the networks see of it
chords.py      chords, which rather change where bars begin
lines.py       bass and melody
key.py         the key, and where it changes

What they make together:
likeness.py    how bars are alike, all with all
units.py       bars, and stretches between chords where there are no bars
form.py        sections: what is new, what comes again

told.py        bars as lines: those that are sure, and which earlier ones they are like

All networks count in whole numbers (natlib/network.py), so that bars are the same everywhere. Their weights are in
natlib/data/music.weights; natlib/data/README.md says what they were fitted to.
"""
