"""The whole of an item in one line: collectors, each of which takes every frame and gives some of its fields.

line.py        the collectors in the order of their fields
collector.py   what a collector is, and what it is fed
codes.py       codes: those used most
course.py      the course of the item by half seconds, for those below
sections.py    form, sections, and the lines of sections
novelty.py     sections of what has no bars
contents.py    what a section holds, and how it differs from others
loudness.py    levels, quiet_percent, cut, loudest: level, range, where it was cut; the loudest moment
parts.py       parts that are nothing like each other
silence.py     silence: when nothing can be heard
outside.py     below_40_hz_percent, above_16_khz_percent: energy where nothing is heard
colour.py      centroid, main_band, tonality, spectrum …: of what is heard, not what lies between
noise.py       noise: how it falls, resonates and swells
swell.py       swell: how far apart the levels of half seconds lie
sounds.py      sounds: what the events with an attack have in common
masked.py      masked_onsets: attacks that stand out too little
brief.py       brief tones: chirps, bubbles
faint.py       faint: what comes and goes in part of the spectrum without an event
pulse.py       pulse, no_pulse: a regular one, or that there is none
trains.py      trains: of pulses, which may slow down or speed up
pitch.py       pitch_percent, pitch_range …: its range, its glide, its timbre
peaks.py       peak_percent, spectral_lines: narrow peaks
mains.py       mains: hum that is locked to them
tones.py       f0_percent, polyphony: what has tones, but no clear pitch
voice.py       voice: when tones move as voices do
modulation.py  am, vibrato
clicks.py      click_rate
bars.py        tempo, meter, chord_loop
key.py         key, key_changes, tuning
character.py   harmony, legato_percent, dynamics, rubato_percent: what mood is made of
playing.py     playing: how notes begin and go on, in which room

To add a field, write a Collector, whose `take` is fed and whose `result` gives the field; add a line in line.py where
it stands, and what it means in natlib/pack/terms.py and natlib/data/ndjson.schema.json. It may take a few bytes of
memory a frame at most.
"""
