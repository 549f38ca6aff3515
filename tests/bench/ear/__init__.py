"""Fits the small networks of the built-in ear again: natlib/data/ear.weights. `make ear CORPUS=folder` runs it.

textures.py   random notes and drums, played by FluidSynth
voices.py     a voice that sings any melody
rooms.py      what may happen to a sound on its way: rooms, noise, colour
material.py   puts these together, with their truth
examples.py   what the networks see of each file, and what they should say
networks.py   the networks, as torch fits them
fitting.py    the fit
__main__.py   all of it, and the file
"""
