"""The ear that is built in: no weights, the same numbers everywhere.

encoder.py       the streams S and A, from the measures
extractor.py     the table of measures, and the buffer that feeds them frame by frame
frames.py        the grid of frames: levels by region, flux, the pitch of each cell
spectrum.py      windows, transforms, bands, decibels; sums in a fixed order
pitch.py         pitch, chroma, harmonics
peaks.py         narrow peaks of a spectrum
periodicity.py   how far a short window repeats
"""
