"""Server voice activity detection by energy alone: simple, deterministic, and blind to what is not loud.

Pure: audio in, turns out, positions in milliseconds since the session's first sample. `protocol` turns them into
events.
"""

from dataclasses import dataclass, field
from typing import Any

from voice_gateway.standin.audio import BYTES_PER_MS, frame_levels

_FRAME_MS = 20
# The session's threshold (0-1) times this is the level, as root mean square of 16-bit samples, that counts as speech.
# The default of 0.5 gives 800: espeak-ng speaks at 2,000 to 6,000, a quiet room microphone hums below 300.
_FULL_THRESHOLD_LEVEL = 1600.0
# Semantic detection judges the words; ours only waits longer when asked to be less eager.
_EAGERNESS_SILENCE_MS = {"low": 1000, "medium": 600, "auto": 600, "high": 300}
_ONSET_FRAMES = 3  # a click is shorter than 60 ms


@dataclass(frozen=True)
class VadSettings:
    """What the session asked of its turn detection."""

    threshold: float = 0.5  # 0-1
    prefix_padding_ms: int = 300
    silence_duration_ms: int = 500


def vad_settings(turn_detection: dict[str, Any] | None) -> VadSettings | None:
    """What the detector does for the session's `turn_detection`; None is push to talk."""
    if turn_detection is None:
        return None
    if turn_detection["type"] == "semantic_vad":
        return VadSettings(silence_duration_ms=_EAGERNESS_SILENCE_MS.get(turn_detection["eagerness"], 600))
    wanted = ("threshold", "prefix_padding_ms", "silence_duration_ms")
    return VadSettings(**{name: turn_detection[name] for name in wanted if turn_detection.get(name) is not None})


@dataclass(frozen=True)
class SpeechStarted:
    """Speech began; the turn's audio starts `prefix_padding_ms` before it."""

    audio_start_ms: int


@dataclass(frozen=True)
class SpeechStopped:
    """The turn ended after the silence asked for."""

    audio_end_ms: int
    pcm: bytes  # the turn's audio, padding and closing silence included


@dataclass
class InputAudioBuffer:
    """The audio not yet committed, and what the detector thinks of it."""

    received_ms: float = 0.0  # of the whole session
    is_speaking: bool = False
    _kept: bytearray = field(default_factory=bytearray)
    _unjudged: bytearray = field(default_factory=bytearray)
    _judged_ms: int = 0
    _loud_frames: int = 0
    _quiet_frames: int = 0

    @property
    def pending(self) -> bytes:
        """The audio a commit would take now."""
        return bytes(self._kept)

    def append(self, pcm: bytes, settings: VadSettings | None) -> list[SpeechStarted | SpeechStopped]:
        """`pcm` is in the buffer; returns what the detector found in it, nothing without `settings` (push to talk)."""
        self.received_ms += len(pcm) / BYTES_PER_MS
        if settings is None:
            self._kept += pcm
            self._judged_ms = int(self.received_ms)
            return []
        self._unjudged += pcm
        found: list[SpeechStarted | SpeechStopped] = []
        frame_bytes = _FRAME_MS * BYTES_PER_MS
        for index, level in enumerate(frame_levels(self._unjudged, frame_ms=_FRAME_MS)):
            self._kept += self._unjudged[index * frame_bytes : (index + 1) * frame_bytes]
            self._judged_ms += _FRAME_MS
            change = self._judge(is_loud=level >= settings.threshold * _FULL_THRESHOLD_LEVEL, settings=settings)
            if change is not None:
                found.append(change)
        del self._unjudged[: len(self._unjudged) // frame_bytes * frame_bytes]
        return found

    def take(self) -> bytes:
        """The buffer is empty and the detector is at rest; returns what it held."""
        taken = bytes(self._kept + self._unjudged)
        self._kept.clear()
        self._unjudged.clear()
        self._judged_ms = int(self.received_ms)
        self.is_speaking = False
        self._loud_frames = self._quiet_frames = 0
        return taken

    def _judge(self, *, is_loud: bool, settings: VadSettings) -> SpeechStarted | SpeechStopped | None:
        if not self.is_speaking:
            self._loud_frames = self._loud_frames + 1 if is_loud else 0
            if self._loud_frames < _ONSET_FRAMES:
                # Only what may become the padding of a turn is worth keeping.
                surplus = (
                    len(self._kept) - (settings.prefix_padding_ms + (_ONSET_FRAMES - 1) * _FRAME_MS) * BYTES_PER_MS
                )
                if surplus > 0:
                    del self._kept[:surplus]
                return None
            self.is_speaking, self._quiet_frames = True, 0
            return SpeechStarted(audio_start_ms=max(0, self._judged_ms - len(self._kept) // BYTES_PER_MS))
        self._quiet_frames = 0 if is_loud else self._quiet_frames + 1
        if self._quiet_frames * _FRAME_MS < settings.silence_duration_ms:
            return None
        pcm = bytes(self._kept)
        self._kept.clear()
        self.is_speaking, self._loud_frames = False, 0
        return SpeechStopped(audio_end_ms=self._judged_ms, pcm=pcm)
