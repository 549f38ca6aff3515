"""What separates one thing from another in the measures: each number once, with its unit and its source.

"Tonal", "voiced" and their kin have other values in nat-pack's table, on other scales: those describe half seconds.
"""

from __future__ import annotations

from ...thresholds import threshold

# Spectra of a frame
NOISE_FLATNESS = threshold(0.75, "share", "noise from partials", "pi/4 = 0.785 for noise (Rayleigh), less its spread")
TONE_FLATNESS = threshold(0.25, "share", "one sine from several partials", "1/6 for one sine in 16 bins")
TONAL = threshold(300, "thousandths of tonality", "what has notes from noise", "not measured")
PEAK_FAINT = threshold(1e-9, "power", "a peak from silence", "-90 dBFS, below 16 bits' noise")
PROMINENT = threshold(20.0, "times the mean of its group", "a peak from noise", "of noise, one group in a million")
BRIEF_PEAK = threshold(
    1500,
    "hundredths of a dB over what is around it",
    "a narrow peak of 25 ms from noise",
    "of noise, one window in 300",
)
SPREAD = threshold(2.1, "times a bin", "all of a Hann window's lobe from the rest", "what a Hann window gives to it")

# What is heard beside the loudest
REACH = threshold(4000, "hundredths of a dB below all", "what is described from what is not", "40 dB")
FLOOR = threshold(-600, "tenths of a dB below all", "regions that are told from what is 1 in a million", "60 dB")
MASKED = threshold(6000, "hundredths of a dB below the loudest band", "attacks that are heard from others", "60 dB")
STROKES = threshold(
    250, "hundredths of a dB", "a pulse of what is heard from masked onsets", "steady noise has about 100"
)
SHORTEST = threshold(0.01, "s", "what can be measured from a few samples", "a quarter of a short window")

# Pitch
CLEAR_PITCH = threshold(420, "thousandths of salience", "a pitch from noise", "wide noise stays below 350")
FIRST = threshold(0.9, "times the highest peak", "the period from its multiples", "McLeod and Wyvill 2005")
OCTAVE_COST = threshold(0.02, "of the correlation", "a period from twice as long a one", "not measured")
HISS = threshold(100_000, "hundredths of Hz", "low pitches from what a fricative or a cymbal feigns", "not measured")
ON_HARMONIC = threshold(0.04, "of the pitch", "a peak on a harmonic from one beside it", "two thirds of a semitone")
GLIDE = threshold(250, "thousandths of an octave", "a glide from the next note", "three semitones a frame")
SWINGING = threshold(120, "Hz", "pitches that a short window can follow", "three periods in 25 ms")
VIBRATO_SHARE = threshold(0.6, "share of the variance", "one sine from any wavering", "not measured")
VIBRATO_DEPTH = threshold(10, "cents", "a vibrato from what the measure itself wavers", "not measured")

# Partials
PARTIAL = threshold(1.5, "times the bins 3 beside", "a partial from noise", "not measured")
PARTIAL_STRONG = threshold(0.1, "of the strongest", "notes from what is far below", "20 dB")
PARTIAL_FREE = threshold(0.3, "of itself", "a note from a harmonic of another", "10 dB")
AGREE = threshold(9, "power of the sum", "partials that agree on a tuning", "a third of their strength")

# Periodicity of short windows
CHANCE = threshold(
    0.9,
    "times the root of the bins filled",
    "what a peak of chance has",
    "noise has up to 200",
)
SURE = threshold(1.4, "times the root of the bins filled", "what only a period has", "noise has up to 200")
BREATHY = threshold(100, "thousandths of periodicity", "a breath that may have formants from noise", "not measured")
RESONANT = threshold(150, "hundredths of a dB over the valleys beside it", "a formant from a ripple", "not measured")
RESONANT_BREATH = threshold(600, "the same", "the formants of a breath from noise", "noise: none of 4,000 frames")
HIGH_VOICE = threshold(300, "Hz", "voices whose harmonics may be taken for formants", "six of them below 2 kHz")
HARMONIC_SPACING = threshold(0.08, "of a whole order", "a harmonic from a formant", "not measured")
FAINTEST = threshold(6000, "hundredths of a dB below the loudest bin", "what shapes a formant from noise", "60 dB")
PERIODIC = threshold(300, "thousandths of periodicity", "a fundamental from chance", "wide noise has up to 200")

# What the small networks say. Logarithms of odds: 0 is as likely as not
LIKELY = threshold(40, "tenths of a dB", "notes that are asked about from others", "99.8 % of those that sound")
SOUNDS = threshold(0.1, "log odds", "a note that sounds from one that does not", "the best F on random pieces")
HELD = threshold(-0.4, "log odds", "a note that sounded or will from its end", "the best F on random pieces")
OCTAVE = threshold(1.0, "log odds", "a tone an octave above one from its harmonics", "one false in eight")
FUSED = threshold(950, "thousandths of salience", "harmonics of one tone from notes", "chords of real notes: 1 %")
BEGINS = threshold(-1.0, "log odds", "a note that begins from one that goes on", "not measured")
LEADS = threshold(-1.0, "log odds", "a leading note from an accompaniment without one", "not measured")
STRUCK = threshold(-1.2, "log odds", "a stroke from chance", "the best F on random pieces")
BEGINNING = threshold(-1.2, "log odds", "the moment a note begins from chance", "the best F on random pieces")
FAINT_VOICE = threshold(-6000, "hundredths of a dB, the loudest band", "a voice from near silence", "-60 dBFS")
BASS_BELOW = threshold(45, "MIDI note", "what is bass alone", "A2: what bass instruments play")
TREBLE_ABOVE = threshold(57, "MIDI note", "what is treble alone", "an octave above that")

# Parts and tones
STANDS_OUT = threshold(60, "tenths of a dB", "a partial from what is around it", "an octave's mean, 6 dB")
CURVED = threshold(12, "cents", "harmonics on a curve from others", "a third of a bin")
BEATS_ALONE = threshold(0.6, "share of the variance", "one sine from any wavering", "as for a vibrato")
BEATS_DEEP = threshold(100, "hundredths of a dB", "a beating from a level's own wavering", "1 dB")
WEAK = threshold(-2500, "hundredths of a dB", "upper partials of plain tones", "pianos, strings, flutes have less")
STRONG = threshold(-800, "hundredths of a dB", "those of driven ones", "overdriven guitars have -8 to -18 dB")
STEADY = threshold(800, "hundredths of a dB", "upper partials that stay from those that waver", "8 dB in 0.4 s")
FLEETING = threshold(1600, "hundredths of a dB", "those that die away or strike", "plucked strings have 12 to 18 dB")
FREE_DECAY = threshold(400, "hundredths of a dB", "a decay from a level that holds", "3 s for 60 dB")
STRAIGHT = threshold(500, "hundredths of a dB", "a free decay from any fall", "what noise has in a band")
FEWEST_DECAYS = threshold(20, "", "a room from a few tones that fade", "not measured")

# Attacks and clicks
ONSET = threshold(300, "hundredths of a dB", "an onset from noise, in S", "steady noise has about 100")
CLEAR_ATTACK = threshold(300, "hundredths of a dB", "an attack that has a moment", "steady noise has about 100")
ATTACK_BEGINS = threshold(0.01, "of the highest energy", "where an attack begins", "a tenth of the amplitude")
ATTACK_ENDS = threshold(0.81, "of the highest energy", "where it ends", "nine tenths of the amplitude")
CLICK = threshold(10.0, "times the 30 ms before and after", "a click from noise", "10 dB")
CLICK_FAINT = threshold(16.0, "2**-32 of full scale squared", "a click from rounding", "16 bits' last one")
FALLING = threshold(3, "dB/s", "a fall from a steady level", "not measured")

# What repeats
PULSE = threshold(0.35, "correlation", "a pulse from chance", "not measured")
TRUST = threshold(0.15, "of all short windows", "a correlation of many from one of few", "not measured")
BEAT = threshold(0.15, "correlation", "a tempo from chance", "not measured")
BEATS = threshold(2.2, "s", "what is long enough for a tempo", "a little more than the slowest beat")
NEARLY = threshold(0.75, "times the highest peak", "the period from its multiples", "not measured")
INSIDE = threshold(0.9, "times the highest value", "a period that is shorter than the range", "not measured")
DIP = threshold(0.5, "times a peak", "a peak after a dip from a bump on a slope", "not measured")
REGULAR = threshold(0.45, "correlation", "a modulation from chance", "of noise, one frame in a thousand has it")
CLEAR_TONE = threshold(600, "thousandths of salience", "tones, whose cells beat, from modulation", "not measured")
