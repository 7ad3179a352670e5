"""A kiosk's sound: files and sentences become 24 kHz PCM16, cut into the frames a microphone would give."""

import base64
import wave
from collections.abc import Iterator
from pathlib import Path

from voice_gateway.kiosk.errors import KioskError

RATE_HZ = 24_000
FRAME_MS = 40
_BYTES_PER_MS = RATE_HZ * 2 // 1000

# Longer than the server's silence_duration_ms, so that voice activity detection ends the utterance.
TRAILING_SILENCE_MS = 900


def spoken(text: str, *, language: str = "fr") -> bytes:
    """The sentence in the synthetic voice, as PCM16 at 24 kHz."""
    # Loads espeak-ng, which only a kiosk that is asked to speak needs.
    from voice_gateway.standin.voice import speak

    return speak(text, language)


def read_wav(path: Path) -> bytes:
    """The file as mono PCM16 at 24 kHz.

    Raises:
        KioskError: when it is no WAV file of 16-bit samples.
    """
    from voice_gateway.standin.audio import resample

    try:
        with wave.open(str(path), "rb") as file:
            if file.getsampwidth() != 2:
                raise KioskError(f"{path}: found {8 * file.getsampwidth()}-bit samples, expected 16-bit PCM")
            channels, rate = file.getnchannels(), file.getframerate()
            pcm = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise KioskError(f"{path}: found no readable WAV file, expected 16-bit PCM ({error})") from error
    if channels > 1:
        # The first channel: mixing would cancel what a two-microphone recording has in opposite phase.
        pcm = b"".join(pcm[start : start + 2] for start in range(0, len(pcm) - 1, 2 * channels))
    return resample(pcm, from_hz=rate, to_hz=RATE_HZ)


def silence(milliseconds: int) -> bytes:
    """Digital silence."""
    return bytes(milliseconds * _BYTES_PER_MS)


def frames(pcm: bytes) -> Iterator[str]:
    """The sound in base64 pieces of 40 ms; the last one may be shorter."""
    step = FRAME_MS * _BYTES_PER_MS
    for start in range(0, len(pcm), step):
        yield base64.b64encode(pcm[start : start + step]).decode()


def duration_ms(pcm_bytes: int) -> int:
    """Whole milliseconds of so many bytes."""
    return pcm_bytes // _BYTES_PER_MS
