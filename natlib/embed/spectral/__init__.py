"""The built-in ear: nothing to download, the same numbers everywhere.

encoder.py       the streams S and A, from the frames
extractor.py     the measures: the buffer that feeds them, and every family's columns put together
frames.py        samples to frames: each heard through one long window and several short ones
grid.py          which frames and short windows there are, and which of them a row looks at
spectrum.py      windows, transforms, bands
numerics.py      arithmetic that is the same everywhere: decibels, Hann windows, parabolas, correlations
levels.py        level, background, regions, decay
reach.py         what is within reach of the loudest, and where the loudest is
tonality.py      noise or partials
pitch.py         pitch, salience, glide
chroma.py        pitch classes of S, tuning
harmonics.py     the balance of the harmonics
peaks.py         narrow peaks of a spectrum
brief.py         narrow peaks of short windows
periodicity.py   how far a short window repeats
formants.py      resonances of tones and breaths
flux.py          how the spectrum rises
onsets.py        attacks, clicks, grain
modulation.py    fluctuation of the level, amplitude modulation, vibrato
rhythm.py        pulse, tempo
track.py         rows that arrive bit by bit
logspectrum.py   spectra on a logarithmic scale, three bins a semitone
polyphony.py     which notes sound, begin and lead: the networks' answers
sounding.py      what is told of these: notes, levels, slopes, bass, lead, chroma
strokes.py       strokes and onsets of notes, a hundred times a second
voice.py         how far a sound is like a voice
parts.py         what stands still, what glides, what strikes
tones.py         attacks of notes, inharmonicity, beating, distortion
room.py          reverberation
listening.py     runs these in their own time, and tells each frame what they say
past.py          what all of the past counts for
thresholds.py    what separates one thing from another

A new measure needs a line in embed/measures.py, and a column of that name from its family's `measured` here.
"""
