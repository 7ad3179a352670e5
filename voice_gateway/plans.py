"""How a kiosk's next session is held: the platform's settings, the kiosk's own, who came, and the gym's month."""

from dataclasses import replace
from uuid import uuid4

from jarvis.budgets import VoiceMode, model_for
from jarvis.kiosk_config import KioskConfig
from jarvis.kiosks import Badge, Kiosk
from jarvis.sessions import Limits
from jarvis.storage import StorageLevel
from voice_gateway.effects import SessionPlan
from voice_gateway.instructions import LANGUAGES, instructions_for, spoken_language
from voice_gateway.protocol.realtime import SessionProfile
from voice_gateway.services import Services
from voice_gateway.tools.runner import definitions
from warehouse.stores.sessions import Scope


def session_plan(
    services: Services,
    kiosk: Kiosk,
    *,
    config: KioskConfig,
    badge: Badge | None,
    mode: VoiceMode,
    is_kiosk: bool,
    greets: bool,
    storage_level: StorageLevel,
) -> SessionPlan:
    """The plan of a new session; what is set for this kiosk goes before what is set for all."""
    settings = services.settings
    # One language for the ear and the mouth of the model.
    language = spoken_language((badge.language if badge else None) or config.language or kiosk.language)
    return SessionPlan(
        scope=Scope(uuid4(), kiosk.kiosk_id, kiosk.gym_id),
        profile=SessionProfile(
            model=model_for(mode, model=kiosk.model or settings.realtime_model, cheaper_model=settings.budget_model),
            is_text_only=mode is VoiceMode.TEXT,
            voice=config.voice or kiosk.voice or settings.realtime_voice,
            language=language,
            instructions=instructions_for(badge, language),
            tools=definitions(services.tools),
            transcription_model=settings.transcription_model,
            noise_reduction=config.noise_reduction,
            vad_threshold=config.vad_threshold,
        ),
        gateway_instance=services.recorder.instance,
        is_kiosk=is_kiosk,
        limits=_limits_with(services.limits, config),
        greets=greets and badge is not None,
        storage_level=storage_level,
        instructions={spoken: instructions_for(badge, spoken) for spoken in LANGUAGES},
    )


def _limits_with(limits: Limits, config: KioskConfig) -> Limits:
    """The platform's limits with the silence set for this kiosk, which keeps no member's name longer than before."""
    if config.idle_seconds is None:
        return limits
    personal = min(limits.personal_idle_seconds, config.idle_seconds)
    return replace(limits, idle_seconds=config.idle_seconds, personal_idle_seconds=personal)
