"""The stand-in's ears: French speech to one sentence of a closed list, or to nothing.

No open French recogniser can be had offline, so these ears know `phrases_fr.txt` and nothing else. Three honest
steps: the English acoustic model inside the pocketsphinx wheel picks the best sentence of a grammar whose words are
spelled in the phonemes espeak-ng gives them; the audio is then compared with our own rendering of that sentence; too
unlike, and nothing was understood. A sentence outside the list never gets a transcript of its own. Not thread-safe
inside, hence the lock.
"""

import threading
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from voice_gateway.standin import likeness
from voice_gateway.standin.audio import RATE_HZ, resample, samples
from voice_gateway.standin.voice import phonemes, speak

_RECOGNISER_HZ = 16_000

# Alignment distance at which confidence is one half. Measured on the 77 sentences: 0.3-1.1 for our own voice, 3.2 at
# most for another espeak-ng voice, 3.8 at most under noise of 400 rms; 3.8-5.0 for sentences outside the list.
_HALF_CONFIDENCE_DISTANCE = 3.6
UNDERSTOOD_CONFIDENCE = 0.5

# Digital silence has no logarithm: without a little noise two thirds of clean renderings are lost (19 % recall
# against 100 %).
_DITHER_LEVEL = 100.0
# French vowels score poorly on an English model; with the default beams the right path is pruned before it ends.
_BEAM = 1e-100
_WORD_BEAM = 1e-80

# IPA as espeak-ng writes it for French (and for the English words it meets there), to the nearest phone of the
# English model.
_ARPABET = {
    "a": "AA", "aː": "AA", "ɑ": "AA", "ɑː": "AA", "ɒ": "AA", "æ": "AE", "ʌ": "AH",
    "e": "EY", "ɛ": "EH", "ɛː": "EH", "ɜː": "ER",
    "i": "IY", "iː": "IY", "ɪ": "IH", "o": "OW", "ɔ": "AO", "ɔː": "AO", "u": "UW", "uː": "UW", "ʊ": "UH", "y": "UW",
    "ø": "ER", "œ": "ER", "ə": "AH", "ɐ": "AH", "ɚ": "ER", "əʊ": "OW", "oʊ": "OW", "aɪ": "AY", "eɪ": "EY",
    "aʊ": "AW", "ɔɪ": "OY",
    "ɑ̃": "AA N", "ɔ̃": "OW N", "ɛ̃": "AE N", "œ̃": "AH N",
    "ʁ": "HH", "ɹ": "R", "l": "L", "s": "S", "z": "Z", "d": "D", "t": "T", "k": "K", "ɡ": "G", "p": "P",
    "b": "B", "m": "M",
    "n": "N", "ŋ": "NG", "ɲ": "N Y", "v": "V", "f": "F", "ʒ": "ZH", "ʃ": "SH", "j": "Y", "w": "W", "ɥ": "W", "h": "HH",
    "tʃ": "CH", "dʒ": "JH", "θ": "TH", "ð": "DH",
}  # fmt: skip


class EarsError(Exception):
    """The stand-in cannot listen."""


class PhonemeUnknownError(EarsError):
    """A sentence of the list is pronounced with a phoneme the table does not translate."""


@dataclass(frozen=True)
class Recognition:
    """What was understood of one utterance."""

    transcript: str | None  # a sentence of the list, verbatim; None when nothing was understood
    confidence: float  # 0-1; at least 0.5 when there is a transcript


def known_phrases() -> tuple[str, ...]:
    """The sentences the ears can understand, in the order of their file."""
    lines = files("voice_gateway.standin").joinpath("phrases_fr.txt").read_text(encoding="utf-8").splitlines()
    return tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def _arpabet(ipa: str) -> list[str]:
    bare = ipa.strip("ˈˌ-")
    if not bare or bare.startswith("("):  # a stress mark alone, or espeak-ng's note that the language changes
        return []
    phones = _ARPABET.get(bare)
    if phones is None:
        raise PhonemeUnknownError(
            f"found the phoneme {bare!r}, expected one of the table in ears.py: add its nearest English phone"
        )
    return phones.split()


class Ears:
    """A recogniser of exactly the given sentences."""

    def __init__(self, phrases: tuple[str, ...]) -> None:
        # The wheel holds a 30 MB acoustic model: loaded with the first ears, not with this module.
        import pocketsphinx

        self._decoder = pocketsphinx.Decoder(
            lm=None, dict=None, bestpath=False, beam=_BEAM, pbeam=_BEAM, wbeam=_WORD_BEAM, loglevel="FATAL"
        )
        self._lock = threading.Lock()
        self._phrases: dict[str, str] = {}
        words: set[str] = set()
        for phrase in phrases:
            spelled = [[phone for ipa in word for phone in _arpabet(ipa)] for word in phonemes(phrase)]
            names = ["_".join(phones) for phones in spelled if phones]
            self._phrases[" ".join(names)] = phrase
            words.update(names)
        for position, name in enumerate(sorted(words), start=1):
            # Only the last word rebuilds the search, which is the slow part.
            self._decoder.add_word(name, name.replace("_", " "), position == len(words))
        sentences = " | ".join(self._phrases)
        self._decoder.add_jsgf_string("phrases", f"#JSGF V1.0;\ngrammar phrases;\npublic <phrase> = {sentences} ;")
        self._decoder.activate_search("phrases")

    def recognise(self, pcm: bytes) -> Recognition:
        """The sentence spoken in mono PCM16 at 24 kHz, silence around it allowed; no transcript when too unsure."""
        spoken = likeness.trim(pcm)
        phrase = self._best_phrase(spoken) if spoken else None
        if phrase is None:
            return Recognition(transcript=None, confidence=0.0)
        heard, expected = likeness.features(spoken), likeness.features(likeness.trim(speak(phrase)))
        confidence = max(0.0, 1.0 - likeness.distance(heard, expected) / (2 * _HALF_CONFIDENCE_DISTANCE))
        return Recognition(transcript=phrase if confidence >= UNDERSTOOD_CONFIDENCE else None, confidence=confidence)

    def _best_phrase(self, spoken: bytes) -> str | None:
        signal = samples(resample(spoken, from_hz=RATE_HZ, to_hz=_RECOGNISER_HZ)).astype(np.float64)
        noise = np.random.default_rng(seed=0).normal(0.0, _DITHER_LEVEL, len(signal))
        dithered = np.clip(signal + noise, -32768, 32767).astype("<i2").tobytes()
        with self._lock:
            self._decoder.start_utt()
            self._decoder.process_raw(dithered, full_utt=True)
            self._decoder.end_utt()
            hypothesis = self._decoder.hyp()
        return self._phrases.get(hypothesis.hypstr) if hypothesis else None


@cache
def _ears() -> Ears:
    return Ears(known_phrases())


def recognise(pcm: bytes) -> Recognition:
    """The closed list's sentence spoken in `pcm` (mono PCM16, 24 kHz), or none. Any thread may call; about 80 ms."""
    return _ears().recognise(pcm)
