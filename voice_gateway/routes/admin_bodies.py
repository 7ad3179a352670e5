"""What the routes of `/api/admin` take and answer, field by field."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from jarvis.kiosks import Holder
from jarvis.tenancy import UserRole

FranchiseStatus = Literal["active", "suspended", "trial"]
FranchisePlan = Literal["starter", "pro", "enterprise"]
GymStatus = Literal["active", "maintenance", "suspended"]
KioskStatus = Literal["online", "offline", "error", "provisioning", "maintenance"]
RoleName = Literal["super_admin", "franchise_owner", "gym_manager", "gym_staff", "analyst"]

Name = Annotated[str, Field(min_length=1, max_length=120, pattern=r"\S")]
Place = Annotated[str, Field(min_length=1, max_length=200)]
Slug = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Hours = Annotated[
    dict[Weekday, Annotated[list[Clock], Field(min_length=2, max_length=2)]],
    Field(description="Weekday to [opens, closes] in the gym's time zone; a day that is missing is closed."),
]
Email = Annotated[str, Field(max_length=254, pattern=r"^[^@\s]{1,64}@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$")]
Password = Annotated[str, Field(min_length=12, max_length=256)]


BudgetUsd = Annotated[
    Decimal,
    Field(
        ge=0, max_digits=10, decimal_places=2,
        description="USD for the voice in a calendar month of the gym's time zone; 0 for text only, null for no limit.",
    ),
]  # fmt: skip
CheaperShare = Annotated[
    Decimal,
    Field(
        gt=0, le=1, max_digits=3, decimal_places=2,
        description="The share of it from which on a cheaper model speaks.",
    ),
]  # fmt: skip
BUDGET_FIELDS = {"voice_budget_usd", "voice_budget_cheaper_share"}


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FranchiseNew(_Body):
    """A franchise that is to be made."""

    name: Name
    city: Place | None = None
    subscription_plan: FranchisePlan = "starter"


class FranchiseChange(_Body):
    """What is to be different; the rest stays."""

    name: Name | None = None
    city: Place | None = None
    subscription_plan: FranchisePlan | None = None
    status: FranchiseStatus | None = None


class GymNew(_Body):
    """A gym that is to be made."""

    slug: Slug
    name: Name
    franchise_id: Annotated[UUID | None, Field(description="Null for an independent gym.")] = None
    city: Place | None = None
    address: Place | None = None
    timezone: Annotated[str, Field(max_length=64, examples=["Europe/Paris"])] = "Europe/Paris"
    opening_hours: Hours = Field(default_factory=dict)


class GymChange(_Body):
    """What is to be different; the rest stays. `status` is the network's to change."""

    name: Name | None = None
    city: Place | None = None
    address: Place | None = None
    timezone: Annotated[str, Field(max_length=64)] | None = None
    opening_hours: Hours | None = None
    status: GymStatus | None = None
    voice_budget_usd: BudgetUsd | None = None
    voice_budget_cheaper_share: CheaperShare | None = None


class UserNew(_Body):
    """A user who is to sign in."""

    email: Email
    password: Password
    role: RoleName
    full_name: Name | None = None
    franchise_id: UUID | None = None
    gym_id: UUID | None = None


class UserChange(_Body):
    """What is to be different; the rest stays. A suspension or a new password ends every session."""

    full_name: Name | None = None
    is_active: bool | None = None
    password: Password | None = None


class KioskNew(_Body):
    """A kiosk that is to be made; its slug comes from its name."""

    gym_id: UUID
    name: Annotated[str, Field(min_length=1, max_length=80, pattern=r"[A-Za-z0-9]")]
    location_in_gym: Place | None = None


class Franchise(BaseModel):
    """Gyms under one owner."""

    id: UUID
    name: str
    city: str | None
    status: FranchiseStatus
    subscription_plan: FranchisePlan
    created_at: datetime


class GymRecord(BaseModel):
    """A gym with what it tells its members."""

    id: UUID
    franchise_id: UUID | None
    slug: str
    name: str
    city: str | None
    address: str | None
    status: GymStatus
    opening_hours: dict[str, Any]
    timezone: str
    voice_budget_usd: float | None
    voice_budget_cheaper_share: float
    created_at: datetime


class User(BaseModel):
    """Somebody who signs in."""

    id: UUID
    email: str
    full_name: str | None
    role: UserRole
    franchise_id: UUID | None
    gym_id: UUID | None
    is_active: bool
    has_mfa: bool
    created_at: datetime


class KioskRecord(BaseModel):
    """A kiosk and how it is."""

    id: UUID
    gym_id: UUID
    gym_slug: str
    slug: str
    name: str
    status: KioskStatus
    last_heartbeat_at: datetime | None
    software_version: str | None
    device_id: str | None
    language: str
    location_in_gym: str | None
    created_at: datetime


class KioskCode(BaseModel):
    """A provisioning code, shown this once."""

    kiosk_id: UUID
    holder: Holder
    code: Annotated[str, Field(examples=["AC3DFG"])]
    valid_minutes: int


class KioskRevocation(BaseModel):
    """What was revoked."""

    kiosk_id: UUID
    revoked_count: Annotated[int, Field(description="Tokens and unused codes that were still worth something.")]


class AuditEntry(BaseModel):
    """Somebody did something."""

    id: int
    occurred_at: datetime
    gym_id: Annotated[UUID | None, Field(description="Null for the network itself.")]
    actor_user_id: UUID | None
    actor_role: str
    action: str
    subject_table: str
    subject_id: str
    details: dict[str, Any]
