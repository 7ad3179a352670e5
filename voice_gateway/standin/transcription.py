"""How the stand-in reports what its ears made of a member's speech: transcription events and their two kinds of bill.

Pure. It comes when the ears are done, which may be after the answer, as with the provider.
"""

from typing import Any

from voice_gateway.standin.conversation import Item, text_tokens
from voice_gateway.standin.effects import Outbox

_PREFIX = "conversation.item.input_audio_transcription"
# Models whose price is per minute report seconds, the others tokens.
_BILLED_BY_DURATION = ("whisper", "live-transcribe", "gpt-transcribe")


def send_transcription(out: Outbox, item: Item, *, transcript: str | None, model: str) -> None:
    """The client has the item's transcript and its cost, or a `failed` event when there is none."""
    place = {"item_id": item.id, "content_index": 0}
    if transcript is None:
        message = "Nothing was understood: speak one of the sentences of phrases_fr.txt, or send text."
        error = {"type": "transcription_error", "code": "audio_unintelligible", "message": message, "param": None}
        out.send(f"{_PREFIX}.failed", error=error, **place)
        return
    item.wire["content"][0]["transcript"] = transcript
    out.send(f"{_PREFIX}.delta", delta=transcript, **place)
    out.send(f"{_PREFIX}.completed", transcript=transcript, usage=_usage(item, transcript, model), **place)


def _usage(item: Item, transcript: str, model: str) -> dict[str, Any]:
    if any(name in model for name in _BILLED_BY_DURATION):
        return {"type": "duration", "seconds": round(item.audio_ms / 1000, 2)}
    read, written = item.tokens().audio, text_tokens(transcript)
    return {
        "type": "tokens",
        "input_tokens": read,
        "output_tokens": written,
        "total_tokens": read + written,
        "input_token_details": {"audio_tokens": read, "text_tokens": 0},
    }
