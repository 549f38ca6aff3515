"""The whole of an item in one line: collectors, each of which takes every frame and gives some of its fields.

line.py        the collectors in the order of their fields
collector.py   what a collector is, and what it is fed
codes.py       codes: those used most
sections.py    form, sections
loudness.py    loudness, loudest: level, range, where it was cut; the loudest moment
parts.py       parts that are nothing like each other
silence.py     silence: where nothing can be heard
outside.py     below_40_hz, above_16_khz: energy where nothing is heard
colour.py      colour: of what is heard, not of what lies between
swell.py       colour's swell: how far half seconds lie apart
sounds.py      sounds: what the events with an attack have in common
masked.py      masked_attacks: those that stand out too little
pulse.py       pulse: a regular one, or that there is none
pitch.py       pitch: its range, its glide, its timbre
peaks.py       peak, lines: narrow peaks
tones.py       f0, voices: what has tones, but no clear pitch
modulation.py  am, vibrato
clicks.py      clicks
tempo.py       tempo
key.py         key, tuning

One more field: a Collector, whose `take` is fed and whose `result` gives the field, a line in line.py where it stands,
and what it means in natlib/pack/guide.py and natlib/data/ndjson.schema.json. Memory: a few bytes a frame at most.
"""
