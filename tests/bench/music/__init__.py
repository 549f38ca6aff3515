"""How well music is heard: `make bench-music`. The modules, from the score sheet to the table:

styles.py       the tables from which pieces are composed: styles, chords, instruments, drums
pieces.py       composes small pieces whose truth is known
timing.py       the same piece with a tempo that drifts, or as people play it
people.py       music that people wrote: music21's corpus, MIDI files of Debian's packages
play.py         MIDI to sound by FluidSynth; reverberation, noise
repertoire.py   the pieces of a run: composes, plays and changes them, or takes a folder of them
songs.py        songs whose voice is known
ndjson.py       what the NDJSON alone tells of the music: the one place that knows its form
hear.py         plays a sound through the pipe and reads notes, strokes and voice from the measures on the wire
others.py       what librosa and aubio answer, and the constant answer
frames.py       who sounds in which frame
score.py        the scores of an answer
table.py        means over pieces, and how they are printed
__main__.py     runs it all

Everything but the filters runs in an environment of its own, out/bench/music/env: mido, mir_eval, librosa, music21.
"""
