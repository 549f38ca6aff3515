"""What separates one thing from another in lines and words: each number once, with its unit and where it comes from.

"Tonal", "voiced" and the like have other values in nat-embed's table, on other scales: those are about single frames.
"""

from __future__ import annotations

from ..thresholds import threshold

# Measures of a frame
LOUDEST = threshold(300.0, "dB", "levels from what is not believed", "16 bits' range is 96 dB")
VOICED = threshold(0.6, "salience", "a pitch that is said from a vague one", "not measured")
HALF = threshold(0.5, "share of the frames", "what is said of a time from what is not", "the most of it")

# Where pitches and peaks go
NEW_NOTE = threshold(0.8, "semitones", "another note from the same", "a little less than a semitone")
LEAP_UP = threshold(2.04, "times", "a voice's way from a jump between voices", "a little more than an octave")
LEAP_DOWN = threshold(0.49, "times", "the same, downwards", "a little more than an octave")
SLIP_UP = threshold(1.7, "times the median", "a slip of the pitch from a note", "not measured")
SLIP_DOWN = threshold(0.6, "times the median", "the same, downwards", "not measured")
VAGUE = threshold(2.0, "semitones", "vague pitches that agree from those that do not", "a tone")
AGREEING = threshold(0.75, "share of the vague pitches", "a vague pitch from none", "not measured")
STILL = threshold(1.06, "times", "a frequency that moves from one that stands", "a semitone")
TURNING = threshold(1.25, "times", "a colour that turns from one that stays", "not measured")
OCTAVE_OFF = threshold(
    0.25, "octaves from a whole one", "a fundamental told an octave off from another", "not measured"
)
JUMP = threshold(1.9, "times", "one tone's way from several tones", "nearly an octave")
PERIODIC = threshold(23, "% of periodicity", "a tone, however rough, from noise", "noise stays below")
TURN_FRAMES = threshold(4, "frames", "events long enough to turn from shorter ones", "not measured")
AGREED = threshold(1 / 3, "share of the frames", "fundamentals that agree from a noise's", "those of noise do not")
ONE_TONE = threshold(1.15, "times", "fundamentals of one tone from several", "not measured")
MODULATED = threshold(2 / 3, "share of the frames", "a modulation from chance", "most of them")
SAME_RATE = threshold(0.08, "of the rate", "the same modulation from another", "not measured")
SHALLOW = threshold(1.0, "dB", "a modulation that is said from a shallow one", "not measured")
OWN_BEAT = threshold(0.1, "of a whole ratio", "a pitch's own beating from a modulation", "not measured")
OWN_RATIOS = threshold(
    4.2, "times the rate", "pitches that can beat so from higher ones", "its first four subharmonics"
)

# Scenes
ATTACK = threshold(6.0, "dB", "an attack from a swell", "not measured")
REGULAR = threshold(0.6, "regularity", "a pulse from chance", "not measured")
CHROMA = threshold(0.5, "of the strongest class", "a pitch class that is said from the rest", "not measured")
TONAL = threshold(0.5, "tonality, 0 to 1, of a scene", "what has pitch classes from noise", "not measured")

# Events
AGAIN = threshold(
    3.0, "dB", "a pitch struck again from one that is held; half of it as a rise of level", "not measured"
)
DIP = threshold(5.0, "dB", "a rise out of a dip, a new event, from wavering", "not measured")
FALL = threshold(12.0, "dB under its peak", "the event from what follows it", "not measured")
SINK = threshold(0.35, "of its height over the background", "the same, where it stands low over it", "not measured")
RING = threshold(6.0, "dB under its peak", "where a new pitch begins an event from where it rings out", "not measured")
LONGEST = threshold(8.0, "s", "an event from what lasts", "not measured")
QUIET = threshold(-65.0, "dBFS", "what begins an event from silence", "not measured")
BEGUN = threshold(1.0, "s", "a sound from one that the item begins in the midst of", "not measured")
GRADUAL = threshold(30, "ms of the attack", "what may be struck from surf, at an item's start", "not measured")
SLOW = threshold(15, "dB/s of the fall", "the same: nothing that is struck falls so slowly", "not measured")
SETTLED = threshold(3, "frames", "an event long enough for a new pitch, a modulation, from its start", "not measured")
RISES = threshold(
    6.0, "dB", "regions where an attack rises from the others, beside half of the highest", "not measured"
)
SINKING = threshold(3.0, "dB/s", "a fall that is said from a held level", "not measured")
SHORT = threshold(4, "frames", "events whose end has a say in the fall from longer ones", "not measured")
HARMONIC = threshold(6, "dB of harmonics over noise", "a tone's timbre from noise, in an event", "not measured")
ODD = threshold(8, "dB of odd over even harmonics", "a hollow timbre that is said, in an event", "not measured")

# The whole: which of the frames count, and how many it takes for a thing to be said
FEWEST = threshold(3, "frames", "what was measured from chance, in items of less than 15 frames", "not measured")
OFTEN = threshold(
    0.2, "share of the frames", "peaks, fundamentals and modulations that are said from chance", "not measured"
)
RARELY = threshold(
    0.05, "share of the frames", "pulses and modulations of chance from those that are there", "not measured"
)
LOUD = threshold(20, "dB below the loudest", "frames whose colour counts from what lies between", "not measured")
QUIETEST = threshold(-100, "dB", "levels that swell from silence", "16 bits' last one is -96")
EXTREMES = threshold((10.0, 90.0), "%", "from where to where pitches, peaks, rates and swell are said", "four fifths")
QUARTERS = threshold((25.0, 75.0), "%", "the same, of fundamentals: low and high are quartiles here", "a half")
LOUDNESS = threshold((0.1, 0.95), "share of the frames", "the range of levels from its extremes", "not measured")
PULSING = threshold(0.5, "share of the frames", "a regular pulse of the whole from one of a part", "half")
BROKEN_TRAIN = threshold(1.0, "s", "what interrupts a train of pulses from what ends it", "some pulses are hidden")
STEADY_TRAIN = threshold(0.06, "of the rate", "pulses that slow down or speed up from another train", "not measured")
SHORTEST_TRAIN = threshold(1.5, "s", "a train of pulses from chance", "regular() sees two seconds")
FEWEST_PULSES = threshold(5, "pulses", "the same", "not measured")
CHANCE_TRAIN = threshold(0.6, "share of its frames", "the same", "most of them")
MOVING_TRAIN = threshold(1.1, "times", "a train that slows down or speeds up from a steady one", "not measured")
LOCKED = threshold(0.3, "Hz", "hum that is locked to the mains from other tones", "grids keep within 0.2 Hz")

# Sections
DIFFERENT_LEVEL = threshold(2.0, "dB", "levels of sections from wavering, as a least spread", "not measured")
DIFFERENT_COLOUR = threshold(2.0, "tenths of an octave", "centroids of sections, the same", "not measured")
DIFFERENT_TONALITY = threshold(0.1, "tonality", "tonalities of sections, the same", "not measured")
DIFFERENT_BANDS = threshold(2.0, "dB", "regions of sections, the same", "not measured")
DIFFERENT_WOBBLE = threshold(2.0, "dB", "fluctuations of sections, the same", "not measured")
DIFFERENT_CHROMA = threshold(0.15, "of the strongest class", "pitch classes of sections, the same", "not measured")
NOVEL = threshold(0.5, "times the spread", "a boundary from wavering", "not measured")
SHORTEST = threshold(4.0, "s", "a section from an episode", "not measured")
PIECE = threshold(16.0, "s", "what can have sections from what is too short", "four of the shortest")
ALIKE = threshold(1.35, "spreads within a section", "sections of the same letter from others", "not measured")
LEAST_SPREAD = threshold(
    (0.1, 0.2), "for each measure", "differences of sections, of seconds, from nothing", "not measured"
)

# Parts of an item
OTHER_LEVEL = threshold(6.0, "dB", "a unit of difference of level", "not measured")
OTHER_COLOUR = threshold(0.5, "octaves", "the same of the centroid", "not measured")
OTHER_TONALITY = threshold(0.25, "of tonality", "the same of tonality", "not measured")
OTHER = threshold(6.0, "squared units, of half seconds", "parts from wavering", "a second that differs by two units")
UNLIKE = threshold(2.0, "units", "parts that are nothing like each other from others", "24 dB, or an octave")
LEVEL_WEIGHT = threshold(
    0.5, "of a unit", "how far levels have a say in that, beside colour", "what only gets louder is no other part"
)
SPREADS = threshold(1.5, "times the spread within", "parts from what comes and goes", "not measured")
MAINLY = threshold(0.9, "share of the time", "a part that is all but all of it", "not measured")
SAME_FOR = threshold(10.0, "s", "a unit of difference where nothing changes", "not measured")
BRIEF = threshold(1.0, "s", "a part from an event", "not measured")

# Channels and clipping that are news
CORRELATED = threshold(0.3, "correlation", "two channels that stand to each other in another way", "not measured")
MOVED = threshold(6.0, "dB", "channels, or mid and side, that moved against each other", "not measured")
SOFT = threshold(-60.0, "dBFS", "channels that are told from noise", "not measured")
UNCLIPPED = threshold(2.0, "s", "clipping that begins again from the same", "not measured")
ALIKE_CHANNELS = threshold(40.0, "dB of mid over side", "two channels that are alike to the ear", "not measured")

# Loudness and colour
CUT = threshold(15, "dB below the loudest", "an item that begins or ends in the midst of sound", "not measured")
BEGINS = threshold(0.1, "s", "an attack that is the item's start from a later one", "not measured")
MOST = threshold(6.0, "dB below the strongest region", "regions with most of the energy from the others", "a quarter")
FAINTEST = threshold(1e-9, "power", "a band from silence", "-90 dB")
SWELLS = threshold(6, "half seconds", "levels that can tell a swell from too few", "3 s")

MASKED = threshold(3.0, "dB", "an attack that the rest masks from none", "steady noise has none, rain two a second")
MASKED_OFTEN = threshold(0.3, "a second", "masked attacks that are told from chance", "steady noise has none")
MASKED_SHARE = threshold(0.5, "of the clear attacks", "the same from echoes of clear ones", "not measured")
ASIDE = threshold(-1.0, "dB below all", "energy outside of what is measured that is told from a rumble", "four fifths")
SILENT = threshold(-85.0, "dBFS", "what can't be heard from what is faint", "16 bits' dither is -93")
SILENCE = threshold(1.0, "s", "silence that is told from a pause", "not measured")
FAR = threshold(40.0, "dB below the loudest", "regions whose swell is told from what is not heard beside", "40 dB")
TELLING = threshold(6.0, "dB over what is usual", "a loudest moment from any", "twice as loud is 10")

# Sounds of the whole
LASTING = threshold(4.0, "s", "an event from what there is, where it does not fall", "not measured")
HEARD = threshold(30.0, "dB below the loudest", "events that count from faint ones", "one and a half times LOUD")
LOW = threshold(500, "Hz", "attacks of the lows alone from others", "not measured")
HIGH = threshold(2500, "Hz", "attacks of the highs alone from others", "not measured")
REPEATED = threshold(3, "sounds", "what can have a rhythm, can be alike, from too few", "two gaps")
GRID = threshold(0.1, "of a unit", "gaps that are multiples of one from any gaps", "not measured")
FINEST = threshold(0.1, "s", "a unit of gaps from one that fits any", "not measured")
GAPS = threshold(5, "gaps", "enough to tell a unit from too few", "not measured")
EVEN = threshold(0.2, "of the gap", "regular gaps from irregular ones", "not measured")

# Tones of the whole
CLEAR = threshold(
    8, "dB of harmonics over noise", "one clear voice, whose timbre can be told, from others", "not measured"
)
MIXED = threshold(5, "dB of harmonics over noise", "several tones from one", "not measured")
FAINT_HARMONIC = threshold(1e-5, "of the strongest's power", "a harmonic from none", "-50 dB")
VIBRATO = threshold(0.1, "share of the frames with a pitch", "a vibrato of the whole from chance", "not measured")
LASTS = threshold(0.15, "share of the frames", "a line that lasts from a peak that comes and goes", "not measured")
APART = threshold(2, "sixths of a tone", "two lines from the flanks of one", "not measured")
FASTER = threshold(1.2, "times the slow rate", "modulations at a range of rates from those at one", "not measured")

# Tempo, metre, key, chords
TIMED = threshold(0.6, "confidence", "a tempo, a metre that is told from one that is not", "sounds at random times")
BARRED = threshold(0.3, "confidence", "the same, where bars are told", "what tells bars may doubt their number")
SAME_TEMPO = threshold(0.1, "of the interval", "beats of the usual tempo from others", "drift and rubato")
STEADY_TEMPO = threshold(0.6, "of the beats", "what has a tempo from what has several, or none", "not measured")
FAST = threshold(100, "beats a minute", "tempos whose half may be meant from those whose double may", "not measured")
LOOPS = threshold((2, 4, 3, 8, 6), "bars", "chords that can come again and again", "usual phrases")
LOOPED = threshold(0.5, "of the bars", "chords that come again and again from others", "half")
KEYED = threshold(0.3, "share of the time with a chord", "what can have a key from other sounds", "not measured")
CLASSES = threshold(3, "pitch classes", "what can have a key from too few", "not measured")
OVER = threshold(1.3, "times the seventh strongest class", "a key from classes that are all alike", "not measured")
STRONG = threshold(0.2, "of the strongest class", "a pitch class that counts as one of these", "not measured")
SOUNDING = threshold(5.0, "s of tonal sound", "what can have a key from what is too short", "not measured")
AUDIBLE = threshold(-60, "dB", "seconds that have a say in the key from silence", "not measured")

# Words of levels, colours, pitches: each step is one that a listener would put a name to
LEVELS = threshold(
    (-60, -45, -33, -22, -12), "dB", "near silence, very quiet, quiet, medium, loud, very loud", "by ear"
)
COLOURS = threshold((250, 700, 1600, 3500), "Hz", "very dark, dark, mid, bright, very bright", "by ear")
PITCHES = threshold((200, 600), "Hz", "low, middle and high pitch", "by ear")
TONES = threshold((0.3, 0.6), "tonality, 0 to 1, of a code", "noisy, half tonal, tonal", "by ear")
GRAINS = threshold(
    (1.3, 2.5, 5.5), "dB of peaks over smooth noise's", "smooth, slightly grainy, grainy, spiky", "by ear"
)
TILTS = threshold((-18, -10, -4), "dB/octave of the harmonics", "pure, mellow, rich, sharp", "by ear")
HELD = threshold(1.0, "semitones/s", "a pitch that stands still from one that moves", "not measured")
GLIDING = threshold(4.0, "semitones/s", "a pitch that slides from one that moves", "not measured")
HOLLOW = threshold(8, "dB of odd over even harmonics", "a hollow tone from others", "not measured")
NOISE = threshold(30, "% of tonality", "noise from what is partly tonal", "by ear")
TONE = threshold(60, "% of tonality", "what is tonal from what is partly so", "by ear")
CLEARLY = threshold(50, "% of periodicity", "an unsteady tone from a rough one", "not measured")
FLUCTUATES = threshold(4.0, "dB", "a depth that is heard as movement from none", "by ear")
UNMOVED = threshold(2.0, "dB", "no fluctuation from a little", "by ear")
HIT = threshold(9.0, "dB", "a code of attacks from others", "by ear")
WORTH = threshold(0.5, "salience, of a code", "a pitch that is worth a word from none", "not measured")

# Words of codes that refine others: a size that has the right sign four times out of five, over many sounds
LOUDER = threshold(3.0, "dB", "louder, softer from the same", "by its sign, as above")
BRIGHTER = threshold(600.0, "Hz", "brighter, darker from the same", "by its sign, as above")
MORE_TONAL = threshold(0.08, "tonality", "more tonal, noisier from the same", "by its sign, as above")
SHARPER = threshold(2.0, "dB of attack", "sharper, smoother from the same", "by its sign, as above")
CLEARER = threshold(0.1, "salience", "a clearer, a vaguer pitch from the same", "by its sign, as above")
MORE_MOVED = threshold(2.0, "dB of fluctuation", "more, less movement from the same", "by its sign, as above")
REGION = threshold(4.0, "dB of a region", "more, less of it from the same", "by its sign, as above")

# Words of the whole
NARROW = threshold(6, "dB of range", "a steady level from one with a range", "by ear")
PAUSING = threshold(5, "% of the time", "pauses that are said from none", "not measured")
PITCHED = threshold(5, "% of the time", "a pitch that is said from a chance one", "not measured")
SINGING = threshold(20, "% of the time", "where grain is a voice's own from where it is a noise's", "not measured")
MUCH_PITCH = threshold(40, "% of the time", "where no vibrato is worth a word from where it is not", "not measured")
MOSTLY = threshold(20, "% of the tonal time", "one tone from several, by the difference of their times", "not measured")
CLICKING = threshold(0.5, "clicks a second", "clicks that are said from hardly any", "not measured")
STEADY = threshold(3, "dB", "a level that holds from one that swells", "by ear")
NEARLY = threshold(5, "dB", "a level that nearly holds, the same", "by ear")
MUCH_ALIKE = threshold(3, "dB, semitones", "sounds that are all much alike from others", "by ear")
TURNS = threshold(4, "semitones", "sounds that get darker, brighter from those that stay", "by ear")
SURE = threshold(0.25, "confidence", "a key that is told from one that is not", "not measured")

# What is said once: scenes that say what the last one said, sounds that are like an earlier one
LEVEL_SAME = threshold(3.0, "dB", "a scene's level, a list of levels, that is told again from the same", "by ear")
BESIDE = threshold(
    25.0, "dB below the highest", "levels whose change is told from those not heard beside it", "not measured"
)
COLOUR_SAME = threshold(1.26, "times", "a centroid that is told again from the same", "a third of an octave")
SHARE_SAME = threshold(15, "%", "a tonality, a periodicity that is told again from the same", "not measured")
GRAIN_SAME = threshold(2, "dB", "a grain that is told again from the same", "not measured")
RATE_SAME = threshold(1.1, "times", "a rate that is told again from the same", "not measured")
LEVEL_ALIKE = threshold(10.0, "dB", "sounds that are alike but for their level from others", "half as loud")
LOUDER_AGAIN = threshold(3, "dB", "levels of sounds that are told from those that are the same", "by ear")
ONSET_ALIKE = threshold(8.0, "dB", "onsets of sounds that are alike from others", "not measured")
LENGTH_ALIKE = threshold(
    (0.12, 1.6), "s; times", "durations of sounds that are alike from others", "one frame and a half"
)
COLOUR_ALIKE = threshold(1.34, "times", "centroids of sounds that are alike from others", "five semitones")
EVENLY = threshold((0.03, 0.08), "s; of the interval", "sounds at one distance from others", "not measured")
REMEMBERED = threshold(10.0, "s", "a sound that can be repeated from one that is long past", "not measured")
PERIODIC_ALIKE = threshold(15, "%", "periodicities of sounds that are alike from others", "not measured")
PATTERNS = threshold(8, "sounds", "those that can be repeated at a time", "not measured")

# Voices
LIKE_VOICE = threshold(0.16, "voice, 0 to 1, of half a second", "what moves as voices do from the rest", "five songs")
SURELY_VOICE = threshold(
    0.75, "the same, of two of them", "spans with a voice from others", "songs, pieces without any"
)
BRIDGED = threshold(1.0, "s", "a breath from a pause", "not measured")
VOICES = threshold(2.0, "s", "voices that are told from chance", "not measured")
SUNG = threshold(0.25, "of the frames with a note", "voices from noise that moves so", "speech and song have more")
STEADY_NOTE = threshold(0.3, "semitones from frame to frame", "a note that is held from one that glides", "by ear")
SYLLABLE = threshold(3.0, "dB of rise of the mids", "a syllable's beginning from wavering", "espeak-ng's speech")

# What sections hold
COMES = threshold((0.5, 0.15), "share of the time", "what is there in a section; what is not", "not measured")
TONED = threshold(
    0.3, "share of the time with notes", "a section that has a register from one that has none", "not measured"
)
ONE_CHORD = threshold(0.75, "of the bars", "one chord all the time from others", "not measured")
CHORDS_SAME = threshold(0.6, "of the bars", "chords that are those of an earlier section from others", "not measured")
LOUDER_SECTION = threshold(1.5, "dB, LU", "sections of one letter that differ in level from the same", "by ear")
DENSER = threshold(1.25, "times", "the same, in attacks", "not measured")
SAME_COLOUR = threshold(1.2, "times", "the same, in the centroid", "a quarter of an octave")
VOICE_MORE = threshold(20, "% of the time", "the same, in voice", "not measured")
HIGHER = threshold(3, "semitones", "the same, in register", "not measured")

# What mood is made of, and how notes are played
SOUNDING_BARS = threshold(4, "bars", "a piece whose character is told from too little", "a phrase")
GAP = threshold(1.0, "s", "a gap between notes from a rest", "a beat at 60 BPM")
ACCENT = threshold(3.0, "dB", "attacks that tell how unlike accents are from wavering", "not measured")
SWELLING = threshold(6.0, "dB", "a swell of a piece from wavering", "half as loud again")
SWELLING_FOR = threshold(6.0, "s", "the same from an accent", "not measured")
MIDDLE = threshold((48, 72), "MIDI notes", "the middle register from those below and above", "C3 and C5")
PLAYED = threshold(8, "notes", "a register that is told from a few notes", "not measured")
DISTORTED = threshold(0.2, "distortion, 0 to 1", "distorted notes from clean ones", "two sound fonts")
ROOM = threshold(5, "decays", "a reverberation that is told from chance", "not measured")
STRUCK = threshold(10, "dB/s of decay", "notes that are struck or plucked from those that are held", "two sound fonts")
AT_ONCE, SLOWLY = (
    threshold(25, "ms of attack", "held notes that begin at once from those that begin softly", "two sound fonts"),
    threshold(90, "ms of attack", "these from notes that swell", "two sound fonts"),
)

# The inside of events
OWN_POWER = threshold(0.1, "of a band's power", "what is an event's own, at least, from what was there before", "10 dB")
PARTED = threshold(
    (0.5, 25.0, 0.08), "octaves; % of tonality; octaves of f0", "parts of an event that differ", "by ear"
)
AROUND = threshold(6.0, "dB", "what leads up to an event, above the background; what follows it", "clearly")
LEADS = threshold(2, "frames", "what leads up to an event, at least", "one may be of the attack itself")
FORMANTS_SHARE = threshold(0.5, "of the frames", "formants that are told from chance", "half")
FORMANTS_MOVED = threshold(0.25, "octaves", "formants that move from those that stay", "not measured")

# Noise, and what comes again
NOISY_PERCENT = threshold(50, "% of tonality", "what is described as noise from tones", "not measured")
BUMP = threshold(4.0, "dB over the slope", "a resonance of noise from its slope", "not measured")
WAVES = threshold((0.05, 1.0), "Hz", "swells of noise: slower ones are a course, faster ones modulation", "gusts, surf")
WAVING = threshold((3.0, 0.5), "dB of swing; of the correlation", "swells that come again from chance", "steady noise")
TOGETHER = threshold((0.2, 0.6), "correlation", "lows and highs that swell apart; together", "not measured")
SLOWING = threshold(1.2, "times", "gaps that grow or shrink from even ones", "not measured")
PAIRED = threshold(1.5, "times", "gaps that are short and long in turn from even ones", "not measured")

# What comes and goes in part of the spectrum
BACKGROUND = threshold(
    (5.0, 25.0), "% of the frames", "a band's background from what rises over it; its low end", "a quarter is pauses"
)
PART_RISE = threshold(6.0, "dB above the background", "a band that rises from one that wavers", "twice the amplitude")
CHANCE_RISE = threshold(
    4.0, "standard deviations of noise", "the same, in a narrow band or a noise that wavers", "steady noises have none"
)
GROWS = threshold(0.6, "of that rise", "a faint sound's beginning and end from the background", "not measured")
FAINT_BANDS = threshold(0.75, "share of the bands", "what rises in part of the spectrum from all that swells", "most")
FAINT_FAR = threshold(40.0, "dB below the loudest", "faint sounds that are heard beside it from others", "as FAR")
FAINT_HEARD = threshold(0.05, "of the A-weighted power", "the same, at that moment", "13 dB")
FAINT_LASTS = threshold(3.0, "s", "what comes and goes from what stays", "not measured")
LONE = threshold(3.0, "dB beyond that rise", "a faint sound of one frame from chance", "not measured")
OF_AN_EVENT = threshold(0.3, "s after its beginning", "what comes while an event lasts from the event", "not measured")
WITHIN_EVENT = threshold(1.0, "s", "events in which something else may come from short ones", "not measured")
SAME_BAND = threshold(1 / 3, "of the bands of both", "faint sounds of like band from others", "two with one in common")
SAME_PEAK = threshold(1.19, "times", "narrow peaks of one kind of sound from chance", "a quarter of an octave")
FAINT_WEIGHT = threshold(24.0, "dB, the sum of rises", "faint sounds that are told from chance", "three of 8 dB")
SECOND_GROUP = threshold(0.75, "of the first's weight", "a group told beside a more telling one", "for brevity")
BRIEF_TONE = threshold(
    (0.055, 0.3), "s", "brief tones from chance and from tones that are held", "three peaks 20 ms apart"
)
BRIEF_STEP = threshold(0.12, "octaves from peak to peak", "one tone that glides from two", "1.4 semitones in 20 ms")
BRIEF_RATE = threshold(0.4, "1/s", "brief tones that are told from chance", "steady noises have none")
FEWEST_BRIEF = threshold(3, "tones", "the same", "two are told as sounds")
SWEEPING = threshold(1.0, "semitones", "brief tones that glide from those that stay", "a third is chance")
