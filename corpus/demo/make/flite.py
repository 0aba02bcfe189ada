"""Speech synthesis with flite 2.2 through its C library: waveform, phones and words of one sentence."""

import ctypes as C
from dataclasses import dataclass

import numpy as np

VOICES = ("slt", "rms", "awb", "kal16")  # all of them speak at 16 kHz
SEX = {"slt": "F", "rms": "M", "awb": "M", "kal16": "M"}
RATE = 16000


@dataclass
class Segment:
    """A labelled stretch of time, in seconds. Silence has an empty label."""

    start: float
    end: float
    label: str


@dataclass
class Speech:
    samples: np.ndarray  # int16 at RATE
    words: list[Segment]  # gaps between them are silence
    phones: list[Segment]  # ARPAbet with stress as in CMUdict ("AH0"); without gaps


class _Wave(C.Structure):
    _fields_ = [
        ("type", C.c_char_p),
        ("sample_rate", C.c_int),
        ("num_samples", C.c_int),
        ("num_channels", C.c_int),
        ("samples", C.POINTER(C.c_short)),
    ]


# flite's names of reduced and syllabic phones, as CMUdict writes them. Vowels take the stress of their syllable.
_REDUCED = {"ax": "AH"}
_VOWELS = {"AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"}


class Flite:
    """The library and its voices. Voices keep no state between sentences that this program could see."""

    def __init__(self) -> None:
        def load(name: str) -> C.CDLL:
            return C.CDLL(f"lib{name}.so.1", mode=C.RTLD_GLOBAL)

        self._lib = load("flite")
        load("flite_usenglish")
        load("flite_cmulex")
        self._lib.flite_init()
        p, s, f = C.c_void_p, C.c_char_p, C.c_float
        for name, result, args in [
            ("flite_synth_text", p, [s, p]),
            ("delete_utterance", None, [p]),
            ("utt_wave", C.POINTER(_Wave), [p]),
            ("utt_relation", p, [p, s]),
            ("relation_head", p, [p]),
            ("item_next", p, [p]),
            ("item_feat_string", s, [p, s]),
            ("item_feat_float", f, [p, s]),
            ("flite_path_to_item", p, [p, s]),
        ]:
            function = getattr(self._lib, name)
            function.restype, function.argtypes = result, args
        self._voices = {}
        for voice in VOICES:
            register = getattr(load("flite_cmu_us_" + voice), "register_cmu_us_" + voice)
            register.restype, register.argtypes = p, [s]
            self._voices[voice] = register(None)

    def say(self, text: str, voice: str) -> Speech:
        """Synthesizes text; the words found must be those of the text, one by one."""
        lib = self._lib
        utterance = lib.flite_synth_text(text.encode(), self._voices[voice])
        try:
            wave = lib.utt_wave(utterance).contents
            if wave.sample_rate != RATE or wave.num_channels != 1:
                raise ValueError(f"voice {voice}: {wave.sample_rate} Hz, {wave.num_channels} channels")
            samples = np.ctypeslib.as_array(wave.samples, (wave.num_samples,)).copy()
            words, phones = self._segments(utterance, len(samples) / RATE)
        finally:
            lib.delete_utterance(utterance)
        if [w.label for w in words] != text.split():
            raise ValueError(f"flite reads {text!r} as {[w.label for w in words]}")
        return Speech(samples, words, phones)

    def _segments(self, utterance: int, duration: float) -> tuple[list[Segment], list[Segment]]:
        lib = self._lib
        words: list[Segment] = []
        phones: list[Segment] = []
        item = lib.relation_head(lib.utt_relation(utterance, b"Segment"))
        start, last_word = 0.0, None
        while item:
            # The last phone may be said to end some milliseconds after the waveform.
            end = min(float(lib.item_feat_float(item, b"end")), duration)
            name = lib.item_feat_string(item, b"name").decode()
            syllable = lib.flite_path_to_item(item, b"R:SylStructure.parent")
            if name == "pau":
                phones.append(Segment(start, end, ""))
                last_word = None
            else:
                label = _REDUCED.get(name, name.upper())
                if label in _VOWELS:
                    label += lib.item_feat_string(syllable, b"stress").decode()
                phones.append(Segment(start, end, label))
                word = lib.flite_path_to_item(item, b"R:SylStructure.parent.parent")
                if word == last_word:
                    words[-1].end = end
                else:
                    words.append(Segment(start, end, lib.item_feat_string(word, b"name").decode()))
                last_word = word
            start = end
            item = lib.item_next(item)
        return words, phones
