"""The voice speaks 24 kHz French; the ears understand all of their list in it, and little else."""

import numpy as np
import pytest

from voice_gateway.standin.audio import duration_ms, frame_levels, resample, samples, silence
from voice_gateway.standin.ears import Ears, PhonemeUnknownError, _arpabet, known_phrases, recognise
from voice_gateway.standin.likeness import trim
from voice_gateway.standin.voice import LanguageUnknownError, speak

# Measured on the 77 phrases, twice: 77 of 77 plain, 77 of 77 with silence around, 77 of 77 under hiss.
_RECALL = 0.95

OUTSIDE = (
    "Je mange une pomme dans le jardin.",
    "Quel temps fait-il à Paris ?",
    "La capitale de la France est Paris.",
    "Le train part à huit heures du quai numéro trois.",
    "Les ordinateurs quantiques calculent vite.",
    "Je voudrais un café et deux croissants.",
    "Le président a prononcé un discours hier soir.",
    "Bonjour.",
)


def hiss(pcm: bytes) -> bytes:
    """`pcm` in a room with an audible hiss, 200 rms against a voice of thousands."""
    noise = np.random.default_rng(7).normal(0, 200, len(samples(pcm)))
    return np.clip(samples(pcm) + noise, -32768, 32767).astype("<i2").tobytes()


@pytest.mark.parametrize(("surroundings", "every"), [("silence", 1), ("plain", 4), ("hiss", 4)])
def test_recall_over_the_list(surroundings: str, every: int) -> None:
    """Spoken by our own voice between silences, as it is, or in a hiss: (nearly) every phrase is understood."""
    phrases = known_phrases()[::every]
    assert len(known_phrases()) >= 60

    def surrounded(pcm: bytes) -> bytes:
        if surroundings == "plain":
            return pcm
        padded = silence(400) + pcm + silence(700)
        return hiss(padded) if surroundings == "hiss" else padded

    understood = [recognise(surrounded(speak(phrase))).transcript == phrase for phrase in phrases]
    assert sum(understood) / len(phrases) >= _RECALL


@pytest.mark.parametrize(
    "spoken",
    ["Les douches sont sales, c'est inadmissible", "Le tapis numéro quatre est en panne et personne ne s'en occupe"],
)
def test_a_missing_full_stop_does_not_matter(spoken: str) -> None:
    """The voice falls less at the end, the phrase is the same."""
    assert recognise(silence(300) + speak(spoken) + silence(600)).transcript == spoken + "."


@pytest.mark.parametrize("sentence", OUTSIDE)
def test_sentences_outside_the_list_are_not_understood(sentence: str) -> None:
    """No transcript of its own, and none of a phrase that merely resembles it."""
    recognition = recognise(silence(300) + speak(sentence) + silence(500))
    assert recognition.transcript is None
    assert recognition.confidence < 0.5


@pytest.mark.parametrize("pcm", [b"", b"\x00", silence(2000)])
def test_silence_is_not_understood(pcm: bytes) -> None:
    """Nothing said, nothing heard, no error."""
    assert recognise(pcm).transcript is None


def test_noise_is_not_understood() -> None:
    """Two loud seconds of nothing are no phrase."""
    noise = np.random.default_rng(3).normal(0, 3000, 48_000).astype("<i2").tobytes()
    assert recognise(noise).transcript is None


def test_ears_for_a_list_of_ones_own() -> None:
    """Any French phrases can be the list; two that share words are told apart."""
    ears = Ears(("Où est le sauna ?", "Où est le vestiaire ?"))
    assert ears.recognise(speak("Où est le sauna ?")).transcript == "Où est le sauna ?"
    assert ears.recognise(speak("Où est le vestiaire ?")).transcript == "Où est le vestiaire ?"


def test_an_unknown_phoneme_is_an_error() -> None:
    """A phrase that cannot be spelled is refused at once, not silently unheard."""
    with pytest.raises(PhonemeUnknownError, match=r"ears\.py"):
        _arpabet("ʘ")


def test_the_voice_is_audible_french_at_24_khz() -> None:
    """A second and more of speech, loud enough for the detector, the same bytes when asked again."""
    pcm = speak("Bonjour, que puis-je faire pour vous ?")
    assert 1000 < duration_ms(pcm) < 4000
    assert max(frame_levels(pcm, frame_ms=20)) > 2000
    assert speak("Bonjour, que puis-je faire pour vous ?") is pcm


def test_an_unknown_language_is_refused() -> None:
    """The error names the language."""
    with pytest.raises(LanguageUnknownError, match="nowhere"):
        speak("Bonjour", language="nowhere")


@pytest.mark.parametrize(("from_hz", "to_hz"), [(22_050, 24_000), (24_000, 16_000), (24_000, 24_000)])
def test_resampling_keeps_a_tone_and_its_length(from_hz: int, to_hz: int) -> None:
    """One second of 440 Hz stays one second of 440 Hz, as loud as it was."""
    time = np.arange(from_hz) / from_hz
    tone = (8000 * np.sin(2 * np.pi * 440 * time)).astype("<i2").tobytes()
    heard = samples(resample(tone, from_hz=from_hz, to_hz=to_hz)).astype(float)
    assert len(heard) == to_hz
    assert np.argmax(np.abs(np.fft.rfft(heard))) == 440
    assert np.abs(heard).max() == pytest.approx(8000, rel=0.05)


def test_trim_keeps_the_speech() -> None:
    """Silence goes, speech and a small margin stay."""
    pcm = trim(silence(1000) + speak("Bonjour") + silence(1000))
    assert duration_ms(pcm) <= duration_ms(speak("Bonjour")) + 150
    assert trim(silence(500)) == b""
