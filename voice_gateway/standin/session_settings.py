"""The session object of the GA protocol: what a new session is, and what a `session.update` may change in it.

Pure. The effective session is a plain dict in wire shape, because it is echoed in `session.created` and
`session.updated`.
"""

import copy
from typing import Any

Session = dict[str, Any]

MODEL_SUFFIX = "-standin"
DEFAULT_INSTRUCTIONS = (
    "Tu es Jarvis, l'assistant vocal d'une salle de sport. Tu comprends et parles uniquement français."
)

# Fields of a session.update that replace the session's; model, id and expires_at are not a client's to change.
_REPLACED = frozenset(
    {"instructions", "tools", "tool_choice", "max_output_tokens", "output_modalities", "truncation", "tracing",
     "include", "prompt", "parallel_tool_calls", "reasoning"}
)  # fmt: skip
_IGNORED = frozenset({"type", "model"})
_SERVER_VAD: Session = {
    "type": "server_vad",
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 500,
    "create_response": True,
    "interrupt_response": True,
    "idle_timeout_ms": None,
}
_SEMANTIC_VAD: Session = {
    "type": "semantic_vad",
    "eagerness": "auto",
    "create_response": True,
    "interrupt_response": True,
}


class SessionUpdateError(Exception):
    """A `session.update` was refused; `param` is the field at fault, `code` the protocol's word for it."""

    def __init__(self, message: str, *, param: str, code: str = "invalid_value") -> None:
        super().__init__(message)
        self.param = param
        self.code = code


def new_session(*, session_id: str, model: str, expires_at: int) -> Session:
    """The session before any update, in wire shape; `model` and `jarvis_standin` say that it is a stand-in."""
    return {
        "type": "realtime",
        "object": "realtime.session",
        "id": session_id,
        "model": model if model.endswith(MODEL_SUFFIX) else model + MODEL_SUFFIX,
        "expires_at": expires_at,
        "jarvis_standin": True,
        "output_modalities": ["audio"],
        "instructions": DEFAULT_INSTRUCTIONS,
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "truncation": "auto",
        "prompt": None,
        "tracing": None,
        "include": None,
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24000},
                "noise_reduction": None,
                "transcription": None,
                "turn_detection": dict(_SERVER_VAD),
            },
            "output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "marin", "speed": 1.0},
        },
    }


def updated(session: Session, change: object, *, has_spoken: bool) -> Session:
    """The session after `change`: fields absent from it keep their value, explicit nulls switch off.

    Args:
        has_spoken: whether the session already produced audio, which freezes its voice.

    Raises:
        SessionUpdateError: the change is not one this protocol allows; nothing of it was applied.
    """
    if not isinstance(change, dict):
        raise SessionUpdateError(
            "Missing required parameter: 'session'.", param="session", code="missing_required_parameter"
        )
    if change.get("type") != "realtime":
        raise SessionUpdateError(
            f"Found session.type {change.get('type')!r}, expected 'realtime'.",
            param="session.type",
            code="missing_required_parameter",
        )
    result = copy.deepcopy(session)
    for name, value in change.items():
        if name in _REPLACED:
            result[name] = copy.deepcopy(value)
        elif name == "audio":
            _update_audio(result["audio"], value, has_spoken=has_spoken)
        elif name not in _IGNORED:
            raise SessionUpdateError(
                f"Unknown parameter: 'session.{name}'.", param=f"session.{name}", code="unknown_parameter"
            )
    modalities = result["output_modalities"]
    if modalities not in (["audio"], ["text"]):
        raise SessionUpdateError("Expected output_modalities ['audio'] or ['text'].", param="session.output_modalities")
    if not isinstance(result["tools"], list):
        raise SessionUpdateError("Expected a list of tools.", param="session.tools", code="invalid_type")
    return result


def _update_audio(audio: Session, change: object, *, has_spoken: bool) -> None:
    if not isinstance(change, dict):
        raise SessionUpdateError("Expected an object.", param="session.audio", code="invalid_type")
    for side, settings in change.items():
        if side not in ("input", "output") or not isinstance(settings, dict):
            raise SessionUpdateError(
                f"Unknown parameter: 'session.audio.{side}'.", param=f"session.audio.{side}", code="unknown_parameter"
            )
        for name, value in settings.items():
            param = f"session.audio.{side}.{name}"
            if name not in audio[side]:
                raise SessionUpdateError(f"Unknown parameter: '{param}'.", param=param, code="unknown_parameter")
            if name == "format":
                _check_format(value, param)
            if name == "voice" and has_spoken and value != audio[side]["voice"]:
                raise SessionUpdateError(
                    "Cannot update a conversation's voice if assistant audio is present.",
                    param=param,
                    code="cannot_update_voice",
                )
            if name == "transcription" and isinstance(value, dict):
                value = {"language": None, "prompt": None, **value}
            audio[side][name] = _turn_detection(value, param) if name == "turn_detection" else copy.deepcopy(value)


def _check_format(value: object, param: str) -> None:
    # G.711 is the protocol's other format: no kiosk of ours speaks it, so the stand-in refuses it aloud rather than
    # garble it.
    if not isinstance(value, dict) or value.get("type") != "audio/pcm" or value.get("rate", 24000) != 24000:
        raise SessionUpdateError(f"Found {value!r}, the stand-in expects audio/pcm at 24000.", param=param)


def _turn_detection(value: object, param: str) -> Session | None:
    if value is None:
        return None
    kind = value.get("type", "server_vad") if isinstance(value, dict) else None
    if not isinstance(value, dict) or kind not in ("server_vad", "semantic_vad"):
        raise SessionUpdateError(
            "Expected turn_detection of type 'server_vad' or 'semantic_vad', or null.", param=param
        )
    defaults = _SERVER_VAD if kind == "server_vad" else _SEMANTIC_VAD
    unknown = set(value) - set(defaults)
    if unknown:
        raise SessionUpdateError(
            f"Unknown parameter: '{param}.{min(unknown)}'.", param=f"{param}.{min(unknown)}", code="unknown_parameter"
        )
    return {**defaults, **value}
