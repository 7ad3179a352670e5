"""The stand-in's voice: French text to 24 kHz PCM16, and French text to phonemes, by espeak-ng.

The library comes from the wheel `espeakng-loader` and is GPLv3: it is loaded only by the stand-in's own process and
by a kiosk client asked to `--say` something, never by the gateway. Nothing is loaded before the first call.
"""

import ctypes
import threading
from functools import cache, lru_cache

from voice_gateway.standin.audio import RATE_HZ, resample

# espeak-ng/speak_lib.h
_AUDIO_OUTPUT_SYNCHRONOUS = 2
_CHARS_UTF8 = 1
_POSITION_CHARACTER = 1
_PHONEMES_IPA = 0x02
_PHONEME_SEPARATOR = ord("_") << 8
_OK = 0

_CACHED_RENDERINGS = 256

_SamplesCallback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)

# libespeak-ng keeps its state in globals: one caller at a time in the whole process.
_lock = threading.Lock()


class VoiceError(Exception):
    """The stand-in cannot speak."""


class VoiceUnavailableError(VoiceError):
    """espeak-ng could not be loaded or refused its data."""


class LanguageUnknownError(VoiceError):
    """espeak-ng has no voice for the language asked for."""


class _Espeak:
    """One loaded espeak-ng library. Call it only while holding `_lock`."""

    def __init__(self) -> None:
        # Found here and not at import, so that importing this module loads nothing.
        import espeakng_loader

        try:
            self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        except OSError as error:
            raise VoiceUnavailableError(
                "found no loadable espeak-ng library, expected the espeakng-loader wheel's: reinstall the requirements"
            ) from error
        self._library.espeak_Synth.argtypes = [
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_uint,
            ctypes.c_int,
            ctypes.c_uint,
            ctypes.c_uint,
            ctypes.c_void_p,
            ctypes.c_void_p,
        ]
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        data = str(espeakng_loader.get_data_path()).encode()
        self._native_hz: int = self._library.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, 0, data, 0)
        if self._native_hz <= 0:
            raise VoiceUnavailableError("espeak-ng refused its data folder: reinstall the espeakng-loader wheel")
        self._heard = bytearray()
        # Kept on the object: ctypes callbacks die with their last Python reference.
        self._callback = _SamplesCallback(self._collect)
        self._library.espeak_SetSynthCallback(self._callback)
        self._language: str | None = None

    def _collect(self, wave: int | None, count: int, _events: int | None) -> int:
        if wave and count > 0:
            self._heard += ctypes.string_at(wave, count * 2)
        return 0

    def _choose(self, language: str) -> None:
        if language == self._language:
            return
        if self._library.espeak_SetVoiceByName(language.encode()) != _OK:
            raise LanguageUnknownError(f"found language {language!r}, expected one espeak-ng speaks, for example 'fr'")
        self._language = language

    def render(self, text: str, language: str) -> bytes:
        self._choose(language)
        self._heard.clear()
        encoded = text.encode() + b"\0"
        status = self._library.espeak_Synth(encoded, len(encoded), 0, _POSITION_CHARACTER, 0, _CHARS_UTF8, None, None)
        if status != _OK:
            raise VoiceUnavailableError(
                f"espeak-ng answered status {status} instead of 0 to a text of {len(text)} characters"
            )
        return resample(bytes(self._heard), from_hz=self._native_hz, to_hz=RATE_HZ)

    def phonemes(self, text: str, language: str) -> list[list[str]]:
        self._choose(language)
        rest = ctypes.c_char_p(text.encode())
        words: list[list[str]] = []
        while rest.value:
            clause: bytes = self._library.espeak_TextToPhonemes(
                ctypes.byref(rest), _CHARS_UTF8, _PHONEMES_IPA | _PHONEME_SEPARATOR
            )
            words += [word.split("_") for word in clause.decode().split()]
        return words


@cache
def _espeak() -> _Espeak:
    return _Espeak()


@lru_cache(maxsize=_CACHED_RENDERINGS)
def _speak(text: str, language: str) -> bytes:
    with _lock:
        return _espeak().render(text, language)


def speak(text: str, language: str = "fr") -> bytes:
    """`text` has been spoken: mono PCM16 at 24 kHz. Safe from any thread; the latest 256 renderings are kept.

    Raises:
        LanguageUnknownError: espeak-ng has no such voice.
        VoiceUnavailableError: the library is missing or refuses to speak.
    """
    return _speak(text, language)


def phonemes(text: str, language: str = "fr") -> list[list[str]]:
    """The IPA phonemes of each spoken word of `text`, liaisons applied; one word may stand for several written ones."""
    with _lock:
        return _espeak().phonemes(text, language)
