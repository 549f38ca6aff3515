"""MIDI to sound, by FluidSynth with a General MIDI sound font; and what may happen to a sound on its way to the ear."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from .pieces import TPQ, Piece

FONTS = [  # of Debian: fluid-soundfont-gm, timgm6mb-soundfont, musescore-general-soundfont
    Path("/usr/share/sounds") / name
    for name in (
        "sf2/FluidR3_GM.sf2",
        "sf2/TimGM6mb.sf2",
        "sf3/MuseScore_General.sf3",
        "sf2/MuseScore_General_Full.sf2",
    )
]
RATE = 44100
REVERB = (0.6, 2.0)  # seconds in which a reverberation falls by 60 dB
WET = (-10.0, -4.0)  # dB, a reverberation's energy relative to the dry sound
SNR = 15.0  # dB of sound over noise

Samples = np.ndarray[Any, np.dtype[np.float64]]  # (n, channels), full scale 1


def write(path: Path, piece: Piece) -> None:
    """The piece as a MIDI file."""
    import mido

    file = mido.MidiFile(ticks_per_beat=TPQ)
    track = mido.MidiTrack()
    file.tracks.append(track)
    track.append(mido.MetaMessage("set_tempo", tempo=round(6e7 / piece.tempo * TPQ / piece.unit)))
    for channel, program in piece.programs.items():
        track.append(mido.Message("program_change", channel=channel, program=program))
    events = [(n.at, 1, n.channel, n.note, n.velocity) for n in piece.notes]
    events += [(n.at + n.length, 0, n.channel, n.note, 0) for n in piece.notes]
    now = 0
    for tick, on, channel, note, velocity in sorted(events):
        kind = "note_on" if on else "note_off"
        track.append(mido.Message(kind, channel=channel, note=note, velocity=velocity, time=tick - now))
        now = tick
    file.save(path)


def play(midi: Path, wav: Path, font: Path) -> None:
    """A MIDI file to a stereo WAV file."""
    if not shutil.which("fluidsynth"):
        raise SystemExit("make: fluidsynth is not installed, and pieces can't be played; TRUTH=folder needs none")
    command = ["fluidsynth", "-ni", "-q", "-g", "0.5", "-r", str(RATE), "-F", str(wav), str(font), str(midi)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode or not wav.exists():
        raise SystemExit(f"fluidsynth: {done.stderr.strip()}")


def perform(piece: Piece, wav: Path, font: Path) -> None:
    """A piece to a WAV file."""
    midi = wav.with_suffix(".mid")
    write(midi, piece)
    play(midi, wav, font)
    midi.unlink()


def shaped(noise: Samples) -> Samples:
    """White noise made pink: as much energy in each octave, from 30 Hz."""
    hertz = np.fft.rfftfreq(len(noise), 1 / RATE)
    spectrum = np.fft.rfft(noise, axis=0) / np.sqrt(np.maximum(hertz, 30))[:, None]
    return np.asarray(np.fft.irfft(spectrum, len(noise), axis=0))


def fitted(sound: Samples, like: Samples) -> Samples:
    """At the peak of another sound, so that nothing clips."""
    return np.asarray(sound * (np.abs(like).max() / max(float(np.abs(sound).max()), 1e-9)))


def reverberated(sound: Samples, rng: np.random.Generator) -> Samples:
    """In a room: the sound, and behind it itself convolved with noise that decays, other noise in each channel."""
    decay, wet = rng.uniform(*REVERB), rng.uniform(*WET)
    time = np.arange(round(decay * RATE))[:, None] / RATE
    room = rng.standard_normal((len(time), sound.shape[1])) * 10 ** (-3 * time / decay)
    size = len(sound) + len(room)
    tail = np.fft.irfft(np.fft.rfft(sound, size, axis=0) * np.fft.rfft(room, size, axis=0), size, axis=0)[: len(sound)]
    tail *= 10 ** (wet / 20) * np.sqrt(np.mean(sound**2) / np.mean(tail**2))
    return fitted(sound + tail, sound)


def noisy(sound: Samples, rng: np.random.Generator) -> Samples:
    """Under pink noise, SNR dB below it."""
    noise = shaped(np.asarray(rng.standard_normal(sound.shape)))
    noise *= 10 ** (-SNR / 20) * np.sqrt(np.mean(sound**2) / np.mean(noise**2))
    return fitted(sound + noise, sound)
