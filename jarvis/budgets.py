"""A gym's monthly voice budget: what is left of it decides how its next sessions speak. Pure.

The month is the gym's own. The gateway asks at each session's opening and close; what a session may cost by itself is
`sessions.Limits`.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from jarvis.prices import Usage, exact_usd

# A minute of talk, about: what a model is compared by.
_MINUTE = Usage(text_input_tokens=1500, audio_input_tokens=600, text_output_tokens=200, audio_output_tokens=1200)


class VoiceMode(StrEnum):
    """How a session is held."""

    FULL = "full"
    CHEAPER = "cheaper"
    """With the cheaper model."""
    TEXT = "text"
    """Without sound in either direction."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a gym stands in its month."""

    month: date
    """The month's first day."""
    spent_usd: Decimal
    budget_usd: Decimal
    cheaper_share: Decimal
    """Above 0, up to 1."""

    @property
    def mode(self) -> VoiceMode:
        """How the next session is held: each threshold counts from the cent that reaches it."""
        if self.spent_usd >= self.budget_usd:
            return VoiceMode.TEXT
        if self.spent_usd >= self.budget_usd * self.cheaper_share:
            return VoiceMode.CHEAPER
        return VoiceMode.FULL


def model_for(mode: VoiceMode, *, model: str, cheaper_model: str) -> str:
    """The model of a session: past the first threshold the cheaper of the two."""
    if mode is VoiceMode.FULL:
        return model
    return min((model, cheaper_model), key=lambda name: exact_usd(name, _MINUTE))


@dataclass(frozen=True, slots=True)
class VoiceModels:
    """The platform's choice of models."""

    usual: str
    """Of kiosks that have none of their own."""
    cheaper: str
    """Past the first threshold."""

    def can_save_on(self, model: str) -> bool:
        """True where past the threshold another model than this one speaks."""
        return model_for(VoiceMode.CHEAPER, model=model, cheaper_model=self.cheaper) != model
