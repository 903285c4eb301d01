"""The music of the profile page, "Glass and Packets": 48 bars in D major, synthesised here, sample by sample.

Written for this project. Glass bells (two-operator FM) carry the tune, over a soft pad, a plucked arpeggio, a bass and
a little percussion; one artificial hall holds it together. It begins at once and rings out at the very end, so that a
player can be tested at any position. The same numbers each time: the only noise comes from a seeded generator.
"""

import numpy as np

RATE = 48_000
BARS = 48
SECONDS = 142.2  # 5,925 frames of 24 ms: 192 kbit/s make 3.4 MB
BEAT = SECONDS / (BARS * 4)
SAMPLES = round(SECONDS * RATE)

# Each chord: bass note, then the voices of the pad (MIDI numbers; 62 is the D above middle C).
CHORDS = {
    "D": (38, (57, 62, 64, 66)),
    "Bm": (35, (57, 59, 62, 66)),
    "G": (43, (55, 59, 62, 66)),
    "A": (45, (57, 61, 64, 69)),
    "Em": (40, (55, 59, 62, 66)),
    "F#m": (42, (57, 61, 64, 66)),
    "Gm": (43, (55, 58, 62, 67)),
}
VERSE = "D Bm G A D Bm Em A"
BRIDGE = "G A F#m Bm Em A D D"
CODA = "G A Bm G Em Gm D D"
HARMONY = " ".join((VERSE, VERSE, BRIDGE, VERSE, BRIDGE, CODA)).split()

# Tunes of eight bars: (beat, note, length in beats).
TUNE_VERSE = [
    (0, 78, 1.5), (1.5, 76, .5), (2, 74, 2), (4, 73, 1.5), (5.5, 74, .5), (6, 69, 2),
    (8, 71, 1), (9, 74, 1), (10, 78, 1.5), (11.5, 79, .5), (12, 76, 3),
    (16, 78, 1.5), (17.5, 81, .5), (18, 86, 2), (20, 85, 1), (21, 81, 1), (22, 78, 2),
    (24, 79, 1), (25, 78, 1), (26, 76, 1), (27, 71, 1), (28, 76, 1.5), (29.5, 78, .5), (30, 81, 2),
]
TUNE_BRIDGE = [
    (0, 83, 1.5), (1.5, 81, .5), (2, 79, 1), (3, 78, 1), (4, 76, 2.5), (6.5, 78, .5), (7, 79, 1),
    (8, 81, 1.5), (9.5, 80, .5), (10, 81, 1), (11, 85, 1), (12, 83, 3), (15, 78, 1),
    (16, 79, 1.5), (17.5, 78, .5), (18, 76, 1), (19, 79, 1), (20, 81, 1.5), (21.5, 79, .5), (22, 76, 1), (23, 73, 1),
    (24, 74, 3), (27, 76, .5), (27.5, 78, .5), (28, 81, 2), (30, 86, 2),
]
TUNE_CODA = [
    (0, 78, 2), (2, 74, 2), (4, 76, 3), (8, 74, 2), (10, 73, 2), (12, 71, 3),
    (16, 71, 1.5), (17.5, 74, .5), (18, 79, 2), (20, 82, 2), (22, 79, 2), (24, 81, 2), (26, 78, 2), (28, 86, 4),
]


def frequency(note):
    return 440.0 * 2.0 ** ((note - 69) / 12.0)


def add(track, beat, sound, gain, pan):
    """Lays a mono sound into the stereo track; pan from -1 (left) to 1 (right)."""
    start = round(beat * BEAT * RATE)
    sound = sound[: max(0, SAMPLES - start)]
    angle = (pan + 1.0) * np.pi / 4.0
    track[0, start : start + len(sound)] += sound * gain * np.cos(angle)
    track[1, start : start + len(sound)] += sound * gain * np.sin(angle)


def seconds(length):
    return np.arange(round(length * RATE)) / RATE


def bell(note, beats):
    """A glass bell: a sine whose overtones, bright at the stroke, die before it does."""
    f, t = frequency(note), seconds(beats * BEAT + 2.6)
    stroke = np.minimum(t / 0.004, 1.0) * np.exp(-t / (0.45 + 0.28 * beats * BEAT))
    colour = 1.5 * np.exp(-t / 0.22) * np.sin(2 * np.pi * 3.504 * f * t)
    tone = np.sin(2 * np.pi * f * t + colour) + 0.28 * np.sin(2 * np.pi * 2.002 * f * t) * np.exp(-t / 0.5)
    return tone * stroke * np.minimum((t[-1] - t) / 0.3, 1.0)


def pluck(note):
    """A small string: a few harmonics, the higher the shorter."""
    f, t = frequency(note), seconds(1.1)
    tone = sum(np.sin(2 * np.pi * k * f * t + k) * np.exp(-t * (3.2 + 2.4 * k)) / k for k in range(1, 7))
    return tone * np.minimum(t / 0.003, 1.0) * np.minimum((t[-1] - t) / 0.1, 1.0)


def pad(note, beats):
    """A slow, warm tone of three voices slightly out of tune with each other."""
    f, t = frequency(note), seconds(beats * BEAT + 1.2)
    tone = np.zeros_like(t)
    for detune in (-0.0021, 0.0, 0.0024):
        for k in range(1, 8):
            shade = np.exp(-0.52 * k) * (1.0 + 0.25 * np.sin(2 * np.pi * 0.19 * t + k))
            tone += shade * np.sin(2 * np.pi * k * f * (1.0 + detune) * t + 1.3 * k + 900.0 * detune)
    return tone * np.minimum(t / 0.7, 1.0) * np.clip((t[-1] - t) / 1.2, 0.0, 1.0)


def bass(note, beats):
    f, t = frequency(note), seconds(beats * BEAT + 0.15)
    tone = np.sin(2 * np.pi * f * t) + 0.42 * np.sin(4 * np.pi * f * t) + 0.14 * np.sin(6 * np.pi * f * t)
    return np.tanh(1.3 * tone) * np.minimum(t / 0.015, 1.0) * np.exp(-t / 1.9) * np.clip((t[-1] - t) / 0.15, 0.0, 1.0)


def kick():
    t = seconds(0.32)
    return np.sin(2 * np.pi * (46.0 * t + 2.6 * (1.0 - np.exp(-t / 0.028)))) * np.exp(-t / 0.11)


def brush(random, length, low):
    """A breath of noise above `low` hertz."""
    t = seconds(length * 5)
    spectrum = np.fft.rfft(random.normal(0.0, 1.0, len(t)))
    hertz = np.fft.rfftfreq(len(t), 1.0 / RATE)
    spectrum *= 1.0 / (1.0 + (low / np.maximum(hertz, 1.0)) ** 6) / (1.0 + (hertz / 12_000.0) ** 4)
    return np.fft.irfft(spectrum, len(t)) * np.exp(-t / length) * np.minimum(t / 0.004, 1.0)


def play_harmony(wet, dry):
    """Pad, bass and arpeggio, which follow the chords."""
    figure = (0, 2, 1, 3, 2, 4, 3, 1)
    for bar, name in enumerate(HARMONY):
        root, voices = CHORDS[name]
        last = bar == BARS - 1
        for index, note in enumerate(voices):
            add(wet, 4 * bar, pad(note, 4), 0.042, -0.6 + 0.4 * index)
        if bar >= 8 and not last:
            add(dry, 4 * bar, bass(root, 2.5), 0.20, 0.0)
            add(dry, 4 * bar + 2.5, bass(root + (7 if bar % 2 else 12), 1.5), 0.15, 0.0)
        if last:
            add(wet, 4 * bar, bass(root, 4), 0.20, 0.0)
        ladder = tuple(note + 12 for note in voices) + (voices[0] + 24,)
        for step in range(8 if not last else 4):
            loud = 0.055 + 0.02 * (step % 4 == 0) + (0.012 if 16 <= bar < 40 else 0.0)
            add(wet, 4 * bar + step / 2, pluck(ladder[figure[step]]), loud, 0.55 * np.sin(0.9 * step + bar))


def play_tune(wet):
    """The bells: alone on the second verse, with an echo an octave above afterwards."""
    for part, tune in enumerate((None, TUNE_VERSE, TUNE_BRIDGE, TUNE_VERSE, TUNE_BRIDGE, TUNE_CODA)):
        for beat, note, length in tune or []:
            add(wet, 32 * part + beat, bell(note, length), 0.15, 0.12)
            if part in (3, 4):
                add(wet, 32 * part + beat + 0.75, bell(note + 12, 0.5), 0.022, -0.5)
                add(wet, 32 * part + beat, bell(note - 12, length), 0.045, -0.25)
    for beat, note in ((0, 86), (4, 85), (8, 83), (12, 81), (16, 86), (20, 90), (24, 88), (28, 85), (30, 81)):
        add(wet, beat, bell(note, 2), 0.085, 0.35 * np.cos(beat))


def play_drums(dry, random):
    """From the first tune on: a soft kick, a brush on two and four, and a shaker in eighths."""
    stroke, shaker = brush(random, 0.06, 1800.0), brush(random, 0.018, 5200.0)
    for bar in range(8, 44):
        for beat in (0.0, 2.5) if bar % 2 else (0.0, 2.0):
            add(dry, 4 * bar + beat, kick(), 0.26 if bar >= 16 else 0.17, 0.0)
        for beat in (1, 3) if bar >= 12 else ():
            add(dry, 4 * bar + beat, stroke, 0.030, 0.1)
        for step in range(8) if bar >= 16 else ():
            add(dry, 4 * bar + step / 2, shaker, 0.030 if step % 2 else 0.018, -0.35)


def hall(track, random):
    """The track in a room: convolution with a decaying noise, different for each ear."""
    t = seconds(2.8)
    size = 1 << int(np.ceil(np.log2(SAMPLES + len(t))))
    hertz = np.fft.rfftfreq(size, 1.0 / RATE)
    warm = 1.0 / (1.0 + (hertz / 5200.0) ** 2) / (1.0 + (180.0 / np.maximum(hertz, 1.0)) ** 4)
    wet = np.empty_like(track)
    for ear in range(2):
        echo = random.normal(0.0, 1.0, len(t)) * np.exp(-t / 0.62) * np.minimum(t / 0.02, 1.0)
        echo /= np.sqrt(np.sum(echo * echo))
        wet[ear] = np.fft.irfft(np.fft.rfft(track[ear], size) * np.fft.rfft(echo, size) * warm, size)[:SAMPLES]
    return wet


def compose():
    """The whole piece as an array of SAMPLES x 2 sixteen-bit numbers."""
    random = np.random.Generator(np.random.PCG64(11))
    wet, dry = np.zeros((2, SAMPLES)), np.zeros((2, SAMPLES))
    play_harmony(wet, dry)
    play_tune(wet)
    play_drums(dry, random)
    track = wet + dry + 0.42 * hall(wet + 0.12 * dry, random)
    track = np.tanh(1.5 * track / np.max(np.abs(track)))
    time = np.arange(SAMPLES) / RATE
    track *= np.minimum(time / 0.01, 1.0) * np.clip((SECONDS - time) / 2.4, 0.0, 1.0)
    dither = random.uniform(-0.5, 0.5, track.shape)
    return np.rint(track / np.max(np.abs(track)) * 0.89 * 32767.0 + dither).astype("<i2").T
