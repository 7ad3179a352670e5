"""PCM16 arithmetic shared by the stand-in's voice, ears and voice activity detector.

Everything here is mono, signed 16-bit, little-endian, and pure. What makes sound lives in `voice`, what understands
it in `ears`.
"""

import numpy as np
import numpy.typing as npt

RATE_HZ = 24_000  # the only PCM rate of the Realtime protocol
BYTES_PER_MS = RATE_HZ * 2 // 1000


def duration_ms(pcm: bytes | bytearray) -> int:
    """Whole milliseconds of 24 kHz audio in `pcm`."""
    return len(pcm) // BYTES_PER_MS


def silence(milliseconds: int) -> bytes:
    """Digital silence of the given length at 24 kHz."""
    return bytes(milliseconds * BYTES_PER_MS)


def samples(pcm: bytes | bytearray | memoryview) -> npt.NDArray[np.int16]:
    """The samples of `pcm`; a trailing odd byte is dropped."""
    whole = len(pcm) - len(pcm) % 2
    return np.frombuffer(pcm, dtype="<i2", count=whole // 2)


def resample(pcm: bytes, *, from_hz: int, to_hz: int) -> bytes:
    """The same sound at another rate, band-limited, so that 24 kHz speech folds nothing into a 16 kHz recogniser.

    Works on a whole utterance through its spectrum: a few milliseconds for ten seconds of speech.
    """
    if from_hz == to_hz or len(pcm) < 4:
        return pcm
    signal = samples(pcm).astype(np.float64)
    wanted = round(len(signal) * to_hz / from_hz)
    # Padding to a multiple of 2**k keeps the transform fast whatever the utterance's length.
    block = 4096 if len(signal) > 4096 else 256
    padded = int(np.ceil(len(signal) / block)) * block
    spectrum = np.fft.rfft(signal, n=padded)
    target = round(padded * to_hz / from_hz)
    bins = target // 2 + 1
    resized = np.zeros(bins, dtype=spectrum.dtype)
    kept = min(bins, len(spectrum))
    resized[:kept] = spectrum[:kept]
    result = np.fft.irfft(resized, n=target) * (target / padded)
    return np.clip(np.rint(result[:wanted]), -32768, 32767).astype("<i2").tobytes()


def frame_levels(pcm: bytes | bytearray, *, frame_ms: int) -> list[float]:
    """The root mean square level of each whole frame of 24 kHz audio, 0 for silence to 32768 for full scale."""
    frame = RATE_HZ * frame_ms // 1000
    signal = samples(pcm)
    count = len(signal) // frame
    if not count:
        return []
    squares = np.square(signal[: count * frame].astype(np.float32)).reshape(count, frame)
    return [float(level) for level in np.sqrt(squares.mean(axis=1))]
