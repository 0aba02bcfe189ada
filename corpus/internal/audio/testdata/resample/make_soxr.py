"""Makes soxr_*.f32 and soxr_tones.csv: what soxr 1.1.0 from PyPI (libsoxr 0.1.3-14) does at its quality "HQ".

    pip install soxr==1.1.0 numpy==2.4.6 && python make_soxr.py
"""
import csv
import os

import numpy as np
import soxr

os.chdir(os.path.dirname(os.path.abspath(__file__)))

# The lower Nyquist frequency is 1. What lies between the pass band and it is anyone's choice.
PASS = [0.01, 0.1, 0.25, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.875, 0.9, 0.91]
STOP = [1.001, 1.01, 1.02, 1.0625, 1.1, 1.25, 1.5, 1.75, 1.9]
RATES = [(44100, 16000), (48000, 16000), (22050, 16000), (24000, 16000), (16000, 24000), (8000, 16000), (11025, 24000), (22051, 16000)]


def decibels(x):
    return 20 * np.log10(max(np.sqrt(np.mean(x**2)) * np.sqrt(2), 1e-10))


with open("soxr_tones.csv", "w", newline="") as file:
    out = csv.writer(file, lineterminator="\n")
    out.writerow(["from", "to", "hz", "tone_db", "rest_db"])
    for rate, to in RATES:
        for f in PASS + STOP:
            hz = f * min(rate, to) / 2
            if hz >= rate / 2:
                continue
            x = np.sin(2 * np.pi * hz * np.arange(rate) / rate)
            y = soxr.resample(x, rate, to, "HQ")
            t = np.arange(len(y)) / to
            middle = slice(len(y) // 4, len(y) * 3 // 4)
            y, t = y[middle], t[middle]
            tone = np.zeros(len(y))
            if f < 1:
                waves = np.stack([np.sin(2 * np.pi * hz * t), np.cos(2 * np.pi * hz * t)], 1)
                tone = waves @ np.linalg.lstsq(waves, y, rcond=None)[0]
            out.writerow([rate, to, f"{hz:g}", f"{decibels(tone):.4f}", f"{decibels(y - tone):.1f}"])

# Silence around it, because soxr's first samples differ by what it takes the time before the beginning for.
silence = np.zeros(1600)
speech = np.concatenate([silence, np.fromfile("odd1601_16k.f32", "<f4"), silence])
for to in 24000, 44100, 8000:
    y = soxr.resample(speech, 16000, to, "HQ")[1600 * to // 16000 :]
    y[: -(-1601 * to // 16000)].astype("<f4").tofile(f"soxr_{to}.f32")
