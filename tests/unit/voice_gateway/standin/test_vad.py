"""The detector finds the turns in what a microphone sends, whatever the size of its frames."""

import pytest

from tests.unit.voice_gateway.standin.wire import loud
from voice_gateway.standin.audio import BYTES_PER_MS, duration_ms, silence
from voice_gateway.standin.vad import InputAudioBuffer, SpeechStarted, SpeechStopped, VadSettings


def detect(
    pcm: bytes, *, frame_bytes: int = 4800, settings: VadSettings | None = None
) -> list[SpeechStarted | SpeechStopped]:
    buffer = InputAudioBuffer()
    found: list[SpeechStarted | SpeechStopped] = []
    for start in range(0, len(pcm), frame_bytes):
        found += buffer.append(pcm[start : start + frame_bytes], settings or VadSettings())
    return found


@pytest.mark.parametrize("frame_bytes", [100, 960, 1502, 4800, 1_000_000])
def test_the_turn_does_not_depend_on_the_frames(frame_bytes: int) -> None:
    """One start and one stop at the same moments, with the same audio, however it arrives."""
    started, stopped = detect(silence(1000) + loud(800) + silence(900), frame_bytes=frame_bytes)
    assert started == SpeechStarted(audio_start_ms=700)
    assert isinstance(stopped, SpeechStopped)
    assert stopped.audio_end_ms == 2300
    assert duration_ms(stopped.pcm) == 1600


def test_a_pause_shorter_than_asked_does_not_end_the_turn() -> None:
    """Two words 400 ms apart are one turn at 500 ms, two at 300 ms."""
    pcm = loud(400) + silence(400) + loud(400) + silence(600)
    assert len(detect(pcm)) == 2
    assert len(detect(pcm, settings=VadSettings(silence_duration_ms=300))) == 4


def test_a_click_is_no_speech() -> None:
    """Forty loud milliseconds start nothing."""
    assert detect(silence(300) + loud(40) + silence(700)) == []


def test_the_threshold_counts() -> None:
    """A murmur is speech for a sensitive session and silence for a deaf one."""
    murmur = b"\x84\x03" * (500 * BYTES_PER_MS // 2) + silence(600)  # level 900
    assert detect(murmur, settings=VadSettings(threshold=0.5))
    assert not detect(murmur, settings=VadSettings(threshold=0.6))


def test_without_settings_audio_only_accumulates() -> None:
    """Push to talk: no turn is found, and a commit takes everything."""
    buffer = InputAudioBuffer()
    assert buffer.append(loud(500) + silence(900), None) == []
    assert duration_ms(buffer.take()) == 1400
    assert buffer.take() == b""


def test_an_hour_of_silence_is_not_kept() -> None:
    """Between turns only the padding stays in memory."""
    buffer = InputAudioBuffer()
    for _ in range(600):
        buffer.append(silence(100), VadSettings())
    assert duration_ms(buffer.pending) < 500
