"""What the routes of `/api/kiosk` and the health routes answer, field by field, for their description."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from jarvis.kiosks import BadgeOutcome


class Provisioned(BaseModel):
    """The kiosk that a code was for."""

    kiosk_id: UUID
    gym_id: UUID
    slug: str
    name: str
    token: Annotated[str, Field(description="The device token; it is shown this once.")]


class Rotated(BaseModel):
    """A token that takes the place of the one it was asked with."""

    kiosk_id: UUID
    token: str
    use_within_seconds: int


class Beat(BaseModel):
    """The kiosk as it is kept now."""

    kiosk_id: UUID
    status: str
    config_version: int


class KioskConfig(BaseModel):
    """How the kiosk is to behave."""

    config: dict[str, Any]
    version: int


class BadgeTaken(BaseModel):
    """What became of a scan."""

    outcome: BadgeOutcome
    is_new: Annotated[bool, Field(description="False where the same scan was taken before.")]


class Ready(BaseModel):
    """Each part of the gateway by how it is."""

    status: Literal["ready", "not_ready"]
    database: str
    upstream: str
    upstream_kind: str
    recorder: str
