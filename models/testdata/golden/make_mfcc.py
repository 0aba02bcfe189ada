"""Writes mfcc.npz: MFCC with deltas of the speech of filterbanks.npz and of its beginning, by an implementation that is not ours.

    pip install kaldi-native-fbank==1.22.4 scipy==1.17.1 numpy==2.4.6
    python make_mfcc.py

The coefficients are kaldi-native-fbank's. The deltas are those of Kaldi's add-deltas: the signal, with its first and last frame
repeated, correlated with the window of each order.
"""
import kaldi_native_fbank as knf
import numpy as np
from scipy.ndimage import correlate1d


def mfcc(samples):
    options = knf.MfccOptions()
    options.frame_opts.samp_freq = 16000
    options.frame_opts.dither = 0
    options.use_energy = False
    computer = knf.OnlineMfcc(options)
    computer.accept_waveform(16000, samples.astype(np.float32).tolist())
    computer.input_finished()
    return np.stack([np.array(computer.get_frame(i)) for i in range(computer.num_frames_ready)])


def with_deltas(static):
    first = np.array([-2, -1, 0, 1, 2]) / 10
    second = np.convolve(first, first)
    orders = [correlate1d(static.astype(np.float64), window, axis=0, mode="nearest") for window in (first, second)]
    return np.concatenate([static, *orders], axis=1).astype(np.float32)


def main():
    speech = np.load("filterbanks.npz")["speech_16k"]
    arrays = {}
    for name, samples in (("speech", speech), ("short", speech[:720])):  # three frames: fewer than the windows of deltas
        arrays[name] = with_deltas(mfcc(samples * 32768))
    np.savez_compressed("mfcc.npz", **arrays)


main()
